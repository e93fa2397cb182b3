// Small things: what an op costs beside its arithmetic, elementwise functions and reductions from the caches and from
// memory, random numbers, and what the optimizers take an element.
//     ops --benchmark_filter=overhead      CHAINRULE_THREADS=2 for two threads

#include <benchmark/benchmark.h>
#include <chainrule/chainrule.hpp>
#include <string>

namespace cr = chainrule;

namespace {

void per_element(benchmark::State& state, std::int64_t n) {
  state.counters["elements/s"] =
      benchmark::Counter(static_cast<double>(n), benchmark::Counter::kIsIterationInvariantRate);
}

void overhead_forward(benchmark::State& state) {
  auto x = cr::randn({4}), y = cr::randn({4});
  for (auto _ : state) benchmark::DoNotOptimize((x + y).data());
}
void overhead_recorded(benchmark::State& state) {
  auto x = cr::randn({4}, {.requires_grad = true}), y = cr::randn({4});
  for (auto _ : state) benchmark::DoNotOptimize((x + y).data());
}
void overhead_backward(benchmark::State& state) {  // ten recorded ops and their backward pass
  auto x = cr::randn({4}, {.requires_grad = true});
  for (auto _ : state) {
    auto y = x;
    for (int i = 0; i < 9; ++i) y = y * 1.01f;
    y.sum().backward();
    x.zero_grad();
  }
}
void overhead_threads(benchmark::State& state) {
  for (auto _ : state) cr::parallel_for(cr::get_num_threads(), [](std::int64_t) {});
}

template <class F> void elementwise(const std::string& name, const F& f) {
  for (std::int64_t n : {std::int64_t{4096}, std::int64_t{1} << 24})
    benchmark::RegisterBenchmark(("elementwise/" + name + '/' + std::to_string(n)).c_str(),
                                 [f, n](benchmark::State& state) {
                                   cr::no_grad guard;
                                   auto x = cr::rand({n}), y = cr::rand({n});
                                   for (auto _ : state) benchmark::DoNotOptimize(f(x, y).data());
                                   per_element(state, n);
                                 })
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
}

template <class Optimizer> void optimizer(const char* name) {
  benchmark::RegisterBenchmark((std::string("optimizer/") + name).c_str(),
                               [](benchmark::State& state) {
                                 constexpr std::int64_t n = 1 << 20;
                                 auto p = cr::randn({n}, {.requires_grad = true});
                                 p.set_grad(cr::randn({n}));
                                 Optimizer adam({p}, {.lr = 1e-3});
                                 for (auto _ : state) adam.step();
                                 per_element(state, n);
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::RegisterBenchmark("overhead/add of 4 numbers", overhead_forward);
  benchmark::RegisterBenchmark("overhead/add of 4 numbers, recorded", overhead_recorded);
  benchmark::RegisterBenchmark("overhead/ten ops forward and backward", overhead_backward);
  benchmark::RegisterBenchmark("overhead/starting the threads", overhead_threads);
  using T = cr::Tensor<>;
  elementwise("add", [](const T& x, const T& y) { return x + y; });
  elementwise("relu", [](const T& x, const T&) { return cr::relu(x); });
  elementwise("exp", [](const T& x, const T&) { return cr::exp(x); });
  elementwise("log", [](const T& x, const T&) { return cr::log(x); });
  elementwise("tanh", [](const T& x, const T&) { return cr::tanh(x); });
  elementwise("sigmoid", [](const T& x, const T&) { return cr::sigmoid(x); });
  elementwise("gelu", [](const T& x, const T&) { return cr::gelu(x); });
  elementwise("sum", [](const T& x, const T&) { return x.sum(); });
  elementwise("dropout", [](const T& x, const T&) { return cr::dropout(x, 0.5, true); });
  optimizer<cr::optim::SGD<>>("sgd");
  optimizer<cr::optim::Adam<>>("adam");
  optimizer<cr::optim::RMSprop<>>("rmsprop");
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}

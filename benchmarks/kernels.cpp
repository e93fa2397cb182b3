// The heavy kernels one by one, in GFLOP/s of the arithmetic as it is written (Winograd may exceed the machine's peak):
// matrix products and the three passes of convolutions, for the shapes of the tutorial networks.
//     kernels --benchmark_filter=conv.*input      CHAINRULE_THREADS=2 for two threads

#include <benchmark/benchmark.h>
#include <chainrule/kernels.hpp>
#include <string>

namespace cr = chainrule;

namespace {

void rate(benchmark::State& state, double flops) {
  state.counters["GFLOP/s"] = benchmark::Counter(flops / 1e9, benchmark::Counter::kIsIterationInvariantRate);
}

// c = a b, with either operand as it comes from a forward pass (x wT), a gradient of the input (g w) or of the weight
// (gT x).
void product(benchmark::State& state, std::int64_t m, std::int64_t n, std::int64_t k, bool turn_a, bool turn_b) {
  auto a = turn_a ? cr::randn({k, m}).t() : cr::randn({m, k}), b = turn_b ? cr::randn({n, k}).t() : cr::randn({k, n});
  cr::no_grad guard;
  for (auto _ : state) benchmark::DoNotOptimize(cr::matmul(a, b).data());
  rate(state, 2.0 * static_cast<double>(m * n * k));
}

struct Convolution {
  const char* name;
  std::int64_t n, in, size, out, window;
  cr::Conv2dFuncOptions options;
};

void convolution(benchmark::State& state, const Convolution& c, int pass) {
  auto x = cr::randn({c.n, c.in, c.size, c.size}), weight = cr::randn({c.out, c.in, c.window, c.window}),
       bias = cr::randn({c.out});
  cr::no_grad guard;
  const auto y = cr::conv2d(x, weight, bias, c.options);
  for (auto _ : state) {
    if (pass == 0) benchmark::DoNotOptimize(cr::conv2d(x, weight, bias, c.options).data());
    if (pass == 1) benchmark::DoNotOptimize(cr::conv2d_input(x.shape(), weight, y, c.options).data());
    if (pass == 2) benchmark::DoNotOptimize(cr::conv2d_weight(x, weight.shape(), y, c.options).data());
  }
  rate(state, 2.0 * static_cast<double>(y.numel() * c.in * c.window * c.window));
}

const Convolution convolutions[] = {
    {"lenet1", 64, 1, 28, 6, 5, {}},
    {"lenet2", 64, 6, 12, 16, 5, {}},
    {"mnist1", 100, 1, 28, 32, 3, {}},
    {"mnist2", 100, 32, 26, 64, 3, {}},
    {"my1", 128, 3, 32, 64, 5, {}},
    {"my2", 128, 64, 14, 128, 3, {}},
    {"better1", 128, 3, 32, 32, 3, {.padding = 1}},
    {"better2", 128, 32, 16, 64, 3, {.padding = 1}},
    {"better3", 128, 64, 8, 128, 3, {.padding = 1}},
    {"resnet_stem", 8, 3, 224, 64, 7, {.stride = 2, .padding = 3}},
    {"resnet18_64", 8, 64, 56, 64, 3, {.padding = 1}},
    {"enhanced_128", 8, 128, 56, 128, 3, {.padding = 1}},
    {"enhanced_256", 8, 256, 28, 256, 3, {.padding = 1}},
    {"enhanced_512", 8, 512, 14, 512, 3, {.padding = 1}},
    {"resnet18_512", 8, 512, 7, 512, 3, {.padding = 1}},
    {"resnet18_stride", 8, 64, 56, 128, 3, {.stride = 2, .padding = 1}},
    {"resnet50_1x1", 8, 256, 14, 1024, 1, {}},
    {"resnet50_1x1_back", 8, 1024, 14, 256, 1, {}},
    {"resnet50_1x1_stride", 8, 256, 56, 512, 1, {.stride = 2}},
};

struct Product {
  const char* name;
  std::int64_t m, n, k;
  bool turn_a, turn_b;
};
const Product products[] = {
    {"1024", 1024, 1024, 1024, false, false},
    {"512", 512, 512, 512, false, false},
    {"64", 64, 64, 64, false, false},
    {"64x576x288", 64, 576, 288, false, false},
    {"128x3136x1152", 128, 3136, 1152, false, false},
    {"512x196x4608", 512, 196, 4608, false, false},
    {"16x4096x150", 16, 4096, 150, false, false},
    {"linear_64x128x784", 64, 128, 784, false, true},
    {"linear_input_64x784x128", 64, 784, 128, false, false},
    {"linear_weight_128x784x64", 128, 784, 64, true, false},
    {"linear_64x256x784", 64, 256, 784, false, true},
    {"linear_64x10x128", 64, 10, 128, false, true},
    {"linear_input_64x128x10", 64, 128, 10, false, false},
    {"linear_weight_10x128x64", 10, 128, 64, true, false},
    {"linear_4x120x256", 4, 120, 256, false, true},
    {"linear_weight_120x256x4", 120, 256, 4, true, false},
    {"linear_100x128x9216", 100, 128, 9216, false, true},
    {"linear_input_100x9216x128", 100, 9216, 128, false, false},
    {"linear_weight_128x9216x100", 128, 9216, 100, true, false},
    {"linear_300x100x2", 300, 100, 2, false, true},
    {"linear_weight_100x2x300", 100, 2, 300, true, false},
    {"linear_300x3x100", 300, 3, 100, false, true},
};

}  // namespace

int main(int argc, char** argv) {
  for (const auto& p : products)
    benchmark::RegisterBenchmark((std::string("matmul/") + p.name).c_str(),
                                 [p](benchmark::State& s) { product(s, p.m, p.n, p.k, p.turn_a, p.turn_b); })
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
  const char* passes[] = {"forward", "input", "weight"};
  for (const auto& c : convolutions)
    for (int pass = 0; pass < 3; ++pass)
      benchmark::RegisterBenchmark((std::string("conv/") + c.name + '/' + passes[pass]).c_str(),
                                   [c, pass](benchmark::State& s) { convolution(s, c, pass); })
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}

// What is safe from several threads (docs/decisions/0010), built with ThreadSanitizer: a race ends the program. Prints
// what differs from one thread's results.

#include <chainrule/chainrule.hpp>
#include <cstdio>
#include <thread>

namespace cr = chainrule;
using cr::Tensor;

namespace {

int failures = 0;
void expect(bool ok, const char* what) {
  std::printf("%s: %s\n", ok ? "ok" : "WRONG", what);
  failures += !ok;
}

/// body(t, i) on three threads at once.
template <class Body> void together(int times, const Body& body) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < times; ++i) body(t, i);
    });
  for (auto& t : threads) t.join();
}

void one_retained_graph() {
  // batch_norm_relu of a large value is not saved but recomputed (core/record.hpp): by each walk for itself.
  auto x = cr::randn({16, 8, 32, 32}, {.requires_grad = true}), w = cr::randn({8, 8, 1, 1}, {.requires_grad = true});
  auto h = cr::batch_norm_relu(x, {}, {}, cr::ones({8}), cr::zeros({8}), true);
  auto loss = cr::conv2d(h, w).square().mean() + (w * w * w).sum().exp();
  const auto right = cr::autograd::grad(loss, w, {.retain_graph = true})[0].to_vector();
  std::atomic<int> wrong{0};
  together(3, [&](int, int) { wrong += cr::autograd::grad(loss, w, {.retain_graph = true})[0].to_vector() != right; });
  expect(wrong == 0, "walks of one retained graph");
}

void one_shared_leaf() {
  auto leaf = cr::ones({64}, {.requires_grad = true});
  together(50, [&](int, int) { (leaf * 2).sum().backward(); });
  expect(leaf.grad().to_vector() == std::vector<float>(64, 300), "sums in one leaf's .grad");
  leaf.zero_grad();
  together(20, [&](int, int) { (leaf * 2).sum().backward({.create_graph = true}); });
  expect(leaf.grad().detach().to_vector() == std::vector<float>(64, 120), "the same with create_graph");
  leaf.zero_grad();
  together(20, [&](int t, int) { (leaf * 2).sum().backward({.create_graph = t == 0}); });
  expect(leaf.grad().detach().to_vector() == std::vector<float>(64, 120), "with create_graph in one of the threads");
}

void one_const_model() {
  struct Net : cr::nn::Module<Net> {
    cr::nn::Conv2d conv{1, 4, 3};
    cr::nn::BatchNorm2d bn{4};
    cr::nn::Linear fc{4 * 6 * 6, 3};
    Tensor<> forward(const Tensor<>& x) const { return fc(cr::flatten(cr::relu(bn(conv(x))), 1)); }
  } net;
  net.eval();
  const Net& shared = net;
  const auto x = cr::randn({5, 1, 8, 8});
  const auto right = shared(x).detach().to_vector();
  std::atomic<int> wrong{0};
  together(20, [&](int t, int) {
    if (t == 0) {
      cr::no_grad guard;
      wrong += shared(x).to_vector() != right;
    } else {
      auto y = shared(x);
      wrong += y.detach().to_vector() != right;
      y.sum().backward();
    }
  });
  expect(wrong == 0, "forward passes of one model in eval mode");
}

void one_freed_graph() {
  std::atomic<int> walked{0}, refused{0};
  for (int round = 0; round < 30; ++round) {
    auto x = cr::ones({8}, {.requires_grad = true});
    auto y = (x * x).exp().sum();
    together(1, [&](int, int) {
      try {
        cr::autograd::grad(y, x);
        ++walked;
      } catch (const cr::Error&) { ++refused; }
    });
  }
  expect(walked >= 30 && walked + refused == 90, "a graph that the first walk frees: the others get an error");
}

void models_of_their_own() {
  std::vector<std::vector<float>> ends(3);
  together(1, [&](int t, int) {
    cr::Generator generator(7);
    auto x = cr::randn({32, 64}, {.generator = &generator}), w = cr::randn({64, 64}, {.generator = &generator});
    w.requires_grad_();
    cr::optim::Adam optimizer({w}, {.lr = 0.01});
    for (int i = 0; i < 5; ++i) {
      optimizer.zero_grad();
      cr::matmul(x, w).square().mean().backward();
      optimizer.step();
    }
    ends[static_cast<std::size_t>(t)] = w.detach().to_vector();
  });
  expect(ends[0] == ends[1] && ends[1] == ends[2], "a training of its own in each thread");
}

}  // namespace

int main() {
  cr::manual_seed(1);
  one_retained_graph();
  one_shared_leaf();
  one_const_model();
  one_freed_graph();
  models_of_their_own();
  return failures != 0;
}

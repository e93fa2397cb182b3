// batch_norm_relu against the ops that it stands for, bit for bit; memory that it writes over; nn::relu_of and
// nn::Sequential.

#include "support/catch.hpp"
#include "support/random_bits.hpp"
#include <chainrule/api.hpp>
#include <cmath>

namespace cr = chainrule;
namespace nn = chainrule::nn;
using chainrule_test::random, chainrule_test::same_bits;
using cr::Shape;

namespace {

template <class T> void agree(const Shape& shape, bool training, bool skips, bool wants_x, bool wants_skip) {
  INFO("shape " << shape.str() << " training " << training << " skip " << skips << " gradient of x " << wants_x
                << ", of skip " << wants_skip);
  const Shape channels(shape[1]);
  cr::Tensor<T> gradients[2][4], values[2], means[2];
  for (int fused = 0; fused < 2; ++fused) {
    auto x = random<T>(shape, 1, wants_x), weight = random<T>(channels, 2), bias = random<T>(channels, 3),
         skip = skips ? random<T>(shape, 4, wants_skip) : cr::Tensor<T>();
    auto mean = cr::zeros<T>(channels), var = cr::ones<T>(channels), factor = random<T>(shape, 5, false);
    cr::Tensor<T> y;
    if (fused) {
      y = cr::batch_norm_relu(x, mean, var, weight, bias, training, 0.3, 1e-5, skip);
    } else {
      y = cr::batch_norm(x, mean, var, weight, bias, training, 0.3, 1e-5);
      y = cr::relu(skips ? y + skip : y);
    }
    (y * factor).sum().backward();
    values[fused] = y.detach(), means[fused] = mean;
    gradients[fused][0] = x.grad(), gradients[fused][1] = weight.grad(), gradients[fused][2] = bias.grad(),
    gradients[fused][3] = skips ? skip.grad() : cr::Tensor<T>();
  }
  CHECK(same_bits(values[0], values[1]));
  CHECK(same_bits(means[0], means[1]));
  for (int i = 0; i < 4; ++i) {
    INFO("gradient " << i);
    REQUIRE(gradients[0][i].defined() == gradients[1][i].defined());
    if (gradients[0][i].defined()) CHECK(same_bits(gradients[0][i], gradients[1][i]));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("batch_norm_relu gives the numbers of the ops one by one", "[ops][norm]", float, double) {
  for (const Shape& shape : {Shape{6, 130}, Shape{4, 3, 5}, Shape{3, 4, 9, 7}, Shape{2, 3, 70, 70}})
    for (bool training : {true, false})
      for (bool skips : {false, true})
        for (bool wants_x : {true, false})
          for (bool wants_skip : {true, false})
            if (skips || !wants_skip) agree<TestType>(shape, training, skips, wants_x, wants_skip);
}

TEST_CASE("the gradient of batch_norm_relu with a skip connection needs a bit for each number, not the skip",
          "[ops][norm]") {
  const Shape shape{2, 3, 40, 40};
  auto x = random<float>(shape, 1), skip = random<float>(shape, 2), g = random<float>(shape, 3, false);
  auto y = cr::batch_norm_relu(x, {}, {}, {}, {}, true, 0.1, 1e-5, skip);
  const auto passes = cr::gt(y.detach(), 0);
  {
    cr::no_grad guard;
    skip.fill_(NAN);  // nobody reads it again
  }
  y.backward(g);
  CHECK(same_bits(skip.grad(), cr::where(passes, g, cr::zeros(shape))));

  auto with_nan = cr::zeros({1, 2, 3, 3}),
       plain = random<float>({1, 2, 3, 3}, 4);  // relu lets a NaN pass, and its gradient too
  with_nan.index_put_({0, 1, 2, 2}, NAN);
  with_nan.requires_grad_();
  auto mean = cr::zeros({2}), var = cr::ones({2});
  cr::batch_norm_relu(plain, mean, var, {}, {}, false, 0.1, 1e-5, with_nan).sum().backward();
  CHECK(with_nan.grad().to_vector()[17] == 1);
}

TEST_CASE("batch_norm_relu does not depend on the number of threads", "[ops][norm]") {
  std::vector<float> first;
  for (int threads : {1, 2, 3}) {
    cr::set_num_threads(threads);
    auto x = random<float>({8, 24, 28, 28}, 1);
    cr::batch_norm_relu(x, {}, {}, {}, {}, true).square().sum().backward();
    if (threads == 1) first = x.grad().to_vector();
    CHECK(x.grad().to_vector() == first);
  }
  cr::set_num_threads(1);
}

TEST_CASE("a large result of batch_norm_relu is not kept for its readers but recomputed", "[ops][norm][autograd]") {
  const Shape shape{8, 16, 32, 32};  // 512 KiB
  auto weight = random<float>({8, 16, 3, 3}, 2), scale = random<float>({16}, 3), shift = random<float>({16}, 4);
  const auto held_before = cr::memory_stats().live_bytes;
  std::int64_t held[2];
  cr::Tensor<> gradients[2];
  for (int fused = 0; fused < 2; ++fused) {
    auto x = random<float>(shape, 1);
    const auto without = cr::memory_stats().live_bytes;
    auto h = fused ? cr::batch_norm_relu(x, {}, {}, scale, shift, true)
                   : cr::relu(cr::batch_norm(x, {}, {}, scale, shift, true));
    auto y = cr::conv2d(h, weight).square().sum();
    h = cr::Tensor<>();
    held[fused] = cr::memory_stats().live_bytes - without;
    y.backward({}, {.retain_graph = true});
    gradients[fused] = x.grad().clone();
    y.backward();
    CHECK(same_bits(x.grad(), gradients[fused] * 2));
    CHECK_THROWS_WITH(y.backward(), chainrule_test::Contains("the graph was walked already"));
    weight.zero_grad();
  }
  CHECK(same_bits(gradients[0], gradients[1]));
  CHECK(held[0] - held[1] >= 512 * 1024);
  gradients[0] = gradients[1] = cr::Tensor<>();
  CHECK(cr::memory_stats().live_bytes - held_before < 64 * 1024);  // nothing is left behind

  auto x = random<float>(shape, 1);
  auto z = x * 2;
  auto y = cr::conv2d(cr::batch_norm_relu(z, {}, {}, scale, shift, true), weight).sum();
  {
    cr::no_grad guard;
    z.add_(1);
  }
  CHECK_THROWS_WITH(y.backward(), chainrule_test::Contains("edited in place"));

  cr::Tensor<> of_weight[2];  // a result that was edited before it was read is kept as it was read
  for (int fused = 0; fused < 2; ++fused) {
    weight.zero_grad();
    auto h = fused ? cr::batch_norm_relu(x, {}, {}, scale, shift, true)
                   : cr::relu(cr::batch_norm(x, {}, {}, scale, shift, true));
    {
      cr::no_grad guard;
      h.mul_(0.5);
    }
    cr::conv2d(fused ? h : h.detach(), weight).square().sum().backward();  // relu needs its own result unedited
    of_weight[fused] = weight.grad().clone();
  }
  CHECK(same_bits(of_weight[0], of_weight[1]));
}

TEST_CASE("a result that is recomputed may ask for one other, its skip connection; every third one is kept",
          "[ops][norm][autograd]") {
  auto weight = random<float>({16, 16, 3, 3}, 2);
  std::int64_t held[2];
  cr::Tensor<> of_x[2], of_weight[2];
  for (int fused = 0; fused < 2; ++fused) {
    auto block = [&](const cr::Tensor<>& v, const cr::Tensor<>& skip) {
      if (fused) return cr::batch_norm_relu(v, {}, {}, {}, {}, true, 0.1, 1e-5, skip);
      auto normed = cr::batch_norm(v, {}, {}, {}, {}, true);
      return cr::relu(skip.defined() ? normed + skip : normed);
    };
    auto x = random<float>({8, 16, 32, 32}, 1);  // 512 KiB
    const auto without = cr::memory_stats().live_bytes;
    auto h = block(x, {});
    for (int i = 0; i < 3; ++i) h = block(cr::conv2d(h, weight, {}, {.padding = 1}), h);
    auto y = cr::conv2d(h, weight).square().sum();
    h = cr::Tensor<>();
    held[fused] = cr::memory_stats().live_bytes - without;
    y.backward({}, {.retain_graph = true});
    of_x[fused] = x.grad().clone(), of_weight[fused] = weight.grad().clone();
    y.backward();
    CHECK(same_bits(x.grad(), of_x[fused] * 2));
    weight.zero_grad();
  }
  CHECK(same_bits(of_x[0], of_x[1]));
  CHECK(same_bits(of_weight[0], of_weight[1]));
  CHECK(held[0] - held[1] >= 3 * 512 * 1024);
}

TEST_CASE("a value that is recomputed is gone when its last reader has read it", "[ops][norm][autograd]") {
  constexpr std::int64_t one = 512 * 1024;
  const int threads = cr::get_num_threads();
  cr::set_num_threads(1);  // more threads hold more work memory, now and then at once
  auto weight = random<float>({16, 16, 1, 1}, 2);
  std::int64_t grown[2];
  for (int readers : {1, 2}) {
    auto x = random<float>({8, 16, 32, 32}, 1);
    auto h = cr::batch_norm_relu(x, {}, {}, {}, {}, true);
    auto other = readers == 2 ? cr::conv2d(h, weight).sum() : cr::Tensor<>();
    auto y = cr::conv2d(h, weight).sum();
    if (readers == 2) y += other;
    h = cr::Tensor<>();
    cr::reset_peak_memory_stats();
    const auto before = cr::memory_stats().live_bytes;
    y.backward();
    grown[readers - 1] = cr::memory_stats().peak_bytes - before;
  }
  cr::set_num_threads(threads);
  INFO(grown[0] << ' ' << grown[1]);
  CHECK(grown[0] < 3 * one);  // the upstream gradient, and the value or what takes its place
  CHECK(grown[1] > 3 * one);  // the value waits for its second reader
}

TEST_CASE("second derivatives go through values that are recomputed", "[ops][norm][autograd]") {
  const Shape shape{4, 8, 32, 32};  // 256 KiB of doubles
  auto weight = random<double>({2, 8, 1, 1}, 2), skip = random<double>(shape, 3, false);
  cr::Tensor<double> second[2];
  for (int fused = 0; fused < 2; ++fused) {
    auto x = random<double>(shape, 1);
    auto h = fused ? cr::batch_norm_relu(x, {}, {}, {}, {}, true, 0.1, 1e-5, skip)
                   : cr::relu(cr::batch_norm(x, {}, {}, {}, {}, true) + skip);
    auto y = cr::conv2d(h, weight).square().sum();
    auto dx = cr::autograd::grad({y}, {x}, {.create_graph = true})[0];
    second[fused] = cr::autograd::grad({dx.square().sum()}, {x})[0];
  }
  const auto a = second[0].to_vector(), b = second[1].to_vector();
  for (std::size_t i = 0; i < a.size(); i += 97) CHECK(a[i] == Approx(b[i]).epsilon(1e-9).margin(1e-12));
}

TEST_CASE("batch_norm_relu writes over a temporary that no gradient needs, and over nothing else", "[ops][norm]") {
  auto mean = cr::zeros({2}), var = cr::ones({2}), weight = cr::tensor({1, -1}, {.requires_grad = true});
  auto x = cr::tensor({{3, 4}, {-5, -6}});
  const auto* place = x.data();
  CHECK(cr::batch_norm_relu(x, mean, var, weight).data() != place);
  CHECK(cr::batch_norm_relu(std::move(x), mean, var, weight).data() != place);  // the weight's gradient needs it
  cr::no_grad guard;
  x = cr::tensor({{3, 4}, {-5, -6}});
  place = x.data();
  auto y = cr::batch_norm_relu(std::move(x), mean, var, weight, {}, false, 0.1, 0.0);
  CHECK(y.data() == place);
  CHECK(y.to_vector() == std::vector<float>{3, 0, 0, 6});
}

TEST_CASE("batch_norm_relu says what is wrong", "[ops][norm]") {
  auto x = cr::ones({2, 3, 4});
  CHECK_THROWS_WITH(cr::batch_norm_relu(x, {}, {}, {}, {}, true, 0.1, 1e-5, cr::ones({3, 4})),
                    chainrule_test::Contains("batch_norm_relu: skip needs the shape of x, (2, 3, 4), got (3, 4)"));
  CHECK_THROWS_WITH(cr::batch_norm_relu(x, {}, {}, cr::ones({4}), {}, true),
                    chainrule_test::Contains("batch_norm_relu: weight needs one value for each of the 3 channels"));
}

TEST_CASE("relu_of and Sequential give what the modules give one by one", "[nn][norm]") {
  auto net = [] {
    cr::manual_seed(7);
    return nn::Sequential{nn::Conv2d(3, 8, 3), nn::BatchNorm2d(8),     nn::ReLU({.inplace = true}),
                          nn::Flatten(),       nn::Linear(8 * 36, 10), nn::BatchNorm1d(10),
                          nn::ReLU()};
  };
  auto one = net(), two = net();
  auto input = random<float>({4, 3, 8, 8}, 1, false);
  for (bool training : {true, false}) {
    one.train(training), two.train(training);
    auto x = input;
    for (auto& [name, module] : one) x = module(x);
    auto y = two(input);
    CHECK(same_bits(x.detach(), y.detach()));
    one.zero_grad(), two.zero_grad();
    x.sum().backward();
    y.sum().backward();
    for (std::size_t i = 0; i < one.parameters().size(); ++i)
      CHECK(same_bits(one.parameters()[i].grad(), two.parameters()[i].grad()));
  }
  nn::BatchNorm2d bn(8), copy = bn;
  auto h = random<float>({2, 8, 4, 4}, 2), skip = random<float>({2, 8, 4, 4}, 3);
  CHECK(same_bits(nn::relu_of(bn, h, skip).detach(), cr::relu(copy(h) + skip).detach()));
  CHECK(same_bits(bn.running_var, copy.running_var));
  CHECK(bn.num_batches_tracked.item() == 1);

  struct Net : nn::Module<Net> {
    nn::BatchNorm2d bn{8};
    cr::Tensor<> forward(const cr::Tensor<>& x) { return nn::relu_of(bn, x); }
  } broken;
  CHECK_THROWS_WITH(broken(cr::ones({2, 3, 4, 4})),
                    chainrule_test::Contains("bn (BatchNorm2d): expects 8 channels, got 3"));
  struct Ops : cr::Observer {
    std::string names;
    void forward(const cr::ForwardEvent& e) override { names += std::string(e.op) + ' '; }
  } watcher;
  cr::Observe watch(watcher);
  nn::relu_of(bn, h, skip);  // one by one while somebody watches
  CHECK(watcher.names == "batch_norm add relu ");
}

// Initialisation: bounds, means and spreads as the formulas say; the same seed gives the same numbers.

#include <chainrule/api.hpp>
#include "support/catch.hpp"

using namespace chainrule;
namespace init = chainrule::nn::init;
using chainrule_test::Contains;

namespace {

struct Moments {
  double mean, std, low, high;
};

Moments moments(const Tensor<>& t) {
  const auto v = t.to_vector();
  Moments m{0, 0, v[0], v[0]};
  for (float x : v) {
    m.mean += x;
    m.low = std::min(m.low, double{x});
    m.high = std::max(m.high, double{x});
  }
  m.mean /= static_cast<double>(v.size());
  for (float x : v) m.std += (x - m.mean) * (x - m.mean);
  m.std = std::sqrt(m.std / static_cast<double>(v.size()));
  return m;
}

// Uniform in ±bound: it fills the interval, and its standard deviation is bound / sqrt(3).
void check_uniform(const Tensor<>& t, double bound) {
  const Moments m = moments(t);
  CHECK(m.low >= -bound);
  CHECK(m.high <= bound);
  CHECK(m.low < -0.98 * bound);
  CHECK(m.high > 0.98 * bound);
  const double n = static_cast<double>(t.numel()), std = bound / std::sqrt(3.0);
  CHECK(m.mean == Approx(0).margin(4 * std / std::sqrt(n)));  // 4 standard errors
  CHECK(m.std == Approx(std).epsilon(2 / std::sqrt(n)));
}
void check_normal(const Tensor<>& t, double std) {
  const Moments m = moments(t);
  const double n = static_cast<double>(t.numel());
  CHECK(m.mean == Approx(0).margin(4 * std / std::sqrt(n)));
  CHECK(m.std == Approx(std).epsilon(3 / std::sqrt(n)));
  CHECK(m.high > 2.8 * std);
}

}  // namespace

TEST_CASE("uniform, normal and constant fill a tensor, and give it back", "[nn][init]") {
  Generator g(1);
  Tensor<> t = empty({100, 80});
  CHECK(&init::uniform_(t, -2, 2, &g) == &t);
  check_uniform(t, 2);
  init::normal_(t, 0, 0.5, &g);
  check_normal(t, 0.5);
  init::constant_(t, 0.25);
  CHECK(moments(t).low == 0.25);
  CHECK(moments(t).high == 0.25);
  init::zeros_(t);
  CHECK(moments(t).high == 0);
  init::ones_(t);
  CHECK(moments(t).low == 1);
  CHECK(init::eye_(empty({2, 3})).to_vector() == std::vector<float>{1, 0, 0, 0, 1, 0});
}

TEST_CASE("a parameter, a leaf that requires grad, may be initialised; its place in no graph changes", "[nn][init]") {
  nn::Linear layer(3, 2);
  const auto version = layer.weight.version();
  init::constant_(layer.weight, 2);
  CHECK(layer.weight.to_vector() == std::vector<float>(6, 2));
  CHECK(layer.weight.requires_grad());
  CHECK(layer.weight.is_leaf());
  CHECK(layer.weight.version() > version);  // autograd notices if it had saved the old values
}

TEST_CASE("gains are those of torch.nn.init", "[nn][init]") {
  CHECK(init::calculate_gain("linear") == 1);
  CHECK(init::calculate_gain("conv2d") == 1);
  CHECK(init::calculate_gain("sigmoid") == 1);
  CHECK(init::calculate_gain("tanh") == Approx(1.6666666667));
  CHECK(init::calculate_gain("relu") == Approx(1.4142135624));
  CHECK(init::calculate_gain("leaky_relu") == Approx(1.4141428570));
  CHECK(init::calculate_gain("leaky_relu", 0.2) == Approx(1.3867504906));
  CHECK(init::calculate_gain("selu") == 0.75);
  CHECK_THROWS_WITH(init::calculate_gain("swish"), Contains("unknown nonlinearity \"swish\""));
}

TEST_CASE("kaiming and xavier spread by the fans, of matrices and of convolutions", "[nn][init]") {
  Generator g(2);
  Tensor<> matrix = empty({60, 150}), kernel = empty({32, 16, 3, 3});  // fans: 150 in, 60 out; 144 in, 288 out
  init::kaiming_uniform_(matrix, {.nonlinearity = "relu", .generator = &g});
  check_uniform(matrix, std::sqrt(6.0 / 150));
  init::kaiming_uniform_(matrix, {.a = std::sqrt(5.0), .generator = &g});
  check_uniform(matrix, 1 / std::sqrt(150.0));
  init::kaiming_normal_(kernel, {.mode = "fan_out", .nonlinearity = "relu", .generator = &g});
  check_normal(kernel, std::sqrt(2.0 / 288));
  init::kaiming_normal_(kernel, {.generator = &g});
  check_normal(kernel, std::sqrt(2.0 / 144));
  init::xavier_uniform_(matrix, 1, &g);
  check_uniform(matrix, std::sqrt(6.0 / 210));
  init::xavier_normal_(kernel, 2, &g);
  check_normal(kernel, 2 * std::sqrt(2.0 / 432));
}

TEST_CASE("layers begin as PyTorch's do: uniform in 1 / sqrt(fan_in), bias too", "[nn][init]") {
  manual_seed(3);
  nn::Linear linear(100, 2000);
  check_uniform(linear.weight, 0.1);
  check_uniform(linear.bias, 0.1);
  nn::Conv2d conv(10, 1000, {2, 5});
  check_uniform(conv.weight, 0.1);
  check_uniform(conv.bias, 0.1);
  nn::Embedding table(100, 80);
  check_normal(table.weight, 1);
}

TEST_CASE("a truncated normal stays inside of its bounds", "[nn][init]") {
  Generator g(4);
  Tensor<> t = empty({10000});
  init::trunc_normal_(t, {.std = 0.5, .a = -0.5, .b = 1, .generator = &g});
  const Moments m = moments(t);
  CHECK(m.low >= -0.5);
  CHECK(m.low < -0.49);
  CHECK(m.high <= 1);
  CHECK(m.high > 0.97);
  CHECK(m.mean == Approx(0.1148).margin(0.01));  // (phi(-1) - phi(2)) / (P(2) - P(-1)) · std
  CHECK_THROWS_WITH(init::trunc_normal_(t, {.a = 8, .b = 9}), Contains("almost nothing of a normal"));
}

TEST_CASE("orthogonal rows, or columns where there are more rows, of length gain", "[nn][init]") {
  Generator g(5);
  for (const Shape& shape : {Shape{7, 20}, Shape{20, 7}, Shape{8, 8}, Shape{4, 3, 2, 2}}) {
    Tensor<double> t = empty<double>(shape);
    init::orthogonal_(t, 2, &g);
    Tensor<double> m = t.reshape({shape[0], -1});
    if (m.size(0) > m.size(1)) m = m.t();
    const auto v = matmul(m, m.t()).to_vector();
    const auto n = m.size(0);
    for (std::int64_t i = 0; i < n * n; ++i)
      CHECK(v[static_cast<std::size_t>(i)] == Approx(i / n == i % n ? 4 : 0).margin(1e-12));
  }
  CHECK_THROWS_WITH(init::orthogonal_(empty({3})), Contains("at least 2 dimensions"));
}

TEST_CASE("the same seed gives the same weights, of layers and of init", "[nn][init]") {
  manual_seed(7);
  nn::Linear a(30, 20);
  manual_seed(7);
  nn::Linear b(30, 20);
  CHECK(a.weight.to_vector() == b.weight.to_vector());
  CHECK(a.bias.to_vector() == b.bias.to_vector());
  nn::Linear c(30, 20);
  CHECK(a.weight.to_vector() != c.weight.to_vector());
  Generator own(7);
  nn::Linear d(30, 20, {.generator = &own});
  CHECK(d.weight.to_vector() == a.weight.to_vector());
}

TEST_CASE("what cannot be initialised says why", "[nn][init]") {
  CHECK_THROWS_WITH(init::kaiming_uniform_(empty({5})),
                    Contains("at least 2 dimensions, got shape (5,); for a bias use zeros_"));
  CHECK_THROWS_WITH(init::kaiming_normal_(empty({5, 5}), {.mode = "fan_both"}),
                    Contains("mode is \"fan_in\" or \"fan_out\", got \"fan_both\""));
  nn::Linear no_bias(2, 2, {.bias = false});
  CHECK_THROWS_WITH(init::zeros_(no_bias.bias), Contains("has no bias"));
}

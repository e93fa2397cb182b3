// conv2d: against a loop over its definition, gradients by differences, options, errors.

#include "support/catch.hpp"
#include <chainrule/api.hpp>

namespace cr = chainrule;
using cr::Shape;
using Image = cr::Tensor<double>;

namespace {

Image random(const Shape& shape, std::uint64_t seed) {
  cr::Generator g(seed);
  return cr::randn<double>(shape, {.requires_grad = true, .generator = &g});
}
template <class F> std::string message_of(const F& f) {
  try {
    f();
  } catch (const cr::Error& e) { return e.message(); }
  return "no error";
}

// The definition, one product at a time.
std::vector<double> by_definition(const Image& x, const Image& w, const cr::Conv2dFuncOptions& o) {
  const auto n = x.size(0), out = w.size(0), per_group = w.size(1);
  const auto oh = (x.size(2) + 2 * o.padding.h - o.dilation.h * (w.size(2) - 1) - 1) / o.stride.h + 1;
  const auto ow = (x.size(3) + 2 * o.padding.w - o.dilation.w * (w.size(3) - 1) - 1) / o.stride.w + 1;
  std::vector<double> y;
  for (std::int64_t b = 0; b < n; ++b)
    for (std::int64_t c = 0; c < out; ++c)
      for (std::int64_t i = 0; i < oh; ++i)
        for (std::int64_t j = 0; j < ow; ++j) {
          double sum = 0;
          const auto group = c / (out / o.groups);
          for (std::int64_t k = 0; k < per_group; ++k)
            for (std::int64_t p = 0; p < w.size(2); ++p)
              for (std::int64_t q = 0; q < w.size(3); ++q) {
                const auto row = i * o.stride.h + p * o.dilation.h - o.padding.h,
                           col = j * o.stride.w + q * o.dilation.w - o.padding.w;
                if (row >= 0 && row < x.size(2) && col >= 0 && col < x.size(3))
                  sum += w.at({c, k, p, q}) * x.at({b, group * per_group + k, row, col});
              }
          y.push_back(sum);
        }
  return y;
}

}  // namespace

TEST_CASE("conv2d agrees with its definition", "[ops][conv2d]") {
  struct Case {
    Shape x, w;
    cr::Conv2dFuncOptions options;
  };
  const Case cases[] = {
      {{2, 3, 6, 7}, {4, 3, 3, 3}, {}},
      {{2, 3, 6, 7}, {4, 3, 3, 3}, {.stride = 2, .padding = 1}},
      {{1, 4, 6, 7}, {6, 2, 3, 2}, {.stride = {2, 1}, .padding = {0, 2}, .groups = 2}},
      {{2, 4, 5, 5}, {4, 1, 3, 3}, {.padding = 1, .groups = 4}},
      {{1, 2, 9, 8}, {3, 2, 3, 3}, {.padding = 2, .dilation = {2, 1}}},
      {{2, 5, 4, 4}, {3, 5, 1, 1}, {.stride = 3}},
  };
  for (const auto& c : cases) {
    auto x = random(c.x, 1).detach(), w = random(c.w, 2).detach();
    auto got = cr::conv2d(x, w, c.options).to_vector(), expected = by_definition(x, w, c.options);
    INFO(c.x.str() << " with " << c.w.str());
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == Approx(expected[i]).margin(1e-12));
  }
}

TEST_CASE("conv2d takes a bias, a single image, and views", "[ops][conv2d]") {
  auto y = cr::conv2d(cr::ones({1, 1, 3, 3}), cr::ones({2, 1, 2, 2}), cr::tensor({0, 10}));
  CHECK(y.to_vector() == std::vector<float>{4, 4, 4, 4, 14, 14, 14, 14});
  CHECK(cr::conv2d(cr::ones({1, 3, 3}), cr::ones({2, 1, 2, 2})).shape() == Shape{2, 2, 2});
  auto x = random({2, 3, 4, 5}, 1).detach(), w = random({2, 3, 3, 3}, 2).detach();
  CHECK(cr::conv2d(x.transpose(2, 3).contiguous().transpose(2, 3), w).to_vector() == cr::conv2d(x, w).to_vector());
  CHECK(cr::conv2d(cr::ones({0, 1, 3, 3}), cr::ones({2, 1, 2, 2})).shape() == Shape{0, 2, 2, 2});
}

TEST_CASE("conv2d's gradients agree with differences, twice", "[ops][conv2d]") {
  const cr::Conv2dFuncOptions options[] = {
      {}, {.stride = 2, .padding = 1}, {.padding = {1, 0}, .groups = 2}, {.padding = 2, .dilation = 2}};
  for (const auto& o : options) {
    auto f = [&](const Image& x, const Image& w, const Image& b) { return cr::conv2d(x, w, b, o); };
    const Shape weight{2, o.groups == 2 ? 1 : 2, 3, 2};
    CHECK(cr::gradcheck(f, {random({2, 2, 4, 4}, 1), random(weight, 2), random({2}, 3)}));
    CHECK(cr::gradgradcheck(f, {random({1, 2, 4, 4}, 1), random(weight, 2), random({2}, 3)}));
  }
}

TEST_CASE("conv2d computes only the gradients that are asked for", "[ops][conv2d]") {
  struct Watch : cr::Observer {
    bool input = true, weight = false;
    void backward(const cr::BackwardEvent& e) override {
      if (std::string(e.node.op) != "conv2d") return;
      input = e.contributions[0].defined();
      weight = e.contributions[1].defined();
    }
  } watch;
  auto x = cr::ones({1, 1, 3, 3}), w = cr::ones({1, 1, 2, 2}, {.requires_grad = true});
  auto loss = cr::conv2d(x, w).sum();
  cr::Observe guard(watch);
  loss.backward();
  CHECK_FALSE(watch.input);
  CHECK(watch.weight);
}

TEST_CASE("in float, fast and exact convolution agree to rounding", "[ops][conv2d]") {
  cr::Generator g(5);
  auto x = cr::randn({2, 32, 16, 16}, {.generator = &g}), w = cr::randn({32, 32, 3, 3}, {.generator = &g});
  auto fast = cr::conv2d(x, w, {.padding = 1}).to_vector();
  cr::set_conv_precision(cr::ConvPrecision::exact);
  auto exact = cr::conv2d(x, w, {.padding = 1}).to_vector();
  cr::set_conv_precision(cr::ConvPrecision::fast);
  auto truth = by_definition(x.to<double>(), w.to<double>(), {.padding = 1});
  for (std::size_t i = 0; i < truth.size(); i += 7) {
    CHECK(fast[i] == Approx(truth[i]).margin(1e-3));
    CHECK(exact[i] == Approx(truth[i]).margin(1e-4));
  }
}

TEST_CASE("conv2d refuses what does not fit, and says what would", "[ops][conv2d]") {
  CHECK(message_of([] {
          cr::conv2d(cr::zeros({1, 1, 28, 28}), cr::zeros({8, 3, 3, 3}));
        }) == "conv2d: the weight (8, 3, 3, 3) takes 3 input channels, got 1 (input (1, 1, 28, 28))");
  CHECK(message_of([] {
          cr::conv2d(cr::zeros({1, 1, 2, 2}), cr::zeros({1, 1, 5, 5}), {.padding = 1});
        }) == "conv2d: a window of 5 x 5 does not fit into an image of 4 x 4 (padding included)");
  CHECK(message_of([] {
          cr::conv2d(cr::zeros({1, 4, 2, 2}), cr::zeros({3, 2, 1, 1}), {.groups = 2});
        }) == "conv2d: 3 output channels cannot be cut into 2 groups");
  CHECK(message_of([] {
          cr::conv2d(cr::zeros({28, 28}), cr::zeros({1, 1, 3, 3}));
        }) == "conv2d: expects an input of shape (N, C, H, W) or (C, H, W), got (28, 28)");
  CHECK_THROWS_AS(cr::conv2d(cr::zeros({1, 1, 4, 4}), cr::zeros({1, 1, 3, 3}), {.stride = 0}), cr::Error);
  CHECK_THROWS_AS(cr::conv2d(cr::zeros({1, 1, 4, 4}), cr::zeros({1, 1, 3, 3}), cr::zeros({2})), cr::Error);
}

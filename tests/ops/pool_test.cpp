// Pooling: against loops over the definitions, ties, NaN, gradients by differences, errors.

#include "support/catch.hpp"
#include <chainrule/api.hpp>
#include <cmath>
#include <limits>

namespace cr = chainrule;
using cr::Shape;
using Image = cr::Tensor<double>;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

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

}  // namespace

TEST_CASE("max_pool2d takes the largest number of each window", "[ops][pool]") {
  auto x = random({2, 3, 7, 9}, 1).detach();
  struct Case {
    cr::Size2d kernel, stride, pad, dilation;
    bool ceil;
  };
  const Case cases[] = {{2, 2, 0, 1, false},
                        {2, 2, 0, 1, true},
                        {3, 2, 1, 1, false},
                        {3, 1, 1, 1, false},
                        {{3, 2}, {1, 3}, {1, 0}, {2, 1}, true},
                        {5, 3, 2, 1, true}};
  for (const auto& c : cases) {
    auto y = cr::max_pool2d(x, c.kernel,
                            {.stride = c.stride, .padding = c.pad, .dilation = c.dilation, .ceil_mode = c.ceil});
    INFO(c.kernel.str() << " " << y.shape().str());
    const std::int64_t reach_h = c.dilation.h * (c.kernel.h - 1) + 1;
    CHECK(y.size(2) == (c.ceil ? (7 + 2 * c.pad.h - reach_h + c.stride.h - 1) / c.stride.h + 1
                               : (7 + 2 * c.pad.h - reach_h) / c.stride.h + 1));
    for (std::int64_t p = 0; p < 3; ++p)
      for (std::int64_t i = 0; i < y.size(2); ++i)
        for (std::int64_t j = 0; j < y.size(3); ++j) {
          double best = -1e300;
          for (std::int64_t k = 0; k < c.kernel.h; ++k)
            for (std::int64_t l = 0; l < c.kernel.w; ++l) {
              const auto r = i * c.stride.h + k * c.dilation.h - c.pad.h,
                         s = j * c.stride.w + l * c.dilation.w - c.pad.w;
              if (r >= 0 && r < 7 && s >= 0 && s < 9) best = std::max(best, x.at({1, p, r, s}));
            }
          CHECK(y.at({1, p, i, j}) == best);
        }
  }
  CHECK(cr::max_pool2d(x, 3, 2).shape() == cr::max_pool2d(x, 3, {.stride = 2}).shape());
  CHECK(cr::max_pool2d(x.select(0, 0), 2).shape() == Shape{3, 3, 4});
  CHECK(cr::max_pool2d(cr::zeros({0, 3, 4, 4}), 2).shape() == Shape{0, 3, 2, 2});
}

TEST_CASE("max_pool2d's gradient goes to the first of equal numbers, and NaN wins", "[ops][pool]") {
  for (int kernel : {2, 3, 17}) {  // 2 has a kernel of its own, 17 x 17 does not fit into a byte
    auto x = cr::zeros({1, kernel, kernel}, {.requires_grad = true});
    cr::max_pool2d(x, kernel).sum().backward();
    auto g = x.grad().to_vector();
    CHECK(g[0] == 1);
    CHECK(x.grad().sum().item() == 1);

    auto last = cr::zeros({1, kernel, kernel});
    last[0][kernel - 1][kernel - 1] = 1;
    last.requires_grad_();
    cr::max_pool2d(last, kernel).sum().backward();
    CHECK(last.grad().to_vector().back() == 1);

    auto bad = cr::ones({1, kernel, kernel});
    bad[0][1][0] = not_a_number;
    CHECK(std::isnan(cr::max_pool2d(bad, kernel).item()));
  }
  auto low = cr::full({1, 2, 2}, -std::numeric_limits<float>::infinity(), {.requires_grad = true});
  cr::max_pool2d(low, 2, {.stride = 1, .padding = 1}).sum().backward();
  CHECK(low.grad().sum().item() == 9);
}

TEST_CASE("pooling's gradients agree with differences, twice", "[ops][pool]") {
  auto x = cr::randperm(2 * 5 * 6)
               .to<double>()
               .view({1, 2, 5, 6})
               .requires_grad_();  // no ties, and steps too small to change a winner
  auto max = [](const Image& v) { return cr::max_pool2d(v, 3, {.stride = 2, .padding = 1}); };
  auto avg = [](const Image& v) {
    return cr::avg_pool2d(v, {2, 3}, {.stride = 2, .padding = {1, 1}, .ceil_mode = true, .count_include_pad = false});
  };
  auto adaptive = [](const Image& v) { return cr::adaptive_avg_pool2d(v, {3, 4}); };
  CHECK(cr::gradcheck(max, {x}));
  CHECK(cr::gradcheck([](const Image& v) { return cr::max_pool2d(v, 2); }, {x}));
  CHECK(cr::gradcheck(avg, {x}));
  CHECK(cr::gradcheck(adaptive, {x}));
  CHECK(cr::gradgradcheck([&](const Image& v) { return cr::max_pool2d(v * v, 2); }, {x}));
  CHECK(cr::gradgradcheck([&](const Image& v) { return avg(v * v); }, {x}));
  CHECK(cr::gradgradcheck([&](const Image& v) { return adaptive(v * v); }, {x}));
}

TEST_CASE("avg_pool2d counts the padding unless told otherwise", "[ops][pool]") {
  auto x = cr::ones({1, 2, 2});
  CHECK(cr::avg_pool2d(x, 2, {.stride = 1, .padding = 1}).to_vector() ==
        std::vector<float>{0.25f, 0.5f, 0.25f, 0.5f, 1, 0.5f, 0.25f, 0.5f, 0.25f});
  CHECK(cr::avg_pool2d(x, 2, {.stride = 1, .padding = 1, .count_include_pad = false}).to_vector() ==
        std::vector<float>(9, 1.0f));
  CHECK(cr::avg_pool2d(x, 2, {.divisor_override = 8}).item() == 0.5f);
  CHECK(cr::avg_pool2d(cr::ones({1, 3, 3}), 2, {.ceil_mode = true}).to_vector() == std::vector<float>(4, 1.0f));
}

TEST_CASE("adaptive_avg_pool2d cuts an image into even bins", "[ops][pool]") {
  auto x = cr::tensor({{{1, 2, 3, 4, 5}}});
  CHECK(cr::adaptive_avg_pool2d(x, {1, 3}).to_vector() == std::vector<float>{1.5f, 3, 4.5f});
  CHECK(cr::adaptive_avg_pool2d(x, 1).item() == 3);
  CHECK(cr::adaptive_avg_pool2d(x, {2, 5}).to_vector() == std::vector<float>{1, 2, 3, 4, 5, 1, 2, 3, 4, 5});
  CHECK(cr::adaptive_avg_pool2d(cr::ones({4, 3, 7, 7}), 1).shape() == Shape{4, 3, 1, 1});
}

TEST_CASE("pooling refuses windows that do not fit", "[ops][pool]") {
  CHECK(message_of([] {
          cr::max_pool2d(cr::zeros({1, 2, 2}), 3);
        }) == "max_pool2d: a window of 3 does not fit into an image of 2 (padding included)");
  CHECK(message_of([] {
          cr::max_pool2d(cr::zeros({1, 8, 8}), 3, {.padding = 2});
        }) == "max_pool2d: padding must be at most half of the window, got 2 for a window of 3");
  CHECK(message_of([] {
          cr::avg_pool2d(cr::zeros({8, 8}), 2);
        }) == "avg_pool2d: expects shape (N, C, H, W) or (C, H, W), got (8, 8)");
  CHECK_THROWS_AS(cr::max_pool2d(cr::zeros({1, 8, 8}), 2, {.stride = 0}), cr::Error);
  CHECK_THROWS_AS(cr::adaptive_avg_pool2d(cr::zeros({1, 8, 8}), 0), cr::Error);
}

TEST_CASE("a window of nothing but padding gives -infinity and no gradient, at any order", "[ops][pool]") {
  auto x = cr::full<double>({1, 1, 1}, 5, {.requires_grad = true});
  auto y = cr::max_pool2d(x, 2, 1, {.padding = 1, .dilation = 2});  // sees the four corners around a single element
  CHECK(y.to_vector() == std::vector<double>{-std::numeric_limits<double>::infinity()});
  auto g = cr::ones<double>({1, 1, 1}, {.requires_grad = true});
  auto gx = cr::autograd::grad<double>({y}, {x}, {g}, {.create_graph = true})[0];
  CHECK(gx.to_vector() == std::vector<double>{0});
  CHECK(cr::autograd::grad<double>({gx.sum()}, {g})[0].to_vector() == std::vector<double>{0});
}

TEST_CASE("avg_pool2d takes any divisor but 0", "[ops][pool]") {
  auto x = cr::arange<float>(16).view({1, 4, 4});
  CHECK(cr::avg_pool2d(x, 2, {.divisor_override = -2}).to_vector() == std::vector<float>{-5, -9, -21, -25});
  CHECK(cr::avg_pool2d(x, 4, {.divisor_override = -3}).to_vector() == std::vector<float>{-40});
  CHECK(cr::avg_pool2d(x, 3, 1, {.divisor_override = -9}).to_vector() == std::vector<float>{-5, -6, -9, -10});
  x.requires_grad_();
  cr::avg_pool2d(x, 4, {.divisor_override = -4}).sum().backward();
  CHECK(x.grad().to_vector() == std::vector<float>(16, -0.25f));
  CHECK_THROWS_WITH(cr::avg_pool2d(x, 2, {.divisor_override = 0}), Catch::Contains("divisor_override must not be 0"));
}

// add and sub with alpha, div with a rounding_mode, round to decimals. Expected numbers: PyTorch 2.15.

#include "support/catch.hpp"
#include <chainrule/api.hpp>
#include <cmath>

namespace cr = chainrule;
using chainrule_test::Contains;
using cr::tensor;
using Values = std::vector<double>;
using Ints = std::vector<std::int64_t>;
using Double = cr::Tensor<double>;

namespace {

Double leaf(const Values& values) { return tensor(values, {.requires_grad = true}); }
Values gradient(const Double& y, const Double& of) {
  return cr::autograd::grad({y}, {of}, {cr::arange<double>(1, y.numel() + 1).view(y.shape())})[0].to_vector();
}

}  // namespace

TEST_CASE("add and sub multiply the second operand by alpha", "[ops][habits]") {
  const auto a = leaf({1, 2}), b = leaf({3, 4});
  for (const auto& y :
       {add(a, b, {.alpha = 2}), a.add(b, {.alpha = 2}), sub(a, b, {.alpha = -2}), a.sub(b, {.alpha = -2})}) {
    CHECK(y.to_vector() == Values{7, 10});
    CHECK(gradient(y, a) == Values{1, 2});
    CHECK(gradient(y, b) == Values{2, 4});
  }
  CHECK(a.add(3, {.alpha = 0.5}).to_vector() == Values{2.5, 3.5});
  CHECK(a.sub(3, {.alpha = 0.5}).to_vector() == Values{-0.5, 0.5});
  auto y = a * 1;
  y.add_(b, {.alpha = 10}).sub_(b * b, {.alpha = 0.5});
  CHECK(y.to_vector() == Values{26.5, 34});
  CHECK(gradient(y, b) == Values{7, 12});  // w (10 - b)
  auto p = leaf({1, 1});
  {
    cr::no_grad guard;
    const float lr = 0.5f;
    p.add_(b, {.alpha = -lr});
  }
  CHECK(p.to_vector() == Values{-0.5, -1});
  CHECK(
      cr::gradgradcheck([](const std::vector<Double>& in) { return square(add(in[0], in[1], {.alpha = 3})); }, {a, b}));
}

TEST_CASE("alpha of integers is a whole number", "[ops][habits]") {
  const auto a = tensor<int>({1, 2});
  CHECK(a.add(tensor<int>({10, 20}), {.alpha = 2}).to_vector() == std::vector<int>{21, 42});
  CHECK_THROWS_WITH(a.add(a, {.alpha = 0.5}), Contains("add: alpha 0.5 has a fraction"));
  CHECK_THROWS_WITH(a.sub(a, {.alpha = 1e12}), Contains("sub: 1000000000000"));
}

TEST_CASE("div rounds the quotient as its rounding_mode says", "[ops][habits]") {
  const auto a = leaf({7, -7, 7, -7, 1, 0}), b = leaf({2, 2, -2, -2, 0.1, -3});
  const auto cut = div(a, b, {.rounding_mode = "trunc"}), down = a.div(b, {.rounding_mode = "floor"});
  CHECK(cut.to_vector() == Values{3, -3, -3, 3, 10, 0});
  CHECK(down.to_vector() == Values{3, -4, -4, 3, 9, 0});
  CHECK(std::signbit(cut.to_vector()[5]));
  CHECK(std::signbit(down.to_vector()[5]));
  CHECK(gradient(cut, a) == Values(6, 0.0));
  CHECK(gradient(down, b) == Values(6, 0.0));
  CHECK(div(a, b, cr::DivOptions{}).to_vector() == div(a, b).to_vector());
  CHECK(floor_divide(a, 2).to_vector() == Values{3, -4, 3, -4, 0, 0});
  const double inf = std::numeric_limits<double>::infinity();
  const auto odd = tensor<double>({1, -1, 0, inf}), by = tensor<double>({0, 0, 0, 2});
  CHECK(equal(odd.div(by, {.rounding_mode = "trunc"}).nan_to_num(5, inf, -inf), tensor<double>({inf, -inf, 5, inf})));
  CHECK(equal(odd.div(by, {.rounding_mode = "floor"}).nan_to_num(5, inf, -inf), tensor<double>({inf, -inf, 5, 5})));
}

TEST_CASE("div with a rounding_mode keeps integers", "[ops][habits]") {
  const auto a = tensor<std::int64_t>({7, -7, 7, -7, std::numeric_limits<std::int64_t>::min()}),
             b = tensor<std::int64_t>({2, 2, -2, -2, -1});
  CHECK(a.div(b, {.rounding_mode = "trunc"}).to_vector() ==
        Ints{3, -3, -3, 3, std::numeric_limits<std::int64_t>::min()});
  CHECK(a.floor_divide(b).to_vector() == Ints{3, -4, -4, 3, std::numeric_limits<std::int64_t>::min()});
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  CHECK(a.floor_divide(most).to_vector() == Ints{0, -1, 0, -1, -2});
  auto bytes = tensor<std::uint8_t>({7, 255, 254});
  CHECK(bytes.floor_divide(tensor<std::uint8_t>({2, 255, 255})).to_vector() == std::vector<std::uint8_t>{3, 1, 0});
  bytes.div_(2, {.rounding_mode = "floor"});
  CHECK(bytes.to_vector() == std::vector<std::uint8_t>{3, 127, 127});
  CHECK_THROWS_WITH(a.floor_divide(0), Contains("division of integers by 0"));
  CHECK_THROWS_WITH(a.div(b, {.rounding_mode = "up"}),
                    Contains("div: rounding_mode must be \"trunc\" or \"floor\", got \"up\""));
}

TEST_CASE("round rounds to decimals", "[ops][habits]") {
  const auto x = leaf({1.2345, -0.125, 2.675});
  CHECK(round(x, {.decimals = 2}).to_vector() == Values{1.23, -0.12, 2.68});
  CHECK(tensor<double>({15, 24, -26}).round({.decimals = -1}).to_vector() == Values{20, 20, -30});
  CHECK(gradient(x.round({.decimals = 1}), x) == Values{0, 0, 0});
  CHECK(x.round().to_vector() == Values{1, 0, 3});
}

// Comparisons, logic, closeness: operators, functions and methods, NaN, broadcasting, other element types.

#include "ops/values.hpp"

namespace chainrule_test {
namespace {

TEST_CASE("comparison operators take tensors and numbers on either side", "[ops][compare]") {
  auto x = tensor({-1, 0, 2}), y = tensor({0, 0, 1});
  static_assert(std::is_same_v<decltype(x > 0), Tensor<bool>>);
  CHECK(differs(x > 0, {0, 0, 1}) == "");
  CHECK(differs(x >= 0, {0, 1, 1}) == "");
  CHECK(differs(x < y, {1, 0, 0}) == "");
  CHECK(differs(x <= y, {1, 1, 0}) == "");
  CHECK(differs(x == y, {0, 1, 0}) == "");
  CHECK(differs(x != y, {1, 0, 1}) == "");
  CHECK(differs(0 < x, {0, 0, 1}) == "");
  CHECK(differs(2 == x, {0, 0, 1}) == "");
  CHECK(differs(1.5 != x, {1, 1, 1}) == "");
}

TEST_CASE("comparisons as functions and methods", "[ops][compare]") {
  auto x = tensor({-1, 0, 2}), y = tensor({0, 0, 1});
  CHECK(differs(cr::eq(x, 2), {0, 0, 1}) == "");
  CHECK(differs(cr::ne(x, y), {1, 0, 1}) == "");
  CHECK(differs(cr::lt(x, 0), {1, 0, 0}) == "");
  CHECK(differs(cr::le(x, y), {1, 1, 0}) == "");
  CHECK(differs(cr::gt(x, y), {0, 0, 1}) == "");
  CHECK(differs(cr::ge(x, 0), {0, 1, 1}) == "");
  CHECK(differs(x.eq(y), {0, 1, 0}) == "");
  CHECK(differs(x.ne(2), {1, 1, 0}) == "");
  CHECK(differs(x.lt(y), {1, 0, 0}) == "");
  CHECK(differs(x.le(0), {1, 1, 0}) == "");
  CHECK(differs(x.gt(-5), {1, 1, 1}) == "");
  CHECK(differs(x.ge(y), {0, 1, 1}) == "");
}

TEST_CASE("comparisons broadcast, take any type and layout, and NaN equals nothing", "[ops][compare]") {
  auto column = tensor<std::int64_t>({{1}, {2}}), row = tensor<std::int64_t>({1, 2, 3});
  CHECK((column < row).shape() == Shape{2, 3});
  CHECK(differs(column < row, {0, 1, 1, 0, 0, 1}) == "");
  CHECK(differs(tensor({{1, 2}, {3, 4}}).t() > 2, {0, 1, 0, 1}) == "");
  CHECK(differs(tensor<std::uint8_t>({0, 255}) == 255, {0, 1}) == "");
  CHECK(differs(tensor<bool>({true, false}) == tensor<bool>({true, true}), {1, 0}) == "");
  CHECK((cr::zeros({0, 2}) > 0).shape() == Shape{0, 2});
  CHECK((tensor(3) > 2).item());
  auto x = tensor<double>({nan, 1});
  CHECK(differs(x == x, {0, 1}) == "");
  CHECK(differs(x != x, {1, 0}) == "");
  CHECK(differs(x >= x, {0, 1}) == "");
  CHECK(differs(x <= 5, {0, 1}) == "");
  CHECK_FALSE((leaf({1, 2}) > 0).requires_grad());
  CHECK(contains(message_of([&] { (void)(column.view({2}) == row); }), "eq"));
}

TEST_CASE("logic on any tensors; bits on bool and integers", "[ops][logical]") {
  auto a = tensor<bool>({true, true, false, false}), b = tensor<bool>({true, false, true, false});
  CHECK(differs(a & b, {1, 0, 0, 0}) == "");
  CHECK(differs(a | b, {1, 1, 1, 0}) == "");
  CHECK(differs(a ^ b, {0, 1, 1, 0}) == "");
  CHECK(differs(~a, {0, 0, 1, 1}) == "");
  CHECK(differs(!a, {0, 0, 1, 1}) == "");
  CHECK(differs(a & true, {1, 1, 0, 0}) == "");
  CHECK(differs(cr::logical_and(a, b), {1, 0, 0, 0}) == "");
  auto x = tensor({2, -1, 0, nan}), y = tensor({0, 5, 0, 0});
  CHECK(differs(cr::logical_and(x, y), {0, 1, 0, 0}) == "");
  CHECK(differs(cr::logical_or(x, y), {1, 1, 0, 1}) == "");
  CHECK(differs(cr::logical_xor(x, y), {1, 0, 0, 1}) == "");
  CHECK(differs(cr::logical_not(x), {0, 0, 1, 0}) == "");
  CHECK(differs(cr::logical_and(x, 3), {1, 1, 0, 1}) == "");
  CHECK(differs((x > 0) & (y == 0), {1, 0, 0, 0}) == "");
  auto i = tensor<std::int64_t>({6, 5, -1});
  CHECK(differs(i & 3, {2, 1, 3}) == "");
  CHECK(differs(i | 8, {14, 13, -1}) == "");
  CHECK(differs(i ^ i, {0, 0, 0}) == "");
  CHECK(differs(~i, {-7, -6, 0}) == "");
  CHECK(differs(~tensor<std::uint8_t>({0, 200}), {255, 55}) == "");
  CHECK(contains(message_of([&] { (void)(a & tensor<bool>({true, false, true})); }), "bitwise_and"));
}

TEST_CASE("isnan, isinf, isfinite", "[ops][compare]") {
  auto x = tensor<double>({nan, inf, -inf, 0, 1e308});
  CHECK(differs(x.isnan(), {1, 0, 0, 0, 0}) == "");
  CHECK(differs(cr::isinf(x), {0, 1, 1, 0, 0}) == "");
  CHECK(differs(x.isfinite(), {0, 0, 0, 1, 1}) == "");
  CHECK(differs(cr::isnan(tensor({1, nan})), {0, 1}) == "");
  CHECK(differs(tensor<std::int64_t>({3}).isfinite(), {1}) == "");
  CHECK(differs(tensor<std::int64_t>({3}).isnan(), {0}) == "");
}

TEST_CASE("isclose, allclose, equal", "[ops][compare]") {
  auto a = tensor<double>({1, 100, inf, inf, nan, 0}), b = tensor<double>({1 + 0.9e-5, 100.1, inf, -inf, nan, 0.9e-8});
  CHECK(differs(cr::isclose(a, b), {1, 0, 1, 0, 0, 1}) == "");
  CHECK(differs(cr::isclose(a, b, 1e-2, 0, true), {1, 1, 1, 0, 1, 0}) == "");
  CHECK(differs(cr::isclose(tensor<std::int64_t>({10, 10}), tensor<std::int64_t>({10, 11}), 0, 0.5), {1, 0}) == "");
  CHECK(cr::allclose(tensor({1, 2}), tensor({1, 2.000001})));
  CHECK_FALSE(cr::allclose(tensor({1, 2}), tensor({1, 2.001})));
  CHECK(cr::allclose(cr::ones({2, 3}), tensor(1)));
  CHECK(cr::allclose(cr::zeros({0}), cr::zeros({0})));
  CHECK_FALSE(cr::allclose(tensor({nan}), tensor({nan})));
  CHECK(cr::allclose(tensor({nan}), tensor({nan}), 0, 0, true));
  CHECK(cr::equal(tensor({{1, 2}, {3, 4}}).t(), tensor({{1, 3}, {2, 4}})));
  CHECK_FALSE(cr::equal(tensor({1, 2}), tensor({1, 3})));
  CHECK_FALSE(cr::equal(tensor({1, 2}), tensor({{1, 2}})));
  CHECK_FALSE(cr::equal(tensor({nan}), tensor({nan})));
  CHECK(cr::equal(cr::zeros({0, 2}), cr::zeros({0, 2})));
  auto many = cr::ones({300, 300});  // long enough for several threads
  CHECK(cr::equal(many, many.clone()));
  auto other = many.clone();
  other[299][299] = 2;
  CHECK_FALSE(cr::equal(many, other));
  CHECK(contains(message_of([&] { (void)cr::isclose(a, b, -1); }), "tolerances must not be negative"));
}

TEST_CASE("comparing, masks and triangles have method forms, as in PyTorch", "[ops][compare]") {
  auto x = tensor({{0, 2}, {3, 0}}), y = tensor({{0, 2}, {3, 1}});
  CHECK(equal(x.isinf(), chainrule::isinf(x)));
  CHECK(x.isclose(y).to_vector() == std::vector<bool>{true, true, true, false});
  CHECK_FALSE(x.allclose(y));
  CHECK(x.allclose(y, 0, 1));
  CHECK(x.equal(x.clone()));
  CHECK((x > 1).logical_and(y > 2).to_vector() == std::vector<bool>{false, false, true, false});
  CHECK((x > 1).logical_or(y > 2).to_vector() == std::vector<bool>{false, true, true, false});
  CHECK((x > 1).logical_xor(y > 2).to_vector() == std::vector<bool>{false, true, false, false});
  CHECK((x > 1).logical_not().to_vector() == std::vector<bool>{true, false, false, true});
  CHECK((y > 1).any(0).to_vector() == std::vector<bool>{true, true});
  CHECK((y > 1).all(1, true).shape() == Shape{2, 1});
  CHECK((x > 2).nonzero().to_vector() == std::vector<std::int64_t>{1, 0});
  CHECK(x.roll(1, 0).to_vector() == std::vector<float>{3, 0, 0, 2});
  CHECK(x.tril().to_vector() == std::vector<float>{0, 0, 3, 0});
  CHECK(x.triu(1).to_vector() == std::vector<float>{0, 2, 0, 0});
}

}  // namespace
}  // namespace chainrule_test

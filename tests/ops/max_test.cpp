// max, min, argmax, argmin, any, all.

#include <chainrule/api.hpp>
#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/differentiable.hpp"

using namespace chainrule;
using chainrule_test::differentiable;
using std::vector;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();

Tensor<double> irregular(const Shape& shape) {
  Generator generator(7);
  return rand<double>(shape, {.generator = &generator}) * 2 - 1;
}

}  // namespace

TEST_CASE("max and min over all share the gradient among ties", "[ops][reduce][max]") {
  auto x = tensor<double>({{1, 5}, {5, 2}}, {.requires_grad = true});
  (x.max() * 3).backward();
  CHECK(x.grad().to_vector() == vector<double>{0, 1.5, 1.5, 0});
  CHECK(min(x).item() == 1);
  CHECK(max(full<double>({3}, -inf)).item() == -inf);
  CHECK(std::isnan(max(tensor<double>({1, not_a_number, 3})).item()));
  CHECK(std::isnan(min(tensor<double>({not_a_number, 1, 3})).item()));
  CHECK(max(tensor<std::int32_t>({-3, -7})).item() == -3);
  CHECK(min(tensor<std::uint8_t>({3, 7})).item() == 3);
  CHECK_THROWS_WITH(max(zeros({0, 2})), Catch::Contains("max: there is no extreme of nothing (shape (0, 2))"));
  CHECK(differentiable([](const Tensor<double>& t) { return t.max() * t.min(); }, irregular({2, 3})));
}

TEST_CASE("max and min along a dimension give the first of ties, and NaN", "[ops][reduce][max]") {
  auto x = tensor<double>({{1, 5, 5}, {7, 2, 7}}, {.requires_grad = true});
  auto [values, indices] = x.max(1);
  CHECK(values.to_vector() == vector<double>{5, 7});
  CHECK(indices.to_vector() == vector<std::int64_t>{1, 0});
  (values * tensor<double>({2, 3})).sum().backward();
  CHECK(x.grad().to_vector() == vector<double>{0, 2, 0, 3, 0, 0});
  auto low = x.detach().t().min(-2, true);  // not contiguous
  CHECK(low.values.shape() == Shape{1, 2});
  CHECK(low.values.to_vector() == vector<double>{1, 2});
  CHECK(low.indices.to_vector() == vector<std::int64_t>{0, 1});
  auto n = max(tensor<double>({{1, not_a_number, not_a_number}, {inf, 3, not_a_number}}), 1);
  CHECK(n.indices.to_vector() == vector<std::int64_t>{1, 2});
  CHECK(std::isnan(n.values.to_vector()[0]));
  CHECK(tensor(3).max(0).indices.item() == 0);
  CHECK(zeros({0, 3}).max(1).values.shape() == Shape{0});
  CHECK_THROWS_WITH(zeros({0, 3}).max(0), Catch::Contains("dimension 0 of (0, 3) has size 0"));
  CHECK(differentiable([](const Tensor<double>& t) { return (t * t).max(1, true).values; }, irregular({2, 3, 2})));
}

TEST_CASE("argmax and argmin", "[ops][reduce][argmax]") {
  auto x = tensor({{1, 5, 5}, {7, 2, 0}});
  CHECK(x.argmax().item() == 3);
  CHECK(x.argmin().item() == 5);
  CHECK(x.t().argmax().item() == 1);  // row-major position in the transpose
  CHECK(x.argmax(1).to_vector() == vector<std::int64_t>{1, 0});
  CHECK(x.argmin(0, true).shape() == Shape{1, 3});
  CHECK(x.argmax({}, true).shape() == Shape{1, 1});
  CHECK(argmax(tensor<double>({1, not_a_number, 9, not_a_number})).item() == 1);
  CHECK(argmin(tensor<double>({1, not_a_number, 0, not_a_number})).item() == 1);
  CHECK(argmax(tensor(4), 0).item() == 0);
  CHECK_THROWS_WITH(argmax(zeros({2, 0}), 1), Catch::Contains("argmax: there is no extreme of nothing"));
  CHECK_THROWS_WITH(argmax(x, 2), Catch::Contains("argmax: dimension 2 does not exist"));
  // Many outputs: the same from one thread and two.
  auto big = irregular({300, 257});
  const int before = get_num_threads();
  set_num_threads(1);
  auto a = big.argmax(0).to_vector();
  set_num_threads(2);
  CHECK(big.argmax(0).to_vector() == a);
  set_num_threads(before);
}

TEST_CASE("any and all", "[ops][reduce][any]") {
  auto x = tensor<double>({{0, 2}, {0, 0}});
  CHECK(x.any().item());
  CHECK_FALSE(x.all().item());
  CHECK(any(x, 1).to_vector() == vector<bool>{true, false});
  CHECK(all(x, 0, true).to_vector() == vector<bool>{false, false});
  CHECK(any(tensor<double>({not_a_number})).item());
  CHECK_FALSE(any(zeros<bool>({0})).item());
  CHECK(all(zeros<bool>({0})).item());
  auto many = zeros<bool>({200000});  // long enough to be split into chunks
  CHECK_FALSE(many.any().item());
  many[170001] = true;
  CHECK(many.any().item());
  CHECK_FALSE(many.all().item());
}

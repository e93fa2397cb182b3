// Joining, cutting and laying out: cat, stack, split, chunk, unbind, flip, roll, repeat, pad, tril, triu.

#include <chainrule/api.hpp>

#include "support/catch.hpp"
#include "support/differentiable.hpp"

using namespace chainrule;
using chainrule_test::differentiable;
using std::vector;
using D = Tensor<double>;

namespace {
D irregular(const Shape& shape) {
  Generator generator(5);
  return rand<double>(shape, {.generator = &generator}) * 2 - 1;
}
}  // namespace

TEST_CASE("cat", "[ops][cat]") {
  auto a = tensor<double>({{1, 2}, {3, 4}}), b = tensor<double>({{5, 6}});
  CHECK(cat({a, b}).to_vector() == vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(cat({a, b.t()}, -1).to_vector() == vector<double>{1, 2, 5, 3, 4, 6});  // the second is not contiguous
  CHECK(cat(vector<D>{zeros<double>({0}), a, zeros<double>({0, 2})}).to_vector() == a.to_vector());
  CHECK(cat({zeros({0}), zeros({0})}).shape() == Shape{0});
  CHECK(cat({tensor<bool>({true}), tensor<bool>({false})}).to_vector() == vector<bool>{true, false});
  CHECK_THROWS_WITH(cat({a, b}, 1), Catch::Contains("tensor 1 has shape (1, 2) and the first has (2, 2)"));
  CHECK_THROWS_WITH(cat({tensor(1), tensor(2)}), Catch::Contains("tensor 0 is a scalar; use stack()"));
  CHECK_THROWS_WITH(cat(vector<D>{}), Catch::Contains("the list of tensors is empty"));
  CHECK(differentiable(
      [](const D& x, const D& y) {
        return cat({x * x, y, x}, 1);
      },
      irregular({2, 3}), irregular({2, 1})));
  auto x = tensor<double>({1, 2}, {.requires_grad = true});  // one operand that wants no gradient
  (cat({tensor<double>({7}), x, x}) * tensor<double>({1, 2, 3, 4, 5})).sum().backward();
  CHECK(x.grad().to_vector() == vector<double>{6, 8});
}

TEST_CASE("stack", "[ops][stack]") {
  auto a = tensor<double>({1, 2}), b = tensor<double>({3, 4});
  CHECK(stack({a, b}).to_vector() == vector<double>{1, 2, 3, 4});
  CHECK(stack({a, b}, 1).to_vector() == vector<double>{1, 3, 2, 4});
  CHECK(stack({a, b}, -1).to_vector() == vector<double>{1, 3, 2, 4});
  CHECK(stack({tensor(1), tensor(2)}).shape() == Shape{2});
  CHECK_THROWS_WITH(stack({a, zeros<double>({3})}), Catch::Contains("tensor 1 has shape (3,) and the first has (2,)"));
  CHECK(differentiable(
      [](const D& x, const D& y) {
        return stack({x * y, y}, 1);
      },
      irregular({2, 3}), irregular({2, 3})));
}

TEST_CASE("split, chunk and unbind give views", "[ops][split]") {
  auto x = arange(10).view({2, 5});
  auto parts = x.split({1, 0, 4}, 1);
  REQUIRE(parts.size() == 3);
  CHECK(parts[1].shape() == Shape{2, 0});
  CHECK(parts[2].to_vector() == vector<std::int64_t>{1, 2, 3, 4, 6, 7, 8, 9});
  CHECK(parts[0].shares_storage(x));
  auto twos = split(x, 2, -1);
  REQUIRE(twos.size() == 3);
  CHECK(twos[2].shape() == Shape{2, 1});
  CHECK(zeros({0}).split(3).size() == 1);
  CHECK(arange(6).chunk(4).size() == 3);  // 2 + 2 + 2 fills it
  CHECK(arange(5).chunk(3)[2].to_vector() == vector<std::int64_t>{4});
  auto columns = x.unbind(1);
  REQUIRE(columns.size() == 5);
  CHECK(columns[4].to_vector() == vector<std::int64_t>{4, 9});
  CHECK_THROWS_WITH(x.split({1, 2}, 1),
                    Catch::Contains("the sizes (1, 2) make 3, but dimension 1 of (2, 5) has size 5"));
  CHECK_THROWS_WITH(x.split(0), Catch::Contains("split_size must be positive, got 0"));
  CHECK_THROWS_WITH(x.chunk(0), Catch::Contains("number of chunks must be positive, got 0"));
  CHECK(differentiable(
      [](const D& t) {
        auto p = t.split({1, 2}, 1);
        return p[0] * p[1];
      },
      irregular({2, 3})));
}

TEST_CASE("flip and roll", "[ops][flip]") {
  auto x = arange(6).view({2, 3});
  CHECK(x.flip({0, 1}).to_vector() == vector<std::int64_t>{5, 4, 3, 2, 1, 0});
  CHECK(x.t().flip(0).to_vector() == vector<std::int64_t>{2, 5, 1, 4, 0, 3});
  CHECK(x.flip(-1).is_contiguous());
  CHECK(zeros({0, 2}).flip(0).shape() == Shape{0, 2});
  CHECK_THROWS_WITH(x.flip({1, -1}), Catch::Contains("flip: dimension 1 stands twice"));
  CHECK(roll(x, 1, 1).to_vector() == vector<std::int64_t>{2, 0, 1, 5, 3, 4});
  CHECK(roll(x, -4, 1).to_vector() == vector<std::int64_t>{1, 2, 0, 4, 5, 3});
  CHECK(differentiable([](const D& t) { return flip(t * t, 1) + roll(t * t, 2, 0); }, irregular({3, 2})));
}

TEST_CASE("repeat", "[ops][repeat]") {
  auto x = tensor<double>({{1, 2}});
  CHECK(x.repeat({2, 2}).to_vector() == vector<double>{1, 2, 1, 2, 1, 2, 1, 2});
  auto y = x.repeat({2, 1, 1});
  CHECK(y.shape() == Shape{2, 1, 2});
  y.zero_();  // a copy, not an expanded view
  CHECK(x.to_vector() == vector<double>{1, 2});
  CHECK_FALSE(x.repeat({1, 1}).shares_storage(x));
  CHECK(x.repeat({0, 3}).shape() == Shape{0, 6});
  CHECK_THROWS_WITH(x.repeat(2), Catch::Contains("needs a number for each of the 2 dimensions"));
  CHECK_THROWS_WITH(x.repeat({2, -1}), Catch::Contains("must not be negative"));
  CHECK(differentiable([](const D& t) { return repeat(t * t, {2, 3, 2}); }, irregular({2, 3})));
}

TEST_CASE("pad counts from the last dimension", "[ops][pad]") {
  auto x = tensor<double>({{1, 2}, {3, 4}});
  auto y = pad(x, {1, 0, 0, 1}, {.value = 9});
  CHECK(y.shape() == Shape{3, 3});
  CHECK(y.to_vector() == vector<double>{9, 1, 2, 9, 3, 4, 9, 9, 9});
  CHECK(pad(x.t(), {0, 1}).to_vector() == vector<double>{1, 3, 0, 2, 4, 0});
  CHECK(pad(x, {-1, 1}, {.value = 5}).to_vector() == vector<double>{2, 5, 4, 5});
  CHECK(pad(zeros({2, 0}), {1, 1}, {.value = 3}).to_vector() == vector<float>{3, 3, 3, 3});
  CHECK_THROWS_WITH(pad(x, {1, 1, 1}), Catch::Contains("pad: needs two numbers for each padded dimension"));
  CHECK_THROWS_WITH(pad(x, {-2, -1}), Catch::Contains("would cut more from dimension 1"));
  CHECK_THROWS_WITH(pad(x, {5, -3}), Catch::Contains("would cut more from dimension 1"));
  CHECK(differentiable([](const D& t) { return pad(t * t, {1, -1, 2, 0}, {.value = 3}); }, irregular({2, 3})));
}

TEST_CASE("tril and triu", "[ops][tril]") {
  auto x = arange(1, 10).view({3, 3});
  CHECK(tril(x).to_vector() == vector<std::int64_t>{1, 0, 0, 4, 5, 0, 7, 8, 9});
  CHECK(tril(x, -1).to_vector() == vector<std::int64_t>{0, 0, 0, 4, 0, 0, 7, 8, 0});
  CHECK(triu(x.t(), 1).to_vector() == vector<std::int64_t>{0, 4, 7, 0, 0, 8, 0, 0, 0});
  CHECK_THROWS_WITH(tril(zeros({3})), Catch::Contains("tril: expects a matrix"));
  CHECK(differentiable([](const D& t) { return tril(t * t) + triu(t, 1); }, irregular({2, 3, 2})));
}

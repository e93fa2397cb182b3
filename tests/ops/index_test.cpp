// Picking and writing at places: gather, scatter_add, index_select, embedding, masked_select, nonzero, one_hot,
// x.index({...}), index_put_.

#include <chainrule/api.hpp>

#include "support/catch.hpp"
#include "support/differentiable.hpp"

using namespace chainrule;
using chainrule_test::differentiable;
using std::vector;
using D = Tensor<double>;
using I = Tensor<std::int64_t>;
using Numbers = vector<std::int64_t>;

namespace {

D irregular(const Shape& shape, std::uint64_t seed = 9) {
  Generator generator(seed);
  return rand<double>(shape, {.generator = &generator}) * 2 - 1;
}
I indices(const detail::Nested<std::int64_t>& values) { return tensor<std::int64_t>(values); }

template <class F> auto with_threads(int n, const F& f) {
  const int before = get_num_threads();
  set_num_threads(n);
  auto result = f();
  set_num_threads(before);
  return result;
}

}  // namespace

TEST_CASE("gather", "[ops][gather]") {
  auto x = tensor<double>({{1, 2}, {3, 4}, {5, 6}});
  CHECK(x.gather(1, indices({{0, 0, 1}, {1, 0, 0}})).to_vector() == vector<double>{1, 1, 2, 4, 3, 3});
  CHECK(gather(x, -2, indices({{2, 0}})).to_vector() == vector<double>{5, 2});
  CHECK(x.t().gather(1, indices({{2}, {0}})).to_vector() == vector<double>{5, 2});
  CHECK(x.gather(0, zeros<std::int64_t>({0, 2})).shape() == Shape{0, 2});
  CHECK_THROWS_WITH(
      x.gather(1, indices({{0, 1}, {1, 2}})),
      Catch::Contains(
          "gather: index 2 at position (1, 1) of the index lies outside of dimension 1 of the tensor (3, 2)"));
  CHECK_THROWS_WITH(x.gather(1, indices({{-1}})), Catch::Contains("index -1 at position (0, 0)"));
  CHECK_THROWS_WITH(x.gather(0, indices({0})), Catch::Contains("as many dimensions"));
  CHECK_THROWS_WITH(x.gather(0, indices({{0, 0, 0}})),
                    Catch::Contains("is larger than the tensor (3, 2) in dimension 1"));
  CHECK(differentiable(
      [](const D& t) {
        return gather(t * t, 1, indices({{0, 0, 1}, {1, 1, 1}}));
      },
      irregular({3, 2})));
}

TEST_CASE("scatter_add", "[ops][scatter_add]") {
  CHECK(scatter_add(zeros({3}), 0, indices({2, 0, 2}), tensor({1, 2, 4})).to_vector() == vector<float>{2, 0, 5});
  auto x = ones<double>({2, 3}), source = tensor<double>({{1, 2}, {3, 4}, {5, 6}});
  CHECK(x.scatter_add(1, indices({{0, 0}, {2, 1}}), source).to_vector() == vector<double>{4, 1, 1, 1, 5, 4});
  CHECK(x.to_vector() == vector<double>(6, 1));
  CHECK_THROWS_WITH(x.scatter_add(0, indices({{0}, {2}}), source),
                    Catch::Contains("scatter_add: index 2 at position (1, 0)"));
  CHECK_THROWS_WITH(x.scatter_add(1, indices({{0, 0, 0}}), source),
                    Catch::Contains("is larger than the source (3, 2) in dimension 1"));
  CHECK(differentiable(
      [](const D& t, const D& s) {
        return scatter_add(t * t, 1, indices({{0, 0}, {2, 0}}), s * s);
      },
      irregular({2, 3}), irregular({3, 2})));
}

TEST_CASE("adding at an index is the same from one thread and two", "[ops][scatter_add][index_select]") {
  manual_seed(4);
  auto source = randn({4000, 33});
  auto rows = randint(0, 7, {4000});
  auto everywhere = randint(0, 7, {4000, 33});
  auto by_row = [&] { return index_select_grad(source, {7, 33}, 0, rows).to_vector(); };
  auto by_element = [&] { return scatter_add(zeros({7, 33}), 0, everywhere, source).to_vector(); };
  CHECK(with_threads(1, by_row) == with_threads(2, by_row));
  CHECK(with_threads(1, by_element) == with_threads(2, by_element));
  vector<float> expected(7 * 33), values = source.to_vector();
  for (std::int64_t i = 0; i < 4000; ++i)
    for (std::int64_t j = 0; j < 33; ++j)
      expected[static_cast<std::size_t>(rows.at(i) * 33 + j)] += values[static_cast<std::size_t>(i * 33 + j)];
  CHECK(by_row() == expected);  // in the order of the index, bit for bit
}

TEST_CASE("index_select and embedding", "[ops][index_select][embedding]") {
  auto x = tensor<double>({{1, 2, 3}, {4, 5, 6}});
  CHECK(x.index_select(1, indices({2, 0, 2})).to_vector() == vector<double>{3, 1, 3, 6, 4, 6});
  CHECK(x.t().index_select(0, indices({1})).to_vector() == vector<double>{2, 5});
  CHECK(index_select(x, -1, zeros<std::int64_t>({0})).shape() == Shape{2, 0});
  CHECK_THROWS_WITH(x.index_select(0, indices({0, 2})), Catch::Contains("index_select: index 2 at position (1,)"));
  CHECK_THROWS_WITH(x.index_select(0, indices({{0}})),
                    Catch::Contains("the index must have one dimension, got (1, 1)"));
  auto table = tensor<double>({{1, 2}, {3, 4}, {5, 6}});
  auto e = embedding(indices({{2, 0}, {2, 2}}), table);
  CHECK(e.shape() == Shape{2, 2, 2});
  CHECK(e.to_vector() == vector<double>{5, 6, 1, 2, 5, 6, 5, 6});
  CHECK_THROWS_WITH(
      embedding(indices({{0, 1}, {3, 1}}), table),
      Catch::Contains("embedding: index 3 at position (1, 0) of the index lies outside of the table with 3 rows"));
  CHECK(differentiable([](const D& t) { return index_select(t * t, 1, indices({2, 0, 2})); }, irregular({2, 3})));
  CHECK(differentiable([](const D& t) { return embedding(indices({{2, 0}, {2, 2}}), t * t); }, irregular({3, 2})));
}

TEST_CASE("nonzero, masked_select and one_hot", "[ops][nonzero][masked_select][one_hot]") {
  auto x = tensor<double>({{0, 5, 0}, {7, 0, 8}});
  CHECK(nonzero(x).to_vector() == Numbers{0, 1, 1, 0, 1, 2});
  CHECK(nonzero(x.t()).to_vector() == Numbers{0, 1, 1, 0, 2, 1});
  CHECK(nonzero(zeros({2, 2})).shape() == Shape{0, 2});
  CHECK(x.masked_select(x > 5).to_vector() == vector<double>{7, 8});
  CHECK(x.masked_select(tensor<bool>({true, false, true})).to_vector() == vector<double>{0, 0, 7, 8});
  CHECK(tensor({3}).masked_select(tensor<bool>({{true}, {true}})).to_vector() == vector<float>{3, 3});
  CHECK_THROWS_WITH(x.masked_select(zeros<bool>({2})),
                    Catch::Contains("masked_select: shapes (2, 3) and (2,) do not broadcast"));
  CHECK(differentiable(
      [](const D& t) {
        return masked_select(t * t, tensor<bool>({{true, false, true}, {true, true, false}}));
      },
      irregular({3})));

  CHECK(one_hot(indices({1, 0})).to_vector() == Numbers{0, 1, 1, 0});
  CHECK_THROWS_WITH(one_hot(indices({-1})),
                    Catch::Contains("index -1 at position (0,) of the index lies outside of the 1 classes"));
  CHECK(one_hot(indices({{2}}), 4).shape() == Shape{1, 1, 4});
  CHECK_THROWS_WITH(one_hot(indices({0, 3, -1}), 3),
                    Catch::Contains("one_hot: index 3 at position (1,) of the index lies outside of the 3 classes"));
  CHECK_THROWS_WITH(one_hot(indices({-1})), Catch::Contains("index -1 at position (0,)"));
  CHECK_THROWS_WITH(one_hot(zeros<std::int64_t>({0})), Catch::Contains("pass num_classes"));
}

TEST_CASE("integers, slices, None and dots give views", "[ops][index]") {
  auto x = arange(24).view({2, 3, 4});
  CHECK(x.index({1, -1, 2}).item() == 22);
  CHECK(x.index({0, Slice(1, 3), Slice(None, None, 2)}).to_vector() == Numbers{4, 6, 8, 10});
  CHECK(x.index({"...", 0}).to_vector() == Numbers{0, 4, 8, 12, 16, 20});
  CHECK(x.index({Ellipsis, Slice(-1), None}).shape() == Shape{2, 3, 1, 1});
  CHECK(x.index({None, "...", Slice(None, 1)}).shape() == Shape{1, 2, 3, 1});
  auto v = x.index({1, Slice(0, 2)});
  CHECK(v.shares_storage(x));
  v.zero_();
  CHECK(x.sum().item() == 276 - (12 + 13 + 14 + 15 + 16 + 17 + 18 + 19));
  CHECK_THROWS_WITH(x.index({0, 3}),
                    Catch::Contains("index 3 does not exist in dimension 1 of size 3 (shape (2, 3, 4))"));
  CHECK_THROWS_WITH(x.index({0, 0, 0, 0}),
                    Catch::Contains("the items index 4 dimensions, but the tensor (2, 3, 4) has 3"));
  CHECK_THROWS_WITH(x.index({"...", 0, "..."}), Catch::Contains("may stand once, got it 2 times"));
  CHECK_THROWS_WITH(x.index({".."}), Catch::Contains("got \"..\""));
}

TEST_CASE("index tensors pick elements", "[ops][index]") {
  auto x = arange(24).view({2, 3, 4});
  CHECK(x[indices({1, -1})].shape() == Shape{2, 3, 4});
  CHECK(x[indices({{1}})].to_vector() == x[1].to_vector());
  CHECK(x.index({Slice(), indices({2, 0})}).shape() == Shape{2, 2, 4});
  CHECK(x.index({Slice(), indices({2, 0}), 1}).to_vector() == Numbers{9, 1, 21, 13});
  CHECK(x.index({"...", indices({-1, 0})}).index({0, 0}).to_vector() == Numbers{3, 0});
  // two side by side: element by element, in their place
  CHECK(x.index({0, indices({0, 2}), indices({3, 1})}).to_vector() == Numbers{3, 9});
  CHECK(x.index({Slice(), indices({{0}, {2}}), indices({3, 1})}).shape() == Shape{2, 2, 2});
  CHECK(x.index({1, indices({{0}, {2}}), indices({3, 1})}).to_vector() == Numbers{15, 13, 23, 21});
  CHECK(x.index({indices({0, 1}), indices({1, 1}), indices({2, 3})}).to_vector() == Numbers{6, 19});
  // not side by side: in front
  CHECK(x.index({indices({0, 1}), Slice(), indices({3, 0})}).to_vector() == Numbers{3, 7, 11, 12, 16, 20});
  CHECK(x.index({indices({1, 0, 1}), Slice(1), indices({3, 0, 1})}).shape() == Shape{3, 2});
  CHECK(x.index({tensor<std::int32_t>({1}), 0, 0}).to_vector() == Numbers{12});
  CHECK(x.permute({2, 0, 1}).index({indices({3}), indices({1}), indices({2})}).item() == 23);
  CHECK(x[tensor<std::int64_t>(1)].shape() == Shape{3, 4});
  CHECK(x[zeros<std::int64_t>({0})].shape() == Shape{0, 3, 4});
  CHECK_THROWS_WITH(
      x[indices({0, 2})],
      Catch::Contains("index 2 at position (1,) of the index lies outside of dimension 0 of the tensor (2, 3, 4)"));
  CHECK_THROWS_WITH(x[indices({-3})], Catch::Contains("index -3 at position (0,)"));
  CHECK_THROWS_WITH(x.index({indices({0, 1}), indices({0, 1, 2})}), Catch::Contains("do not broadcast"));
}

TEST_CASE("masks pick elements", "[ops][index]") {
  auto x = tensor<double>({{1, 2, 3}, {4, 5, 6}});
  CHECK(x[x > 2].to_vector() == vector<double>{3, 4, 5, 6});
  CHECK(x[tensor<bool>({false, true})].to_vector() == vector<double>{4, 5, 6});
  CHECK(x.index({Slice(), tensor<bool>({true, false, true})}).to_vector() == vector<double>{1, 3, 4, 6});
  CHECK(x.index({indices({0, 1}), tensor<bool>({true, false, true})}).to_vector() == vector<double>{1, 6});
  CHECK(x.index({indices({0, 0}), tensor<bool>({true, false, true})}).to_vector() == vector<double>{1, 3});
  CHECK(x[x > 9].shape() == Shape{0});
  CHECK_THROWS_WITH(
      x[zeros<bool>({3})],
      Catch::Contains("mask (3,) does not fit the tensor (2, 3) from dimension 0 on: sizes 3 and 2 differ"));
}

TEST_CASE("gradients of indexing", "[ops][index]") {
  auto x = irregular({2, 3, 4});
  auto check_index = [&](auto items) { return differentiable([=](const D& t) { return items(t * t); }, x); };
  CHECK(check_index([](const D& t) { return t.index({1, Slice(0, 3, 2), None}); }));
  CHECK(check_index([](const D& t) { return t[indices({1, 0, 1, 1})]; }));
  CHECK(check_index([](const D& t) { return t.index({Slice(), indices({{0}, {0}}), indices({3, -1})}); }));
  CHECK(check_index([](const D& t) { return t.index({indices({0, 1, 1}), Slice(), indices({3, 0, 0})}); }));
  CHECK(check_index([x](const D& t) { return t[x > 0]; }));
}

TEST_CASE("index_put_ writes where index() reads", "[ops][index_put_]") {
  auto x = zeros({2, 3});
  x.index_put_({Slice(), indices({0, 2})}, tensor({1, 2}));
  CHECK(x.to_vector() == vector<float>{1, 0, 2, 1, 0, 2});
  x.index_put_({x == 0}, 7);
  CHECK(x.to_vector() == vector<float>{1, 7, 2, 1, 7, 2});
  x.index_put_({1, Slice(1)}, tensor({8, 9}));
  CHECK(x.to_vector() == vector<float>{1, 7, 2, 1, 8, 9});
  x.index_put_({indices({0, 1, 0}), indices({0, -1, 0})},
               tensor({3, 4, 5}));  // of two values for one place the last stays
  CHECK(x.to_vector() == vector<float>{5, 7, 2, 1, 8, 4});
  x.t().index_put_({indices({0, 2})}, tensor({{10, 20}, {30, 40}}));  // through a view
  CHECK(x.to_vector() == vector<float>{10, 7, 30, 20, 8, 40});
  x.index_put_({indices({1, 0})}, x);  // from itself
  CHECK(x.to_vector() == vector<float>{20, 8, 40, 10, 7, 30});
  auto cube = zeros<std::int64_t>({2, 2, 3});
  cube.index_put_({indices({0, 1}), Slice(), indices({2, 0})}, indices({{1, 2}, {3, 4}}));
  CHECK(cube.to_vector() == Numbers{0, 0, 1, 0, 0, 2, 3, 0, 0, 4, 0, 0});
  const auto version = x.version();
  CHECK_THROWS_WITH(x.index_put_({indices({0, 2})}, 1), Catch::Contains("index 2 at position (1,)"));
  CHECK_THROWS_WITH(x.index_put_({indices({0, 1})}, tensor({1, 2})),
                    Catch::Contains("values of shape (2,)") || Catch::Contains("do not broadcast"));
  CHECK_THROWS_WITH(x.index_put_({0}, tensor({{1, 2, 3}, {1, 2, 3}})),
                    Catch::Contains("do not fit into the indexed positions, (3,)"));
  CHECK(x.version() == version);
  CHECK(x.to_vector() == vector<float>{20, 8, 40, 10, 7, 30});
}

TEST_CASE("index_put_ in a recorded computation", "[ops][index_put_]") {
  auto f = [](const D& t, const D& values) {
    auto y = t * t;
    y.index_put_({indices({1, 0}), Slice(0, 2)}, values * values);
    return y * y;
  };
  CHECK(differentiable(f, irregular({2, 3}), irregular({2})));
  auto leaf = zeros({3}, {.requires_grad = true});
  CHECK_THROWS_WITH(leaf.index_put_({0}, 1), Catch::Contains("in-place edit of a leaf that requires grad"));
  no_grad guard;
  leaf.index_put_({indices({0, 2})}, 1);
  CHECK(leaf.to_vector() == vector<float>{1, 0, 1});
}

TEST_CASE("assignment through an index reaches the tensor; to a value that nobody holds, it is refused",
          "[ops][index]") {
  auto x = zeros({2, 3});
  x[1] = 5;
  x.index({0, Slice(1)}) = tensor({1, 2});
  CHECK(x.to_vector() == vector<float>{0, 1, 2, 5, 5, 5});
  x[x > 2] = 7;
  x[indices({0})] = tensor({3, 2, 1});
  CHECK(x.to_vector() == vector<float>{3, 2, 1, 7, 7, 7});
  CHECK_THROWS_WITH((x* 2 = 0), Catch::Contains("a copy that nothing else sees"));
}

TEST_CASE("gather, index_select and scatter_add take scalars, as tensors of one element", "[ops][gather]") {
  auto x = tensor<double>(5.0, {.requires_grad = true});
  const auto zero = tensor<std::int64_t>(0), twice = zeros<std::int64_t>({2});
  CHECK(gather(x, 0, zero).shape() == Shape{});
  CHECK(gather(x, -1, twice).to_vector() == std::vector<double>{5, 5});
  CHECK(gather(tensor({5, 6}), 0, tensor<std::int64_t>(1)).item() == 6);
  CHECK(index_select(x, 0, zero).item() == 5);
  CHECK(index_select(x, 0, zeros<std::int64_t>({1})).shape() == Shape{});
  CHECK(scatter_add(x, 0, zero, tensor<double>(2.0)).item() == 7);
  CHECK(scatter_add(x, 0, twice, tensor<double>({2, 3})).item() == 10);
  CHECK(scatter_add(tensor({5, 6}), 0, tensor<std::int64_t>(1), tensor(2)).to_vector() == std::vector<float>{5, 8});
  gather(x, 0, twice).sum().backward();
  CHECK(x.grad().item() == 2);
  CHECK_THROWS_AS(gather(x, 1, zero), Error);
  CHECK_THROWS_AS(gather(x, 0, tensor<std::int64_t>(1)), Error);
  CHECK_THROWS_WITH(index_select(x, 0, twice),
                    Catch::Contains("a scalar has one element, so the index must have one too, got (2,)"));
  CHECK(flip(x, 0).item() == 5);
}

TEST_CASE("gradients as ops of their own check what they are given", "[ops][gather]") {
  const auto far = tensor<std::int64_t>({5});
  CHECK_THROWS_WITH(gather_grad(ones({1}), {3}, 0, far), Catch::Contains("gather_grad: index 5 at position (0,)"));
  CHECK_THROWS_WITH(gather_grad(ones({2}), {3}, 0, zeros<std::int64_t>({1})),
                    Catch::Contains("needs the shape of the index, (1,), got (2,)"));
  CHECK_THROWS_WITH(index_select_grad(ones({1}), {3}, 0, far), Catch::Contains("index_select_grad: index 5"));
  CHECK_THROWS_WITH(index_select_grad(ones({2}), {3}, 0, zeros<std::int64_t>({1})),
                    Catch::Contains("needs shape (1,), got (2,)"));
  CHECK_THROWS_WITH(softmax_grad(ones({2}), ones({3}), 0),
                    Catch::Contains("needs the shape of the result, (3,), got (2,)"));
}

// Reductions: sum, mean, prod, var, std, norm; cumsum.

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

struct Threads {
  int before = get_num_threads();
  explicit Threads(int n) { set_num_threads(n); }
  ~Threads() { set_num_threads(before); }
};

Tensor<double> irregular(const Shape& shape, std::uint64_t seed = 7) {
  Generator generator(seed);
  return rand<double>(shape, {.generator = &generator}) * 2 - 1;
}

// The sum by definition: walks every element of x in row-major order.
template <class T> vector<double> naive_sum(const Tensor<T>& x, unsigned gone, const Shape& kept) {
  vector<double> out(static_cast<std::size_t>(kept.numel()), 0);
  Shape index = Shape::filled(x.dim(), 0);
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    std::int64_t rest = i, place = 0;
    for (int d = x.dim() - 1; d >= 0; --d) index[d] = rest % x.shape()[d], rest /= x.shape()[d];
    for (int d = 0; d < x.dim(); ++d)
      if (!(gone >> d & 1u)) place = place * x.shape()[d] + index[d];
    out[static_cast<std::size_t>(place)] += static_cast<double>(x.at(index));
  }
  return out;
}

template <class T> void compare_all_subsets(const Tensor<T>& x) {
  for (unsigned gone = 1; gone < (1u << x.dim()); ++gone) {
    Dims dims;
    Shape kept;
    for (int d = 0; d < x.dim(); ++d) {
      if (gone >> d & 1u) dims.push_back(d % 2 ? d : d - x.dim());
      else kept.push_back(x.shape()[d]);
    }
    auto naive = naive_sum(x, gone, kept);
    vector<T> once, twice;
    {
      Threads one(1);
      once = sum(x, dims).to_vector();
    }
    {
      Threads two(2);
      auto y = sum(x, dims);
      CHECK(y.shape() == kept);
      twice = y.to_vector();
    }
    CHECK(once == twice);
    REQUIRE(once.size() == naive.size());
    double worst = 0;
    for (std::size_t i = 0; i < naive.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(once[i]) - naive[i]));
    INFO("shape " << x.shape().str() << ", dims " << dims.str());
    CHECK(worst <= (std::is_same_v<T, float> ? 1e-4 : 1e-11) * std::sqrt(static_cast<double>(x.numel())));
  }
}

}  // namespace

TEST_CASE("sum over every subset of dimensions agrees with the definition, with one thread and two",
          "[ops][reduce][sum]") {
  compare_all_subsets(irregular({3, 1, 5, 7}));
  compare_all_subsets(irregular({7, 5, 3}).permute({2, 0, 1}));
  compare_all_subsets(irregular({3, 1, 9}).expand({3, 4, 9}));
  compare_all_subsets(irregular({1, 5}).expand({6, 5}).permute({1, 0}));
  compare_all_subsets(irregular({11, 13}).slice(1, 1, 12, 3));
  compare_all_subsets(flip(irregular({4, 6, 2}), {0, 2}));
  compare_all_subsets(irregular({40, 1100}).to<float>());        // rows and columns longer than a block
  compare_all_subsets(irregular({300, 9, 30}).transpose(0, 2));  // many tasks
  compare_all_subsets(irregular({2100, 17}));
  compare_all_subsets(irregular({70001}).to<float>());  // one long row, split into chunks
}

TEST_CASE("sum of nothing, of scalars, of integers", "[ops][reduce][sum]") {
  CHECK(sum(zeros({0, 3})).item() == 0);
  CHECK(sum(zeros({0, 3}), 0).to_vector() == vector<float>{0, 0, 0});
  CHECK(sum(zeros({3, 0}), 0).shape() == Shape{0});
  CHECK(sum(tensor(5), -1).item() == 5);
  CHECK(sum(tensor<std::uint8_t>({200, 100})).item() == 300);
  CHECK(sum(tensor<bool>({true, true, false})).item() == 2);
  CHECK_THROWS_WITH(sum(zeros({2, 3}), {0, -2}), Catch::Contains("dimension 0 stands twice"));
}

TEST_CASE("a column of many numbers keeps its digits", "[ops][reduce][sum]") {
  auto x = full({1 << 20, 8}, 0.1f);
  for (float s : sum(x, 0).to_vector()) CHECK(s == Approx(104857.6).epsilon(3e-5));
  CHECK(sum(x).item() == Approx(838860.8).epsilon(3e-5));
}

TEST_CASE("mean", "[ops][reduce][mean]") {
  auto x = tensor<double>({{1, 2}, {3, 6}});
  CHECK(x.mean().item() == 3);
  CHECK(x.mean({0}).to_vector() == vector<double>{2, 4});
  CHECK(x.mean(-1, true).shape() == Shape{2, 1});
  CHECK(x.mean({0, 1}).item() == 3);
  CHECK(mean(tensor<std::int64_t>({1, 2})).item() == 1.5f);
  CHECK(tensor<bool>({true, false, true, true}).mean().item() == 0.75f);
  CHECK(std::isnan(zeros({0}).mean().item()));
  CHECK_THROWS_WITH(x.mean(2), Catch::Contains("mean: dimension 2 does not exist"));
  CHECK(differentiable([](const Tensor<double>& t) { return (t * t).mean({0, 2}, true); }, irregular({2, 3, 2})));
}

TEST_CASE("prod, and its gradient where there are zeros", "[ops][reduce][prod]") {
  auto x = tensor<double>({{1, 2, 3}, {4, 0, 6}});
  CHECK(x.prod().item() == 0);
  CHECK(x.prod(1).to_vector() == vector<double>{6, 0});
  CHECK(x.prod(-2, true).shape() == Shape{1, 3});
  CHECK(zeros({0}).prod().item() == 1);
  CHECK(tensor<std::int64_t>({{2, 3}, {4, 5}}).prod(0).to_vector() == vector<std::int64_t>{8, 15});
  auto gradient = [](Tensor<double> t) {
    t.requires_grad_();
    prod(t).backward();
    return t.grad().to_vector();
  };
  CHECK(gradient(tensor<double>({2, 3, 5})) == vector<double>{15, 10, 6});
  CHECK(gradient(tensor<double>({2, 0, 5})) == vector<double>{0, 10, 0});
  CHECK(gradient(tensor<double>({0, 3, 0})) == vector<double>{0, 0, 0});
  CHECK(gradient(tensor<double>(4)) == vector<double>{1});
  CHECK(gradient(zeros<double>({0})).empty());
  auto f = [](const Tensor<double>& t) { return prod(t, 1); };
  CHECK(differentiable(f, tensor<double>({{1, 0, 3, 2, -1}, {0, 2, 0, 1, 3}})));
  CHECK(differentiable([](const Tensor<double>& t) { return prod(t); }, irregular({3, 3})));
}

TEST_CASE("var and std", "[ops][reduce][var][std]") {
  auto x = tensor<double>({{1, 3}, {2, 6}});
  CHECK(x.var().item() == Approx(14.0 / 3));
  CHECK(x.var(false).item() == Approx(3.5));
  CHECK(x.var(1).to_vector() == vector<double>{2, 8});  // a dimension, not `unbiased`
  CHECK(x.var({1}, false).to_vector() == vector<double>{1, 4});
  CHECK(x.std({-1}, false, true).to_vector() == vector<double>{1, 2});
  CHECK(x.std({-1}, false, true).shape() == Shape{2, 1});
  CHECK(chainrule::std(tensor<double>({2, 4, 4, 4, 5, 5, 7, 9}), false).item() == 2);
  CHECK(std::isnan(tensor({5}).var().item()));
  CHECK(tensor({5}).var(false).item() == 0);
  CHECK(tensor({1e8f, 1e8f + 8, 1e8f + 16}).var().item() == 64);  // x * x would have lost all digits
  for (bool unbiased : {true, false}) {
    CHECK(differentiable([=](const Tensor<double>& t) { return var(t, {0, 2}, unbiased); }, irregular({2, 3, 2})));
    CHECK(differentiable([=](const Tensor<double>& t) { return chainrule::std(t, 1, unbiased, true); },
                         irregular({2, 3, 2})));
  }
  auto flat = full<double>({3}, 2, {.requires_grad = true});
  flat.std().backward();
  CHECK(flat.grad().to_vector() == vector<double>{0, 0, 0});
}

TEST_CASE("norm", "[ops][reduce][norm]") {
  auto x = tensor<double>({{3, -4}, {0, 0}});
  CHECK(x.norm().item() == 5);
  CHECK(x.norm(1).item() == 7);
  CHECK(x.norm(inf).item() == 4);
  CHECK(x.norm(3).item() == Approx(std::cbrt(91.0)));
  CHECK(x.norm(2, 1).to_vector() == vector<double>{5, 0});
  CHECK(x.norm(2, {0, 1}, true).shape() == Shape{1, 1});
  CHECK(std::isnan(tensor<double>({1, not_a_number}).norm(inf).item()));
  CHECK_THROWS_WITH(x.norm(not_a_number), Catch::Contains("norm: p must be a number, got NaN"));
  auto gradient = [](double p, Tensor<double> t) {
    t.requires_grad_();
    norm(t, p, 1).sum().backward();
    return t.grad().to_vector();
  };
  CHECK(gradient(2, tensor<double>({{8, 0}, {0, 0}})) == vector<double>{1, 0, 0, 0});
  CHECK(gradient(1, tensor<double>({{3, -4}, {0, 0}})) == vector<double>{1, -1, 0, 0});
  CHECK(gradient(inf, tensor<double>({{3, -4}, {2, -2}})) == vector<double>{0, -1, 0.5, -0.5});
  CHECK(gradient(3, tensor<double>({{0, 0}})) == vector<double>{0, 0});
  for (double p : {2.0, 1.0, 3.0, 1.5, inf})
    CHECK(differentiable([p](const Tensor<double>& t) { return norm(t, p, {0, -1}); }, irregular({2, 3, 2})));
}

TEST_CASE("norms of any order, as in PyTorch", "[ops][reduce][norm]") {
  auto gradient = [](double p, Tensor<double> t) {
    t.requires_grad_();
    norm(t, p).backward();
    return t.grad();
  };
  auto close = [](const Tensor<double>& a, const Tensor<double>& b) { return a.allclose(b, 1e-12, 1e-12); };
  const auto x = tensor<double>({3, -4, 1}), with_zero = tensor<double>({3, -4, 0});
  CHECK(x.norm(0).item() == 3);
  CHECK(with_zero.norm(0).item() == 2);
  CHECK(norm(tensor<double>({{0, not_a_number}, {0, 0}}), 0, 1).to_vector() == vector<double>{1, 0});
  CHECK(gradient(0, x.clone()).to_vector() == vector<double>{0, 0, 0});
  CHECK(x.norm(-1).item() == Approx(12.0 / 19));
  CHECK(x.norm(-2).item() == Approx(12.0 / 13));
  CHECK(with_zero.norm(-1).item() == 0);
  CHECK(close(gradient(-1, x.clone()), tensor<double>({16, -9, 144}) / 361));
  CHECK(gradient(-1, with_zero.clone()).to_vector() == vector<double>{0, 0, 0});
  CHECK(x.norm(-inf).item() == 1);
  CHECK(gradient(-inf, tensor<double>({3, -1, 1})).to_vector() == vector<double>{0, -0.5, 0.5});
  CHECK(gradient(inf, tensor<double>({3, -3, 1})).to_vector() == vector<double>{0.5, -0.5, 0});
  CHECK(norm(tensor<double>({{1, 2}, {5, 4}}).t(), -inf, 1).to_vector() == vector<double>{1, 2});
  CHECK(std::isnan(tensor<double>({1, not_a_number}).norm(-inf).item()));
  CHECK(tensor<double>(-3.0).norm(-1).item() == Approx(3));
  CHECK(
      gradcheck([](auto v) { return norm(v, -1.5, 1); }, {tensor<double>({{3, -4}, {1, 2}}, {.requires_grad = true})}));

  CHECK(zeros({0}).norm(0).item() == 0);
  CHECK(norm(zeros({0, 3}), inf, 1).shape() == Shape{0});
  CHECK_THROWS_WITH(zeros({0}).norm(-1), Catch::Contains("norm: the -1-norm of nothing does not exist (shape (0,)"));
  CHECK_THROWS_WITH(norm(zeros({0, 3}), inf, 0), Catch::Contains("of nothing does not exist"));
  CHECK(normalize(tensor<double>({3, -4, 2}), 0, 0).allclose(tensor<double>({1, -4.0 / 3, 2.0 / 3})));
  CHECK(normalize(tensor<double>({3, -4, 2}), -inf, 0).to_vector() == vector<double>{1.5, -2, 1});
}

TEST_CASE("var and std of a braced dimension are those of the dimension", "[ops][reduce][var][std]") {
  const auto x = tensor<double>({{1, 3}, {2, 6}});
  CHECK(x.var({1}).to_vector() == vector<double>{2, 8});
  CHECK(var(x, {0}).to_vector() == vector<double>{0.5, 4.5});
  CHECK(x.std({1}, false).to_vector() == vector<double>{1, 2});
  CHECK(chainrule::std(x, {1}, false).to_vector() == vector<double>{1, 2});
  CHECK(x.var(false).item() == Approx(3.5));
  CHECK(x.var().item() == Approx(14.0 / 3));
}

TEST_CASE("products and running sums of small integers do not wrap around", "[ops][reduce][prod]") {
  const auto bytes = tensor<std::uint8_t>({200, 100, 2});
  CHECK(bytes.prod().item() == 40000);
  CHECK(prod(bytes.view({1, 3}), 1).to_vector() == vector<std::int64_t>{40000});
  CHECK(bytes.cumsum(0).to_vector() == vector<std::int64_t>{200, 300, 302});
  CHECK(cumsum(tensor<std::int32_t>({2147483647, 1}), 0).to_vector() == vector<std::int64_t>{2147483647, 2147483648});
  CHECK(tensor<bool>({true, true}).prod(0).item() == 1);
}

TEST_CASE("cosine_similarity broadcasts before it takes lengths", "[ops][reduce][norm]") {
  CHECK(cosine_similarity(ones({1, 2, 1}), ones({2, 1, 1}), -2).allclose(ones({2, 1})));
  const auto row = tensor<double>({{1, 2, 3}}), column = tensor<double>({{1}, {2}});
  CHECK(cosine_similarity(row, column, 0).allclose(full<double>({3}, 3 / std::sqrt(10.0))));
  CHECK(cosine_similarity(row, column, -1).allclose(full<double>({2}, 6 / std::sqrt(42.0))));
  CHECK(gradcheck([](auto a, auto b) { return cosine_similarity(a, b, 0); },
                  {row.clone().requires_grad_(), column.clone().requires_grad_()}));
  auto tiny = tensor<double>({1e-9, 2e-9}, {.requires_grad = true});  // shorter than eps
  cosine_similarity(tiny, tensor<double>({1, 2}), 0).backward();
  CHECK(tiny.grad().allclose(tensor<double>({34721359.55, 69442719.1}), 1e-8));
}

TEST_CASE("the median's gradient is shared by its equals", "[ops][sort]") {
  auto x = tensor<double>({2, 1, 2, 2, 5}, {.requires_grad = true});
  x.median().backward();
  CHECK(x.grad().allclose(tensor<double>({1, 0, 1, 1, 0}) / 3));
  auto y = tensor<double>({{1, not_a_number}}, {.requires_grad = true});
  median(y).backward();
  CHECK(y.grad().to_vector() == vector<double>{0, 1});
}

TEST_CASE("cumsum", "[ops][cumsum]") {
  auto x = tensor<double>({{1, 2, 3}, {4, 5, 6}});
  CHECK(x.cumsum(1).to_vector() == vector<double>{1, 3, 6, 4, 9, 15});
  CHECK(x.cumsum(-2).to_vector() == vector<double>{1, 2, 3, 5, 7, 9});
  CHECK(x.t().cumsum(0).to_vector() == vector<double>{1, 4, 3, 9, 6, 15});
  CHECK(cumsum(tensor<std::int64_t>({3, 4}), 0).to_vector() == vector<std::int64_t>{3, 7});
  CHECK(zeros({0, 2}).cumsum(0).shape() == Shape{0, 2});
  CHECK(tensor(2).cumsum(0).item() == 2);
  CHECK_THROWS_WITH(x.cumsum(2), Catch::Contains("cumsum: dimension 2 does not exist"));
  CHECK(differentiable([](const Tensor<double>& t) { return (t * t).cumsum(1); }, irregular({2, 3, 2})));
}

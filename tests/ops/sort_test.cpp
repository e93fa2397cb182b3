// sort, argsort, topk.

#include <algorithm>
#include <chainrule/api.hpp>
#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/differentiable.hpp"

using namespace chainrule;
using chainrule_test::differentiable;
using std::vector;
using Indices = vector<std::int64_t>;

namespace {
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
}

TEST_CASE("sort keeps equal elements in order, in both directions", "[ops][sort]") {
  auto x = tensor<double>({{3, 1, 3, 2}, {0, 0, -1, 5}});
  auto up = x.sort();
  CHECK(up.values.to_vector() == vector<double>{1, 2, 3, 3, -1, 0, 0, 5});
  CHECK(up.indices.to_vector() == Indices{1, 3, 0, 2, 2, 0, 1, 3});
  auto down = sort(x, 1, true);
  CHECK(down.values.to_vector() == vector<double>{3, 3, 2, 1, 5, 0, 0, -1});
  CHECK(down.indices.to_vector() == Indices{0, 2, 3, 1, 3, 0, 1, 2});
  auto first = x.sort(0);
  CHECK(first.values.to_vector() == vector<double>{0, 0, -1, 2, 3, 1, 3, 5});
  CHECK(first.indices.to_vector() == Indices{1, 1, 1, 0, 0, 0, 0, 1});
  CHECK(first.values.is_contiguous());
  CHECK(x.t().sort(0).values.to_vector() == vector<double>{1, -1, 2, 0, 3, 0, 3, 5});
  CHECK(argsort(tensor<std::int32_t>({2, 1, 2}), -1, true).to_vector() == Indices{0, 2, 1});
}

TEST_CASE("the median of several with NaN among them is the first NaN", "[ops][sort]") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto [value, index] = tensor({{3.f, nan, nan, 1.f}, {4.f, 1.f, 3.f, 2.f}}).median(1);
  CHECK(std::isnan(value.to_vector()[0]));
  CHECK(value.to_vector()[1] == 2);
  CHECK(index.to_vector() == std::vector<std::int64_t>{1, 3});
}

TEST_CASE("sort takes NaN for the largest; nothing and scalars are sorted already", "[ops][sort]") {
  auto x = tensor<double>({not_a_number, 1, not_a_number, -1});
  CHECK(x.argsort().to_vector() == Indices{3, 1, 0, 2});
  CHECK(x.argsort(0, true).to_vector() == Indices{0, 2, 1, 3});
  CHECK(zeros({3, 0}).sort().values.shape() == Shape{3, 0});
  CHECK(zeros({0, 3}).sort().values.shape() == Shape{0, 3});
  CHECK(tensor(4).sort().values.shape() == Shape{});
  CHECK(tensor(4).argsort().item() == 0);
  CHECK_THROWS_WITH(x.sort(1), Catch::Contains("sort: dimension 1 does not exist"));
}

TEST_CASE("long rows: sort and topk against std::stable_sort", "[ops][sort][topk]") {
  manual_seed(11);
  for (std::int64_t n : {1, 15, 16, 17, 33, 100, 1000}) {
    auto x = randint<std::int32_t>(0, 40, {n});
    auto values = x.to_vector();
    for (bool descending : {false, true}) {
      Indices order(static_cast<std::size_t>(n));
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
      std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        auto p = values[static_cast<std::size_t>(a)], q = values[static_cast<std::size_t>(b)];
        return descending ? p > q : p < q;
      });
      CHECK(x.argsort(0, descending).to_vector() == order);
      for (std::int64_t k : {std::int64_t{1}, n / 10, n / 2}) {
        Indices first(order.begin(), order.begin() + k);
        CHECK(x.topk(k, 0, descending).indices.to_vector() == first);
      }
    }
  }
}

TEST_CASE("sort of many rows is the same from one thread and two", "[ops][sort]") {
  manual_seed(3);
  auto x = randint(0, 50, {700, 33});
  int before = get_num_threads();
  set_num_threads(1);
  auto a = x.sort(0).indices.to_vector();
  set_num_threads(2);
  CHECK(x.sort(0).indices.to_vector() == a);
  set_num_threads(before);
}

TEST_CASE("topk", "[ops][topk]") {
  auto x = tensor<double>({{3, 1, 3, 2}, {0, 7, -1, 5}}, {.requires_grad = true});
  auto [values, indices] = x.topk(2);
  CHECK(values.to_vector() == vector<double>{3, 3, 7, 5});
  CHECK(indices.to_vector() == Indices{0, 2, 1, 3});
  (values * tensor<double>({{1, 2}, {3, 4}})).sum().backward();
  CHECK(x.grad().to_vector() == vector<double>{1, 0, 2, 0, 0, 3, 0, 4});
  CHECK(topk(x, 1, 0, false).values.to_vector() == vector<double>{0, 1, -1, 2});
  CHECK(topk(x, 1, 0, false).indices.to_vector() == Indices{1, 0, 1, 0});
  CHECK(x.topk(0).values.shape() == Shape{2, 0});
  CHECK(topk(tensor<double>({not_a_number, 2}), 1).indices.item() == 0);
  CHECK_THROWS_WITH(x.topk(5), Catch::Contains("topk: k is 5, but dimension 1 of (2, 4) has 4 elements"));
}

TEST_CASE("gradients of sort and topk", "[ops][sort][topk]") {
  auto x = tensor<double>({{0.3, -0.8, 1.1}, {0.9, 0.2, -0.5}});
  CHECK(differentiable([](const Tensor<double>& t) { return sort(t * t * t, 0).values; }, x));
  CHECK(differentiable([](const Tensor<double>& t) { return topk(t * t * t, 2, 1).values; }, x));
}

// index_put_ with accumulate. Expected numbers: PyTorch 2.15.

#include "support/catch.hpp"
#include <chainrule/api.hpp>

namespace cr = chainrule;
using cr::tensor;
using Values = std::vector<double>;
using Double = cr::Tensor<double>;

TEST_CASE("index_put_ with accumulate adds, and gives all of g to both sides", "[ops][habits]") {
  const auto x = tensor<double>({1, 2, 3}, {.requires_grad = true}),
             v = tensor<double>({10, 20, 30}, {.requires_grad = true});
  const auto index = tensor<std::int64_t>({0, 2, 0});
  auto y = x * 1;
  y.index_put_({index}, v, {.accumulate = true});
  CHECK(y.to_vector() == Values{41, 2, 23});
  const auto g = cr::autograd::grad({y}, {x, v}, {tensor<double>({1, 2, 3})});
  CHECK(g[0].to_vector() == Values{1, 2, 3});
  CHECK(g[1].to_vector() == Values{1, 3, 1});
  auto f = [&](const std::vector<Double>& in) {
    auto edited = in[0] * in[0];
    edited.index_put_({index}, in[1] * in[0], {.accumulate = true});
    return square(edited);
  };
  CHECK(cr::gradcheck(f, {x, v}));
  CHECK(cr::gradgradcheck(f, {x, v}));
}

TEST_CASE("index_put_ with accumulate takes numbers, slices and integers", "[ops][habits]") {
  auto x = cr::ones<std::int32_t>({2, 3});
  x.index_put_({cr::Slice(), tensor<std::int64_t>({0, 0, 2})}, 5, {.accumulate = true});
  CHECK(x.to_vector() == std::vector<std::int32_t>{11, 1, 6, 11, 1, 6});
  x.index_put_({1}, 2, {.accumulate = true});
  CHECK(x.to_vector() == std::vector<std::int32_t>{11, 1, 6, 13, 3, 8});
  x.index_put_({0, 0}, 7);
  CHECK(x.at({0, 0}) == 7);
}

// clamp with tensors as bounds, masked_fill with a tensor as value, and scalars that integers cannot hold. Expected
// numbers: PyTorch 2.15.

#include "support/catch.hpp"
#include <chainrule/api.hpp>
#include <limits>

namespace cr = chainrule;
using cr::tensor;
using Values = std::vector<double>;
using Double = cr::Tensor<double>;

namespace {

Double leaf(const Values& values) { return tensor(values, {.requires_grad = true}); }
/// Gradients of sum(w y) for w = 1, 2, 3, ...
std::vector<Double> gradients(const Double& y, const std::vector<Double>& of) {
  return cr::autograd::grad({y}, of, {cr::arange<double>(1, y.numel() + 1).view(y.shape())});
}

}  // namespace

TEST_CASE("clamp takes tensors as bounds, and gives them their gradients", "[ops][habits]") {
  const auto x = leaf({-2, 0.5, 3, 1, 2, 5}), low = leaf({-1, 0.5, 0, 2, 2, 4}), high = leaf({1, 1, 2, 1.5, 2, 3});
  const auto y = clamp(x, low, high);
  CHECK(y.to_vector() == Values{-1, 0.5, 2, 1.5, 2, 3});
  const auto g = gradients(y, {x, low, high});
  CHECK(g[0].to_vector() == Values{0, 1, 0, 0, 5, 0});
  CHECK(g[1].to_vector() == Values{1, 1, 0, 0, 0, 0});
  CHECK(g[2].to_vector() == Values{0, 0, 3, 4, 0, 6});

  for (const auto& one : {x.clamp(low), cr::clamp_min(x, low), x.clamp_min(low), x.clip(low, {})}) {
    CHECK(one.to_vector() == Values{-1, 0.5, 3, 2, 2, 5});
    const auto grads = gradients(one, {x, low});
    CHECK(grads[0].to_vector() == Values{0, 1, 3, 0, 2.5, 6});
    CHECK(grads[1].to_vector() == Values{1, 1, 0, 4, 2.5, 0});
  }
  for (const auto& one : {x.clamp({}, high), cr::clamp_max(x, high), x.clamp_max(high), clamp(x, std::nullopt, high)}) {
    CHECK(one.to_vector() == Values{-2, 0.5, 2, 1, 2, 3});
    const auto grads = gradients(one, {x, high});
    CHECK(grads[0].to_vector() == Values{1, 2, 0, 4, 2.5, 0});
    CHECK(grads[1].to_vector() == Values{0, 0, 3, 0, 2.5, 6});
  }
}

TEST_CASE("clamp's tensor bounds broadcast, mix with numbers and with element types other than float",
          "[ops][habits]") {
  const auto x = leaf({-2, 0.5, 3, 4, -1, 0}).view({2, 3}), low = leaf({-1, 0.25}).view({2, 1}),
             high = leaf({1, 2, 2.5});
  const auto y = x.clamp(low, high);
  CHECK(y.to_vector() == Values{-1, 0.5, 2.5, 1, 0.25, 0.25});
  const auto g = gradients(y, {x, low, high});
  CHECK(g[0].to_vector() == Values{0, 2, 0, 0, 0, 0});
  CHECK(g[1].to_vector() == Values{1, 11});
  CHECK(g[2].to_vector() == Values{4, 0, 3});
  CHECK(x.clamp(0, high).to_vector() == Values{0, 0.5, 2.5, 1, 0, 0});
  CHECK(x.clamp(low, 1).to_vector() == Values{-1, 0.5, 1, 1, 0.25, 0.25});
  auto edited = x.detach().clone();
  edited.clamp_(low.detach(), high.detach());
  CHECK(edited.to_vector() == y.to_vector());
  auto constant = cr::zeros<double>({2});
  const auto least = leaf({1, 2});
  constant.clamp_(least, tensor<double>({5, 5}));  // the bounds' gradients survive an edit of a constant
  constant.sum().backward();
  CHECK(least.grad().to_vector() == Values{1, 1});
  CHECK(tensor<int>({1, 5, 9}).clamp(tensor<int>({2, 2, 2}), tensor<int>({4, 6, 8})).to_vector() ==
        std::vector<int>{2, 5, 8});
  CHECK_THROWS_WITH(x.clamp({}), chainrule_test::Contains("clamp: give min, max or both"));
}

TEST_CASE("clamp with tensor bounds has first and second derivatives", "[ops][habits]") {
  const auto x = leaf({-2, 0.3, 3, 1}), low = leaf({-1, 0.5, 0, 2}), high = leaf({1, 1, 2, 1.5});
  auto f = [](const std::vector<Double>& in) { return square(clamp(in[0], in[1], in[2])) * in[0]; };
  CHECK(cr::gradcheck(f, {x, low, high}));
  CHECK(cr::gradgradcheck(f, {x, low, high}));
}

TEST_CASE("masked_fill takes a tensor with 0 dimensions, and gives it a gradient", "[ops][habits]") {
  const auto x = leaf({1, 2, 3});
  const auto v = tensor<double>(7, {.requires_grad = true});
  const auto mask = tensor<bool>({true, false, true});
  for (const auto& y : {masked_fill(x, mask, v), x.masked_fill(mask, v)}) {
    CHECK(y.to_vector() == Values{7, 2, 7});
    const auto g = gradients(y, {x, v});
    CHECK(g[0].to_vector() == Values{0, 2, 0});
    CHECK(g[1].item() == 4);
  }
  auto y = x * 2;
  y.masked_fill_(mask, v);
  CHECK(y.to_vector() == Values{7, 4, 7});
  const auto g = gradients(y, {x, v});
  CHECK(g[0].to_vector() == Values{0, 4, 0});
  CHECK(g[1].item() == 4);
  auto f = [&](const std::vector<Double>& in) { return square(masked_fill(in[0], mask, in[1])); };
  CHECK(cr::gradcheck(f, {x, v}));
  CHECK(cr::gradgradcheck(f, {x, v}));
  CHECK_THROWS_WITH(masked_fill(x, mask, leaf({1, 2, 3})),
                    chainrule_test::Contains("tensor with 0 dimensions, got shape (3,)"));
}

TEST_CASE("clamp, masked_fill and index_put_ refuse scalars that integers cannot hold", "[ops][habits]") {
  const auto bytes = tensor<std::uint8_t>({1, 2});
  const auto mask = tensor<bool>({true, false});
  CHECK_THROWS_WITH(bytes.masked_fill(mask, 300), chainrule_test::Contains("masked_fill: 300 is no value of uint8"));
  CHECK_THROWS_WITH(bytes.masked_fill_(mask, -1), chainrule_test::Contains("masked_fill_: -1 is no value of uint8"));
  CHECK_THROWS_WITH(bytes.clamp(0, 256), chainrule_test::Contains("clamp: 256 is no value of uint8"));
  CHECK_THROWS_WITH(bytes.index_put_({mask}, 300), chainrule_test::Contains("index_put_: 300 is no value of uint8"));
  CHECK(bytes.masked_fill(mask, 255).to_vector() == std::vector<std::uint8_t>{255, 2});
}

// Indexing as it is typed from PyTorch habit: reading and writing with slices, masks and index tensors.

#include "support/catch.hpp"
#include "support/message_of.hpp"
#include <chainrule/api.hpp>

using namespace chainrule;
using chainrule_test::has;
using chainrule_test::message_of;
using Values = std::vector<float>;

namespace {
Tensor<> table() { return arange(12).to<float>().view(3, 4); }
Tensor<std::int64_t> ids() { return tensor<std::int64_t>({2, 0}); }
}  // namespace

TEST_CASE("x[{...}] reads like x[..., ...]", "[habits][index]") {
  const auto x = table();
  CHECK(x[{Slice(), 1}].to_vector() == Values{1, 5, 9});
  CHECK(x[{0}].to_vector() == Values{0, 1, 2, 3});
  CHECK(x[{0, 1}].item() == 1);
  CHECK(x[{-1, Slice(None, 2)}].to_vector() == Values{8, 9});
  CHECK(x[{"...", 0}].to_vector() == Values{0, 4, 8});
  CHECK(x[{None, 0}].shape() == Shape{1, 4});
  CHECK(x[Slice(1, 3)].shape() == Shape{2, 4});
  CHECK(x[None].shape() == Shape{1, 3, 4});
  CHECK(x["..."].shape() == Shape{3, 4});
  CHECK(x[Ellipsis].shape() == Shape{3, 4});
  CHECK(x[ids()].to_vector() == Values{8, 9, 10, 11, 0, 1, 2, 3});
  CHECK(x[ids().to<std::int32_t>()].shape() == Shape{2, 4});
  CHECK(x[x > 9].to_vector() == Values{10, 11});
  CHECK(x[{ids(), ids()}].to_vector() == Values{10, 0});
  CHECK(x[{Slice(), std::vector<std::int64_t>{3, 0}}].to_vector() == Values{3, 0, 7, 4, 11, 8});
  CHECK(x[1][{Slice(1, None)}].to_vector() == Values{5, 6, 7});
  using namespace indexing;
  CHECK(x.index({Slice(None, None, 2), 0}).to_vector() == Values{0, 8});
}

TEST_CASE("what indexing gives is a tensor like any other", "[habits][index]") {
  auto x = table();
  auto rows = x[ids()];
  rows = rows * 2;  // another handle: x stays
  CHECK(rows.to_vector() == Values{16, 18, 20, 22, 0, 2, 4, 6});
  CHECK(x[0].to_vector() == Values{0, 1, 2, 3});
  Tensor<> mean = x[x > 5].mean();
  CHECK(mean.item() == 8.5f);
  std::vector<Tensor<>> several{x[0], x[ids()], x[{Slice(), 1}]};
  CHECK(cat({x[Slice(0, 1)], x[ids()]}).shape() == Shape{3, 4});
  auto pick = [&](bool mask) -> Tensor<> { return mask ? x[x > 5] : x[0]; };
  CHECK(pick(true).numel() == 6);
}

TEST_CASE("an indexed left side writes into the tensor", "[habits][index]") {
  auto x = table();
  x[Slice(1, 3)] = 0;
  CHECK(x.sum().item() == 6);
  x[{Slice(), 1}] = tensor({7, 8, 9});
  CHECK(x.select(1, 1).to_vector() == Values{7, 8, 9});
  x[x > 7] = -1;
  CHECK(x.to_vector() == Values{0, 7, 2, 3, 0, -1, 0, 0, 0, -1, 0, 0});
  x.index({x < 0}) = 5;
  CHECK(x.select(1, 1).to_vector() == Values{7, 5, 5});
  x[ids()] = x[1];
  CHECK(x[0].to_vector() == Values{0, 5, 0, 0});
  x.index({0, Slice(2, None)}) = 4;
  x[{0, ids()}] = tensor({1, 2});
  CHECK(x[0].to_vector() == Values{2, 5, 1, 4});
  x[0][1] = 6;
  x[{0, 0}] = 3;
  CHECK(x[0].to_vector() == Values{3, 6, 1, 4});
}

TEST_CASE("x[...] += y writes into the tensor", "[habits][index]") {
  auto x = table();
  x[0] += 10;
  x[{Slice(), 0}] *= 2;
  x[x > 20] -= 1;
  x[ids()] /= 2;
  CHECK(x.to_vector() == Values{10, 5.5f, 6, 6.5f, 8, 5, 6, 7, 8, 4.5f, 5, 5.5f});
  auto twice = zeros({2});
  twice[tensor<std::int64_t>({1, 1})] += 1;  // once, as in PyTorch
  CHECK(twice.to_vector() == Values{0, 1});
}

TEST_CASE("gradients go through written and read positions", "[habits][index]") {
  auto w = tensor({1, 2, 3}, {.requires_grad = true});
  auto y = w * 2;
  y[y > 4] = 0;       // w[2] is cut off
  y[{0}] = w[1] * 5;  // and w[0]
  y[ids()] += w[0];   // elements 2 and 0
  y.sum().backward();
  CHECK(w.grad().to_vector() == Values{2, 7, 0});
}

TEST_CASE("errors of indexing name the tensor's own dimension and the line", "[habits][index]") {
  auto x = table();
  CHECK(has(message_of([&] { x.index({0, 7}); }), "index 7 does not exist in dimension 1 of size 4 (shape (3, 4))"));
  CHECK(has(message_of([&] { x[{0, 7}]; }), "index 7 does not exist in dimension 1 of size 4 (shape (3, 4))"));
  CHECK(has(message_of([&] { x[{None, 3}]; }), "index 3 does not exist in dimension 0 of size 3 (shape (3, 4))"));
  CHECK(has(message_of([&] { x[{0, tensor<std::int64_t>({4})}]; }), "of dimension 1 of the tensor (3, 4)"));
  CHECK(has(message_of([&] { x[3]; }), "[" + std::string(__FILE__) + ":" + std::to_string(__LINE__) + "]"));
  CHECK(has(message_of([&] { x[0] = zeros({7}); }), ":" + std::to_string(__LINE__) + "]"));
  CHECK(has(message_of([&] { x[{0, 1}] = zeros({2}); }), ":" + std::to_string(__LINE__) + "]"));
  CHECK(has(message_of([&] { x[x > 5] = zeros({4}); }), ":" + std::to_string(__LINE__) + "]"));
  CHECK(has(message_of([&] { x[ids()] = zeros({3}); }), ":" + std::to_string(__LINE__) + "]"));
  CHECK(has(message_of([&] { x["...."]; }), "the only string that is an index is \"...\", got \"....\""));
  CHECK(has(message_of([&] { (x + 1) = 5; }), "a copy that nothing else sees"));
}

// PyTorch's keyword arguments as named options: x.mean(1, {.keepdim = true}), softmax(x, {.dim = 1}).

#include "support/catch.hpp"
#include "support/message_of.hpp"
#include <chainrule/api.hpp>

using namespace chainrule;
using chainrule_test::message_of;
using Values = std::vector<float>;

namespace {
Tensor<> table() { return tensor({{1, 5, 2}, {6, 4, 3}}); }
}  // namespace

TEST_CASE("keepdim by name, behind a dimension or beside {.dim}", "[habits]") {
  const Tensor<> x = table();
  CHECK(x.sum(1, {.keepdim = true}).shape() == Shape{2, 1});
  CHECK(x.sum({.dim = 1}).to_vector() == Values{8, 13});
  CHECK(x.sum({.dim = 1, .keepdim = true}).shape() == Shape{2, 1});
  CHECK(x.sum({.dim = {0, 1}, .keepdim = true}).shape() == Shape{1, 1});
  CHECK(x.sum({.keepdim = true}).shape() == Shape{1, 1});  // not: over dimension 1
  CHECK(sum(x, {0, 1}, {.keepdim = true}).shape() == Shape{1, 1});
  CHECK(x.mean(0, {.keepdim = true}).to_vector() == Values{3.5f, 4.5f, 2.5f});
  CHECK(x.mean({.dim = 0}).shape() == Shape{3});
  CHECK(mean(x, 1, {.keepdim = true}).shape() == Shape{2, 1});
  CHECK(x.amax({.dim = 1}).to_vector() == Values{5, 6});
  CHECK(x.amin(1, {.keepdim = true}).to_vector() == Values{1, 3});
  CHECK((x > 3).any({.dim = 0}).to_vector() == std::vector<bool>{true, true, false});
  CHECK((x > 3).all(0, {.keepdim = true}).shape() == Shape{1, 3});
  CHECK(x.prod({.dim = 1}).to_vector() == Values{10, 72});
  CHECK(x.prod(1, {.keepdim = true}).shape() == Shape{2, 1});
  CHECK(x.argmax({.dim = 1}).to_vector() == std::vector<std::int64_t>{1, 0});
  CHECK(x.argmin(1, {.keepdim = true}).shape() == Shape{2, 1});
  CHECK(argmax(x, {.dim = 1, .keepdim = true}).shape() == Shape{2, 1});
  auto [values, indices] = x.max({.dim = 1, .keepdim = true});
  CHECK(values.to_vector() == Values{5, 6});
  CHECK(indices.shape() == Shape{2, 1});
  CHECK(x.min(1, {.keepdim = true}).values.shape() == Shape{2, 1});
  CHECK(x.median({.dim = 1}).values.to_vector() == Values{2, 4});
  CHECK(x.logsumexp({.dim = 1}).shape() == Shape{2});
  CHECK(logsumexp(x, 1, {.keepdim = true}).shape() == Shape{2, 1});
}

TEST_CASE("a missing or second dimension is an error that says what to write", "[habits]") {
  CHECK(message_of([] { (void)table().max(DimOptions{}); }).find("max: takes one dimension, {.dim = 1}, got 0") !=
        std::string::npos);
  CHECK(message_of([] { (void)table().prod({.dim = {0, 1}}); }).find("prod: takes one dimension") != std::string::npos);
}

TEST_CASE("options of ops along one dimension, and of others, by name", "[habits]") {
  const Tensor<> x = table();
  CHECK(softmax(x, {.dim = 1}).to_vector() == softmax(x, 1).to_vector());
  CHECK(x.softmax({.dim = 0}).to_vector() == softmax(x, 0).to_vector());
  CHECK(x.log_softmax({.dim = 1}).to_vector() == log_softmax(x, 1).to_vector());
  CHECK(x.cumsum({.dim = 1}).to_vector() == Values{1, 6, 8, 6, 10, 13});
  CHECK(cat({x, x}, {.dim = 1}).shape() == Shape{2, 6});
  CHECK(stack({x, x}, {.dim = 1}).shape() == Shape{2, 2, 3});
  CHECK(x.sort(1, {.descending = true}).values.to_vector() == Values{5, 2, 1, 6, 4, 3});
  CHECK(x.sort({.dim = 0}).values.to_vector() == Values{1, 4, 2, 6, 5, 3});
  CHECK(x.argsort({.descending = true}).to_vector() == std::vector<std::int64_t>{1, 2, 0, 0, 1, 2});
  CHECK(x.topk(1, {.largest = false}).values.to_vector() == Values{1, 3});
  CHECK(x.flatten({.start_dim = 0}).shape() == Shape{6});
  CHECK(x.clamp({.max = 3}).to_vector() == Values{1, 3, 2, 3, 3, 3});
  CHECK(clamp(x, {.min = 2, .max = 3}).to_vector() == Values{2, 3, 2, 3, 3, 3});
  CHECK(allclose(x, x + 0.5, {.atol = 1}));
  CHECK_FALSE(x.allclose(x + 0.5, {.rtol = 0, .atol = 0.1}));
  CHECK(x.isclose(x, {.equal_nan = true}).all().item());
  CHECK(x.std(0, {.unbiased = false}).to_vector() == x.std(0, {.correction = 0}).to_vector());
  CHECK(x.var({.unbiased = false}).item() == x.var({.correction = 0}).item());
}

TEST_CASE("zero_grad({.set_to_none = false}) of modules and optimizers", "[habits]") {
  nn::Linear fc(2, 1);
  optim::SGD optimizer(fc.parameters(), {.lr = 0.1});
  fc(ones({3, 2})).sum().backward();
  optimizer.zero_grad({.set_to_none = false});
  CHECK(fc.weight.grad().to_vector() == Values{0, 0});
  fc.zero_grad({.set_to_none = true});
  CHECK_FALSE(fc.weight.grad().defined());
}

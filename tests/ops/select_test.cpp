// clamp, maximum, where, masked_fill, rounding, and the elementwise ops that edit in place.

#include "ops/values.hpp"

namespace chainrule_test {
namespace {

using X = std::vector<Tensor<double>>;

TEST_CASE("clamp cuts to one bound or both", "[ops][clamp]") {
  auto x = tensor({-2, 0.5, 3});
  CHECK(differs(cr::clamp(x, -1, 1), {-1, 0.5, 1}) == "");
  CHECK(differs(cr::clamp(x, 0), {0, 0.5, 3}) == "");
  CHECK(differs(x.clamp({}, 1), {-2, 0.5, 1}) == "");
  CHECK(differs(x.clamp(1, -1), {-1, -1, -1}) == "");
  CHECK(differs(tensor<std::int64_t>({-5, 5}).clamp({}, 0), {-5, 0}) == "");
  CHECK(differs(x.clamp(static_cast<float>(nan)), {nan, nan, nan}) == "");
  CHECK(contains(message_of([&] { (void)x.clamp({}, {}); }), "clamp: give min, max or both"));
}

TEST_CASE("maximum and minimum let NaN through", "[ops][elementwise]") {
  auto a = tensor<double>({1, 5, nan, 2}), b = tensor<double>({3, 2, 0, nan});
  CHECK(differs(a.maximum(b), {3, 5, nan, nan}) == "");
  CHECK(differs(a.minimum(b), {1, 2, nan, nan}) == "");
  CHECK(differs(cr::maximum(tensor<std::int64_t>({1, 5}), tensor<std::int64_t>({3, 2})), {3, 5}) == "");
}

TEST_CASE("where takes tensors and numbers", "[ops][where]") {
  auto c = tensor<bool>({true, false, true});
  auto x = tensor({1, 2, 3}), y = tensor({7, 8, 9});
  CHECK(differs(cr::where(c, x, y), {1, 8, 3}) == "");
  CHECK(differs(x.where(c, y), {1, 8, 3}) == "");
  CHECK(differs(cr::where(c, x, 0.5), {1, 0.5, 3}) == "");
  CHECK(differs(cr::where(c, -1, y), {-1, 8, -1}) == "");
  auto numbers = cr::where(c, 1, 0);
  static_assert(std::is_same_v<decltype(numbers), Tensor<std::int64_t>>);
  CHECK(differs(numbers, {1, 0, 1}) == "");
  CHECK(differs(cr::where(c, 0.5, 2), {0.5, 2, 0.5}) == "");
  CHECK(differs(cr::where(tensor<bool>({{true}, {false}}), x, tensor(0)), {1, 2, 3, 0, 0, 0}) == "");
  // what is not chosen does not spoil the gradient
  CHECK(differs(gradient([](const X& in) { return cr::where(in[0] > 0, in[0].log(), 0); }, {1, 4}), {1, 0.5}) == "");
  CHECK(differs(gradient([](const X& in) { return cr::where(in[0] > 0, 3 * in[0], 5); }, {-1, 4}), {0, 6}) == "");
  CHECK(differs(gradient([](const X& in) { return cr::where(in[0] > 0, 5, 3 * in[0]); }, {-1, 4}), {3, 0}) == "");
}

TEST_CASE("masked_fill puts a number where the mask is true", "[ops][masked_fill]") {
  auto x = tensor({{1, 2}, {3, 4}});
  auto mask = tensor<bool>({true, false});
  CHECK(differs(x.masked_fill(mask, -7), {-7, 2, -7, 4}) == "");
  CHECK(differs(cr::masked_fill(x.t(), mask, -7), {-7, 3, -7, 4}) == "");
  CHECK(differs(gradient([](const X& in) { return in[0].masked_fill(in[0] > 1, 9); }, {1, 2, 0}), {1, 0, 3}) == "");
  CHECK(contains(message_of([&] { (void)x.masked_fill(tensor<bool>({true, false, true}), 0); }), "masked_fill"));
}

TEST_CASE("round, floor and ceil", "[ops][elementwise]") {
  auto x = tensor<double>({0.5, 1.5, 2.5, -0.5, -1.2, 1.7, inf, nan});
  CHECK(differs(x.round(), {0, 2, 2, 0, -1, 2, inf, nan}) == "");
  CHECK(differs(x.floor(), {0, 1, 2, -1, -2, 1, inf, nan}) == "");
  CHECK(differs(x.ceil(), {1, 2, 3, 0, -1, 2, inf, nan}) == "");
  CHECK(differs(tensor<std::int64_t>({3}).round(), {3}) == "");
}

TEST_CASE("in-place ops write through views and count a version", "[ops][inplace]") {
  auto x = tensor({{-2, 1}, {3, -4}});
  const auto before = x.version();
  x.t()[0].relu_();  // the first column
  CHECK(differs(x, {0, 1, 3, -4}) == "");
  x.clamp_(-1, 2);
  CHECK(differs(x, {0, 1, 2, -1}) == "");
  x.masked_fill_(tensor<bool>({{true}, {false}}), 7);
  CHECK(differs(x, {7, 7, 2, -1}) == "");
  CHECK(x.version() == before + 3);
  CHECK(contains(message_of([&] { x.masked_fill_(cr::zeros<bool>({3, 2, 2}), 0); }), "masked_fill_"));
  CHECK(contains(message_of([&] { x.clamp_({}, {}); }), "clamp_: give min, max or both"));
  CHECK(contains(message_of([&] { tensor({1}, {.requires_grad = true}).relu_(); }), "leaf that requires grad"));
  auto flags = tensor<bool>({true, false});
  flags.masked_fill_(flags, false);
  CHECK(differs(flags, {0, 0}) == "");
}

TEST_CASE("in-place ops are recorded", "[ops][inplace]") {
  auto x = leaf({-2, 0.5, 3});
  auto y = (x * 2).relu_() + 0;  // {0, 1, 6}
  y.clamp_({}, 5);
  y.masked_fill_(tensor<bool>({false, true, false}), 10);
  CHECK(differs(y, {0, 10, 5}) == "");
  auto z = x * 2;
  z.clamp_(0, 5);
  (y + z).sum().backward();
  CHECK(differs(x.grad(), {0, 2, 0}) == "");
  auto w = x * 2;
  w += x * x;  // {0, 1.25, 15}
  w.relu_();
  w.sum().backward();
  CHECK(differs(x.grad(), {0, 5, 8}) == "");
  w = x * 2;
  w.relu_();
  w.add_(1);  // the gradient of relu needs relu's result
  CHECK(contains(message_of([&] { w.sum().backward(); }), "edited in place"));
}

TEST_CASE("relu writes over a temporary that nobody else sees, and over nothing else", "[ops][inplace]") {
  auto x = leaf({-2, 0.5, 3});
  auto h = x * 2;
  const auto* place = h.data();
  auto kept = cr::relu(cr::Tensor<double>(h));  // a second share of h
  CHECK(kept.data() != place);
  CHECK(differs(h, {-4, 1, 6}) == "");
  auto y = cr::relu(std::move(h));
  CHECK(y.data() == place);
  (y * tensor<double>({1, 10, 100})).sum().backward();
  CHECK(differs(x.grad(), {0, 20, 200}) == "");
  CHECK(cr::relu(x.exp()).data() != nullptr);  // exp saved its result
  auto e = cr::relu(x.exp());
  x.grad().zero_();
  e.sum().backward();
  CHECK(differs(x.grad(), x.exp().to_vector()) == "");
  double lent[] = {-1, 2};
  CHECK(differs(cr::relu(cr::Tensor<double>::from_blob(lent, {2})), {0, 2}) == "");
  CHECK(lent[0] == -1);
  CHECK(differs(cr::relu(tensor<double>({-1}, {.requires_grad = true})), {0}) == "");
}

TEST_CASE("in-place relu of a module", "[ops][inplace]") {
  auto x = leaf({-2, 0.5, 3});
  auto h = x * 2, y = cr::nn::ReLU({.inplace = true})(h);
  CHECK(y.shares_storage(h));
  CHECK(differs(h, {0, 1, 6}) == "");
  auto z = cr::nn::ReLU({.inplace = true})((x * 2).view({3, 1}));  // a view: a fresh tensor
  (y * tensor<double>({1, 10, 100})).sum().backward();
  CHECK(differs(x.grad(), {0, 20, 200}) == "");
  z.sum().backward();
  CHECK(differs(x.grad(), {0, 22, 202}) == "");
}

TEST_CASE("uniform_ and normal_ fill any layout with the same numbers", "[ops][random]") {
  cr::Generator g(3), h(3);
  auto a = cr::zeros({40, 50}), b = cr::zeros({50, 40}).t();
  a.uniform_(-2, 3, &g);
  b.uniform_(-2, 3, &h);
  CHECK(cr::equal(a, b));
  CHECK(cr::equal(a.clamp(-2, 3), a));
  CHECK(std::abs(a.sum().item() / 2000 - 0.5) <
        0.15);  // standard error of the mean of 2000: 5 / sqrt(12 * 2000) = 0.03
  a.normal_(10, 2, &g);
  b.normal_(10, 2, &h);
  CHECK(cr::equal(a, b));
  CHECK(std::abs(a.sum().item() / 2000 - 10) < 0.2);                 // standard error: 2 / sqrt(2000) = 0.045
  CHECK(std::abs((a - 10).square().sum().item() / 2000 - 4) < 0.6);  // standard error: 4 sqrt(2 / 2000) = 0.13
  CHECK(contains(message_of([&] { a.uniform_(1, 0); }), "uniform_: needs low <= high"));
  CHECK(contains(message_of([&] { a.normal_(0, -1); }), "normal_: needs std >= 0"));
  auto w = leaf({1, 2});
  CHECK(contains(message_of([&] { w.uniform_(); }), "leaf that requires grad"));
  cr::no_grad guard;
  w.uniform_();
  CHECK(w.requires_grad());
}

}  // namespace
}  // namespace chainrule_test

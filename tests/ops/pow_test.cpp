// pow of tensors and numbers on either side; how ops of two operands broadcast, and what they refuse.

#include "ops/values.hpp"

namespace chainrule_test {
namespace {

using X = std::vector<Tensor<double>>;

TEST_CASE("pow: integers, zero bases, tensors on both sides", "[ops][pow]") {
  using Int = std::int64_t;
  CHECK(differs(tensor<Int>({-3, 0, 2}).pow(3), {-27, 0, 8}) == "");
  CHECK(differs(tensor<Int>({-3, 0, 2}).pow(0), {1, 1, 1}) == "");
  CHECK(differs(cr::pow(tensor<Int>({2, -1, 1, -1, 3}), tensor<Int>({-1, -3, -2, -2, 4})), {0, -1, 1, 1, 81}) == "");
  CHECK(differs(cr::pow(3, tensor<std::int32_t>({0, 1, 5})), {1, 3, 243}) == "");
  CHECK(differs(tensor<std::uint8_t>({2, 3}).pow(8), {0, 161}) == "");
  CHECK(tensor<Int>({3}).pow(39).item() == 4052555153018976267);
  CHECK(contains(message_of([] { (void)tensor<Int>({2}).pow(-1); }), "to the power of -1"));
  CHECK(differs(cr::pow(tensor({2, 9}), tensor({3, 0.5})), {8, 3}) == "");
  CHECK(differs(cr::pow(tensor({{2}, {3}}), tensor({1, 2})), {2, 4, 3, 9}) == "");

  // x: {0, 0, 0, -2, 2, inf} and e: {0, 1, -1, 2, 0, 0}: PyTorch's gradients of sum(x^e)
  auto x = leaf({0, 0, 0, -2, 2, nan}), e = leaf({0, 1, -1, 2, 0, 0});
  auto g = cr::autograd::grad({cr::pow(x, e).sum()}, {x, e});
  CHECK(differs(g[0], {0, 1, -inf, -4, 0, 0}) == "");
  CHECK(differs(g[1], {0, 0, -inf, nan, 0.693147181, nan}) == "");
  CHECK(differs(gradient([](const X& in) { return cr::pow(0, in[0]); }, {0, 1, -1}), {0, 0, -inf}) == "");
  CHECK(differs(gradient([](const X& in) { return in[0].pow(0); }, {0, 2}), {0, 0}) == "");
  CHECK(differs(gradient([](const X& in) { return in[0].pow(1); }, {0, 2}), {1, 2}) == "");
  CHECK(differs(gradient([](const X& in) { return in[0].pow(2); }, {0, 2}), {0, 8}) == "");

  Function power = [](const X& in) { return cr::pow(in[0], in[1]); };
  check_derivatives(power, {leaf({0.5, 2, 1.5, 3}), leaf({2, -1, 0, 1})});
  check_derivatives(power, {leaf({0.5, 2}).view({2, 1}), leaf({2, -1, 0.5})});
  // 0^3 and 0^2 have all second derivatives, and none of them may come out as NaN
  auto zero = leaf({0, 0}), three = leaf({3, 2});
  auto first = cr::autograd::grad({cr::pow(zero, three).sum()}, {zero, three}, {.create_graph = true});
  auto second = cr::autograd::grad({(first[0] + first[1]).sum()}, {zero, three});
  CHECK(differs(second[0], {0, 2}) == "");
  CHECK(differs(second[1], {0, 0}) == "");
}

TEST_CASE("operands broadcast, and their gradients are summed back", "[ops][elementwise]") {
  const auto row =
      GENERATE(as<std::pair<const char*, Function>>{},
               std::pair<const char*, Function>{"sub", [](const X& in) { return in[0] - in[1]; }},
               std::pair<const char*, Function>{"div", [](const X& in) { return in[0] / in[1]; }},
               std::pair<const char*, Function>{"maximum", [](const X& in) { return cr::maximum(in[0], in[1]); }},
               std::pair<const char*, Function>{"minimum", [](const X& in) { return cr::minimum(in[0], in[1]); }},
               std::pair<const char*, Function>{
                   "where", [](const X& in) { return cr::where(in[0] > in[1], in[0] * in[1], in[1]); }});
  INFO(row.first);
  const Function f = row.second;
  auto column = leaf({0.3, -1.7}), line = leaf({2.1, -0.4, 1.2});
  check_derivatives(f, {column.detach().view({2, 1}).requires_grad_(), line});
  check_derivatives(f, {tensor<double>(0.7, {.requires_grad = true}), line});
  auto matrix = cr::arange<double>(6).view({3, 2}).t() + 0.25;  // shape (2, 3), strides (1, 2)
  CHECK(cr::equal(f({matrix.clone().t().contiguous().t(), line}), f({matrix.contiguous(), line})));
  CHECK(f({cr::zeros<double>({0, 3}), line}).shape() == Shape{0, 3});
  CHECK(contains(message_of([&] { (void)f({cr::zeros<double>({2, 4}), line}); }), "(2, 4)"));
}

TEST_CASE("shapes that do not broadcast are refused by name", "[ops][elementwise]") {
  auto a = cr::zeros({2, 3}), b = cr::zeros({4});
  CHECK(contains(message_of([&] { (void)(a - b); }), "sub"));
  CHECK(contains(message_of([&] { (void)(a / b); }), "div"));
  CHECK(contains(message_of([&] { (void)cr::pow(a, b); }), "pow"));
  CHECK(contains(message_of([&] { (void)cr::maximum(a, b); }), "(2, 3)"));
  CHECK(contains(message_of([&] { (void)cr::where(a > 0, a, b); }), "where"));
}

}  // namespace
}  // namespace chainrule_test

// Arithmetic and functions of one number: operators, element types, values by hand, kinks, NaN and infinity, layouts,
// derivatives.

#include "ops/values.hpp"

namespace chainrule_test {
namespace {

using X = std::vector<Tensor<double>>;

TEST_CASE("operators take tensors and numbers on either side", "[ops][elementwise]") {
  auto a = tensor({1, 2}), b = tensor({10, 20}), x = tensor({4, -0.5});
  CHECK(differs(a + 2 * b, {21, 42}) == "");
  CHECK(differs(b - a, {9, 18}) == "");
  CHECK(differs(2 - x, {-2, 2.5}) == "");
  CHECK(differs(x - 1, {3, -1.5}) == "");
  CHECK(differs(-x, {-4, 0.5}) == "");
  CHECK(differs(1 / x, {0.25, -2}) == "");
  CHECK(differs(x / 2, {2, -0.25}) == "");
  CHECK(differs(b / a, {10, 10}) == "");
  CHECK(differs(cr::sub(b, a), {9, 18}) == "");
  CHECK(differs(b.sub(1), {9, 19}) == "");
  CHECK(differs(b.div(a), {10, 10}) == "");
  CHECK(differs(cr::div(b, 10), {1, 2}) == "");
  CHECK(differs(x.neg(), {-4, 0.5}) == "");
  CHECK(differs(tensor({1, -1, 0}) / 0, {inf, -inf, nan}) == "");
}

TEST_CASE("integers divide as float and wrap around", "[ops][elementwise]") {
  auto i = tensor<std::int64_t>({7, -7, 0});
  auto q = i / 2;
  static_assert(std::is_same_v<decltype(q), Tensor<float>>);
  CHECK(differs(q, {3.5, -3.5, 0}) == "");
  CHECK(differs(2 / tensor<std::int32_t>({4, 0}), {0.5, inf}) == "");
  CHECK(differs(i.div(tensor<std::int64_t>({2, 7, 5})), {3.5, -1, 0}) == "");
  CHECK(differs(tensor<std::uint8_t>({1, 200}) - tensor<std::uint8_t>({2, 100}), {255, 100}) == "");
  CHECK(differs(-tensor<std::uint8_t>({1, 0}), {255, 0}) == "");
  CHECK(differs(i.square(), {49, 49, 0}) == "");
  CHECK(differs(i.abs(), {7, 7, 0}) == "");
  CHECK(differs(i.sign(), {1, -1, 0}) == "");
  CHECK(differs(tensor<std::uint8_t>({0, 200}).sign(), {0, 1}) == "");
}

struct Unary {
  const char* name;
  Function f;
  std::vector<double> x, y;  // values by hand
};

TEST_CASE("unary ops: values, strides, sizes 0 and 1, first and second derivatives", "[ops][elementwise]") {
  const double e = 2.718281828459045, pi = 3.141592653589793;
  const auto row = GENERATE_COPY(
      Unary{"neg", [](const X& in) { return -in[0]; }, {-1, 0.5, 2, 3}, {1, -0.5, -2, -3}},
      Unary{"square", [](const X& in) { return in[0].square(); }, {-3, 0.5, 0, 2}, {9, 0.25, 0, 4}},
      Unary{"exp", [](const X& in) { return in[0].exp(); }, {0, 1, -1, 2}, {1, e, 1 / e, e * e}},
      Unary{"log",
            [](const X& in) { return in[0].log(); },
            {1, e, 0.5, 4},
            {0, 1, -0.693147180559945, 1.386294361119891}},
      Unary{"log1p",
            [](const X& in) { return in[0].log1p(); },
            {0, e - 1, -0.5, 3},
            {0, 1, -0.693147180559945, 1.386294361119891}},
      Unary{"sqrt", [](const X& in) { return in[0].sqrt(); }, {1, 4, 2.25, 9}, {1, 2, 1.5, 3}},
      Unary{"rsqrt", [](const X& in) { return in[0].rsqrt(); }, {1, 4, 0.25, 16}, {1, 0.5, 2, 0.25}},
      Unary{"reciprocal", [](const X& in) { return in[0].reciprocal(); }, {1, 2, -4, 0.5}, {1, 0.5, -0.25, 2}},
      Unary{"abs", [](const X& in) { return in[0].abs(); }, {-3, -0.5, 2, 1}, {3, 0.5, 2, 1}},
      Unary{"sin", [](const X& in) { return in[0].sin(); }, {0, pi / 2, -pi / 6, 1}, {0, 1, -0.5, 0.841470984807897}},
      Unary{"cos", [](const X& in) { return in[0].cos(); }, {0, pi, pi / 3, 1}, {1, -1, 0.5, 0.540302305868140}},
      Unary{"number - x", [](const X& in) { return 3 - in[0]; }, {-3, -0.5, 2, 1}, {6, 3.5, 1, 2}},
      Unary{"number / x", [](const X& in) { return 3 / in[0]; }, {-3, -0.5, 2, 1}, {-1, -6, 1.5, 3}},
      Unary{"x / number", [](const X& in) { return in[0] / 4; }, {-3, -0.5, 2, 1}, {-0.75, -0.125, 0.5, 0.25}},
      Unary{"x^2", [](const X& in) { return in[0].pow(2); }, {-3, 0.5, 0, 2}, {9, 0.25, 0, 4}},
      Unary{"x^3", [](const X& in) { return in[0].pow(3); }, {-3, 0.5, 0, 2}, {-27, 0.125, 0, 8}},
      Unary{"x^0.5", [](const X& in) { return in[0].pow(0.5); }, {1, 4, 2.25, 9}, {1, 2, 1.5, 3}},
      Unary{"x^-1.5", [](const X& in) { return in[0].pow(-1.5); }, {1, 4, 0.25, 9}, {1, 0.125, 8, 1 / 27.0}},
      Unary{"x^1", [](const X& in) { return in[0].pow(1); }, {-3, 0.5, 0, 2}, {-3, 0.5, 0, 2}},
      Unary{"2^x", [](const X& in) { return cr::pow(2, in[0]); }, {-1, 0, 3, 0.5}, {0.5, 1, 8, 1.414213562373095}},
      Unary{"clamp", [](const X& in) { return in[0].clamp(-1, 2); }, {-3, 0.5, 2.5, 1}, {-1, 0.5, 2, 1}});
  INFO(row.name);
  CHECK(differs(row.f({tensor(row.x)}), row.y) == "");
  const auto& x = row.x;
  auto crossed =
      tensor(std::vector<double>{x[0], x[2], x[1], x[3]}).view({2, 2}).t();  // the same values, column by column
  CHECK(differs(row.f({crossed}), row.y) == "");
  CHECK(row.f({cr::zeros<double>({0, 3})}).shape() == Shape{0, 3});
  CHECK(row.f({tensor<double>(x[1])}).shape() == Shape{});
  CHECK(differs(row.f({tensor<double>(x[1])}), {row.y[1]}) == "");
  check_derivatives(row.f, {leaf(x)});
}

TEST_CASE("float ops agree with their double forms", "[ops][elementwise]") {
  auto x = tensor({0.5, 1, 2});
  CHECK(differs(x.exp() + x.log() + x.log1p(), {1.361039278, 3.411429009, 9.180815529}) == "");
  CHECK(differs(x.sqrt() + x.rsqrt() + x.reciprocal(), {4.121320344, 3, 2.621320344}) == "");
  CHECK(differs(x.sin() * x.cos(), {0.420735492, 0.454648713, -0.378401248}) == "");
  CHECK(differs(x.pow(x), {0.707106781, 1, 4}) == "");
}

TEST_CASE("special values come out as in PyTorch", "[ops][elementwise]") {
  auto x = tensor<double>({nan, inf, -inf, 0});
  CHECK(differs(x.log(), {nan, inf, nan, -inf}) == "");
  CHECK(differs(x.sqrt(), {nan, inf, nan, 0}) == "");
  CHECK(differs(x.rsqrt(), {nan, 0, nan, inf}) == "");
  CHECK(differs(x.exp(), {nan, inf, 0, 1}) == "");
  CHECK(differs(x.abs(), {nan, inf, inf, 0}) == "");
  CHECK(differs(x.sign(), {0, 1, -1, 0}) == "");
  CHECK(differs(x.clamp(-1, 1), {nan, 1, -1, 0}) == "");
  CHECK(differs(tensor<double>({1e-10}).log1p() * 1e10, {1}) == "");
}

TEST_CASE("gradients at kinks and jumps are PyTorch's", "[ops][elementwise]") {
  CHECK(differs(gradient([](const X& in) { return in[0].abs(); }, {-2, 0, 3}), {-1, 0, 3}) == "");
  CHECK(differs(gradient([](const X& in) { return in[0].sign(); }, {-2, 0, 3}), {0, 0, 0}) == "");
  CHECK(differs(gradient([](const X& in) { return in[0].round() + in[0].floor() + in[0].ceil(); }, {-2.2, 0, 3}),
                {0, 0, 0}) == "");
  CHECK(differs(gradient([](const X& in) { return in[0].sqrt(); }, {0, 4}), {inf, 0.5}) == "");
  // clamp: 0 on the bounds too; a bound that is not given bounds nothing
  CHECK(differs(gradient([](const X& in) { return in[0].clamp(-1, 1); }, {-2, -1, 0, 1, nan}), {0, 0, 3, 0, 0}) == "");
  CHECK(differs(gradient([](const X& in) { return in[0].clamp({}, 1); }, {-inf, -1, 0, 1, 2}), {1, 2, 3, 0, 0}) == "");
  CHECK(differs(gradient([](const X& in) { return in[0].clamp(1); }, {-2, 1, inf}), {0, 0, 3}) == "");
  // ties share
  CHECK(differs(gradient([](const X& in) { return cr::maximum(in[0], cr::zeros_like(in[0])); }, {-2, 0, 3}),
                {0, 1, 3}) == "");
  CHECK(differs(gradient([](const X& in) { return cr::minimum(in[0], cr::zeros_like(in[0])); }, {-2, 0, 3}),
                {1, 1, 0}) == "");
  CHECK(differs(gradient([](const X& in) { return cr::maximum(in[0], in[0]); }, {-2, 0, 3}), {1, 2, 3}) == "");
}

TEST_CASE("fmod and remainder of integers, and by 0", "[ops][fmod]") {
  using I = std::int64_t;
  const auto a = cr::tensor<I>({-7, 7, -7, 7}), b = cr::tensor<I>({3, 3, -3, -3});
  CHECK(cr::fmod(a, b).to_vector() == std::vector<I>{-1, 1, -1, 1});
  CHECK(cr::remainder(a, b).to_vector() == std::vector<I>{2, 1, -1, -2});
  CHECK(cr::remainder(cr::arange(5), 2).to_vector() == std::vector<I>{0, 1, 0, 1, 0});
  CHECK(cr::fmod(cr::tensor<I>({std::numeric_limits<I>::lowest()}), -1).item() == 0);
  CHECK_THROWS_AS(cr::fmod(a, 0), cr::Error);
  CHECK_THROWS_AS(cr::remainder(a, cr::zeros_like(a)), cr::Error);
  CHECK(std::isnan(cr::remainder(cr::tensor({1}), 0).item()));
}

TEST_CASE("nan_to_num, count_nonzero and median know NaN", "[ops][nan]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  auto x = cr::tensor<double>({nan, inf, -inf, 2}, {.requires_grad = true});
  CHECK(cr::nan_to_num(x, 7, 8, -8).to_vector() == std::vector<double>{7, 8, -8, 2});
  CHECK(cr::nan_to_num(x).to_vector() ==
        std::vector<double>{0, std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest(), 2});
  x.nan_to_num().sum().backward();
  CHECK(x.grad().to_vector() == std::vector<double>{0, 0, 0, 1});
  CHECK(cr::count_nonzero(x).item() == 4);
  CHECK(std::isnan(cr::median(x).item()));
  CHECK(cr::tensor({3, 1, 2}).median(0).indices.item() == 2);
  CHECK(cr::log2(cr::tensor({8, 1024, 0.125})).to_vector() == std::vector<float>{3, 10, -3});
  CHECK(cr::exp2(cr::tensor({3, 10, -3})).to_vector() == std::vector<float>{8, 1024, 0.125});
  CHECK(cr::tensor({{1, 2}, {3, 4}}).ravel().ndim() == 1);
}

TEST_CASE("remainder and fmod divide by the quotient of the forward pass in their gradients", "[ops][fmod]") {
  auto quotients = [](auto f, const Tensor<float>& a, const Tensor<float>& b) {
    auto divisor = b.clone();
    divisor.requires_grad_();
    f(a, divisor).sum().backward();
    return divisor.grad();
  };
  auto rest = [](const auto& a, const auto& b) { return cr::remainder(a, b); };
  auto cut = [](const auto& a, const auto& b) { return cr::fmod(a, b); };
  const auto a = tensor({1, -1, 5, -5, 1, -1}), b = tensor({0.1f, 0.1f, -3, 3, 0, inf});
  CHECK(differs(quotients(rest, a, b), {-9, 10, 2, 2, -inf, 1}) == "");  // 1 / 0.1f rounds to 10
  CHECK(differs(quotients(cut, a, b), {-9, 9, 1, 1, -inf, 0}) == "");
}

TEST_CASE("lerp is exact at both ends", "[ops][lerp]") {
  const auto start = tensor({1e8f, 1e30f}), end = tensor({1, 5});
  CHECK(cr::lerp(start, end, 1).to_vector() == std::vector<float>{1, 5});
  CHECK(cr::lerp(start, end, tensor({1, 0})).to_vector() == std::vector<float>{1, 1e30f});
  CHECK(cr::lerp(end, start, 0).to_vector() == std::vector<float>{1, 5});
  CHECK(cr::lerp(tensor<std::int64_t>({0, 10}), tensor<std::int64_t>({3, 20}), 2).to_vector() ==
        std::vector<std::int64_t>{6, 30});
  check_derivatives([](const auto& in) { return cr::lerp(in[0], in[1], in[2]); },
                    {leaf({1, -2, 3}), leaf({5}), leaf({0.3, 0.5, 0.9})});
  check_derivatives([](const auto& in) { return cr::lerp(in[0], in[1], 0.7); }, {leaf({1, -2, 3}), leaf({5})});
}

TEST_CASE("atan2's gradient is 0 at the origin, and right for the largest and smallest numbers", "[ops][atan2]") {
  auto y = tensor({0, 1e-30f, 1e30f, 0}, {.requires_grad = true}),
       x = tensor({0, 1e-30f, 1e30f, 2}, {.requires_grad = true});
  auto grads = cr::autograd::grad<float>({cr::atan2(y, x).sum()}, {y, x}, {}, {.create_graph = true});
  CHECK(differs(grads[0], {0, 5e29, 5e-31, 0.5}) == "");
  CHECK(differs(grads[1], {0, -5e29, -5e-31, 0}) == "");
  for (float v : cr::autograd::grad<float>({grads[0][0] + grads[1][0]}, {y})[0].slice(0, 0, 1).to_vector())
    CHECK(v == 0);
}

TEST_CASE("second derivatives of asin and acos are infinite at 1, not NaN", "[ops][asin]") {
  auto x = leaf({1, -1, 0.5});
  auto second = [&](const Tensor<double>& y) {
    return cr::autograd::grad<double>({cr::autograd::grad<double>({y.sum()}, {x}, {}, {.create_graph = true})[0].sum()},
                                      {x})[0];
  };
  CHECK(differs(second(cr::asin(x)), {inf, -inf, 0.7698003589195010}) == "");
  CHECK(differs(second(cr::acos(x)), {-inf, inf, -0.7698003589195010}) == "");
}

TEST_CASE("x^-0.5 is rsqrt", "[ops][pow]") {
  CHECK(differs(cr::pow(tensor({-0.0f, static_cast<float>(-inf), 4}), -0.5), {-inf, nan, 0.5}) == "");
}

}  // namespace
}  // namespace chainrule_test

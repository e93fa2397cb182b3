// Smooth functions of one operand, element by element: f, f' and f'' of each as plain functions of a double.

#include "random/draw.hpp"

namespace chainrule_test::drawn {

namespace {

constexpr double ln2 = 0.693147180559945309417, ln10 = 2.302585092994045684018;

struct Scalar {
  double f, f1, f2;
};
using Curve = std::function<Scalar(double)>;

Array curve_of(const Array& a, const Curve& curve) {
  return map(a, [&](const Number& x) {
    const Scalar c = curve(x.v);
    return chain(x, c.f, c.f1, c.f2);
  });
}

// The convention at the kinks: f1 and f2 as they are written, with the comparisons of the op's docstring.
RandomOp unary_call(const std::string& op, const std::string& name, Spread spread, const Call& call, const Curve& curve,
                    Level level, bool nan_gradients) {
  return {op, [=](Draw& d) {
            Sample s;
            s.call = name;
            s.level = level;
            s.nan_gradients = nan_gradients;
            s.inputs = {d.values(d.shape(), spread)};
            s.run = call;
            s.expects([=](const Arrays& in) { return curve_of(in[0], curve); });
            return s;
          }};
}
template <class F>
RandomOp unary(const std::string& op, const std::string& name, Spread spread, const F& call, const Curve& curve,
               Level level = Level::second, bool nan_gradients = true) {
  return unary_call(op, name, spread, Call::of_one(call), curve, level, nan_gradients);
}

Scalar sigmoid_of(double x) {
  const double s = 1 / (1 + std::exp(-x));
  return {s, s * (1 - s), s * (1 - s) * (1 - 2 * s)};
}
}  // namespace

RandomOps unary_ops() {
  using std::exp, std::log, std::sqrt, std::sin, std::cos;
  const Spread all, positive{.low = 0.25, .high = 4}, unit{.low = -0.9375, .high = 0.9375}, wide{.low = -5, .high = 5};
  return {
      unary(
          "exp", "exp", all, [](const auto& x) { return cr::exp(x); },
          [](double x) {
            return Scalar{exp(x), exp(x), exp(x)};
          }),
      unary(
          "exp", "exp2", all, [](const auto& x) { return cr::exp2(x); },
          [](double x) {
            return Scalar{std::exp2(x), ln2 * std::exp2(x), ln2 * ln2 * std::exp2(x)};
          }),
      unary(
          "exp", "expm1", all, [](const auto& x) { return cr::expm1(x); },
          [](double x) {
            return Scalar{std::expm1(x), exp(x), exp(x)};
          }),
      unary(
          "log", "log", positive, [](const auto& x) { return cr::log(x); },
          [](double x) {
            return Scalar{log(x), 1 / x, -1 / (x * x)};
          }),
      unary(
          "log", "log of any sign", all, [](const auto& x) { return cr::log(x); },
          [](double x) {
            return Scalar{log(x), 1 / x, -1 / (x * x)};
          },
          Level::value),
      unary(
          "log", "log1p", {.low = -0.75, .high = 4}, [](const auto& x) { return cr::log1p(x); },
          [](double x) {
            return Scalar{std::log1p(x), 1 / (1 + x), -1 / ((1 + x) * (1 + x))};
          }),
      unary(
          "log", "log2", positive, [](const auto& x) { return cr::log2(x); },
          [](double x) {
            return Scalar{std::log2(x), 1 / (x * ln2), -1 / (x * x * ln2)};
          }),
      unary(
          "log", "log10", positive, [](const auto& x) { return cr::log10(x); },
          [](double x) {
            return Scalar{std::log10(x), 1 / (x * ln10), -1 / (x * x * ln10)};
          }),
      unary(
          "sqrt", "sqrt", positive, [](const auto& x) { return cr::sqrt(x); },
          [](double x) {
            return Scalar{sqrt(x), 0.5 / sqrt(x), -0.25 / (x * sqrt(x))};
          }),
      unary(
          "sqrt", "sqrt of any sign", all, [](const auto& x) { return cr::sqrt(x); },
          [](double x) {
            return Scalar{sqrt(x), 0.5 / sqrt(x), -0.25 / (x * sqrt(x))};
          }),
      unary(
          "sqrt", "rsqrt", positive, [](const auto& x) { return cr::rsqrt(x); },
          [](double x) {
            return Scalar{1 / sqrt(x), -0.5 / (x * sqrt(x)), 0.75 / (x * x * sqrt(x))};
          }),
      unary(
          "square", "square", all, [](const auto& x) { return cr::square(x); },
          [](double x) {
            return Scalar{x * x, 2 * x, 2};
          }),
      unary(
          "reciprocal", "reciprocal", positive, [](const auto& x) { return cr::reciprocal(x); },
          [](double x) {
            return Scalar{1 / x, -1 / (x * x), 2 / (x * x * x)};
          }),
      unary(
          "neg", "neg", all, [](const auto& x) { return -x; },
          [](double x) {
            return Scalar{-x, -1, 0};
          }),
      unary(
          "abs", "abs", all, [](const auto& x) { return cr::abs(x); },
          [](double x) {
            return Scalar{std::abs(x), double(x > 0) - (x < 0), 0};
          }),
      unary(
          "abs", "sign", all, [](const auto& x) { return cr::sign(x); },
          [](double x) {
            return Scalar{double(x > 0) - (x < 0), 0, 0};
          }),
      unary(
          "sin", "sin", all, [](const auto& x) { return cr::sin(x); },
          [](double x) {
            return Scalar{sin(x), cos(x), -sin(x)};
          }),
      unary(
          "sin", "cos", all, [](const auto& x) { return cr::cos(x); },
          [](double x) {
            return Scalar{cos(x), -sin(x), -cos(x)};
          }),
      unary(
          "sin", "tan", {.low = -1, .high = 1}, [](const auto& x) { return cr::tan(x); },
          [](double x) {
            const double t = std::tan(x), t1 = 1 + t * t;
            return Scalar{t, t1, 2 * t * t1};
          }),
      unary(
          "asin", "asin", unit, [](const auto& x) { return cr::asin(x); },
          [](double x) {
            const double r = sqrt(1 - x * x);
            return Scalar{std::asin(x), 1 / r, x / (r * r * r)};
          }),
      unary(
          "asin", "acos", unit, [](const auto& x) { return cr::acos(x); },
          [](double x) {
            const double r = sqrt(1 - x * x);
            return Scalar{std::acos(x), -1 / r, -x / (r * r * r)};
          }),
      unary(
          "asin", "atan", all, [](const auto& x) { return cr::atan(x); },
          [](double x) {
            return Scalar{std::atan(x), 1 / (1 + x * x), -2 * x / ((1 + x * x) * (1 + x * x))};
          }),
      unary(
          "sinh", "sinh", all, [](const auto& x) { return cr::sinh(x); },
          [](double x) {
            return Scalar{std::sinh(x), std::cosh(x), std::sinh(x)};
          }),
      unary(
          "sinh", "cosh", all, [](const auto& x) { return cr::cosh(x); },
          [](double x) {
            return Scalar{std::cosh(x), std::sinh(x), std::cosh(x)};
          }),
      unary(
          "tanh", "tanh", wide, [](const auto& x) { return cr::tanh(x); },
          [](double x) {
            const double t = std::tanh(x);
            return Scalar{t, 1 - t * t, -2 * t * (1 - t * t)};
          }),
      unary(
          "sigmoid", "sigmoid", wide, [](const auto& x) { return cr::sigmoid(x); }, sigmoid_of),
      unary(
          "erf", "erf", all, [](const auto& x) { return cr::erf(x); },
          [](double x) {
            const double slope = 2 / sqrt(M_PI) * exp(-x * x);
            return Scalar{std::erf(x), slope, -2 * x * slope};
          }),
  };
}

}  // namespace chainrule_test::drawn

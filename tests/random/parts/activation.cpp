// Activations, rounding and other functions with kinks, of one operand, element by element: f, f' and f'' of each as
// plain functions of a double.

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
Scalar gelu_of(double x) {
  const double cdf = 0.5 * std::erfc(-x / std::sqrt(2.0)), pdf = std::exp(-0.5 * x * x) / std::sqrt(2 * M_PI);
  return {x * cdf, cdf + x * pdf, pdf * (2 - x * x)};
}
Scalar gelu_tanh_of(double x) {
  const double k = std::sqrt(2 / M_PI), u = k * (x + 0.044715 * x * x * x), du = k * (1 + 3 * 0.044715 * x * x),
               ddu = k * 6 * 0.044715 * x;
  const double t = std::tanh(u), dt = (1 - t * t) * du, ddt = -2 * t * dt * du + (1 - t * t) * ddu;
  return {0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * x * dt, dt + 0.5 * x * ddt};
}

// Ops of any element type, of which the integers have values only.
template <class Call, class Plain>
RandomOp of_any_type(const std::string& op, const std::string& name, const Call& call, const Plain& plain) {
  return {op, [=](Draw& d) {
            Sample s;
            with_any_type(d, [&](auto zero) {
              using T = decltype(zero);
              const Array x = values_of<T>(d, d.shape());
              s.call = name + " of " + cr::name_of(d.tensor<T>(x).dtype());
              s.inputs = {x};
              s.values = [&d, x, call] { return Arrays{array_of(call(d.tensor<T>(x)))}; };
              s.expects([plain](const Arrays& in) {
                return map(in[0],
                           [&](const Number& v) { return Number(static_cast<double>(static_cast<T>(plain(v.v)))); });
              });
            });
            return s;
          }};
}

RandomOp with_arguments(const std::string& op, const std::function<void(Draw&, Sample&, Curve&)>& fill) {
  return {op, [=](Draw& d) {
            Sample s;
            Curve curve;
            s.inputs = {d.values(d.shape(), {.low = -3, .high = 3})};
            fill(d, s, curve);
            s.expects([curve](const Arrays& in) { return curve_of(in[0], curve); });
            return s;
          }};
}

}  // namespace

RandomOps activation_ops() {
  using std::exp, std::log, std::sqrt;
  const Spread all, wide{.low = -5, .high = 5};
  const auto none = Level::first;
  RandomOps ops = {
      unary(
          "relu", "relu", all, [](const auto& x) { return cr::relu(x); },
          [](double x) {
            return Scalar{x <= 0 ? 0 : x, double(!(x <= 0)), 0};
          }),
      unary(
          "gelu", "gelu", wide, [](const auto& x) { return cr::gelu(x); }, gelu_of),
      unary(
          "gelu", "gelu with tanh", wide, [](const auto& x) { return cr::gelu(x, {.approximate = "tanh"}); },
          gelu_tanh_of),
      unary(
          "silu", "silu", wide, [](const auto& x) { return cr::silu(x); },
          [](double x) {
            const Scalar s = sigmoid_of(x);
            return Scalar{x == -inf ? nan : x * s.f, s.f + x * s.f1, 2 * s.f1 + x * s.f2};
          }),
      unary(
          "round", "round", all, [](const auto& x) { return cr::round(x); },
          [](double x) {
            return Scalar{std::nearbyint(x), 0, 0};
          },
          none),
      unary(
          "round", "floor", all, [](const auto& x) { return cr::floor(x); },
          [](double x) {
            return Scalar{std::floor(x), 0, 0};
          },
          none),
      unary(
          "round", "ceil", all, [](const auto& x) { return cr::ceil(x); },
          [](double x) {
            return Scalar{std::ceil(x), 0, 0};
          },
          none),
      unary(
          "round", "trunc", all, [](const auto& x) { return cr::trunc(x); },
          [](double x) {
            return Scalar{std::trunc(x), 0, 0};
          },
          none),
      unary(
          "binary_cross_entropy", "logsigmoid", wide, [](const auto& x) { return cr::logsigmoid(x); },
          [](double x) {
            const Scalar s = sigmoid_of(x);
            return Scalar{x < 0 ? x - std::log1p(exp(x)) : -std::log1p(exp(-x)), 1 - s.f, -s.f1};
          }),
      of_any_type(
          "abs", "abs", [](const auto& x) { return cr::abs(x); }, [](double x) { return std::abs(x); }),
      of_any_type(
          "abs", "sign", [](const auto& x) { return cr::sign(x); }, [](double x) { return double(x > 0) - (x < 0); }),
      of_any_type(
          "square", "square", [](const auto& x) { return cr::square(x); }, [](double x) { return x * x; }),
      of_any_type(
          "round", "ceil", [](const auto& x) { return cr::ceil(x); }, [](double x) { return std::ceil(x); }),
      of_any_type(
          "isfinite", "isfinite", [](const auto& x) { return cr::isfinite(x).template to<float>(); },
          [](double x) { return double(std::isfinite(x)); }),
      of_any_type(
          "isfinite", "isnan", [](const auto& x) { return cr::isnan(x).template to<float>(); },
          [](double x) { return double(std::isnan(x)); }),
      of_any_type(
          "isfinite", "isinf", [](const auto& x) { return cr::isinf(x).template to<float>(); },
          [](double x) { return double(std::isinf(x)); }),
  };
  ops.push_back(with_arguments("leaky_relu", [](Draw& d, Sample& s, Curve& curve) {
    const double slope = d.any({0.01, 0.5, 0.0, -0.25, 2.0});
    s.call = "leaky_relu(" + std::to_string(slope) + ")";
    s.calls([=](const auto& in) { return cr::leaky_relu(in[0], slope); });
    curve = [=](double x) { return Scalar{x > 0 ? x : slope * x, x > 0 ? 1 : slope, 0}; };
  }));
  ops.push_back(with_arguments("elu", [](Draw& d, Sample& s, Curve& curve) {
    const double alpha = d.any({1.0, 0.5, 2.0, 0.0, -0.5});
    s.call = "elu(" + std::to_string(alpha) + ")";
    s.calls([=](const auto& in) { return cr::elu(in[0], alpha); });
    curve = [=](double x) {
      return x > 0 ? Scalar{x, 1, 0} : Scalar{alpha * std::expm1(x), alpha * exp(x), x == 0 ? 0 : alpha * exp(x)};
    };
  }));
  ops.push_back(with_arguments("softplus", [](Draw& d, Sample& s, Curve& curve) {
    const double beta = d.any({1.0, 0.5, 2.0, -1.0}), threshold = d.any({20.0, 3.0, 0.5});
    s.call = "softplus(" + std::to_string(beta) + ", " + std::to_string(threshold) + ")";
    s.calls([=](const auto& in) { return cr::softplus(in[0], beta, threshold); });
    curve = [=](double x) {
      const Scalar g = sigmoid_of(beta * x);
      return beta * x > threshold ? Scalar{x, 1, 0} : Scalar{std::log1p(exp(beta * x)) / beta, g.f, beta * g.f1};
    };
  }));
  ops.push_back(with_arguments("clamp", [](Draw& d, Sample& s, Curve& curve) {
    const bool low = d.chance(0.7), high = !low || d.chance(0.7);
    const double min = d.any({-1.0, 0.0, 1.0, -inf}), max = d.any({-0.5, 0.5, 1.0, inf});
    s.call = "clamp(" + (low ? std::to_string(min) : "") + ", " + (high ? std::to_string(max) : "") + ")";
    s.calls([=](const auto& in) {
      using T = typename std::decay_t<decltype(in[0])>::value_type;
      const std::optional<T> a = low ? std::optional<T>(T(min)) : std::nullopt,
                             b = high ? std::optional<T>(T(max)) : std::nullopt;
      return cr::clamp(in[0], a, b);
    });
    curve = [=](double x) {
      const double at_least = low && x < min ? min : x, y = high && at_least > max ? max : at_least;
      return Scalar{y, (!low || x > min) && (!high || x < max) ? 1.0 : 0.0, 0};
    };
  }));
  ops.push_back(with_arguments("nan_to_num", [](Draw& d, Sample& s, Curve& curve) {
    const double of_nan = d.any({0.0, 7.0}), up = d.any({5.0, 9.0}), down = d.any({-5.0, 0.0});
    s.call = "nan_to_num";
    s.nan_gradients = true;
    s.calls([=](const auto& in) { return cr::nan_to_num(in[0], of_nan, up, down); });
    curve = [=](double x) {
      return std::isfinite(x) ? Scalar{x, 1, 0} : Scalar{std::isnan(x) ? of_nan : x > 0 ? up : down, 0, 0};
    };
  }));
  ops.push_back(with_arguments("pow", [](Draw& d, Sample& s, Curve& curve) {
    const double e = d.any({0.0, 1.0, 2.0, 3.0, 4.0, -1.0, -2.0, 0.5, 1.5, -0.5});
    s.call = "pow(x, " + std::to_string(e) + ")";
    if (e != std::floor(e) || e < 0) s.inputs = {d.values(d.shape(), {.low = 0.25, .high = 3})};
    s.nan_gradients = e != 0;
    s.calls([=](const auto& in) { return cr::pow(in[0], e); });
    curve = [=](double x) {
      return Scalar{e == 0.5    ? sqrt(x)
                    : e == -0.5 ? 1 / sqrt(x)
                                : std::pow(x, e),
                    e == 0 ? 0 : e * std::pow(x, e - 1), e == 0 || e == 1 ? 0 : e * (e - 1) * std::pow(x, e - 2)};
    };
  }));
  ops.push_back(with_arguments("pow", [](Draw& d, Sample& s, Curve& curve) {
    const double base = d.any({0.0, 0.5, 1.0, 2.0});
    s.call = "pow(" + std::to_string(base) + ", x)";
    s.nan_gradients = false;
    if (base == 0) s.level = Level::first;
    s.calls([=](const auto& in) { return cr::pow(base, in[0]); });
    curve = [=](double x) {
      const double y = std::pow(base, x), l = base == 0 ? 0 : log(base);
      return base == 0 && x < 0 ? Scalar{y, nan, nan} : Scalar{y, y * l, y * l * l};
    };
  }));
  return ops;
}

}  // namespace chainrule_test::drawn

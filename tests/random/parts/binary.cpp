// Arithmetic of two operands with broadcasting, and of one operand with a scalar on either side.

#include "random/draw.hpp"

namespace chainrule_test::drawn {

namespace {

using Plain = std::function<Number(const Number&, const Number&)>;

// Shapes that broadcast together, seldom ones that do not.
void draw_pair(Draw& d, Sample& s, const Spread& left, const Spread& right) {
  const Sizes wide = d.shape();
  Sizes a = d.shape_from(wide), b = d.flag() ? d.shape_from(wide) : wide;
  if (d.chance(0.03) && !a.empty() && !b.empty() && a.back() > 1) {
    b.back() = a.back() + 1;
    s.refused = true;
  }
  s.inputs = {d.values(a, left), d.values(b, right)};
}

// `scalar(c)` is the call with a scalar on the right.
RandomOp binary_call(const std::string& op, const std::string& name, Spread left, Spread right, const Call& call,
                     const Call& itself, const std::function<Call(double)>& scalar, const Plain& plain,
                     bool nan_gradients, Level level) {
  return {op, [=](Draw& d) {
            Sample s;
            s.call = name;
            s.level = level;
            s.nan_gradients = nan_gradients;
            draw_pair(d, s, left, right);
            if (op == "fmod" && !s.refused &&
                d.chance(0.3)) {  // a quotient next to a whole number, on either side of it once it is rounded
              s.double_only = d.flag();
              const Sizes shape = broadcast(s.inputs[0].shape, s.inputs[1].shape);
              const Array b = expand(s.inputs[1], shape);
              s.inputs[0] = map(b, [&](const Number& v) {
                const double near = static_cast<double>(d.between(-12, 12)) * v.v;
                return Number(s.double_only ? near : static_cast<double>(static_cast<float>(near)));
              });
              if (s.double_only) {
                for (auto& v : s.inputs[1].x) v = v.v * (1 + 0x1p-40);
                s.inputs[1].same.clear();
                s.inputs[0] = map(expand(s.inputs[1], shape), [&](const Number& v) {
                  return Number(static_cast<double>(d.between(-12, 12)) * v.v);
                });
              }
              s.run = call;
              s.expects([=](const Arrays& in) { return zip(in[0], in[1], plain); });
              return s;
            }
            if (d.chance(0.05) && !s.refused && left.low == right.low) {  // an operand with itself
              s.inputs.pop_back();
              s.run = itself;
              s.expects([=](const Arrays& in) { return zip(in[0], in[0], plain); });
              s.call += " with itself";
              return s;
            }
            if (d.chance(0.25) && !s.refused) {  // a scalar on the right
              const double c = d.value(right);
              s.inputs.pop_back();
              s.call += " with " + std::to_string(c);
              s.run = scalar(c);
              s.expects([=](const Arrays& in) { return zip(in[0], filled({}, Number(c)), plain); });
              return s;
            }
            s.run = call;
            s.expects([=](const Arrays& in) { return zip(in[0], in[1], plain); });
            return s;
          }};
}
template <class F>
RandomOp binary(const std::string& op, const std::string& name, Spread left, Spread right, const F& call,
                const Plain& plain, bool nan_gradients = false, Level level = Level::second) {
  const auto scalar = [=](double c) {
    return Call::of_one([=](const auto& x) {
      if constexpr (requires { call(x, 1.5); }) return call(x, c);
      else return call(x, cr::full_like(x, c));
    });
  };
  return binary_call(op, name, left, right, Call::of_two(call), Call::of_one([=](const auto& x) { return call(x, x); }),
                     scalar, plain, nan_gradients, level);
}

// a - b floor(a / b), the quotient rounded down so that it is exact: what fmod leaves, divided.
Number rest(const Number& a, const Number& b, bool down) {
  if (b.v == 0 || !std::isfinite(a.v) || std::isnan(b.v)) return {nan, nan, nan, nan};
  double r = std::fmod(a.v, b.v);
  if (down && r != 0 && (r < 0) != (b.v < 0)) r += b.v;
  const double q = std::isinf(b.v) ? (r == a.v ? 0 : -1) : std::nearbyint((a.v - r) / b.v);
  Number y = a - Number(q) * b;
  y.v = r;
  return y;
}

// a / b rounded down; its derivatives are 0.
Number floor_quotient(double a, double b) {
  if (b == 0) return Number(a / b);
  if (!std::isfinite(a) || std::isnan(b)) return Number(nan);
  double r = std::fmod(a, b);
  if (r != 0 && (r < 0) != (b < 0)) r += b;
  return Number(std::isinf(b) ? (r == a ? 0 : -1) : std::nearbyint((a - r) / b));
}

Number pow_of(const Number& x, const Number& e) {  // x > 0, or e a constant
  Number y = exp(e * log(x));
  y.v = std::pow(x.v, e.v);
  return y;
}

}  // namespace

RandomOps binary_ops() {
  const Spread all, away{.low = 0.25, .high = 3}, positive{.low = 0.25, .high = 3, .specials = false};
  RandomOps ops = {
      binary(
          "add", "add", all, all, [](const auto& a, const auto& b) { return a + b; },
          [](const Number& a, const Number& b) { return a + b; }, true),
      binary(
          "sub", "sub", all, all, [](const auto& a, const auto& b) { return a - b; },
          [](const Number& a, const Number& b) { return a - b; }, true),
      binary(
          "sub", "sub from", all, all, [](const auto& a, const auto& b) { return b - a; },
          [](const Number& a, const Number& b) { return b - a; }, true),
      binary(
          "mul", "mul", all, all, [](const auto& a, const auto& b) { return a * b; },
          [](const Number& a, const Number& b) { return a * b; }),
      binary(
          "div", "div", all, away, [](const auto& a, const auto& b) { return a / b; },
          [](const Number& a, const Number& b) { return a / b; }),
      binary(
          "div", "div of", away, all, [](const auto& a, const auto& b) { return b / a; },
          [](const Number& a, const Number& b) { return b / a; }),
      binary(
          "div", "div by 0 too", all, all, [](const auto& a, const auto& b) { return a / b; },
          [](const Number& a, const Number& b) { return a / b; }, false, Level::value),
      binary(
          "pow", "pow", positive, all, [](const auto& a, const auto& b) { return cr::pow(a, b); }, pow_of),
      binary(
          "pow", "pow of any sign", all, all, [](const auto& a, const auto& b) { return cr::pow(a, b); },
          [](const Number& a, const Number& b) { return Number(std::pow(a.v, b.v)); }, false, Level::value),
      binary(
          "atan2", "atan2", away, all,
          [](const auto& a, const auto& b) -> decltype(cr::atan2(a, b)) { return cr::atan2(a, b); },
          [](const Number& y, const Number& x) {
            if (!std::isfinite(x.v) || !std::isfinite(y.v)) return Number(std::atan2(y.v, x.v));
            const Number q = x / y;  // y > 0: pi / 2 - atan(x / y)
            Number r = -chain(q, std::atan(q.v), 1 / (1 + q.v * q.v), -2 * q.v / ((1 + q.v * q.v) * (1 + q.v * q.v)));
            r.v = std::atan2(y.v, x.v);
            return r;
          }),
      binary(
          "atan2", "atan2 of any sign", all, all,
          [](const auto& a, const auto& b) -> decltype(cr::atan2(a, b)) { return cr::atan2(a, b); },
          [](const Number& y, const Number& x) { return Number(std::atan2(y.v, x.v)); }, false, Level::value),
      binary(
          "fmod", "fmod", {.low = -5, .high = 5}, {.low = -2, .high = 2},
          [](const auto& a, const auto& b) { return cr::fmod(a, b); },
          [](const Number& a, const Number& b) { return rest(a, b, false); }),
      binary(
          "fmod", "remainder", {.low = -5, .high = 5}, {.low = -2, .high = 2},
          [](const auto& a, const auto& b) { return cr::remainder(a, b); },
          [](const Number& a, const Number& b) { return rest(a, b, true); }),
      binary(
          "floor_divide", "floor_divide", {.low = -5, .high = 5}, {.low = -2, .high = 2},
          [](const auto& a, const auto& b) { return cr::floor_divide(a, b); },
          [](const Number& a, const Number& b) { return floor_quotient(a.v, b.v); }, false, Level::value),
  };
  for (const bool larger : {true, false}) {  // g / 2 for each where they are equal
    const auto plain = [larger](const Number& a, const Number& b) {
      if (std::isnan(a.v) || std::isnan(b.v)) return Number(nan);
      if (a.v == b.v) {
        Number y = (a + b) * Number(0.5);
        y.v = a.v;
        return y;
      }
      return (a.v > b.v) == larger ? a : b;
    };
    ops.push_back(binary(
        "maximum", larger ? "maximum" : "minimum", all, all,
        [larger](const auto& a, const auto& b) -> decltype(cr::maximum(a, b)) {
          return larger ? cr::maximum(a, b) : cr::minimum(a, b);
        },
        plain));
  }
  const auto lerp = [](const Number& start, const Number& end, const Number& w) {
    Number y = start + w * (end - start);
    if (!(std::abs(w.v) < 0.5)) y.v = end.v - (end.v - start.v) * (1 - w.v);
    return y;
  };
  ops.push_back({"lerp", [lerp](Draw& d) {
                   Sample s;
                   const Sizes wide = d.shape();
                   // Where start and end are infinite or far apart, only the formula of the nearer end is right.
                   const bool far = d.chance(0.3);
                   const Spread spread{.low = far ? -3e7 : -2, .high = far ? 3e7 : 2, .ties = !far},
                       weights{.low = -1, .high = 2, .specials = false};
                   s.inputs = {d.values(d.shape_from(wide), spread), d.values(wide, {})};
                   const bool number = d.flag();
                   const double c = d.any({0.0, 0.25, 0.5, 0.75, 1.0, 1.5, -0.5});
                   s.call = "lerp(" + (number ? std::to_string(c) : std::string("tensor")) + ")";
                   if (far) s.level = Level::value;
                   if (number) {
                     s.calls([=](const auto& in) { return cr::lerp(in[0], in[1], c); });
                     s.expects([=](const Arrays& in) {
                       return zip(in[0], in[1], [&](const Number& a, const Number& b) { return lerp(a, b, c); });
                     });
                   } else {
                     s.inputs.push_back(far ? d.integers(d.shape_from(wide), -1, 2)
                                            : d.values(d.shape_from(wide), weights));
                     s.calls([=](const auto& in) { return cr::lerp(in[0], in[1], in[2]); });
                     s.expects([=](const Arrays& in) {
                       const Sizes shape = broadcast(broadcast(in[0].shape, in[1].shape), in[2].shape);
                       const Array a = expand(in[0], shape), b = expand(in[1], shape), w = expand(in[2], shape);
                       return build(shape, [&](const Sizes& i) { return lerp(a.at(i), b.at(i), w.at(i)); });
                     });
                   }
                   return s;
                 }});
  return ops;
}

}  // namespace chainrule_test::drawn

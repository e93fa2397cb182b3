// Arithmetic of integers: what C++ computes.

#include "random/draw.hpp"

namespace chainrule_test::drawn {

namespace {

// Values of integers and bool as C++ computes them in T.
template <class Call, class Of>
RandomOp of_integers(const std::string& op, const std::string& name, const Call& call, const Of& plain,
                     bool nonzero = false) {
  return {op, [=](Draw& d) {
            Sample s;
            const auto fill = [&](auto zero) {
              using T = decltype(zero);
              const Sizes wide = d.shape();
              Array a = values_of<T>(d, d.shape_from(wide)), b = values_of<T>(d, wide);
              const bool by_zero = nonzero && d.chance(0.05) && b.numel() > 0;
              for (auto& v : b.x)
                if (nonzero && v.v == 0) v = 3;
              if (by_zero) b = filled(b.shape, 0.0), s.refused = broadcast(a.shape, b.shape) == b.shape;
              s.call = name + " of integers";
              s.inputs = {a, b};
              s.values = [&d, a, b, call] { return Arrays{array_of(call(d.tensor<T>(a), d.tensor<T>(b)))}; };
              s.expects([plain](const Arrays& in) {
                return zip(in[0], in[1], [&](const Number& x, const Number& y) {
                  return Number(static_cast<double>(plain(static_cast<T>(x.v), static_cast<T>(y.v))));
                });
              });
            };
            switch (d.between(0, 2)) {
              case 0: fill(std::int64_t{}); break;
              case 1: fill(std::int32_t{}); break;
              default: fill(std::uint8_t{});
            }
            return s;
          }};
}

template <class T> T floor_mod(T a, T b) {
  const T r = static_cast<T>(a % b);
  return r != 0 && (r < 0) != (b < 0) ? static_cast<T>(r + b) : r;
}

}  // namespace

RandomOps integer_ops() {
  return {
      of_integers(
          "add", "add", [](const auto& a, const auto& b) { return a + b; },
          [](auto a, auto b) { return static_cast<decltype(a)>(a + b); }),
      of_integers(
          "sub", "sub", [](const auto& a, const auto& b) { return a - b; },
          [](auto a, auto b) { return static_cast<decltype(a)>(a - b); }),
      of_integers(
          "mul", "mul", [](const auto& a, const auto& b) { return a * b; },
          [](auto a, auto b) { return static_cast<decltype(a)>(a * b); }),
      of_integers(
          "div", "div", [](const auto& a, const auto& b) { return a / b; },
          [](auto a, auto b) { return static_cast<float>(a) / static_cast<float>(b); }),
      of_integers(
          "fmod", "fmod", [](const auto& a, const auto& b) { return cr::fmod(a, b); },
          [](auto a, auto b) { return static_cast<decltype(a)>(a % b); }, true),
      of_integers(
          "fmod", "remainder", [](const auto& a, const auto& b) { return cr::remainder(a, b); },
          [](auto a, auto b) { return floor_mod(a, b); }, true),
      of_integers(
          "floor_divide", "floor_divide", [](const auto& a, const auto& b) { return cr::floor_divide(a, b); },
          [](auto a, auto b) { return static_cast<decltype(a)>((a - floor_mod(a, b)) / b); }, true),
      of_integers(
          "floor_divide", "trunc",
          [](const auto& a, const auto& b) { return cr::div(a, b, {.rounding_mode = "trunc"}); },
          [](auto a, auto b) { return static_cast<decltype(a)>(a / b); }, true),
      of_integers(
          "maximum", "maximum", [](const auto& a, const auto& b) { return cr::maximum(a, b); },
          [](auto a, auto b) { return a > b ? a : b; }),
      of_integers(
          "pow", "pow", [](const auto& a, const auto& b) { return cr::pow(a, cr::abs(b)); },
          [](auto a, auto b) {
            std::int64_t r = 1;
            for (std::int64_t i = 0; i < std::abs(std::int64_t{b}); ++i) r *= a;
            return static_cast<decltype(a)>(r);
          }),
  };
}

}  // namespace chainrule_test::drawn

// Comparisons and logic, of any element type.

#include "random/draw.hpp"

namespace chainrule_test::drawn {

namespace {

// A result of bool, of any element type, of two operands or of one and a scalar.
template <class Call, class Plain>
RandomOp test_of_two(const std::string& op, const std::string& name, const Call& call, const Plain& plain) {
  return {op, [=](Draw& d) {
            Sample s;
            with_any_type(d, [&](auto zero) {
              using T = decltype(zero);
              const Sizes wide = d.shape();
              const Array a = values_of<T>(d, d.shape_from(wide)), b = values_of<T>(d, d.chance(0.2) ? Sizes{} : wide);
              s.call = name;
              const bool scalar = b.dim() == 0 && d.flag();
              s.inputs = {a, b};
              s.values = [&d, a, b, call, scalar] {
                if (scalar) return Arrays{array_of(call(d.tensor<T>(a), static_cast<T>(b.x[0].v)))};
                return Arrays{array_of(call(d.tensor<T>(a), d.tensor<T>(b)))};
              };
              s.expects([plain](const Arrays& in) {
                return zip(in[0], in[1], [&](const Number& x, const Number& y) { return Number(plain(x.v, y.v)); });
              });
            });
            return s;
          }};
}

template <class Call, class Plain> RandomOp bits_of_two(const std::string& name, const Call& call, const Plain& plain) {
  return {"logical", [=](Draw& d) {
            Sample s;
            const auto fill = [&](auto zero) {
              using T = decltype(zero);
              const Sizes wide = d.shape();
              const Array a = values_of<T>(d, d.shape_from(wide)), b = values_of<T>(d, wide);
              s.call = name;
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
              case 1: fill(std::uint8_t{}); break;
              default: fill(bool{});
            }
            return s;
          }};
}

}  // namespace

RandomOps comparison_ops() {
  return {
      test_of_two(
          "compare", "eq", [](const auto& a, const auto& b) { return cr::eq(a, b); },
          [](double a, double b) { return a == b; }),
      test_of_two(
          "compare", "ne", [](const auto& a, const auto& b) { return cr::ne(a, b); },
          [](double a, double b) { return a != b; }),
      test_of_two(
          "compare", "lt", [](const auto& a, const auto& b) { return cr::lt(a, b); },
          [](double a, double b) { return a < b; }),
      test_of_two(
          "compare", "le", [](const auto& a, const auto& b) { return cr::le(a, b); },
          [](double a, double b) { return a <= b; }),
      test_of_two(
          "compare", "gt", [](const auto& a, const auto& b) { return cr::gt(a, b); },
          [](double a, double b) { return a > b; }),
      test_of_two(
          "compare", "ge", [](const auto& a, const auto& b) { return cr::ge(a, b); },
          [](double a, double b) { return a >= b; }),
      test_of_two(
          "logical", "logical_and", [](const auto& a, const auto& b) { return cr::logical_and(a, b); },
          [](double a, double b) { return a != 0 && b != 0; }),
      test_of_two(
          "logical", "logical_or", [](const auto& a, const auto& b) { return cr::logical_or(a, b); },
          [](double a, double b) { return a != 0 || b != 0; }),
      test_of_two(
          "logical", "logical_xor", [](const auto& a, const auto& b) { return cr::logical_xor(a, b); },
          [](double a, double b) { return (a != 0) != (b != 0); }),
      bits_of_two(
          "bitwise_and", [](const auto& a, const auto& b) { return cr::bitwise_and(a, b); },
          [](auto a, auto b) { return a & b; }),
      bits_of_two(
          "bitwise_or", [](const auto& a, const auto& b) { return cr::bitwise_or(a, b); },
          [](auto a, auto b) { return a | b; }),
      bits_of_two(
          "bitwise_xor", [](const auto& a, const auto& b) { return cr::bitwise_xor(a, b); },
          [](auto a, auto b) { return a ^ b; }),
  };
}

}  // namespace chainrule_test::drawn

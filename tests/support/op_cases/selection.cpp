#include <limits>
#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

OpCases selection_cases() {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const auto a = v({1, 2, 3}), b = v({3, 2, 1}), odd = v({1, nan, inf, -inf});
  const CaseOptions values{.gradient = false, .second = false};
  return {
      op_case(
          "compare", "eq", {a, b}, [](const auto& in) { return in[0] == in[1]; }, v({0, 1, 0}), values),
      op_case(
          "compare", "ne", {a, b}, [](const auto& in) { return in[0] != in[1]; }, v({1, 0, 1}), values),
      op_case(
          "compare", "lt", {a, b}, [](const auto& in) { return in[0] < in[1]; }, v({1, 0, 0}), values),
      op_case(
          "compare", "le", {a, b}, [](const auto& in) { return in[0] <= in[1]; }, v({1, 1, 0}), values),
      op_case(
          "compare", "gt, with a number", {a}, [](const auto& in) { return in[0] > 2; }, v({0, 0, 1}), values),
      op_case(
          "compare", "ge, a number from the left", {a}, [](const auto& in) { return 2 >= in[0]; }, v({1, 1, 0}),
          values),
      op_case(
          "isfinite", "", {odd}, [](const auto& in) { return cr::isfinite(in[0]); }, v({1, 0, 0, 0}), values),
      op_case(
          "isfinite", "isnan", {odd}, [](const auto& in) { return cr::isnan(in[0]); }, v({0, 1, 0, 0}), values),
      op_case(
          "isfinite", "isinf", {odd}, [](const auto& in) { return cr::isinf(in[0]); }, v({0, 0, 1, 1}), values),
      op_case(
          "isclose", "", {v({1, 2, nan}), v({1.000000001, 2.1, nan})},
          [](const auto& in) { return cr::isclose(in[0], in[1]); }, v({1, 0, 0}), values),
      op_case(
          "logical", "and", {v({0, 1, 2}), v({1, 1, 0})}, [](const auto& in) { return cr::logical_and(in[0], in[1]); },
          v({0, 1, 0}), values),
      op_case(
          "logical", "or", {v({0, 1, 2}), v({0, 1, 0})}, [](const auto& in) { return cr::logical_or(in[0], in[1]); },
          v({0, 1, 1}), values),
      op_case(
          "logical", "xor", {v({0, 1, 2}), v({1, 1, 0})}, [](const auto& in) { return cr::logical_xor(in[0], in[1]); },
          v({1, 0, 1}), values),
      op_case(
          "logical", "not", {v({0, 1, 2})}, [](const auto& in) { return cr::logical_not(in[0]); }, v({1, 0, 0}),
          values),
      op_case(
          "logical", "bitwise and of masks", {a, b}, [](const auto& in) { return (in[0] > 1) & (in[1] > 1); },
          v({0, 1, 0}), values),
      op_case(
          "where", "", {a, b}, [](const auto& in) { return cr::where(in[0] > 1.5, in[0], in[1]); }, v({3, 2, 3})),
      op_case(
          "where", "a number instead", {a}, [](const auto& in) { return cr::where(in[0] > 1.5, in[0], -1); },
          v({-1, 2, 3})),
      op_case(
          "where", "broadcast", {v({{1}, {2}}), v({10, 20})},
          [](const auto& in) { return cr::where(in[0] > 1.5, in[0], in[1]); }, v({{10, 20}, {2, 2}})),
      op_case(
          "masked_fill", "", {a}, [](const auto& in) { return cr::masked_fill(in[0], in[0] > 1.5, -7); },
          v({1, -7, -7})),
      op_case(
          "clamp", "", {v({-2, 0.2, 3})}, [](const auto& in) { return cr::clamp(in[0], -1, 1); }, v({-1, 0.2, 1})),
      op_case("clamp", "at the limits", {v({-1, 1})}, [](const auto& in) { return cr::clamp(in[0], -1, 1); },
              v({-1, 1}), {.second = false}),
      op_case(
          "clamp", "below only", {v({-2, 3})}, [](const auto& in) { return cr::clamp(in[0], 0); }, v({0, 3})),
  };
}

}  // namespace chainrule_test

#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

OpCases arithmetic_cases() {
  const auto a = v({{1, -2, 0.5}, {3, 4, -1}}), b = v({{2, 3, -4}, {0.5, 1, 2}});
  const auto row = v({10, 20, 30}), column = v({{100}, {200}});
  return {
      op_case(
          "add", "", {a, b}, [](const auto& in) { return in[0] + in[1]; }, v({{3, 1, -3.5}, {3.5, 5, 1}})),
      op_case(
          "add", "a row to every row", {a, row}, [](const auto& in) { return in[0] + in[1]; },
          v({{11, 18, 30.5}, {13, 24, 29}})),
      op_case(
          "add", "a row and a column", {row, column}, [](const auto& in) { return in[0] + in[1]; },
          v({{110, 120, 130}, {210, 220, 230}})),
      op_case(
          "add", "a number from the left", {a}, [](const auto& in) { return 1 + in[0]; }, v({{2, -1, 1.5}, {4, 5, 0}})),
      op_case(
          "add", "x to itself", {v({1, 2})}, [](const auto& in) { return in[0] + in[0]; }, v({2, 4})),
      op_case(
          "sub", "", {a, b}, [](const auto& in) { return in[0] - in[1]; }, v({{-1, -5, 4.5}, {2.5, 3, -3}})),
      op_case(
          "sub", "a column from a row", {row, column}, [](const auto& in) { return in[0] - in[1]; },
          v({{-90, -80, -70}, {-190, -180, -170}})),
      op_case(
          "sub", "from a number", {a}, [](const auto& in) { return 1 - in[0]; }, v({{0, 3, 0.5}, {-2, -3, 2}})),
      op_case(
          "sub", "a number", {a}, [](const auto& in) { return in[0] - 1; }, v({{0, -3, -0.5}, {2, 3, -2}})),
      op_case(
          "mul", "", {a, b}, [](const auto& in) { return in[0] * in[1]; }, v({{2, -6, -2}, {1.5, 4, -2}})),
      op_case(
          "mul", "a row with a column", {v({1, 2}), v({{3}, {4}})}, [](const auto& in) { return in[0] * in[1]; },
          v({{3, 6}, {4, 8}})),
      op_case(
          "mul", "x with itself", {v({3, -2, 0})}, [](const auto& in) { return in[0] * in[0]; }, v({9, 4, 0})),
      op_case(
          "mul", "with a number", {a}, [](const auto& in) { return 2 * in[0]; }, v({{2, -4, 1}, {6, 8, -2}})),
      op_case(
          "div", "", {a, b}, [](const auto& in) { return in[0] / in[1]; }, v({{0.5, -2.0 / 3, -0.125}, {6, 4, -0.5}})),
      op_case(
          "div", "by a column", {v({{1, 2}, {3, 4}}), v({{2}, {4}})}, [](const auto& in) { return in[0] / in[1]; },
          v({{0.5, 1}, {0.75, 1}})),
      op_case(
          "div", "a number by it", {v({2, -4})}, [](const auto& in) { return 1 / in[0]; }, v({0.5, -0.25})),
      op_case(
          "div", "by a number", {v({2, -4})}, [](const auto& in) { return in[0] / 4; }, v({0.5, -1})),
      op_case("floor_divide", "", {v({7.5, -7, 0.25}), v({2, 2, -1})},
              [](const auto& in) { return cr::floor_divide(in[0], in[1]); }, v({3, -4, -1}), {.on_device = false}),
      op_case("floor_divide", "trunc", {v({7.5, -7.5}), v({2, 2})},
              [](const auto& in) { return in[0].div(in[1], {.rounding_mode = "trunc"}); }, v({3, -3}),
              {.on_device = false}),
      op_case(
          "neg", "", {a}, [](const auto& in) { return -in[0]; }, v({{-1, 2, -0.5}, {-3, -4, 1}})),
      op_case(
          "pow", "to a tensor", {v({2, 3, 0.5}), v({0.5, -1, 3})}, [](const auto& in) { return cr::pow(in[0], in[1]); },
          v({1.4142135623730951, 1.0 / 3, 0.125})),
      op_case(
          "pow", "cube, of negative numbers too", {v({-2, 0.5, 3})}, [](const auto& in) { return cr::pow(in[0], 3); },
          v({-8, 0.125, 27})),
      op_case(
          "pow", "square at 0", {v({0, 1})}, [](const auto& in) { return cr::pow(in[0], 2); }, v({0, 1})),
      op_case(
          "pow", "to 0 and to 1", {v({-2, 3})}, [](const auto& in) { return cr::pow(in[0], 0) + cr::pow(in[0], 1); },
          v({-1, 4})),
      op_case(
          "pow", "of a number", {v({-1, 0, 2})},
          [](const auto& in) {
            using T = typename std::decay_t<decltype(in[0])>::value_type;
            return cr::pow(T(3), in[0]);
          },
          v({1.0 / 3, 1, 9})),
      op_case(
          "maximum", "", {v({1, 5, -2}), v({3, 2, -1})}, [](const auto& in) { return cr::maximum(in[0], in[1]); },
          v({3, 5, -1})),
      op_case("maximum", "ties share the gradient", {v({1, 2}), v({1, 2})},
              [](const auto& in) { return cr::maximum(in[0], in[1]); }, v({1, 2}), {.second = false}),
      op_case(
          "maximum", "max of two", {v({1, 5, -2}), v({3, 2, -1})}, [](const auto& in) { return cr::max(in[0], in[1]); },
          v({3, 5, -1})),
      op_case(
          "maximum", "min of two", {v({1, 5, -2}), v({3, 2, -1})}, [](const auto& in) { return cr::min(in[0], in[1]); },
          v({1, 2, -2})),
      op_case(
          "maximum", "minimum", {v({1, 5, -2}), v({3, 2, -1})},
          [](const auto& in) { return cr::minimum(in[0], in[1]); }, v({1, 2, -2})),
  };
}

}  // namespace chainrule_test

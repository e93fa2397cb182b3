#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

OpCases product_cases() {
  const auto a = v({{1, 2}, {3, 4}, {5, 6}}), b = v({{1, 0, -1}, {2, 1, 0.5}});
  return {
      op_case(
          "matmul", "", {a, b}, [](const auto& in) { return cr::matmul(in[0], in[1]); },
          v({{5, 2, 0}, {11, 4, -1}, {17, 6, -2}})),
      op_case(
          "matmul", "of transposes", {a, b}, [](const auto& in) { return cr::matmul(in[0].t(), in[1].t()); },
          v({{-4, 7.5}, {-4, 11}})),
      op_case(
          "matmul", "matrix and vector", {a, v({10, 1})}, [](const auto& in) { return cr::matmul(in[0], in[1]); },
          v({12, 34, 56})),
      op_case(
          "matmul", "vector and matrix", {v({1, 0, 2}), a}, [](const auto& in) { return cr::matmul(in[0], in[1]); },
          v({11, 14})),
      op_case(
          "matmul", "dot", {v({1, 2, 3}), v({4, 5, 6})}, [](const auto& in) { return cr::dot(in[0], in[1]); }, v(32)),
      op_case(
          "matmul", "outer", {v({1, 2}), v({3, 4})}, [](const auto& in) { return cr::outer(in[0], in[1]); },
          v({{3, 4}, {6, 8}})),
      op_case(
          "matmul", "a batch with one matrix", {v({{{1, 2}}, {{3, 4}}}), v({{1}, {10}})},
          [](const auto& in) { return cr::matmul(in[0], in[1]); }, v({{{21}}, {{43}}})),
      op_case(
          "matmul", "batches broadcast", {v({{{{1, 2}}}, {{{3, 4}}}}), v({{{1}, {10}}, {{0}, {1}}})},
          [](const auto& in) { return cr::matmul(in[0], in[1]); }, v({{{{21}}, {{2}}}, {{{43}}, {{4}}}})),
      op_case(
          "matmul", "bmm", {v({{{1, 2}}, {{3, 4}}}), v({{{1}, {1}}, {{0}, {2}}})},
          [](const auto& in) { return cr::bmm(in[0], in[1]); }, v({{{3}}, {{8}}})),
      op_case(
          "linear", "", {v({{1, 2}}), v({{1, 1}, {0, 3}, {-1, 0}}), v({10, 20, 30})},
          [](const auto& in) { return cr::linear(in[0], in[1], in[2]); }, v({{13, 26, 29}})),
      op_case(
          "linear", "without bias, of a batch of rows", {v({{{1, 2}}, {{3, 4}}}), v({{1, 1}, {0, 3}})},
          [](const auto& in) { return cr::linear(in[0], in[1]); }, v({{{3, 6}}, {{7, 12}}})),
      op_case(
          "linear_relu", "", {v({{1, 2}}), v({{1, 1}, {0, 3}, {-1, 0}}), v({-10, 20, 30})},
          [](const auto& in) { return cr::linear_relu(in[0], in[1], in[2]); }, v({{0, 26, 29}})),
      op_case(
          "linear_relu", "without bias, of a batch of rows", {v({{{1, 2}}, {{3, 4}}}), v({{1, -1}, {0, 3}})},
          [](const auto& in) { return cr::linear_relu(in[0], in[1]); }, v({{{0, 6}}, {{0, 12}}})),
  };
}

}  // namespace chainrule_test

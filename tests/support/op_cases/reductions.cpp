#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

OpCases reduction_cases() {
  const auto x = v({{1, -2, 4}, {0, 5, -10}}), solid = irregular({2, 3, 4});
  const CaseOptions values{.gradient = false, .second = false};
  return {
      op_case(
          "sum", "all", {x}, [](const auto& in) { return in[0].sum(); }, v(-2)),
      op_case(
          "sum", "of columns", {x}, [](const auto& in) { return in[0].sum(0); }, v({1, 3, -6})),
      op_case(
          "sum", "of rows, kept", {x}, [](const auto& in) { return in[0].sum(-1, true); }, v({{3}, {-5}})),
      op_case(
          "sum", "over two dimensions", {v({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}})},
          [](const auto& in) {
            return in[0].sum({0, 2});
          },
          v({14, 22})),
      op_case(
          "sum", "of nothing", {cr::zeros<double>({0, 2})}, [](const auto& in) { return in[0].sum(0); }, v({0, 0}),
          values),
      op_case(
          "mean", "all", {x}, [](const auto& in) { return in[0].mean(); }, v(-1.0 / 3)),
      op_case(
          "mean", "of rows", {x}, [](const auto& in) { return in[0].mean(1); }, v({1, -5.0 / 3})),
      op_case(
          "prod", "all", {v({2, -3, 4})}, [](const auto& in) { return in[0].prod(); }, v(-24)),
      op_case(
          "prod", "of columns with one zero, with two", {v({{0, 0, 2}, {3, 0, 4}})},
          [](const auto& in) { return in[0].prod(0); }, v({0, 0, 8})),
      op_case(
          "var", "of rows", {v({{1, 2, 4}, {0, 5, 10}})}, [](const auto& in) { return in[0].var(1); },
          v({2.333333333333333, 25})),
      op_case(
          "var", "far from 0", {v({4096, 4097, 4098})}, [](const auto& in) { return in[0].var(); }, v(1)),
      op_case(
          "var", "std, population", {v({{1, 2, 4}, {0, 5, 10}})}, [](const auto& in) { return in[0].std(1, false); },
          v({1.247219128924647, 4.08248290463863})),
      op_case(
          "norm", "", {v({3, -4})}, [](const auto& in) { return in[0].norm(); }, v(5)),
      op_case(
          "norm", "p = 3 of rows", {v({{1, -2, 4}, {0.5, 5, -10}})}, [](const auto& in) { return in[0].norm(3, 1); },
          v({4.179339196381232, 10.40080430170168})),
      op_case(
          "norm", "p = 1", {v({3, -4})}, [](const auto& in) { return in[0].norm(1); }, v(7)),
      op_case(
          "max", "all", {x}, [](const auto& in) { return in[0].max(); }, v(5)),
      op_case(
          "max", "of columns", {x}, [](const auto& in) { return in[0].max(0).values; }, v({1, 5, 4})),
      op_case(
          "max", "where, the first of ties", {v({{1, 3, 3}})}, [](const auto& in) { return in[0].max(1).indices; },
          v({1}), values),
      op_case(
          "max", "min of rows", {x}, [](const auto& in) { return in[0].min(1).values; }, v({-2, -10})),
      op_case("max", "ties of the whole share", {v({3, 1, 3})}, [](const auto& in) { return in[0].max(); }, v(3),
              {.second = false}),
      op_case(
          "argmax", "", {x}, [](const auto& in) { return in[0].argmax(1); }, v({2, 1}), values),
      op_case(
          "argmax", "of all", {x}, [](const auto& in) { return in[0].argmax(); }, v(4), values),
      op_case(
          "argmax", "argmin", {x}, [](const auto& in) { return in[0].argmin(0); }, v({1, 0, 1}), values),
      op_case(
          "any", "", {v({{0, 1}, {0, 0}})}, [](const auto& in) { return cr::any(in[0], 1); }, v({1, 0}), values),
      op_case(
          "any", "all", {v({{0, 1}, {2, 1}})}, [](const auto& in) { return cr::all(in[0], 1); }, v({0, 1}), values),
      op_case(
          "cumsum", "along rows", {x}, [](const auto& in) { return in[0].cumsum(1); }, v({{1, -1, 3}, {0, 5, -5}})),
      op_case(
          "cumsum", "along columns", {x}, [](const auto& in) { return in[0].cumsum(0); }, v({{1, -2, 4}, {1, 3, -6}})),
      op_case(
          "sort", "", {v({{3, 1, 2}, {0, -1, 5}})}, [](const auto& in) { return in[0].sort().values; },
          v({{1, 2, 3}, {-1, 0, 5}})),
      op_case(
          "sort", "where, equal ones in order", {v({2, 1, 2, 1})}, [](const auto& in) { return in[0].sort(0).indices; },
          v({1, 3, 0, 2}), values),
      op_case(
          "sort", "argsort, descending", {v({2, 1, 3})}, [](const auto& in) { return in[0].argsort(-1, true); },
          v({2, 0, 1}), values),
      op_case(
          "sort", "topk", {v({{3, 1, 2}, {0, -1, 5}})}, [](const auto& in) { return in[0].topk(2, 1).values; },
          v({{3, 2}, {5, 0}})),
      op_case(
          "sum", "of a transpose, inner and outer", {solid},
          [](const auto& in) {
            return in[0].permute({2, 0, 1}).sum({0, 2}) - in[0].sum(-1).sum(-1);
          },
          v({0, 0})),
      op_case(
          "max", "amax over two dimensions", {v({{{1, 5}, {7, 2}}, {{3, 8}, {0, 4}}})},
          [](const auto& in) {
            return cr::amax(in[0], {0, 2});
          },
          v({8, 7})),
      op_case(
          "max", "amin keeps the dimension", {v({{1, 5}, {7, 2}})},
          [](const auto& in) { return cr::amin(in[0], {1}, true); }, v({{1}, {2}})),
      op_case("max", "amax shares among equals", {v({3, 3, 1})}, [](const auto& in) { return cr::amax(in[0]); }, v(3),
              {.gradient = false}),
      op_case(
          "median", "", {v({{3, 1, 2}, {5, 9, 7}})}, [](const auto& in) { return cr::median(in[0], 1).values; },
          v({2, 7})),
      op_case(
          "median", "the lower one, dimension kept", {v({{4, 1}, {3, 8}})},
          [](const auto& in) { return in[0].median(0, true).values; }, v({{3, 1}})),
      op_case(
          "median", "of all", {v({{4, 1}, {3, 2}})}, [](const auto& in) { return cr::median(in[0]); }, v(2)),
  };
}

}  // namespace chainrule_test

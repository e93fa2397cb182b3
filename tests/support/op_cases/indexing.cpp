#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

namespace {
template <class T>
cr::Tensor<std::int64_t> ints(const cr::detail::Nested<std::int64_t>& values, const cr::Tensor<T>& beside) {
  return cr::tensor<std::int64_t>(values).to(beside.device());
}
}  // namespace

OpCases indexing_cases() {
  const auto x = v({{1, 2, 3}, {4, 5, 6}});
  const CaseOptions values{.gradient = false, .second = false, .on_device = false}, on_cpu{.on_device = false};
  return {
      op_case(
          "index_select", "rows, one twice", {x},
          [](const auto& in) {
            return in[0].index_select(0, ints({1, 1, 0}, in[0]));
          },
          v({{4, 5, 6}, {4, 5, 6}, {1, 2, 3}})),
      op_case(
          "index_select", "columns", {x},
          [](const auto& in) {
            return in[0].index_select(1, ints({2, 0}, in[0]));
          },
          v({{3, 1}, {6, 4}})),
      op_case(
          "embedding", "", {x},
          [](const auto& in) {
            return cr::embedding(ints({{1, 0}, {1, 1}}, in[0]), in[0]);
          },
          v({{{4, 5, 6}, {1, 2, 3}}, {{4, 5, 6}, {4, 5, 6}}})),
      op_case(
          "embedding", "padding_idx", {x},
          [](const auto& in) {
            return cr::embedding(ints({0, 0}, in[0]), in[0], {.padding_idx = 1});
          },
          v({{1, 2, 3}, {1, 2, 3}}), on_cpu),
      op_case(
          "gather", "", {x},
          [](const auto& in) {
            return in[0].gather(1, ints({{2, 0}, {1, 1}}, in[0]));
          },
          v({{3, 1}, {5, 5}})),
      op_case(
          "scatter_add", "", {x, v({{10, 20}, {30, 40}})},
          [](const auto& in) {
            return in[0].scatter_add(1, ints({{0, 0}, {2, 1}}, in[0]), in[1]);
          },
          v({{31, 2, 3}, {4, 45, 36}})),
      op_case(
          "one_hot", "", {v({1, 0})}, [](const auto& in) { return cr::one_hot(in[0].template to<std::int64_t>(), 3); },
          v({{0, 1, 0}, {1, 0, 0}}), values),
      op_case(
          "nonzero", "", {v({{0, 3}, {4, 0}})}, [](const auto& in) { return cr::nonzero(in[0]); }, v({{0, 1}, {1, 0}}),
          values),
      op_case(
          "nonzero", "masked_select", {x}, [](const auto& in) { return in[0].masked_select(in[0] > 2.5); },
          v({3, 4, 5, 6}), on_cpu),
      op_case(
          "index", "a row and a part of the columns", {x},
          [](const auto& in) {
            return in[0].index({1, cr::Slice(1, 3)});
          },
          v({5, 6})),
      op_case(
          "index", "by integers", {x},
          [](const auto& in) {
            return in[0][ints({1, 0, 1}, in[0])];
          },
          v({{4, 5, 6}, {1, 2, 3}, {4, 5, 6}}), on_cpu),
      op_case(
          "index", "by a mask", {x}, [](const auto& in) { return in[0][in[0] > 4.5]; }, v({5, 6}), on_cpu),
      op_case("index_put", "a column", {x},
              [](const auto& in) {
                auto copy = in[0].clone();
                copy.index_put_({"...", 1}, 0);
                return copy;
              },
              v({{1, 0, 3}, {4, 0, 6}}), {.on_device = false}),
      op_case(
          "diag", "", {v({{1, 2, 3}, {4, 5, 6}})}, [](const auto& in) { return cr::diag(in[0]); }, v({1, 5})),
      op_case(
          "diag", "above", {v({{1, 2, 3}, {4, 5, 6}})}, [](const auto& in) { return in[0].diag(1); }, v({2, 6})),
      op_case(
          "diag", "below", {v({{1, 2, 3}, {4, 5, 6}})}, [](const auto& in) { return in[0].diag(-1); }, v({4})),
      op_case(
          "diag", "of a vector", {v({1, 4})}, [](const auto& in) { return cr::diag(in[0]); }, v({{1, 0}, {0, 4}})),
      op_case(
          "diag", "of a vector, below", {v({7})}, [](const auto& in) { return cr::diag(in[0], -1); },
          v({{0, 0}, {7, 0}})),
      op_case(
          "diag", "trace", {v({{1, 2, 3}, {4, 5, 6}})}, [](const auto& in) { return cr::trace(in[0]); }, v(6)),
  };
}

}  // namespace chainrule_test

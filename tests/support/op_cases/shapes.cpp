#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

OpCases shape_cases() {
  const auto x = v({{1, 2, 3}, {4, 5, 6}});
  return {
      op_case(
          "view", "", {x},
          [](const auto& in) {
            return in[0].view({3, -1});
          },
          v({{1, 2}, {3, 4}, {5, 6}})),
      op_case(
          "view", "reshape of a transpose", {x}, [](const auto& in) { return in[0].t().reshape(6); },
          v({1, 4, 2, 5, 3, 6})),
      op_case(
          "view", "flatten", {x}, [](const auto& in) { return cr::flatten(in[0]); }, v({1, 2, 3, 4, 5, 6})),
      op_case(
          "view", "unflatten", {v({1, 2, 3, 4})},
          [](const auto& in) {
            return in[0].unflatten(0, {2, -1});
          },
          v({{1, 2}, {3, 4}})),
      op_case(
          "view", "transpose", {x}, [](const auto& in) { return in[0].transpose(0, 1); }, v({{1, 4}, {2, 5}, {3, 6}})),
      op_case(
          "view", "permute", {v({{{1, 2}, {3, 4}}})},
          [](const auto& in) {
            return in[0].permute({2, 1, 0});
          },
          v({{{1}, {3}}, {{2}, {4}}})),
      op_case(
          "view", "squeeze", {v({{{1}, {2}}})}, [](const auto& in) { return in[0].squeeze(); }, v({1, 2})),
      op_case(
          "view", "unsqueeze", {v({1, 2})}, [](const auto& in) { return in[0].unsqueeze(-1); }, v({{1}, {2}})),
      op_case(
          "view", "expand", {v({{1}, {2}})},
          [](const auto& in) {
            return in[0].expand({2, -1, 2});
          },
          v({{{1, 1}, {2, 2}}, {{1, 1}, {2, 2}}})),
      op_case(
          "view", "narrow", {x}, [](const auto& in) { return in[0].narrow(1, 1, 2); }, v({{2, 3}, {5, 6}})),
      op_case(
          "view", "slice with a step", {x}, [](const auto& in) { return in[0].slice(1, 0, 3, 2); },
          v({{1, 3}, {4, 6}})),
      op_case(
          "view", "select", {x}, [](const auto& in) { return in[0][-1]; }, v({4, 5, 6})),
      op_case(
          "cat", "", {v({{1, 2}}), v({{3, 4}, {5, 6}})},
          [](const auto& in) {
            return cr::cat({in[0], in[1]}, 0);
          },
          v({{1, 2}, {3, 4}, {5, 6}})),
      op_case(
          "cat", "side by side, one of them twice", {v({{1}, {2}}), v({{3}, {4}})},
          [](const auto& in) {
            return cr::cat({in[0], in[1], in[0]}, 1);
          },
          v({{1, 3, 1}, {2, 4, 2}})),
      op_case(
          "cat", "stack", {v({1, 2}), v({3, 4})},
          [](const auto& in) {
            return cr::stack({in[0], in[1]}, 1);
          },
          v({{1, 3}, {2, 4}})),
      op_case(
          "split", "the last part", {v({1, 2, 3, 4, 5})}, [](const auto& in) { return in[0].split(2)[2]; }, v({5})),
      op_case(
          "split", "by sizes", {x},
          [](const auto& in) {
            return in[0].split({1, 2}, 1)[1];
          },
          v({{2, 3}, {5, 6}})),
      op_case(
          "split", "chunk", {v({1, 2, 3, 4, 5})}, [](const auto& in) { return in[0].chunk(2)[1]; }, v({4, 5})),
      op_case(
          "split", "unbind", {x}, [](const auto& in) { return in[0].unbind(1)[1]; }, v({2, 5})),
      op_case(
          "flip", "", {x}, [](const auto& in) { return cr::flip(in[0], 1); }, v({{3, 2, 1}, {6, 5, 4}})),
      op_case(
          "flip", "roll", {v({1, 2, 3})}, [](const auto& in) { return cr::roll(in[0], 1, 0); }, v({3, 1, 2})),
      op_case(
          "repeat", "", {v({1, 2})},
          [](const auto& in) {
            return in[0].repeat({2, 2});
          },
          v({{1, 2, 1, 2}, {1, 2, 1, 2}})),
      op_case(
          "tril", "", {v({{1, 2}, {3, 4}})}, [](const auto& in) { return cr::tril(in[0]); }, v({{1, 0}, {3, 4}})),
      op_case(
          "tril", "triu above the diagonal", {v({{1, 2}, {3, 4}})}, [](const auto& in) { return cr::triu(in[0], 1); },
          v({{0, 2}, {0, 0}})),
      op_case(
          "pad", "", {v({{1, 2}})},
          [](const auto& in) {
            return cr::pad(in[0], {1, 0, 0, 1}, {.value = 9});
          },
          v({{9, 1, 2}, {9, 9, 9}})),
      op_case(
          "pad", "negative cuts off", {x},
          [](const auto& in) {
            return cr::pad(in[0], {-1, 1});
          },
          v({{2, 3, 0}, {5, 6, 0}})),
  };
}

}  // namespace chainrule_test

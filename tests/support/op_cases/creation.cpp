#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

OpCases creation_cases() {
  const auto x = v({{1, 2}, {3, 4}});
  const CaseOptions values{.gradient = false, .second = false};
  return {
      op_case(
          "copy", "clone", {x}, [](const auto& in) { return in[0].clone(); }, x),
      op_case(
          "copy", "contiguous", {x}, [](const auto& in) { return in[0].t().contiguous(); }, v({{1, 3}, {2, 4}})),
      op_case(
          "copy", "to double and back", {x},
          [](const auto& in) {
            using T = typename std::decay_t<decltype(in[0])>::value_type;
            return in[0].template to<double>().template to<T>();
          },
          x),
      op_case(
          "copy", "to int64, toward 0", {v({-1.5, 1.9})},
          [](const auto& in) { return in[0].template to<std::int64_t>(); }, v({-1, 1}), values),
      op_case(
          "create", "full_like", {x}, [](const auto& in) { return cr::full_like(in[0], 7); }, v({{7, 7}, {7, 7}}),
          values),
      op_case(
          "create", "linspace", {v({0, 0, 0})},
          [](const auto& in) {
            using T = typename std::decay_t<decltype(in[0])>::value_type;
            return in[0] + cr::linspace<T>(0, 1, 3).to(in[0].device());
          },
          v({0, 0.5, 1})),
      op_case("inplace", "add_ and mul_", {x},
              [](const auto& in) {
                auto y = in[0] * 1;
                y.add_(1).mul_(y.detach().clone());
                return y;
              },
              v({{4, 9}, {16, 25}}), {.gradient = false, .second = false}),
      op_case(
          "inplace", "fill_ of a part", {x},
          [](const auto& in) {
            auto y = in[0].clone();
            y[0].fill_(9);
            return y;
          },
          v({{9, 9}, {3, 4}}), values),
  };
}

}  // namespace chainrule_test

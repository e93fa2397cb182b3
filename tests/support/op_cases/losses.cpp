#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

namespace {
template <class T>
cr::Tensor<std::int64_t> labels(const cr::detail::Nested<std::int64_t>& values, const cr::Tensor<T>& beside) {
  return cr::tensor<std::int64_t>(values).to(beside.device());
}
}  // namespace

OpCases loss_cases() {
  const auto x = v({{1, 2, 3}, {0, 0, 0}});
  return {
      op_case(
          "cross_entropy", "", {x},
          [](const auto& in) {
            return cr::cross_entropy(in[0], labels({2, 0}, in[0]));
          },
          v(0.7531091265562451)),
      op_case(
          "cross_entropy", "an ignored label", {x},
          [](const auto& in) {
            return cr::cross_entropy(in[0], labels({2, -100}, in[0]));
          },
          v(0.4076059644443804)),
      op_case(
          "cross_entropy", "weights", {x},
          [](const auto& in) {
            using T = typename std::decay_t<decltype(in[0])>::value_type;
            return cr::cross_entropy(in[0], labels({2, 0}, in[0]),
                                     {.weight = cr::tensor<T>({1, 2, 3}).to(in[0].device())});
          },
          v(0.5803575455003127)),
      op_case(
          "cross_entropy", "smoothed labels", {x},
          [](const auto& in) {
            return cr::cross_entropy(in[0], labels({2, 0}, in[0]), {.reduction = "none", .label_smoothing = 0.1});
          },
          v({0.5076059644443804, 1.0986122886681098})),
      op_case(
          "cross_entropy", "probabilities", {v({{1, 2, 3}}), v({{0.2, 0.3, 0.5}})},
          [](const auto& in) { return cr::cross_entropy(in[0], in[1]); }, v(1.1076059644443805)),
      op_case(
          "nll_loss", "", {v({{-1, -2}, {-3, -0.5}})},
          [](const auto& in) {
            return cr::nll_loss(in[0], labels({0, 1}, in[0]));
          },
          v(0.75)),
      op_case(
          "mse_loss", "", {v({1, 2, 4}), v({0, 2, 1})}, [](const auto& in) { return cr::mse_loss(in[0], in[1]); },
          v(10.0 / 3)),
      op_case(
          "l1_loss", "", {v({1, 2, 4}), v({0, 2.5, 1})},
          [](const auto& in) { return cr::l1_loss(in[0], in[1], {.reduction = "sum"}); }, v(4.5)),
      op_case("smooth_l1_loss", "", {v({0, 1.2, 3}), v({0.5, 1.2, 0})},
              [](const auto& in) { return cr::smooth_l1_loss(in[0], in[1], {.reduction = "none"}); },
              v({0.125, 0, 2.5}), {.second = false}),
      op_case(
          "binary_cross_entropy", "", {v({0.2, 0.7}), v({0.25, 0.5})},
          [](const auto& in) { return cr::binary_cross_entropy(in[0], in[1]); }, v(0.6750205078632583)),
      op_case(
          "binary_cross_entropy", "with logits", {v({-1, 40, 0.5})},
          [](const auto& in) {
            using T = typename std::decay_t<decltype(in[0])>::value_type;
            auto target = cr::tensor<T>({0, 1, 0.25}).to(in[0].device());
            return cr::binary_cross_entropy_with_logits(
                in[0], target, {.reduction = "none", .pos_weight = cr::tensor<T>({1, 2, 3}).to(in[0].device())});
          },
          v({0.3132616875182228, 8.496708510583178e-18, 1.0861154762701601})),
  };
}

}  // namespace chainrule_test

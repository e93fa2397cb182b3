#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

OpCases normalisation_cases() {
  const auto x = v({{1, 2, 3}, {0, 0, 0}});
  return {
      op_case(
          "softmax", "", {x}, [](const auto& in) { return cr::softmax(in[0], 1); },
          v({{0.09003057317038045, 0.2447284710547976, 0.6652409557748218}, {1.0 / 3, 1.0 / 3, 1.0 / 3}})),
      op_case(
          "softmax", "log_softmax far apart", {v({{1, 2, 3}, {1000, 0, -1000}})},
          [](const auto& in) { return cr::log_softmax(in[0], 1); },
          v({{-2.4076059644443806, -1.4076059644443804, -0.4076059644443804}, {0, -1000, -2000}})),
      op_case(
          "softmax", "logsumexp of large numbers", {v({{1, 2, 3}, {1000, 1000, 0}})},
          [](const auto& in) { return cr::logsumexp(in[0], 1); }, v({3.4076059644443806, 1000.6931471805599})),
      op_case(
          "batch_norm", "training", {v({{1, 2}, {3, 6}, {5, 1}}), v({1, 2}), v({0, 1})},
          [](const auto& in) {
            using Tensor = std::decay_t<decltype(in[0])>;
            return cr::batch_norm(in[0], Tensor(), Tensor(), in[1], in[2], true);
          },
          v({{-1.224742575001414, 0.07418089217596124},
             {0, 3.7774573234721163},
             {1.2247425750014136, -0.8516382156480775}})),
      op_case(
          "batch_norm", "with running statistics", {v({{1, 2}, {3, 6}}), v({1, 2}), v({0, 1})},
          [](const auto& in) {
            using T = typename std::decay_t<decltype(in[0])>::value_type;
            auto mean = cr::tensor<T>({1, 2}).to(in[0].device()), var = cr::tensor<T>({4, 9}).to(in[0].device());
            return cr::batch_norm(in[0], mean, var, in[1], in[2], false);
          },
          v({{0, 1}, {0.9999987500023437, 3.6666651851864196}})),
      op_case(
          "batch_norm_relu", "training", {v({{1, 2}, {3, 6}, {5, 1}}), v({1, 2}), v({0.5, 1})},
          [](const auto& in) {
            using Tensor = std::decay_t<decltype(in[0])>;
            return cr::batch_norm_relu(in[0], Tensor(), Tensor(), in[1], in[2], true);
          },
          v({{0, 0.07418089217596124}, {0.5, 3.7774573234721163}, {1.7247425750014136, 0}})),
      op_case(
          "batch_norm_relu", "with running statistics", {v({{1, 2}, {3, 6}}), v({1, 2}), v({-0.5, 1})},
          [](const auto& in) {
            using T = typename std::decay_t<decltype(in[0])>::value_type;
            auto mean = cr::tensor<T>({1, 2}).to(in[0].device()), var = cr::tensor<T>({4, 9}).to(in[0].device());
            return cr::batch_norm_relu(in[0], mean, var, in[1], in[2], false);
          },
          v({{0, 1}, {0.4999987500023437, 3.6666651851864196}})),
      op_case(
          "batch_norm_relu", "with a skip connection",
          {v({{1, 2}, {3, 6}, {5, 1}}), v({1, 2}), v({0.5, 1}), v({{1, -1}, {-2, 0.5}, {0.25, 2}})},
          [](const auto& in) {
            using Tensor = std::decay_t<decltype(in[0])>;
            return cr::batch_norm_relu(in[0], Tensor(), Tensor(), in[1], in[2], true, 0.1, 1e-5, in[3]);
          },
          v({{0.275257424998586, 0}, {0, 4.2774573234721163}, {1.9747425750014136, 1.1483617843519225}})),
      op_case(
          "layer_norm", "", {v({{1, 2, 4}, {0, 5, 10}}), v({1, 2, 3}), v({0, 1, 0})},
          [](const auto& in) { return cr::layer_norm(in[0], {3}, in[1], in[2]); },
          v({{-1.0690415314502977, 0.46547923427485094, 4.008905742938616},
             {-1.224744503968293, 1, 3.6742335119048786}})),
      op_case(
          "dropout", "off", {x}, [](const auto& in) { return cr::dropout(in[0], 0.5, false); }, x),
      op_case(
          "dropout", "of everything", {x}, [](const auto& in) { return cr::dropout(in[0], 1.0, true); },
          v({{0, 0, 0}, {0, 0, 0}})),
  };
}

}  // namespace chainrule_test

#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

OpCases function_cases() {
  const auto x = v({-2, 0, 0.5, 1.5}), smooth = v({-2, 0.3, 0.5, 1.5}), kink = v({0, 0});
  return {
      op_case("exp", "", {x}, [](const auto& in) { return cr::exp(in[0]); }, v({0.1353352832366127, 1, 1.6487212707001282, 4.4816890703380645})),
      op_case("log", "", {v({0.5, 1, 3})}, [](const auto& in) { return cr::log(in[0]); }, v({-0.6931471805599453, 0, 1.0986122886681098})),
      op_case("log", "log1p", {v({-0.5, 0, 1e-9, 2})}, [](const auto& in) { return cr::log1p(in[0]); }, v({-0.6931471805599453, 0, 9.999999995e-10, 1.0986122886681098})),
      op_case("sqrt", "", {v({0.25, 1, 9})}, [](const auto& in) { return cr::sqrt(in[0]); }, v({0.5, 1, 3})),
      op_case("sqrt", "rsqrt", {v({0.25, 1, 16})}, [](const auto& in) { return cr::rsqrt(in[0]); }, v({2, 1, 0.25})),
      op_case("square", "", {v({-3, 0, 2})}, [](const auto& in) { return cr::square(in[0]); }, v({9, 0, 4})),
      op_case("reciprocal", "", {v({-4, 0.5})}, [](const auto& in) { return cr::reciprocal(in[0]); }, v({-0.25, 2})),
      op_case("abs", "", {v({-2, 0.5})}, [](const auto& in) { return cr::abs(in[0]); }, v({2, 0.5})),
      op_case("abs", "at the kink", {kink}, [](const auto& in) { return cr::abs(in[0]); }, v({0, 0}), {.second = false}),
      op_case("abs", "sign", {v({-2, 0.5, 3})}, [](const auto& in) { return cr::sign(in[0]); }, v({-1, 1, 1})),
      op_case("abs", "sign of 0", {kink}, [](const auto& in) { return cr::sign(in[0]); }, v({0, 0}), {.gradient = false}),
      op_case("sin", "", {x}, [](const auto& in) { return cr::sin(in[0]); }, v({-0.9092974268256817, 0, 0.479425538604203, 0.9974949866040544})),
      op_case("sin", "cos", {x}, [](const auto& in) { return cr::cos(in[0]); }, v({-0.4161468365471424, 1, 0.8775825618903728, 0.0707372016677029})),
      op_case("tanh", "", {x}, [](const auto& in) { return cr::tanh(in[0]); }, v({-0.9640275800758169, 0, 0.46211715726000974, 0.9051482536448664})),
      op_case("sigmoid", "", {x}, [](const auto& in) { return cr::sigmoid(in[0]); }, v({0.11920292202211755, 0.5, 0.6224593312018546, 0.8175744761936437})),
      op_case("sigmoid", "far out", {v({-800, 800})}, [](const auto& in) { return cr::sigmoid(in[0]); }, v({0, 1})),
      op_case("relu", "", {v({-1, 0.5, 2})}, [](const auto& in) { return cr::relu(in[0]); }, v({0, 0.5, 2})),
      op_case("relu", "at the kink", {kink}, [](const auto& in) { return cr::relu(in[0]); }, v({0, 0}), {.second = false}),
      op_case("leaky_relu", "", {v({-1, 0.5, 2})}, [](const auto& in) { return cr::leaky_relu(in[0], 0.2); }, v({-0.2, 0.5, 2})),
      op_case("leaky_relu", "at the kink", {kink}, [](const auto& in) { return cr::leaky_relu(in[0]); }, v({0, 0}), {.second = false}),
      op_case("elu", "", {smooth}, [](const auto& in) { return cr::elu(in[0]); }, v({-0.8646647167633873, 0.3, 0.5, 1.5})),
      op_case("elu", "with alpha", {v({-2, 1})}, [](const auto& in) { return cr::elu(in[0], 2); }, v({-1.7293294335267746, 1})),
      op_case("gelu", "", {x}, [](const auto& in) { return cr::gelu(in[0]); }, v({-0.04550026389635842, 0, 0.34573123063700656, 1.399789198096713})),
      op_case("gelu", "by tanh", {x}, [](const auto& in) { return cr::gelu(in[0], {.approximate = "tanh"}); }, v({-0.04540230591222494, 0, 0.34571400982514394, 1.3995715769802328})),
      op_case("silu", "", {x}, [](const auto& in) { return cr::silu(in[0]); }, v({-0.2384058440442351, 0, 0.3112296656009273, 1.2263617142904655})),
      op_case("softplus", "", {v({-30, 0, 1, 19.5, 25})}, [](const auto& in) { return cr::softplus(in[0]); },
              v({9.357622968839737e-14, 0.6931471805599453, 1.3132616875182228, 19.500000003398267, 25})),
      op_case("softplus", "with beta and threshold", {v({-1, 0, 2})}, [](const auto& in) { return cr::softplus(in[0], 2, 3); }, v({0.06346400552148625, 0.34657359027997264, 2})),
      op_case("round", "halves to the even neighbour", {v({-1.5, 0.5, 1.2, 2.5})}, [](const auto& in) { return cr::round(in[0]); }, v({-2, 0, 1, 2}), {.gradient = false}),
      op_case("round", "floor", {v({-1.5, 0.5, 2})}, [](const auto& in) { return cr::floor(in[0]); }, v({-2, 0, 2}), {.gradient = false}),
      op_case("round", "ceil", {v({-1.5, 0.5, 2})}, [](const auto& in) { return cr::ceil(in[0]); }, v({-1, 1, 2}), {.gradient = false}),
  };
}

}  // namespace chainrule_test

#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

OpCases function_cases() {
  const auto x = v({-2, 0, 0.5, 1.5}), smooth = v({-2, 0.3, 0.5, 1.5}), kink = v({0, 0});
  return {
      op_case(
          "exp", "", {x}, [](const auto& in) { return cr::exp(in[0]); },
          v({0.1353352832366127, 1, 1.6487212707001282, 4.4816890703380645})),
      op_case(
          "log", "", {v({0.5, 1, 3})}, [](const auto& in) { return cr::log(in[0]); },
          v({-0.6931471805599453, 0, 1.0986122886681098})),
      op_case(
          "log", "log1p", {v({-0.5, 0, 1e-9, 2})}, [](const auto& in) { return cr::log1p(in[0]); },
          v({-0.6931471805599453, 0, 9.999999995e-10, 1.0986122886681098})),
      op_case(
          "sqrt", "", {v({0.25, 1, 9})}, [](const auto& in) { return cr::sqrt(in[0]); }, v({0.5, 1, 3})),
      op_case(
          "sqrt", "rsqrt", {v({0.25, 1, 16})}, [](const auto& in) { return cr::rsqrt(in[0]); }, v({2, 1, 0.25})),
      op_case(
          "square", "", {v({-3, 0, 2})}, [](const auto& in) { return cr::square(in[0]); }, v({9, 0, 4})),
      op_case(
          "reciprocal", "", {v({-4, 0.5})}, [](const auto& in) { return cr::reciprocal(in[0]); }, v({-0.25, 2})),
      op_case(
          "abs", "", {v({-2, 0.5})}, [](const auto& in) { return cr::abs(in[0]); }, v({2, 0.5})),
      op_case("abs", "at the kink", {kink}, [](const auto& in) { return cr::abs(in[0]); }, v({0, 0}),
              {.second = false}),
      op_case(
          "abs", "sign", {v({-2, 0.5, 3})}, [](const auto& in) { return cr::sign(in[0]); }, v({-1, 1, 1})),
      op_case("abs", "sign of 0", {kink}, [](const auto& in) { return cr::sign(in[0]); }, v({0, 0}),
              {.gradient = false}),
      op_case(
          "sin", "", {x}, [](const auto& in) { return cr::sin(in[0]); },
          v({-0.9092974268256817, 0, 0.479425538604203, 0.9974949866040544})),
      op_case(
          "sin", "cos", {x}, [](const auto& in) { return cr::cos(in[0]); },
          v({-0.4161468365471424, 1, 0.8775825618903728, 0.0707372016677029})),
      op_case(
          "tanh", "", {x}, [](const auto& in) { return cr::tanh(in[0]); },
          v({-0.9640275800758169, 0, 0.46211715726000974, 0.9051482536448664})),
      op_case(
          "sigmoid", "", {x}, [](const auto& in) { return cr::sigmoid(in[0]); },
          v({0.11920292202211755, 0.5, 0.6224593312018546, 0.8175744761936437})),
      op_case(
          "sigmoid", "far out", {v({-800, 800})}, [](const auto& in) { return cr::sigmoid(in[0]); }, v({0, 1})),
      op_case(
          "relu", "", {v({-1, 0.5, 2})}, [](const auto& in) { return cr::relu(in[0]); }, v({0, 0.5, 2})),
      op_case("relu", "at the kink", {kink}, [](const auto& in) { return cr::relu(in[0]); }, v({0, 0}),
              {.second = false}),
      op_case(
          "leaky_relu", "", {v({-1, 0.5, 2})}, [](const auto& in) { return cr::leaky_relu(in[0], 0.2); },
          v({-0.2, 0.5, 2})),
      op_case("leaky_relu", "at the kink", {kink}, [](const auto& in) { return cr::leaky_relu(in[0]); }, v({0, 0}),
              {.second = false}),
      op_case(
          "elu", "", {smooth}, [](const auto& in) { return cr::elu(in[0]); }, v({-0.8646647167633873, 0.3, 0.5, 1.5})),
      op_case(
          "elu", "with alpha", {v({-2, 1})}, [](const auto& in) { return cr::elu(in[0], 2); },
          v({-1.7293294335267746, 1})),
      op_case(
          "gelu", "", {x}, [](const auto& in) { return cr::gelu(in[0]); },
          v({-0.04550026389635842, 0, 0.34573123063700656, 1.399789198096713})),
      op_case(
          "gelu", "by tanh", {x}, [](const auto& in) { return cr::gelu(in[0], {.approximate = "tanh"}); },
          v({-0.04540230591222494, 0, 0.34571400982514394, 1.3995715769802328})),
      op_case(
          "silu", "", {x}, [](const auto& in) { return cr::silu(in[0]); },
          v({-0.2384058440442351, 0, 0.3112296656009273, 1.2263617142904655})),
      op_case(
          "softplus", "", {v({-30, 0, 1, 19.5, 25})}, [](const auto& in) { return cr::softplus(in[0]); },
          v({9.357622968839737e-14, 0.6931471805599453, 1.3132616875182228, 19.500000003398267, 25})),
      op_case(
          "softplus", "with beta and threshold", {v({-1, 0, 2})},
          [](const auto& in) { return cr::softplus(in[0], 2, 3); }, v({0.06346400552148625, 0.34657359027997264, 2})),
      op_case("round", "halves to the even neighbour", {v({-1.5, 0.5, 1.2, 2.5})},
              [](const auto& in) { return cr::round(in[0]); }, v({-2, 0, 1, 2}), {.gradient = false}),
      op_case("round", "floor", {v({-1.5, 0.5, 2})}, [](const auto& in) { return cr::floor(in[0]); }, v({-2, 0, 2}),
              {.gradient = false}),
      op_case("round", "ceil", {v({-1.5, 0.5, 2})}, [](const auto& in) { return cr::ceil(in[0]); }, v({-1, 1, 2}),
              {.gradient = false}),
      op_case(
          "exp", "exp2", {v({-2, 0, 0.5, 3})}, [](const auto& in) { return cr::exp2(in[0]); },
          v({0.25, 1, 1.4142135623730951, 8})),
      op_case(
          "exp", "expm1", {v({-2, 1e-09, 0.5, 1.5})}, [](const auto& in) { return cr::expm1(in[0]); },
          v({-0.8646647167633873, 1.0000000005000001e-09, 0.6487212707001282, 3.481689070338065})),
      op_case(
          "log", "log2", {v({0.5, 1, 3, 8})}, [](const auto& in) { return cr::log2(in[0]); },
          v({-1.0, 0.0, 1.584962500721156, 3.0})),
      op_case(
          "log", "log10", {v({0.5, 1, 3, 1000})}, [](const auto& in) { return cr::log10(in[0]); },
          v({-0.3010299956639812, 0.0, 0.47712125471966244, 3.0})),
      op_case(
          "sin", "tan", {v({-2, 0, 0.5, 1.5})}, [](const auto& in) { return cr::tan(in[0]); },
          v({2.185039863261519, 0.0, 0.5463024898437905, 14.101419947171719})),
      op_case(
          "asin", "", {v({-0.75, 0, 0.5})}, [](const auto& in) { return cr::asin(in[0]); },
          v({-0.848062078981481, 0.0, 0.5235987755982989})),
      op_case(
          "asin", "acos", {v({-0.75, 0, 0.5})}, [](const auto& in) { return cr::acos(in[0]); },
          v({2.4188584057763776, 1.5707963267948966, 1.0471975511965979})),
      op_case(
          "asin", "atan", {v({-2, 0, 0.5, 3})}, [](const auto& in) { return cr::atan(in[0]); },
          v({-1.1071487177940904, 0.0, 0.4636476090008061, 1.2490457723982544})),
      op_case(
          "sinh", "", {v({-2, 0, 0.5, 3})}, [](const auto& in) { return cr::sinh(in[0]); },
          v({-3.626860407847019, 0.0, 0.5210953054937474, 10.017874927409903})),
      op_case(
          "sinh", "cosh", {v({-2, 0, 0.5, 3})}, [](const auto& in) { return cr::cosh(in[0]); },
          v({3.7621956910836314, 1.0, 1.1276259652063807, 10.067661995777765})),
      op_case(
          "erf", "", {v({-2, 0, 0.5, 1.5})}, [](const auto& in) { return cr::erf(in[0]); },
          v({-0.9953222650189527, 0.0, 0.5204998778130465, 0.9661051464753108})),
      op_case("round", "trunc", {v({-1.5, 0.5, 2})}, [](const auto& in) { return cr::trunc(in[0]); },
              v({-1.0, 0.0, 2.0}), {.gradient = false}),
      op_case(
          "atan2", "all quadrants, broadcast", {v({{1}, {-2}}), v({0.5, -3})},
          [](const auto& in) { return cr::atan2(in[0], in[1]); },
          v({{1.1071487177940904, 2.819842099193151}, {-1.3258176636680326, -2.5535900500422257}})),
      op_case(
          "lerp", "", {v({0, 10}), v({10, 20})}, [](const auto& in) { return cr::lerp(in[0], in[1], 0.25); },
          v({2.5, 12.5})),
      op_case(
          "lerp", "with a tensor", {v({0, 10}), v({10, 20}), v({0.5, 2})},
          [](const auto& in) { return cr::lerp(in[0], in[1], in[2]); }, v({5, 30})),
      op_case(
          "clamp", "clamp_min", {v({-2, 0.5, 3})}, [](const auto& in) { return cr::clamp_min(in[0], -1); },
          v({-1, 0.5, 3})),
      op_case(
          "clamp", "clamp_max", {v({-2, 0.5, 3})}, [](const auto& in) { return in[0].clamp_max(1); }, v({-2, 0.5, 1})),
      op_case(
          "clamp", "clip", {v({-2, 0.5, 3})}, [](const auto& in) { return cr::clip(in[0], -1, 1); }, v({-1, 0.5, 1})),
      op_case(
          "cat", "vstack", {v({1, 2}), v({{3, 4}, {5, 6}})},
          [](const auto& in) {
            return cr::vstack({in[0], in[1]});
          },
          v({{1, 2}, {3, 4}, {5, 6}})),
      op_case(
          "cat", "hstack", {v({{1}, {2}}), v({{3, 4}, {5, 6}})},
          [](const auto& in) {
            return cr::hstack({in[0], in[1]});
          },
          v({{1, 3, 4}, {2, 5, 6}})),
      op_case(
          "cat", "hstack of vectors", {v({1, 2}), v({3})},
          [](const auto& in) {
            return cr::hstack({in[0], in[1]});
          },
          v({1, 2, 3})),
      op_case(
          "repeat", "tile", {v({{1}, {2}})}, [](const auto& in) { return cr::tile(in[0], {2}); }, v({{1, 1}, {2, 2}})),
      op_case(
          "fmod", "", {v({-3.5, 3.25, 5}), v({2, -2, 3})}, [](const auto& in) { return cr::fmod(in[0], in[1]); },
          v({-1.5, 1.25, 2})),
      op_case(
          "fmod", "by a number", {v({-3.5, 3.25})}, [](const auto& in) { return in[0].fmod(2); }, v({-1.5, 1.25})),
      op_case(
          "fmod", "remainder", {v({-3.5, 3.25, 5}), v({2, -2, 3})},
          [](const auto& in) { return cr::remainder(in[0], in[1]); }, v({0.5, -0.75, 2})),
      op_case(
          "fmod", "remainder by a number", {v({-3.5, 3.25})}, [](const auto& in) { return in[0].remainder(2); },
          v({0.5, 1.25})),
      op_case("count_nonzero", "", {v({{0, 2}, {0, 0}})}, [](const auto& in) { return cr::count_nonzero(in[0], 1); },
              v({1, 0}), {.gradient = false}),
      op_case("count_nonzero", "of all", {v({{0, 2}, {-1, 0}})}, [](const auto& in) { return in[0].count_nonzero(); },
              v(2), {.gradient = false}),
      op_case(
          "normalize", "", {v({{3, 4}, {-6, 8}})}, [](const auto& in) { return cr::normalize(in[0]); },
          v({{0.6, 0.8}, {-0.6, 0.8}})),
      op_case(
          "normalize", "columns by their sum", {v({{3, 4}, {-1, 4}})},
          [](const auto& in) { return cr::normalize(in[0], 1, 0); }, v({{0.75, 0.5}, {-0.25, 0.5}})),
      op_case(
          "normalize", "cosine_similarity", {v({{3, 4}, {1, 2}}), v({{4, 3}, {-2, 1}})},
          [](const auto& in) { return cr::cosine_similarity(in[0], in[1]); }, v({0.96, 0})),
      op_case(
          "nan_to_num", "", {v({1, -2})}, [](const auto& in) { return cr::nan_to_num(in[0]); }, v({1, -2})),
  };
}

}  // namespace chainrule_test

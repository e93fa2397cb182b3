#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

OpCases convolution_cases() {
  const auto x = v({{{{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}, {13, 14, 15, 16}}}});  // (1, 1, 4, 4)
  const auto w = v({{{{1, 0}, {0, -1}}}});                                                // (1, 1, 2, 2)
  const auto two =
      v({{{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}, {{10, 11, 12}, {13, 14, 15}, {16, 17, 18}}}});  // (1, 2, 3, 3)
  const CaseOptions loose{.tolerance = 1e-10};  // the path over several terms may round differently
  return {
      op_case(
          "conv2d", "", {x, w, v({0.5})}, [](const auto& in) { return cr::conv2d(in[0], in[1], in[2]); },
          v({{{{-4.5, -4.5, -4.5}, {-4.5, -4.5, -4.5}, {-4.5, -4.5, -4.5}}}}), loose),
      op_case(
          "conv2d", "stride 2, padding 1, no bias", {x, w},
          [](const auto& in) { return cr::conv2d(in[0], in[1], {}, {.stride = 2, .padding = 1}); },
          v({{{{-1, -3, 0}, {-9, -5, 8}, {0, 14, 16}}}}), loose),
      op_case(
          "conv2d", "dilation 2", {x, w}, [](const auto& in) { return cr::conv2d(in[0], in[1], {}, {.dilation = 2}); },
          v({{{{-10, -10}, {-10, -10}}}}), loose),
      op_case(
          "conv2d", "groups", {two, v({{{{1, 2}, {3, 4}}}, {{{1, 0}, {0, 1}}}}), v({0, 1})},
          [](const auto& in) { return cr::conv2d(in[0], in[1], in[2], {.groups = 2}); },
          v({{{{37, 47}, {67, 77}}, {{25, 27}, {31, 33}}}}), loose),
      op_case(
          "conv2d", "1 x 1", {two, v({{{{1}}, {{2}}}, {{{0}}, {{-1}}}})},
          [](const auto& in) { return cr::conv2d(in[0], in[1]); },
          v({{{{21, 24, 27}, {30, 33, 36}, {39, 42, 45}}, {{-10, -11, -12}, {-13, -14, -15}, {-16, -17, -18}}}}),
          loose),
      op_case(
          "max_pool2d", "", {x}, [](const auto& in) { return cr::max_pool2d(in[0], 2); }, v({{{{6, 8}, {14, 16}}}})),
      op_case(
          "max_pool2d", "3 by 2, padding 1", {x},
          [](const auto& in) { return cr::max_pool2d(in[0], 3, {.stride = 2, .padding = 1}); },
          v({{{{6, 8}, {14, 16}}}})),
      op_case(
          "avg_pool2d", "", {x}, [](const auto& in) { return cr::avg_pool2d(in[0], 2); },
          v({{{{3.5, 5.5}, {11.5, 13.5}}}})),
      op_case(
          "avg_pool2d", "padding counts", {x},
          [](const auto& in) { return cr::avg_pool2d(in[0], 3, {.stride = 2, .padding = 1}); },
          v({{{{1.5555555555555556, 3.3333333333333335}, {6.333333333333333, 11}}}})),
      op_case(
          "avg_pool2d", "adaptive", {x}, [](const auto& in) { return cr::adaptive_avg_pool2d(in[0], 3); },
          v({{{{3.5, 4.5, 5.5}, {7.5, 8.5, 9.5}, {11.5, 12.5, 13.5}}}})),
  };
}

}  // namespace chainrule_test

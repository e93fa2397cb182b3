#pragma once
// The gradient of a convolution's input on raw arrays: which algorithm computes it. Bitwise the same for any number of
// threads.

#include <chainrule/cpu/algorithm.hpp>
#include <chainrule/cpu/conv/amx.hpp>
#include <chainrule/cpu/conv/col2im.hpp>
#include <chainrule/cpu/conv/direct_plane.hpp>
#include <chainrule/cpu/conv/direct_rows.hpp>
#include <chainrule/cpu/conv/implicit_gemm.hpp>
#include <chainrule/cpu/conv/subsample.hpp>
#include <chainrule/cpu/conv/winograd/winograd.hpp>

namespace chainrule::cpu {

namespace detail {

// The first row that applies and wins computes the gradient. Thresholds are measured, and stand with each algorithm.
template <class T>
inline constexpr std::array<Algorithm<ConvInputGradient<T>>, 8> input_gradient_algorithms = {{
    // 3 x 3, stride 1, at least 8 channels in and out: 2.25 to 4 times fewer multiplications
    {"winograd", winograd_applies, winograd_wins, winograd_run},
    // 1 x 1 with a stride: the gradient of the pixels that it reads, by this table again; all others are zero
    {"subsample", subsample_applies, always, subsample_run},
    // any other stride: the pixels of dx by their remainders, each phase by this table again
    {"polyphase", polyphase_applies, always, polyphase_run},
    // small maps: as many products as the forward pass, then added to the image
    {"col2im", col2im_applies, col2im_wins, col2im_run},
    // The convolution of dy with the flipped window, as in forward.hpp.
    {"amx", amx_sum_applies, amx_sum_wins, amx_sum_run},
    {"rows", direct_rows_applies, direct_rows_wins, direct_rows_run},
    {"plane", direct_plane_applies, direct_plane_wins, direct_plane_run},
    {"implicit_gemm", is_one_sum, always, implicit_gemm_run},
}};

}  // namespace detail

template <class T> void compute(ConvInputGradient<T>& p) {
  run_first(detail::input_gradient_algorithms<T>, p, forced_conv().load(std::memory_order_relaxed));
}

/// dx from dy; see ConvInputGradient.
template <class T>
void conv2d_backward_input(const ConvShape& shape, const T* dy, const T* weight, T* dx, bool exact = false) {
  if (shape.n <= 0 || shape.c_in <= 0 || shape.h <= 0 || shape.w <= 0) return;
  ConvInputGradient<T> p(shape, dy, weight, dx, exact);
  compute(p);
}

}  // namespace chainrule::cpu

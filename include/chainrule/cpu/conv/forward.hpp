#pragma once
// 2-d convolution on raw arrays, NCHW contiguous: which algorithm computes it. Bitwise the same for any number of
// threads.

#include <chainrule/cpu/algorithm.hpp>
#include <chainrule/cpu/conv/amx.hpp>
#include <chainrule/cpu/conv/direct_plane.hpp>
#include <chainrule/cpu/conv/direct_rows.hpp>
#include <chainrule/cpu/conv/implicit_gemm.hpp>
#include <chainrule/cpu/conv/subsample.hpp>
#include <chainrule/cpu/conv/winograd/winograd.hpp>

namespace chainrule::cpu {

namespace detail {

// The first row that applies and wins computes the convolution. Thresholds are measured, and stand with each algorithm.
template <class T>
inline constexpr std::array<Algorithm<ConvForward<T>>, 6> forward_algorithms = {{
    // 3 x 3, stride 1, at least 8 channels in and out: 2.25 to 4 times fewer multiplications
    {"winograd", winograd_applies, winograd_wins, winograd_run},
    // 1 x 1 with a stride: the pixels that it reads are copied together, then this table again
    {"subsample", subsample_applies, always, subsample_run},
    // large sums of floats
    {"amx", amx_sum_applies, amx_sum_wins, amx_sum_run},
    // few input channels, rows longer than a vector: no packing
    {"rows", direct_rows_applies, direct_rows_wins, direct_rows_run},
    // few output channels: packing would cost as much as the arithmetic
    {"plane", direct_plane_applies, direct_plane_wins, direct_plane_run},
    // the rest: packs the image panel by panel
    {"implicit_gemm", always, always, implicit_gemm_run},
}};

}  // namespace detail

template <class T> void compute(ConvForward<T>& p) {
  run_first(detail::forward_algorithms<T>, p, forced_conv().load(std::memory_order_relaxed));
}

/// y = the convolution of x with weight, and bias, which may be null; see ConvForward.
template <class T>
void conv2d_forward(const ConvShape& shape, const T* x, const T* weight, const T* bias_or_null, T* y,
                    bool exact = false) {
  if (shape.n <= 0 || shape.c_out <= 0 || shape.oh <= 0 || shape.ow <= 0) return;
  ConvForward<T> p(shape, x, weight, bias_or_null, y, exact);
  compute(p);
}

}  // namespace chainrule::cpu

#pragma once
// The gradient of a convolution's weight on raw arrays: which algorithm computes it. Bitwise the same for any number of
// threads.

#include <chainrule/cpu/algorithm.hpp>
#include <chainrule/cpu/conv/amx.hpp>
#include <chainrule/cpu/conv/subsample.hpp>
#include <chainrule/cpu/conv/weight_dot_products.hpp>
#include <chainrule/cpu/conv/weight_implicit_gemm.hpp>
#include <chainrule/cpu/conv/winograd/winograd.hpp>

namespace chainrule::cpu {

namespace detail {

// The first row that applies and wins computes the gradient. Thresholds are measured, and stand with each algorithm.
template <class T>
inline constexpr std::array<Algorithm<ConvWeightGradient<T>>, 5> weight_gradient_algorithms = {{
    // 3 x 3, stride 1, at least 8 channels in and out: 2.25 to 4 times fewer multiplications
    {"winograd", winograd_applies, winograd_wins, winograd_run},
    // 1 x 1 with a stride: the pixels that it reads are copied together, then this table again
    {"subsample", subsample_applies, always, subsample_run},
    // 1 x 1, large products of floats
    {"amx", amx_weight_applies, amx_weight_wins, amx_weight_run},
    // few windows: dy is not packed
    {"dot_products", weight_dots_applies, weight_dots_wins, weight_dots_run},
    // the rest: windows are read where they lie, dy is packed
    {"implicit_gemm", always, always, weight_implicit_gemm_run},
}};

}  // namespace detail

template <class T> void compute(ConvWeightGradient<T>& p) {
  run_first(detail::weight_gradient_algorithms<T>, p, forced_conv().load(std::memory_order_relaxed));
}

/// dweight from x and dy, zero where there are no outputs; see ConvWeightGradient.
template <class T>
void conv2d_backward_weight(const ConvShape& shape, const T* x, const T* dy, T* dweight, bool exact = false) {
  if (shape.n <= 0 || shape.oh <= 0 || shape.ow <= 0) {
    std::fill(dweight, dweight + shape.c_out * (shape.c_in / shape.groups) * shape.kh * shape.kw, T(0));
    return;
  }
  ConvWeightGradient<T> p(shape, x, dy, dweight, exact);
  compute(p);
}

}  // namespace chainrule::cpu

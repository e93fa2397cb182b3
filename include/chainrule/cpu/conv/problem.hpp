#pragma once
// The convolution and its two gradients as problems that the tables of forward.hpp, input_gradient.hpp and
// weight_gradient.hpp choose an algorithm for; and the sum that direct convolutions and implicit GEMM compute, for the
// forward pass and the gradient of the input alike.

#include <chainrule/core/simd.hpp>
#include <chainrule/cpu/algorithm.hpp>
#include <chainrule/cpu/gemm/packing.hpp>
#include <chainrule/cpu/conv/pointwise.hpp>
#include <chainrule/ops/conv_shape.hpp>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

namespace chainrule::cpu {

namespace detail {

/// One position of the kernel window: it reads source pixel (qy * row_stride + dy, qx + dx) of the plane at `base`.
struct Tap {
  std::int64_t dy, dx, base, weight;  // weight: offset of its value in a (kh, kw) window
};

/// out(image, m, qy, qx) = sum over channels c and taps t of weight(m, c, t) * source(image, c, pixel of t at
/// (qy, qx)).
template <class T> struct WindowSum {
  std::int64_t images, channels, m;  // channels and m of one group
  std::int64_t groups = 1;

  const T* source = nullptr;
  std::int64_t source_image = 0, source_channel = 0, source_row = 0;  // steps
  std::int64_t source_h = 0, source_w = 0;                            // outside of this: zeros
  std::int64_t row_stride = 1;
  std::vector<Tap> taps;
  // Where the taps are all of a window_h x window_w grid, row by row: the distance from one to the next. Else window_h
  // is 0.
  std::int64_t window_h = 0, window_w = 0, window_step_y = 0, window_step_x = 0;

  const T* weight = nullptr;
  std::int64_t weight_m = 0, weight_channel = 0, weight_group = 0;  // steps

  T* out = nullptr;
  std::int64_t qh = 0, qw = 0;
  std::int64_t out_image = 0, out_channel = 0, out_row = 0, out_column = 1;  // steps
  const T* bias = nullptr;                                                   // one per m, over all groups
};

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -ceil_div(-a, b); }

/// Every stride_w-th column side by side: (n c, h, w) -> (n c, stride_w, h, ceil(w / stride_w)), so that windows read
/// consecutive elements again.
template <class T> void split_columns(const ConvShape& s, const T* x, T* split) {
  const std::int64_t planes = s.n * s.c_in, plane = s.h * s.w, width = ceil_div(s.w, s.stride_w), part = s.h * width;
  parallel_chunks(planes, std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, plane)),
                  [&](std::int64_t first, std::int64_t last) {
                    for (std::int64_t p = first; p < last; ++p) {
                      const T* from = x + p * plane;
                      T* to = split + p * s.stride_w * part;
                      if (s.stride_w == 2 && s.w % 2 == 0) {  // the rows' ends make no difference
                        simd::run([=] {
                          CHAINRULE_SIMD for (std::int64_t i = 0; i < part; ++i) to[i] = from[2 * i],
                                                                                 to[part + i] = from[2 * i + 1];
                        });
                        continue;
                      }
                      for (std::int64_t phase = 0; phase < s.stride_w; ++phase) {
                        const std::int64_t count = phase < s.w ? ceil_div(s.w - phase, s.stride_w) : 0;
                        for (std::int64_t line = 0; line < s.h; ++line) {
                          T* row = to + phase * part + line * width;
                          for (std::int64_t i = 0; i < count; ++i) row[i] = from[line * s.w + phase + i * s.stride_w];
                          for (std::int64_t i = count; i < width; ++i)
                            row[i] = T(0);  // beyond the last column: padding
                        }
                      }
                    }
                  });
}

}  // namespace detail

/// y(n, o, oy, ox) = bias(o) + sum over c, ky, kx of weight(o, c, ky, kx) * x(n, c, oy stride_h + ky dil_h - pad_h,
/// ...), where positions outside of the image count as zero and c runs over the channels of o's group. bias may be
/// null. `exact` keeps to sums of products in every case: float errors stay 2 to 6 times smaller, and an infinite pixel
/// reaches its own outputs only.
template <class T> struct ConvForward {
  using Element = T;
  ConvForward(const ConvShape& s, const T* image, const T* window, const T* bias_or_null, T* result, bool exactly)
      : shape(detail::simplify(s, std::max<std::int64_t>(1, s.h * s.w))),
        x(image),
        weight(window),
        bias(bias_or_null),
        y(result),
        exact(exactly) {}

  ConvShape shape;
  const T *x, *weight, *bias;
  T* y;
  bool exact;

  /// The same as a sum over windows, made when an algorithm first asks.
  const detail::WindowSum<T>& sum();

 private:
  detail::WindowSum<T> sum_;
  std::optional<Workspace<T>> split_;  // x, its columns split by their remainder
};

/// dx(n, c, iy, ix) = sum over the outputs that read this pixel of dy * weight: a convolution of dy with the flipped
/// window.
template <class T> struct ConvInputGradient {
  using Element = T;
  ConvInputGradient(const ConvShape& s, const T* gradient, const T* window, T* result, bool exactly)
      : shape(detail::simplify(s, std::max<std::int64_t>(1, s.h * s.w))),
        dy(gradient),
        weight(window),
        dx(result),
        exact(exactly) {}

  ConvShape shape;
  const T *dy, *weight;
  T* dx;
  bool exact;
  // With a stride, each pixel of dx whose row and column leave the same remainder is read by the same part of the
  // window: a phase. A problem of a single phase has one sum over windows.
  bool single_phase = shape.stride_h == 1 && shape.stride_w == 1;

  /// A phase as a sum over windows, made when an algorithm first asks.
  const detail::WindowSum<T>& sum();
  void set_phase(std::int64_t row, std::int64_t column);

 private:
  std::int64_t row_ = 0, column_ = 0;  // the first pixel of the phase
  detail::WindowSum<T> sum_;
};

/// dweight(o, c, ky, kx) = sum over images and outputs of dy(n, o, oy, ox) * x at the pixel that (ky, kx) reads there.
template <class T> struct ConvWeightGradient {
  using Element = T;
  ConvWeightGradient(const ConvShape& s, const T* image, const T* gradient, T* result, bool exactly)
      : shape(detail::simplify(s, detail::max_k_block + detail::max_k_block / 4)),  // whole rows are summed
        x(image),
        dy(gradient),
        dweight(result),
        exact(exactly) {}

  ConvShape shape;
  const T *x, *dy;
  T* dweight;
  bool exact;
};

/// The names that CHAINRULE_CONV takes, of all three tables.
inline constexpr const char* conv_algorithm_names =
    "winograd, subsample, polyphase, col2im, amx, rows, plane, dot_products, implicit_gemm";

/// The algorithm that is forced wherever it applies, or null: the environment variable CHAINRULE_CONV. Tests and
/// benchmarks store a row's name here.
inline std::atomic<const char*>& forced_conv() {
  static std::atomic<const char*> name{forced_algorithm("CHAINRULE_CONV", conv_algorithm_names)};
  return name;
}

// Whether the problem is one sum over windows: what amx, rows, plane and implicit_gemm compute.
template <class T> bool is_one_sum(ConvForward<T>&) { return true; }
template <class T> bool is_one_sum(ConvInputGradient<T>& p) { return p.single_phase; }

// By the first row of its table that applies and wins.
template <class T> void compute(ConvForward<T>& p);
template <class T> void compute(ConvInputGradient<T>& p);
template <class T> void compute(ConvWeightGradient<T>& p);

template <class T> const detail::WindowSum<T>& ConvForward<T>::sum() {
  detail::WindowSum<T>& g = sum_;
  if (g.out) return g;
  const ConvShape& s = shape;
  g.images = s.n, g.channels = s.c_in / s.groups, g.m = s.c_out / s.groups, g.groups = s.groups;
  const std::int64_t width = detail::ceil_div(s.w, s.stride_w);  // of the columns with the same remainder
  if (s.stride_w > 1)
    detail::split_columns<T>(s, x, split_.emplace(static_cast<std::size_t>(s.n * s.c_in * s.h * s.stride_w * width)));
  g.source = split_ ? static_cast<const T*>(*split_) : x;
  g.source_row = width, g.source_channel = s.h * s.stride_w * width, g.source_image = s.c_in * g.source_channel;
  g.source_h = s.h, g.source_w = width, g.row_stride = s.stride_h;
  g.taps.reserve(static_cast<std::size_t>(s.kh * s.kw));
  for (std::int64_t ky = 0; ky < s.kh; ++ky) {
    for (std::int64_t kx = 0; kx < s.kw; ++kx) {
      std::int64_t left = kx * s.dil_w - s.pad_w, dx = detail::floor_div(left, s.stride_w);
      g.taps.push_back({ky * s.dil_h - s.pad_h, dx, (left - dx * s.stride_w) * s.h * width, ky * s.kw + kx});
    }
  }
  if (s.stride_w == 1) g.window_h = s.kh, g.window_w = s.kw, g.window_step_y = s.dil_h, g.window_step_x = s.dil_w;
  g.weight = weight, g.weight_channel = s.kh * s.kw, g.weight_m = g.channels * g.weight_channel,
  g.weight_group = g.m * g.weight_m;
  g.out = y, g.qh = s.oh, g.qw = s.ow;
  g.out_row = s.ow, g.out_channel = s.oh * s.ow, g.out_image = s.c_out * g.out_channel;
  g.bias = bias;
  return g;
}

template <class T> void ConvInputGradient<T>::set_phase(std::int64_t row, std::int64_t column) {
  single_phase = true, row_ = row, column_ = column, sum_.out = nullptr;
}

template <class T> const detail::WindowSum<T>& ConvInputGradient<T>::sum() {
  detail::WindowSum<T>& g = sum_;
  if (g.out) return g;
  const ConvShape& s = shape;
  g.images = s.n, g.channels = s.c_out / s.groups, g.m = s.c_in / s.groups, g.groups = s.groups;
  g.source = dy, g.source_row = s.ow, g.source_channel = s.oh * s.ow, g.source_image = s.c_out * g.source_channel;
  g.source_h = s.oh, g.source_w = s.ow;
  g.weight = weight, g.weight_m = s.kh * s.kw, g.weight_channel = g.m * g.weight_m,
  g.weight_group = g.channels * g.weight_channel;
  g.out_row = s.stride_h * s.w, g.out_column = s.stride_w, g.out_channel = s.h * s.w,
  g.out_image = s.c_in * g.out_channel;
  if (s.stride_h == 1 && s.stride_w == 1) {
    g.window_h = s.kh, g.window_w = s.kw, g.window_step_y = -s.dil_h, g.window_step_x = -s.dil_w;
  }
  g.taps.clear();
  g.taps.reserve(static_cast<std::size_t>(s.kh * s.kw));
  for (std::int64_t ky = 0; ky < s.kh; ++ky) {
    const std::int64_t up = row_ + s.pad_h - ky * s.dil_h, oy = detail::floor_div(up, s.stride_h);
    if (oy * s.stride_h != up) continue;
    for (std::int64_t kx = 0; kx < s.kw; ++kx) {
      const std::int64_t left = column_ + s.pad_w - kx * s.dil_w, ox = detail::floor_div(left, s.stride_w);
      if (ox * s.stride_w == left) g.taps.push_back({oy, ox, 0, ky * s.kw + kx});
    }
  }
  g.out = dx + row_ * s.w + column_;
  g.qh = detail::ceil_div(s.h - row_, s.stride_h), g.qw = detail::ceil_div(s.w - column_, s.stride_w);
  return g;
}

}  // namespace chainrule::cpu

#pragma once
// What 1 x 1 windows make simple. With a stride they read few of the pixels: those are copied together, which leaves a
// convolution of stride 1. Since no window reads neighbours, an image may have rows of any length.

#include <chainrule/core/parallel.hpp>
#include <chainrule/ops/conv_shape.hpp>
#include <chainrule/cpu/gemm/packing.hpp>
#include <algorithm>

namespace chainrule::cpu::detail {

inline bool is_unpadded_1x1(const ConvShape& s) { return s.kh == 1 && s.kw == 1 && s.pad_h == 0 && s.pad_w == 0; }

/// A 1 x 1 window that passes over pixels, and one that reads each.
inline bool skips_pixels(const ConvShape& s) { return is_unpadded_1x1(s) && (s.stride_h > 1 || s.stride_w > 1); }
inline bool is_pointwise(const ConvShape& s) { return is_unpadded_1x1(s) && s.stride_h == 1 && s.stride_w == 1; }

/// The same convolution on an image of the pixels that are read.
inline ConvShape without_stride(ConvShape s) {
  s.h = s.oh, s.w = s.ow;
  s.stride_h = s.stride_w = 1;
  return s;
}

/// A pointwise image as one row; or as few rows of one length as there are with no row longer than `longest`.
inline ConvShape simplify(ConvShape s, std::int64_t longest) {
  if (!is_pointwise(s)) return s;
  const std::int64_t pixels = s.h * s.w;
  for (std::int64_t rows = std::max<std::int64_t>(1, ceil_div(pixels, longest)); rows < s.h; ++rows) {
    if (pixels % rows != 0) continue;
    s.h = s.oh = rows;
    s.w = s.ow = pixels / rows;
    break;
  }
  return s;
}

/// sampled(n, c, oy, ox) = x(n, c, oy stride_h, ox stride_w).
template <class T> void subsample(const ConvShape& s, const T* x, T* sampled) {
  parallel_chunks(s.n * s.c_in, std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, s.h * s.w)),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t plane = begin; plane < end; ++plane) {
                      for (std::int64_t y = 0; y < s.oh; ++y) {
                        const T* from = x + (plane * s.h + y * s.stride_h) * s.w;
                        T* to = sampled + (plane * s.oh + y) * s.ow;
                        for (std::int64_t i = 0; i < s.ow; ++i) to[i] = from[i * s.stride_w];
                      }
                    }
                  });
}

/// The other way: x is `sampled` where a window stood, and zero elsewhere.
template <class T> void spread(const ConvShape& s, const T* sampled, T* x) {
  parallel_chunks(s.n * s.c_in, std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, s.h * s.w)),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t plane = begin; plane < end; ++plane) {
                      std::fill(x + plane * s.h * s.w, x + (plane + 1) * s.h * s.w, T(0));
                      for (std::int64_t y = 0; y < s.oh; ++y) {
                        const T* from = sampled + (plane * s.oh + y) * s.ow;
                        T* to = x + (plane * s.h + y * s.stride_h) * s.w;
                        for (std::int64_t i = 0; i < s.ow; ++i) to[i * s.stride_w] = from[i];
                      }
                    }
                  });
}

}  // namespace chainrule::cpu::detail

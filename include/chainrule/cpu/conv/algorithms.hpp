#pragma once
// 2-d convolution and its gradients on raw arrays, NCHW contiguous. All three are products whose packing step reads the
// image where it lies; the im2col matrix is never written out. Where it is faster, 3 x 3 windows with stride 1 go
// through Winograd's
// F(4 x 4, 3 x 3) instead, unless the caller asks for `exact`. Bitwise the same for any number of threads.

#include <chainrule/core/simd.hpp>
#include <chainrule/cpu/conv/amx.hpp>
#include <chainrule/cpu/conv/direct_plane.hpp>
#include <chainrule/cpu/conv/implicit_gemm.hpp>
#include <chainrule/cpu/conv/pointwise.hpp>
#include <chainrule/cpu/conv/direct_rows.hpp>
#include <chainrule/cpu/conv/col2im.hpp>
#include <chainrule/ops/conv_shape.hpp>
#include <chainrule/cpu/conv/weight_gradient.hpp>
#include <chainrule/cpu/conv/winograd/winograd.hpp>
#include <algorithm>
#include <optional>
#include <type_traits>

namespace chainrule::cpu {

namespace detail {

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -ceil_div(-a, b); }

/// Every stride_w-th column side by side: (n c, h, w) -> (n c, stride_w, h, ceil(w / stride_w)), so that windows read
/// runs again.
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

template <class T> void gather_convolution(const Gather<T>& g) {
  const KernelTable<T>& table = kernels<T>();
  auto taps = static_cast<std::int64_t>(g.taps.size());
  std::int64_t pixels = g.images * g.qh * g.qw, size = g.m * g.channels * taps;
  if (pixels <= 0 || g.m <= 0) return;
  if constexpr (std::is_same_v<T, float>) {
    if (amx_gather(g)) return;
  }
  const bool by_rows = prefers_rows(table, g), flat = !by_rows && prefers_flat(table, g),
             packs = by_rows || flat || !reads_weights(g);
  const Workspace<T> weights(static_cast<std::size_t>(packs ? size * g.groups : 0));
  for (std::int64_t group = 0; packs && group < g.groups; ++group) {
    if (by_rows) pack_row_weights(table, g, group, weights + group * size);
    else pack_weights(table, g, group, weights + group * size);
  }
  if (by_rows || flat) {
    FlatPlanes planes = flat_planes(g);
    double work = static_cast<double>(size * g.groups) * static_cast<double>(pixels);
    std::int64_t tasks = g.groups * g.images;
    parallel_chunks(tasks, work < 0.75e6 ? tasks : 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t task = begin; task < end; ++task) {
        (by_rows ? rows_image<T> : flat_image<T>)(table, g, planes, task / g.images, task % g.images,
                                                  weights + task / g.images * size);
      }
    });
    return;
  }
  double flops = 2.0 * static_cast<double>(size) * static_cast<double>(pixels);
  Split part{g.m, pixels};
  if (flops > parallel_flops && g.groups < get_num_threads() && !chainrule::detail::inside_parallel) {
    part = split(g.m, pixels, table.rows, table.lanes);
    // Several tasks for each thread: who is held up by another program does fewer.
    if (part.rows == g.m)
      part.columns = std::max(round_up(ceil_div(part.columns, 4), table.columns),
                              std::min<std::int64_t>(part.columns, 16 * table.columns));
  }
  std::int64_t down = ceil_div(g.m, part.rows), across = ceil_div(pixels, part.columns);
  std::int64_t tasks = g.groups * down * across;
  auto run = [&](std::int64_t task) {
    std::int64_t group = task / (down * across), i = task / across % down * part.rows, j = task % across * part.columns;
    gather_part<T>(table, g, group, packs ? weights + group * size : nullptr, i, std::min(i + part.rows, g.m), j,
                   std::min(j + part.columns, pixels));
  };
  if (flops * static_cast<double>(g.groups) > parallel_flops) {
    parallel_for(tasks, run);
  } else {
    for (std::int64_t task = 0; task < tasks; ++task) run(task);
  }
}

/// Whether Winograd is the faster way: enough channels to pay for the transforms, little waste where tiles overhang the
/// result.
inline bool prefers_winograd(const ConvShape& s, bool exact, std::int64_t result_h, std::int64_t result_w) {
  if (exact || !winograd_applies(s) || s.c_in < 8 || s.c_out < 8) return false;
  std::int64_t computed = ceil_div(result_h, 4) * ceil_div(result_w, 4) * 16;
  return computed * 2 <= result_h * result_w * 3 && s.n * computed >= 256;
}

}  // namespace detail

/// y(n, o, oy, ox) = bias(o) + sum over c, ky, kx of weight(o, c, ky, kx) * x(n, c, oy stride_h + ky dil_h - pad_h,
/// ...), where positions outside of the image count as zero and c runs over the channels of o's group. bias may be
/// null. `exact` keeps to sums of products in every case: float errors stay 2 to 6 times smaller, and an infinite pixel
/// reaches its own outputs only.
template <class T>
void conv2d_forward(const ConvShape& shape, const T* x, const T* weight, const T* bias_or_null, T* y,
                    bool exact = false) {
  if constexpr (std::is_same_v<T, float>) {
    if (detail::prefers_winograd(shape, exact, shape.oh, shape.ow))
      return winograd_forward(shape, x, weight, bias_or_null, y);
  }
  if (detail::skips_pixels(shape)) {
    const Workspace<T> seen(static_cast<std::size_t>(shape.n * shape.c_in * shape.oh * shape.ow));
    detail::take_pixels<T>(shape, x, seen);
    return conv2d_forward<T>(detail::without_stride(shape), seen, weight, bias_or_null, y, exact);
  }
  ConvShape s = detail::simplify(shape, std::max<std::int64_t>(1, shape.h * shape.w));
  detail::Gather<T> g;
  g.images = s.n, g.channels = s.c_in / s.groups, g.m = s.c_out / s.groups, g.groups = s.groups;
  std::int64_t width = detail::ceil_div(s.w, s.stride_w);  // of the columns with the same remainder
  std::optional<Workspace<T>> split;
  if (s.stride_w > 1)
    detail::split_columns<T>(s, x, split.emplace(static_cast<std::size_t>(s.n * s.c_in * s.h * s.stride_w * width)));
  g.source = split ? static_cast<const T*>(*split) : x;
  g.source_row = width, g.source_channel = s.h * s.stride_w * width, g.source_image = s.c_in * g.source_channel;
  g.source_h = s.h, g.source_w = width, g.row_stride = s.stride_h;
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
  g.bias = bias_or_null;
  detail::gather_convolution(g);
}

/// dx(n, c, iy, ix) = sum over the outputs that read this pixel of dy * weight: a convolution of dy with the window
/// turned round.
/// With a stride, the pixels of dx fall into stride_h x stride_w classes; each is read by its own part of the window.
template <class T>
void conv2d_backward_input(const ConvShape& shape, const T* dy, const T* weight, T* dx, bool exact = false) {
  if constexpr (std::is_same_v<T, float>) {
    const bool adjoint = winograd_prefers_adjoint(shape);
    if (detail::prefers_winograd(shape, exact, adjoint ? shape.oh : shape.h, adjoint ? shape.ow : shape.w))
      return winograd_backward_input(shape, dy, weight, dx);
  }
  if (detail::skips_pixels(shape)) {
    const Workspace<T> seen(static_cast<std::size_t>(shape.n * shape.c_in * shape.oh * shape.ow));
    conv2d_backward_input<T>(detail::without_stride(shape), dy, weight, seen, exact);
    return detail::spread_pixels<T>(shape, seen, dx);
  }
  if (detail::prefers_scatter(kernels<T>(), shape))
    return detail::scatter_backward_input(kernels<T>(), shape, dy, weight, dx);
  ConvShape s = detail::simplify(shape, std::max<std::int64_t>(1, shape.h * shape.w));
  detail::Gather<T> g;
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
  for (std::int64_t py = 0; py < std::min(s.stride_h, s.h); ++py) {
    for (std::int64_t px = 0; px < std::min(s.stride_w, s.w); ++px) {
      g.taps.clear();
      for (std::int64_t ky = 0; ky < s.kh; ++ky) {
        std::int64_t up = py + s.pad_h - ky * s.dil_h, oy = detail::floor_div(up, s.stride_h);
        if (oy * s.stride_h != up) continue;
        for (std::int64_t kx = 0; kx < s.kw; ++kx) {
          std::int64_t left = px + s.pad_w - kx * s.dil_w, ox = detail::floor_div(left, s.stride_w);
          if (ox * s.stride_w == left) g.taps.push_back({oy, ox, 0, ky * s.kw + kx});
        }
      }
      g.out = dx + py * s.w + px;
      g.qh = detail::ceil_div(s.h - py, s.stride_h), g.qw = detail::ceil_div(s.w - px, s.stride_w);
      detail::gather_convolution(g);
    }
  }
}

/// dweight(o, c, ky, kx) = sum over images and outputs of dy(n, o, oy, ox) * x at the pixel that (ky, kx) reads there.
template <class T>
void conv2d_backward_weight(const ConvShape& shape, const T* x, const T* dy, T* dweight, bool exact = false) {
  if constexpr (std::is_same_v<T, float>) {
    if (detail::prefers_winograd(shape, exact, shape.oh, shape.ow))
      return winograd_backward_weight(shape, x, dy, dweight);
  }
  if (detail::skips_pixels(shape)) {
    const Workspace<T> seen(static_cast<std::size_t>(shape.n * shape.c_in * shape.oh * shape.ow));
    detail::take_pixels<T>(shape, x, seen);
    return conv2d_backward_weight<T>(detail::without_stride(shape), seen, dy, dweight, exact);
  }
  const ConvShape s = detail::simplify(shape, detail::max_k_block + detail::max_k_block / 4);  // whole rows are summed
  if (s.n <= 0 || s.oh <= 0 || s.ow <= 0) {
    std::fill(dweight, dweight + s.c_out * (s.c_in / s.groups) * s.kh * s.kw, T(0));
    return;
  }
  if constexpr (std::is_same_v<T, float>) {
    if (detail::is_point(s) && detail::amx_weight_gradient(s, x, dy, dweight)) return;
  }
  detail::weight_gradient(s, x, dy, dweight);
}

}  // namespace chainrule::cpu

#pragma once
// Direct convolution, plane by plane, for stride 1 and few output channels, where packing would cost as much as the
// arithmetic: the image is not packed. It is copied once with its padding; in that copy, every position of the window
// reads the pixels of the result at a fixed distance, row after row, so a vector of them is one load. The pixels
// between the rows of the result are computed and dropped. Each sum has the same order as in implicit GEMM, so the
// choice never shows in the result.

#include <chainrule/cpu/conv/implicit_gemm.hpp>

namespace chainrule::cpu::detail {

/// The padded copy of one image for a Gather whose taps form a grid.
struct PaddedPlanes {
  std::int64_t low_y, low_x, h, w, plane;
};

template <class T> PaddedPlanes padded_planes(const WindowSum<T>& g) {
  std::int64_t span_y = (g.window_h - 1) * g.window_step_y, span_x = (g.window_w - 1) * g.window_step_x;
  PaddedPlanes f{g.taps[0].dy + std::min<std::int64_t>(span_y, 0), g.taps[0].dx + std::min<std::int64_t>(span_x, 0), 0,
                 0, 0};
  f.h = g.qh + std::abs(span_y), f.w = g.qw + std::abs(span_x);
  f.plane = round_up(f.h * f.w, 16) + 16;
  return f;
}

/// Whether direct convolution is possible: the taps form a grid, and the result has no gaps between its columns.
template <class T> bool is_direct(const WindowSum<T>& g) {
  return g.window_h > 0 && g.row_stride == 1 && g.out_column == 1;
}
/// Images are shared out whole: whether there are enough for all threads.
template <class T> bool enough_images(const WindowSum<T>& g) {
  return g.images * g.groups >= get_num_threads() || chainrule::detail::inside_parallel;
}

template <class T>
using ImageKernel = void (*)(const KernelTable<T>& table, const WindowSum<T>& g, const PaddedPlanes& f,
                             std::int64_t group, std::int64_t image, const T* weights);

/// One kernel for each image of each group, by all threads. `weights`: packed, of all groups.
template <class T> void each_image(const WindowSum<T>& g, const T* weights, ImageKernel<T> kernel) {
  const KernelTable<T>& table = kernels<T>();
  const PaddedPlanes planes = padded_planes(g);
  const std::int64_t size = g.m * g.channels * static_cast<std::int64_t>(g.taps.size()), tasks = g.groups * g.images;
  const double work = static_cast<double>(size * g.groups) * static_cast<double>(g.images * g.qh * g.qw);
  parallel_chunks(tasks, work < 0.75e6 ? tasks : 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task)
      kernel(table, g, planes, task / g.images, task % g.images, weights + task / g.images * size);
  });
}

template <class Problem> bool direct_plane_applies(Problem& p) { return is_one_sum(p) && is_direct(p.sum()); }

/// By the cycles that each spends on a pixel beyond its products. (measured)
template <class T> bool direct_plane_is_faster(const WindowSum<T>& g) {
  const KernelTable<T>& table = kernels<T>();
  if (g.taps.size() < 2 || !enough_images(g)) return false;
  PaddedPlanes f = padded_planes(g);
  auto taps = static_cast<double>(g.taps.size()), channels = static_cast<double>(g.channels),
       m = static_cast<double>(g.m);
  double waste = static_cast<double>(f.w) / static_cast<double>(g.qw) - 1;
  double copied = static_cast<double>(f.h * f.w) / static_cast<double>(g.qh * g.qw) * channels;
  double packed = 0.4 * taps * channels + 2 * taps;
  double direct = m / (2 * table.lanes) * waste * taps * channels + 1.3 * m + 0.5 * copied;
  return direct < packed;
}

template <class Problem> bool direct_plane_wins(Problem& p) { return direct_plane_is_faster(p.sum()); }

/// One image of one group with zeros around it.
template <class T>
void copy_with_border(const KernelTable<T>& table, const WindowSum<T>& g, const PaddedPlanes& f, const T* source,
                      T* planes) {
  const std::int64_t left = std::clamp<std::int64_t>(-f.low_x, 0, f.w),
                     right = std::clamp<std::int64_t>(g.source_w - f.low_x, left, f.w);
  static thread_local std::vector<Range> ranges;
  ranges.clear();
  for (std::int64_t r = 0; r < f.h; ++r) {
    const std::int64_t to = r * f.w, y = r + f.low_y;
    const bool outside = y < 0 || y >= g.source_h;
    add_range(ranges, to, -1, outside ? f.w : left);
    if (outside) continue;
    add_range(ranges, to + left, y * g.source_row + f.low_x + left, right - left);
    add_range(ranges, to + right, -1, f.w - right);
  }
  table.copy_ranges(planes, f.plane, source, g.source_channel, g.channels, ranges.data(),
                    static_cast<std::int64_t>(ranges.size()));
}

/// One image of one group, on the calling thread.
template <class T>
void plane_image(const KernelTable<T>& table, const WindowSum<T>& g, const PaddedPlanes& f, std::int64_t group,
                 std::int64_t image, const T* weights) {
  auto taps = static_cast<std::int64_t>(g.taps.size());
  T* planes = scratch<T>(Scratch::b_block, static_cast<std::size_t>(g.channels * f.plane + 128));
  T* tile = scratch<T>(Scratch::tile, static_cast<std::size_t>(table.rows * table.columns));
  copy_with_border(table, g, f, g.source + image * g.source_image + group * g.channels * g.source_channel, planes);
  const T* first = planes + (g.taps[0].dy - f.low_y) * f.w + g.taps[0].dx - f.low_x;
  T* out = g.out + image * g.out_image + group * g.m * g.out_channel;
  std::int64_t block = channel_block(g.channels, taps), columns = (g.qh - 1) * f.w + g.qw;
  Range ranges[3 * 64 / sizeof(T)];
  for (std::int64_t j = 0; j < columns; j += table.columns) {
    std::int64_t width = std::min<std::int64_t>(columns - j, table.columns), vectors = ceil_div(width, table.lanes);
    std::int64_t count = 0;
    for (std::int64_t at = 0; at < width;) {  // what lies inside of the result
      std::int64_t qy = (j + at) / f.w, qx = (j + at) % f.w, length = std::min(f.w - qx, width - at);
      if (qx < g.qw) ranges[count++] = {qy * g.out_row + qx, at, std::min(g.qw - qx, length)};
      at += length;
    }
    for (std::int64_t i = 0; i < g.m;) {
      int rows = tile_rows(table.rows, g.m - i);
      MicroKernel<T> micro = table.micro[log2_rows(table.rows, rows)][vectors - 1];
      for (std::int64_t c0 = 0; c0 < g.channels; c0 += block) {
        std::int64_t depth = std::min(block, g.channels - c0);
        Epilogue<T> e{c0 > 0, nullptr, nullptr, false};
        if (c0 + block >= g.channels && g.bias) e.row_bias = g.bias + group * g.m + i;
        Walk walk{g.window_w, rows,        g.window_step_x, g.window_h, g.window_w * rows, g.window_step_y * f.w,
                  depth,      taps * rows, f.plane};
        micro(walk, weights + c0 * taps * g.m + i * depth * taps, packed_rows, first + c0 * f.plane + j, tile,
              table.columns, e);
      }
      table.copy_ranges(out + i * g.out_channel, g.out_channel, tile, table.columns, rows, ranges, count);
      i += rows;
    }
  }
}

template <class T> void direct_plane(const WindowSum<T>& g) {
  const std::int64_t size = g.m * g.channels * static_cast<std::int64_t>(g.taps.size());
  const Workspace<T> weights(static_cast<std::size_t>(size * g.groups));
  for (std::int64_t group = 0; group < g.groups; ++group) pack_weights(kernels<T>(), g, group, weights + group * size);
  each_image<T>(g, weights, plane_image<T>);
}

template <class Problem> bool direct_plane_run(Problem& p) {
  direct_plane(p.sum());
  return true;
}

}  // namespace chainrule::cpu::detail

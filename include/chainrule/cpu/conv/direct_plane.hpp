#pragma once
// The second way through conv_gather.hpp's sum, for stride 1 and few rows, where packing would cost as much as the
// arithmetic: nothing is packed. An image is copied once with its padding; in that copy, every place of the window
// reads the pixels of the result at a fixed distance, row after row, so a vector of them is one load. The pixels
// between the rows of the result are computed and dropped. Each sum has the same order as in the packed way, so the
// choice never shows in the result.

#include <chainrule/cpu/conv/implicit_gemm.hpp>

namespace chainrule::cpu::detail {

/// The padded copy of one image for a Gather whose taps form a grid.
struct FlatPlanes {
  std::int64_t low_y, low_x, h, w, plane;
};

template <class T> FlatPlanes flat_planes(const Gather<T>& g) {
  std::int64_t span_y = (g.window_h - 1) * g.window_step_y, span_x = (g.window_w - 1) * g.window_step_x;
  FlatPlanes f{g.taps[0].dy + std::min<std::int64_t>(span_y, 0), g.taps[0].dx + std::min<std::int64_t>(span_x, 0), 0, 0,
               0};
  f.h = g.qh + std::abs(span_y), f.w = g.qw + std::abs(span_x);
  f.plane = round_up(f.h * f.w, 16) + 16;
  return f;
}

/// Whether the flat way is the faster one, by the cycles that each spends on a pixel beyond its products (measured).
template <class T> bool prefers_flat(const KernelTable<T>& table, const Gather<T>& g) {
  if (!g.window_h || g.row_stride != 1 || g.out_column != 1 || g.taps.size() < 2) return false;
  if (g.images * g.groups < get_num_threads() && !chainrule::detail::inside_parallel) return false;
  FlatPlanes f = flat_planes(g);
  auto taps = static_cast<double>(g.taps.size()), channels = static_cast<double>(g.channels),
       m = static_cast<double>(g.m);
  double waste = static_cast<double>(f.w) / static_cast<double>(g.qw) - 1;
  double copied = static_cast<double>(f.h * f.w) / static_cast<double>(g.qh * g.qw) * channels;
  double packed = 0.4 * taps * channels + 2 * taps;
  double flat = m / (2 * table.lanes) * waste * taps * channels + 1.3 * m + 0.5 * copied;
  return flat < packed;
}

/// One image of one group with zeros around it.
template <class T>
void copy_with_border(const KernelTable<T>& table, const Gather<T>& g, const FlatPlanes& f, const T* source,
                      T* planes) {
  const std::int64_t left = std::clamp<std::int64_t>(-f.low_x, 0, f.w),
                     right = std::clamp<std::int64_t>(g.source_w - f.low_x, left, f.w);
  static thread_local std::vector<Run> runs;
  runs.clear();
  for (std::int64_t r = 0; r < f.h; ++r) {
    const std::int64_t to = r * f.w, y = r + f.low_y;
    const bool outside = y < 0 || y >= g.source_h;
    add_run(runs, to, -1, outside ? f.w : left);
    if (outside) continue;
    add_run(runs, to + left, y * g.source_row + f.low_x + left, right - left);
    add_run(runs, to + right, -1, f.w - right);
  }
  table.copy_runs(planes, f.plane, source, g.source_channel, g.channels, runs.data(),
                  static_cast<std::int64_t>(runs.size()));
}

/// One image of one group, on the calling thread.
template <class T>
void flat_image(const KernelTable<T>& table, const Gather<T>& g, const FlatPlanes& f, std::int64_t group,
                std::int64_t image, const T* weights) {
  auto taps = static_cast<std::int64_t>(g.taps.size());
  T* planes = scratch<T>(Scratch::b_block, static_cast<std::size_t>(g.channels * f.plane + 128));
  T* tile = scratch<T>(Scratch::tile, static_cast<std::size_t>(table.rows * table.columns));
  copy_with_border(table, g, f, g.source + image * g.source_image + group * g.channels * g.source_channel, planes);
  const T* first = planes + (g.taps[0].dy - f.low_y) * f.w + g.taps[0].dx - f.low_x;
  T* out = g.out + image * g.out_image + group * g.m * g.out_channel;
  std::int64_t block = channel_block(g.channels, taps), columns = (g.qh - 1) * f.w + g.qw;
  Run runs[3 * 64 / sizeof(T)];
  for (std::int64_t j = 0; j < columns; j += table.columns) {
    std::int64_t width = std::min<std::int64_t>(columns - j, table.columns), vectors = ceil_div(width, table.lanes);
    std::int64_t count = 0;
    for (std::int64_t at = 0; at < width;) {  // what lies inside of the result
      std::int64_t qy = (j + at) / f.w, qx = (j + at) % f.w, length = std::min(f.w - qx, width - at);
      if (qx < g.qw) runs[count++] = {qy * g.out_row + qx, at, std::min(g.qw - qx, length)};
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
      table.copy_runs(out + i * g.out_channel, g.out_channel, tile, table.columns, rows, runs, count);
      i += rows;
    }
  }
}

}  // namespace chainrule::cpu::detail

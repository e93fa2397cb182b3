#pragma once
// Direct convolution, row by row, for few input channels (an image's own 1 or 3, the small maps of LeNet): no packing,
// little wasted work. A row of the result is computed a vector at a time, the last vector overlapping the one before;
// two rows are computed together. Rows shorter than a vector are computed apart and copied at their length. Each sum
// has the same order as in implicit GEMM, so the choice never shows in the result.

#include <chainrule/cpu/conv/direct_plane.hpp>

namespace chainrule::cpu::detail {

/// Rows of the tile that starts where `left` rows are left: 12, 8 (where there are registers for them) or 6 where that
/// leaves no odd end, then 4, 2, 1; and its index in KernelTable::pairs.
struct PairTile {
  int rows, index;
};
template <class T> PairTile pair_tile(const KernelTable<T>& table, std::int64_t left) {
  if (table.pairs[5] && (left == 12 || left == 20 || left >= 24)) return {12, 5};
  if (table.pairs[4] && (left == 8 || left >= 12)) return {8, 4};
  if (left == 6 || left >= 10) return {6, 3};
  return left >= 4 ? PairTile{4, 2} : left >= 2 ? PairTile{2, 1} : PairTile{1, 0};
}

template <class Problem> bool direct_rows_applies(Problem& p) {
  if (!is_one_sum(p)) return false;
  const auto& g = p.sum();
  return is_direct(g) && g.qh >= 2 &&  // two rows are computed together
         static_cast<std::int64_t>(g.taps.size()) * g.channels <= max_k_block + max_k_block / 4;  // one block
}

/// By the cycles that each spends on a pixel beyond its products. (measured)
template <class T> bool direct_rows_is_faster(const WindowSum<T>& g) {
  const KernelTable<T>& table = kernels<T>();
  const std::int64_t taps = static_cast<std::int64_t>(g.taps.size()), depth = taps * g.channels;
  if (taps < 2 || !enough_images(g)) return false;
  PaddedPlanes f = padded_planes(g);
  if (g.qw < table.lanes && f.w < table.lanes) return false;  // direct_plane drops less
  if (g.channels * f.h * f.w * static_cast<std::int64_t>(sizeof(T)) > 48 * 1024)
    return false;  // it is read once for every 6 rows
  auto products = static_cast<double>(depth), m = static_cast<double>(g.m), pixels = static_cast<double>(g.qw);
  double waste = static_cast<double>(round_up(g.qw, table.lanes)) / pixels - 1, vector_pair = 2 * table.lanes;
  double copied = static_cast<double>(f.h * f.w) / static_cast<double>(g.qh * g.qw) * static_cast<double>(g.channels);
  return m / vector_pair * (waste * products + 5) + 0.5 * copied < 0.4 * products + 2 * static_cast<double>(taps);
}
template <class Problem> bool direct_rows_wins(Problem& p) { return direct_rows_is_faster(p.sum()); }

/// The weights of one group: tiles of rows, in each [channel][tap][row].
template <class T>
void pack_row_weights(const KernelTable<T>& table, const WindowSum<T>& g, std::int64_t group, T* to) {
  for (std::int64_t i = 0; i < g.m;) {
    const int rows = pair_tile(table, g.m - i).rows;
    for (std::int64_t c = 0; c < g.channels; ++c) {
      const T* window = g.weight + group * g.weight_group + i * g.weight_m + c * g.weight_channel;
      for (const Tap& tap : g.taps)
        for (int r = 0; r < rows; ++r) *to++ = window[r * g.weight_m + tap.weight];
    }
    i += rows;
  }
}

/// One image of one group, on the calling thread.
template <class T>
void rows_image(const KernelTable<T>& table, const WindowSum<T>& g, const PaddedPlanes& f, std::int64_t group,
                std::int64_t image, const T* weights) {
  const auto taps = static_cast<std::int64_t>(g.taps.size());
  const T* planes =
      g.source + image * g.source_image + group * g.channels * g.source_channel + f.low_y * g.source_row + f.low_x;
  std::int64_t pitch = g.source_row, plane = g.source_channel;
  const bool is_short = g.qw < table.lanes;
  if (is_short || f.low_y < 0 || f.low_x < 0 || f.low_y + f.h > g.source_h ||
      f.low_x + f.w > g.source_w) {  // zeros around it
    T* copy = scratch<T>(Scratch::b_block, static_cast<std::size_t>(g.channels * f.plane + 128));
    copy_with_border(table, g, f, planes - f.low_y * g.source_row - f.low_x, copy);
    planes = copy, pitch = f.w, plane = f.plane;
  }
  // Rows of the window that lie above or below the image for both rows of the result are left out.
  auto first_line = [&](std::int64_t qy, std::int64_t step) {
    std::int64_t line = 0;
    while (line < g.window_h) {
      const std::int64_t y = qy + g.taps[0].dy + line * step;
      if (y + 1 >= 0 && y < g.source_h) break;
      ++line;
    }
    return line;
  };
  const T* first = planes + (g.taps[0].dy - f.low_y) * pitch + g.taps[0].dx - f.low_x;
  T* out = g.out + image * g.out_image + group * g.m * g.out_channel;
  const std::int64_t vectors = ceil_div(g.qw, table.lanes), apart_channel = g.qh * table.lanes;
  T* apart = is_short ? scratch<T>(Scratch::tile, static_cast<std::size_t>(12 * apart_channel)) : nullptr;
  static thread_local std::vector<Range> ranges;
  ranges.clear();
  for (std::int64_t qy = 0; is_short && qy < g.qh; ++qy) ranges.push_back({qy * g.out_row, qy * table.lanes, g.qw});
  for (std::int64_t i = 0; i < g.m;) {
    const PairTile tile = pair_tile(table, g.m - i);
    const T *a = weights + i * g.channels * taps, *bias = g.bias ? g.bias + group * g.m + i : nullptr;
    for (std::int64_t qy = 0; qy < g.qh;) {
      // As many pairs as read the same lines of the window.
      auto lines_at = [&](std::int64_t y) {
        const std::int64_t begin = first_line(y, g.window_step_y);
        std::int64_t end = g.window_h;
        while (end > begin + 1) {
          const std::int64_t last = y + g.taps[0].dy + (end - 1) * g.window_step_y;
          if (last + 1 >= 0 && last < g.source_h) break;
          --end;
        }
        return std::pair(begin, std::max(begin, end));
      };
      const std::int64_t y0 = std::min(qy, g.qh - 2);
      const auto lines = lines_at(y0);
      std::int64_t count = 1;
      while (y0 + 2 * count + 1 < g.qh && lines_at(y0 + 2 * count) == lines) ++count;
      for (std::int64_t p = 0; p < vectors; ++p) {
        const std::int64_t qx = is_short ? 0 : std::min(p * table.lanes, g.qw - table.lanes),
                           row = is_short ? table.lanes : g.out_row;
        const Walk walk{g.window_w,
                        tile.rows,
                        g.window_step_x,
                        lines.second - lines.first,
                        g.window_w * tile.rows,
                        g.window_step_y * pitch,
                        g.channels,
                        taps * tile.rows,
                        plane};
        table.pairs[tile.index](
            walk, a + lines.first * g.window_w * tile.rows, first + (y0 + lines.first * g.window_step_y) * pitch + qx,
            (is_short ? apart : out + i * g.out_channel) + y0 * row + qx, is_short ? apart_channel : g.out_channel,
            bias, {pitch, row, count, 2 * pitch, 2 * row});
      }
      qy = y0 + 2 * count;
    }
    if (is_short)
      table.copy_ranges(out + i * g.out_channel, g.out_channel, apart, apart_channel, tile.rows, ranges.data(), g.qh);
    i += tile.rows;
  }
}

template <class T> void direct_rows(const WindowSum<T>& g) {
  const std::int64_t size = g.m * g.channels * static_cast<std::int64_t>(g.taps.size());
  const Workspace<T> weights(static_cast<std::size_t>(size * g.groups));
  for (std::int64_t group = 0; group < g.groups; ++group)
    pack_row_weights(kernels<T>(), g, group, weights + group * size);
  each_image<T>(g, weights, rows_image<T>);
}

template <class Problem> bool direct_rows_run(Problem& p) {
  direct_rows(p.sum());
  return true;
}

}  // namespace chainrule::cpu::detail

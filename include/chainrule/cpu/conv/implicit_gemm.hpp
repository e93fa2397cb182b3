#pragma once
// Implicit GEMM: a product weights x pixels whose right side is packed straight from the image, so that no im2col
// matrix is ever written out. Every stride is a stride of one here: the columns of the image (forward) or the pixels of
// the result (gradient of the input) are split by their remainder.

#include <chainrule/cpu/conv/problem.hpp>
#include <chainrule/cpu/gemm/packing.hpp>
#include <vector>

namespace chainrule::cpu::detail {

/// Channels whose taps make one block of the inner dimension.
inline std::int64_t channel_block(std::int64_t channels, std::int64_t taps) {
  if (channels * taps <= max_k_block + max_k_block / 4) return channels;
  std::int64_t fit = std::max<std::int64_t>(1, max_k_block / std::max<std::int64_t>(taps, 1));
  return ceil_div(channels, ceil_div(channels, fit));
}

/// Whether the taps are the window's elements, each once, from the first to the last.
template <class T> bool taps_in_order(const WindowSum<T>& g) {
  for (std::size_t t = 0; t < g.taps.size(); ++t)
    if (g.taps[t].weight != static_cast<std::int64_t>(t)) return false;
  return true;
}

/// Whether rows of weights are read where they lie: those of a 1 x 1 window, whose elements follow each other.
template <class T> bool reads_weights(const WindowSum<T>& g) { return g.taps.size() == 1 && g.weight_channel == 1; }

/// Packed weights of one group: blocks of channels, in each the tiles of rows, in each [channel][tap][row].
template <class T> void pack_weights(const KernelTable<T>& table, const WindowSum<T>& g, std::int64_t group, T* to) {
  auto taps = static_cast<std::int64_t>(g.taps.size());
  std::int64_t block = channel_block(g.channels, taps);
  const bool in_order = taps_in_order(g);
  std::int64_t tiles = ceil_div(g.m, table.rows);
  parallel_for(g.m * g.channels * taps < 100000 ? 1 : tiles, [&](std::int64_t task) {
    std::int64_t first = g.m * g.channels * taps < 100000 ? 0 : task,
                 last = g.m * g.channels * taps < 100000 ? tiles : task + 1;
    for (std::int64_t i = first * table.rows; i < std::min(last * table.rows, g.m);) {
      int rows = tile_rows(table.rows, g.m - i);
      for (std::int64_t c0 = 0; c0 < g.channels; c0 += block) {
        std::int64_t depth = std::min(block, g.channels - c0);
        T* at = to + c0 * taps * g.m + i * depth * taps;
        const T* from = g.weight + group * g.weight_group + i * g.weight_m + c0 * g.weight_channel;
        if (taps == 1 || (in_order && g.weight_channel == taps)) {
          table.pack(at, rows, from + g.taps[0].weight, g.weight_m, taps == 1 ? g.weight_channel : 1, rows,
                     depth * taps);
          continue;
        }
        for (std::int64_t c = 0; c < depth; ++c) {
          const T* window = from + c * g.weight_channel;
          if (in_order) {
            table.pack(at + c * taps * rows, rows, window, g.weight_m, 1, rows, taps);
          } else {
            for (std::int64_t t = 0; t < taps; ++t) {
              for (int r = 0; r < rows; ++r)
                at[(c * taps + t) * rows + r] = window[r * g.weight_m + g.taps[static_cast<std::size_t>(t)].weight];
            }
          }
        }
      }
      i += rows;
    }
  });
}

/// Adds a range of `length` elements; joins it with the range before if it continues that.
inline void add_range(std::vector<Range>& ranges, std::int64_t to, std::int64_t source, std::int64_t length) {
  if (length <= 0) return;
  if (!ranges.empty()) {
    Range& back = ranges.back();
    bool follows = back.source < 0 ? source < 0 : source == back.source + back.length;
    if (back.to + back.length == to && follows) {
      back.length += length;
      return;
    }
  }
  ranges.push_back({to, source, length});
}

/// Where the pixels [j, j + width) of the result, counted over all images, come from for one tap.
template <class T>
void find_ranges(const WindowSum<T>& g, const Tap& tap, std::int64_t j, std::int64_t width,
                 std::vector<Range>& ranges) {
  ranges.clear();
  std::int64_t row = j / g.qw, qx = j % g.qw, image = row / g.qh, qy = row % g.qh;
  for (std::int64_t to = 0; to < width;) {
    std::int64_t length = std::min(g.qw - qx, width - to), y = qy * g.row_stride + tap.dy, x = qx + tap.dx;
    if (y < 0 || y >= g.source_h) {
      add_range(ranges, to, -1, length);
    } else {
      std::int64_t left = std::clamp<std::int64_t>(-x, 0, length),
                   right = std::clamp<std::int64_t>(g.source_w - x, left, length);
      add_range(ranges, to, -1, left);
      add_range(ranges, to + left, image * g.source_image + y * g.source_row + x + left, right - left);
      add_range(ranges, to + right, -1, length - right);
    }
    to += length;
    qx = 0;
    if (++qy == g.qh) qy = 0, ++image;
  }
}

/// Copies a finished m x width tile row by row to where its pixels belong.
template <class T>
void scatter(const KernelTable<T>& table, const WindowSum<T>& g, const T* from, std::int64_t step, std::int64_t rows,
             T* out, std::int64_t j, std::int64_t width) {
  std::int64_t row = j / g.qw, qx = j % g.qw, image = row / g.qh, qy = row % g.qh;
  const bool solid = g.out_column == 1 && g.out_row == g.qw;  // rows follow each other
  for (std::int64_t at = 0; at < width;) {
    const std::int64_t length = std::min(solid ? g.qw * (g.qh - qy) - qx : g.qw - qx, width - at);
    T* to = out + image * g.out_image + qy * g.out_row + qx * g.out_column;
    if (g.out_column == 1) {
      const Range range{0, 0, length};
      table.copy_ranges(to, g.out_channel, from + at, step, rows, &range, 1);
    } else {
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t p = 0; p < length; ++p) to[i * g.out_channel + p * g.out_column] = from[i * step + at + p];
      }
    }
    at += length;
    qy += (qx + length) / g.qw, qx = (qx + length) % g.qw;
    if (qy == g.qh) qy = 0, ++image;
  }
}

/// Rows [i0, i1) and pixels [j0, j1) of one group, on the calling thread. Without packed weights they are read where
/// they lie.
template <class T>
void implicit_gemm_part(const KernelTable<T>& table, const WindowSum<T>& g, std::int64_t group, const T* weights,
                        std::int64_t i0, std::int64_t i1, std::int64_t j0, std::int64_t j1) {
  auto taps = static_cast<std::int64_t>(g.taps.size());
  std::int64_t block = channel_block(g.channels, taps), pixels = g.qh * g.qw;
  std::int64_t nc = std::min(n_block(table, std::max<std::int64_t>(block * taps, 1)), round_up(j1 - j0, table.columns));
  T* packed = scratch<T>(Scratch::b_block, static_cast<std::size_t>(nc * block * taps));
  const Workspace<T> apart(static_cast<std::size_t>((i1 - i0) * nc));  // panels that are not contiguous in the result
  bool solid = g.out_column == 1 && g.out_row == g.qw;
  std::int64_t rows_in_place[8];
  for (std::int64_t i = 0; i < 8; ++i) rows_in_place[i] = i * g.weight_m;
  const T* source = g.source + group * g.channels * g.source_channel;
  T* out = g.out + group * g.m * g.out_channel;
  static thread_local std::vector<Range> ranges;
  static thread_local std::vector<const T*> in_place;  // panels of a 1 x 1 window, read where they lie
  for (std::int64_t j = j0; j < j1; j += nc) {
    std::int64_t columns = std::min(nc, j1 - j);
    in_place.assign(static_cast<std::size_t>(ceil_div(columns, table.columns)), nullptr);
    for (std::int64_t c0 = 0; c0 < g.channels; c0 += block) {
      std::int64_t depth = std::min(block, g.channels - c0);
      for (std::int64_t p = 0; p < columns; p += table.columns) {
        std::int64_t width = std::min<std::int64_t>(columns - p, table.columns), step = round_up(width, table.lanes);
        T* panel = packed + p * depth * taps;
        for (std::int64_t t = 0; t < taps; ++t) {
          const Tap& tap = g.taps[static_cast<std::size_t>(t)];
          find_ranges(g, tap, j + p, width, ranges);
          // Read where they lie if few rows of weights use them. Many channels lie too far apart for that, and crowd
          // the caches. (measured)
          if (taps == 1 && ranges.size() == 1 && ranges[0].source >= 0 && width == step &&
              i1 - i0 <= (depth <= 64 ? 8 : 2) * table.rows) {
            in_place[static_cast<std::size_t>(p / table.columns)] =
                source + c0 * g.source_channel + tap.base + ranges[0].source;
            continue;
          }
          if (width < step) add_range(ranges, width, -1, step - width);
          table.copy_ranges(panel + t * step, taps * step, source + c0 * g.source_channel + tap.base, g.source_channel,
                            depth, ranges.data(), static_cast<std::int64_t>(ranges.size()));
        }
      }
      bool last = c0 + block >= g.channels;
      Epilogue<T> e{c0 > 0, nullptr, nullptr, false};
      for (std::int64_t i = i0; i < i1;) {
        int rows = tile_rows(table.rows, i1 - i);
        const T* a = weights ? weights + c0 * taps * g.m + i * depth * taps
                             : g.weight + group * g.weight_group + i * g.weight_m + c0;
        if (last && g.bias) e.row_bias = g.bias + group * g.m + i;
        for (std::int64_t p = 0; p < columns; p += table.columns) {
          std::int64_t width = std::min<std::int64_t>(columns - p, table.columns), image = (j + p) / pixels;
          bool direct = solid && (j + p + width - 1) / pixels == image;
          T* c = direct ? out + image * g.out_image + i * g.out_channel + (j + p) % pixels
                        : apart + (i1 - i0) * p + (i - i0) * table.columns;
          const T* b = in_place[static_cast<std::size_t>(p / table.columns)];
          std::int64_t b_row = b ? g.source_channel : round_up(width, table.lanes);
          multiply_tile(table, rows, width, {depth * taps, weights ? rows : 1, b_row}, a,
                        weights ? packed_rows : rows_in_place, b ? b : packed + p * depth * taps, c,
                        direct ? g.out_channel : table.columns, e);
        }
        i += rows;
      }
    }
    for (std::int64_t p = 0; p < columns; p += table.columns) {
      std::int64_t width = std::min<std::int64_t>(columns - p, table.columns), image = (j + p) / pixels;
      if (solid && (j + p + width - 1) / pixels == image) continue;
      scatter<T>(table, g, apart + (i1 - i0) * p, table.columns, i1 - i0, out + i0 * g.out_channel, j + p, width);
    }
  }
}

template <class T> void implicit_gemm(const WindowSum<T>& g) {
  const KernelTable<T>& table = kernels<T>();
  const auto taps = static_cast<std::int64_t>(g.taps.size());
  const std::int64_t pixels = g.images * g.qh * g.qw, size = g.m * g.channels * taps;
  const bool packs = !reads_weights(g);
  const Workspace<T> weights(static_cast<std::size_t>(packs ? size * g.groups : 0));
  for (std::int64_t group = 0; packs && group < g.groups; ++group)
    pack_weights(table, g, group, weights + group * size);
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
    implicit_gemm_part<T>(table, g, group, packs ? weights + group * size : nullptr, i, std::min(i + part.rows, g.m), j,
                          std::min(j + part.columns, pixels));
  };
  if (flops * static_cast<double>(g.groups) > parallel_flops) {
    parallel_for(tasks, run);
  } else {
    for (std::int64_t task = 0; task < tasks; ++task) run(task);
  }
}

template <class Problem> bool implicit_gemm_run(Problem& p) {
  implicit_gemm(p.sum());
  return true;
}

}  // namespace chainrule::cpu::detail

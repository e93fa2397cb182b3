#pragma once
// Convolutions as products on AMX's tiles. conv_gather.hpp's sum: columns of 64 pixels are split where they lie in the
// image (1 x 1 windows), or lined up first. The gradient of a 1 x 1 window's weight: a product along the pixels.

#include <chainrule/cpu/conv/implicit_gemm.hpp>
#include <chainrule/cpu/conv/pointwise.hpp>
#include <chainrule/cpu/gemm/amx.hpp>

namespace chainrule::cpu::detail {

/// Rows of weights of one group, each with its numbers side by side in the order [channel][tap].
inline void amx_line_up_weights(const KernelTable<float>& table, const Gather<float>& g, std::int64_t group,
                                float* to) {
  const auto taps = static_cast<std::int64_t>(g.taps.size()), k = g.channels * taps;
  const float* from = g.weight + group * g.weight_group;
  parallel_chunks(g.m, std::max<std::int64_t>(16, (1 << 17) / k), [&](std::int64_t first, std::int64_t last) {
    if (taps == 1)
      return table.arrange(to + first * k, k, from + first * g.weight_m + g.taps[0].weight, g.weight_channel,
                           g.weight_m, g.channels, last - first);
    for (std::int64_t i = first; i < last; ++i) {
      for (std::int64_t c = 0; c < g.channels; ++c) {
        for (std::int64_t t = 0; t < taps; ++t)
          to[i * k + c * taps + t] =
              from[i * g.weight_m + c * g.weight_channel + g.taps[static_cast<std::size_t>(t)].weight];
      }
    }
  });
}

/// Rows [i0, i1) and pixels [j0, j1) of one group, on the calling thread. Whether all results are numbers.
inline bool amx_gather_part(const AmxTable& amx, const KernelTable<float>& table, const Gather<float>& g,
                            std::int64_t group, AmxPlace<const float> weights, std::int64_t i0, std::int64_t i1,
                            std::int64_t j0, std::int64_t j1, bool far) {
  const auto taps = static_cast<std::int64_t>(g.taps.size()), m = i1 - i0, n = j1 - j0, pixels = g.qh * g.qw,
             k = g.channels * taps;
  const float* const source = g.source + group * g.channels * g.source_channel;
  float* const out = g.out + (group * g.m + i0) * g.out_channel;
  static thread_local std::vector<Run> runs;
  static thread_local std::vector<std::int64_t>
      split_up;  // for each 64 pixels: -1, or how many before it are not one piece of the result, too
  split_up.clear();
  std::int64_t count = 0;
  const bool solid = g.out_column == 1 && g.out_row == g.qw;
  for (std::int64_t j = j0; j < j1; j += amx_columns)
    split_up.push_back(solid && j / pixels == (std::min(j + amx_columns, j1) - 1) / pixels ? -1 : count++);
  const Workspace<float> apart(static_cast<std::size_t>(count * m * amx_columns)),
      lined_up(static_cast<std::size_t>(std::min(k, amx_longest * amx_step) * amx_columns));

  const auto rows = [&](std::int64_t i, std::int64_t p) {
    return AmxPlace<const float>{weights.from + (i0 + i) * weights.row_step + p, weights.row_step};
  };
  const auto columns = [&](std::int64_t j, std::int64_t p, std::int64_t depth) -> AmxColumns {
    const std::int64_t width = std::min(amx_columns, n - j);
    for (std::int64_t t = 0; t < taps; ++t) {
      const Tap& tap = g.taps[static_cast<std::size_t>(t)];
      const std::int64_t c0 = ceil_div(p - t, taps),
                         c1 = ceil_div(p + depth - t, taps);  // channels whose number for this tap is in the block
      if (c0 >= c1) continue;
      find_runs(g, tap, j0 + j, width, runs);
      const float* first = source + c0 * g.source_channel + tap.base;
      if (taps == 1 && runs.size() == 1 && runs[0].source >= 0) return {first + runs[0].source, g.source_channel};
      table.copy_runs(lined_up + (c0 * taps + t - p) * amx_columns, taps * amx_columns, first, g.source_channel,
                      c1 - c0, runs.data(), static_cast<std::int64_t>(runs.size()));
    }
    return {lined_up, amx_columns};
  };
  const auto place = [&](std::int64_t i, std::int64_t j) -> AmxPlace<float> {
    const std::int64_t where = split_up[static_cast<std::size_t>(j / amx_columns)], first = j0 + j;
    if (where >= 0) return {apart + (where * m + i) * amx_columns, amx_columns};
    return {out + first / pixels * g.out_image + i * g.out_channel + first % pixels, g.out_channel};
  };
  const bool good = amx_engine(amx, table, m, n, AmxBlocks{k}, rows, columns, place,
                               {.row_bias = g.bias ? g.bias + group * g.m + i0 : nullptr}, far);
  for (std::int64_t j = 0; j < n; j += amx_columns) {
    const std::int64_t where = split_up[static_cast<std::size_t>(j / amx_columns)];
    if (where >= 0)
      scatter<float>(table, g, apart + where * m * amx_columns, amx_columns, m, out, j0 + j,
                     std::min(amx_columns, n - j));
  }
  return good;
}

/// The whole sum on tiles. False, and the result in no state to use, where tiles are not there, not the faster way, or
/// met what is not a number.
inline bool amx_gather(const Gather<float>& g) {
  const AmxTable* amx = amx_kernels();
  const std::int64_t taps = static_cast<std::int64_t>(g.taps.size()), pixels = g.images * g.qh * g.qw,
                     k = g.channels * taps;
  if (!amx || !prefers_amx(g.m, pixels, k, taps > 1)) return false;
  if (taps > 1 && g.channels < 16)
    return false;  // to line up a few numbers at a time costs more than it gains (measured)
  const KernelTable<float>& table = kernels<float>();
  const bool in_order = taps_in_order(g) && g.weight_channel == taps;  // then rows are read where they lie
  const Workspace<float> lined_up(static_cast<std::size_t>(in_order ? 0 : g.groups * g.m * k));
  for (std::int64_t group = 0; !in_order && group < g.groups; ++group)
    amx_line_up_weights(table, g, group, lined_up + group * g.m * k);
  const double flops = 2.0 * static_cast<double>(g.m * k) * static_cast<double>(pixels);
  Split part{g.m, pixels};
  if (flops > parallel_flops && g.groups < get_num_threads() && !chainrule::detail::inside_parallel) {
    part = amx_split(g.m, pixels);
    // Several tasks for each thread: who is held up by another program does fewer.
    if (part.rows == g.m)
      part.columns =
          std::max(round_up(ceil_div(part.columns, 4), amx_columns), std::min<std::int64_t>(part.columns, 1024));
  }
  const std::int64_t down = ceil_div(g.m, part.rows), across = ceil_div(pixels, part.columns);
  const bool far = (g.m + g.channels) * g.groups * pixels > (3 << 19);
  std::atomic<bool> good{true};
  parallel_for(g.groups * down * across, [&](std::int64_t task) {
    const std::int64_t group = task / (down * across), i = task / across % down * part.rows,
                       j = task % across * part.columns;
    const AmxPlace<const float> weights = in_order
                                              ? AmxPlace<const float>{g.weight + group * g.weight_group, g.weight_m}
                                              : AmxPlace<const float>{lined_up + group * g.m * k, k};
    if (!amx_gather_part(*amx, table, g, group, weights, i, std::min(i + part.rows, g.m), j,
                         std::min(j + part.columns, pixels), far))
      good.store(false, std::memory_order_relaxed);
  });
  return good.load(std::memory_order_relaxed);
}

/// dweight (c_out, c_in) of a 1 x 1 window = the sum over images of dy (c_out, pixels) times x^T (pixels, c_in). False
/// as above.
inline bool amx_weight_gradient(const ConvShape& s, const float* x, const float* dy, float* dweight) {
  const AmxTable* amx = amx_kernels();
  const std::int64_t pixels = s.oh * s.ow, k = s.n * pixels;
  if (!amx || s.groups != 1 || !prefers_amx(std::max(s.c_out, s.c_in), std::min(s.c_out, s.c_in), k, true))
    return false;
  const KernelTable<float>& table = kernels<float>();
  const bool round = s.c_in > s.c_out,
             joins = pixels < 4 * amx_step;  // better to turn the one with fewer channels; small images side by side
  const std::int64_t m = round ? s.c_in : s.c_out, n = round ? s.c_out : s.c_in;
  const float *a = round ? x : dy, *b = round ? dy : x;
  const Workspace<float> a_joined(static_cast<std::size_t>(joins ? m * k : 0)),
      b_joined(static_cast<std::size_t>(joins ? n * k : 0));
  const auto join = [&](const float* from, std::int64_t channels,
                        float* to) {  // (n, channels, pixels) -> (channels, n, pixels)
    parallel_chunks(channels, std::max<std::int64_t>(1, 16384 / k), [&](std::int64_t first, std::int64_t last) {
      const Run run{0, 0, pixels};
      for (std::int64_t image = 0; image < s.n; ++image)
        table.copy_runs(to + first * k + image * pixels, k, from + (image * channels + first) * pixels, pixels,
                        last - first, &run, 1);
    });
  };
  if (joins) join(a, m, a_joined), join(b, n, b_joined), a = a_joined, b = b_joined;
  const std::int64_t row = joins ? k : pixels, a_image = joins ? 0 : m * pixels, b_image = joins ? 0 : n * pixels;
  const AmxBlocks blocks{row, joins ? 1 : s.n};
  const Workspace<float> turned(static_cast<std::size_t>(round ? m * n : 0));  // dweight^T
  float* const c = round ? turned : dweight;
  const Split part = chainrule::detail::inside_parallel ? Split{m, n} : amx_split(m, n);
  const std::int64_t down = ceil_div(m, part.rows), across = ceil_div(n, part.columns);
  const bool far = (m + n) * k > (3 << 19);
  std::atomic<bool> good{true};
  parallel_for(down * across, [&](std::int64_t task) {
    const std::int64_t i0 = task / across * part.rows, j0 = task % across * part.columns;
    const auto rows = [&](std::int64_t i, std::int64_t p) {
      return AmxPlace<const float>{a + p / row * a_image + (i0 + i) * row + p % row, row};
    };
    const auto columns = [&](std::int64_t j, std::int64_t p, std::int64_t) {
      return AmxColumns{b + p / row * b_image + (j0 + j) * row + p % row, row, true};
    };
    const auto place = [&](std::int64_t i, std::int64_t j) { return AmxPlace<float>{c + (i0 + i) * n + j0 + j, n}; };
    if (!amx_engine(*amx, table, std::min(part.rows, m - i0), std::min(part.columns, n - j0), blocks, rows, columns,
                    place, {}, far))
      good.store(false, std::memory_order_relaxed);
  });
  if (round && good.load(std::memory_order_relaxed))
    parallel_chunks(n, std::max<std::int64_t>(16, 16384 / m), [&](std::int64_t first, std::int64_t last) {
      table.arrange(dweight + first * m, m, turned + first, n, 1, m, last - first);
    });
  return good.load(std::memory_order_relaxed);
}

}  // namespace chainrule::cpu::detail

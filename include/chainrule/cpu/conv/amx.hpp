#pragma once
// Convolutions of floats on AMX's tiles. Sums over windows: columns of 64 pixels are split where they lie in the image
// (1 x 1 windows), or lined up first. The gradient of a 1 x 1 window's weight: a product along the pixels.

#include <chainrule/cpu/conv/implicit_gemm.hpp>
#include <chainrule/cpu/conv/pointwise.hpp>
#include <chainrule/cpu/gemm/amx.hpp>

namespace chainrule::cpu::detail {

/// Rows of weights of one group, each with its elements side by side in the order [channel][tap].
inline void amx_line_up_weights(const KernelTable<float>& table, const WindowSum<float>& g, std::int64_t group,
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

/// Rows [i0, i1) and pixels [j0, j1) of one group, on the calling thread. Returns false if it met a NaN.
inline bool amx_sum_part(const AmxTable& amx, const KernelTable<float>& table, const WindowSum<float>& g,
                         std::int64_t group, AmxView<const float> weights, std::int64_t i0, std::int64_t i1,
                         std::int64_t j0, std::int64_t j1, bool far) {
  const auto taps = static_cast<std::int64_t>(g.taps.size()), m = i1 - i0, n = j1 - j0, pixels = g.qh * g.qw,
             k = g.channels * taps;
  const float* const source = g.source + group * g.channels * g.source_channel;
  float* const out = g.out + (group * g.m + i0) * g.out_channel;
  static thread_local std::vector<Range> ranges;
  static thread_local std::vector<std::int64_t>
      split_up;  // for each 64 pixels: -1 where they are contiguous in the result, else how many before them are not
  split_up.clear();
  std::int64_t count = 0;
  const bool solid = g.out_column == 1 && g.out_row == g.qw;
  for (std::int64_t j = j0; j < j1; j += amx_columns)
    split_up.push_back(solid && j / pixels == (std::min(j + amx_columns, j1) - 1) / pixels ? -1 : count++);
  const Workspace<float> apart(static_cast<std::size_t>(count * m * amx_columns)),
      lined_up(static_cast<std::size_t>(std::min(k, amx_longest * amx_step) * amx_columns));

  struct Images final : AmxOperands {
    const KernelTable<float>& table;
    const WindowSum<float>& g;
    AmxView<const float> weights;
    const float* source;
    float *out, *apart, *lined_up;
    std::int64_t j0, m, n;

    Images(const KernelTable<float>& kernels, const WindowSum<float>& sum) : table(kernels), g(sum) {}
    AmxView<const float> rows(std::int64_t i, std::int64_t p) const override {
      return {weights.from + i * weights.row_step + p, weights.row_step};
    }
    AmxColumns columns(std::int64_t j, std::int64_t p, std::int64_t depth) const override {
      const std::int64_t width = std::min(amx_columns, n - j), taps = static_cast<std::int64_t>(g.taps.size());
      for (std::int64_t t = 0; t < taps; ++t) {
        const Tap& tap = g.taps[static_cast<std::size_t>(t)];
        const std::int64_t c0 = ceil_div(p - t, taps),
                           c1 = ceil_div(p + depth - t, taps);  // channels whose value for this tap is in the block
        if (c0 >= c1) continue;
        find_ranges(g, tap, j0 + j, width, ranges);
        const float* first = source + c0 * g.source_channel + tap.base;
        if (taps == 1 && ranges.size() == 1 && ranges[0].source >= 0)
          return {first + ranges[0].source, g.source_channel};
        table.copy_ranges(lined_up + (c0 * taps + t - p) * amx_columns, taps * amx_columns, first, g.source_channel,
                          c1 - c0, ranges.data(), static_cast<std::int64_t>(ranges.size()));
      }
      return {lined_up, amx_columns};
    }
    AmxView<float> result(std::int64_t i, std::int64_t j) const override {
      const std::int64_t where = split_up[static_cast<std::size_t>(j / amx_columns)], first = j0 + j,
                         pixels = g.qh * g.qw;
      if (where >= 0) return {apart + (where * m + i) * amx_columns, amx_columns};
      return {out + first / pixels * g.out_image + i * g.out_channel + first % pixels, g.out_channel};
    }
  } at(table, g);
  at.weights = {weights.from + i0 * weights.row_step, weights.row_step}, at.source = source, at.out = out;
  at.apart = apart, at.lined_up = lined_up, at.j0 = j0, at.m = m, at.n = n;
  const bool good =
      amx_engine(amx, table, m, n, AmxBlocks{k}, at, {.row_bias = g.bias ? g.bias + group * g.m + i0 : nullptr}, far);
  for (std::int64_t j = 0; j < n; j += amx_columns) {
    const std::int64_t where = split_up[static_cast<std::size_t>(j / amx_columns)];
    if (where >= 0)
      scatter<float>(table, g, apart + where * m * amx_columns, amx_columns, m, out, j0 + j,
                     std::min(amx_columns, n - j));
  }
  return good;
}

inline bool amx_sum_is_faster(const WindowSum<float>& g) {
  const auto taps = static_cast<std::int64_t>(g.taps.size());
  if (taps > 1 && g.channels < 16) return false;  // lining up a few elements at a time costs too much (measured)
  return amx_is_faster(g.m, g.images * g.qh * g.qw, g.channels * taps, taps > 1);
}

/// The whole sum on tiles. Returns false if it met a NaN.
inline bool amx_sum(const WindowSum<float>& g) {
  const AmxTable& amx = *amx_kernels();
  const KernelTable<float>& table = kernels<float>();
  const std::int64_t taps = static_cast<std::int64_t>(g.taps.size()), pixels = g.images * g.qh * g.qw,
                     k = g.channels * taps;
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
    const AmxView<const float> weights = in_order ? AmxView<const float>{g.weight + group * g.weight_group, g.weight_m}
                                                  : AmxView<const float>{lined_up + group * g.m * k, k};
    if (!amx_sum_part(amx, table, g, group, weights, i, std::min(i + part.rows, g.m), j,
                      std::min(j + part.columns, pixels), far))
      good.store(false, std::memory_order_relaxed);
  });
  return good.load(std::memory_order_relaxed);
}

template <class Problem> bool amx_sum_applies(Problem& p) {
  return std::is_same_v<typename Problem::Element, float> && amx_kernels() && is_one_sum(p) && !p.sum().taps.empty();
}
template <class Problem> bool amx_sum_wins(Problem& p) {
  if constexpr (std::is_same_v<typename Problem::Element, float>) return amx_sum_is_faster(p.sum());
  else return false;
}
template <class Problem> bool amx_sum_run(Problem& p) {
  if constexpr (std::is_same_v<typename Problem::Element, float>) return amx_sum(p.sum());
  else return false;
}

/// dweight (c_out, c_in) of a 1 x 1 window = the sum over images of dy (c_out, pixels) times x^T (pixels, c_in).
/// Returns false if it met a NaN.
inline bool amx_weight_gradient(const ConvShape& s, const float* x, const float* dy, float* dweight) {
  const AmxTable& amx = *amx_kernels();
  const KernelTable<float>& table = kernels<float>();
  const std::int64_t pixels = s.oh * s.ow, k = s.n * pixels;
  // Better to transpose the one with fewer channels. Small images are joined.
  const bool transposes = s.c_in > s.c_out, joins = pixels < 4 * amx_step;
  const std::int64_t m = transposes ? s.c_in : s.c_out, n = transposes ? s.c_out : s.c_in;
  const float *a = transposes ? x : dy, *b = transposes ? dy : x;
  const Workspace<float> a_joined(static_cast<std::size_t>(joins ? m * k : 0)),
      b_joined(static_cast<std::size_t>(joins ? n * k : 0));
  const auto join = [&](const float* from, std::int64_t channels,
                        float* to) {  // (n, channels, pixels) -> (channels, n, pixels)
    parallel_chunks(channels, std::max<std::int64_t>(1, 16384 / k), [&](std::int64_t first, std::int64_t last) {
      const Range range{0, 0, pixels};
      for (std::int64_t image = 0; image < s.n; ++image)
        table.copy_ranges(to + first * k + image * pixels, k, from + (image * channels + first) * pixels, pixels,
                          last - first, &range, 1);
    });
  };
  if (joins) join(a, m, a_joined), join(b, n, b_joined), a = a_joined, b = b_joined;
  const std::int64_t row = joins ? k : pixels, a_image = joins ? 0 : m * pixels, b_image = joins ? 0 : n * pixels;
  const AmxBlocks blocks{row, joins ? 1 : s.n};
  const Workspace<float> products(static_cast<std::size_t>(transposes ? m * n : 0));  // dweight^T
  float* const c = transposes ? products : dweight;
  const Split part = chainrule::detail::inside_parallel ? Split{m, n} : amx_split(m, n);
  const std::int64_t down = ceil_div(m, part.rows), across = ceil_div(n, part.columns);
  const bool far = (m + n) * k > (3 << 19);
  struct Images final : AmxOperands {
    const float *a, *b;
    float* c;
    std::int64_t row, a_image, b_image, n, i0 = 0, j0 = 0;

    AmxView<const float> rows(std::int64_t i, std::int64_t p) const override {
      return {a + p / row * a_image + (i0 + i) * row + p % row, row};
    }
    AmxColumns columns(std::int64_t j, std::int64_t p, std::int64_t) const override {
      return {b + p / row * b_image + (j0 + j) * row + p % row, row, true};
    }
    AmxView<float> result(std::int64_t i, std::int64_t j) const override { return {c + (i0 + i) * n + j0 + j, n}; }
  } all;
  all.a = a, all.b = b, all.c = c, all.row = row, all.a_image = a_image, all.b_image = b_image, all.n = n;
  std::atomic<bool> good{true};
  parallel_for(down * across, [&](std::int64_t task) {
    Images at(all);
    at.i0 = task / across * part.rows, at.j0 = task % across * part.columns;
    if (!amx_engine(amx, table, std::min(part.rows, m - at.i0), std::min(part.columns, n - at.j0), blocks, at, {}, far))
      good.store(false, std::memory_order_relaxed);
  });
  if (transposes && good.load(std::memory_order_relaxed))
    parallel_chunks(n, std::max<std::int64_t>(16, 16384 / m), [&](std::int64_t first, std::int64_t last) {
      table.arrange(dweight + first * m, m, products + first, n, 1, m, last - first);
    });
  return good.load(std::memory_order_relaxed);
}

template <class T> bool amx_weight_applies(ConvWeightGradient<T>& p) {
  return std::is_same_v<T, float> && amx_kernels() && is_pointwise(p.shape) && p.shape.groups == 1;
}
template <class T> bool amx_weight_wins(ConvWeightGradient<T>& p) {
  const ConvShape& s = p.shape;
  return amx_is_faster(std::max(s.c_out, s.c_in), std::min(s.c_out, s.c_in), s.n * s.oh * s.ow, true);
}
template <class T> bool amx_weight_run(ConvWeightGradient<T>& p) {
  if constexpr (std::is_same_v<T, float>) return amx_weight_gradient(p.shape, p.x, p.dy, p.dweight);
  else return false;
}

}  // namespace chainrule::cpu::detail

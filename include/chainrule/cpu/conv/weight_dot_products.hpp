#pragma once
// The gradient of the weight for few windows: each element is a dot product of a plane of dy with the image shifted by
// the position of the window. dy is not packed. Images are added in order, whatever the threads.

#include <chainrule/cpu/conv/problem.hpp>
#include <chainrule/cpu/conv/window_planes.hpp>
#include <chainrule/cpu/gemm/packing.hpp>

namespace chainrule::cpu::detail {

/// The planes are always a copy, which ends with zeros that the last vectors may read.
template <class T> Planes dot_planes(const ConvShape& s) {
  const std::int64_t h = s.h + 2 * s.pad_h, w = s.w + 2 * s.pad_w, step = round_up(h * w, 16) + 16;
  return {h, w, step, s.c_in / s.groups * step, true};
}

/// Output channels [o0, o1) of one group as dot products, on the calling thread. In a copy of dy whose rows are as far
/// apart as the image's, with zeros between, all pixels of a plane meet theirs in one product.
template <class T>
void weight_dots(const KernelTable<T>& table, const ConvShape& s, const Planes& planes, const std::int64_t* offsets,
                 std::int64_t o0, std::int64_t o1, const T* x, const T* dy, T* dweight, std::int64_t window) {
  const std::int64_t in = s.c_in / s.groups, length = round_up((s.oh - 1) * planes.w + s.ow, table.lanes),
                     step = round_up(length, 16);
  T* spread = scratch<T>(Scratch::b_block, static_cast<std::size_t>(table.dot_rows * step));
  T* copy = scratch<T>(Scratch::image, static_cast<std::size_t>(planes.image + 16));
  std::fill(spread, spread + table.dot_rows * step, T(0));
  std::fill(copy, copy + planes.image + 16, T(0));
  std::vector<Range> lines;
  for (std::int64_t y = 0; y < s.oh; ++y) lines.push_back({y * planes.w, y * s.ow, s.ow});
  Epilogue<T> e;
  for (std::int64_t n = 0; n < s.n; ++n) {
    copy_planes(s, planes, x + n * s.c_in * s.h * s.w, 1, 0, in, copy);
    e.load_c = n > 0;
    for (std::int64_t o = o0; o < o1; o += table.dot_rows) {
      const std::int64_t rows = std::min<std::int64_t>(table.dot_rows, o1 - o);
      table.copy_ranges(spread, step, dy + (n * s.c_out + o) * s.oh * s.ow, s.oh * s.ow, rows, lines.data(), s.oh);
      table.dot(rows, window, length, spread, step, copy, offsets, dweight + o * window, window, e);
    }
  }
}

template <class T> bool weight_dots_applies(ConvWeightGradient<T>& p) {
  return p.shape.stride_h == 1 && p.shape.stride_w == 1;
}

/// dy need not be packed, but rows are as long as the image's. (measured)
template <class T> bool weight_dots_wins(ConvWeightGradient<T>& p) {
  const KernelTable<T>& table = kernels<T>();
  const ConvShape& s = p.shape;
  const std::int64_t window = s.c_in / s.groups * s.kh * s.kw, out = s.c_out / s.groups;
  if (is_pointwise(s) || s.oh * s.ow < 16 * table.lanes || window > 128) return false;
  const Planes planes = dot_planes<T>(s);
  auto products = static_cast<double>(window), pixels = static_cast<double>(s.oh * s.ow), vectors = 2.0 * table.lanes;
  double longer = static_cast<double>((s.oh - 1) * planes.w + s.ow) / pixels;
  double dots = 1.15 * products / vectors * longer * static_cast<double>(round_up(window, 4)) / products +
                1.5 * products / pixels + 0.3;
  double packed = products / vectors * static_cast<double>(round_up(out, table.lanes)) / static_cast<double>(out) + 0.9;
  if (out < 2 * table.lanes) packed *= 2;  // tiles of one vector wait for their sums
  return dots < packed;
}

template <class T> bool weight_dots_run(ConvWeightGradient<T>& p) {
  const KernelTable<T>& table = kernels<T>();
  const ConvShape& s = p.shape;
  const std::int64_t in = s.c_in / s.groups, out = s.c_out / s.groups, window = in * s.kh * s.kw;
  const Planes spaced = dot_planes<T>(s);
  const std::vector<std::int64_t> starts = window_offsets(s, spaced);
  const double work = static_cast<double>(window * s.c_out) * static_cast<double>(s.n * s.oh * s.ow);
  const std::int64_t tiles = ceil_div(out, table.dot_rows),
                     parts = work < 0.75e6 ? 1 : std::min<std::int64_t>(tiles, get_num_threads());
  const std::int64_t each = ceil_div(tiles, parts) * table.dot_rows;
  parallel_for(s.groups * parts, [&](std::int64_t task) {
    const std::int64_t group = task / parts, o0 = task % parts * each;
    weight_dots(table, s, spaced, starts.data(), o0, std::min(o0 + each, out), p.x + group * in * s.h * s.w,
                p.dy + group * out * s.oh * s.ow, p.dweight + group * out * window, window);
  });
  return true;
}

}  // namespace chainrule::cpu::detail

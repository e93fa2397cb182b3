#pragma once
// The gradient of the weight as an implicit GEMM: dweight^T (c_in kh kw, c_out) = windows^T x dy^T. The windows are
// read where they lie in the image, one element at a time for all lanes, so nothing but dy is packed. Chunks of pixels,
// or images, are added in order, whatever the threads.

#include <chainrule/cpu/conv/problem.hpp>
#include <chainrule/cpu/conv/window_planes.hpp>
#include <chainrule/cpu/gemm/packing.hpp>
#include <optional>
#include <vector>

namespace chainrule::cpu::detail {

/// The image itself, or a copy with its padding.
template <class T> Planes window_planes(const ConvShape& s) {
  std::int64_t plane = s.h * s.w, in = s.c_in / s.groups;
  // Planes a multiple of 4 KiB apart would all fall into the same few sets of the first cache.
  bool crowded = plane * static_cast<std::int64_t>(sizeof(T)) % 4096 == 0 && in > 1;
  if (s.pad_h == 0 && s.pad_w == 0 && !crowded) return {s.h, s.w, plane, s.c_in * plane, false};
  std::int64_t h = s.h + 2 * s.pad_h, w = s.w + 2 * s.pad_w, step = h * w;
  if (step * static_cast<std::int64_t>(sizeof(T)) % 1024 == 0) step += 16;
  return {h, w, step, in * step, true};
}

/// Rows [r0, r1) and output channels [o0, o1) of one group: sum^T (c_in kh kw, c_out), on the calling thread.
template <class T>
void weight_part(const KernelTable<T>& table, const ConvShape& s, const Planes& planes, const std::int64_t* offsets,
                 std::int64_t r0, std::int64_t r1, std::int64_t o0, std::int64_t o1, const T* x, const T* dy, T* sum,
                 std::int64_t out) {
  std::int64_t pixels = s.oh * s.ow;
  // A chunk: some rows of one image, or some images. It depends on the sizes alone, since it decides the order of the
  // sum.
  std::int64_t images = std::clamp<std::int64_t>((max_k_block + max_k_block / 4) / pixels, 1, s.n);
  images = ceil_div(s.n, ceil_div(s.n, images));
  std::int64_t rows = images > 1 ? s.oh : std::clamp<std::int64_t>(max_k_block / s.ow, 1, s.oh);
  rows = ceil_div(s.oh, ceil_div(s.oh, rows));
  std::int64_t depth = images * rows * s.ow, nc = std::min(n_block(table, depth), round_up(o1 - o0, table.columns));
  T* packed = scratch<T>(Scratch::b_block, static_cast<std::size_t>(depth * nc));
  T* copy = planes.copy ? scratch<T>(Scratch::image, static_cast<std::size_t>(images * planes.image)) : nullptr;
  std::int64_t c0 = r0 / (s.kh * s.kw), c1 = ceil_div(r1, s.kh * s.kw);
  Epilogue<T> e;
  for (std::int64_t n = 0; n < s.n; n += images) {
    std::int64_t count = std::min(images, s.n - n);
    const T* windows = x + n * s.c_in * s.h * s.w;
    if (planes.copy) copy_planes(s, planes, windows, count, c0, c1, copy), windows = copy;
    for (std::int64_t y = 0; y < s.oh; y += rows) {
      std::int64_t lines = std::min(rows, s.oh - y), chunk = lines * s.ow;
      e.load_c = n > 0 || y > 0;
      for (std::int64_t o = o0; o < o1; o += nc) {
        std::int64_t columns = std::min(nc, o1 - o);
        for (std::int64_t p = 0; p < columns; p += table.columns) {
          std::int64_t width = std::min<std::int64_t>(columns - p, table.columns), step = round_up(width, table.lanes);
          for (std::int64_t image = 0; image < count; ++image) {
            table.pack(packed + p * count * chunk + image * chunk * step, step,
                       dy + ((n + image) * s.c_out + o + p) * pixels + y * s.ow, pixels, 1, width, chunk);
          }
        }
        const T* first = windows + y * s.stride_h * planes.w;
        for (std::int64_t r = r0; r < r1;) {
          int tile = tile_rows(table.rows, r1 - r);
          for (std::int64_t p = 0; p < columns; p += table.columns) {
            std::int64_t width = std::min<std::int64_t>(columns - p, table.columns),
                         step = round_up(width, table.lanes);
            Walk walk{s.ow,        s.stride_w, step,         lines,       s.stride_h * planes.w,
                      s.ow * step, count,      planes.image, chunk * step};
            multiply_tile(table, tile, width, walk, first, offsets + r, packed + p * count * chunk,
                          sum + r * out + o + p, out, e);
          }
          r += tile;
        }
      }
    }
  }
}

/// With a 1 x 1 window the image and dy may swap sides, which gives dweight itself and not its transpose. What
/// stands on the right is packed: better the one with fewer channels.
inline bool swaps_sides(const ConvShape& s) { return is_pointwise(s) && s.groups == 1 && s.c_out >= s.c_in; }

template <class T> void weight_implicit_gemm(ConvShape s, const T* x, const T* dy, T* dweight) {
  const KernelTable<T>& table = kernels<T>();
  const bool swap = swaps_sides(s);
  if (swap) std::swap(s.c_in, s.c_out), std::swap(x, dy);
  std::int64_t in = s.c_in / s.groups, out = s.c_out / s.groups, window = in * s.kh * s.kw;
  Planes planes = window_planes<T>(s);
  std::vector<std::int64_t> offsets = window_offsets(s, planes);
  std::optional<Workspace<T>> transposed;  // dweight^T of every group
  T* const sums =
      swap ? dweight : static_cast<T*>(transposed.emplace(static_cast<std::size_t>(s.groups * window * out)));
  double flops = 2.0 * static_cast<double>(window * s.c_out) * static_cast<double>(s.n * s.oh * s.ow);
  Split part{window, out};
  bool alone = flops < parallel_flops;
  if (!alone && s.groups < get_num_threads() && !chainrule::detail::inside_parallel) {
    part = split(window, out, table.rows, table.lanes);
  }
  std::int64_t down = ceil_div(window, part.rows), across = ceil_div(out, part.columns),
               tasks = s.groups * down * across;
  auto run = [&](std::int64_t task) {
    std::int64_t group = task / (down * across), r = task / across % down * part.rows, o = task % across * part.columns;
    weight_part(table, s, planes, offsets.data(), r, std::min(r + part.rows, window), o,
                std::min(o + part.columns, out), x + group * in * s.h * s.w, dy + group * out * s.oh * s.ow,
                sums + group * window * out, out);
  };
  auto transpose = [&](std::int64_t task) {  // 16 output channels of dweight from sums
    std::int64_t per_group = ceil_div(out, 16), group = task / per_group, o = task % per_group * 16;
    table.pack(dweight + (group * out + o) * window, window, sums + group * window * out + o, out, 1, window,
               std::min<std::int64_t>(16, out - o));
  };
  std::int64_t transposes = swap ? 0 : s.groups * ceil_div(out, 16);
  if (alone) {
    for (std::int64_t task = 0; task < tasks; ++task) run(task);
    for (std::int64_t task = 0; task < transposes; ++task) transpose(task);
  } else {
    parallel_for(tasks, run);
    parallel_for(transposes, transpose);
  }
}

template <class T> bool weight_implicit_gemm_run(ConvWeightGradient<T>& p) {
  weight_implicit_gemm(p.shape, p.x, p.dy, p.dweight);
  return true;
}

}  // namespace chainrule::cpu::detail

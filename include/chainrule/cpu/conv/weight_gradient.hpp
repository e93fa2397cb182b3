#pragma once
// The engines of conv2d_backward_weight. The first: dweight^T (c_in kh kw, c_out) = windows^T x dy^T. The windows are
// read where they lie in the image, one broadcast number at a time, so nothing but dy is packed. The second, for few
// windows: each number is a dot product of a plane of dy with the image shifted by the window. Chunks of pixels, or
// images, are added in order, whatever the threads.

#include <chainrule/ops/conv_shape.hpp>
#include <chainrule/cpu/conv/pointwise.hpp>
#include <chainrule/cpu/gemm/packing.hpp>
#include <optional>
#include <vector>

namespace chainrule::cpu::detail {

/// Planes to read windows from: the image itself, or a copy with its padding.
struct Planes {
  std::int64_t h, w, channel, image;  // sizes, and steps
  bool copy;
};

template <class T> Planes window_planes(const ConvShape& s) {
  std::int64_t plane = s.h * s.w, in = s.c_in / s.groups;
  // Planes a multiple of 4 KiB apart would all fall into the same few sets of the first cache.
  bool crowded = plane * static_cast<std::int64_t>(sizeof(T)) % 4096 == 0 && in > 1;
  if (s.pad_h == 0 && s.pad_w == 0 && !crowded) return {s.h, s.w, plane, s.c_in * plane, false};
  std::int64_t h = s.h + 2 * s.pad_h, w = s.w + 2 * s.pad_w, step = h * w;
  if (step * static_cast<std::int64_t>(sizeof(T)) % 1024 == 0) step += 16;
  return {h, w, step, in * step, true};
}

/// Where each row (channel, ky, kx) of dweight^T starts to read, from the first pixel of the planes.
inline std::vector<std::int64_t> window_offsets(const ConvShape& s, const Planes& planes) {
  std::vector<std::int64_t> offsets;
  for (std::int64_t c = 0; c < s.c_in / s.groups; ++c) {
    for (std::int64_t ky = 0; ky < s.kh; ++ky) {
      for (std::int64_t kx = 0; kx < s.kw; ++kx)
        offsets.push_back(c * planes.channel + ky * s.dil_h * planes.w + kx * s.dil_w);
    }
  }
  return offsets;
}

/// Copies channels [c0, c1) of `images` images into planes with zeros around them.
template <class T>
void copy_planes(const ConvShape& s, const Planes& planes, const T* x, std::int64_t images, std::int64_t c0,
                 std::int64_t c1, T* to) {
  for (std::int64_t n = 0; n < images; ++n) {
    for (std::int64_t c = c0; c < c1; ++c) {
      T* plane = to + n * planes.image + c * planes.channel;
      const T* from = x + (n * s.c_in + c) * s.h * s.w;
      std::fill(plane, plane + s.pad_h * planes.w, T(0));
      for (std::int64_t y = 0; y < s.h; ++y) {
        T* line = plane + (y + s.pad_h) * planes.w;
        std::fill(line, line + s.pad_w, T(0));
        std::copy(from + y * s.w, from + (y + 1) * s.w, line + s.pad_w);
        std::fill(line + s.pad_w + s.w, line + planes.w, T(0));
      }
      std::fill(plane + (s.pad_h + s.h) * planes.w, plane + planes.h * planes.w, T(0));
    }
  }
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

/// Planes for weight_dots: always a copy, which ends with zeros that the last vectors may read.
template <class T> Planes dot_planes(const ConvShape& s) {
  const std::int64_t h = s.h + 2 * s.pad_h, w = s.w + 2 * s.pad_w, step = round_up(h * w, 16) + 16;
  return {h, w, step, s.c_in / s.groups * step, true};
}

/// Output channels [o0, o1) of one group as dot products, on the calling thread. In a copy of dy whose rows are as far
/// apart as the image's, with zeros between, all pixels of a plane meet theirs in one run.
template <class T>
void weight_dots(const KernelTable<T>& table, const ConvShape& s, const Planes& planes, const std::int64_t* offsets,
                 std::int64_t o0, std::int64_t o1, const T* x, const T* dy, T* dweight, std::int64_t window) {
  const std::int64_t in = s.c_in / s.groups, length = round_up((s.oh - 1) * planes.w + s.ow, table.lanes),
                     step = round_up(length, 16);
  T* spread = scratch<T>(Scratch::b_block, static_cast<std::size_t>(table.dot_rows * step));
  T* copy = scratch<T>(Scratch::image, static_cast<std::size_t>(planes.image + 16));
  std::fill(spread, spread + table.dot_rows * step, T(0));
  std::fill(copy, copy + planes.image + 16, T(0));
  std::vector<Run> lines;
  for (std::int64_t y = 0; y < s.oh; ++y) lines.push_back({y * planes.w, y * s.ow, s.ow});
  Epilogue<T> e;
  for (std::int64_t n = 0; n < s.n; ++n) {
    copy_planes(s, planes, x + n * s.c_in * s.h * s.w, 1, 0, in, copy);
    e.load_c = n > 0;
    for (std::int64_t o = o0; o < o1; o += table.dot_rows) {
      const std::int64_t rows = std::min<std::int64_t>(table.dot_rows, o1 - o);
      table.copy_runs(spread, step, dy + (n * s.c_out + o) * s.oh * s.ow, s.oh * s.ow, rows, lines.data(), s.oh);
      table.dot(rows, window, length, spread, step, copy, offsets, dweight + o * window, window, e);
    }
  }
}

/// Whether dot products are the faster way: dy need not be packed, but rows are as long as the image's. (measured)
template <class T>
bool prefers_weight_dots(const KernelTable<T>& table, const ConvShape& s, const Planes& planes, std::int64_t window,
                         std::int64_t out) {
  if (s.stride_h != 1 || s.stride_w != 1 || s.oh * s.ow < 16 * table.lanes || window > 128) return false;
  auto products = static_cast<double>(window), pixels = static_cast<double>(s.oh * s.ow), vectors = 2.0 * table.lanes;
  double longer = static_cast<double>((s.oh - 1) * planes.w + s.ow) / pixels;
  double dots = 1.15 * products / vectors * longer * static_cast<double>(round_up(window, 4)) / products +
                1.5 * products / pixels + 0.3;
  double packed = products / vectors * static_cast<double>(round_up(out, table.lanes)) / static_cast<double>(out) + 0.9;
  if (out < 2 * table.lanes) packed *= 2;  // tiles of one vector wait for their sums
  return dots < packed;
}

/// With a 1 x 1 window the image and dy may change places, which gives dweight itself and not its transpose. What
/// stands on the right is packed: better the one with fewer channels.
inline bool turns_round(const ConvShape& s) { return is_point(s) && s.groups == 1 && s.c_out >= s.c_in; }

template <class T> void weight_gradient(ConvShape s, const T* x, const T* dy, T* dweight) {
  const KernelTable<T>& table = kernels<T>();
  const bool round = turns_round(s);
  if (round) std::swap(s.c_in, s.c_out), std::swap(x, dy);
  std::int64_t in = s.c_in / s.groups, out = s.c_out / s.groups, window = in * s.kh * s.kw;
  if (const Planes spaced = dot_planes<T>(s); !is_point(s) && prefers_weight_dots(table, s, spaced, window, out)) {
    const std::vector<std::int64_t> starts = window_offsets(s, spaced);
    const double work = static_cast<double>(window * s.c_out) * static_cast<double>(s.n * s.oh * s.ow);
    const std::int64_t tiles = ceil_div(out, table.dot_rows),
                       parts = work < 0.75e6 ? 1 : std::min<std::int64_t>(tiles, get_num_threads());
    const std::int64_t each = ceil_div(tiles, parts) * table.dot_rows;
    parallel_for(s.groups * parts, [&](std::int64_t task) {
      const std::int64_t group = task / parts, o0 = task % parts * each;
      weight_dots(table, s, spaced, starts.data(), o0, std::min(o0 + each, out), x + group * in * s.h * s.w,
                  dy + group * out * s.oh * s.ow, dweight + group * out * window, window);
    });
    return;
  }
  Planes planes = window_planes<T>(s);
  std::vector<std::int64_t> offsets = window_offsets(s, planes);
  std::optional<Workspace<T>> transposed;  // dweight^T of every group
  T* const sums =
      round ? dweight : static_cast<T*>(transposed.emplace(static_cast<std::size_t>(s.groups * window * out)));
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
  auto turn = [&](std::int64_t task) {  // 16 output channels of dweight from sums
    std::int64_t per_group = ceil_div(out, 16), group = task / per_group, o = task % per_group * 16;
    table.pack(dweight + (group * out + o) * window, window, sums + group * window * out + o, out, 1, window,
               std::min<std::int64_t>(16, out - o));
  };
  std::int64_t turns = round ? 0 : s.groups * ceil_div(out, 16);
  if (alone) {
    for (std::int64_t task = 0; task < tasks; ++task) run(task);
    for (std::int64_t task = 0; task < turns; ++task) turn(task);
  } else {
    parallel_for(tasks, run);
    parallel_for(turns, turn);
  }
}

}  // namespace chainrule::cpu::detail

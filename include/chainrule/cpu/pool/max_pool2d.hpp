#pragma once
// The CPU kernels of max_pool2d: a row of outputs at a time, one window element after the other.

#include <chainrule/core/parallel.hpp>
#include <chainrule/cpu/rowwise/rows.hpp>
#include <chainrule/ops/max_pool2d.hpp>

namespace chainrule::cpu {
namespace detail {

/// Calls task(plane) for every plane, in parallel where that is worth it. Few chunks are an even number of equal ones:
/// two threads are the most common.
template <class Task> void for_each_plane(std::int64_t planes, std::int64_t work, const Task& task) {
  std::int64_t chunks = std::clamp<std::int64_t>(chainrule::detail::multiply_sizes(planes, work) / 8192, 1, planes);
  if (chunks > 1) chunks -= chunks % 2;
  parallel_chunks(planes, (planes + chunks - 1) / chunks, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t p = begin; p < end; ++p) task(p);
  });
}

/// Positions while they are computed: as wide as T, so that they share its vectors.
template <class T> using Position = math::detail::Unsigned<T>;
template <class P> CHAINRULE_HD inline P choose(bool yes, P a, P b) {
  const P mask = P{0} - static_cast<P>(yes);
  return (a & mask) | (b & ~mask);
}

/// Rows of images are short: a row of n is computed by vectors, the last of which overlaps the one before it, since a
/// remainder would be computed element by element. Calls body.run<width>(begin) for each vector. `room` elements from
/// the row's first may be written, because the rows that follow are written after it: a row shorter than a vector is
/// written as a whole vector where that fits. For the body of simd::run().
template <class T, class Body>
CHAINRULE_HD inline void for_each_vector(std::int64_t n, std::int64_t room, const Body& body) {
  constexpr int width = 64 / sizeof(T), half = width / 2, quarter = width / 4;
  if (n < width && room >= width) {
    body.template run<width>(0);
  } else if (n >= width) {
    for (std::int64_t j = 0; j + width < n; j += width) body.template run<width>(j);
    body.template run<width>(n - width);
  } else if (n >= half) {
    for (std::int64_t j = 0; j + half < n; j += half) body.template run<half>(j);
    body.template run<half>(n - half);
  } else if (n >= quarter) {
    body.template run<quarter>(0);
    body.template run<quarter>(n - quarter);
  } else {
    for (std::int64_t j = 0; j < n; ++j) body.template run<1>(j);
  }
}

/// The most common window: 2 x 2, stride 2. A NaN wins.
template <class T> struct MaxPool2x2 {
  const T *top, *bottom;
  T* to;
  std::uint8_t* position;  // may be null

  template <int width> CHAINRULE_HD void run(std::int64_t begin) const {
    using P = Position<T>;
    P at[width];
    const T *upper_row = top + 2 * begin, *lower_row = bottom + 2 * begin;
    T* out = to + begin;
    CHAINRULE_SIMD for (int k = 0; k < width; ++k) {
      const T a = upper_row[2 * k], b = upper_row[2 * k + 1], c = lower_row[2 * k], d = lower_row[2 * k + 1];
      const bool right = (b > a) | (b != b), low_right = (d > c) | (d != d);
      const T upper = math::select(right, b, a), lower = math::select(low_right, d, c);
      const bool low = (lower > upper) | (lower != lower);
      out[k] = math::select(low, lower, upper);
      at[k] = choose(low, choose(low_right, P{3}, P{2}), choose(right, P{1}, P{0}));
    }
    if (!position) return;
    std::uint8_t* narrow = position + begin;
    CHAINRULE_SIMD for (int k = 0; k < width; ++k) narrow[k] = static_cast<std::uint8_t>(at[k]);
  }
};
template <class T>
CHAINRULE_HD inline void max_pool_2x2(const fn::PoolShape& s, const T* x, T* y, std::uint8_t* position) {
  for (std::int64_t i = 0; i < s.oh; ++i) {
    const T* top = x + 2 * i * s.w;
    for_each_vector<T>(s.ow, (s.oh - i) * s.ow,
                       MaxPool2x2<T>{top, top + s.w, y + i * s.ow, position ? position + i * s.ow : nullptr});
  }
}

/// Even and odd columns of a row, apart: what a window with stride 2 reads is then side by side.
template <class T> struct SplitRow {
  const T* from;
  T *even, *odd;

  template <int width> CHAINRULE_HD void run(std::int64_t begin) const {
    const T* v = from + 2 * begin;
    T *e = even + begin, *o = odd + begin;
    CHAINRULE_SIMD for (int k = 0; k < width; ++k) {
      e[k] = v[2 * k];
      o[k] = v[2 * k + 1];
    }
  }
};
template <class T> CHAINRULE_HD inline void split_row(const T* from, std::int64_t n, T* even, T* odd) {
  for_each_vector<T>(n / 2, n / 2, SplitRow<T>{from, even, odd});
  if (n % 2 != 0) even[n / 2] = from[n - 1];
}

/// n outputs side by side whose windows lie wholly inside the image's width: rows [top, bottom) of the window,
/// `columns` each. What window column l reads for neighbouring outputs is side by side too: it begins `shift / stride`
/// after even or odd, and the next row of the window rows_apart further on. (With stride 1 both are the row itself.) A
/// NaN wins, of equals the first.
template <class T>
CHAINRULE_HD inline void max_pool_block(const T* even, const T* odd, std::int64_t rows_apart, std::int64_t top,
                                        std::int64_t bottom, std::int64_t columns, std::int64_t dilation,
                                        std::int64_t stride, std::int64_t n, T* best, Position<T>* at) {
  const auto none = static_cast<Position<T>>(top * columns);
  CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) best[j] = -math::Limits<T>::infinity, at[j] = none;
  for (std::int64_t k = top; k < bottom; ++k)
    for (std::int64_t l = 0; l < columns; ++l) {
      const std::int64_t shift = l * dilation;
      const T* from = (stride == 2 && shift % 2 != 0 ? odd : even) + shift / stride + (k - top) * rows_apart;
      const auto here = static_cast<Position<T>>(k * columns + l);
      CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) {
        const T v = from[j], b = best[j];
        const bool wins = (v > b) | (v != v);
        best[j] = math::select(wins, v, b);
        at[j] = choose(wins, here, at[j]);
      }
    }
}

/// Output j of a row, whatever its window: rows [top, bottom) of it lie inside the image, the first of them at `row`.
template <class T>
CHAINRULE_HD inline void max_pool_one(const fn::PoolShape& s, const T* row, std::int64_t top, std::int64_t bottom,
                                      std::int64_t j, T& best, Position<T>& at) {
  bool first = true;
  best = -math::Limits<T>::infinity;
  const std::int64_t left =
      j * s.stride_w - s.pad_w;  // a window that begins in the padding has its first position further on
  at = static_cast<Position<T>>(top * s.kw + (left < 0 ? (-left + s.dil_w - 1) / s.dil_w : 0));
  for (std::int64_t k = top; k < bottom; ++k, row += s.dil_h * s.w)
    for (std::int64_t l = 0; l < s.kw; ++l) {
      const std::int64_t column = left + l * s.dil_w;
      if (column < 0 || column >= s.w) continue;
      const T v = row[column];
      if (first || v > best || v != v) best = v, at = static_cast<Position<T>>(k * s.kw + l);
      first = false;
    }
}

/// The positions go into `narrow` or, where a window is larger than a byte can count, into `wide`; the other, or both,
/// are null.
template <class T>
CHAINRULE_HD inline void max_pool_plane(const fn::PoolShape& s, const T* x, T* y, std::uint8_t* narrow,
                                        std::int32_t* wide) {
  constexpr std::int64_t block = 128, span = 2 * block, most_rows = 4;  // outputs of a row computed together
  T best[block], half[most_rows][2][span];
  Position<T> at[block];
  const bool split = s.stride_w == 2 && s.kh <= most_rows && (s.kw - 1) * s.dil_w < span,
             vectors = s.stride_w == 1 || split;
  const std::int64_t reach = (s.kw - 1) * s.dil_w;  // from a window's first column to its last
  const std::int64_t first = (s.pad_w + s.stride_w - 1) / s.stride_w,
                     last = s.w + s.pad_w > reach ? (s.w - 1 + s.pad_w - reach) / s.stride_w + 1
                                                  : 0;  // windows inside the width
  for (std::int64_t i = 0; i < s.oh; ++i) {
    const std::int64_t above = i * s.stride_h - s.pad_h, top = above < 0 ? (-above + s.dil_h - 1) / s.dil_h : 0;
    std::int64_t bottom = top;
    while (bottom < s.kh && above + bottom * s.dil_h < s.h) ++bottom;
    const T* row = x + (above + top * s.dil_h) * s.w;
    for (std::int64_t from = 0; from < s.ow; from += block) {
      const std::int64_t to = from + block < s.ow ? from + block : s.ow;
      std::int64_t begin = first > from ? first : from, end = last < to ? last : to;  // of this block, by vectors
      if (!vectors || begin >= end) begin = end = from;
      for (std::int64_t j = begin == from ? end : from; j < to; j = j + 1 == begin ? end : j + 1)
        max_pool_one(s, row, top, bottom, j, best[j - from], at[j - from]);
      if (begin < end) {
        const T* left = row + begin * s.stride_w - s.pad_w;
        if (split)
          for (std::int64_t k = 0; k < bottom - top; ++k)
            split_row(left + k * s.dil_h * s.w, 2 * (end - begin - 1) + reach + 1, half[k][0], half[k][1]);
        max_pool_block(split ? half[0][0] : left, split ? half[0][1] : left, split ? 2 * span : s.dil_h * s.w, top,
                       bottom, s.kw, s.dil_w, s.stride_w, end - begin, best + (begin - from), at + (begin - from));
      }
      T* out = y + i * s.ow + from;
      CHAINRULE_SIMD for (std::int64_t j = 0; j < to - from; ++j) out[j] = best[j];
      const std::int64_t offset = i * s.ow + from;
      if (narrow)
        CHAINRULE_SIMD for (std::int64_t j = 0; j < to - from; ++j) narrow[offset + j] =
            static_cast<std::uint8_t>(at[j]);
      if (wide)
        CHAINRULE_SIMD for (std::int64_t j = 0; j < to - from; ++j) wide[offset + j] = static_cast<std::int32_t>(at[j]);
    }
  }
}

inline bool is_2x2(const fn::PoolShape& s) {
  return s.kh == 2 && s.kw == 2 && s.stride_h == 2 && s.stride_w == 2 && s.pad_h == 0 && s.pad_w == 0 && s.dil_h == 1 &&
         s.dil_w == 1 && 2 * s.oh <= s.h && 2 * s.ow <= s.w;
}
/// The gradient of the 2 x 2 window, which covers each element at most once: written in one go.
template <class T> struct MaxPool2x2Grad {
  const T* g;
  const Position<T>* at;
  T *top, *bottom;

  template <int width> CHAINRULE_HD void run(std::int64_t begin) const {
    T *upper = top + 2 * begin, *lower = bottom + 2 * begin;
    const T* from = g + begin;
    const Position<T>* here = at + begin;
    CHAINRULE_SIMD for (int k = 0; k < width; ++k) {
      upper[2 * k] = math::select(here[k] == 0, from[k], T(0));
      upper[2 * k + 1] = math::select(here[k] == 1, from[k], T(0));
    }
    CHAINRULE_SIMD for (int k = 0; k < width; ++k) {
      lower[2 * k] = math::select(here[k] == 2, from[k], T(0));
      lower[2 * k + 1] = math::select(here[k] == 3, from[k], T(0));
    }
  }
};
template <class T, class I>
CHAINRULE_HD inline void max_pool_2x2_grad(const fn::PoolShape& s, const T* g, const I* position, T* gx) {
  constexpr std::int64_t block = 1024;  // positions widened together: many short rows
  Position<T> at[block];
  const std::int64_t together = s.ow < block ? block / s.ow : 1;
  for (std::int64_t i = 0; i < s.oh; i += together) {
    const std::int64_t rows = together < s.oh - i ? together : s.oh - i;
    for (std::int64_t from = 0; from < s.ow; from += block) {
      const std::int64_t n = block < s.ow - from ? block : s.ow - from, first = i * s.ow + from;
      CHAINRULE_SIMD for (std::int64_t k = 0; k < rows * n; ++k) at[k] = position[first + k];
      for (std::int64_t r = 0; r < rows; ++r) {
        T* top = gx + 2 * (i + r) * s.w + 2 * from;
        for_each_vector<T>(n, (rows - r) * n, MaxPool2x2Grad<T>{g + first + r * n, at + r * n, top, top + s.w});
      }
    }
    for (std::int64_t r = 2 * i; r < 2 * (i + rows); ++r)
      for (std::int64_t c = 2 * s.ow; c < s.w; ++c) gx[r * s.w + c] = T(0);
  }
  for (std::int64_t c = 2 * s.oh * s.w; c < s.h * s.w; ++c) gx[c] = T(0);
}

/// Calls f(output, input) for every output of a plane and the position of its winner.
template <class I, class F> void for_each_winner(const fn::PoolShape& s, const I* position, const F& f) {
  for (std::int64_t i = 0; i < s.oh; ++i)
    for (std::int64_t j = 0; j < s.ow; ++j) {
      const std::int64_t p = position[i * s.ow + j], row = i * s.stride_h - s.pad_h + p / s.kw * s.dil_h,
                         column = j * s.stride_w - s.pad_w + p % s.kw * s.dil_w;
      if (row < s.h && column < s.w) f(i * s.ow + j, row * s.w + column);  // a dilated window may miss a small image
    }
}

template <class T>
void max_pool_planes(const fn::PoolShape& shape, const T* x, T* y, std::uint8_t* narrow, std::int32_t* wide) {
  const bool simple = !wide && is_2x2(shape);
  const std::int64_t in = shape.h * shape.w, out = shape.oh * shape.ow;
  const std::int64_t work = chainrule::detail::multiply_sizes(out, shape.kh * shape.kw) / 4;
  for_each_plane(shape.planes, work, [&](std::int64_t p) {
    const fn::PoolShape* window = &shape;
    std::uint8_t* to = narrow ? narrow + p * out : nullptr;
    std::int32_t* to_wide = wide ? wide + p * out : nullptr;
    run_best<T>([=] {
      const fn::PoolShape s = *window;
      if (simple) max_pool_2x2(s, x + p * in, y + p * out, to);
      else max_pool_plane(s, x + p * in, y + p * out, to, to_wide);
    });
  });
}

}  // namespace detail

template <class T, class I> void max_pool2d(const fn::PoolShape& shape, const T* x, T* y, I* position) {
  if constexpr (sizeof(I) == 1) detail::max_pool_planes<T>(shape, x, y, position, nullptr);
  else detail::max_pool_planes<T>(shape, x, y, nullptr, position);
}

template <class T, class I> void max_pool2d_grad(const fn::PoolShape& s, const T* g, const I* position, T* gx) {
  [[maybe_unused]] const bool simple = detail::is_2x2(s);
  const std::int64_t in = s.h * s.w, out = s.oh * s.ow;
  detail::for_each_plane(s.planes, in + out, [&](std::int64_t p) {
    T* to = gx + p * in;
    const T* from = g + p * out;
    const I* at = position + p * out;
    if constexpr (sizeof(I) == 1) {
      if (simple) {
        const fn::PoolShape* window = &s;
        run_best<T>([=] { detail::max_pool_2x2_grad(*window, from, at, to); });
        return;
      }
    }
    std::fill(to, to + in, T(0));
    detail::for_each_winner(s, at, [&](std::int64_t o, std::int64_t i) { to[i] += from[o]; });
  });
}

template <class T, class I> void max_pool2d_pick(const fn::PoolShape& s, const T* x, const I* position, T* y) {
  const std::int64_t in = s.h * s.w, out = s.oh * s.ow;
  detail::for_each_plane(s.planes, in + out, [&](std::int64_t p) {
    std::fill(y + p * out, y + (p + 1) * out, T(0));  // a window of nothing but padding has no winner
    detail::for_each_winner(s, position + p * out,
                            [&](std::int64_t o, std::int64_t i) { y[p * out + o] = x[p * in + i]; });
  });
}

}  // namespace chainrule::cpu

namespace chainrule::fn {

template <class T, class I> void MaxPool2d<T, I>::cpu(const PoolShape& shape, const T* x, T* y, I* position) {
  chainrule::cpu::max_pool2d<T, I>(shape, x, y, position);
}
template <class T, class I>
void MaxPool2dGrad<T, I>::cpu(const PoolShape& shape, const T* g, const I* position, T* gx) {
  chainrule::cpu::max_pool2d_grad<T, I>(shape, g, position, gx);
}
template <class T, class I> void MaxPool2dPick<T, I>::cpu(const PoolShape& shape, const T* x, const I* position, T* y) {
  chainrule::cpu::max_pool2d_pick<T, I>(shape, x, position, y);
}

}  // namespace chainrule::fn

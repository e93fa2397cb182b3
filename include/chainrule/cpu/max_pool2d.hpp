#pragma once
// The CPU kernels of max_pool2d: whole rows of outputs at a time, one window element after the other.

#include <chainrule/core/parallel.hpp>
#include <chainrule/cpu/rows.hpp>
#include <chainrule/ops/max_pool2d.hpp>
#include <limits>

namespace chainrule::cpu {
namespace detail {

/// Windows of more than 255 are rare: the compiler's own flags will do for them.
template <class T, class I> using FastPoolType = std::conditional_t<sizeof(I) == 1, T, void>;

/// Calls task(plane) for every plane, in parallel when a plane's work, or some planes', is worth it.
template <class Task> void for_each_plane(std::int64_t planes, std::int64_t work, const Task& task) {
  parallel_chunks(planes, std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, work)), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t p = begin; p < end; ++p) task(p);
  });
}

/// Places while they are worked out: as wide as T, so that they share its vectors.
template <class T> using Place = math::detail::Unsigned<T>;
template <class P> CHAINRULE_HD inline P choose(bool yes, P a, P b) {
  const P mask = P{0} - static_cast<P>(yes);
  return (a & mask) | (b & ~mask);
}

/// The most common window: 2 x 2, stride 2. A NaN wins.
template <class T, class I> CHAINRULE_HD inline void max_pool_2x2(const PoolShape& s, const T* x, T* y, I* place) {
  constexpr std::int64_t stretch = 128;
  using P = Place<T>;
  P at[stretch];
  for (std::int64_t i = 0; i < s.oh; ++i) {
    for (std::int64_t from = 0; from < s.ow; from += stretch) {
      const std::int64_t n = std::min(stretch, s.ow - from);
      const T *top = x + 2 * i * s.w + 2 * from, *bottom = top + s.w;
      T* to = y + i * s.ow + from;
      CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) {
        const T a = top[2 * j], b = top[2 * j + 1], c = bottom[2 * j], d = bottom[2 * j + 1];
        const bool right = (b > a) | (b != b), low_right = (d > c) | (d != d);
        const T upper = math::select(right, b, a), lower = math::select(low_right, d, c);
        const bool low = (lower > upper) | (lower != lower);
        to[j] = math::select(low, lower, upper);
        at[j] = choose(low, choose(low_right, P{3}, P{2}), choose(right, P{1}, P{0}));
      }
      if (place) {
        I* narrow = place + i * s.ow + from;
        CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) narrow[j] = static_cast<I>(at[j]);
      }
    }
  }
}

/// best[j] = max(best[j], v[j * step]) for n outputs, and where it was.
template <class T> CHAINRULE_HD inline void max_pool_row(const T* v, std::int64_t step, std::int64_t n, Place<T> here, T* best, Place<T>* at) {
  if (step == 1) {
    CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) {
      const bool wins = (v[j] > best[j]) | (v[j] != v[j]);
      best[j] = math::select(wins, v[j], best[j]);
      at[j] = choose(wins, here, at[j]);
    }
  } else if (step == 2) {
    CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) {
      const bool wins = (v[2 * j] > best[j]) | (v[2 * j] != v[2 * j]);
      best[j] = math::select(wins, v[2 * j], best[j]);
      at[j] = choose(wins, here, at[j]);
    }
  } else {
    for (std::int64_t j = 0; j < n; ++j) {
      const bool wins = (v[step * j] > best[j]) | (v[step * j] != v[step * j]);
      best[j] = math::select(wins, v[step * j], best[j]);
      at[j] = choose(wins, here, at[j]);
    }
  }
}

template <class T, class I> CHAINRULE_HD inline void max_pool_plane(const PoolShape& s, const T* x, T* y, I* place) {
  constexpr std::int64_t stretch = 128;  // outputs of a row worked on together
  T best[stretch];
  Place<T> at[stretch];
  for (std::int64_t i = 0; i < s.oh; ++i) {
    const std::int64_t top = i * s.stride_h - s.pad_h, first_k = top < 0 ? (-top + s.dil_h - 1) / s.dil_h : 0;
    for (std::int64_t from = 0; from < s.ow; from += stretch) {
      const std::int64_t n = std::min(stretch, s.ow - from);
      for (std::int64_t j = 0; j < n; ++j) best[j] = -std::numeric_limits<T>::infinity(), at[j] = static_cast<Place<T>>(first_k * s.kw);
      for (std::int64_t j = 0; j < n && (from + j) * s.stride_w < s.pad_w; ++j)  // windows that begin in the padding
        at[j] += static_cast<Place<T>>((s.pad_w - (from + j) * s.stride_w + s.dil_w - 1) / s.dil_w);
      for (std::int64_t k = first_k; k < s.kh && top + k * s.dil_h < s.h; ++k) {
        const T* row = x + (top + k * s.dil_h) * s.w;
        for (std::int64_t l = 0; l < s.kw; ++l) {
          const std::int64_t shift = l * s.dil_w - s.pad_w;  // output j reads column j * stride + shift
          std::int64_t lo = shift < 0 ? (-shift + s.stride_w - 1) / s.stride_w - from : 0, hi = shift >= s.w ? 0 : (s.w - 1 - shift) / s.stride_w + 1 - from;
          lo = std::max<std::int64_t>(lo, 0);
          hi = std::min(hi, n);
          max_pool_row(row + (from + lo) * s.stride_w + shift, s.stride_w, hi - lo, static_cast<Place<T>>(k * s.kw + l), best + lo, at + lo);
        }
      }
      T* to = y + i * s.ow + from;
      CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) to[j] = best[j];
      if (!place) continue;
      I* narrow = place + i * s.ow + from;
      CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) narrow[j] = static_cast<I>(at[j]);
    }
  }
}

inline bool is_2x2(const PoolShape& s) {
  return s.kh == 2 && s.kw == 2 && s.stride_h == 2 && s.stride_w == 2 && s.pad_h == 0 && s.pad_w == 0 && s.dil_h == 1 && s.dil_w == 1 && 2 * s.oh <= s.h && 2 * s.ow <= s.w;
}
/// The gradient of the 2 x 2 window, which covers each number at most once: written in one go.
template <class T, class I> CHAINRULE_HD inline void max_pool_2x2_grad(const PoolShape& s, const T* g, const I* place, T* gx) {
  const std::int64_t n = s.ow;
  for (std::int64_t i = 0; i < s.oh; ++i) {
    const T* from = g + i * n;
    const I* at = place + i * n;
    T *top = gx + 2 * i * s.w, *bottom = top + s.w;
    CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) {
      top[2 * j] = math::select(at[j] == 0, from[j], T(0));
      top[2 * j + 1] = math::select(at[j] == 1, from[j], T(0));
    }
    CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) {
      bottom[2 * j] = math::select(at[j] == 2, from[j], T(0));
      bottom[2 * j + 1] = math::select(at[j] == 3, from[j], T(0));
    }
    for (std::int64_t c = 2 * n; c < s.w; ++c) top[c] = bottom[c] = T(0);
  }
  for (std::int64_t c = 2 * s.oh * s.w; c < s.h * s.w; ++c) gx[c] = T(0);
}

/// Calls f(output, input) for every output of a plane and the place of its winner.
template <class I, class F> void for_each_winner(const PoolShape& s, const I* place, const F& f) {
  for (std::int64_t i = 0; i < s.oh; ++i)
    for (std::int64_t j = 0; j < s.ow; ++j) {
      const std::int64_t p = place[i * s.ow + j], row = i * s.stride_h - s.pad_h + p / s.kw * s.dil_h, column = j * s.stride_w - s.pad_w + p % s.kw * s.dil_w;
      if (row < s.h && column < s.w) f(i * s.ow + j, row * s.w + column);  // a dilated window may miss a small image
    }
}

}  // namespace detail

template <class T, class I> void max_pool2d(const PoolShape& shape, const T* x, T* y, I* place) {
  using Type = detail::FastPoolType<T, I>;
  [[maybe_unused]] const bool simple = detail::is_2x2(shape);
  const std::int64_t in = shape.h * shape.w, out = shape.oh * shape.ow;
  detail::for_each_plane(shape.planes, out * shape.kh * shape.kw / 4, [&](std::int64_t p) {
    const PoolShape* window = &shape;
    run_best<Type>([=] {
      const PoolShape s = *window;
      I* to = place ? place + p * out : nullptr;
      if constexpr (sizeof(I) == 1) {
        if (simple) return detail::max_pool_2x2(s, x + p * in, y + p * out, to);
      }
      detail::max_pool_plane(s, x + p * in, y + p * out, to);
    });
  });
}

template <class T, class I> void max_pool2d_grad(const PoolShape& s, const T* g, const I* place, T* gx) {
  [[maybe_unused]] const bool simple = detail::is_2x2(s);
  const std::int64_t in = s.h * s.w, out = s.oh * s.ow;
  detail::for_each_plane(s.planes, in + out, [&](std::int64_t p) {
    T* to = gx + p * in;
    const T* from = g + p * out;
    const I* at = place + p * out;
    if constexpr (sizeof(I) == 1) {
      if (simple) {
        const PoolShape* window = &s;
        run_best<T>([=] { detail::max_pool_2x2_grad(*window, from, at, to); });
        return;
      }
    }
    std::fill(to, to + in, T(0));
    detail::for_each_winner(s, at, [&](std::int64_t o, std::int64_t i) { to[i] += from[o]; });
  });
}

template <class T, class I> void max_pool2d_pick(const PoolShape& s, const T* x, const I* place, T* y) {
  const std::int64_t in = s.h * s.w, out = s.oh * s.ow;
  detail::for_each_plane(s.planes, in + out, [&](std::int64_t p) {
    detail::for_each_winner(s, place + p * out, [&](std::int64_t o, std::int64_t i) { y[p * out + o] = x[p * in + i]; });
  });
}

}  // namespace chainrule::cpu

namespace chainrule {

template <class T, class I> void bring_cpu_kernel(MaxPool2d<T, I>* op, int) { compile_in<&cpu::max_pool2d<T, I>>(op); }
template <class T, class I> void bring_cpu_kernel(MaxPool2dGrad<T, I>* op, int) { compile_in<&cpu::max_pool2d_grad<T, I>>(op); }
template <class T, class I> void bring_cpu_kernel(MaxPool2dPick<T, I>* op, int) { compile_in<&cpu::max_pool2d_pick<T, I>>(op); }

}  // namespace chainrule

#pragma once
// The CPU kernels of max_pool2d: whole rows of outputs at a time, one window element after the other.

#include <chainrule/core/parallel.hpp>
#include <chainrule/ops/max_pool2d.hpp>
#include <limits>

namespace chainrule::cpu {
namespace detail {

/// Calls task(plane) for every plane, in parallel when a plane's work, or some planes', is worth it.
template <class Task> void for_each_plane(std::int64_t planes, std::int64_t work, const Task& task) {
  parallel_chunks(planes, std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, work)), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t p = begin; p < end; ++p) task(p);
  });
}

/// The most common window: 2 x 2, stride 2. `!(a >= b)` lets a NaN win.
template <bool Places, class T, class I> void max_pool_2x2(const PoolShape& s, const T* x, T* y, I* place) {
  for (std::int64_t i = 0; i < s.oh; ++i, y += s.ow) {
    const T *top = x + 2 * i * s.w, *bottom = top + s.w;
    for (std::int64_t j = 0; j < s.ow; ++j) {
      const T a = top[2 * j], b = top[2 * j + 1], c = bottom[2 * j], d = bottom[2 * j + 1];
      const bool right = b > a || b != b, low_right = d > c || d != d;
      const T upper = right ? b : a, lower = low_right ? d : c;
      const bool low = lower > upper || lower != lower;
      y[j] = low ? lower : upper;
      if constexpr (Places) place[j] = static_cast<I>(low ? 2 + low_right : right);
    }
    if constexpr (Places) place += s.ow;
  }
}

template <class T, class I> void max_pool_plane(const PoolShape& s, const T* x, T* y, I* place) {
  constexpr std::int64_t stretch = 128;  // outputs of a row worked on together
  T best[stretch];
  std::int32_t at[stretch];
  for (std::int64_t i = 0; i < s.oh; ++i) {
    const std::int64_t top = i * s.stride_h - s.pad_h, first_k = top < 0 ? (-top + s.dil_h - 1) / s.dil_h : 0;
    for (std::int64_t from = 0; from < s.ow; from += stretch) {
      const std::int64_t n = std::min(stretch, s.ow - from);
      for (std::int64_t j = 0; j < n; ++j) {
        const std::int64_t left = (from + j) * s.stride_w - s.pad_w, first_l = left < 0 ? (-left + s.dil_w - 1) / s.dil_w : 0;
        best[j] = -std::numeric_limits<T>::infinity();
        at[j] = static_cast<std::int32_t>(first_k * s.kw + first_l);
      }
      for (std::int64_t k = first_k; k < s.kh && top + k * s.dil_h < s.h; ++k) {
        const T* row = x + (top + k * s.dil_h) * s.w;
        for (std::int64_t l = 0; l < s.kw; ++l) {
          const std::int64_t shift = l * s.dil_w - s.pad_w;  // output j reads column j * stride + shift
          std::int64_t lo = shift < 0 ? (-shift + s.stride_w - 1) / s.stride_w - from : 0, hi = shift >= s.w ? 0 : (s.w - 1 - shift) / s.stride_w + 1 - from;
          lo = std::max<std::int64_t>(lo, 0);
          hi = std::min(hi, n);
          const T* v = row + from * s.stride_w + shift;
          const auto here = static_cast<std::int32_t>(k * s.kw + l);
          for (std::int64_t j = lo; j < hi; ++j) {
            const T value = v[j * s.stride_w];
            const bool wins = value > best[j] || value != value;
            best[j] = wins ? value : best[j];
            at[j] = wins ? here : at[j];
          }
        }
      }
      for (std::int64_t j = 0; j < n; ++j) y[i * s.ow + from + j] = best[j];
      if (place) for (std::int64_t j = 0; j < n; ++j) place[i * s.ow + from + j] = static_cast<I>(at[j]);
    }
  }
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

template <class T, class I> void max_pool2d(const PoolShape& s, const T* x, T* y, I* place) {
  const bool simple = s.kh == 2 && s.kw == 2 && s.stride_h == 2 && s.stride_w == 2 && s.pad_h == 0 && s.pad_w == 0 && s.dil_h == 1 && s.dil_w == 1 && 2 * s.oh <= s.h && 2 * s.ow <= s.w;
  const std::int64_t in = s.h * s.w, out = s.oh * s.ow;
  detail::for_each_plane(s.planes, out * s.kh * s.kw, [&](std::int64_t p) {
    I* to = place ? place + p * out : nullptr;
    if (simple && place) detail::max_pool_2x2<true>(s, x + p * in, y + p * out, to);
    else if (simple) detail::max_pool_2x2<false>(s, x + p * in, y + p * out, to);
    else detail::max_pool_plane(s, x + p * in, y + p * out, to);
  });
}

template <class T, class I> void max_pool2d_grad(const PoolShape& s, const T* g, const I* place, T* gx) {
  const std::int64_t in = s.h * s.w, out = s.oh * s.ow;
  detail::for_each_plane(s.planes, in + out, [&](std::int64_t p) {
    T* to = gx + p * in;
    const T* from = g + p * out;
    std::fill(to, to + in, T(0));
    detail::for_each_winner(s, place + p * out, [&](std::int64_t o, std::int64_t i) { to[i] += from[o]; });
  });
}

template <class T, class I> void max_pool2d_pick(const PoolShape& s, const T* x, const I* place, T* y) {
  const std::int64_t in = s.h * s.w, out = s.oh * s.ow;
  detail::for_each_plane(s.planes, in + out, [&](std::int64_t p) {
    detail::for_each_winner(s, place + p * out, [&](std::int64_t o, std::int64_t i) { y[p * out + o] = x[p * in + i]; });
  });
}

template <class T, class I> struct EnrolMaxPool2d {
  Enrol<MaxPool2d<T, I>> a{Device::cpu, &max_pool2d<T, I>};
  Enrol<MaxPool2dGrad<T, I>> b{Device::cpu, &max_pool2d_grad<T, I>};
  Enrol<MaxPool2dPick<T, I>> c{Device::cpu, &max_pool2d_pick<T, I>};
};
inline const EnrolMaxPool2d<float, std::uint8_t> max_pool2d_float;
inline const EnrolMaxPool2d<double, std::uint8_t> max_pool2d_double;
inline const EnrolMaxPool2d<float, std::int32_t> max_pool2d_float_large;
inline const EnrolMaxPool2d<double, std::int32_t> max_pool2d_double_large;

}  // namespace chainrule::cpu

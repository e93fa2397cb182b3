#pragma once
// The CPU kernels of avg_pool2d and adaptive_avg_pool2d.

#include <chainrule/cpu/pool/max_pool2d.hpp>
#include <chainrule/cpu/rowwise/rows.hpp>
#include <chainrule/ops/avg_pool2d.hpp>
#include <memory>

namespace chainrule::cpu {

namespace detail {

/// One output: the sum over its bin, divided.
template <class T> T avg_pool_one(const fn::AvgPoolShape& s, const T* image, std::int64_t i, std::int64_t j) {
  const std::int64_t left = s.columns.begin(j), right = s.columns.end(j);
  T sum = T(0);
  for (std::int64_t r = s.rows.begin(i); r < s.rows.end(i); ++r)
    for (std::int64_t c = left; c < right; ++c) sum += image[r * s.columns.in + c];
  return sum / static_cast<T>(s.divisor_of(i, j));
}

/// The same bin at an even distance, as a moving window has; null where the bins differ in size.
inline fn::Bins moving(fn::Bins b) {
  if (b.kernel == 0 && b.in % b.out == 0) b.kernel = b.stride = b.in / b.out;
  return b;
}
/// The most common window, 2 x 2 with stride 2, and its gradient.
template <class T> struct AvgPool2x2 {
  const T *top, *bottom;
  T divisor;
  T* to;

  template <int width> CHAINRULE_HD void run(std::int64_t begin) const {
    const T *upper = top + 2 * begin, *lower = bottom + 2 * begin;
    T* out = to + begin;
    CHAINRULE_SIMD for (int k = 0; k < width; ++k) out[k] =
        (upper[2 * k] + upper[2 * k + 1] + lower[2 * k] + lower[2 * k + 1]) / divisor;
  }
};
template <class T> struct AvgPool2x2Grad {
  const T* g;
  T divisor;
  T *top, *bottom;

  template <int width> CHAINRULE_HD void run(std::int64_t begin) const {
    const T* from = g + begin;
    T *upper = top + 2 * begin, *lower = bottom + 2 * begin;
    CHAINRULE_SIMD for (int k = 0; k < width; ++k) upper[2 * k] = upper[2 * k + 1] = from[k] / divisor;
    CHAINRULE_SIMD for (int k = 0; k < width; ++k) lower[2 * k] = lower[2 * k + 1] = from[k] / divisor;
  }
};
inline bool is_2x2(const fn::AvgPoolShape& s) {
  auto halves = [](const fn::Bins& b) { return b.kernel == 2 && b.stride == 2 && b.pad == 0 && 2 * b.out <= b.in; };
  return halves(s.rows) && halves(s.columns);
}
template <class T> CHAINRULE_HD inline void avg_pool_2x2(const fn::AvgPoolShape& s, const T* image, T divisor, T* to) {
  for (std::int64_t i = 0; i < s.rows.out; ++i) {
    const T* top = image + 2 * i * s.columns.in;
    for_each_vector<T>(s.columns.out, (s.rows.out - i) * s.columns.out,
                       AvgPool2x2<T>{top, top + s.columns.in, divisor, to + i * s.columns.out});
  }
}
template <class T>
CHAINRULE_HD inline void avg_pool_2x2_grad(const fn::AvgPoolShape& s, const T* g, T divisor,
                                           T* image) {  // image holds zeros
  for (std::int64_t i = 0; i < s.rows.out; ++i) {
    T* top = image + 2 * i * s.columns.in;
    for_each_vector<T>(s.columns.out, s.columns.out,
                       AvgPool2x2Grad<T>{g + i * s.columns.out, divisor, top, top + s.columns.in});
  }
}

inline bool is_whole(const fn::AvgPoolShape& s) {  // the mean of the image
  return s.rows.out == 1 && s.columns.out == 1 && s.rows.begin(0) == 0 && s.rows.end(0) == s.rows.in &&
         s.columns.begin(0) == 0 && s.columns.end(0) == s.columns.in;
}

}  // namespace detail

template <class T> void avg_pool2d(const fn::AvgPoolShape& shape, const T* x, T* y) {
  fn::AvgPoolShape s = shape;
  s.rows = detail::moving(shape.rows);
  s.columns = detail::moving(shape.columns);
  const std::int64_t in = s.rows.in * s.columns.in, out = s.rows.out * s.columns.out;
  const bool whole = detail::is_whole(s), halves = detail::is_2x2(s);
  detail::for_each_plane(s.planes, in, [&](std::int64_t p) {
    if (whole) {
      y[p] = rows::sum(x + p * in, in) / static_cast<T>(s.divisor_of(0, 0));
      return;
    }
    if (halves) {
      const fn::AvgPoolShape* bins = &s;
      run_best<T>([=] {
        detail::avg_pool_2x2(fn::AvgPoolShape(*bins), x + p * in, static_cast<T>(bins->divisor_of(0, 0)), y + p * out);
      });
      return;
    }
    for (std::int64_t i = 0; i < s.rows.out; ++i)
      for (std::int64_t j = 0; j < s.columns.out; ++j)
        y[p * out + i * s.columns.out + j] = detail::avg_pool_one(s, x + p * in, i, j);
  });
}

/// Each row of outputs is spread over a line as wide as the image, which is then added to all rows of the image that
/// its bins cover.
template <class T> void avg_pool2d_grad(const fn::AvgPoolShape& shape, const T* g, T* gx) {
  fn::AvgPoolShape s = shape;
  s.rows = detail::moving(shape.rows);
  s.columns = detail::moving(shape.columns);
  const std::int64_t w = s.columns.in, in = s.rows.in * w, out = s.rows.out * s.columns.out;
  const bool whole = detail::is_whole(s), halves = detail::is_2x2(s),
             covers = halves && 2 * s.rows.out == s.rows.in && 2 * s.columns.out == w;
  detail::for_each_plane(s.planes, in, [&](std::int64_t p) {
    T* image = gx + p * in;
    if (whole) {
      std::fill(image, image + in, g[p] / static_cast<T>(s.divisor_of(0, 0)));
      return;
    }
    if (!covers) std::fill(image, image + in, T(0));
    if (halves) {
      const fn::AvgPoolShape* bins = &s;
      run_best<T>([=] {
        detail::avg_pool_2x2_grad(fn::AvgPoolShape(*bins), g + p * out, static_cast<T>(bins->divisor_of(0, 0)), image);
      });
      return;
    }
    std::unique_ptr<T[]> line(new T[static_cast<std::size_t>(w)]);
    for (std::int64_t i = 0; i < s.rows.out; ++i) {
      std::fill(line.get(), line.get() + w, T(0));
      for (std::int64_t j = 0; j < s.columns.out; ++j) {
        const T part = g[p * out + i * s.columns.out + j] / static_cast<T>(s.divisor_of(i, j));
        for (std::int64_t c = s.columns.begin(j); c < s.columns.end(j); ++c) line[static_cast<std::size_t>(c)] += part;
      }
      for (std::int64_t r = s.rows.begin(i); r < s.rows.end(i); ++r) rows::add(line.get(), w, image + r * w);
    }
  });
}

}  // namespace chainrule::cpu

namespace chainrule::fn {

template <class T> void AvgPool2d<T>::cpu(const AvgPoolShape& shape, const T* x, T* y) {
  chainrule::cpu::avg_pool2d<T>(shape, x, y);
}
template <class T> void AvgPool2dGrad<T>::cpu(const AvgPoolShape& shape, const T* g, T* gx) {
  chainrule::cpu::avg_pool2d_grad<T>(shape, g, gx);
}

}  // namespace chainrule::fn

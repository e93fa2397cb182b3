#pragma once
// The CPU kernels of softmax, log_softmax, logsumexp and their gradients. Along the last dimension a slice is a row of
// memory; along another one, a block of neighbouring slices is computed together, so that memory is read in its
// order.

#include <chainrule/cpu/rowwise/rows.hpp>
#include <chainrule/ops/softmax.hpp>

namespace chainrule::cpu {
namespace detail {

inline constexpr std::int64_t slices_together = 64;

/// `width` slices side by side: element i of slice j is x[i * step + j]. Each slice's maximum and the sum of
/// exp(x - maximum).
template <class T> struct SliceStats {
  T max[slices_together] = {}, sum[slices_together] = {};

  /// finite: an infinite maximum is replaced by 0, so that logsumexp of infinities is an infinity, not NaN.
  SliceStats(const T* x, std::int64_t n, std::int64_t step, std::int64_t width, bool finite = false) {
    if (n == 0) return;  // slices of no elements: there is nothing to read
    auto settle = [&](T& shift) { shift = finite && !(shift - shift == T(0)) ? T(0) : shift; };
    if (step == 1) {
      max[0] = rows::max(x, n);
      settle(max[0]);
      sum[0] = rows::sum_exp(x, n, max[0]);
      return;
    }
    std::copy(x, x + width, max);
    for (std::int64_t i = 1; i < n; ++i) rows::raise(x + i * step, width, max);
    for (std::int64_t j = 0; j < width; ++j) settle(max[j]);
    for (std::int64_t i = 0; i < n; ++i) rows::add_exp(x + i * step, width, max, sum);
  }
};

/// Calls body(offset of the first element, step between elements, slices side by side, number of the first slice) for
/// all slices.
template <class Body> void for_each_slice(const fn::AxisSplit& a, const Body& body) {
  const std::int64_t blocks = (a.inner + slices_together - 1) / slices_together;
  const std::int64_t grain =
      std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, a.n * std::min(a.inner, slices_together)));
  parallel_chunks(a.outer * blocks, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t outer = t / blocks, from = t % blocks * slices_together;
      body(outer * a.n * a.inner + from, a.inner, std::min(slices_together, a.inner - from), outer * a.inner + from);
    }
  });
}

}  // namespace detail

template <class T> void softmax(const fn::AxisSplit& along, const T* x, T* y) {
  detail::for_each_slice(along, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t) {
    if (step == 1) {  // exponentials are computed once, and scaled when their sum is known
      rows::exp(x + at, along.n, rows::max(x + at, along.n), T(0), T(1), y + at);
      const T scale = T(1) / rows::sum(y + at, along.n);
      rows::shift_and_scale(y + at, along.n, T(0), T(0), scale, y + at);
      return;
    }
    detail::SliceStats<T> s(x + at, along.n, step, width);
    const T none[detail::slices_together] = {};
    for (std::int64_t j = 0; j < width; ++j) s.sum[j] = T(1) / s.sum[j];
    for (std::int64_t i = 0; i < along.n; ++i)
      rows::exp(x + at + i * step, width, s.max, none, s.sum, y + at + i * step);
  });
}

template <class T> void log_softmax(const fn::AxisSplit& along, const T* x, T* y) {
  detail::for_each_slice(along, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t) {
    detail::SliceStats<T> s(x + at, along.n, step, width);
    rows::log(s.sum, width);
    if (step == 1) rows::shift_and_scale(x + at, along.n, s.max[0], s.sum[0], T(1), y + at);
    else
      for (std::int64_t i = 0; i < along.n; ++i)
        rows::subtract(x + at + i * step, width, s.max, s.sum, y + at + i * step);
  });
}

template <class T> void logsumexp(const fn::AxisSplit& along, const T* x, T* sum) {
  detail::for_each_slice(along, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t slice) {
    detail::SliceStats<T> s(x + at, along.n, step, width, true);
    rows::log(s.sum, width);
    for (std::int64_t j = 0; j < width; ++j) sum[slice + j] = s.max[j] + s.sum[j];
  });
}

template <class T> void softmax_grad(const fn::AxisSplit& along, const T* g, const T* y, T* gx) {
  detail::for_each_slice(along, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t) {
    if (step == 1) {
      const T dot = rows::dot(g + at, y + at, along.n);
      rows::times_difference(y + at, g + at, along.n, dot, gx + at);
      return;
    }
    T dot[detail::slices_together] = {};
    for (std::int64_t i = 0; i < along.n; ++i)
      for (std::int64_t j = 0; j < width; ++j) dot[j] += g[at + i * step + j] * y[at + i * step + j];
    for (std::int64_t i = 0; i < along.n; ++i)
      for (std::int64_t j = 0; j < width; ++j)
        gx[at + i * step + j] = y[at + i * step + j] * (g[at + i * step + j] - dot[j]);
  });
}

template <class T> void log_softmax_grad(const fn::AxisSplit& along, const T* g, const T* y, T* gx) {
  detail::for_each_slice(along, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t) {
    if (step == 1) {
      rows::exp(y + at, along.n, T(0), T(0), -rows::sum(g + at, along.n), gx + at);
      rows::add(g + at, along.n, gx + at);
      return;
    }
    T sum[detail::slices_together] = {};
    const T none[detail::slices_together] = {};
    for (std::int64_t i = 0; i < along.n; ++i)
      for (std::int64_t j = 0; j < width; ++j) sum[j] -= g[at + i * step + j];
    for (std::int64_t i = 0; i < along.n; ++i) {
      rows::exp(y + at + i * step, width, none, none, sum, gx + at + i * step);
      rows::add(g + at + i * step, width, gx + at + i * step);
    }
  });
}

}  // namespace chainrule::cpu

namespace chainrule::fn {

template <class T> void Softmax<T>::cpu(const AxisSplit& along, const T* x, T* y) {
  chainrule::cpu::softmax<T>(along, x, y);
}
template <class T> void LogSoftmax<T>::cpu(const AxisSplit& along, const T* x, T* y) {
  chainrule::cpu::log_softmax<T>(along, x, y);
}
template <class T> void LogSumExp<T>::cpu(const AxisSplit& along, const T* x, T* sum) {
  chainrule::cpu::logsumexp<T>(along, x, sum);
}
template <class T> void SoftmaxGrad<T>::cpu(const AxisSplit& along, const T* g, const T* y, T* gx) {
  chainrule::cpu::softmax_grad<T>(along, g, y, gx);
}
template <class T> void LogSoftmaxGrad<T>::cpu(const AxisSplit& along, const T* g, const T* y, T* gx) {
  chainrule::cpu::log_softmax_grad<T>(along, g, y, gx);
}

}  // namespace chainrule::fn

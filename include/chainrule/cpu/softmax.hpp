#pragma once
// The CPU kernels of softmax, log_softmax, logsumexp and their gradients. Along the last dimension a slice is a row of memory;
// along another one, a stretch of neighbouring slices is worked on together, so that memory is read in its order.

#include <chainrule/ops/softmax.hpp>

namespace chainrule::cpu {
namespace detail {

inline constexpr std::int64_t stretch = 64;  // slices side by side

/// sum[j] = the sum of term(i * step + j) over i; along a row with 8 running sums.
template <class T, class Term> void sum_slices(std::int64_t n, std::int64_t step, std::int64_t width, T* sum, const Term& term) {
  if (step > 1) {
    for (std::int64_t j = 0; j < width; ++j) sum[j] = T(0);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < width; ++j) sum[j] += term(i * step + j);
    return;
  }
  T lane[8] = {};
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8) for (int k = 0; k < 8; ++k) lane[k] += term(i + k);
  for (; i < n; ++i) lane[i % 8] += term(i);
  sum[0] = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/// `width` slices side by side: element i of slice j is x[i * step + j]. Gives each slice's maximum and sum of exp(x - shift),
/// where the shift is the maximum. Two loops over memory that the first one has brought into the cache.
template <class T> struct SliceStats {
  T max[stretch], sum[stretch];

  SliceStats(const T* x, std::int64_t n, std::int64_t step, std::int64_t width, bool finite_shift = false) {
    if (step == 1) {
      of_row(x, n, finite_shift);
      return;
    }
    for (std::int64_t j = 0; j < width; ++j) max[j] = x[j], sum[j] = T(0);
    for (std::int64_t i = 1; i < n; ++i)
      for (std::int64_t j = 0; j < width; ++j) max[j] = x[i * step + j] > max[j] ? x[i * step + j] : max[j];
    if (finite_shift) for (std::int64_t j = 0; j < width; ++j) make_finite(max[j]);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < width; ++j) sum[j] += std::exp(x[i * step + j] - max[j]);
  }

 private:
  // logsumexp of infinities is an infinity, not NaN: infinity - infinity is avoided.
  static void make_finite(T& shift) { shift = std::isfinite(shift) ? shift : T(0); }

  void of_row(const T* x, std::int64_t n, bool finite_shift) {
    T lane[8];
    for (T& l : lane) l = x[0];
    std::int64_t i = 0;
    for (; i + 8 <= n; i += 8) for (int k = 0; k < 8; ++k) lane[k] = x[i + k] > lane[k] ? x[i + k] : lane[k];
    for (; i < n; ++i) lane[0] = x[i] > lane[0] ? x[i] : lane[0];
    for (int k = 1; k < 8; ++k) lane[0] = lane[k] > lane[0] ? lane[k] : lane[0];
    max[0] = lane[0];
    if (finite_shift) make_finite(max[0]);
    sum_slices(n, 1, 1, sum, [&](std::int64_t e) { return std::exp(x[e] - max[0]); });
  }
};

/// Calls body(offset of the first element, step between elements, slices side by side, number of the first slice) for all slices.
template <class Body> void for_each_slice(const Along& a, const Body& body) {
  const std::int64_t cuts = (a.inner + stretch - 1) / stretch;
  const std::int64_t grain = std::max<std::int64_t>(1, 4096 / std::max<std::int64_t>(1, a.n * std::min(a.inner, stretch)));
  parallel_chunks(a.outer * cuts, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t outer = t / cuts, from = t % cuts * stretch;
      body(outer * a.n * a.inner + from, a.inner, std::min(stretch, a.inner - from), outer * a.inner + from);
    }
  });
}

}  // namespace detail

template <class T> void softmax(const Along& along, const T* x, T* y) {
  detail::for_each_slice(along, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t) {
    detail::SliceStats<T> s(x + at, along.n, step, width);
    for (std::int64_t i = 0; i < along.n; ++i)
      for (std::int64_t j = 0; j < width; ++j) y[at + i * step + j] = std::exp(x[at + i * step + j] - s.max[j]) / s.sum[j];
  });
}

template <class T> void log_softmax(const Along& along, const T* x, T* y) {
  detail::for_each_slice(along, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t) {
    detail::SliceStats<T> s(x + at, along.n, step, width);
    for (std::int64_t j = 0; j < width; ++j) s.sum[j] = std::log(s.sum[j]);
    for (std::int64_t i = 0; i < along.n; ++i)
      for (std::int64_t j = 0; j < width; ++j) y[at + i * step + j] = x[at + i * step + j] - s.max[j] - s.sum[j];
  });
}

template <class T> void logsumexp(const Along& along, const T* x, T* sum) {
  detail::for_each_slice(along, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t slice) {
    detail::SliceStats<T> s(x + at, along.n, step, width, true);
    for (std::int64_t j = 0; j < width; ++j) sum[slice + j] = s.max[j] + std::log(s.sum[j]);
  });
}

template <class T> void softmax_grad(const Along& along, const T* g, const T* y, T* gx) {
  detail::for_each_slice(along, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t) {
    T dot[detail::stretch];
    detail::sum_slices(along.n, step, width, dot, [&](std::int64_t e) { return g[at + e] * y[at + e]; });
    for (std::int64_t i = 0; i < along.n; ++i)
      for (std::int64_t j = 0; j < width; ++j) gx[at + i * step + j] = y[at + i * step + j] * (g[at + i * step + j] - dot[j]);
  });
}

template <class T> void log_softmax_grad(const Along& along, const T* g, const T* y, T* gx) {
  detail::for_each_slice(along, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t) {
    T sum[detail::stretch];
    detail::sum_slices(along.n, step, width, sum, [&](std::int64_t e) { return g[at + e]; });
    for (std::int64_t i = 0; i < along.n; ++i)
      for (std::int64_t j = 0; j < width; ++j) gx[at + i * step + j] = g[at + i * step + j] - std::exp(y[at + i * step + j]) * sum[j];
  });
}

template <class T> struct EnrolSoftmax {
  Enrol<Softmax<T>> a{Device::cpu, &softmax<T>};
  Enrol<LogSoftmax<T>> b{Device::cpu, &log_softmax<T>};
  Enrol<LogSumExp<T>> c{Device::cpu, &logsumexp<T>};
  Enrol<SoftmaxGrad<T>> d{Device::cpu, &softmax_grad<T>};
  Enrol<LogSoftmaxGrad<T>> e{Device::cpu, &log_softmax_grad<T>};
};
inline const EnrolSoftmax<float> softmax_float;
inline const EnrolSoftmax<double> softmax_double;

}  // namespace chainrule::cpu

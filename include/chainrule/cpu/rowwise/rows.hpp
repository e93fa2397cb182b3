#pragma once
// What the kernels of softmax, losses and normalisation do to a row of elements, compiled for each instruction set in
// float. In double, which is for checking more than for training, the compiler's own flags have to do: it halves the
// time to compile.

#include <chainrule/core/math.hpp>
#include <chainrule/core/simd.hpp>
#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace chainrule::cpu {

/// body(), with the best instruction set if T is float. The rules of simd::run() hold for the body.
template <class T, class Body> auto run_best(Body body) -> decltype(body()) {
  if constexpr (std::is_same_v<T, float>) return simd::run(body);
  else return body();
}

namespace rows {

namespace detail {

struct Largest {
  template <class A> CHAINRULE_HD A start() const { return -std::numeric_limits<A>::infinity(); }
  template <class A> CHAINRULE_HD A operator()(A best, A x) const { return math::select(x > best, x, best); }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return math::select(b > a, b, a); }
};
template <class T> struct SumExp {
  T shift;
  template <class A> CHAINRULE_HD A start() const { return A(0); }
  template <class A> CHAINRULE_HD A operator()(A total, T x) const { return total + math::exp(x - shift); }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return a + b; }
};

/// The sum of term(0) ... term(n - 1) in running sums.
template <class T, class Term> CHAINRULE_HD inline T sum(std::int64_t n, const Term& term) {
  constexpr int running = simd::lanes<T>;
  T lane[running] = {};
  std::int64_t i = 0;
  for (; i + running <= n; i += running) { CHAINRULE_SIMD for (int k = 0; k < running; ++k) lane[k] += term(i + k); }
  CHAINRULE_SIMD for (int k = 0; k < static_cast<int>(n - i); ++k) lane[k] += term(i + k);
  for (int half = running / 2; half > 0; half /= 2) {
    CHAINRULE_SIMD for (int k = 0; k < half; ++k) lane[k] += lane[k + half];
  }
  return lane[0];
}
template <class T> struct ValueTerm {
  const T* x;
  CHAINRULE_HD T operator()(std::int64_t i) const { return x[i]; }
};
template <class T> struct ProductTerm {
  const T *a, *b;
  CHAINRULE_HD T operator()(std::int64_t i) const { return a[i] * b[i]; }
};

}  // namespace detail

// ---- one row, one result ----

template <class T> [[gnu::noinline]] T max(const T* x, std::int64_t n) {
  return run_best<T>([=] { return simd::fold<T>(detail::Largest{}, x, n); });
}
/// The sum of exp(x - shift).
template <class T> [[gnu::noinline]] T sum_exp(const T* x, std::int64_t n, T shift) {
  return run_best<T>([=] { return simd::fold<T>(detail::SumExp<T>{shift}, x, n); });
}
template <class T> [[gnu::noinline]] T sum(const T* x, std::int64_t n) {
  return run_best<T>([=] { return detail::sum<T>(n, detail::ValueTerm<T>{x}); });
}
template <class T> [[gnu::noinline]] T dot(const T* a, const T* b, std::int64_t n) {
  return run_best<T>([=] { return detail::sum<T>(n, detail::ProductTerm<T>{a, b}); });
}

// ---- a row of results; j runs along it ----

/// y = exp(x - shift - rest) * scale.
template <class T> [[gnu::noinline]] void exp(const T* x, std::int64_t n, T shift, T rest, T scale, T* y) {
  run_best<T>(
      [=] { CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) y[i] = math::exp(x[i] - shift - rest) * scale; });
}
/// y = exp(x - shift[j] - rest[j]) * scale[j].
template <class T>
[[gnu::noinline]] void exp(const T* x, std::int64_t n, const T* shift, const T* rest, const T* scale, T* y) {
  run_best<T>([=] {
    CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) y[j] = math::exp(x[j] - shift[j] - rest[j]) * scale[j];
  });
}
/// y = (x - shift - rest) * scale.
template <class T> [[gnu::noinline]] void shift_and_scale(const T* x, std::int64_t n, T shift, T rest, T scale, T* y) {
  run_best<T>([=] { CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - shift - rest) * scale; });
}
/// y = x - shift[j] - rest[j].
template <class T> [[gnu::noinline]] void subtract(const T* x, std::int64_t n, const T* shift, const T* rest, T* y) {
  run_best<T>([=] { CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) y[j] = x[j] - shift[j] - rest[j]; });
}
/// y = a * (b - c).
template <class T> [[gnu::noinline]] void times_difference(const T* a, const T* b, std::int64_t n, T c, T* y) {
  run_best<T>([=] { CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) y[i] = a[i] * (b[i] - c); });
}
/// y += x.
template <class T> [[gnu::noinline]] void add(const T* x, std::int64_t n, T* y) {
  run_best<T>([=] { CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) y[i] += x[i]; });
}
/// largest[j] = max(largest[j], x[j]); a NaN is passed over.
template <class T> [[gnu::noinline]] void raise(const T* x, std::int64_t n, T* largest) {
  run_best<T>([=] {
    CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) largest[j] = math::select(x[j] > largest[j], x[j], largest[j]);
  });
}
/// total[j] += exp(x[j] - shift[j]).
template <class T> [[gnu::noinline]] void add_exp(const T* x, std::int64_t n, const T* shift, T* total) {
  run_best<T>([=] { CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) total[j] += math::exp(x[j] - shift[j]); });
}
/// x = log(x).
template <class T> [[gnu::noinline]] void log(T* x, std::int64_t n) {
  run_best<T>([=] { CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) x[j] = math::log(x[j]); });
}

}  // namespace rows
}  // namespace chainrule::cpu

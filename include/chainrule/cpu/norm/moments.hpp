#pragma once
// Mean and variance of many elements in one pass over memory: each block's mean, and then its squared distances,
// are summed while it is in the cache; blocks are combined in double (Chan, Golub, LeVeque 1979), always in the same
// order.

#include <chainrule/cpu/rowwise/rows.hpp>

namespace chainrule::cpu::detail {

inline constexpr std::int64_t moments_block = 4096;  // elements summed in their own type before double takes over

/// The sum of term(r * step + i) for r < rows and i < width, in running sums that go on from row to row. For the body
/// of simd::run().
template <class T, class Term>
CHAINRULE_HD inline double sum_rows(std::int64_t rows, std::int64_t width, std::int64_t step, const Term& term) {
  constexpr int running = simd::lanes<T> / 2;  // a plane of 4 x 4 floats fills them
  T lane[running] = {};
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t at = r * step;
    std::int64_t i = 0;
    for (; i + running <= width; i += running) {
      CHAINRULE_SIMD for (int k = 0; k < running; ++k) lane[k] += term(at + i + k);
    }
    CHAINRULE_SIMD for (int k = 0; k < static_cast<int>(width - i); ++k) lane[k] += term(at + i + k);
  }
  for (int half = running / 2; half > 0; half /= 2) {
    CHAINRULE_SIMD for (int k = 0; k < half; ++k) lane[k] += lane[k + half];
  }
  return static_cast<double>(lane[0]);
}

template <class T> struct ValueTerm {
  const T* x;
  CHAINRULE_HD T operator()(std::int64_t i) const { return x[i]; }
};
template <class T> struct SquareTerm {
  const T* x;
  T middle;
  CHAINRULE_HD T operator()(std::int64_t i) const { return (x[i] - middle) * (x[i] - middle); }
};
template <class T> struct CoupledTerm {
  const T *g, *x;
  T middle;
  CHAINRULE_HD T operator()(std::int64_t i) const { return g[i] * (x[i] - middle); }
};

// Sums over rows, compiled once for each instruction set.
template <class T>
[[gnu::noinline]] double sum_of_rows(const T* x, std::int64_t rows, std::int64_t width, std::int64_t step) {
  return run_best<T>([=] { return sum_rows<T>(rows, width, step, ValueTerm<T>{x}); });
}
/// Sum of (x - middle)^2.
template <class T>
[[gnu::noinline]] double squares_of_rows(const T* x, std::int64_t rows, std::int64_t width, std::int64_t step,
                                         T middle) {
  return run_best<T>([=] { return sum_rows<T>(rows, width, step, SquareTerm<T>{x, middle}); });
}
/// Sum of g (x - middle).
template <class T>
[[gnu::noinline]] double coupling_of_rows(const T* g, const T* x, std::int64_t rows, std::int64_t width,
                                          std::int64_t step, T middle) {
  return run_best<T>([=] { return sum_rows<T>(rows, width, step, CoupledTerm<T>{g, x, middle}); });
}

/// Calls body(offset, rows, width) for blocks of `rows` rows of `width` elements that lie `step` apart; short rows
/// share a block.
template <class Body> void for_each_block(std::int64_t rows, std::int64_t width, std::int64_t step, const Body& body) {
  const std::int64_t group = width > moments_block || width == 0 ? 1 : moments_block / width;
  for (std::int64_t r = 0; r < rows; r += group)
    for (std::int64_t i = 0; i < width; i += moments_block)
      body(r * step + i, std::min(group, rows - r), std::min(moments_block, width - i));
}

struct Moments {
  double count = 0, mean = 0, squares = 0;  // sum of squared distances to the mean

  void join(double n, double m, double s) {
    const double total = count + n, shift = m - mean;
    mean += shift * n / total;
    squares += s + shift * shift * count * n / total;
    count = total;
  }

  template <class T> void add(const T* x, std::int64_t rows, std::int64_t width, std::int64_t step) {
    for_each_block(rows, width, step, [&](std::int64_t at, std::int64_t r, std::int64_t w) {
      const double n = static_cast<double>(r * w), average = sum_of_rows(x + at, r, w, step) / n;
      const T middle = static_cast<T>(average);
      const double rest = average - static_cast<double>(middle);  // what rounding the mean to T left out
      join(n, average, squares_of_rows(x + at, r, w, step, middle) - n * rest * rest);
    });
  }
};

}  // namespace chainrule::cpu::detail

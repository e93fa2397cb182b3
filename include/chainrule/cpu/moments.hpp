#pragma once
// Mean and variance of many numbers in one pass over memory: a piece is brought into the cache, its mean and then its squared
// distances are summed there, and pieces are combined in double (Chan, Golub, LeVeque 1979), always in the same order.

#include <cstdint>

namespace chainrule::cpu::detail {

inline constexpr std::int64_t piece = 4096;  // numbers summed in their own type before double takes over
inline constexpr int running = 16;             // running sums side by side, so that the compiler can use vectors

/// The sum of term(i) for i in [0, n).
template <class T, class Term> T lane_sum(std::int64_t n, const Term& term) {
  T lane[running] = {};
  std::int64_t i = 0;
  for (; i + running <= n; i += running) for (int k = 0; k < running; ++k) lane[k] += term(i + k);
  for (int k = 0; i < n; ++i, ++k) lane[k] += term(i);
  for (int width = running / 2; width > 0; width /= 2) for (int k = 0; k < width; ++k) lane[k] += lane[k + width];
  return lane[0];
}

struct Moments {
  double count = 0, mean = 0, squares = 0;  // sum of squared distances to the mean

  void join(double n, double m, double s) {
    const double total = count + n, shift = m - mean;
    mean += shift * n / total;
    squares += s + shift * shift * count * n / total;
    count = total;
  }

  /// `rows` rows of `width` numbers, `step` apart.
  template <class T> void add(const T* x, std::int64_t rows, std::int64_t width, std::int64_t step) {
    if (width > piece) {
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t i = 0; i < width; i += piece) add_piece(x + r * step + i, 1, width - i < piece ? width - i : piece, 0);
      return;
    }
    const std::int64_t group = width > 0 ? piece / width : 1;  // short rows share a piece
    for (std::int64_t r = 0; r < rows; r += group) add_piece(x + r * step, rows - r < group ? rows - r : group, width, step);
  }

 private:
  template <class T> void add_piece(const T* x, std::int64_t rows, std::int64_t width, std::int64_t step) {
    const double n = static_cast<double>(rows * width);
    double sum = 0, far = 0;
    for (std::int64_t r = 0; r < rows; ++r) sum += static_cast<double>(lane_sum<T>(width, [&](std::int64_t i) { return x[r * step + i]; }));
    const T middle = static_cast<T>(sum / n);
    for (std::int64_t r = 0; r < rows; ++r)
      far += static_cast<double>(lane_sum<T>(width, [&](std::int64_t i) {
        const T d = x[r * step + i] - middle;
        return d * d;
      }));
    const double rest = sum / n - static_cast<double>(middle);  // what rounding the mean to T left out
    join(n, sum / n, far - n * rest * rest);
  }
};

}  // namespace chainrule::cpu::detail

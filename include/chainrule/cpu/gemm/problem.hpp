#pragma once
// A matrix product as the algorithms of gemm.hpp take it.

#include <cstdint>

namespace chainrule::cpu {

template <class T> struct GemmOptions {
  bool accumulate = false;      ///< add to what C holds
  const T* bias = nullptr;      ///< n values, one per column (Linear)
  const T* row_bias = nullptr;  ///< m values, one per row (convolution)
  bool relu = false;            ///< last of all: negative results become 0
  bool b_changes = false;       ///< B was written since the last call, a part by each thread; for speed alone
};

/// C (m, n) = A (m, k) B (k, n), then what the options ask for. Steps count elements; those of C's columns are 1.
template <class T> struct Gemm {
  std::int64_t m, n, k;
  const T* a;
  std::int64_t a_row, a_col;
  const T* b;
  std::int64_t b_row, b_col;
  T* c;
  std::int64_t c_row;
  GemmOptions<T> options;

  /// Rows [i, i + rows) and columns [j, j + columns) of C.
  Gemm part(std::int64_t i, std::int64_t j, std::int64_t rows, std::int64_t columns) const {
    Gemm p = *this;
    p.m = rows, p.n = columns, p.a += i * a_row, p.b += j * b_col, p.c += i * c_row + j;
    if (p.options.bias) p.options.bias += j;
    if (p.options.row_bias) p.options.row_bias += i;
    return p;
  }
  double flops() const { return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k); }
  /// Whether dot products are possible: rows of A and columns of B are contiguous.
  bool along_k() const { return (a_col == 1 || k == 1) && (b_row == 1 || k == 1); }
};

}  // namespace chainrule::cpu

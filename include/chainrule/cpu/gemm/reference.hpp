#pragma once
// The matrix product as three loops: the oracle of the tests.

#include <chainrule/cpu/gemm/problem.hpp>
#include <cstdint>

namespace chainrule::cpu {

/// What gemm() computes, one element after the other, summed in T.
template <class T>
void gemm_plain(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t a_row, std::int64_t a_col,
                const T* b, std::int64_t b_row, std::int64_t b_col, T* c, std::int64_t c_row,
                GemmOptions<T> options = {}) {
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      T sum = 0;
      for (std::int64_t p = 0; p < k; ++p) sum += a[i * a_row + p * a_col] * b[p * b_row + j * b_col];
      T& out = c[i * c_row + j];
      if (options.accumulate) sum += out;
      if (options.bias) sum += options.bias[j];
      if (options.row_bias) sum += options.row_bias[i];
      out = options.relu && sum <= T(0) ? T(0) : sum;
    }
  }
}

}  // namespace chainrule::cpu

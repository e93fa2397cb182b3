#pragma once
// A product of at most 4 columns and few steps: each row of C is one vector of four, without packing or tiles.

#include <chainrule/cpu/gemm/parts.hpp>

namespace chainrule::cpu::detail {

inline constexpr std::int64_t few_steps = 16;

template <class T> bool few_columns_applies(const Gemm<T>& p) { return p.n <= 4 && p.k <= few_steps; }

template <class T> void few_columns(const KernelTable<T>&, const Gemm<T>& p) {
  typedef T Four __attribute__((vector_size(4 * sizeof(T))));
  Four rows_of_b[few_steps], bias{};
  for (std::int64_t s = 0; s < p.k; ++s) {
    rows_of_b[s] = Four{};
    for (std::int64_t j = 0; j < p.n; ++j) rows_of_b[s][j] = p.b[s * p.b_row + j * p.b_col];
  }
  for (std::int64_t j = 0; p.options.bias && j < p.n; ++j) bias[j] = p.options.bias[j];
  const std::int64_t n = p.n, k = p.k, a_col = p.a_col;
  const T* const row_bias = p.options.row_bias;
  const bool accumulate = p.options.accumulate, relu = p.options.relu;
  for (std::int64_t i = 0; i < p.m; ++i) {
    const T* row = p.a + i * p.a_row;
    T* out = p.c + i * p.c_row;
    Four sum{};
    for (std::int64_t s = 0; s < k; ++s) sum += row[s * a_col] * rows_of_b[s];
    if (accumulate) {
      for (std::int64_t j = 0; j < n; ++j) sum[j] += out[j];
    }
    sum += bias;
    if (row_bias) sum += row_bias[i];
    if (relu) sum = sum <= T(0) ? Four{} : sum;  // a NaN stays
    out[0] = sum[0];
    if (n > 1) out[1] = sum[1];
    if (n > 2) out[2] = sum[2];
    if (n > 3) out[3] = sum[3];
  }
}

template <class T> bool few_columns_run(const Gemm<T>& p) {
  in_parts<T>(p, worth_threads(p) ? Split{ceil_div(p.m, get_num_threads()), p.n} : Split{p.m, p.n}, few_columns<T>);
  return true;
}

}  // namespace chainrule::cpu::detail

#pragma once
// Matrix product of raw arrays, of any strides of A and B: which algorithm computes it.

#include <chainrule/cpu/algorithm.hpp>
#include <chainrule/cpu/gemm/amx.hpp>
#include <chainrule/cpu/gemm/dot_products.hpp>
#include <chainrule/cpu/gemm/few_columns.hpp>
#include <chainrule/cpu/gemm/packed.hpp>
#include <atomic>

namespace chainrule::cpu {

namespace detail {

// The first row that applies and wins computes the product. Thresholds are measured, and stand with each algorithm.
template <class T>
inline constexpr std::array<Algorithm<const Gemm<T>>, 5> gemm_algorithms = {{
    // name, applies, wins, run; when it wins
    {"few_columns", few_columns_applies<T>, always, few_columns_run<T>},           // n <= 4, k <= 16: nothing to set up
    {"amx", amx_applies<T>, amx_wins<T>, amx_run<T>},                              // large products of floats
    {"transposed", transposed_applies<T>, transposed_wins<T>, transposed_run<T>},  // A is small: it is packed, not B
    {"dot_products", dot_products_applies<T>, dot_products_wins<T>, dot_products_run<T>},  // few rows or columns
    {"packed", always, always, packed_run<T>},                                             // the rest
}};

}  // namespace detail

/// The names that CHAINRULE_GEMM takes.
inline constexpr const char* gemm_algorithm_names = "few_columns, amx, transposed, dot_products, packed";

/// The algorithm that is forced wherever it applies, or null: the environment variable CHAINRULE_GEMM. Tests and
/// benchmarks store a row's name here.
inline std::atomic<const char*>& forced_gemm() {
  static std::atomic<const char*> name{forced_algorithm("CHAINRULE_GEMM", gemm_algorithm_names)};
  return name;
}

/// C = A B, or C += A B with options.accumulate; then bias, then relu, as options ask. C is m x n with rows c_row apart
/// and consecutive columns; A (m x k) and B (k x n) have any strides, counted in elements: a transposed matrix swaps
/// its two. k = 0 gives a product of zeros. C must not overlap A or B. Float and double.
/// Bitwise the same for any number of threads.
///     gemm<float>(2, 2, 3, a, 3, 1, b, 2, 1, c, 2);              // row-major A (2, 3) and B (3, 2)
///     gemm<float>(n, out, in, x, in, 1, w, 1, in, y, out, {.bias = b});  // y = x w^T + b, w (out, in)
template <class T>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t a_row, std::int64_t a_col,
          const T* b, std::int64_t b_row, std::int64_t b_col, T* c, std::int64_t c_row, GemmOptions<T> options = {}) {
  if (m <= 0 || n <= 0) return;
  const Gemm<T> product{m, n, k, a, a_row, a_col, b, b_row, b_col, c, c_row, options};
  run_first(detail::gemm_algorithms<T>, product, forced_gemm().load(std::memory_order_relaxed));
}

}  // namespace chainrule::cpu

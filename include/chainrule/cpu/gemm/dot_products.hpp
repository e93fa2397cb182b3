#pragma once
// A product whose A and B both lie along the inner dimension: each element of C is a dot product, nothing is packed.

#include <chainrule/cpu/gemm/parts.hpp>

namespace chainrule::cpu::detail {

template <class T> bool dot_products_applies(const Gemm<T>& p) { return p.along_k() && p.k >= kernels<T>().lanes; }

/// Packing B costs about as much as 8 rows of A. But dot products read A once for every 4 columns, so it must stay in
/// the second cache, and each of them ends with adding up the lanes of a vector. (measured)
template <class T> bool dot_products_wins(const Gemm<T>& p) {
  const std::int64_t lanes = kernels<T>().lanes;
  if (p.k < 2 * lanes) return false;
  if (p.m <= 8 || p.n <= 4 || (p.n <= 12 && p.k >= 4 * lanes)) return true;
  return p.k >= 24 * lanes && p.m * p.k * static_cast<std::int64_t>(sizeof(T)) <= 256 * 1024;
}

template <class T> void dot_products(const KernelTable<T>& table, const Gemm<T>& p) {
  constexpr std::int64_t most = 64;
  const GemmOptions<T>& o = p.options;
  std::int64_t columns[most];
  for (std::int64_t j = 0; j < std::min(p.n, most); ++j) columns[j] = j * p.b_col;
  for (std::int64_t j = 0; j < p.n; j += most)
    table.dot(p.m, std::min(p.n - j, most), p.k, p.a, p.a_row, p.b + j * p.b_col, columns, p.c + j, p.c_row,
              {o.accumulate, o.bias ? o.bias + j : nullptr, o.row_bias, o.relu});
}

template <class T> bool dot_products_run(const Gemm<T>& p) {
  in_parts<T>(p, worth_threads(p) ? split(p.m, p.n, 4, 4) : Split{p.m, p.n}, dot_products<T>);
  return true;
}

}  // namespace chainrule::cpu::detail

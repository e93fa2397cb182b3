#pragma once
// The loops between a micro kernel (one tile of C in registers) and a product: block sizes, packed panels of B, tiles
// at the edges. Shared by gemm.hpp and the convolutions.

#include <chainrule/core/parallel.hpp>
#include <chainrule/cpu/gemm/kernels.hpp>
#include <chainrule/cpu/workspace.hpp>
#include <algorithm>
#include <cstdint>

namespace chainrule::cpu::detail {

inline constexpr double parallel_flops = 1.5e6;  // of a product: below, a parallel region costs more than it gains
inline constexpr std::int64_t b_block_bytes =
    448 * 1024;                                   // of a packed block of B: stays in 1 MiB of L2 with room to spare
inline constexpr std::int64_t max_k_block = 384;  // 8 rows of A (8 x 384 floats) stay in 32 KiB of L1

inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
inline std::int64_t round_up(std::int64_t a, std::int64_t b) { return ceil_div(a, b) * b; }

/// Length of the blocks of the inner dimension. It decides the order of the sum, so it depends on k alone.
inline std::int64_t k_block(std::int64_t k) {
  if (k <= max_k_block + max_k_block / 4) return std::max<std::int64_t>(k, 1);
  return round_up(ceil_div(k, ceil_div(k, max_k_block)), 8);
}

/// Columns of a packed block of B whose inner length is kc.
template <class T> std::int64_t n_block(const KernelTable<T>& table, std::int64_t kc) {
  std::int64_t panels = b_block_bytes / static_cast<std::int64_t>(sizeof(T)) / (kc * table.columns);
  return std::clamp<std::int64_t>(panels, 1, 40) * table.columns;
}

/// Rows of the tile that starts where `left` rows are left: 8 (or 4), then 4, 2, 1.
inline int tile_rows(int largest, std::int64_t left) {
  int rows = largest;
  while (rows > left) rows /= 2;
  return rows;
}
inline int log2_rows(int largest, int rows) { return rows == largest ? 3 : rows == 4 ? 2 : rows - 1; }

inline constexpr std::int64_t packed_rows[8] = {0, 1, 2, 3, 4, 5, 6, 7};  // where the rows of a packed tile of A start

/// One tile of C, n <= table.columns; a tile that ends between vectors goes through a buffer.
template <class T>
void multiply_tile(const KernelTable<T>& table, int rows, std::int64_t n, const Walk& walk, const T* a,
                   const std::int64_t* a_rows, const T* b, T* c, std::int64_t c_row, const Epilogue<T>& e) {
  std::int64_t vectors = ceil_div(n, table.lanes);
  MicroKernel<T> micro = table.micro[log2_rows(table.rows, rows)][vectors - 1];
  if (vectors == 3 && rows == table.rows && walk.b_step > 4 * table.columns) micro = table.micro_far;
  if (n == vectors * table.lanes) {
    micro(walk, a, a_rows, b, c, c_row, e);
    return;
  }
  constexpr std::int64_t width = 3 * 64 / sizeof(T);
  alignas(64) T part[8 * width], bias[width];
  const Range range{0, 0, n};
  // Field by field: to load fields together that were just stored one by one, the processor waits until all stores
  // before them are done.
  const Epilogue<T> here{e.load_c, e.bias ? bias : nullptr, e.row_bias, e.relu};
  if (e.bias) table.copy_ranges(bias, 0, e.bias, 0, 1, &range, 1);
  if (e.load_c) table.copy_ranges(part, width, c, c_row, rows, &range, 1);
  micro(walk, a, a_rows, b, part, width, here);
  table.copy_ranges(c, c_row, part, width, rows, &range, 1);
}

/// Columns of the next panel where `left` are left: the widest panel, but none of a single vector after it, whose sums
/// would wait for each other.
template <class T> std::int64_t panel_width(const KernelTable<T>& table, std::int64_t left) {
  return left > table.columns && left < table.columns + 2 * table.lanes ? 2 * table.lanes
                                                                        : std::min<std::int64_t>(left, table.columns);
}

/// Packs kc x n of B into panels of table.columns columns, the last one as wide as the vectors it needs.
template <class T>
void pack_b(const KernelTable<T>& table, T* to, const T* b, std::int64_t b_row, std::int64_t b_col, std::int64_t n,
            std::int64_t kc) {
  for (std::int64_t j = 0; j < n; j += table.columns) {
    std::int64_t width = std::min<std::int64_t>(n - j, table.columns);
    table.pack(to + j * kc, round_up(width, table.lanes), b + j * b_col, b_col, b_row, width, kc);
  }
}

/// How a product is split into chunks, of rows x columns of C.
struct Split {
  std::int64_t rows, columns;
};

/// The split into at most get_num_threads() chunks whose largest costs least: its tiles, and packing its columns of B.
/// Every element of C is computed in the same way whatever the split, so it may depend on the number of threads.
inline Split split(std::int64_t m, std::int64_t n, std::int64_t row_unit, std::int64_t lanes) {
  std::int64_t threads = get_num_threads();
  Split best{m, n};
  double least = -1;
  for (std::int64_t down = 1; down <= threads; ++down) {
    for (std::int64_t unit : {3 * lanes, lanes}) {
      std::int64_t rows = std::min(m, round_up(ceil_div(m, down), row_unit));
      std::int64_t columns = std::min(n, round_up(ceil_div(n, threads / down), unit));
      auto tail = static_cast<double>(ceil_div(columns % (3 * lanes), lanes) * lanes);
      double tiles = static_cast<double>(columns / (3 * lanes) * 3 * lanes) + tail;
      if (tail == static_cast<double>(lanes)) tiles += 0.15 * tail;  // a tile of one vector waits for its sums
      double cost = static_cast<double>(rows) * tiles + 10 * tiles + 2 * static_cast<double>(rows);
      if (least < 0 || cost < least) least = cost, best = {rows, columns};
    }
  }
  return best;
}

}  // namespace chainrule::cpu::detail

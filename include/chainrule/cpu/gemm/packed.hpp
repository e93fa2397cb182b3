#pragma once
// The general product: blocks of B, and of A where it helps, are packed and multiplied tile by tile. With its variant
// for a small A, by way of the transpose.

#include <chainrule/cpu/gemm/parts.hpp>

namespace chainrule::cpu::detail {

/// Some or all of C, on the calling thread. What is packed depends on m and n, the order of each sum does not.
template <class T> void packed(const KernelTable<T>& table, const Gemm<T>& p) {
  const auto [m, n, k, a, a_row, a_col, b, b_row, b_col, c, c_row, options] = p;
  std::int64_t kc = k_block(k), nc = std::min(n_block(table, kc), round_up(n, table.columns));
  bool read_b = b_col == 1 && m <= 8 * table.rows;  // B is read m / rows times: packing it costs more than it gains
  bool read_a = a_col == 1 ||
                n <= table.columns;  // rows of A are read where they lie; columns, which share cache lines, are packed
  std::int64_t rows_in_place[8];
  for (std::int64_t i = 0; i < 8; ++i) rows_in_place[i] = i * a_row;
  T* panels = scratch<T>(Scratch::b_block, static_cast<std::size_t>(kc * nc));
  T* columns_of_a = scratch<T>(Scratch::a_panel, static_cast<std::size_t>(kc * 2 * table.rows));
  for (std::int64_t j0 = 0; j0 < n; j0 += nc) {
    std::int64_t columns = std::min(nc, n - j0), whole = !read_b ? 0
                                                         : columns % table.lanes == 0
                                                             ? columns
                                                             : columns / table.columns * table.columns;
    for (std::int64_t p0 = 0; p0 == 0 || p0 < k; p0 += kc) {
      std::int64_t depth = std::min(kc, k - p0);
      const T* b_here = b + p0 * b_row + j0 * b_col;
      pack_b(table, panels + whole * depth, b_here + whole * b_col, b_row, b_col, columns - whole, depth);
      bool last = p0 + kc >= k;
      Epilogue<T> e{p0 > 0 || options.accumulate, nullptr, nullptr, last && options.relu};
      for (std::int64_t i = 0; i < m;) {
        int rows = tile_rows(table.rows, m - i);
        const T* a_here = a + i * a_row + p0 * a_col;
        std::int64_t a_step = a_col;
        if (!read_a) {  // two tiles at a time: a cache line of each column
          std::int64_t tile = i % (2 * table.rows), width = 2 * table.rows;
          if (tile == 0) table.pack(columns_of_a, width, a_here, a_row, a_col, std::min(width, m - i), depth);
          a_here = columns_of_a + tile, a_step = width;
        }
        if (last && options.row_bias) e.row_bias = options.row_bias + i;
        for (std::int64_t j = 0, width; j < columns; j += width) {
          width =
              whole == columns ? panel_width(table, columns - j) : std::min<std::int64_t>(columns - j, table.columns);
          if (last && options.bias) e.bias = options.bias + j0 + j;
          const T* panel = j < whole ? b_here + j : panels + j * depth;
          std::int64_t panel_row = j < whole ? b_row : round_up(width, table.lanes);
          multiply_tile(table, rows, width, {depth, a_step, panel_row}, a_here, read_a ? rows_in_place : packed_rows,
                        panel, c + i * c_row + j0 + j, c_row, e);
        }
        i += rows;
      }
    }
  }
}

template <class T> bool packed_run(const Gemm<T>& p) {
  const KernelTable<T>& table = kernels<T>();
  in_parts<T>(p, worth_threads(p) ? split(p.m, p.n, table.rows, table.lanes) : Split{p.m, p.n}, packed<T>);
  return true;
}

template <class T> bool transposed_applies(const Gemm<T>& p) {
  return p.along_k() && !p.options.accumulate && !p.options.row_bias;
}

/// A is smaller than B, but fills panels. (measured)
template <class T> bool transposed_wins(const Gemm<T>& p) {
  const std::int64_t lanes = kernels<T>().lanes;
  return p.m >= 2 * lanes && p.m < 6 * lanes && 4 * p.n >= 5 * p.m && p.k >= 4 * lanes;
}

/// C^T = B^T A^T: what is packed is A, a panel of its rows at a time, and B is read where it lies.
template <class T> void transposed(const KernelTable<T>& table, const Gemm<T>& p) {
  for (std::int64_t i = 0; i < p.m;) {
    const std::int64_t rows = panel_width(table, p.m - i);
    T* products = scratch<T>(Scratch::products, static_cast<std::size_t>(p.n * rows));  // (n, rows)
    packed<T>(table, {p.n,
                      rows,
                      p.k,
                      p.b,
                      p.b_col,
                      1,
                      p.a + i * p.a_row,
                      1,
                      p.a_row,
                      products,
                      rows,
                      {.row_bias = p.options.bias, .relu = p.options.relu}});
    table.arrange(p.c + i * p.c_row, p.c_row, products, rows, 1, p.n, rows);
    i += rows;
  }
}

template <class T> bool transposed_run(const Gemm<T>& p) {
  const KernelTable<T>& table = kernels<T>();
  const std::int64_t threads = get_num_threads();
  Split size{p.m, p.n};
  if (worth_threads(p) && p.options.b_changes) size.columns = round_up(ceil_div(p.n, threads), table.rows);
  else if (worth_threads(p)) size.rows = round_up(ceil_div(p.m, threads), table.lanes);
  in_parts<T>(p, size, transposed<T>);
  return true;
}

}  // namespace chainrule::cpu::detail

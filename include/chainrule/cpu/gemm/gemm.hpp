#pragma once
// Matrix product of raw arrays: packed panels, tiles in registers, every instruction set, any strides of A and B.

#include <chainrule/cpu/gemm/amx.hpp>
#include <chainrule/cpu/gemm/packing.hpp>
#include <chainrule/cpu/gemm/reference.hpp>
#include <type_traits>

namespace chainrule::cpu {

namespace detail {

/// A part of C (m x n) on the calling thread. Which numbers are packed depends on the part, the order of each sum does
/// not.
template <class T>
void gemm_part(const KernelTable<T>& table, std::int64_t m, std::int64_t n, std::int64_t k, const T* a,
               std::int64_t a_row, std::int64_t a_col, const T* b, std::int64_t b_row, std::int64_t b_col, T* c,
               std::int64_t c_row, const GemmOptions<T>& options) {
  std::int64_t kc = k_block(k), nc = std::min(n_block(table, kc), round_up(n, table.columns));
  bool read_b = b_col == 1 && m <= 8 * table.rows;  // B is read m / rows times: packing it costs more than it gains
  bool read_a =
      a_col == 1 || n <= table.columns;  // rows of A are read as they are; columns, which share cache lines, are packed
  std::int64_t rows_in_place[8];
  for (std::int64_t i = 0; i < 8; ++i) rows_in_place[i] = i * a_row;
  T* packed = scratch<T>(Scratch::b_block, static_cast<std::size_t>(kc * nc));
  T* sliver = scratch<T>(Scratch::a_sliver, static_cast<std::size_t>(kc * 2 * table.rows));
  for (std::int64_t j0 = 0; j0 < n; j0 += nc) {
    std::int64_t columns = std::min(nc, n - j0), whole = !read_b ? 0
                                                         : columns % table.lanes == 0
                                                             ? columns
                                                             : columns / table.columns * table.columns;
    for (std::int64_t p0 = 0; p0 == 0 || p0 < k; p0 += kc) {
      std::int64_t depth = std::min(kc, k - p0);
      const T* b_here = b + p0 * b_row + j0 * b_col;
      pack_b(table, packed + whole * depth, b_here + whole * b_col, b_row, b_col, columns - whole, depth);
      bool last = p0 + kc >= k;
      Epilogue<T> e{p0 > 0 || options.accumulate, nullptr, nullptr, last && options.relu};
      for (std::int64_t i = 0; i < m;) {
        int rows = tile_rows(table.rows, m - i);
        const T* a_here = a + i * a_row + p0 * a_col;
        std::int64_t a_step = a_col;
        if (!read_a) {  // two tiles at a time: a cache line of each column
          std::int64_t tile = i % (2 * table.rows), width = 2 * table.rows;
          if (tile == 0) table.pack(sliver, width, a_here, a_row, a_col, std::min(width, m - i), depth);
          a_here = sliver + tile, a_step = width;
        }
        if (last && options.row_bias) e.row_bias = options.row_bias + i;
        for (std::int64_t j = 0, width; j < columns; j += width) {
          width =
              whole == columns ? panel_width(table, columns - j) : std::min<std::int64_t>(columns - j, table.columns);
          if (last && options.bias) e.bias = options.bias + j0 + j;
          const T* panel = j < whole ? b_here + j : packed + j * depth;
          std::int64_t panel_row = j < whole ? b_row : round_up(width, table.lanes);
          multiply_tile(table, rows, width, {depth, a_step, panel_row}, a_here, read_a ? rows_in_place : packed_rows,
                        panel, c + i * c_row + j0 + j, c_row, e);
        }
        i += rows;
      }
    }
  }
}

/// The same where A and B both lie along k: nothing is packed, every number of C is a dot product.
template <class T>
void dot_products(const KernelTable<T>& table, std::int64_t m, std::int64_t n, std::int64_t k, const T* a,
                  std::int64_t a_row, const T* b, std::int64_t b_col, T* c, std::int64_t c_row,
                  const GemmOptions<T>& options) {
  constexpr std::int64_t most = 64;
  std::int64_t columns[most];
  for (std::int64_t j = 0; j < std::min(n, most); ++j) columns[j] = j * b_col;
  for (std::int64_t j = 0; j < n; j += most)
    table.dot(m, std::min(n - j, most), k, a, a_row, b + j * b_col, columns, c + j, c_row,
              {options.accumulate, options.bias ? options.bias + j : nullptr, options.row_bias, options.relu});
}

/// The same by way of its transpose, B^T A^T: what is packed is A, a panel of its rows at a time, and B is read as it
/// is.
template <class T>
void swapped_products(const KernelTable<T>& table, std::int64_t m, std::int64_t n, std::int64_t k, const T* a,
                      std::int64_t a_row, const T* b, std::int64_t b_col, T* c, std::int64_t c_row,
                      const GemmOptions<T>& options) {
  for (std::int64_t i = 0; i < m;) {
    const std::int64_t rows = panel_width(table, m - i);
    T* turned = scratch<T>(Scratch::products, static_cast<std::size_t>(n * rows));  // (n, rows)
    gemm_part<T>(table, n, rows, k, b, b_col, 1, a + i * a_row, 1, a_row, turned, rows,
                 {.row_bias = options.bias, .relu = options.relu});
    table.arrange(c + i * c_row, c_row, turned, rows, 1, n, rows);
    i += rows;
  }
}

inline constexpr std::int64_t few_steps = 16;

/// At most 4 columns and few_steps steps: a row of C is one vector of four, without packing or tiles.
template <class T>
void few_columns(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t a_row, std::int64_t a_col,
                 const T* b, std::int64_t b_row, std::int64_t b_col, T* c, std::int64_t c_row,
                 const GemmOptions<T>& options) {
  typedef T Four __attribute__((vector_size(4 * sizeof(T))));
  Four rows_of_b[few_steps], bias{};
  for (std::int64_t p = 0; p < k; ++p) {
    rows_of_b[p] = Four{};
    for (std::int64_t j = 0; j < n; ++j) rows_of_b[p][j] = b[p * b_row + j * b_col];
  }
  for (std::int64_t j = 0; options.bias && j < n; ++j) bias[j] = options.bias[j];
  for (std::int64_t i = 0; i < m; ++i) {
    const T* row = a + i * a_row;
    T* out = c + i * c_row;
    Four sum{};
    for (std::int64_t p = 0; p < k; ++p) sum += row[p * a_col] * rows_of_b[p];
    if (options.accumulate) {
      for (std::int64_t j = 0; j < n; ++j) sum[j] += out[j];
    }
    sum += bias;
    if (options.row_bias) sum += options.row_bias[i];
    if (options.relu) sum = sum <= T(0) ? Four{} : sum;  // a NaN stays
    out[0] = sum[0];
    if (n > 1) out[1] = sum[1];
    if (n > 2) out[2] = sum[2];
    if (n > 3) out[3] = sum[3];
  }
}

/// Whether swapped_products are the faster way: A is smaller than B, but fills panels. (measured)
template <class T> bool prefers_swap(const KernelTable<T>& table, std::int64_t m, std::int64_t n, std::int64_t k) {
  return m >= 2 * table.lanes && m < 6 * table.lanes && 4 * n >= 5 * m && k >= 4 * table.lanes;
}

/// Whether dot products are the faster way. Packing B costs about as much as 8 rows of A; but A is read once for every
/// 4 columns, so it must lie in the second cache, and each product of vectors ends with adding up their lanes.
/// (measured)
template <class T> bool prefers_dots(const KernelTable<T>& table, std::int64_t m, std::int64_t n, std::int64_t k) {
  if (k < 2 * table.lanes) return false;
  if (m <= 8 || n <= 4 || (n <= 12 && k >= 4 * table.lanes)) return true;
  return k >= 24 * table.lanes && m * k * static_cast<std::int64_t>(sizeof(T)) <= 256 * 1024;
}

}  // namespace detail

/// C = A B, or C += A B with options.accumulate; then bias, then relu, as options ask. C is m x n with rows c_row apart
/// and consecutive columns; A (m x k) and B (k x n) have any strides, counted in numbers: a transposed matrix swaps its
/// two.
/// Float and double; large products of floats go to AMX's tiles where they are (gemm_amx.hpp). k = 0 gives a product of
/// zeros. C must not overlap A or B.
/// Bitwise the same for any number of threads.
///     gemm<float>(2, 2, 3, a, 3, 1, b, 2, 1, c, 2);              // row-major A (2, 3) and B (3, 2)
///     gemm<float>(n, out, in, x, in, 1, w, 1, in, y, out, {.bias = b});  // y = x w^T + b, w (out, in)
template <class T>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t a_row, std::int64_t a_col,
          const T* b, std::int64_t b_row, std::int64_t b_col, T* c, std::int64_t c_row, GemmOptions<T> options = {}) {
  if (m <= 0 || n <= 0) return;
  if constexpr (std::is_same_v<T, float>) {
    if (detail::amx_product(m, n, k, a, a_row, a_col, b, b_row, b_col, c, c_row, options)) return;
  }
  const KernelTable<T>& table = kernels<T>();
  double flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  bool alone = flops < detail::parallel_flops || chainrule::detail::inside_parallel,
       few = n <= 4 && k <= detail::few_steps;
  if (few && alone) return detail::few_columns(m, n, k, a, a_row, a_col, b, b_row, b_col, c, c_row, options);
  const bool along_k = (a_col == 1 || k == 1) && (b_row == 1 || k == 1);
  const bool swap = along_k && !options.accumulate && !options.row_bias && detail::prefers_swap(table, m, n, k);
  const bool dots = along_k && !swap && detail::prefers_dots(table, m, n, k);
  detail::Split part{m, n};
  const std::int64_t threads = get_num_threads();
  if (!alone && swap && options.b_changes) part.columns = detail::round_up(detail::ceil_div(n, threads), table.rows);
  else if (!alone && swap) part.rows = detail::round_up(detail::ceil_div(m, threads), table.lanes);
  else if (!alone) part = detail::split(m, n, dots ? 4 : table.rows, dots ? 4 : table.lanes);
  std::int64_t down = detail::ceil_div(m, part.rows), across = detail::ceil_div(n, part.columns);
  parallel_for(down * across, [&](std::int64_t task) {
    std::int64_t i = task / across * part.rows, j = task % across * part.columns;
    std::int64_t rows = std::min(part.rows, m - i), columns = std::min(part.columns, n - j);
    GemmOptions<T> here = options;
    if (here.bias) here.bias += j;
    if (here.row_bias) here.row_bias += i;
    const T *a_here = a + i * a_row, *b_here = b + j * b_col;
    if (few) {
      detail::few_columns(rows, columns, k, a_here, a_row, a_col, b_here, b_row, b_col, c + i * c_row + j, c_row, here);
    } else if (swap) {
      detail::swapped_products(table, rows, columns, k, a_here, a_row, b_here, b_col, c + i * c_row + j, c_row, here);
    } else if (dots) {
      detail::dot_products(table, rows, columns, k, a_here, a_row, b_here, b_col, c + i * c_row + j, c_row, here);
    } else {
      detail::gemm_part(table, rows, columns, k, a_here, a_row, a_col, b_here, b_row, b_col, c + i * c_row + j, c_row,
                        here);
    }
  });
}

}  // namespace chainrule::cpu

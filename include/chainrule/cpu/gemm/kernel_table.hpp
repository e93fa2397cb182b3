#pragma once
// What the matrix kernels of all instruction sets have in common: the epilogue, and the table of function pointers
// through which the drivers (gemm.hpp, conv/) reach the kernels of the level in use. Chunk, block, tile, lane: see
// core/parallel.hpp.

#include <cstdint>
#include <utility>

namespace chainrule::cpu {

/// What happens to a finished tile: c = relu(c_old + product + bias[column] + row_bias[row]), each part optional.
template <class T> struct Epilogue {
  bool load_c = false;
  const T* bias = nullptr;
  const T* row_bias = nullptr;
  bool relu = false;
};

/// How the inner loop walks along the rows of A and down the columns of B: `k` elements, each a_step and b_step from
/// the last; that `lines` times, and all of that `planes` times, each with steps of its own. A plain product needs the
/// first only; the convolutions walk over windows or pixels.
struct Walk {
  std::int64_t k, a_step, b_step;
  std::int64_t lines = 1, a_line = 0, b_line = 0;
  std::int64_t planes = 1, a_plane = 0, b_plane = 0;
};

/// C tile (mr rows x nv vectors) = sum over the steps p of the walk of a[a_rows[i] + p] * b[p + j].
template <class T>
using MicroKernel = void (*)(const Walk& walk, const T* a, const std::int64_t* a_rows, const T* b, T* c,
                             std::int64_t c_row, const Epilogue<T>& epilogue);

/// Pairs of vectors, anywhere: the second of a pair lies b_second and c_second from the first, the next pair b_next and
/// c_next; `count` pairs.
struct PairSteps {
  std::int64_t b_second, c_second, count, b_next, c_next;
};

/// For each pair: c(i, pair) = row_bias[i] + sum over the steps p of the walk of a[p + i] * b(pair)[p].
template <class T>
using PairKernel = void (*)(const Walk& walk, const T* a, const T* b, T* c, std::int64_t c_row, const T* row_bias,
                            const PairSteps& steps);

/// A range of consecutive elements of a packed row: copied from `source`, or zeros where source is negative.
struct Range {
  std::int64_t to, source, length;
};

/// The kernels of one instruction set for one type.
template <class T> struct KernelTable {
  int lanes;                   // elements in a vector
  int rows;                    // of the largest tile
  int columns;                 // of the largest tile: 3 vectors
  MicroKernel<T> micro[4][3];  // [log2(rows)][vectors - 1]
  MicroKernel<T> micro_far;    // of the largest tile, for steps of B that are longer than rows of a panel
  PairKernel<T> pairs[6];      // of 1, 2, 4, 6, 8 and 12 rows; the last two are null where there are too few registers

  /// to[p * width + j] = from[j * step_j + p * step_p], j < n, p < k.
  void (*arrange)(T* to, std::int64_t width, const T* from, std::int64_t step_j, std::int64_t step_p, std::int64_t n,
                  std::int64_t k);
  /// The same, and zeros for n <= j < width.
  void (*pack)(T* to, std::int64_t width, const T* from, std::int64_t step_j, std::int64_t step_p, std::int64_t n,
               std::int64_t k);

  /// to[c * to_step + range.to + i] = from[c * from_step + range.source + i]: the same ranges for `count` rows.
  void (*copy_ranges)(T* to, std::int64_t to_step, const T* from, std::int64_t from_step, std::int64_t count,
                      const Range* ranges, std::int64_t range_count);

  /// c[i * c_row + j] = dot(row i of a, the row at b + b_rows[j]), all rows contiguous; any m and n, k of a vector or
  /// more. No epilogue but the given one.
  void (*dot)(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t a_row, const T* b,
              const std::int64_t* b_rows, T* c, std::int64_t c_row, const Epilogue<T>& epilogue);
  int dot_rows;  // rows of a that dot() works on together
};

}  // namespace chainrule::cpu

#pragma once
// The matrix product of floats on AMX's tiles: C by tile rows of 16 x 64 elements, each summed over all of the inner
// dimension in the tiles (amx_tiles.hpp). Columns of B are split into bfloat16 terms once for many rows of A, rows of A
// while they are multiplied.

#include <chainrule/cpu/gemm/amx_tiles.hpp>
#include <chainrule/cpu/gemm/parts.hpp>
#include <algorithm>
#include <atomic>
#include <iterator>
#include <type_traits>

namespace chainrule::cpu::detail {

inline constexpr std::int64_t amx_longest = 16;  // steps whose columns are split together: 192 KiB for 64 columns
inline constexpr std::int64_t amx_rows_bytes = 768
                                               << 10;  // of A, which all columns pass by: they stay in the second cache

/// The inner dimension, `segments` times k, in blocks of at most `longest` steps, of which none lies in two segments;
/// the first ones a step longer than the last where it can't be helped. It decides the order of the sum, so it depends
/// on sizes alone.
struct AmxBlocks {
  std::int64_t k, segments = 1, longest = amx_longest;
  std::int64_t steps = ceil_div(k, amx_step), of_segment = ceil_div(steps, longest), count = segments * of_segment,
               shorter = steps / of_segment, longer = steps % of_segment;
  std::int64_t inside(std::int64_t block) const {
    return std::min(k, (shorter * block + std::min(block, longer)) * amx_step);
  }
  std::int64_t begin(std::int64_t block) const { return block / of_segment * k + inside(block % of_segment); }
  std::int64_t depth(std::int64_t block) const { return inside(block % of_segment + 1) - inside(block % of_segment); }
};

/// Where 64 columns of B are: a row of them for each index of the inner dimension. Or, `along_k`, a row along the inner
/// dimension for each of them.
struct AmxColumns {
  const float* from;
  std::int64_t row_step;
  bool along_k = false;
};
/// Where a tile row of C is, or sixteen rows of A.
template <class T> struct AmxView {
  T* from;
  std::int64_t row_step;
};

/// The columns [0, count) are to be split. What has edges is copied to `room` (k + 32, 64), with zeros for what the
/// last step lacks.
inline void amx_plan(const KernelTable<float>& table, AmxJob& job, Bf16* to, AmxColumns b, std::int64_t count,
                     std::int64_t k, float* room) {
  const std::int64_t whole = k / amx_step, rest = k - whole * amx_step;
  float* const tail = room + k * amx_columns;  // behind what may have to be copied
  job = {};
  job.to = to, job.whole = whole, job.steps = ceil_div(k, amx_step), job.tail = tail, job.transposed = room;
  if (b.along_k && count == amx_columns) {
    job.along_k = b.from, job.along_k_row = b.row_step;
    if (rest > 0) table.arrange(tail, amx_columns, b.from + whole * amx_step, b.row_step, 1, amx_columns, rest);
  } else if (count == amx_columns) {
    job.from = b.from, job.row_step = b.row_step;
    for (std::int64_t r = 0; r < rest; ++r)
      std::copy_n(b.from + (whole * amx_step + r) * b.row_step, amx_columns, tail + r * amx_columns);
  } else {
    table.pack(room, amx_columns, b.from, b.along_k ? b.row_step : 1, b.along_k ? 1 : b.row_step, count, k);
    job.from = room, job.row_step = amx_columns;
    std::copy_n(room + whole * amx_step * amx_columns, rest * amx_columns, tail);
  }
  std::fill_n(tail + rest * amx_columns, rest > 0 ? (amx_step - rest) * amx_columns : 0, 0.f);
}

/// Where the operands of amx_engine() are: matrices, or images. Asked a few times for each tile of C, so that the calls
/// cost nothing beside its products.
class AmxOperands {
 public:
  /// Sixteen rows of A from row i on, from element p of the inner dimension on.
  virtual AmxView<const float> rows(std::int64_t i, std::int64_t p) const = 0;
  /// 64 columns of B from column j on, elements [p, p + depth) of the inner dimension.
  virtual AmxColumns columns(std::int64_t j, std::int64_t p, std::int64_t depth) const = 0;
  /// The tile row of C whose first element is (i, j).
  virtual AmxView<float> result(std::int64_t i, std::int64_t j) const = 0;

 protected:
  ~AmxOperands() = default;
};

/// C (m, n) = A B on the calling thread, then bias, row_bias and relu as options ask. `far`: A, B and C are larger than
/// the second cache, and are fetched ahead. Returns false if it met a NaN.
inline bool amx_engine(const AmxTable& amx, const KernelTable<float>& table, std::int64_t m, std::int64_t n,
                       const AmxBlocks& blocks, const AmxOperands& at, const GemmOptions<float>& options, bool far) {
  const std::int64_t deepest = std::min(blocks.steps, blocks.longest) * amx_step,
                     panel = deepest / amx_step * amx_b_step;
  const std::int64_t fit =
      std::max<std::int64_t>(4, amx_rows_bytes / (deepest * static_cast<std::int64_t>(sizeof(float)) * amx_rows)) *
      amx_rows;
  const std::int64_t together =
      n <= amx_columns
          ? m
          : std::min(m, round_up(ceil_div(m, ceil_div(m, fit)), amx_rows));  // rows that all columns pass by
  // A short inner dimension leaves little time to split rows on the way. Many columns pass by them: they are split
  // before. (measured)
  const bool ready = blocks.steps <= 4 && n >= 4 * amx_columns;
  const std::int64_t of_rows = ready ? blocks.steps * amx_a_step : 0;
  Bf16* const packed = scratch<Bf16>(
      Scratch::b_block, static_cast<std::size_t>(2 * panel + 2 * amx_a_step + ceil_div(together, amx_rows) * of_rows));
  Bf16* const split = packed + 2 * panel + 2 * amx_a_step;
  float* const room = scratch<float>(Scratch::tile, static_cast<std::size_t>((deepest + amx_step) * amx_columns));
  float* const edges = scratch<float>(
      Scratch::image, static_cast<std::size_t>(round_up(together, amx_rows) * amx_step + amx_rows * deepest));
  float* const last_rows = edges + round_up(together, amx_rows) * amx_step;
  alignas(64) float parts[2][amx_rows * amx_columns];
  AmxAhead ahead;
  ahead.a[0] = packed + 2 * panel, ahead.a[1] = ahead.a[0] + amx_a_step;

  // A turn takes 64 columns past some rows: the order is rows, blocks of the inner dimension, columns.
  struct Turn {
    std::int64_t i0 = 0, block = 0, j0 = 0;
  } t, of_columns;
  const auto advance = [&](Turn& turn) {
    if ((turn.j0 += amx_columns) < n) return;
    turn.j0 = 0;
    if (++turn.block < blocks.count) return;
    turn.block = 0, turn.i0 += together;
  };
  std::int64_t which = 0, begun = 0;
  const auto begin_columns = [&] {
    if (of_columns.i0 >= m) return;
    const std::int64_t p = blocks.begin(of_columns.block), depth = blocks.depth(of_columns.block),
                       count = std::min(amx_columns, n - of_columns.j0);
    amx_plan(table, ahead.columns, packed + begun++ % 2 * panel, at.columns(of_columns.j0, p, depth), count, depth,
             room);
    // Shared out evenly among the gaps between products, where it costs nothing. Too much at once waits for memory.
    const std::int64_t units = ahead.columns.steps * (ahead.columns.along_k ? 24 : 16),
                       gaps = ceil_div(std::min(together, m - t.i0), amx_rows) * ahead.columns.steps * 4;
    ahead.columns.together = ceil_div(units, gaps), ahead.columns.every = std::max<std::int64_t>(1, gaps / (units + 1)),
    ahead.columns.far = far;
    advance(of_columns);
  };

  amx.begin();
  begin_columns();
  for (; t.i0 < m; advance(t)) {
    const std::int64_t height = std::min(together, m - t.i0), p = blocks.begin(t.block), depth = blocks.depth(t.block),
                       whole = depth / amx_step, steps = ceil_div(depth, amx_step);
    const bool first = t.block == 0, last = t.block + 1 == blocks.count;
    const std::int64_t count = std::min(amx_columns, n - t.j0), full = height / amx_rows * amx_rows;
    const auto rows_at = [&](std::int64_t i) -> AmxRows {  // of this turn
      const AmxView<const float> a = i == full ? AmxView<const float>{last_rows, deepest} : at.rows(t.i0 + i, p);
      return {a.from, a.row_step, edges + i * amx_step};
    };
    const Bf16* const b = packed + (begun + 1) % 2 * panel;
    const bool starts = begun == 1;  // the first columns of all: each step is split while the one before is multiplied
    if (starts) {
      amx.split(ahead.columns, 1);
      ahead.columns.together = ahead.columns.along_k ? 6 : 4, ahead.columns.every = 1;
    } else {
      amx.split(ahead.columns, steps);
      begin_columns();
    }
    if (t.j0 == 0) {  // other rows: what they lack is filled up with zeros
      const std::int64_t rest = depth - whole * amx_step;
      for (std::int64_t i = 0; rest > 0 && i < round_up(height, amx_rows); i += amx_rows) {
        const AmxView<const float> a = at.rows(t.i0 + i, p + whole * amx_step);
        for (std::int64_t r = 0; r < amx_rows; ++r) {
          float* const to = edges + (i + r) * amx_step;
          std::fill(i + r < height ? std::copy_n(a.from + r * a.row_step, rest, to) : to, to + amx_step, 0.f);
        }
      }
      if (full < height) {
        const AmxView<const float> a = at.rows(t.i0 + full, p);
        std::fill_n(last_rows, amx_rows * deepest, 0.f);
        for (std::int64_t r = 0; r < height - full; ++r)
          std::copy_n(a.from + r * a.row_step, whole * amx_step, last_rows + r * deepest);
      }
      if (!ready) amx.split_rows(rows_at(0), whole, 0, ahead.a[0]);
      for (std::int64_t i = 0; ready && i < height; i += amx_rows) {
        for (std::int64_t step = 0; step < steps; ++step)
          amx.split_rows(rows_at(i), whole, step, split + i / amx_rows * of_rows + step * amx_a_step);
      }
    }
    AmxView<float> next_c = at.result(t.i0, t.j0);
    for (std::int64_t i = 0; i < height; i += amx_rows) {
      const std::int64_t below = std::min(amx_rows, height - i);
      const bool is_last = i + amx_rows >= height;
      const AmxView<float> c = next_c;
      if (!is_last) next_c = at.result(t.i0 + i + amx_rows, t.j0);
      ahead.next = far && i + 2 * amx_rows <= height && count == amx_columns ? next_c.from : nullptr,
      ahead.next_row = next_c.row_step;
      const AmxRows now = rows_at(i), next = rows_at(is_last ? 0 : i + amx_rows);
      float* const part = parts[which ^= 1];
      const bool complete = below == amx_rows && count == amx_columns, direct = complete && !last;
      const float* from = first ? nullptr : complete ? c.from : part;
      for (std::int64_t r = 0; from == part && r < below; ++r)
        std::copy_n(c.from + r * c.row_step, count, part + r * amx_columns);
      if (ready) ahead.a[0] = split + i / amx_rows * of_rows;
      amx.multiply[ready][ceil_div(count, 16) - 1](whole, steps, now, next, b, from,
                                                   complete ? c.row_step : amx_columns, direct ? c.from : part,
                                                   direct ? c.row_step : amx_columns, ahead);
      if (starts && i == 0) {
        amx.split(ahead.columns, steps);
        begin_columns();
      }
      AmxFinish& f = ahead.finish;
      amx.finish(f);  // what is left of the tile row before
      if (direct) continue;
      f.from = part, f.c = c.from, f.c_row = c.row_step, f.rows = below, f.columns = count;
      f.bias = last && options.bias ? options.bias + t.j0 : nullptr,
      f.row_bias = last && options.row_bias ? options.row_bias + t.i0 + i : nullptr;
      f.relu = last && options.relu;
      if (!last) amx.finish(f);  // the next block reads it
    }
  }
  amx.finish(ahead.finish);
  amx.end();
  return std::all_of(std::begin(ahead.finish.bad), std::end(ahead.finish.bad),
                     [](std::int32_t bad) { return bad == 0; });
}

/// A matrix product on the calling thread. Rows of A are contiguous, and so are rows or columns of B.
inline bool amx_part(const AmxTable& amx, const KernelTable<float>& table, const Gemm<float>& p, bool far,
                     std::int64_t longest = amx_longest) {
  struct Matrices final : AmxOperands {
    const Gemm<float>& p;
    explicit Matrices(const Gemm<float>& product) : p(product) {}
    AmxView<const float> rows(std::int64_t i, std::int64_t k) const override {
      return {p.a + i * p.a_row + k, p.a_row};
    }
    AmxColumns columns(std::int64_t j, std::int64_t k, std::int64_t) const override {
      return {p.b + k * p.b_row + j * p.b_col, p.b_col == 1 ? p.b_row : p.b_col, p.b_col != 1};
    }
    AmxView<float> result(std::int64_t i, std::int64_t j) const override { return {p.c + i * p.c_row + j, p.c_row}; }
  };
  return amx_engine(amx, table, p.m, p.n, AmxBlocks{p.k, 1, longest}, Matrices(p), p.options, far);
}

/// The same by way of the transpose, C^T = B^T A^T: A is transposed and not B. Both lie along the inner dimension.
inline bool amx_transposed(const AmxTable& amx, const KernelTable<float>& table, const Gemm<float>& p) {
  bool good = true;
  for (std::int64_t i = 0; i < p.m; i += amx_columns) {
    const std::int64_t rows = std::min(amx_columns, p.m - i);
    float* products = scratch<float>(Scratch::products, static_cast<std::size_t>(p.n * rows));  // (n, rows)
    const std::int64_t longest = 2 * amx_longest;  // few columns: there is little to split
    good = amx_part(amx, table,
                    {p.n,
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
                     {.row_bias = p.options.bias, .relu = p.options.relu}},
                    false, longest) &&
           good;
    table.arrange(p.c + i * p.c_row, p.c_row, products, rows, 1, p.n, rows);
  }
  return good;
}

/// The split into at most get_num_threads() parts whose largest costs least: its tiles, and splitting its columns of B.
/// (measured)
inline Split amx_split(std::int64_t m, std::int64_t n) {
  const std::int64_t threads = get_num_threads();
  Split best{m, n};
  double least = -1;
  for (std::int64_t down = 1; down <= threads; ++down) {
    const std::int64_t rows = std::min(m, round_up(ceil_div(m, down), amx_rows)),
                       columns = std::min(n, round_up(ceil_div(n, threads / down), amx_columns));
    const double cost = static_cast<double>(rows * columns) + 20 * static_cast<double>(columns);
    if (least < 0 || cost < least) least = cost, best = {rows, columns};
  }
  return best;
}

/// The time of vectors is 1; splitting a column of B costs as much whatever m, and more if something is transposed
/// before; what an edge lacks is computed for nothing, and costs more. (measured, with 1 and 2 threads)
inline bool amx_is_faster(std::int64_t m, std::int64_t n, std::int64_t k, bool transposes) {
  if (m < amx_rows || n < 48) return false;
  const auto d = [](std::int64_t i) { return static_cast<double>(i); };
  const double products = d(m * n * k),
               filled = products / d(round_up(m, amx_rows) * round_up(n, 16) * round_up(k, amx_step));
  const double edges = (m % amx_rows ? 4e5 : 0) + (n % amx_columns ? 4e5 : 0);
  return 0.5 + (transposes ? 16 : 8) / d(m) + ((transposes ? 7e4 : 5e4) + edges) / products < 0.95 * filled;
}

/// Whether the product goes by way of its transpose.
inline bool amx_by_transpose(const Gemm<float>& p) {
  return p.b_col != 1 && p.a_col == 1 && p.m < p.n && !p.options.row_bias;
}

template <class T> bool amx_applies(const Gemm<T>& p) {
  return std::is_same_v<T, float> && amx_kernels() && p.k > 0 && !p.options.accumulate &&
         (p.b_col == 1 || p.b_row == 1);
}

template <class T> bool amx_wins(const Gemm<T>& p) {
  if constexpr (!std::is_same_v<T, float>) return false;
  else {
    const bool swap = amx_by_transpose(p);
    return amx_is_faster(swap ? p.n : p.m, swap ? p.m : p.n, p.k, p.b_col != 1 || p.a_col != 1);
  }
}

/// Declines if it met a NaN: an infinite factor makes one where sums of floats have none.
inline bool amx_product(const Gemm<float>& p) {
  const AmxTable& amx = *amx_kernels();
  const KernelTable<float>& table = kernels<float>();
  const bool swap = amx_by_transpose(p), threads = worth_threads(p);
  const bool far = p.m * p.k + p.k * p.n + p.m * p.n > (4 << 20);  // within the caches, fetching ahead only costs
  const Workspace<float> rows_of_a(static_cast<std::size_t>(p.a_col == 1 ? 0 : p.m * p.k));
  Gemm<float> product = p;
  if (p.a_col != 1) {
    parallel_chunks(
        p.m, threads ? std::max<std::int64_t>(16, (1 << 17) / p.k) : p.m, [&](std::int64_t first, std::int64_t last) {
          table.arrange(rows_of_a + first * p.k, p.k, p.a + first * p.a_row, p.a_col, p.a_row, p.k, last - first);
        });
    product.a = rows_of_a, product.a_row = p.k, product.a_col = 1;
  }
  Split size{p.m, p.n};
  if (threads) size = swap ? amx_split(p.n, p.m) : amx_split(p.m, p.n);
  if (threads && swap) std::swap(size.rows, size.columns);
  const std::int64_t down = ceil_div(p.m, size.rows), across = ceil_div(p.n, size.columns);
  std::atomic<bool> good{true};
  parallel_for(down * across, [&](std::int64_t task) {
    const std::int64_t i = task / across * size.rows, j = task % across * size.columns;
    const auto part = product.part(i, j, std::min(size.rows, p.m - i), std::min(size.columns, p.n - j));
    if (!(swap ? amx_transposed(amx, table, part) : amx_part(amx, table, part, far)))
      good.store(false, std::memory_order_relaxed);
  });
  return good.load(std::memory_order_relaxed);
}

template <class T> bool amx_run(const Gemm<T>& p) {
  if constexpr (std::is_same_v<T, float>) return amx_product(p);
  else return false;
}

}  // namespace chainrule::cpu::detail

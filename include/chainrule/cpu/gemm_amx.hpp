#pragma once
// The matrix product of floats on AMX's tiles: packed panels of bfloat16 pieces (amx_kernels.hpp), cut and put together as gemm.hpp does it.

#include <chainrule/cpu/amx_kernels.hpp>
#include <chainrule/cpu/gemm_blocks.hpp>
#include <chainrule/cpu/gemm_plain.hpp>
#include <algorithm>
#include <atomic>
#include <iterator>

namespace chainrule::cpu::detail {

inline constexpr double parallel_flops = 1.5e6;   // of a product: below, a parallel region costs more than it gains
inline constexpr std::int64_t amx_columns = 512;  // of a packed block of B: 384 KiB

/// Room of a panel whose inner dimension is k, in numbers.
inline std::int64_t amx_panel(std::int64_t k) { return ceil_div(k, amx_step) * amx_panel_step; }

/// The inner dimension in blocks of at most `longest` steps, the first ones a step longer than the last where it can't be helped. Of 2 steps all
/// panels in use stay in the first cache (12 KiB each), of 4 steps a part of C is read and written half as often, which many columns ask for.
struct AmxBlocks {
  std::int64_t k, longest, steps = ceil_div(k, amx_step), count = ceil_div(steps, longest);
  std::int64_t begin(std::int64_t block) const { return std::min(k, (steps / count * block + std::min(block, steps % count)) * amx_step); }
};

/// Where the numbers of a panel are: rows of A, numbers along k side by side; or of B for each k a row of columns.
struct AmxSource {
  const float* from;
  std::int64_t row_step;
};
/// Where a part of C is.
struct AmxPlace {
  float* c;
  std::int64_t row_step;
};

/// A panel is split: now what has edges, the rest ahead of its use.
inline void amx_plan_rows(const AmxTable& amx, AmxJob& job, Bf16* to, const AmxSource& a, std::int64_t rows, std::int64_t k) {
  const std::int64_t whole = rows == amx_side ? k / amx_step : 0;
  job = {a.from, to, 16, amx_step, a.row_step, whole, 0, whole > 0 ? amx_side : 0, 0, 1, 1, 0};
  if (whole * amx_step < k) amx.split_rows(to + whole * amx_panel_step, a.from + whole * amx_step, a.row_step, rows, k - whole * amx_step);
}
inline void amx_plan_columns(const AmxTable& amx, AmxJob& job, Bf16* to, const AmxSource& b, std::int64_t columns, std::int64_t k) {
  const std::int64_t whole = columns == amx_side ? k / amx_step : 0;
  job = {b.from, to, 16 * b.row_step, amx_step * b.row_step, b.row_step, whole, 0, whole > 0 ? amx_side : 0, 1, 1, 1, 0};
  if (whole * amx_step < k) amx.split_columns(to + whole * amx_panel_step, b.from + whole * amx_step * b.row_step, b.row_step, columns, k - whole * amx_step);
}

/// C (m, n) = A B on the calling thread, then bias, row_bias and relu as options ask. rows(i, p, k) and columns(j, p, k) say where the panels of
/// A and B are that begin at row i, column j, and p of the inner dimension; place(i, j) where a part of C is. Panels are split, and parts of C
/// finished, while tiles multiply others. Whether all of C are numbers.
template <class Rows, class Columns, class Place>
bool amx_engine(const AmxTable& amx, std::int64_t m, std::int64_t n, const AmxBlocks& blocks, const Rows& rows, const Columns& columns, const Place& place,
                const GemmOptions<float>& options) {
  const std::int64_t down = ceil_div(m, amx_side), across = std::min(ceil_div(n, amx_side), amx_columns / amx_side);  // panels
  const std::int64_t panel = std::min(blocks.steps, blocks.longest) * amx_panel_step;
  Bf16* const slivers = scratch<Bf16>(Scratch::image, static_cast<std::size_t>(2 * panel));
  Bf16* const packed = scratch<Bf16>(Scratch::b_block, static_cast<std::size_t>(2 * across * panel));
  alignas(64) float parts[2][amx_side * amx_side];

  // A turn multiplies all of A with a block of B: some columns, a part of the inner dimension.
  struct Turn {
    std::int64_t j0, panels, p, depth;
    bool first, last;
  };
  const std::int64_t turns = ceil_div(n, across * amx_side) * blocks.count;
  const auto turn_at = [&](std::int64_t turn) {
    const std::int64_t block = turn % blocks.count, j0 = turn / blocks.count * across * amx_side, p = blocks.begin(block);
    return Turn{j0, std::min(across, ceil_div(n - j0, amx_side)), p, blocks.begin(block + 1) - p, block == 0, block + 1 == blocks.count};
  };
  AmxAhead ahead;
  int which = 0;
  std::int64_t a_turn = 0, a_at = 0, b_turn = 0, b_at = 0, begun = 0, used = 0;  // the panels to split next; how many of B are begun, and used
  // A job's lines are shared out evenly among the places where they cost nothing: too many at once would have to wait for memory.
  const auto pace = [](AmxJob& job, std::int64_t places) { job.together = ceil_div(job.lines, places), job.every = std::max<std::int64_t>(1, places / (amx_side + 2)); };
  const auto begin_a = [&] {
    if (a_turn == turns) return;
    const Turn t = turn_at(a_turn);
    const std::int64_t i = a_at * amx_side;
    amx_plan_rows(amx, ahead.a, slivers + (a_turn * down + a_at) % 2 * panel, rows(i, t.p, t.depth), std::min(amx_side, m - i), t.depth);
    pace(ahead.a, t.panels * 6 * ceil_div(t.depth, amx_step));
    if (++a_at == down) a_at = 0, ++a_turn;
  };
  const auto begin_b = [&](std::int64_t latest) {
    if (b_turn == turns || b_turn > latest) return;
    const Turn t = turn_at(b_turn);
    const std::int64_t j = t.j0 + b_at * amx_side;
    amx_plan_columns(amx, ahead.b, packed + (b_turn % 2 * across + b_at) * panel, columns(j, t.p, t.depth), std::min(amx_side, n - j), t.depth);
    pace(ahead.b, (b_turn == 0 ? 1 : down) * 6 * ceil_div(t.depth, amx_step));
    ++begun;
    if (++b_at == t.panels) b_at = 0, ++b_turn;
  };

  amx.begin();
  begin_a();
  begin_b(0);
  for (std::int64_t turn = 0; turn < turns; ++turn) {
    const Turn t = turn_at(turn);
    const std::int64_t steps = ceil_div(t.depth, amx_step);
    for (std::int64_t i = 0; i < m; i += amx_side) {
      amx.split(ahead.a);
      const Bf16* const sliver = slivers + (turn * down + i / amx_side) % 2 * panel;
      begin_a();
      for (std::int64_t at = 0; at < t.panels; ++at) {
        if (i == 0 && ++used == begun) amx.split(ahead.b);
        if (ahead.b.line == ahead.b.lines) begin_b(turn + 1);
        const std::int64_t j = t.j0 + at * amx_side, height = std::min(amx_side, m - i), width = std::min(amx_side, n - j);
        const AmxPlace c = place(i, j);
        const bool whole = height == amx_side && width == amx_side;
        float* const part = parts[which ^= 1];
        const float* from = t.first ? nullptr : whole ? c.c : part;
        for (std::int64_t r = 0; from == part && r < height; ++r) std::copy(c.c + r * c.row_step, c.c + r * c.row_step + width, part + r * amx_side);
        const bool direct = whole && !t.last;
        amx.multiply[height > 16][width > 16](steps, sliver, packed + (turn % 2 * across + at) * panel, from, whole ? c.row_step : amx_side,
                                              direct ? c.c : part, direct ? c.row_step : amx_side, ahead);
        AmxFinish& f = ahead.finish;
        amx.finish(f);  // what is left of the part before
        if (direct) continue;
        f.from = part, f.c = c.c, f.c_row = c.row_step, f.rows = height, f.columns = width;
        f.bias = t.last && options.bias ? options.bias + j : nullptr, f.row_bias = t.last && options.row_bias ? options.row_bias + i : nullptr;
        f.relu = t.last && options.relu;
        if (!t.last) amx.finish(f);  // the next block reads it
      }
    }
  }
  amx.finish(ahead.finish);
  amx.end();
  return std::all_of(std::begin(ahead.finish.bad), std::end(ahead.finish.bad), [](std::int32_t bad) { return bad == 0; });
}

/// A part of C (m x n) on the calling thread, any strides.
inline bool amx_part(const AmxTable& amx, const KernelTable<float>& table, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
                     std::int64_t a_row, std::int64_t a_col, const float* b, std::int64_t b_row, std::int64_t b_col, float* c, std::int64_t c_row,
                     const GemmOptions<float>& options, std::int64_t longest) {
  const auto room = static_cast<std::size_t>(amx_side * amx_step * longest);
  const auto rows = [&](std::int64_t i, std::int64_t p, std::int64_t depth) -> AmxSource {
    const float* from = a + i * a_row + p * a_col;
    if (a_col == 1) return {from, a_row};
    float* turned = scratch<float>(Scratch::a_sliver, room);
    table.arrange(turned, depth, from, a_col, a_row, depth, std::min(amx_side, m - i));
    return {turned, depth};
  };
  const auto columns = [&](std::int64_t j, std::int64_t p, std::int64_t depth) -> AmxSource {
    const float* from = b + p * b_row + j * b_col;
    if (b_col == 1) return {from, b_row};
    float* turned = scratch<float>(Scratch::tile, room);
    table.arrange(turned, amx_side, from, b_col, b_row, std::min(amx_side, n - j), depth);
    return {turned, amx_side};
  };
  return amx_engine(amx, m, n, AmxBlocks{k, longest}, rows, columns, [&](std::int64_t i, std::int64_t j) { return AmxPlace{c + i * c_row + j, c_row}; }, options);
}

/// The same by way of the transpose, B^T A^T: what is turned is A and not B.
inline bool amx_swapped(const AmxTable& amx, const KernelTable<float>& table, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
                        std::int64_t a_row, const float* b, std::int64_t b_col, float* c, std::int64_t c_row, const GemmOptions<float>& options) {
  bool good = true;
  for (std::int64_t i = 0; i < m; i += 64) {
    const std::int64_t rows = std::min<std::int64_t>(64, m - i);
    float* turned = scratch<float>(Scratch::products, static_cast<std::size_t>(n * rows));  // (n, rows)
    good = amx_part(amx, table, n, rows, k, b, b_col, 1, a + i * a_row, 1, a_row, turned, rows, {.row_bias = options.bias, .relu = options.relu}, 2) && good;
    table.arrange(c + i * c_row, c_row, turned, rows, 1, n, rows);
  }
  return good;
}

/// The cut into at most get_num_threads() parts whose largest costs least: its tiles, and splitting its rows of A and columns of B. (measured)
inline Split amx_split(std::int64_t m, std::int64_t n) {
  const std::int64_t threads = get_num_threads();
  Split best{m, n};
  double least = -1;
  for (std::int64_t down = 1; down <= threads; ++down) {
    const std::int64_t rows = std::min(m, round_up(ceil_div(m, down), amx_side)), columns = std::min(n, round_up(ceil_div(n, threads / down), amx_side));
    const double cost = static_cast<double>(rows * columns) + 20 * static_cast<double>(rows + columns);
    if (least < 0 || cost < least) least = cost, best = {rows, columns};
  }
  return best;
}

/// Whether tiles are the faster way: the time of vectors is 1; splitting a row of A costs as much whatever n, and one of B whatever m; what a
/// panel lacks is computed for nothing. (measured)
inline bool prefers_amx(std::int64_t m, std::int64_t n, std::int64_t k) {
  if (m < 16 || n < 16 || m * n * k < (1 << 19)) return false;
  const auto d = [](std::int64_t i) { return static_cast<double>(i); };
  const double filled = d(m * n * k) / d(round_up(m, amx_side) * round_up(n, amx_side) * round_up(k, amx_step));
  return 0.55 + 14 / d(m) + 14 / d(n) < 0.95 * filled;
}

/// gemm() on tiles. False, and C in no state to use, where tiles are not there, not the faster way, or met what is not a number.
inline bool amx_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t a_row, std::int64_t a_col, const float* b,
                        std::int64_t b_row, std::int64_t b_col, float* c, std::int64_t c_row, const GemmOptions<float>& options) {
  const AmxTable* amx = amx_kernels();
  if (!amx || options.accumulate || !prefers_amx(m, n, k)) return false;
  const KernelTable<float>& table = kernels<float>();
  const bool swap = a_col == 1 && b_row == 1 && b_col != 1 && m < n && !options.row_bias;
  const bool alone = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) < parallel_flops || chainrule::detail::inside_parallel;
  Split part{m, n};
  if (!alone) part = amx_split(m, n);
  const std::int64_t down = ceil_div(m, part.rows), across = ceil_div(n, part.columns);
  std::atomic<bool> good{true};
  parallel_for(down * across, [&](std::int64_t task) {
    const std::int64_t i = task / across * part.rows, j = task % across * part.columns;
    const std::int64_t rows = std::min(part.rows, m - i), columns = std::min(part.columns, n - j);
    GemmOptions<float> here = options;
    if (here.bias) here.bias += j;
    if (here.row_bias) here.row_bias += i;
    const float *a_here = a + i * a_row, *b_here = b + j * b_col;
    const bool fine = swap ? amx_swapped(*amx, table, rows, columns, k, a_here, a_row, b_here, b_col, c + i * c_row + j, c_row, here)
                           : amx_part(*amx, table, rows, columns, k, a_here, a_row, a_col, b_here, b_row, b_col, c + i * c_row + j, c_row, here, n <= 128 ? 2 : 4);
    if (!fine) good.store(false, std::memory_order_relaxed);
  });
  return good.load(std::memory_order_relaxed);
}

}  // namespace chainrule::cpu::detail

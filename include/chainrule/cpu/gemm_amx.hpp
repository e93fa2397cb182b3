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

/// The inner dimension, `segments` times k, in blocks of at most `longest` steps, of which none lies in two segments; the first ones a step longer than the
/// last where it can't be helped. Of 2 steps all panels in use stay in the first cache (12 KiB each), of 4 steps a part of C is read and written half
/// as often, which many columns ask for.
struct AmxBlocks {
  std::int64_t k, longest, segments = 1;
  std::int64_t steps = ceil_div(k, amx_step), of_segment = ceil_div(steps, longest), count = segments * of_segment, shorter = steps / of_segment, longer = steps % of_segment;
  std::int64_t inside(std::int64_t block) const { return std::min(k, (shorter * block + std::min(block, longer)) * amx_step); }
  std::int64_t begin(std::int64_t block) const { return block / of_segment * k + inside(block % of_segment); }
  std::int64_t depth(std::int64_t block) const { return inside(block % of_segment + 1) - inside(block % of_segment); }
};

/// Where the numbers of a panel are: rows of A, numbers along k side by side; or of B for each k a row of columns. What lies the other way has room to
/// be lined up in: then rows of `from` are columns of A, or columns of B.
struct AmxSource {
  const float* from;
  std::int64_t row_step;
  float* lined_up = nullptr;  // amx_side * k numbers
};
/// Where a part of C is.
struct AmxPlace {
  float* c;
  std::int64_t row_step;
};

/// A panel is split: now what has edges, the rest ahead of its use.
inline void amx_plan_rows(const AmxTable& amx, const KernelTable<float>& table, AmxJob& job, Bf16* to, AmxSource a, std::int64_t rows, std::int64_t k) {
  const std::int64_t steps = rows == amx_side ? k / amx_step : 0, whole = steps * amx_step;
  job = {};
  if (a.lined_up) {
    job.lying = a.from, job.lying_row = a.row_step, job.lined_up = a.lined_up, job.lined_up_row = k, job.across = 2 * steps, job.blocks = 4 * steps;
    table.arrange(a.lined_up + whole, k, a.from + whole * a.row_step, a.row_step, 1, k - whole, rows);
    a = {a.lined_up, k};
  }
  job.from = a.from, job.to = to, job.second = 16, job.step = amx_step, job.row_step = a.row_step, job.steps = steps, job.lines = steps > 0 ? amx_side : 0;
  if (whole < k) amx.split_rows(to + steps * amx_panel_step, a.from + whole, a.row_step, rows, k - whole);
}
inline void amx_plan_columns(const AmxTable& amx, const KernelTable<float>& table, AmxJob& job, Bf16* to, AmxSource b, std::int64_t columns, std::int64_t k) {
  const std::int64_t steps = columns == amx_side ? k / amx_step : 0, whole = steps * amx_step;
  job = {};
  if (b.lined_up) {
    job.lying = b.from, job.lying_row = b.row_step, job.lined_up = b.lined_up, job.lined_up_row = amx_side, job.across = 2, job.blocks = 4 * steps;
    table.arrange(b.lined_up + whole * amx_side, amx_side, b.from + whole, b.row_step, 1, columns, k - whole);
    b = {b.lined_up, amx_side};
  }
  job.from = b.from, job.to = to, job.second = 16 * b.row_step, job.step = amx_step * b.row_step, job.row_step = b.row_step, job.steps = steps;
  job.lines = steps > 0 ? amx_side : 0, job.halves = 1;
  if (whole < k) amx.split_columns(to + steps * amx_panel_step, b.from + whole * b.row_step, b.row_step, columns, k - whole);
}

/// C (m, n) = A B on the calling thread, then bias, row_bias and relu as options ask. rows(i, p, k) and columns(j, p, k) say where the panels of
/// A and B are that begin at row i, column j, and p of the inner dimension; place(i, j) where a part of C is. Panels are split, and parts of C
/// finished, while tiles multiply others. Whether all of C are numbers.
template <class Rows, class Columns, class Place>
bool amx_engine(const AmxTable& amx, const KernelTable<float>& table, std::int64_t m, std::int64_t n, const AmxBlocks& blocks, const Rows& rows, const Columns& columns, const Place& place,
                const GemmOptions<float>& options, bool far) {
  const std::int64_t down = ceil_div(m, amx_side), across = std::min(ceil_div(n, amx_side), amx_columns / amx_side);  // panels
  const std::int64_t panel = std::min(blocks.steps, blocks.longest) * amx_panel_step;
  Bf16* const slivers = scratch<Bf16>(Scratch::image, static_cast<std::size_t>(2 * panel));
  Bf16* const packed = scratch<Bf16>(Scratch::b_block, static_cast<std::size_t>(2 * across * panel));
  alignas(64) float parts[2][amx_side * amx_side];

  // A turn multiplies all of A with a block of B: some columns, a part of the inner dimension.
  struct Turn {
    std::int64_t number = 0, j0 = 0, panels = 0, block = 0, p = 0, depth = 0;
  };
  const auto begins = [&](Turn& t) {
    t.panels = std::min(across, ceil_div(n - t.j0, amx_side)), t.p = blocks.begin(t.block), t.depth = blocks.depth(t.block);
  };
  const auto step = [&](Turn& t) {
    ++t.number;
    if (++t.block == blocks.count) t.block = 0, t.j0 += across * amx_side;
    begins(t);
  };
  AmxAhead ahead;
  int which = 0;
  Turn t, of_a, of_b;                                          // now, and of the panels to split next
  std::int64_t a_at = 0, a_which = 0, b_at = 0, begun = 0, used = 0;  // how many panels of B are begun, and used
  begins(t), begins(of_a), begins(of_b);
  // A job's lines are shared out evenly among the places where they cost nothing: too many at once would have to wait for memory.
  const auto pace = [](AmxJob& job, std::int64_t places) { job.together = ceil_div(job.lines + job.blocks, places), job.every = std::max<std::int64_t>(1, places / (job.lines + job.blocks + 2)); };
  const auto begin_a = [&] {
    if (of_a.j0 >= n) return;
    const std::int64_t i = a_at * amx_side;
    amx_plan_rows(amx, table, ahead.a, slivers + a_which * panel, rows(i, of_a.p, of_a.depth), std::min(amx_side, m - i), of_a.depth);
    ahead.a.far = far;
    pace(ahead.a, of_a.panels * 6 * ceil_div(of_a.depth, amx_step));
    a_which ^= 1;
    if (++a_at == down) a_at = 0, step(of_a);
  };
  const auto begin_b = [&] {
    if (of_b.j0 >= n || of_b.number > t.number + 1) return;
    const std::int64_t j = of_b.j0 + b_at * amx_side;
    amx_plan_columns(amx, table, ahead.b, packed + (of_b.number % 2 * across + b_at) * panel, columns(j, of_b.p, of_b.depth), std::min(amx_side, n - j), of_b.depth);
    ahead.b.far = far;
    pace(ahead.b, (of_b.number == 0 ? 1 : down) * 6 * ceil_div(of_b.depth, amx_step));
    ++begun;
    if (++b_at == of_b.panels) b_at = 0, step(of_b);
  };

  amx.begin();
  begin_a();
  begin_b();
  for (; t.j0 < n; step(t)) {
    const std::int64_t steps = ceil_div(t.depth, amx_step);
    const bool first = t.block == 0, last = t.block + 1 == blocks.count;
    AmxPlace next = place(0, t.j0);
    for (std::int64_t i = 0; i < m; i += amx_side) {
      amx.split(ahead.a);
      const Bf16* const sliver = slivers + (a_which ^ 1) * panel;
      begin_a();
      const std::int64_t height = std::min(amx_side, m - i);
      for (std::int64_t at = 0; at < t.panels; ++at) {
        if (i == 0 && ++used == begun) amx.split(ahead.b);
        if (ahead.b.line == ahead.b.lines) begin_b();
        const std::int64_t j = t.j0 + at * amx_side, width = std::min(amx_side, n - j);
        const bool whole = height == amx_side && width == amx_side;
        const AmxPlace c = next;
        const std::int64_t next_i = at + 1 < t.panels ? i : i + amx_side, next_j = at + 1 < t.panels ? j + amx_side : t.j0;
        if (next_i < m) next = place(next_i, next_j);
        ahead.next = far && next_i + amx_side <= m && next_j + amx_side <= n ? next.c : nullptr, ahead.next_row = next.row_step;
        float* const part = parts[which ^= 1];
        const float* from = first ? nullptr : whole ? c.c : part;
        for (std::int64_t r = 0; from == part && r < height; ++r) std::copy(c.c + r * c.row_step, c.c + r * c.row_step + width, part + r * amx_side);
        const bool direct = whole && !last;
        amx.multiply[height > 16][width > 16](steps, sliver, packed + (t.number % 2 * across + at) * panel, from, whole ? c.row_step : amx_side,
                                              direct ? c.c : part, direct ? c.row_step : amx_side, ahead);
        AmxFinish& f = ahead.finish;
        amx.finish(f);  // what is left of the part before
        if (direct) continue;
        f.from = part, f.c = c.c, f.c_row = c.row_step, f.rows = height, f.columns = width;
        f.bias = last && options.bias ? options.bias + j : nullptr, f.row_bias = last && options.row_bias ? options.row_bias + i : nullptr;
        f.relu = last && options.relu;
        if (!last) amx.finish(f);  // the next block reads it
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
                     const GemmOptions<float>& options, std::int64_t longest, bool far) {
  const auto room = static_cast<std::size_t>(amx_side * amx_step * longest);
  const auto rows = [&](std::int64_t i, std::int64_t p, std::int64_t depth) -> AmxSource {
    const float* from = a + i * a_row + p * a_col;
    if (a_col == 1) return {from, a_row};
    float* lined_up = scratch<float>(Scratch::a_sliver, room);
    if (a_row == 1) return {from, a_col, lined_up};
    table.arrange(lined_up, depth, from, a_col, a_row, depth, std::min(amx_side, m - i));
    return {lined_up, depth};
  };
  const auto columns = [&](std::int64_t j, std::int64_t p, std::int64_t depth) -> AmxSource {
    const float* from = b + p * b_row + j * b_col;
    if (b_col == 1) return {from, b_row};
    float* lined_up = scratch<float>(Scratch::tile, room);
    if (b_row == 1) return {from, b_col, lined_up};
    table.arrange(lined_up, amx_side, from, b_col, b_row, std::min(amx_side, n - j), depth);
    return {lined_up, amx_side};
  };
  return amx_engine(amx, table, m, n, AmxBlocks{k, longest}, rows, columns, [&](std::int64_t i, std::int64_t j) { return AmxPlace{c + i * c_row + j, c_row}; }, options, far);
}

/// The same by way of the transpose, B^T A^T: what is turned is A and not B.
inline bool amx_swapped(const AmxTable& amx, const KernelTable<float>& table, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
                        std::int64_t a_row, const float* b, std::int64_t b_col, float* c, std::int64_t c_row, const GemmOptions<float>& options) {
  bool good = true;
  for (std::int64_t i = 0; i < m; i += 64) {
    const std::int64_t rows = std::min<std::int64_t>(64, m - i);
    float* turned = scratch<float>(Scratch::products, static_cast<std::size_t>(n * rows));  // (n, rows)
    good = amx_part(amx, table, n, rows, k, b, b_col, 1, a + i * a_row, 1, a_row, turned, rows, {.row_bias = options.bias, .relu = options.relu}, 2, false) && good;
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

/// Whether tiles are the faster way. The time of vectors is 1; splitting a row of A costs as much whatever n, and a column of B whatever m, and more if
/// one of them is `turned` before; what a panel lacks is computed for nothing. (measured)
inline bool prefers_amx(std::int64_t m, std::int64_t n, std::int64_t k, bool turned) {
  if (m < 16 || n < 16 || m * n * k < (1 << 19)) return false;
  const auto d = [](std::int64_t i) { return static_cast<double>(i); };
  const double filled = d(m * n * k) / d(round_up(m, amx_side) * round_up(n, amx_side) * round_up(k, amx_step));
  return (turned ? 0.6 : 0.55) + 14 / d(m) + 14 / d(n) < 0.95 * filled;
}

/// Whether so many numbers are too many for the second cache: then they are fetched ahead, which elsewhere only takes time.
inline bool amx_far(std::int64_t numbers) { return numbers > (1 << 20) + (1 << 19); }

/// gemm() on tiles. False, and C in no state to use, where tiles are not there, not the faster way, or met what is not a number.
inline bool amx_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t a_row, std::int64_t a_col, const float* b,
                        std::int64_t b_row, std::int64_t b_col, float* c, std::int64_t c_row, const GemmOptions<float>& options) {
  const AmxTable* amx = amx_kernels();
  if (!amx || options.accumulate || !prefers_amx(m, n, k, a_col != 1 || b_col != 1)) return false;
  const KernelTable<float>& table = kernels<float>();
  const bool swap = a_col == 1 && b_row == 1 && b_col != 1 && m < n && !options.row_bias;
  const bool far = amx_far(m * k + k * n + m * n);
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
                           : amx_part(*amx, table, rows, columns, k, a_here, a_row, a_col, b_here, b_row, b_col, c + i * c_row + j, c_row, here, n <= 128 ? 2 : 4, far);
    if (!fine) good.store(false, std::memory_order_relaxed);
  });
  return good.load(std::memory_order_relaxed);
}

}  // namespace chainrule::cpu::detail

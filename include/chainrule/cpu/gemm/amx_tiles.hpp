#pragma once
// Products of floats on AMX's tiles of bfloat16, without giving up their precision. A float is the sum of three
// bfloat16 values, a = a1 + a2 + a3, of 8 significant bits each: what remains when the first bits are taken away is
// exact. Of the nine products of terms the six largest, a1 b1 + a1 b2 + a2 b1 + a2 b2 + a1 b3 + a3 b1, leave out less
// than a float's own rounding (2^-23 of |a b|). Tiles multiply sixteen times as many elements in a cycle as vectors of
// floats, so six products for one still take half the time, and each sum is rounded less often.
//
// Different from sums of floats: elements below 2^-126 count as zero, and so do terms of elements below 2^-110. An
// infinity gives NaN, so whoever meets a NaN does the product again with vectors (amx.hpp).
// Source: Henry, Tang, Heinecke, "Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision
// Computations", 2019.

#include <chainrule/core/isa.hpp>
#include <chainrule/cpu/gemm/kernel_table.hpp>
#include <cstdint>
#include <cstring>
#include <utility>

namespace chainrule::cpu {

using Bf16 = std::uint16_t;

/// A tile row of C is 16 rows and 64 columns, four tiles. A step is 32 elements of the inner dimension: a tile of A's
/// rows and four of B's columns, in three terms each: A [term][16 rows][32], B [term][tile][16][16 columns x 2].
/// Inside a step, the elements p and p + 16 make a pair.
inline constexpr std::int64_t amx_rows = 16, amx_columns = 64, amx_step = 32;
inline constexpr std::int64_t amx_tile = 512, amx_a_step = 3 * amx_tile, amx_b_step = 12 * amx_tile;  // in elements

/// Sixteen rows of A, their elements side by side. The last step, if it is not whole, is at `tail` (16, 32), padded
/// with zeros.
struct AmxRows {
  const float* from;
  std::int64_t row_step;
  const float* tail;
};

/// Up to 64 columns of B that wait to be split, a line (a row of B and the row 16 below) after the other. Where B is
/// stored along the inner dimension, `along_k` has a row for each column; the 16 x 16 blocks of a step are then
/// transposed into `transposed` (32, 64) first, and its lines are read there.
struct AmxJob {
  const float* from = nullptr;
  std::int64_t row_step = 0;
  const float* tail = nullptr;  // (32, 64): the last step, if it is not whole
  const float* along_k = nullptr;
  std::int64_t along_k_row = 0;
  float* transposed = nullptr;
  Bf16* to = nullptr;
  std::int64_t whole = 0, steps = 0, step = 0,
               unit = 0;  // whole steps, all steps; the next unit of work: 8 blocks, then 16 lines of each step
  std::int64_t together = 1, every = 1, wait = 0;  // `together` units in every `every`-th gap between products
  bool far = false;                                // the elements come from beyond the second cache
};

/// A tile row of C that waits for its epilogue: the rows that are left.
struct AmxFinish {
  const float* from = nullptr;  // (16, 64)
  float* c = nullptr;
  std::int64_t c_row = 0, rows = 0, columns = 0;
  const float *bias = nullptr, *row_bias = nullptr;
  bool relu = false;
  alignas(64) std::int32_t bad[16] = {};  // not 0: a result was NaN
};

/// What is done on vectors while tiles multiply: between two products the processor has the time for it, and nowhere
/// else costs as little.
struct AmxAhead {
  AmxJob columns;
  AmxFinish finish;
  const float* next = nullptr;  // the tile row of C after this one, (16, 64), to be prefetched; or null
  std::int64_t next_row = 0;
  Bf16* a[2];  // this step of A, and the next
};

struct AmxTable {  // panels begin at addresses that 64 divides
  /// to = the terms of the given step of some rows.
  void (*split_rows)(const AmxRows& rows, std::int64_t whole, std::int64_t step, Bf16* to);
  /// to = from + the product of `now` (16 rows) and b, [.][tiles - 1]: 16 columns each. from may be null or `to`. [0]:
  /// rows are split on the way, the first step of `now` is at ahead.a[0], and afterwards that of `next`; [1]: all steps
  /// of `now` are at ahead.a[0]. Between begin and end only.
  void (*multiply[2][4])(std::int64_t whole, std::int64_t steps, const AmxRows& now, const AmxRows& next, const Bf16* b,
                         const float* from, std::int64_t from_row, float* to, std::int64_t to_row, AmxAhead& ahead);
  void (*split)(AmxJob& job, std::int64_t end);  ///< what is left of the steps before `end`
  void (*finish)(AmxFinish& finish);             ///< all that is left
  void (*begin)();                               ///< gives the tiles of this thread their shape
  void (*end)();                                 ///< and lets them go
};

}  // namespace chainrule::cpu

#if defined(__x86_64__) && defined(__GNUC__) && defined(__linux__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw,amx-tile,amx-bf16"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw,prefer-vector-width=512")
#endif

namespace chainrule::cpu::amx {

typedef float Vector __attribute__((vector_size(64)));
typedef float Loose __attribute__((vector_size(64), aligned(4), may_alias));
typedef std::uint32_t Bits __attribute__((vector_size(64)));
typedef std::uint32_t BitsInMemory __attribute__((vector_size(64), may_alias));

struct TileShapes {  // as LDTILECFG reads them
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

inline void begin() {
  const TileShapes shapes;
  __asm__ volatile("ldtilecfg %0" ::"m"(shapes));
}
inline void end() { __asm__ volatile("tilerelease"); }

template <int tile> [[gnu::always_inline]] inline void load(const void* from, std::int64_t row_bytes = 64) {
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(row_bytes), "i"(tile) : "memory");
}
template <int tile> [[gnu::always_inline]] inline void store(void* to, std::int64_t row_bytes) {
  __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(row_bytes), "i"(tile) : "memory");
}
template <int tile> [[gnu::always_inline]] inline void zero() { __asm__ volatile("tilezero %%tmm%c0" ::"i"(tile)); }
template <int c, int a, int b> [[gnu::always_inline]] inline void add_product() {
  __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(c), "i"(a), "i"(b));
}

[[gnu::always_inline]] inline Vector vector_at(const float* from) { return *reinterpret_cast<const Loose*>(from); }

// The three bfloat16 terms of two vectors: lane l of the first vector and lane l of the second make pair l.
template <std::int64_t term_step>
[[gnu::always_inline]] inline void split_pair(Bf16* to, const float* even, const float* odd) {
  const Bits upper = Bits{} + 0xffff0000u;  // sign, exponent and 7 bits: a bfloat16
  Vector rest[2] = {vector_at(even), vector_at(odd)};
#pragma GCC unroll 3
  for (int term = 0; term < 3; ++term) {
    const Bits first = (Bits)rest[0] & upper, second = (Bits)rest[1] & upper;
    *reinterpret_cast<BitsInMemory*>(to + term * term_step) = first >> 16 | second;
    rest[0] -= (Vector)first, rest[1] -= (Vector)second;
  }
}

// Two rows of a matrix that are `half` apart exchange the elements beside its diagonal: lanes without the bit `half` of
// the second row for lanes with it of the first.
template <int half, int... l>
[[gnu::always_inline]] inline void exchange(Vector& a, Vector& b, std::integer_sequence<int, l...>) {
  const Vector first = a;
  a = __builtin_shufflevector(first, b, (l & half ? 16 + l - half : l)...);
  b = __builtin_shufflevector(first, b, (l & half ? 16 + l : l + half)...);
}
template <int half> [[gnu::always_inline]] inline void exchange_all(Vector (&rows)[16]) {
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i)
    if ((i & half) == 0) exchange<half>(rows[i], rows[i + half], std::make_integer_sequence<int, 16>{});
}
// to[i, j] = from[j, i], 16 x 16 elements.
inline void transpose_block(const float* from, std::int64_t from_row, float* to) {
  Vector rows[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) rows[i] = vector_at(from + i * from_row);
  exchange_all<8>(rows);
  exchange_all<4>(rows);
  exchange_all<2>(rows);
  exchange_all<1>(rows);
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) *reinterpret_cast<Loose*>(to + i * amx_columns) = rows[i];
}

// The next unit of a job.
[[gnu::always_inline]] inline void split_unit(AmxJob& job) {
  const bool tail = job.step >= job.whole;
  if (!tail && job.along_k && job.unit < 8) {
    const std::int64_t x = job.unit % 4 * 16, y = job.unit / 4 * 16;
    transpose_block(job.along_k + x * job.along_k_row + job.step * amx_step + y, job.along_k_row,
                    job.transposed + y * amx_columns + x);
  } else {
    if (job.unit < 8) job.unit = 8;
    const std::int64_t line = job.unit - 8, row_step = tail || job.along_k ? amx_columns : job.row_step;
    const float* from = (tail          ? job.tail
                         : job.along_k ? job.transposed
                                       : job.from + job.step * amx_step * row_step) +
                        line * row_step;
    if (job.far && !tail && !job.along_k) {
      for (int i = 0; i < 64; i += 16)
        __builtin_prefetch(from + 4 * row_step + i), __builtin_prefetch(from + 20 * row_step + i);  // four lines on
    }
    Bf16* const to = job.to + job.step * amx_b_step + line * 32;
#pragma GCC unroll 12
    for (int tile = 0; tile < 12; ++tile)
      __builtin_prefetch(to + 32 + tile * amx_tile, 1);  // where the next line goes: stores would wait for it
#pragma GCC unroll 4
    for (int tile = 0; tile < 4; ++tile)
      split_pair<4 * amx_tile>(to + tile * amx_tile, from + tile * 16, from + 16 * row_step + tile * 16);
  }
  if (++job.unit == 24) job.unit = 0, ++job.step;
}
[[gnu::always_inline]] inline void split_some(AmxJob& job) {
  if (job.step == job.steps || --job.wait > 0) return;
  job.wait = job.every;
  for (std::int64_t n = job.together; n > 0 && job.step < job.steps; --n) split_unit(job);
}
inline void split(AmxJob& job, std::int64_t end) {
  while (job.step < end) split_unit(job);
}

// The next `rows` rows of a tile row, or those that are left; all 64 columns.
[[gnu::always_inline]] inline void finish_some(AmxFinish& f, std::int64_t rows) {
  const Vector zeros{};
  for (; rows > 0 && f.rows > 0; --rows, --f.rows) {
#pragma GCC unroll 4
    for (int i = 0; i < 64; i += 16) {
      Vector value = vector_at(f.from + i);
      *reinterpret_cast<BitsInMemory*>(f.bad) |= (Bits)(value != value);
      if (f.bias) value += vector_at(f.bias + i);
      if (f.row_bias) value += *f.row_bias;
      if (f.relu) value = value <= zeros ? zeros : value;
      *reinterpret_cast<Loose*>(f.c + i) = value;
    }
    f.from += amx_columns, f.c += f.c_row;
    if (f.row_bias) ++f.row_bias;
  }
}

// The first n elements, n <= 64, and zeros.
struct Padded {
  alignas(64) float value[amx_columns] = {};
  Padded(const float* from, std::int64_t n) {
    if (n > 0) std::memcpy(value, from, static_cast<std::size_t>(n) * sizeof(float));
  }
};
inline void finish(AmxFinish& f) {
  if (f.columns == amx_columns) return finish_some(f, f.rows);
  alignas(64) float line[amx_columns];
  const Padded bias(f.bias, f.bias ? f.columns : 0);
  AmxFinish padded = f;
  padded.bias = bias.value, padded.c_row = 0;
  for (float* c = f.c; padded.rows > 0; c += f.c_row, f.from += amx_columns) {
    const Padded row(f.from, f.columns);  // what lies beyond is not its own
    padded.from = row.value, padded.c = line;
    finish_some(padded, 1);
    std::memcpy(c, line, static_cast<std::size_t>(f.columns) * sizeof(float));
  }
  f.rows = 0;
  std::memcpy(f.bad, padded.bad, sizeof(f.bad));
}

inline void split_rows(const AmxRows& rows, std::int64_t whole, std::int64_t step, Bf16* to) {
  const float* from = step < whole ? rows.from + step * amx_step : rows.tail;
  for (std::int64_t r = 0, row_step = step < whole ? rows.row_step : amx_step; r < amx_rows; ++r)
    split_pair<amx_tile>(to + r * 32, from + r * row_step, from + r * row_step + 16);
}

// A little of everything. Called, not inlined, since there are many calls.
[[gnu::noinline]] inline void work_on(AmxAhead& ahead, std::int64_t finish_rows, std::int64_t closer_rows) {
  if (ahead.finish.rows > 0) finish_some(ahead.finish, finish_rows);
  split_some(ahead.columns);
  for (std::int64_t r = 0; r < closer_rows; ++r, ahead.next += ahead.next_row)
    for (int i = 0; i < 64; i += 16) __builtin_prefetch(ahead.next + i, 1);
}

// Tiles 0 to 3 are of C, 4 to 6 the terms of A, 7 of B. While they are multiplied, the next step of A is split
// (unless it is `ready`), and `ahead` is worked on.
template <bool ready, int tiles>
void multiply(std::int64_t whole, std::int64_t steps, const AmxRows& now, const AmxRows& next, const Bf16* b,
              const float* from, std::int64_t from_row, float* to, std::int64_t to_row, AmxAhead& ahead) {
  constexpr auto size = static_cast<std::int64_t>(sizeof(float));
  zero<0>(), zero<1>(), zero<2>(), zero<3>();
  if (from) {
    load<0>(from, from_row * size);
    if constexpr (tiles > 1) load<1>(from + 16, from_row * size);
    if constexpr (tiles > 2) load<2>(from + 32, from_row * size);
    if constexpr (tiles > 3) load<3>(from + 48, from_row * size);
  }
  const std::int64_t rows = (amx_rows + 4 * steps - 1) / (4 * steps),
                     finish_rows = ahead.finish.columns == amx_columns ? rows : 0, closer_rows = ahead.next ? rows : 0;
  for (std::int64_t s = 0; s < steps; ++s, b += amx_b_step) {
    const Bf16* const a = ready ? ahead.a[0] + s * amx_a_step : ahead.a[s % 2];
    Bf16* const a_next = ahead.a[1 - s % 2];
    const AmxRows& then = s + 1 < steps ? now : next;
    const std::int64_t step = s + 1 < steps ? s + 1 : 0, row_step = step < whole ? then.row_step : amx_step;
    const float* row = step < whole ? then.from + step * amx_step : then.tail;
    const auto split_rows = [&]<int first, int last>(std::integer_sequence<int, first, last>)
        __attribute__((always_inline)) {
#pragma GCC unroll 4
      for (int r = first; !ready && r < last; ++r, row += row_step)
        split_pair<amx_tile>(a_next + r * 32, row, row + 16);
    };
    const auto work = [&]() __attribute__((always_inline)) { work_on(ahead, finish_rows, closer_rows); };
    const auto products = [&]<int term, int tile>(std::integer_sequence<int, term, tile>)
        __attribute__((always_inline)) {
      if constexpr (tile < tiles) {
        load<7>(b + (4 * term + tile) * amx_tile);
        add_product<tile, 4, 7>();
        if constexpr (term < 2) add_product<tile, 5, 7>();
        if constexpr (term < 1) add_product<tile, 6, 7>();
      }
    };
    load<4>(a), load<5>(a + amx_tile), load<6>(a + 2 * amx_tile);
    products(std::integer_sequence<int, 0, 0>{}), products(std::integer_sequence<int, 0, 1>{});
    split_rows(std::integer_sequence<int, 0, 4>{}), work();
    products(std::integer_sequence<int, 0, 2>{}), products(std::integer_sequence<int, 0, 3>{});
    split_rows(std::integer_sequence<int, 4, 8>{}), work();
    products(std::integer_sequence<int, 1, 0>{}), products(std::integer_sequence<int, 1, 1>{});
    split_rows(std::integer_sequence<int, 8, 11>{}), work();
    products(std::integer_sequence<int, 1, 2>{}), products(std::integer_sequence<int, 1, 3>{});
    split_rows(std::integer_sequence<int, 11, 14>{}), work();
    products(std::integer_sequence<int, 2, 0>{}), products(std::integer_sequence<int, 2, 1>{});
    split_rows(std::integer_sequence<int, 14, 16>{});
    products(std::integer_sequence<int, 2, 2>{}), products(std::integer_sequence<int, 2, 3>{});
  }
  if (!ready && steps % 2) std::swap(ahead.a[0], ahead.a[1]);
  store<0>(to, to_row * size);
  if constexpr (tiles > 1) store<1>(to + 16, to_row * size);
  if constexpr (tiles > 2) store<2>(to + 32, to_row * size);
  if constexpr (tiles > 3) store<3>(to + 48, to_row * size);
}

}  // namespace chainrule::cpu::amx

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace chainrule::cpu {
/// The kernels on tiles, or null where the level in use has none.
inline const AmxTable* amx_kernels() {
  static constexpr AmxTable table = {
      amx::split_rows,
      {{amx::multiply<false, 1>, amx::multiply<false, 2>, amx::multiply<false, 3>, amx::multiply<false, 4>},
       {amx::multiply<true, 1>, amx::multiply<true, 2>, amx::multiply<true, 3>, amx::multiply<true, 4>}},
      amx::split,
      amx::finish,
      amx::begin,
      amx::end};
  return isa() == Isa::amx ? &table : nullptr;
}
}  // namespace chainrule::cpu

#else

namespace chainrule::cpu {
inline const AmxTable* amx_kernels() { return nullptr; }
}  // namespace chainrule::cpu

#endif

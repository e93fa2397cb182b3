#pragma once
// Products of floats on AMX's tiles of bfloat16, without giving up their precision. A float is the sum of three bfloat16 numbers, a = a1 + a2 + a3,
// of 8 significant bits each: what remains when the first bits are taken away is exact. Of the nine products of pieces the six largest,
// a1 b1 + a1 b2 + a2 b1 + a2 b2 + a1 b3 + a3 b1, leave out less than a float's own rounding (2^-23 of |a b|). Tiles multiply sixteen times as
// many numbers in a cycle as vectors of floats, so six products for one still take half the time, and each sum is rounded less often.
//
// Different from sums of floats: numbers below 2^-126 count as zero, and so do pieces of numbers below 2^-110. An infinite number gives NaN,
// so whoever meets a NaN does the product again with vectors (gemm_amx.hpp).
// Source: Henry, Tang, Heinecke, "Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision Computations", 2019.

#include <chainrule/core/isa.hpp>
#include <chainrule/cpu/gemm_kernel_types.hpp>
#include <cstdint>
#include <cstring>
#include <utility>

namespace chainrule::cpu {

using Bf16 = std::uint16_t;

/// Products of panels: 32 rows of A and 32 columns of B, 2 x 2 tiles of C; a step is 32 numbers of the inner dimension.
inline constexpr std::int64_t amx_side = 32, amx_step = 32;
inline constexpr std::int64_t amx_tile = 16 * 32, amx_piece = 2 * amx_tile, amx_panel_step = 3 * amx_piece;  // in numbers; a panel is [step][piece][tile][16][32]

/// A panel that waits to be split, in lines of a pair of vectors for each step: of A 32 rows, of B 16 rows and 2 halves of each. Before that, where it
/// lies the wrong way, its blocks of 16 x 16 numbers wait to be turned: lined_up[y * 16 + i, x * 16 + j] = lying[x * 16 + j, y * 16 + i].
struct AmxJob {
  const float* from = nullptr;
  Bf16* to = nullptr;
  std::int64_t second = 0, step = 0, row_step = 0;  // from a vector to its partner, to the next step, to the next row
  std::int64_t steps = 0, line = 0, lines = 0;      // the next line, and the end
  int halves = 0;                                   // 1 where a row has two lines
  const float* lying = nullptr;
  float* lined_up = nullptr;
  std::int64_t lying_row = 0, lined_up_row = 0, across = 0, block = 0, blocks = 0;  // `across` blocks stand side by side in lined_up
  std::int64_t together = 1, every = 1, wait = 0;   // so many lines at so many places between products
  bool far = false;                                 // the numbers come from beyond the second cache
};

/// A part of C that waits for its epilogue: the rows that are left.
struct AmxFinish {
  const float* from = nullptr;  // (32, 32)
  float* c = nullptr;
  std::int64_t c_row = 0, rows = 0, columns = 0;
  const float *bias = nullptr, *row_bias = nullptr;
  bool relu = false;
  alignas(64) std::int32_t bad[16] = {};  // not 0: a result was not a number
};

/// What is done on vectors while tiles multiply: between two products the processor has the time for it, and nowhere else costs as little.
struct AmxAhead {
  AmxJob a, b;
  AmxFinish finish;
  const float* next = nullptr;  // the part of C after this one, 32 rows of 32 numbers, which should come closer; or null
  std::int64_t next_row = 0;
};

struct AmxTable {  // panels begin at addresses that 64 divides
  /// A panel of A: to = the pieces of from[r * row_step + p], r < rows <= 32, p < k; zeros beyond.
  void (*split_rows)(Bf16* to, const float* from, std::int64_t row_step, std::int64_t rows, std::int64_t k);
  /// A panel of B: to = the pieces of from[p * row_step + j], j < columns <= 32, p < k; zeros beyond.
  void (*split_columns)(Bf16* to, const float* from, std::int64_t row_step, std::int64_t columns, std::int64_t k);
  /// to (32, 32) = from + the product of two panels, from may be null or `to`; [0] computes the first 16 rows, or columns, alone. Between begin
  /// and end only.
  void (*multiply[2][2])(std::int64_t steps, const Bf16* a, const Bf16* b, const float* from, std::int64_t from_row, float* to, std::int64_t to_row, AmxAhead& ahead);
  void (*split)(AmxJob& job);         ///< all that is left
  void (*finish)(AmxFinish& finish);  ///< all that is left
  void (*begin)();                    ///< gives the tiles of this thread their shape
  void (*end)();                      ///< and lets them go
};

}  // namespace chainrule::cpu

#if defined(__x86_64__) && defined(__GNUC__) && defined(__linux__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw,amx-tile,amx-bf16"))), apply_to = function)
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

// Tiles 0 to 3 are of C, 4 and 5 of A, 6 and 7 of B.
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

template <bool tall, bool wide> [[gnu::always_inline]] inline void load_a(const Bf16* a, int piece) {
  load<4>(a + piece * amx_piece);
  if constexpr (tall) load<5>(a + piece * amx_piece + amx_tile);
}
template <bool tall, bool wide> [[gnu::always_inline]] inline void load_b(const Bf16* b, int piece) {
  load<6>(b + piece * amx_piece);
  if constexpr (wide) load<7>(b + piece * amx_piece + amx_tile);
}
template <bool tall, bool wide> [[gnu::always_inline]] inline void add_products() {
  add_product<0, 4, 6>();
  if constexpr (wide) add_product<1, 4, 7>();
  if constexpr (tall) add_product<2, 5, 6>();
  if constexpr (tall && wide) add_product<3, 5, 7>();
}

// The pieces of two vectors: number l of the first vector and number l of the second make pair l.
[[gnu::always_inline]] inline void split_pair(Bf16* to, const Vector& even, const Vector& odd) {
  const Bits upper = Bits{} + 0xffff0000u;  // sign, exponent and 7 bits: a bfloat16
  Vector rest[2] = {even, odd};
#pragma GCC unroll 3
  for (int piece = 0; piece < 3; ++piece) {
    const Bits first = (Bits)rest[0] & upper, second = (Bits)rest[1] & upper;
    *reinterpret_cast<BitsInMemory*>(to + piece * amx_piece) = first >> 16 | second;
    rest[0] -= (Vector)first, rest[1] -= (Vector)second;
  }
}

// The first n numbers, n <= 32, and zeros.
struct Padded {
  alignas(64) float number[32] = {};
  Padded(const float* from, std::int64_t n) {
    if (n > 0) std::memcpy(number, from, static_cast<std::size_t>(n) * sizeof(float));
  }
};
[[gnu::always_inline]] inline Vector vector_at(const float* from) { return *reinterpret_cast<const Loose*>(from); }

// Inside a step, the numbers p and p + 16 of the inner dimension make a pair, in A as in B.
inline void split_rows(Bf16* to, const float* from, std::int64_t row_step, std::int64_t rows, std::int64_t k) {
  const std::int64_t whole = k / amx_step * amx_step;
  for (std::int64_t r = 0; r < rows; ++r, from += row_step) {
    Bf16* row = to + r * 32;  // tiles of 16 rows follow each other
    for (std::int64_t p = 0; p < whole; p += amx_step, row += amx_panel_step) split_pair(row, vector_at(from + p), vector_at(from + p + 16));
    if (whole < k) {
      const Padded last(from + whole, k - whole);
      split_pair(row, vector_at(last.number), vector_at(last.number + 16));
    }
  }
  for (std::int64_t p = 0; p < k && rows < amx_side; p += amx_step) {
    for (int piece = 0; piece < 3; ++piece)
      std::memset(to + p / amx_step * amx_panel_step + piece * amx_piece + rows * 32, 0, static_cast<std::size_t>(amx_side - rows) * 64);
  }
}

inline void split_columns(Bf16* to, const float* from, std::int64_t row_step, std::int64_t columns, std::int64_t k) {
  for (std::int64_t p = 0; p < k; p += amx_step, to += amx_panel_step) {
    for (std::int64_t r = 0; r < 16; ++r) {
      const float* row = from + (p + r) * row_step;
      if (columns == amx_side && p + r + 16 < k) {
        split_pair(to + r * 32, vector_at(row), vector_at(row + 16 * row_step));
        split_pair(to + amx_tile + r * 32, vector_at(row + 16), vector_at(row + 16 * row_step + 16));
      } else {
        const Padded even(row, p + r < k ? columns : 0), odd(row + 16 * row_step, p + r + 16 < k ? columns : 0);
        split_pair(to + r * 32, vector_at(even.number), vector_at(odd.number));
        split_pair(to + amx_tile + r * 32, vector_at(even.number + 16), vector_at(odd.number + 16));
      }
    }
  }
}

// The next line of a panel.
[[gnu::always_inline]] inline void split_line(AmxJob& job) {
  const std::int64_t row = job.line >> job.halves, half = job.line & job.halves, steps = job.steps, step = job.step, second = job.second;
  const float* from = job.from + row * job.row_step + half * 16;
  Bf16* to = job.to + row * 32 + half * amx_tile;
  ++job.line;
  if (job.far) {
    const float* later = from + (6 * job.row_step >> job.halves);  // six lines on
    for (std::int64_t s = 0; s < steps; ++s, later += step) __builtin_prefetch(later), __builtin_prefetch(later + second);
  }
  for (std::int64_t s = 0; s < steps; ++s, from += step, to += amx_panel_step) split_pair(to, vector_at(from), vector_at(from + second));
}
// Two rows of a matrix that are `half` apart exchange the numbers beside its diagonal: lanes without the bit `half` of the second row for lanes with
// it of the first.
template <int half, int... l> [[gnu::always_inline]] inline void exchange(Vector& a, Vector& b, std::integer_sequence<int, l...>) {
  const Vector first = a;
  a = __builtin_shufflevector(first, b, (l & half ? 16 + l - half : l)...);
  b = __builtin_shufflevector(first, b, (l & half ? 16 + l : l + half)...);
}
template <int half> [[gnu::always_inline]] inline void exchange_all(Vector (&rows)[16]) {
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i)
    if ((i & half) == 0) exchange<half>(rows[i], rows[i + half], std::make_integer_sequence<int, 16>{});
}

// The next block of 16 x 16 numbers is turned.
inline void turn_block(AmxJob& job) {
  const std::int64_t y = job.block / job.across * 16, x = job.block % job.across * 16;
  const float* from = job.lying + x * job.lying_row + y;
  float* to = job.lined_up + y * job.lined_up_row + x;
  ++job.block;
  Vector rows[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) rows[i] = vector_at(from + i * job.lying_row);
  exchange_all<8>(rows);
  exchange_all<4>(rows);
  exchange_all<2>(rows);
  exchange_all<1>(rows);
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) *reinterpret_cast<Loose*>(to + i * job.lined_up_row) = rows[i];
}

[[gnu::always_inline]] inline void split_some(AmxJob& job) {
  if (job.line == job.lines || --job.wait > 0) return;
  job.wait = job.every;
  if (job.block < job.blocks) return turn_block(job);
  for (std::int64_t n = job.together; n > 0 && job.line < job.lines; --n) split_line(job);
}
inline void split(AmxJob& job) {
  while (job.block < job.blocks) turn_block(job);
  while (job.line < job.lines) split_line(job);
}

// The next `rows` rows of a part of C that is 32 columns wide, or those that are left.
[[gnu::always_inline]] inline void finish_some(AmxFinish& f, std::int64_t rows) {
  const Vector zeros{};
  for (; rows > 0 && f.rows > 0; --rows, --f.rows) {
#pragma GCC unroll 2
    for (int half = 0; half < 32; half += 16) {
      Vector value = vector_at(f.from + half);
      *reinterpret_cast<BitsInMemory*>(f.bad) |= (Bits)(value != value);
      if (f.bias) value += vector_at(f.bias + half);
      if (f.row_bias) value += *f.row_bias;
      if (f.relu) value = value <= zeros ? zeros : value;
      *reinterpret_cast<Loose*>(f.c + half) = value;
    }
    f.from += amx_side, f.c += f.c_row;
    if (f.row_bias) ++f.row_bias;
  }
}

inline void finish(AmxFinish& f) {
  if (f.columns == amx_side) return finish_some(f, f.rows);
  alignas(64) float line[amx_side];
  const Padded bias(f.bias, f.bias ? f.columns : 0);
  AmxFinish padded = f;
  padded.bias = bias.number, padded.c_row = 0;
  for (float* c = f.c; padded.rows > 0; c += f.c_row, f.from += amx_side) {
    const Padded numbers(f.from, f.columns);  // what lies beyond them is not theirs
    padded.from = numbers.number, padded.c = line;
    finish_some(padded, 1);
    std::memcpy(c, line, static_cast<std::size_t>(f.columns) * sizeof(float));
  }
  f.rows = 0;
  std::memcpy(f.bad, padded.bad, sizeof(f.bad));
}

template <bool tall, bool wide>
void multiply(std::int64_t steps, const Bf16* a, const Bf16* b, const float* from, std::int64_t from_row, float* to, std::int64_t to_row, AmxAhead& ahead) {
  constexpr auto size = static_cast<std::int64_t>(sizeof(float));
  if (from) {
    load<0>(from, from_row * size);
    if constexpr (wide) load<1>(from + 16, from_row * size);
    if constexpr (tall) load<2>(from + 16 * from_row, from_row * size);
    if constexpr (tall && wide) load<3>(from + 16 * from_row + 16, from_row * size);
  } else {
    zero<0>(), zero<1>(), zero<2>(), zero<3>();
  }
  const std::int64_t rows = ahead.finish.columns == amx_side ? (amx_side + 6 * steps - 1) / (6 * steps) : 0;
  const std::int64_t closer = ahead.next ? (amx_side + 6 * steps - 1) / (6 * steps) : 0;
  const float* next = ahead.next;
  const auto work = [&ahead, &next, rows, closer]() __attribute__((always_inline)) {
    if (ahead.finish.rows > 0) finish_some(ahead.finish, rows);
    split_some(ahead.a);
    split_some(ahead.b);
    for (std::int64_t r = 0; r < closer; ++r, next += ahead.next_row) __builtin_prefetch(next, 1), __builtin_prefetch(next + 16, 1), __builtin_prefetch(next + 31, 1);
  };
  for (std::int64_t s = 0; s < steps; ++s, a += amx_panel_step, b += amx_panel_step) {  // in an order that loads few tiles
    load_a<tall, wide>(a, 0);
    load_b<tall, wide>(b, 0);
    add_products<tall, wide>(), work();  // a1 b1
    load_b<tall, wide>(b, 1);
    add_products<tall, wide>(), work();  // a1 b2
    load_a<tall, wide>(a, 1);
    add_products<tall, wide>(), work();  // a2 b2
    load_b<tall, wide>(b, 0);
    add_products<tall, wide>(), work();  // a2 b1
    load_a<tall, wide>(a, 2);
    add_products<tall, wide>(), work();  // a3 b1
    load_a<tall, wide>(a, 0);
    load_b<tall, wide>(b, 2);
    add_products<tall, wide>(), work();  // a1 b3
  }
  store<0>(to, to_row * size);
  if constexpr (wide) store<1>(to + 16, to_row * size);
  if constexpr (tall) store<2>(to + 16 * to_row, to_row * size);
  if constexpr (tall && wide) store<3>(to + 16 * to_row + 16, to_row * size);
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
  static constexpr AmxTable table = {amx::split_rows,
                                     amx::split_columns,
                                     {{amx::multiply<false, false>, amx::multiply<false, true>}, {amx::multiply<true, false>, amx::multiply<true, true>}},
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

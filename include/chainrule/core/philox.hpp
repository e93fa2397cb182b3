#pragma once
// Many numbers of Philox 4x32-10 (core/random.hpp) at once, in vectors of every instruction set: the even counters in
// one, the odd ones in the other, each in 64 bits, since that is how processors multiply 32 by 32 bits. Compilers do
// not find this way by themselves.

#include <chainrule/core/isa.hpp>
#include <chainrule/core/random.hpp>
#include <cstdint>
#include <cstring>

namespace chainrule::detail {

inline constexpr int philox_lanes = 16;  // counters side by side

/// What philox_words() computes, one counter after the other.
inline void philox_words_plain(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter, std::int64_t blocks,
                               std::uint32_t* words) {
  for (std::int64_t b = 0; b < blocks; ++b) {
    for (int l = 0; l < philox_lanes; ++l) {
      const Philox numbers(seed, stream, counter + static_cast<std::uint64_t>(b * philox_lanes + l));
      for (int w = 0; w < 4; ++w) words[(4 * b + w) * philox_lanes + l] = numbers.word[w];
    }
  }
}

}  // namespace chainrule::detail

#if defined(__x86_64__) && defined(__GNUC__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
namespace chainrule::detail::philox_avx2 {
inline constexpr int vector_bytes = 32;
#if !defined(__clang__)
typedef int Words __attribute__((vector_size(vector_bytes)));
inline auto product(const Words& a, const Words& b) { return __builtin_ia32_pmuludq256(a, b); }
#endif
#include <chainrule/core/philox.inc>
}  // namespace chainrule::detail::philox_avx2
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,avx512f"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,avx512f,prefer-vector-width=512")
#endif
namespace chainrule::detail::philox_avx512 {
inline constexpr int vector_bytes = 64;
#if !defined(__clang__)
typedef int Words __attribute__((vector_size(vector_bytes)));
typedef long long Products __attribute__((vector_size(vector_bytes)));
inline auto product(const Words& a, const Words& b) { return __builtin_ia32_pmuludq512_mask(a, b, Products{}, 0xFF); }
#endif
#include <chainrule/core/philox.inc>
}  // namespace chainrule::detail::philox_avx512
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace chainrule::detail {
/// Philox for `blocks` times 16 counters from `counter` on, a multiple of 16: words[(4 b + w) * 16 + l] is word w of
/// counter + 16 b + l.
[[gnu::noinline]] inline void philox_words(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter,
                                           std::int64_t blocks, std::uint32_t* words) {
  switch (cpu::isa()) {
    case cpu::Isa::amx:
    case cpu::Isa::avx512: return philox_avx512::words(seed, stream, counter, blocks, words);
    case cpu::Isa::avx2: return philox_avx2::words(seed, stream, counter, blocks, words);
    default: return philox_words_plain(seed, stream, counter, blocks, words);
  }
}
}  // namespace chainrule::detail

#else

namespace chainrule::detail {
inline void philox_words(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter, std::int64_t blocks,
                         std::uint32_t* words) {
  philox_words_plain(seed, stream, counter, blocks, words);
}
}  // namespace chainrule::detail

#endif

namespace chainrule::detail {

inline constexpr int philox_width = 64;

/// The words of 64 counters: word[j][i] is word j of counter i.
struct PhiloxBlock {
  std::uint32_t word[4][philox_width];
};

/// The blocks that begin with counters first, first + 64, ...; first is a multiple of 64. Compiled once, for all
/// distributions.
[[gnu::noinline]] inline void philox_blocks(std::uint64_t seed, std::uint64_t stream, std::uint64_t first,
                                            std::int64_t count, PhiloxBlock* blocks) {
  constexpr int parts = philox_width / philox_lanes;
  std::uint32_t words[4 * philox_width];
  for (std::int64_t i = 0; i < count; ++i) {
    philox_words(seed, stream, first + static_cast<std::uint64_t>(i * philox_width), parts, words);
    for (int p = 0; p < parts; ++p) {
      for (int w = 0; w < 4; ++w)
        std::memcpy(blocks[i].word[w] + p * philox_lanes, words + (4 * p + w) * philox_lanes,
                    philox_lanes * sizeof(std::uint32_t));
    }
  }
}

}  // namespace chainrule::detail

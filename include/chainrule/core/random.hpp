#pragma once
// Random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011). Counter-based: a number is a pure function of
// (seed, stream, element), so the same seed gives the same numbers whatever the number of threads.

#include <chainrule/core/simd.hpp>
#include <atomic>
#include <cstdint>

namespace chainrule {

/// Four random 32-bit words for one counter value.
struct Philox {
  std::uint32_t word[4];

  CHAINRULE_HD Philox(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter)
      : word{static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32), static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)} {
    auto k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
    two_rounds(k0, k1);
    two_rounds(k0, k1);
    two_rounds(k0, k1);
    two_rounds(k0, k1);
    two_rounds(k0, k1);
  }

 private:
  CHAINRULE_HD void round(std::uint32_t& k0, std::uint32_t& k1) {
    const std::uint64_t p = std::uint64_t{0xD2511F53} * word[0], q = std::uint64_t{0xCD9E8D57} * word[2];
    word[0] = static_cast<std::uint32_t>(q >> 32) ^ word[1] ^ k0;
    word[1] = static_cast<std::uint32_t>(q);
    word[2] = static_cast<std::uint32_t>(p >> 32) ^ word[3] ^ k1;
    word[3] = static_cast<std::uint32_t>(p);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  CHAINRULE_HD void two_rounds(std::uint32_t& k0, std::uint32_t& k1) {  // written out, no loop: what calls it becomes SIMD code
    round(k0, k1);
    round(k0, k1);
  }
};

namespace detail {

inline constexpr int philox_width = 64;

inline constexpr int philox_lanes = 16;

/// Philox for the 16 counters from `counter` on, a multiple of 16, side by side, so that the rounds run in vectors: words[16 w + l] is
/// word w of counter + l. For the body of simd::run().
CHAINRULE_HD inline void philox_words(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter, std::uint32_t* words) {
  constexpr int width = philox_lanes;
  std::uint32_t a[width], b[width], c[width], d[width];
  for (int l = 0; l < width; ++l) {
    a[l] = static_cast<std::uint32_t>(counter) + static_cast<std::uint32_t>(l);
    b[l] = static_cast<std::uint32_t>(counter >> 32);
    c[l] = static_cast<std::uint32_t>(stream);
    d[l] = static_cast<std::uint32_t>(stream >> 32);
  }
  std::uint32_t k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    CHAINRULE_SIMD for (int l = 0; l < width; ++l) {
      const std::uint64_t p = std::uint64_t{0xD2511F53} * a[l], q = std::uint64_t{0xCD9E8D57} * c[l];
      a[l] = static_cast<std::uint32_t>(q >> 32) ^ b[l] ^ k0;
      c[l] = static_cast<std::uint32_t>(p >> 32) ^ d[l] ^ k1;
      b[l] = static_cast<std::uint32_t>(q);
      d[l] = static_cast<std::uint32_t>(p);
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  for (int l = 0; l < width; ++l) words[l] = a[l], words[width + l] = b[l], words[2 * width + l] = c[l], words[3 * width + l] = d[l];
}

/// The words of 64 counters: word[j][i] is word j of counter i.
struct PhiloxBlock { std::uint32_t word[4][philox_width]; };

/// The blocks that begin with counters first, first + 64, ...; first is a multiple of 64. Compiled once, for all distributions.
[[gnu::noinline]] inline void philox_blocks(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::int64_t count, PhiloxBlock* blocks) {
  simd::run([=] {
    std::uint32_t words[4 * philox_lanes];
    for (std::int64_t i = 0; i < count * philox_width; i += philox_lanes) {
      philox_words(seed, stream, first + static_cast<std::uint64_t>(i), words);
      for (int w = 0; w < 4; ++w) {
        std::uint32_t* to = blocks[i / philox_width].word[w] + i % philox_width;
        CHAINRULE_SIMD for (int l = 0; l < philox_lanes; ++l) to[l] = words[philox_lanes * w + l];
      }
    }
  });
}

/// Uniform in [0, 1): 24 bits for float, 53 for double. By way of signed integers and bits, which every instruction set converts.
CHAINRULE_HD inline float unit_float(std::uint32_t w) { return static_cast<float>(static_cast<std::int32_t>(w >> 8)) * (1.0f / 16777216.0f); }
CHAINRULE_HD inline double unit_double(std::uint32_t high, std::uint32_t low) {
  const double h = __builtin_bit_cast(double, high | std::uint64_t{0x4330000000000000}) - 0x1p52, l = __builtin_bit_cast(double, (low >> 11) | std::uint64_t{0x4330000000000000}) - 0x1p52;
  return (h * 2097152.0 + l) * (1.0 / 9007199254740992.0);
}

}  // namespace detail

/// Where random numbers come from: a seed, and a stream number that goes up with each op that draws. Two generators with the
/// same seed give the same numbers; a model that wants numbers of its own holds its own Generator.
class Generator {
 public:
  explicit Generator(std::uint64_t seed = 0) : seed_(seed) {}
  Generator(const Generator& other) : seed_(other.seed_), stream_(other.stream_.load()) {}
  Generator& operator=(const Generator& other) {
    seed_ = other.seed_;
    stream_ = other.stream_.load();
    return *this;
  }

  void manual_seed(std::uint64_t seed) {
    seed_ = seed;
    stream_ = 0;
  }
  std::uint64_t seed() const { return seed_; }
  std::uint64_t stream() const { return stream_; }           ///< with seed(), the whole state: save both to continue later
  void set_stream(std::uint64_t stream) { stream_ = stream; }
  std::uint64_t next_stream() { return stream_.fetch_add(1, std::memory_order_relaxed); }

  /// One 64-bit number, for shuffles and seeds.
  std::uint64_t next() {
    Philox r(seed_, next_stream(), 0);
    return (std::uint64_t{r.word[0]} << 32) | r.word[1];
  }

 private:
  std::uint64_t seed_;
  std::atomic<std::uint64_t> stream_{0};
};

/// The generator used where none is given.
inline Generator& default_generator() {
  static Generator g{0};
  return g;
}

/// Starts the default generator anew. The same seed gives the same run.
inline void manual_seed(std::uint64_t seed) { default_generator().manual_seed(seed); }

}  // namespace chainrule

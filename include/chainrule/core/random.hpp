#pragma once
// Random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011). Counter-based: a number is a pure function of
// (seed, stream, element), so the same seed gives the same numbers whatever the number of threads.

#include <chainrule/core/host_device.hpp>
#include <atomic>
#include <cstdint>

namespace chainrule {

/// Four random 32-bit words for one counter value.
struct Philox {
  std::uint32_t word[4];

  CHAINRULE_HD Philox(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter)
      : word{static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32),
             static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)} {
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
  CHAINRULE_HD void two_rounds(std::uint32_t& k0,
                               std::uint32_t& k1) {  // written out, no loop: what calls it becomes SIMD code
    round(k0, k1);
    round(k0, k1);
  }
};

namespace detail {

/// Uniform in [0, 1): 24 bits for float, 53 for double. By way of signed integers and bits, which every instruction set
/// converts.
CHAINRULE_HD inline float unit_float(std::uint32_t w) {
  return static_cast<float>(static_cast<std::int32_t>(w >> 8)) * (1.0f / 16777216.0f);
}
CHAINRULE_HD inline double unit_double(std::uint32_t high, std::uint32_t low) {
  const double h = __builtin_bit_cast(double, high | std::uint64_t{0x4330000000000000}) - 0x1p52,
               l = __builtin_bit_cast(double, (low >> 11) | std::uint64_t{0x4330000000000000}) - 0x1p52;
  return (h * 2097152.0 + l) * (1.0 / 9007199254740992.0);
}

}  // namespace detail

/// Where random numbers come from: a seed, and a stream number that goes up with each op that draws. Two generators
/// with the same seed give the same numbers; a model that wants numbers of its own holds its own Generator.
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
  std::uint64_t stream() const { return stream_; }  ///< with seed(), the whole state: save both to continue later
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

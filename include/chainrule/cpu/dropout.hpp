#pragma once
// The CPU kernel of dropout. A block of 64 numbers takes 16 Philox counters side by side, so that the rounds run in vectors.

#include <chainrule/core/parallel.hpp>
#include <chainrule/cpu/rows.hpp>
#include <chainrule/ops/dropout.hpp>

namespace chainrule::cpu {
namespace detail {

inline constexpr std::int64_t dropout_block = 64;

/// 64 random words: word w of counter 16 block + l is number 16 w + l of the block.
CHAINRULE_HD inline void philox_block(const fn::DropoutMask& mask, std::uint64_t block, std::uint32_t* words) {
  constexpr int width = 16;
  std::uint32_t a[width], b[width], c[width], d[width];
  for (int l = 0; l < width; ++l) {
    const std::uint64_t counter = block * width + static_cast<std::uint64_t>(l);
    a[l] = static_cast<std::uint32_t>(counter);
    b[l] = static_cast<std::uint32_t>(counter >> 32);
    c[l] = static_cast<std::uint32_t>(mask.stream);
    d[l] = static_cast<std::uint32_t>(mask.stream >> 32);
  }
  std::uint32_t k0 = static_cast<std::uint32_t>(mask.seed), k1 = static_cast<std::uint32_t>(mask.seed >> 32);
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

}  // namespace detail

template <class T> void dropout(const fn::DropoutMask& mask, std::int64_t n, const T* x, T* y) {
  constexpr std::int64_t block = detail::dropout_block;
  if (mask.p >= 1) {
    std::fill(y, y + n, T(0));
    return;
  }
  const T scale = static_cast<T>(1 / (1 - mask.p));
  const auto threshold = static_cast<std::uint32_t>(mask.p * 4294967296.0);  // a word below it drops the number
  parallel_chunks((n + block - 1) / block, 256, [=](std::int64_t begin, std::int64_t end) {
    run_best<T>([=] {
      std::uint32_t words[block];
      for (std::int64_t b = begin; b < end; ++b) {
        detail::philox_block(mask, static_cast<std::uint64_t>(b), words);
        const T* from = x + b * block;
        T* to = y + b * block;
        const std::int64_t here = std::min(block, n - b * block);
        CHAINRULE_SIMD for (std::int64_t i = 0; i < here; ++i) to[i] = math::select(words[i] >= threshold, from[i] * scale, T(0));
      }
    });
  });
}

}  // namespace chainrule::cpu

namespace chainrule::fn {

template <class T> void bring_cpu_kernel(Dropout<T>* op, int) { compile_in<&cpu::dropout<T>>(op); }

}  // namespace chainrule::fn

#pragma once
// The CPU kernel of dropout. A block of 64 elements takes 16 Philox counters.

#include <chainrule/core/parallel.hpp>
#include <chainrule/core/philox.hpp>
#include <chainrule/cpu/rowwise/rows.hpp>
#include <chainrule/ops/dropout.hpp>

namespace chainrule::cpu {

template <class T> void dropout(const fn::DropoutMask& mask, std::int64_t n, const T* x, T* y) {
  constexpr std::int64_t block = 4 * chainrule::detail::philox_lanes;
  if (mask.p >= 1) {
    std::fill(y, y + n, T(0));
    return;
  }
  const T scale = static_cast<T>(1 / (1 - mask.p));
  const auto threshold = static_cast<std::uint32_t>(mask.p * 4294967296.0);  // a word below it drops the element
  parallel_chunks((n + block - 1) / block, 256, [=](std::int64_t begin, std::int64_t end) {
    constexpr std::int64_t together = 16;
    std::uint32_t words[together * block];
    for (std::int64_t b = begin; b < end; b += together) {
      const std::int64_t blocks = std::min(together, end - b), here = std::min(blocks * block, n - b * block);
      chainrule::detail::philox_words(mask.seed, mask.stream,
                                      static_cast<std::uint64_t>(b) * chainrule::detail::philox_lanes, blocks, words);
      run_best<T>([drawn = &words[0], from = x + b * block, to = y + b * block, here, threshold, scale] {
        CHAINRULE_SIMD for (std::int64_t i = 0; i < here; ++i) to[i] =
            math::select(drawn[i] >= threshold, from[i] * scale, T(0));
      });
    }
  });
}

}  // namespace chainrule::cpu

namespace chainrule::fn {

template <class T> void Dropout<T>::cpu(const DropoutMask& mask, std::int64_t n, const T* x, T* y) {
  chainrule::cpu::dropout<T>(mask, n, x, y);
}

}  // namespace chainrule::fn

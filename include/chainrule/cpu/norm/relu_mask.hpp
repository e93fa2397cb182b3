#pragma once
// The mask of a row of elements as bits: which of them relu let pass. A vector of words collects a bit of sixteen
// elements at a time, so that both ways run at the speed of memory with any instruction set. How the words lie:
// fn::mask_words in ops/batch_norm.hpp.

#include <chainrule/core/simd.hpp>
#include <chainrule/ops/batch_norm.hpp>
#include <cstdint>

namespace chainrule::cpu::detail {

using fn::mask_block;
inline constexpr int mask_lanes = static_cast<int>(fn::mask_lanes);

/// A bit for each element of y that is positive or NaN. For the body of simd::run().
template <class T> CHAINRULE_HD inline void write_mask(const T* y, std::int64_t n, std::uint32_t* words) {
  for (std::int64_t b = 0; b < n; b += mask_block, words += mask_lanes) {
    std::uint32_t bits[mask_lanes] = {};
    const int left = static_cast<int>(n - b < mask_block ? n - b : mask_block), whole = left / mask_lanes;
    for (int r = 0; r < whole; ++r) {
      const T* at = y + b + r * mask_lanes;
      CHAINRULE_SIMD for (int l = 0; l < mask_lanes; ++l) bits[l] |= (at[l] <= T(0) ? 0u : 1u) << r;
    }
    for (int l = 0; l < left - whole * mask_lanes; ++l)
      bits[l] |= (y[b + whole * mask_lanes + l] <= T(0) ? 0u : 1u) << whole;
    CHAINRULE_SIMD for (int l = 0; l < mask_lanes; ++l) words[l] = bits[l];
  }
}

/// masked = g where the bit is set, else 0. For the body of simd::run().
template <class T>
CHAINRULE_HD inline void select_by_mask(const T* g, const std::uint32_t* words, std::int64_t n, T* masked) {
  for (std::int64_t b = 0; b < n; b += mask_block, words += mask_lanes) {
    const int left = static_cast<int>(n - b < mask_block ? n - b : mask_block), whole = left / mask_lanes;
    for (int r = 0; r < whole; ++r) {
      const T* from = g + b + r * mask_lanes;
      T* to = masked + b + r * mask_lanes;
      CHAINRULE_SIMD for (int l = 0; l < mask_lanes; ++l) to[l] = (words[l] >> r & 1u) != 0 ? from[l] : T(0);
    }
    for (int l = 0; l < left - whole * mask_lanes; ++l) {
      const std::int64_t i = b + whole * mask_lanes + l;
      masked[i] = (words[l] >> whole & 1u) != 0 ? g[i] : T(0);
    }
  }
}

}  // namespace chainrule::cpu::detail

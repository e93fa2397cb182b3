#pragma once
// Signs of a row of numbers as bits: which of them relu let pass. A vector of words collects a bit of sixteen numbers
// at a time, so that both ways run at the speed of memory with any instruction set. How the words lie: fn::sign_words
// in ops/batch_norm.hpp.

#include <chainrule/core/simd.hpp>
#include <chainrule/ops/batch_norm.hpp>
#include <cstdint>

namespace chainrule::cpu::detail {

using fn::sign_block;
inline constexpr int sign_lanes = static_cast<int>(fn::sign_lanes);

/// A bit for each number of y that is positive or NaN. For the body of simd::run().
template <class T> CHAINRULE_HD inline void write_signs(const T* y, std::int64_t n, std::uint32_t* words) {
  for (std::int64_t b = 0; b < n; b += sign_block, words += sign_lanes) {
    std::uint32_t bits[sign_lanes] = {};
    const int left = static_cast<int>(n - b < sign_block ? n - b : sign_block), whole = left / sign_lanes;
    for (int r = 0; r < whole; ++r) {
      const T* at = y + b + r * sign_lanes;
      CHAINRULE_SIMD for (int l = 0; l < sign_lanes; ++l) bits[l] |= (at[l] <= T(0) ? 0u : 1u) << r;
    }
    for (int l = 0; l < left - whole * sign_lanes; ++l)
      bits[l] |= (y[b + whole * sign_lanes + l] <= T(0) ? 0u : 1u) << whole;
    CHAINRULE_SIMD for (int l = 0; l < sign_lanes; ++l) words[l] = bits[l];
  }
}

/// masked = g where the bit is set, else 0. For the body of simd::run().
template <class T>
CHAINRULE_HD inline void select_by_signs(const T* g, const std::uint32_t* words, std::int64_t n, T* masked) {
  for (std::int64_t b = 0; b < n; b += sign_block, words += sign_lanes) {
    const int left = static_cast<int>(n - b < sign_block ? n - b : sign_block), whole = left / sign_lanes;
    for (int r = 0; r < whole; ++r) {
      const T* from = g + b + r * sign_lanes;
      T* to = masked + b + r * sign_lanes;
      CHAINRULE_SIMD for (int l = 0; l < sign_lanes; ++l) to[l] = (words[l] >> r & 1u) != 0 ? from[l] : T(0);
    }
    for (int l = 0; l < left - whole * sign_lanes; ++l) {
      const std::int64_t i = b + whole * sign_lanes + l;
      masked[i] = (words[l] >> whole & 1u) != 0 ? g[i] : T(0);
    }
  }
}

}  // namespace chainrule::cpu::detail

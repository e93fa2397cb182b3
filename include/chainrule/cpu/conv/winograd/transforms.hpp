#pragma once
// The Winograd transforms of every instruction set: one text (transforms.inc), compiled once per level.

#include <chainrule/cpu/gemm/kernels.hpp>
#include <chainrule/cpu/conv/winograd/points.hpp>

namespace chainrule::cpu {

/// The transforms of one instruction set; see transforms.inc.
struct WinogradTable {
  void (*input)(const float* const* at, const std::int64_t* row_step, float* to, std::int64_t e_step);
  void (*output)(const float* from, std::int64_t e_step, float bias, float* const* to, const std::int64_t* row_step);
  void (*gradient)(const float* const* at, const std::int64_t* row_step, float* to, std::int64_t e_step);
  void (*spread)(const float* from, std::int64_t e_step, float* const* to, const std::int64_t* row_step);
  void (*weight)(const float* window, bool flipped, float* to, std::int64_t e_step);
  void (*weight_gradient)(const float* from, std::int64_t e_step, float* to, std::int64_t count);
};

}  // namespace chainrule::cpu

namespace chainrule::cpu::base {
#include <chainrule/cpu/conv/winograd/transforms.inc>
}  // namespace chainrule::cpu::base

#if defined(__x86_64__) && defined(__GNUC__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace chainrule::cpu::avx2 {
#include <chainrule/cpu/conv/winograd/transforms.inc>
}  // namespace chainrule::cpu::avx2
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw"))), \
                             apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw,prefer-vector-width=512")
#endif
namespace chainrule::cpu::avx512 {
#include <chainrule/cpu/conv/winograd/transforms.inc>
}  // namespace chainrule::cpu::avx512
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace chainrule::cpu {
inline const WinogradTable& winograd_kernels() {
  switch (isa()) {
    case Isa::amx:
    case Isa::avx512: return avx512::winograd_table();
    case Isa::avx2: return avx2::winograd_table();
    default: return base::winograd_table();
  }
}
}  // namespace chainrule::cpu

#else

namespace chainrule::cpu {
inline const WinogradTable& winograd_kernels() { return base::winograd_table(); }
}  // namespace chainrule::cpu

#endif

#pragma once
// The matrix kernels of every instruction set: one text (kernels.inc), compiled once per level, each in its own
// namespace. Their inner loops begin with a cache line, which makes large products 1 to 3 % faster
// (GCC; clang has no such option).

#include <chainrule/cpu/gemm/kernel_table.hpp>
#include <chainrule/core/isa.hpp>

#if defined(__x86_64__) && defined(__GNUC__)

namespace chainrule::cpu::base {
inline constexpr int vector_bytes = 16, tile_rows = 4;  // 16 registers of 16 bytes
#include <chainrule/cpu/gemm/kernels.inc>
}  // namespace chainrule::cpu::base

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#pragma GCC optimize("align-loops=64")
#endif
namespace chainrule::cpu::avx2 {
inline constexpr int vector_bytes = 32, tile_rows = 4;  // 16 registers of 32 bytes
#include <chainrule/cpu/gemm/kernels.inc>
}  // namespace chainrule::cpu::avx2
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw"))), \
                             apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw,prefer-vector-width=512")
#pragma GCC optimize("align-loops=64")
#endif
namespace chainrule::cpu::avx512 {
inline constexpr int vector_bytes = 64, tile_rows = 8;  // 32 registers of 64 bytes
#include <chainrule/cpu/gemm/kernels.inc>
}  // namespace chainrule::cpu::avx512
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace chainrule::cpu {
template <class T> const KernelTable<T>& kernels() {
  switch (isa()) {
    case Isa::amx:
    case Isa::avx512: return avx512::kernel_table<T>();
    case Isa::avx2: return avx2::kernel_table<T>();
    default: return base::kernel_table<T>();
  }
}
}  // namespace chainrule::cpu

#else

namespace chainrule::cpu::base {
inline constexpr int vector_bytes = 16, tile_rows = 8;  // NEON: 32 registers of 16 bytes
#include <chainrule/cpu/gemm/kernels.inc>
}  // namespace chainrule::cpu::base

namespace chainrule::cpu {
template <class T> const KernelTable<T>& kernels() { return base::kernel_table<T>(); }
}  // namespace chainrule::cpu

#endif

#pragma once
// Which instruction set the kernels use. Every level is compiled into the program (function target attributes, no
// -march needed); the level is chosen once, at run time, from what the processor has.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/environment.hpp>
#include <atomic>
#include <cstring>

namespace chainrule::cpu {

/// base: what the compiler's own flags allow (SSE2 on x86-64, NEON on ARM). avx2: AVX2 and FMA. avx512: AVX-512 F, VL,
/// DQ, BW. amx: that, and AMX's tiles of bfloat16 for products of floats (cpu/gemm/amx_tiles.hpp).
enum class Isa { base, avx2, avx512, amx };

inline const char* name(Isa isa) {
  return isa == Isa::amx ? "amx" : isa == Isa::avx512 ? "avx512" : isa == Isa::avx2 ? "avx2" : "base";
}

namespace detail {

#if defined(__x86_64__) && defined(__GNUC__) && defined(__linux__)
/// Whether the processor has AMX for bfloat16, and Linux lets this process use it: a program must ask, since the tiles'
/// 8 KiB then become a part of what is saved when a signal comes. Asks once.
bool may_use_amx();
#else
inline bool may_use_amx() { return false; }
#endif

#if defined(__x86_64__) && defined(__GNUC__)
Isa best_isa();
#else
inline Isa best_isa() { return Isa::base; }
#endif

Isa isa_from_environment();

inline std::atomic<Isa>& isa_setting() {
  static std::atomic<Isa> isa{isa_from_environment()};
  return isa;
}

}  // namespace detail

/// The level in use: the best that the processor has, or the one that the environment variable CHAINRULE_ISA
/// (base, avx2, avx512, amx) asks for; one that is none of them, or that the processor does not have, ends the program
/// with a message. Results differ between levels in the last bits (base has no fused multiply-add).
inline Isa isa() { return detail::isa_setting().load(std::memory_order_relaxed); }

/// Forces a level, for tests and benchmarks. Returns the level in use afterwards: never more than the processor has.
inline Isa set_isa(Isa asked) {
  Isa best = detail::best_isa();
  if (asked < best) best = asked;
  detail::isa_setting().store(best, std::memory_order_relaxed);
  return best;
}

}  // namespace chainrule::cpu

#if CHAINRULE_DEFINITIONS
namespace chainrule::cpu::detail {

CHAINRULE_INLINE bool may_use_amx() {
  static const bool granted = [] {
    unsigned leaf = 7, part = 0, b = 0, features = 0;
    __asm__("cpuid" : "+a"(leaf), "=b"(b), "+c"(part), "=d"(features));
    constexpr unsigned bfloat16 = 1u << 22, tiles = 1u << 24;
    if ((features & bfloat16) == 0 || (features & tiles) == 0) return false;
    long answer = 158;  // arch_prctl(ARCH_REQ_XCOMP_PERM, XTILEDATA)
    __asm__ volatile("syscall" : "+a"(answer) : "D"(0x1023l), "S"(18l) : "rcx", "r11", "memory");
    return answer == 0;
  }();
  return granted;
}

CHAINRULE_INLINE Isa best_isa() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return Isa::base;
  bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  return !wide ? Isa::avx2 : may_use_amx() ? Isa::amx : Isa::avx512;
}

CHAINRULE_INLINE Isa isa_from_environment() {
  const Isa best = best_isa();
  const char* text = chainrule::detail::setting("CHAINRULE_ISA");
  if (!text) return best;
  for (int level = 0; level <= static_cast<int>(best); ++level)
    if (!std::strcmp(text, name(static_cast<Isa>(level)))) return static_cast<Isa>(level);
  constexpr const char* choices[] = {"base: this processor has no more", "base or avx2: this processor has no more",
                                     "base, avx2 or avx512: this processor has no more", "base, avx2, avx512 or amx"};
  chainrule::detail::refuse_setting("CHAINRULE_ISA", text, choices[static_cast<int>(best)]);
}

}  // namespace chainrule::cpu::detail
#endif

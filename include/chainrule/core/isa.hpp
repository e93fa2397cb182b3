#pragma once
// Which instruction set the kernels use. Every level is compiled into the program (function target attributes, no -march
// needed); the level is chosen once, at run time, from what the processor has.

#include <cstdlib>
#include <cstring>

namespace chainrule::cpu {

/// base: what the compiler's own flags allow (SSE2 on x86-64, NEON on ARM). avx2: AVX2 and FMA. avx512: AVX-512 F, VL, DQ, BW.
enum class Isa { base, avx2, avx512 };

inline const char* name(Isa isa) { return isa == Isa::avx512 ? "avx512" : isa == Isa::avx2 ? "avx2" : "base"; }

namespace detail {

#if defined(__x86_64__) && defined(__GNUC__)
inline Isa best_isa() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return Isa::base;
  bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512bw");
  return wide ? Isa::avx512 : Isa::avx2;
}
#else
inline Isa best_isa() { return Isa::base; }
#endif

inline Isa isa_from_environment() {
  Isa best = best_isa();
  const char* text = std::getenv("CHAINRULE_ISA");
  if (!text) return best;
  Isa asked = !std::strcmp(text, "base") ? Isa::base : !std::strcmp(text, "avx2") ? Isa::avx2 : best;
  return asked < best ? asked : best;
}

inline Isa& isa_setting() {
  static Isa isa = isa_from_environment();
  return isa;
}

}  // namespace detail

/// The level in use: the best that the processor has, or the one that the environment variable CHAINRULE_ISA (base, avx2,
/// avx512) asks for, if the processor has it. Results differ between levels in the last bits (base has no fused multiply-add).
inline Isa isa() { return detail::isa_setting(); }

/// Forces a level, for tests and benchmarks. Returns the level in use afterwards: never more than the processor has.
inline Isa set_isa(Isa asked) {
  Isa best = detail::best_isa();
  return detail::isa_setting() = asked < best ? asked : best;
}

}  // namespace chainrule::cpu

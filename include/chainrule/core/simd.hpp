#pragma once
// Loops at full SIMD width in a program compiled without -march: the body is compiled once for each instruction set,
// and the best that the processor has is chosen when it runs.
//
//     simd::run([=] {                      // three versions: AVX-512, AVX2 + FMA, and the compiler's own flags
//       CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) out[i] = math::exp(x[i] - top);
//     });
//
// What makes this work, and what a body must keep to:
// - Capture by value, [=]: pointers and numbers. Through a reference the compiler must fear that out[i] overwrites n.
// - Everything the body calls must be inlined into it, or it stays code for the base instruction set: functors and
//   helpers marked CHAINRULE_HD, functions of core/math.hpp, fold() below. A lambda inside the body is not inlined
//   reliably; write the loop out, or give it __attribute__((always_inline)) after its parameters.
// - CHAINRULE_SIMD before a `for` promises that its iterations are independent: no element written by one is read by
//   another. An array may be input and output at once, element by element. No branch in the loop but ?: on values
//   already computed (math.hpp's select() where the compiler turns that back into a branch), no call but the above.
// - run() goes inside a task of parallel_for, not around it. It costs about 2 ns: give it a row or a block, not an
//   element.
// Check with `objdump -dC` that the version for AVX-512, run_avx512<...>, holds zmm registers.

#include <chainrule/core/host_device.hpp>
#include <chainrule/core/isa.hpp>
#include <cstdint>

/// Before a for loop whose iterations are independent of each other.
#if defined(_OPENMP)
#define CHAINRULE_SIMD _Pragma("omp simd")
#elif defined(__clang__)
#define CHAINRULE_SIMD _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define CHAINRULE_SIMD _Pragma("GCC ivdep")
#else
#define CHAINRULE_SIMD
#endif

namespace chainrule::simd {

#if defined(__x86_64__) && defined(__GNUC__)

namespace detail {

template <class Body>
[[gnu::target("avx2,fma"), gnu::flatten, gnu::noinline]] auto run_avx2(Body body) -> decltype(body()) {
  return body();
}

#if defined(__clang__)
template <class Body>
[[gnu::target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw"), gnu::flatten, gnu::noinline]] auto run_avx512(Body body)
    -> decltype(body()) {
  return body();
}
#else
template <class Body>
[[gnu::target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw,prefer-vector-width=512"), gnu::flatten, gnu::noinline]] auto
run_avx512(Body body) -> decltype(body()) {
  return body();
}
#endif

// For processors older than these. Almost nobody has one, so its version is the small one that is quick to compile.
template <class Body> [[gnu::cold, gnu::flatten, gnu::noinline]] auto run_base(Body body) -> decltype(body()) {
  return body();
}

}  // namespace detail

/// body(), compiled for the instruction set in use. See the top of the file.
template <class Body> auto run(Body body) -> decltype(body()) {
  switch (cpu::isa()) {
    case cpu::Isa::amx:
    case cpu::Isa::avx512: return detail::run_avx512(body);
    case cpu::Isa::avx2: return detail::run_avx2(body);
    default: return detail::run_base(body);
  }
}

#else

template <class Body> auto run(Body body) -> decltype(body()) { return body(); }

#endif

/// *p, as what compilers have vectors of: a bool is read as a byte that is not 0.
template <class T> CHAINRULE_HD inline T load(const T* p) { return *p; }
CHAINRULE_HD inline bool load(const bool* p) {
  typedef unsigned char Byte __attribute__((may_alias));
  return *reinterpret_cast<const Byte*>(p) != 0;
}

/// How many running results fold() keeps: 128 bytes of them, two to eight vectors, the same for every instruction set,
/// so that a sum is added up in the same order everywhere.
template <class A>
inline constexpr int lanes = sizeof(A) >= 16                          ? 8
                             : static_cast<int>(128 / sizeof(A)) < 32 ? static_cast<int>(128 / sizeof(A))
                                                                      : 32;

/// Joins 2 * half running results as a tree, into lane[0].
template <int half, class A, class F> CHAINRULE_HD inline void join_lanes(const F& f, A* lane) {
  CHAINRULE_SIMD for (int k = 0; k < half; ++k) lane[k] = f.join(lane[k], lane[k + half]);
  if constexpr (half > 1) join_lanes<half / 2>(f, lane);
}
struct Plus {
  template <class A> CHAINRULE_HD A join(A a, A b) const { return a + b; }
};

/// x[0] ... x[n - 1] folded into one by a reduction's functor (core/reduce.hpp): total = f(total, x[i]) in lanes<A>
/// running totals, which are joined as a tree; one running total where n is less than that. For the body of run().
template <class A, class F, class T> CHAINRULE_HD inline A fold(const F& f, const T* x, std::int64_t n) {
  constexpr int width = lanes<A>;
  if (n < width) {
    A total = f.template start<A>();
    for (std::int64_t i = 0; i < n; ++i) total = f(total, load(x + i));
    return total;
  }
  A lane[width], at_end[width];  // `lane` is touched as a whole only, so that it stays in registers
  CHAINRULE_SIMD for (int k = 0; k < width; ++k) lane[k] = f.template start<A>();
  std::int64_t i = 0;
  for (; i + width <= n; i += width) {
    CHAINRULE_SIMD for (int k = 0; k < width; ++k) lane[k] = f(lane[k], load(x + i + k));
  }
  CHAINRULE_SIMD for (int k = 0; k < width; ++k) at_end[k] = lane[k];
  const int rest = static_cast<int>(n - i);
  CHAINRULE_SIMD for (int k = 0; k < rest; ++k) at_end[k] = f(at_end[k], load(x + i + k));
  join_lanes<width / 2>(f, at_end);
  return at_end[0];
}

}  // namespace chainrule::simd

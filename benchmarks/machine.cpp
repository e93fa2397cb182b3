// What the machine can do, measured in the same run as the networks: multiply-adds from registers, memory bandwidth,
// and what it costs to start the threads.
//     machine 2                  two threads -> "peak 181.3 GFLOP/s", "triad 20.1 GB/s", "threads 1.1 us"

#include <chainrule/chainrule.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>

namespace cr = chainrule;

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// The best of several rounds: what the machine does when nobody disturbs it.
template <class F> double best_seconds(const F& f) {
  double best = 1e9;
  for (int round = 0; round < 12; ++round) {
    const double start = now();
    f();
    best = std::min(best, now() - start);
  }
  return best;
}

constexpr int chains = 12;  // independent sums: enough to hide the latency, few enough for the registers

// Multiply-adds on sums that stay in registers, once for each instruction set: a vector type must meet the function's
// own target.
#define MULTIPLY_ADD_LOOP(bytes)                                                              \
  typedef float Vector __attribute__((vector_size(bytes)));                                   \
  Vector sum[chains];                                                                         \
  for (int c = 0; c < chains; ++c) sum[c] = Vector{} + static_cast<float>(c);                 \
  for (std::int64_t r = 0; r < rounds; ++r)                                                   \
    _Pragma("GCC unroll 12") for (int c = 0; c < chains; ++c) sum[c] = sum[c] * scale + 1.0f; \
  Vector total = {};                                                                          \
  for (int c = 0; c < chains; ++c) total += sum[c];                                           \
  return total[0];

[[gnu::noinline]] float loop_base(std::int64_t rounds, float scale) { MULTIPLY_ADD_LOOP(16) }
#if defined(__x86_64__)
[[gnu::noinline, gnu::target("avx2,fma")]] float loop_avx2(std::int64_t rounds, float scale) { MULTIPLY_ADD_LOOP(32) }
[[gnu::noinline, gnu::target("avx512f,fma")]] float loop_avx512(std::int64_t rounds, float scale) {
  MULTIPLY_ADD_LOOP(64)
}
#else
float loop_avx2(std::int64_t rounds, float scale) { return loop_base(rounds, scale); }
float loop_avx512(std::int64_t rounds, float scale) { return loop_base(rounds, scale); }
#endif

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  cr::set_num_threads(threads);

  const auto isa = cr::cpu::isa();
  const int width = isa >= cr::cpu::Isa::avx512 ? 16 : isa == cr::cpu::Isa::avx2 ? 8 : 4;
  constexpr std::int64_t rounds = 4000000;
  const double loop = best_seconds([&] {
    cr::parallel_for(threads, [&](std::int64_t) {
      volatile float sink = width == 16  ? loop_avx512(rounds, 0.999f)
                            : width == 8 ? loop_avx2(rounds, 0.999f)
                                         : loop_base(rounds, 0.999f);
      (void)sink;
    });
  });
  std::printf("peak %.1f GFLOP/s\n", threads * 2.0 * width * chains * static_cast<double>(rounds) / loop / 1e9);

  // The largest tile of our product, its panels in the first cache: how much of the peak the inner loop itself reaches.
  const auto& table = cr::cpu::kernels<float>();
  constexpr std::int64_t k = 256, calls = 20000;
  const double tiles = best_seconds([&] {
    cr::parallel_for(threads, [&](std::int64_t) {
      alignas(64) static thread_local float a[8 * k], b[48 * k], c[8 * 48];
      for (std::int64_t call = 0; call < calls; ++call)
        table.micro[3][2]({k, table.rows, table.columns}, a, cr::cpu::detail::packed_rows, b, c, table.columns, {});
    });
  });
  std::printf("tile %.1f GFLOP/s\n",
              threads * 2.0 * static_cast<double>(calls * table.rows * table.columns * k) / tiles / 1e9);

  const std::int64_t n = 16 << 20;  // 64 MiB each: out of every cache
  auto x = cr::rand({n}), y = cr::rand({n}), z = cr::zeros({n});
  const double triad = best_seconds([&] {
    float *to = z.data(), *p = x.data(), *q = y.data();
    cr::parallel_for(threads, [=](std::int64_t t) {
      const std::int64_t from = n / threads * t, count = n / threads;
      cr::simd::run(
          [=] { CHAINRULE_SIMD for (std::int64_t i = from; i < from + count; ++i) to[i] = p[i] + 3.0f * q[i]; });
    });
  });
  std::printf("triad %.1f GB/s\n", 3.0 * 4.0 * static_cast<double>(n) / triad / 1e9);

  const double region = best_seconds([&] {
    for (int i = 0; i < 1000; ++i) cr::parallel_for(threads, [](std::int64_t) {});
  });
  std::printf("threads %.2f us\n", region * 1e3);
}

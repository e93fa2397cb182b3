// The packed matrix product against three loops: every instruction set that the processor has, both types, all layouts.

#include <chainrule/cpu/gemm/gemm.hpp>
#include <chainrule/cpu/gemm/reference.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace cpu = chainrule::cpu;

namespace {

struct Rng {  // small numbers, the same in every run
  std::uint64_t state = 88172645463325252ull;
  std::int64_t below(std::int64_t n) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return static_cast<std::int64_t>(state >> 11) % n;
  }
  double unit() { return static_cast<double>(below(2000001) - 1000000) * 1e-6; }
};

template <class T> std::vector<T> numbers(Rng& rng, std::int64_t n) {
  std::vector<T> v(static_cast<std::size_t>(n));
  for (T& x : v) x = static_cast<T>(rng.unit());
  return v;
}

struct Level {  // forces an instruction set for the length of a scope
  cpu::Isa before = cpu::isa();
  explicit Level(cpu::Isa isa) { cpu::set_isa(isa); }
  ~Level() { cpu::set_isa(before); }
};

std::vector<cpu::Isa> levels() {
  Level keep(cpu::isa());
  std::vector<cpu::Isa> found;
  for (cpu::Isa isa : {cpu::Isa::base, cpu::Isa::avx2, cpu::Isa::avx512, cpu::Isa::amx}) {
    if (cpu::set_isa(isa) == isa) found.push_back(isa);
  }
  return found;
}

bool no_amx() {
  if (levels().back() == cpu::Isa::amx) return false;
  WARN("skipped: this processor has no AMX");
  return true;
}

struct Case {
  std::int64_t m, n, k;
  bool a_across, b_across;  // stored transposed
  std::int64_t gap;         // numbers between the rows of each matrix, and from column to column one more
  bool accumulate, bias, row_bias, relu;
};

template <class T> void agree(Rng& rng, const Case& s) {
  std::int64_t step = s.gap > 2 ? 2 : 1;
  std::int64_t a_row = s.a_across ? step : s.k * step + s.gap, a_col = s.a_across ? s.m * step + s.gap : step;
  std::int64_t b_row = s.b_across ? step : s.n * step + s.gap, b_col = s.b_across ? s.k * step + s.gap : step;
  std::int64_t c_row = s.n + s.gap;
  auto size = [](std::int64_t rows, std::int64_t row, std::int64_t cols,
                 std::int64_t col) {  // exactly up to the last number
    return rows * cols == 0 ? 0 : (rows - 1) * row + (cols - 1) * col + 1;
  };
  auto a = numbers<T>(rng, size(s.m, a_row, s.k, a_col)), b = numbers<T>(rng, size(s.k, b_row, s.n, b_col));
  auto before = numbers<T>(rng, size(s.m, c_row, s.n, 1)), bias = numbers<T>(rng, s.n), row_bias = numbers<T>(rng, s.m);
  cpu::GemmOptions<T> options{s.accumulate, s.bias ? bias.data() : nullptr, s.row_bias ? row_bias.data() : nullptr,
                              s.relu};
  auto expected = before;
  cpu::gemm_plain<T>(s.m, s.n, s.k, a.data(), a_row, a_col, b.data(), b_row, b_col, expected.data(), c_row, options);
  // Each of k products adds at most half a unit in the last place of a sum that stays below k.
  double tolerance = static_cast<double>(std::numeric_limits<T>::epsilon()) * (4 + static_cast<double>(s.k));
  for (cpu::Isa isa : levels()) {
    Level level(isa);
    std::vector<T> first;
    for (int threads : {1, 2, 5}) {
      chainrule::set_num_threads(threads);
      auto c = before;
      options.b_changes = threads == 5;  // another cut of the work
      cpu::gemm<T>(s.m, s.n, s.k, a.data(), a_row, a_col, b.data(), b_row, b_col, c.data(), c_row, options);
      if (threads == 1) first = c;
      INFO(name(isa) << " m " << s.m << " n " << s.n << " k " << s.k << " a_row " << a_row << " a_col " << a_col
                     << " b_row " << b_row << " b_col " << b_col << " threads " << threads);
      double worst = 0;
      for (std::size_t i = 0; i < c.size(); ++i)
        worst = std::max(worst, static_cast<double>(std::abs(c[i] - expected[i])));
      CHECK(worst <= tolerance);  // the gaps of c must keep what they held, too
      CHECK(c == first);
    }
  }
  chainrule::set_num_threads(1);
}

}  // namespace

TEMPLATE_TEST_CASE("gemm agrees with three loops on random shapes, bitwise the same for any number of threads",
                   "[cpu][gemm]", float, double) {
  Rng rng;
  for (int round = 0; round < 150; ++round) {
    auto size = [&] { return 1 + (rng.below(4) ? rng.below(70) : rng.below(200)); };
    auto flag = [&] { return rng.below(2) == 1; };
    std::int64_t m = size(), n = size(), k = size();
    if (round % 10 == 0) k += 700;  // several blocks of the inner dimension
    if (round % 7 == 0) m = 1 + rng.below(9);
    if (round % 5 == 0) n = 1 + rng.below(5);
    if (round % 5 == 0 && round % 10 != 0) k = 1 + rng.below(18);  // few columns, few steps
    bool a_across = flag(), b_across = flag();
    std::int64_t gap = rng.below(3) == 0 ? 1 + rng.below(4) : 0;
    agree<TestType>(rng, {m, n, k, a_across, b_across, gap, flag(), flag(), flag(), flag()});
  }
}

TEMPLATE_TEST_CASE("gemm agrees with three loops where several blocks and several threads are needed", "[cpu][gemm]",
                   float, double) {
  Rng rng;
  agree<TestType>(rng, {130, 1100, 70, false, false, 0, false, false, true, true});
  agree<TestType>(rng, {70, 900, 410, false, true, 0, false, true, false, true});
  agree<TestType>(rng, {300, 130, 650, true, false, 3, true, true, true, false});
  agree<TestType>(rng, {4, 700, 1030, false, true, 0, true, true, false, true});
  agree<TestType>(rng, {1, 2500, 500, false, true, 0, false, true, false, false});
  agree<TestType>(rng, {2500, 1, 500, false, false, 0, false, false, true, false});
  agree<TestType>(rng, {1, 2100, 500, false, false, 0, false, true, false, false});
  agree<TestType>(rng, {60000, 3, 5, false, true, 0, true, true, true, true});
}

TEMPLATE_TEST_CASE("gemm agrees with three loops where it goes by way of the transpose", "[cpu][gemm]", float, double) {
  Rng rng;
  // Panels of one to six vectors, full or not, of all instruction sets; rows of A and of C further apart than they are
  // long.
  for (std::int64_t m : {8, 9, 15, 16, 17, 24, 31, 32, 40, 47, 48, 49, 63, 64, 79, 80, 95}) {
    agree<TestType>(rng, {m, 2 * m + 3, 65, false, true, m % 3, false, true, false, m % 2 == 0});
    agree<TestType>(rng, {m, 5 * m / 4 + 1, 391 + m, false, true, m % 2, false, m % 5 != 0, false, true});
  }
  agree<TestType>(rng, {64, 1500, 64, false, true, 2, false, true, false, false});  // enough work for several threads
}

TEMPLATE_TEST_CASE("gemm with k = 0 is a product of zeros, with m or n = 0 it does nothing", "[cpu][gemm]", float,
                   double) {
  Rng rng;
  agree<TestType>(rng, {5, 7, 0, false, false, 0, true, true, true, true});
  agree<TestType>(rng, {50, 70, 0, false, false, 0, false, false, false, false});
  agree<TestType>(rng, {0, 7, 3, false, false, 0, false, false, false, false});
  agree<TestType>(rng, {7, 0, 3, false, false, 0, false, true, false, false});
}

TEST_CASE("gemm keeps a NaN through relu and lets infinity through", "[cpu][gemm]") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  for (cpu::Isa isa : levels()) {
    Level level(isa);
    for (std::int64_t n : {1, 4, 48}) {
      std::vector<float> a = {nan, inf, -inf, -2.f}, b(static_cast<std::size_t>(n), 1.f),
                         c(static_cast<std::size_t>(4 * n));
      cpu::gemm<float>(4, n, 1, a.data(), 1, 1, b.data(), n, 1, c.data(), n, {.relu = true});
      auto last = static_cast<std::size_t>(n - 1), row = static_cast<std::size_t>(n);
      CHECK(std::isnan(c[last]));
      CHECK(c[row + last] == inf);
      CHECK(c[2 * row + last] == 0.f);
      CHECK(c[3 * row + last] == 0.f);
    }
  }
}

TEST_CASE("a row of a product does not depend on the rows around it", "[cpu][gemm]") {
  Rng rng;
  std::int64_t m = 23, n = 50, k = 333;
  auto a = numbers<float>(rng, m * k), b = numbers<float>(rng, k * n);
  for (cpu::Isa isa : levels()) {
    Level level(isa);
    std::vector<float> all(static_cast<std::size_t>(m * n)), some = all;
    cpu::gemm<float>(m, n, k, a.data(), k, 1, b.data(), n, 1, all.data(), n);
    for (std::int64_t i = 0; i < m; ++i)
      cpu::gemm<float>(1, n, k, a.data() + i * k, k, 1, b.data(), n, 1, some.data() + i * n, n);
    CHECK(all == some);
  }
}

TEST_CASE("the three bfloat16 terms of a float add up to it", "[cpu][amx]") {
  if (no_amx()) return;
  Level level(cpu::Isa::amx);
  Rng rng;
  std::vector<float> x(64 * 32);
  for (float& v : x) v = static_cast<float>(rng.unit() * std::pow(10., static_cast<double>(rng.below(60) - 30)));
  alignas(64) static cpu::Bf16 rows[cpu::amx_a_step], columns[2][cpu::amx_b_step];
  alignas(64) static float transposed[32 * 64];
  const auto& amx = *cpu::amx_kernels();
  amx.split_rows({x.data(), 32, nullptr}, 1, 0, rows);
  for (bool along_k : {false, true}) {
    cpu::AmxJob job;
    job.from = x.data(), job.row_step = 64, job.to = columns[along_k], job.whole = job.steps = 1,
    job.transposed = transposed;
    if (along_k) job.along_k = x.data(), job.along_k_row = 32;
    amx.split(job, 1);
  }
  auto sum = [](const cpu::Bf16* terms, std::size_t term_step, std::size_t at) {
    double total = 0;
    for (std::size_t term = 0; term < 3; ++term) {
      const std::uint32_t bits = std::uint32_t{terms[term * term_step + at]} << 16;
      float f;
      std::memcpy(&f, &bits, 4);
      total += static_cast<double>(f);
    }
    return total;
  };
  for (std::size_t p = 0; p < 32; ++p) {  // of the inner dimension, where p and p + 16 make a pair
    for (std::size_t i = 0; i < 16; ++i)
      CHECK(sum(rows, cpu::amx_tile, i * 32 + p % 16 * 2 + p / 16) == static_cast<double>(x[i * 32 + p]));
    for (std::size_t j = 0; j < 64; ++j) {
      const std::size_t at = j / 16 * cpu::amx_tile + p % 16 * 32 + j % 16 * 2 + p / 16;
      CHECK(sum(columns[0], 4 * cpu::amx_tile, at) == static_cast<double>(x[p * 64 + j]));
      CHECK(sum(columns[1], 4 * cpu::amx_tile, at) == static_cast<double>(x[j * 32 + p]));
    }
  }
}

TEST_CASE("products on tiles of bfloat16 are as exact as sums of floats", "[cpu][amx]") {
  if (no_amx()) return;
  Level level(cpu::Isa::amx);
  Rng rng;
  const auto& table = cpu::kernels<float>();
  for (int round = 0; round < 60; ++round) {  // shapes for which gemm() would not take tiles, too: every kind of edge
    const std::int64_t m = 1 + rng.below(100), n = 1 + rng.below(round % 5 ? 100 : 700),
                       k = 1 + rng.below(round % 7 ? 150 : 1200);
    const bool b_across = round % 3 == 0, swap = b_across && round % 2;
    const auto a = numbers<float>(rng, m * k), b = numbers<float>(rng, k * n), bias = numbers<float>(rng, n),
               row_bias = numbers<float>(rng, m);
    const std::int64_t b_row = b_across ? 1 : n, b_col = b_across ? k : 1;
    const cpu::GemmOptions<float> options{.bias = round % 4 ? bias.data() : nullptr,
                                          .row_bias = round % 4 == 1 && !swap ? row_bias.data() : nullptr,
                                          .relu = round % 7 == 0};
    std::vector<float> c(static_cast<std::size_t>(m * n), 7.f), plain = c;
    for (bool far : {false, true}) {
      const auto& amx = *cpu::amx_kernels();
      const cpu::Gemm<float> p{m, n, k, a.data(), k, 1, b.data(), b_row, b_col, c.data(), n, options};
      const bool good = swap ? cpu::detail::amx_transposed(amx, table, p) : cpu::detail::amx_part(amx, table, p, far);
      REQUIRE(good);
      cpu::gemm_plain<float>(m, n, k, a.data(), k, 1, b.data(), b_row, b_col, plain.data(), n, options);
      double tiles = 0, floats = 0;  // squared errors
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
          double exact = 0;
          for (std::int64_t s = 0; s < k; ++s)
            exact += static_cast<double>(a[static_cast<std::size_t>(i * k + s)]) *
                     static_cast<double>(b[static_cast<std::size_t>(s * b_row + j * b_col)]);
          if (options.bias) exact += static_cast<double>(bias[static_cast<std::size_t>(j)]);
          if (options.row_bias) exact += static_cast<double>(row_bias[static_cast<std::size_t>(i)]);
          if (options.relu && exact < 0) exact = 0;
          const auto at = static_cast<std::size_t>(i * n + j);
          tiles += std::pow(static_cast<double>(c[at]) - exact, 2),
              floats += std::pow(static_cast<double>(plain[at]) - exact, 2);
        }
      }
      INFO("m " << m << " n " << n << " k " << k << " far " << far << " transposed " << swap);
      // Three numbers more or less in a sum of a few can change which way it is rounded; long sums are better on tiles.
      CHECK(std::sqrt(tiles) <=
            (k < 32 ? 2.5 : 1.5) * std::sqrt(floats) + 1e-7 * std::sqrt(static_cast<double>(m * n)));
    }
  }
}

TEST_CASE("a product on tiles that meets an infinity or a NaN gives what sums of floats give", "[cpu][amx]") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  constexpr std::size_t n = 128;
  Rng rng;
  auto a = numbers<float>(rng, n * n), b = numbers<float>(rng, n * n);
  for (std::size_t i = 0; i < n; ++i) b[i * n + 3] = 1.f;
  a[5 * n + 7] = inf, a[9 * n] = nan, a[11 * n + 1] = 3e38f, a[11 * n + 2] = 3e38f;
  for (cpu::Isa isa : levels()) {
    Level level(isa);
    std::vector<float> c(n * n);
    cpu::gemm<float>(n, n, n, a.data(), n, 1, b.data(), n, 1, c.data(), n);
    CHECK(c[5 * n + 3] == inf);
    CHECK(std::isnan(c[9 * n + 3]));
    CHECK(c[11 * n + 3] == inf);
    CHECK(std::isfinite(c[4 * n + 3]));
  }
}

TEST_CASE("the instruction set can be forced down, never up", "[cpu][isa]") {
  Level keep(cpu::isa());
  CHECK(cpu::set_isa(cpu::Isa::base) == cpu::Isa::base);
  CHECK(cpu::kernels<float>().lanes >= 4);
  CHECK(cpu::set_isa(cpu::Isa::amx) == levels().back());
}

// core/math.hpp against the C library's next wider type: every 997th float by default, all 2^32 of them under [long],
// and a million doubles.

#include "support/catch.hpp"

#include <bit>
#include <chainrule/core/isa.hpp>
#include <chainrule/core/math.hpp>
#include <chainrule/core/simd.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

namespace math = chainrule::math;
using chainrule::cpu::Isa;

namespace {

template <class T> using Wide = std::conditional_t<sizeof(T) == 4, double, long double>;

// The functions under test as functors, each with its reference in a wider type and the bound it promises.
#define FUNCTION(Name, reference, limit)                                              \
  struct Name {                                                                       \
    static constexpr double bound = limit;                                            \
    template <class T> CHAINRULE_HD T operator()(T x) const { return math::Name(x); } \
    template <class W> static W exact(W x) { return reference; }                      \
  }
FUNCTION(exp, std::exp(x), 2);
FUNCTION(expm1, std::expm1(x), 3);
FUNCTION(log, std::log(x), 2);
FUNCTION(log1p, std::log1p(x), 3);
FUNCTION(tanh, std::tanh(x), 2);
FUNCTION(sigmoid, x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)), 2);
FUNCTION(erf, std::erf(x), 2);
FUNCTION(sin, std::sin(x), 2);
FUNCTION(cos, std::cos(x), 2);
FUNCTION(sqrt, std::sqrt(x), 0.5);
#undef FUNCTION

// How far `got` is from `exact`, in units of the last place of a T of that size.
template <class T> double error(T got, Wide<T> exact) {
  using Limits = std::numeric_limits<T>;
  constexpr double wrong = 1e9;
  if (std::isnan(exact) || std::isnan(got)) return std::isnan(exact) && std::isnan(got) ? 0 : wrong;
  if (exact == 0) return got == 0 && std::signbit(got) == std::signbit(exact) ? 0 : wrong;
  const T rounded = static_cast<T>(exact);
  if (std::isinf(got) || std::isinf(rounded)) {
    const T largest = std::copysign(Limits::max(), got);
    return got == rounded ? 0 : got == largest || rounded == largest ? 1 : wrong;
  }
  const int exponent = std::max(std::ilogb(exact), Limits::min_exponent - 1);
  return static_cast<double>(std::fabs(got - exact) / std::ldexp(Wide<T>(1), exponent - Limits::digits + 1));
}

template <class F, class T> void evaluate(const std::vector<T>& x, std::vector<T>& y) {
  const T* in = x.data();
  T* out = y.data();
  const auto n = static_cast<std::int64_t>(x.size());
  chainrule::simd::run([=] { CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) out[i] = F{}(in[i]); });
}

template <class T> struct Worst {
  double error = 0;
  T at = 0;
  const char* isa = "";
};

// Over all values that next() gives and all instruction sets that the processor has.
template <class F, class T, class Next> Worst<T> worst_error(Next next) {
  std::vector<T> x, y;
  std::vector<Wide<T>> exact;
  Worst<T> worst;
  for (bool more = true; more;) {
    x.clear();
    T value{};
    while (x.size() < 4096 && (more = next(value))) x.push_back(value);
    exact.clear();
    for (T v : x) exact.push_back(F::template exact<Wide<T>>(v));
    y.resize(x.size());
    for (Isa isa : {Isa::base, Isa::avx2, Isa::avx512}) {
      if (chainrule::cpu::set_isa(isa) != isa) continue;
      evaluate<F>(x, y);
      for (std::size_t i = 0; i < x.size(); ++i)
        if (double e = error(y[i], exact[i]); e > worst.error) worst = {e, x[i], chainrule::cpu::name(isa)};
    }
  }
  chainrule::cpu::set_isa(Isa::amx);
  return worst;
}

template <class F> Worst<float> over_floats(std::uint64_t step) {
  std::uint64_t bits = 0;
  return worst_error<F, float>([&](float& x) {
    if (bits >> 32) return false;
    x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    bits += step;
    return true;
  });
}

// Half of them any bits at all, half of them of ordinary size.
template <class F> Worst<double> over_doubles(int count) {
  std::uint64_t state = 88172645463325252;
  return worst_error<F, double>([&](double& x) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    x = count % 2 == 0 ? std::bit_cast<double>(state)
                       : std::ldexp(static_cast<double>(static_cast<std::int64_t>(state)), -63 - 9 + count % 20);
    return --count >= 0;
  });
}

}  // namespace

#define FUNCTIONS exp, expm1, log, log1p, tanh, sigmoid, erf, sin, cos, sqrt

TEMPLATE_TEST_CASE("math functions keep their bound on a sample of all floats", "[core][math]", FUNCTIONS) {
  auto worst = over_floats<TestType>(997);
  INFO("at " << worst.at << ", " << worst.isa);
  CHECK(worst.error <= TestType::bound);
}

TEMPLATE_TEST_CASE("math functions keep their bound on doubles", "[core][math]", FUNCTIONS) {
  auto worst = over_doubles<TestType>(200'000);
  INFO("at " << worst.at << ", " << worst.isa);
  CHECK(worst.error <= TestType::bound);
}

TEMPLATE_TEST_CASE("math functions keep their bound on every float", "[.][long][math]", FUNCTIONS) {
  auto worst = over_floats<TestType>(1);
  INFO("at " << worst.at << ", " << worst.isa);
  CHECK(worst.error <= TestType::bound);
}

TEMPLATE_TEST_CASE("math functions at the ends of the range", "[core][math]", float, double) {
  using T = TestType;
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN(),
          least = std::numeric_limits<T>::denorm_min();
  CHECK(math::exp(-infinity) == 0);
  CHECK(math::exp(infinity) == infinity);
  CHECK(math::exp(T(0)) == 1);
  CHECK(math::expm1(-infinity) == -1);
  CHECK(math::expm1(infinity) == infinity);
  CHECK(math::expm1(least) == least);
  CHECK(math::log(T(0)) == -infinity);
  CHECK(math::log(T(-0.0)) == -infinity);
  CHECK(math::log(T(1)) == 0);
  CHECK(std::isnan(math::log(T(-1))));
  CHECK(math::log1p(T(-1)) == -infinity);
  CHECK(std::isnan(math::log1p(T(-2))));
  CHECK(math::log1p(infinity) == infinity);
  CHECK(math::tanh(infinity) == 1);
  CHECK(math::tanh(-infinity) == -1);
  CHECK(math::sigmoid(-infinity) == 0);
  CHECK(math::sigmoid(infinity) == 1);
  CHECK(math::sigmoid(T(0)) == T(0.5));
  CHECK(math::erf(-infinity) == -1);
  CHECK(std::isnan(math::sin(infinity)));
  for (T zero : {T(0), T(-0.0)})
    for (T value : {math::expm1(zero), math::log1p(zero), math::tanh(zero), math::erf(zero), math::sin(zero)}) {
      CHECK(value == 0);
      CHECK(std::signbit(value) == std::signbit(zero));
    }
  for (T value : {math::exp(nan), math::expm1(nan), math::log(nan), math::log1p(nan), math::tanh(nan),
                  math::sigmoid(nan), math::erf(nan), math::sin(nan), math::cos(nan)})
    CHECK(std::isnan(value));
}

#pragma once
// exp, log, tanh and their family as plain arithmetic: no branch, no table, no call, so that a loop over them becomes
// SIMD code and the same text runs on a GPU. For float and double, over the whole range with infinities, NaN and
// subnormal numbers:
//     exp log tanh sigmoid erf  within 2 units in the last place;  expm1 log1p  within 3;  sin cos  within 2
// Zeros keep their sign. The polynomials are fits of our own: least error relative to the function, coefficients
// rounded one after the other. Nothing here relies on fused multiply-add, and nothing breaks where the compiler uses
// it.

#include <chainrule/core/host_device.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#if defined(__GLIBC__) && !defined(__CUDACC__)
// Square roots that set no errno: with one to set, the compiler keeps a call in the loop and the loop stays scalar.
extern "C" float sqrtf(float) noexcept __attribute__((const));
extern "C" double sqrt(double) noexcept __attribute__((const));
#endif

namespace chainrule::math {

/// std::numeric_limits as values: nvcc lets a function for both sides read a constant, but not call a constexpr
/// function of the host.
template <class T> struct Limits {
  static constexpr T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN(),
                     epsilon = std::numeric_limits<T>::epsilon(), smallest = std::numeric_limits<T>::min(),
                     dust = sizeof(T) == 4 ? T(0x1p-100) : T(0x1p-960), lowest = std::numeric_limits<T>::lowest(),
                     largest = std::numeric_limits<T>::max();
};

namespace detail {

/// What the bits of T look like.
template <class T> struct Bits;
template <> struct Bits<float> {
  using Unsigned = std::uint32_t;
  static constexpr int mantissa = 23, bias = 127;
  static constexpr float round = 0x1.8p23f;  // x + round - round is x to the nearest integer, for |x| < 2^22
  static constexpr float ln2_high = 0.693115234375f,
                         ln2_low = 3.1946184945e-05f;          // n * ln2_high is exact for every exponent n
  static constexpr float exp_low = -104.0f, exp_high = 89.0f;  // exp is 0 and infinity there
};
template <> struct Bits<double> {
  using Unsigned = std::uint64_t;
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double round = 0x1.8p52;
  static constexpr double ln2_high = 0.6931471803691238, ln2_low = 1.9082149292705877e-10;
  static constexpr double exp_low = -746.0, exp_high = 710.0;
};

template <class T> using Unsigned = typename Bits<T>::Unsigned;
template <class T> inline constexpr bool is_float = sizeof(T) == 4;

template <class T> CHAINRULE_HD inline Unsigned<T> to_bits(T x) { return __builtin_bit_cast(Unsigned<T>, x); }
template <class T> CHAINRULE_HD inline T from_bits(Unsigned<T> b) { return __builtin_bit_cast(T, b); }

template <class T> inline constexpr Unsigned<T> sign_bit = Unsigned<T>{1} << (8 * sizeof(T) - 1);
template <class T> CHAINRULE_HD inline T magnitude(T x) { return from_bits<T>(to_bits(x) & ~sign_bit<T>); }
template <class T> CHAINRULE_HD inline T with_sign_of(T value, T sign) {
  return from_bits<T>(to_bits(value) | (to_bits(sign) & sign_bit<T>));
}

}  // namespace detail

/// yes ? a : b, by masks: compilers may turn a branch-free ?: back into branches, and then the loop around it stays
/// scalar.
template <class T> CHAINRULE_HD inline T select(bool yes, T a, T b) {
  const detail::Unsigned<T> mask = detail::Unsigned<T>{0} - static_cast<detail::Unsigned<T>>(yes);
  return detail::from_bits<T>((detail::to_bits(a) & mask) | (detail::to_bits(b) & ~mask));
}

/// x, or 0 below 2^-100 (double: 2^-960). For running averages: while there is nothing to add, each step makes them
/// smaller by a factor, until they are denormal, and with such numbers processors compute a hundred times slower. NaN
/// stays NaN.
template <class T> CHAINRULE_HD inline T settle(T x) { return select(detail::magnitude(x) < Limits<T>::dust, T(0), x); }

namespace detail {

template <class T> CHAINRULE_HD inline T at_most(T x, T limit) { return select(x > limit, limit, x); }  // NaN stays NaN
template <class T> CHAINRULE_HD inline T at_least(T x, T limit) { return select(x < limit, limit, x); }

/// c0 + c1 x + c2 x^2 + ..., two terms a step: (c0 + c1 x) + xx ((c2 + c3 x) + xx (...)), half the latency of one term
/// a step.
template <class T> CHAINRULE_HD inline T pairs(T, T, T c) { return c; }
template <class T> CHAINRULE_HD inline T pairs(T x, T, T c, T d) { return c + d * x; }
template <class T, class... C> CHAINRULE_HD inline T pairs(T x, T xx, T c, T d, C... rest) {
  return (c + d * x) + xx * pairs(x, xx, rest...);
}
template <class T, class... C> CHAINRULE_HD inline T polynomial(T x, C... c) { return pairs(x, x * x, c...); }

/// 2^n for n given as an integer in wrap-around arithmetic; n from -bias + 1 to bias.
template <class T> CHAINRULE_HD inline T power_of_two(Unsigned<T> n) {
  return from_bits<T>((n + Bits<T>::bias) << Bits<T>::mantissa);
}

/// x = n ln2 + r with |r| <= ln2 / 2, and exp(r) - 1.
template <class T> struct Reduced {
  T n;
  Unsigned<T> exponent;  // n as an integer
  T expm1;
};
template <class T> CHAINRULE_HD inline Reduced<T> reduce_exp(T x) {
  T shifted = x * T(1.4426950408889634) + Bits<T>::round, n = shifted - Bits<T>::round;
  T r = (x - n * Bits<T>::ln2_high) - n * Bits<T>::ln2_low, q;
  if constexpr (is_float<T>)
    q = polynomial(r, 0.5f, 0.16666666f, 0.041666493f, 0.008333546f, 0.0013932257f, 0.00019761427f);
  else
    q = polynomial(r, 0.5, 0.16666666666666677, 0.04166666666666664, 0.008333333333321534, 0.0013888888888911547,
                   0.00019841269886295668, 2.480158725593846e-05, 2.7557244055882606e-06, 2.755734170156538e-07,
                   2.5109091550444347e-08, 2.089179409956391e-09);
  return {n, to_bits(shifted) - to_bits(Bits<T>::round), r + r * r * q};
}

/// exp where neither argument nor result is extreme: |x| < 87 (float), 708 (double).
template <class T> CHAINRULE_HD inline T exp_moderate(T x) {
  Reduced<T> e = reduce_exp(x);
  return (T(1) + e.expm1) * power_of_two<T>(e.exponent);
}

/// log of a positive normal number.
template <class T> CHAINRULE_HD inline T log_normal(T x, T extra_exponent) {
  constexpr int shift = Bits<T>::mantissa;
  constexpr auto root_half = __builtin_bit_cast(Unsigned<T>, T(0.70710678118654752)),
                 one = __builtin_bit_cast(Unsigned<T>, T(1));
  Unsigned<T> b = to_bits(x) + (one - root_half);
  T f = from_bits<T>((b & ((Unsigned<T>{1} << shift) - 1)) + root_half) -
        T(1);  // x = 2^e (1 + f), 1 + f in [sqrt(1/2), sqrt(2))
  T e = from_bits<T>((b >> shift) | __builtin_bit_cast(Unsigned<T>, T(Unsigned<T>{1} << shift))) -
        T((Unsigned<T>{1} << shift) + Bits<T>::bias) + extra_exponent;
  T half_square = T(0.5) * f * f, rest;
  if constexpr (is_float<T>) {
    rest = f * f * f *
           polynomial(f, 0.33333313f, -0.2500001f, 0.20002075f, -0.16668f, 0.14220253f, -0.12405774f, 0.11884175f,
                      -0.116730206f, 0.06749485f);
  } else {  // log(1 + f) = 2 atanh(s) for s = f / (2 + f)
    T s = f / (T(2) + f), z = s * s;
    T p = z * polynomial(z, 0.6666666666666735, 0.3999999999941136, 0.285714287428927, 0.2222219853815776,
                         0.181835654316963, 0.15314038476774788, 0.1479591908472907);
    rest = s * (half_square + p);
  }
  return e * Bits<T>::ln2_high + (f - (half_square - (rest + e * Bits<T>::ln2_low)));
}

}  // namespace detail

namespace detail {

/// 2^n for any n, as two factors whose exponents are halves of it: a product with both rounds a subnormal result once.
template <class T> struct Scale { T first, second; };
template <class T> CHAINRULE_HD inline Scale<T> any_power_of_two(Unsigned<T> n) {
  constexpr Unsigned<T> lift = 4 * (Bits<T>::bias + 1);  // makes n positive: a shift without sign halves it
  Unsigned<T> half = ((n + lift) >> 1) - lift / 2;
  return {power_of_two<T>(half), power_of_two<T>(n - half)};
}

}  // namespace detail

/// e^x.
template <class T> CHAINRULE_HD inline T exp(T x) {
  detail::Reduced<T> e =
      detail::reduce_exp(detail::at_most(detail::at_least(x, detail::Bits<T>::exp_low), detail::Bits<T>::exp_high));
  detail::Scale<T> scale = detail::any_power_of_two<T>(e.exponent);
  return (T(1) + e.expm1) * scale.first * scale.second;
}

/// e^x - 1, accurate for small x.
template <class T> CHAINRULE_HD inline T expm1(T x) {
  using B = detail::Bits<T>;
  constexpr T low = detail::is_float<T> ? T(-25) : T(-45), tiny = Limits<T>::epsilon / 4;
  detail::Reduced<T> e = detail::reduce_exp(detail::at_most(detail::at_least(x, low), B::exp_high));
  T half_power = detail::power_of_two<T>(e.exponent - 1);
  T value = T(2) * (half_power * e.expm1 + (half_power - T(0.5)));
  return select(detail::magnitude(x) < tiny, x, value);
}

/// The natural logarithm: -infinity at 0, NaN below.
template <class T> CHAINRULE_HD inline T log(T x) {
  constexpr T smallest = Limits<T>::smallest, infinity = Limits<T>::infinity, nan = Limits<T>::nan;
  constexpr int lift = detail::Bits<T>::mantissa + 2;
  bool subnormal = x < smallest;
  T value =
      detail::log_normal(select(subnormal, x * T(std::uint64_t{1} << lift), x), select(subnormal, T(-lift), T(0)));
  value = select(x < infinity, value, x);  // infinity and NaN
  value = select(x == T(0), -infinity, value);
  return select(x < T(0), nan, value);
}

/// log(1 + x), accurate for small x.
template <class T> CHAINRULE_HD inline T log1p(T x) {
  constexpr T infinity = Limits<T>::infinity, nan = Limits<T>::nan, tiny = Limits<T>::epsilon / 4;
  T u = T(1) + x, part = u - T(1), lost = (T(1) - (u - part)) + (x - part);  // u + lost = 1 + x exactly
  T value = detail::log_normal(u, T(0)) + lost / u;
  value = select(u < infinity, value, u);
  value = select(x == T(-1), -infinity, value);
  value = select(x < T(-1), nan, value);
  return select(detail::magnitude(x) < tiny, x, value);
}

/// The hyperbolic tangent.
template <class T> CHAINRULE_HD inline T tanh(T x) {
  constexpr T one_from = detail::is_float<T> ? T(10) : T(20);
  T t = detail::magnitude(x), z = t * t, p;
  if constexpr (detail::is_float<T>)
    p = detail::polynomial(z, -0.3333328f, 0.13331416f, -0.053737808f, 0.020633524f, -0.005699441f);
  else
    p = detail::polynomial(z, -0.33333333333333315, 0.13333333333329975, -0.05396825396615956, 0.021869488471008537,
                           -0.008863234344002938, 0.003592114277045841, -0.0014557275745392, 0.0005894582112402293,
                           -0.00023702850663769853, 9.158633598006078e-05, -3.0213982390952092e-05,
                           6.053709091735653e-06);
  T small = t + t * (z * p);
  T large = T(1) - T(2) / (detail::exp_moderate(T(2) * detail::at_most(t, one_from)) + T(1));
  return detail::with_sign_of(select(t < T(0.625), small, large), x);
}

/// The logistic function, 1 / (1 + e^-x).
template <class T> CHAINRULE_HD inline T sigmoid(T x) {
  detail::Reduced<T> e = detail::reduce_exp(
      detail::at_least(-detail::magnitude(x), detail::Bits<T>::exp_low));  // of e^-|x|: nothing overflows
  detail::Scale<T> scale = detail::any_power_of_two<T>(e.exponent);
  T power = scale.first * scale.second, most = T(1) + power, sum = most + power * e.expm1;  // 1 + e^-|x|
  T lost = power * e.expm1 - (sum - most), q = select(x < T(0), power, T(1)) / sum;
  return select(x < T(0), q + q * (e.expm1 - T(0.5) * lost), q);  // most of what the sum lost
}

/// The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x.
template <class T> CHAINRULE_HD inline T erf(T x) {
  constexpr T split = detail::is_float<T> ? T(0.9) : T(1), one_from = detail::is_float<T> ? T(4) : T(6);
  T t = detail::magnitude(x), z = t * t, p, q;
  T capped = detail::at_most(t, one_from);
  if constexpr (detail::is_float<T>) {
    p = detail::polynomial(z, 0.12837917f, -0.3761263f, 0.11283624f, -0.026855556f, 0.0051917294f, -0.0008039298f,
                           7.940367e-05f);
    q = detail::polynomial(capped, 0.00016627886f, 1.1277953f, 0.6369842f, 0.10410161f, -0.022306683f, 0.0030625553f,
                           -0.00019782169f);
  } else {
    p = detail::polynomial(z, 0.1283791670955126, -0.37612638903184104, 0.1128379167097152, -0.026866170648131297,
                           0.005223977653820312, -0.0008548328607945686, 0.00012055389060478077,
                           -1.4926955519407046e-05, 1.6482323613246414e-06, -1.6571301163550053e-07,
                           1.611339468961026e-08, -1.6869660785432646e-09, 1.5057000844662072e-10);
    q = detail::polynomial(capped, 1.7038871201856433e-07, 1.128377418424327, 0.6366280875610681, 0.10274837078688089,
                           -0.019080317926386023, -0.0002774094424538215, 0.0017656538532768496, -0.0006383342376210928,
                           4.291849343003364e-05, 7.13841429344839e-05, -4.547158808156976e-05, 1.6661543126786033e-05,
                           -4.366713773814556e-06, 8.588900421481122e-07, -1.2703443895928175e-07,
                           1.3783119321205908e-08, -1.0384525520416706e-09, 4.8603172822057277e-11,
                           -1.0646995600761765e-12);
  }
  T large = T(1) - detail::exp_moderate(-q);  // q fits -log(1 - erf)
  return detail::with_sign_of(select(t < split, t + t * p, large), x);
}

/// The square root, correctly rounded.
CHAINRULE_HD inline float sqrt(float x) { return ::sqrtf(x); }
CHAINRULE_HD inline double sqrt(double x) { return ::sqrt(x); }

/// Where sin_near and cos_near hold: farther out the argument's reduction takes more bits than they carry.
template <class T> CHAINRULE_HD inline bool is_near(T x) {
  return detail::magnitude(x) < (detail::is_float<T> ? T(1e4) : T(1e6));
}

namespace detail {

/// sin(x + quarters * pi / 2) for near x. pi / 2 comes in parts so short that n times a part is exact.
template <class T> CHAINRULE_HD inline T sin_shifted(T x, unsigned quarters) {
  T shifted = x * T(0.6366197723675814) + Bits<T>::round, n = shifted - Bits<T>::round;
  Unsigned<T> quadrant = to_bits(shifted) + quarters;
  T s, c;
  if constexpr (is_float<T>) {
    T a = (x - n * 1.5703125f) - n * 0.00048351287841796875f, w = n * 3.1385570764541626e-07f, b = a - w;
    T r = b + (((a - b) - w) - n * 6.0771006e-11f), z = r * r;
    s = r + r * (z * polynomial(z, -0.16666655f, 0.008332191f, -0.00019518576f));
    c = 1.0f + z * (-0.5f + z * polynomial(z, 0.041666646f, -0.0013887305f, 2.4431458e-05f));
  } else {
    T a = x - n * 1.5707963267341256, w = n * 6.077100506303966e-11, b = a - w,
      tail = ((a - b) - w) - n * 2.0222662487959506e-21;
    T r = b + tail, z = r * r, low = (b - r) + tail;  // r + low is the reduced argument
    s = r + (r * (z * polynomial(z, -0.16666666666666632, 0.008333333333322476, -0.00019841269829831994,
                                 2.755731369389591e-06, -2.5050757740690594e-08, 1.5896747737172662e-10)) +
             low * (1.0 - 0.5 * z));
    T h = 0.5 * z, one_less = 1.0 - h;
    c = one_less + (((1.0 - one_less) - h) +
                    (z * z *
                         polynomial(z, 0.0416666666666666, -0.001388888888887447, 2.4801587289668454e-05,
                                    -2.7557314399759363e-07, 2.087572900372868e-09, -1.1359912665893816e-11) -
                     r * low));
  }
  T value = select((quadrant & 1) != 0, c, s);
  return from_bits<T>(to_bits(value) ^ ((quadrant & 2) << (8 * sizeof(T) - 2)));
}

}  // namespace detail

/// Sine and cosine of near x, without a branch.
template <class T> CHAINRULE_HD inline T sin_near(T x) { return select(x == T(0), x, detail::sin_shifted(x, 0)); }
template <class T> CHAINRULE_HD inline T cos_near(T x) { return detail::sin_shifted(x, 1); }

/// Sine and cosine of any x.
template <class T> CHAINRULE_HD inline T sin(T x) { return is_near(x) ? sin_near(x) : std::sin(x); }
template <class T> CHAINRULE_HD inline T cos(T x) { return is_near(x) ? cos_near(x) : std::cos(x); }

}  // namespace chainrule::math

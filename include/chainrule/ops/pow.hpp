#pragma once
// pow: x to a power.

#include <chainrule/ops/abs.hpp>
#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/log.hpp>
#include <chainrule/ops/logical.hpp>
#include <chainrule/ops/masked_fill.hpp>
#include <chainrule/ops/sqrt.hpp>
#include <chainrule/ops/square.hpp>
#include <chainrule/ops/sub.hpp>
#include <cmath>
#include <limits>

namespace chainrule {

namespace fn {

struct Pow {
  static constexpr auto name = "pow";
  template <class T> CHAINRULE_HD T operator()(T x, T e) const {
    if constexpr (Real<T>) {
      return std::pow(x, e);
    } else {  // by repeated squaring; wraps around like any integer product
      if (std::is_signed_v<T> && e < T(0))
        return static_cast<T>(x == T(1) ? 1 : static_cast<T>(x + 1) == T(0) ? (e % 2 != 0 ? -1 : 1) : 0);
      std::uint64_t result = 1, base = static_cast<std::uint64_t>(x);
      for (auto n = static_cast<std::uint64_t>(e); n > 0; n /= 2, base *= base)
        if (n % 2 != 0) result *= base;
      return static_cast<T>(result);
    }
  }
};
struct Cube {
  static constexpr auto name = "pow";
  template <class T> CHAINRULE_HD T operator()(T x) const { return x * x * x; }
};

}  // namespace fn

namespace detail {

/// x^e for a number e, unrecorded; the common powers without std::pow.
template <class T> Tensor<T> pow_number(const Tensor<T>& x, T e, Location at) {
  if constexpr (Real<T>) {
    if (e == T(2)) return map(fn::Square{}, at, x);
    if (e == T(3)) return map(fn::Cube{}, at, x);
    if (e == T(0.5)) return map(fn::Sqrt{}, at, x);
    if (e == T(-0.5)) return map(fn::Rsqrt{}, at, x);
  }
  return map(fn::BindRight{fn::Pow{}, e}, at, x);
}

}  // namespace detail

// Either operand may be a number.
template <class T> Tensor<T> pow(Operand<T> a, Operand<T> b, Location at) {
  static_assert(!std::same_as<T, bool>, "pow: expects numbers, not bool; convert first: x.to<float>()");
  if (!b.tensor) {
    const Tensor<T>& x = *a.tensor;
    if constexpr (Integer<T> && std::is_signed_v<T>)
      check(b.scalar >= 0, at, "pow: an integer tensor to the power of ", b.scalar,
            " is no integer; convert it first: x.to<float>()");
    return record(
        "pow", detail::pow_number(x, b.scalar, at), {x}, keep(x),
        [e = b.scalar](const Tensor<T>& g, const Tensor<T>& v) {
          if (e == T(0)) return Grads{zeros_like(g)};
          if (e == T(1)) return Grads{g};
          return Grads{g * (e * (e == T(2) ? v : pow(v, e - T(1))))};
        },
        at);
  }
  const Tensor<T>& y = *b.tensor;
  if constexpr (!Real<T>) {
    if (!a.tensor) return record("pow", map(fn::BindLeft{fn::Pow{}, a.scalar}, at, y), {y}, detail::NoRule{}, at);
    return record("pow", map(fn::Pow{}, at, *a.tensor, y), {*a.tensor, y}, detail::NoRule{}, at);
  } else {
    if (!a.tensor)
      return record(
          "pow", map(fn::BindLeft{fn::Pow{}, a.scalar}, at, y), {y}, keep(y, this_value),
          [base = a.scalar](const Tensor<T>& g, const Tensor<T>& e, const Tensor<T>& z) {
            Tensor<T> grad = g * (z * std::log(base));
            return Grads{base == T(0) ? masked_fill(grad, e >= 0, 0) : grad};
          },
          at);
    return record(
        "pow", map(fn::Pow{}, at, *a.tensor, y), {*a.tensor, y}, keep(*a.tensor, y, this_value),
        [](const Tensor<T>& g, Needs need, const Tensor<T>& x, const Tensor<T>& e, const Tensor<T>& z) {
          // Where a factor is infinite beside a 0, x is replaced by 1: the product is 0 there, in higher derivatives
          // too.
          Grads grads;
          if (need[0]) {
            Tensor<T> base = masked_fill(x, (e == 0) & !(abs(x) >= std::numeric_limits<T>::min()), 1);
            grads.push_back(g * (e * pow(base, e - 1)));
          } else {
            grads.push_back(Tensor<T>());
          }
          grads.push_back(need[1] ? g * (z * log(masked_fill(x, (x == 0) & (e >= 0), 1))) : Tensor<T>());
          return grads;
        },
        at);
  }
}

/// x^exponent, element by element; the exponent is a number or a tensor (shapes broadcast), and x may be a number if
/// the exponent is a tensor. Any element type but bool. Integers multiply and wrap around; to a negative power they
/// give 0, but for 1 and -1.
/// Gradient: g e x^(e-1) for x, and 0 where e = 0; g x^e log(x) for e, and 0 where x = 0 and e >= 0. Source: torch.pow.
/// Throws when the shapes do not broadcast, or for an integer tensor to the power of a negative number.
///     pow(tensor({1, 2, 3}), 2)           // {1, 4, 9}
///     pow(2, tensor({0, 1, -1}))          // {1, 2, 0.5}
template <class T>
Tensor<T> pow(const Tensor<T>& x, std::type_identity_t<Operand<T>> exponent, Location at = Location::here()) {
  return pow(Operand<T>(x, at), exponent, at);
}
template <Arithmetic N, class T> Tensor<T> pow(N x, const Tensor<T>& exponent, Location at = Location::here()) {
  return pow(Operand<T>(x, at), Operand<T>(exponent, at), at);
}

template <class T> Tensor<T> Tensor<T>::pow(Operand<T> exponent, Location at) const {
  return chainrule::pow(Operand<T>(*this, at), exponent, at);
}

}  // namespace chainrule

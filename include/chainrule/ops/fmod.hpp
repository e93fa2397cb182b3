#pragma once
// fmod and remainder: what a division leaves, with the sign of the dividend or of the divisor.

#include <chainrule/ops/any.hpp>
#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/neg.hpp>
#include <cmath>

namespace chainrule {

namespace fn {

struct Fmod {
  static constexpr auto name = "fmod";
  template <class T> CHAINRULE_HD T operator()(T a, T b) const {
    if constexpr (Real<T>) return std::fmod(a, b);
    else return b + T(1) == T(0) || b == T(0) ? T(0) : static_cast<T>(a % b);  // % -1 overflows for the lowest number
  }
};
struct Remainder {
  static constexpr auto name = "remainder";
  template <class T> CHAINRULE_HD T operator()(T a, T b) const {
    const T r = Fmod{}(a, b);
    return r != T(0) && (r < T(0)) != (b < T(0)) ? static_cast<T>(r + b) : r;
  }
};

/// The whole number q of a - b q, in floating point: from the rest, since a / b itself may round across a whole number.
template <class F> struct Quotient {
  static constexpr auto name = F::name;
  template <class T> CHAINRULE_HD T operator()(T a, T b) const {
    if (b == T(0)) return a / b;
    const T rest = std::fmod(a, b), q = std::round((a - rest) / b);
    return std::is_same_v<F, Remainder> && rest != T(0) && (rest < T(0)) != (b < T(0)) ? q - T(1) : q;
  }
};

}  // namespace fn

namespace detail {

/// a - b q, where q is the quotient cut (fmod) or rounded down (remainder) to a whole number.
template <class F, class T> Tensor<T> rest_of_division(const Tensor<T>& a, Operand<T> b, Location at) {
  static_assert(!std::same_as<T, bool>, "fmod, remainder: expect numbers, not bool");
  constexpr auto op = F::name;
  if constexpr (!Real<T>) {
    check(b.tensor ? !any(*b.tensor == T(0), at).item(at) : b.scalar != T(0), at, op, ": division of integers by 0");
    return b.tensor ? map(F{}, at, a, *b.tensor) : map(fn::BindRight{F{}, b.scalar}, at, a);
  } else {
    if (!b.tensor)
      return record(
          op, map(fn::BindRight{F{}, b.scalar}, at, a), {a}, [](const Tensor<T>& g) { return Grads{g}; }, at);
    return record(
        op, map(F{}, at, a, *b.tensor), {a, *b.tensor}, keep(a, *b.tensor),
        [](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& q) {
          if (!need[1]) return Grads{g, Tensor<T>()};
          return Grads{g, -(g * map(fn::Quotient<F>{}, {}, p, q))};  // a constant
        },
        at);
  }
}

}  // namespace detail

/// a - b trunc(a / b), with the sign of a, as fmod and % in C; b is a tensor or a number; shapes broadcast. Any element
/// type but bool. Gradient: g for a, -g q for b, q being the whole number that the result was computed with. Source:
/// torch.fmod. By 0: NaN; throws for integers.
///     fmod(tensor({-3, 3}), 2)   // {-1, 1}
template <class T>
Tensor<T> fmod(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return detail::rest_of_division<fn::Fmod>(a, b, at);
}
/// a - b floor(a / b), with the sign of b, as % in Python; the rules of fmod otherwise. Source: torch.remainder.
///     remainder(tensor({-3, 3}), 2)   // {1, 1}
template <class T>
Tensor<T> remainder(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return detail::rest_of_division<fn::Remainder>(a, b, at);
}
/// For a % b: either side may be a number.
template <class T> Tensor<T> remainder(Operand<T> a, Operand<T> b, Location at) {
  if (a.tensor) return remainder(*a.tensor, b, at);
  Tensor<T> number = detail::allocate<T>({}, b.tensor->device(), "remainder", at);
  number.fill_(a.scalar, at);
  return remainder(number, b, at);
}

template <class T> Tensor<T> Tensor<T>::fmod(Operand<T> other, Location at) const {
  return chainrule::fmod(*this, other, at);
}
template <class T> Tensor<T> Tensor<T>::remainder(Operand<T> other, Location at) const {
  return chainrule::remainder(*this, other, at);
}

}  // namespace chainrule

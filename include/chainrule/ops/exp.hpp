#pragma once
// exp: e^x.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/mul.hpp>

namespace chainrule {

namespace fn {

struct Exp {
  static constexpr auto name = "exp";
  template <class T> CHAINRULE_HD T operator()(T x) const { return math::exp(x); }
};
struct Exp2 {
  static constexpr auto name = "exp2";
  template <class T> CHAINRULE_HD T operator()(T x) const { return std::exp2(x); }
};
struct Expm1 {
  static constexpr auto name = "expm1";
  template <class T> CHAINRULE_HD T operator()(T x) const { return math::expm1(x); }
};

}  // namespace fn

/// e^x, element by element. float and double.
/// Gradient: g e^x. Source: torch.exp.
///     exp(tensor({0, 1}))   // {1, 2.7183}
template <class T> Tensor<T> exp(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "exp: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "exp", map(fn::Exp{}, at, x), {x}, keep(this_value),
      [](const Tensor<T>& g, const Tensor<T>& y) { return Grads{g * y}; }, at);
}

/// 2^x, element by element. float and double.
/// Gradient: g y log 2. Source: torch.exp2.
///     exp2(tensor({0, 3}))   // {1, 8}
template <class T> Tensor<T> exp2(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "exp2: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "exp2", map(fn::Exp2{}, at, x), {x}, keep(this_value),
      [](const Tensor<T>& g, const Tensor<T>& y) { return Grads{g * y * T(0.693147180559945309417)}; }, at);
}

/// e^x - 1, element by element, exact for x near 0 where e^x would round to 1. float and double.
/// Gradient: g e^x = g (y + 1). Source: torch.expm1.
///     expm1(tensor({0, 1e-10}))   // {0, 1e-10}
template <class T> Tensor<T> expm1(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "expm1: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "expm1", map(fn::Expm1{}, at, x), {x}, keep(this_value),
      [](const Tensor<T>& g, const Tensor<T>& y) { return Grads{g * (y + 1)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::exp(Location at) const { return chainrule::exp(*this, at); }
template <class T> Tensor<T> Tensor<T>::exp2(Location at) const { return chainrule::exp2(*this, at); }
template <class T> Tensor<T> Tensor<T>::expm1(Location at) const { return chainrule::expm1(*this, at); }

}  // namespace chainrule

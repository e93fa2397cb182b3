#pragma once
// sinh and cosh. (tanh: ops/tanh.hpp.)

#include <chainrule/core/binary.hpp>
#include <chainrule/ops/mul.hpp>
#include <cmath>

namespace chainrule {

namespace fn {

struct Sinh {
  static constexpr auto name = "sinh";
  template <class T> CHAINRULE_HD T operator()(T x) const { return std::sinh(x); }
};
struct Cosh {
  static constexpr auto name = "cosh";
  template <class T> CHAINRULE_HD T operator()(T x) const { return std::cosh(x); }
};

}  // namespace fn

template <class T> Tensor<T> cosh(const Tensor<T>& x, Location at = Location::here());

/// (e^x - e^-x) / 2, element by element. float and double.
/// Gradient: g cosh(x). Source: torch.sinh.
///     sinh(tensor({0, 1}))   // {0, 1.1752}
template <class T> Tensor<T> sinh(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "sinh: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "sinh", map(fn::Sinh{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g * cosh(v)}; }, at);
}

/// (e^x + e^-x) / 2, element by element. float and double.
/// Gradient: g sinh(x). Source: torch.cosh.
///     cosh(tensor({0, 1}))   // {1, 1.5431}
template <class T> Tensor<T> cosh(const Tensor<T>& x, Location at) {
  static_assert(Real<T>, "cosh: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "cosh", map(fn::Cosh{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g * sinh(v)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::sinh(Location at) const { return chainrule::sinh(*this, at); }
template <class T> Tensor<T> Tensor<T>::cosh(Location at) const { return chainrule::cosh(*this, at); }

}  // namespace chainrule

#pragma once
// asin, acos, atan: the angle, in radians.

#include <chainrule/core/binary.hpp>
#include <chainrule/ops/add.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/neg.hpp>
#include <chainrule/ops/sqrt.hpp>
#include <chainrule/ops/sub.hpp>
#include <cmath>

namespace chainrule {

namespace fn {

struct Asin {
  static constexpr auto name = "asin";
  template <class T> CHAINRULE_HD T operator()(T x) const { return std::asin(x); }
};
struct Acos {
  static constexpr auto name = "acos";
  template <class T> CHAINRULE_HD T operator()(T x) const { return std::acos(x); }
};
struct Atan {
  static constexpr auto name = "atan";
  template <class T> CHAINRULE_HD T operator()(T x) const { return std::atan(x); }
};

}  // namespace fn

/// The angle between -pi/2 and pi/2 whose sine is x, element by element; NaN outside of [-1, 1]. float and double.
/// Gradient: g / sqrt(1 - x^2). Source: torch.asin.
///     asin(tensor({0, 1}))   // {0, 1.5708}
template <class T> Tensor<T> asin(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "asin: expects a float or double tensor; convert first: x.to<float>()");
  return record("asin", map(fn::Asin{}, at, x), {x}, keep(x), [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g * rsqrt((1 - v) * (1 + v))}; }, at);
}

/// The angle between 0 and pi whose cosine is x, element by element; NaN outside of [-1, 1]. float and double.
/// Gradient: -g / sqrt(1 - x^2). Source: torch.acos.
///     acos(tensor({1, 0}))   // {0, 1.5708}
template <class T> Tensor<T> acos(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "acos: expects a float or double tensor; convert first: x.to<float>()");
  return record("acos", map(fn::Acos{}, at, x), {x}, keep(x), [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{-(g * rsqrt((1 - v) * (1 + v)))}; }, at);
}

/// The angle between -pi/2 and pi/2 whose tangent is x, element by element. float and double.
/// Gradient: g / (1 + x^2). Source: torch.atan.
///     atan(tensor({0, 1}))   // {0, 0.7854}
template <class T> Tensor<T> atan(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "atan: expects a float or double tensor; convert first: x.to<float>()");
  return record("atan", map(fn::Atan{}, at, x), {x}, keep(x), [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g / (v * v + 1)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::asin(Location at) const { return chainrule::asin(*this, at); }
template <class T> Tensor<T> Tensor<T>::acos(Location at) const { return chainrule::acos(*this, at); }
template <class T> Tensor<T> Tensor<T>::atan(Location at) const { return chainrule::atan(*this, at); }

}  // namespace chainrule

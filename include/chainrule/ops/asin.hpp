#pragma once
// asin, acos, atan: the angle, in radians.

#include <chainrule/core/binary.hpp>
#include <chainrule/core/math.hpp>
#include <chainrule/ops/add.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/neg.hpp>
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

struct ArcSlope {
  static constexpr auto name = "asin_grad";
  template <class T> CHAINRULE_HD T operator()(T x) const { return T(1) / math::sqrt((T(1) - x) * (T(1) + x)); }
};

}  // namespace fn

namespace detail {

/// 1 / sqrt(1 - x^2) as an op of its own: its gradient is infinite at 1 and -1, not NaN.
template <class T> Tensor<T> arc_slope(const Tensor<T>& x, Location at = Location::here()) {
  return record(
      "asin_grad", map(fn::ArcSlope{}, at, x), {x}, keep(x, this_value),
      [](const Tensor<T>& g, const Tensor<T>& v, const Tensor<T>& y) { return Grads{g * (v * (y * y * y))}; }, at);
}

}  // namespace detail

/// The angle between -pi/2 and pi/2 whose sine is x, element by element; NaN outside of [-1, 1]. float and double.
/// Gradient: g / sqrt(1 - x^2). Source: torch.asin.
///     asin(tensor({0, 1}))   // {0, 1.5708}
template <class T> Tensor<T> asin(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "asin: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "asin", map(fn::Asin{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g * detail::arc_slope(v)}; }, at);
}

/// The angle between 0 and pi whose cosine is x, element by element; NaN outside of [-1, 1]. float and double.
/// Gradient: -g / sqrt(1 - x^2). Source: torch.acos.
///     acos(tensor({1, 0}))   // {0, 1.5708}
template <class T> Tensor<T> acos(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "acos: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "acos", map(fn::Acos{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{-(g * detail::arc_slope(v))}; }, at);
}

/// The angle between -pi/2 and pi/2 whose tangent is x, element by element. float and double.
/// Gradient: g / (1 + x^2). Source: torch.atan.
///     atan(tensor({0, 1}))   // {0, 0.7854}
template <class T> Tensor<T> atan(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "atan: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "atan", map(fn::Atan{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g / (v * v + 1)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::asin(Location at) const { return chainrule::asin(*this, at); }
template <class T> Tensor<T> Tensor<T>::acos(Location at) const { return chainrule::acos(*this, at); }
template <class T> Tensor<T> Tensor<T>::atan(Location at) const { return chainrule::atan(*this, at); }

}  // namespace chainrule

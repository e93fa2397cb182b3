#pragma once
// sin and cos, in radians.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/neg.hpp>

namespace chainrule {

namespace fn {

struct Sin {
  static constexpr auto name = "sin";
  template <class T> CHAINRULE_HD T operator()(T x) const { return math::sin(x); }
  template <class T> CHAINRULE_HD bool near(T x) const { return math::is_near(x); }
  template <class T> CHAINRULE_HD T at_near(T x) const { return math::sin_near(x); }
};
struct Cos {
  static constexpr auto name = "cos";
  template <class T> CHAINRULE_HD T operator()(T x) const { return math::cos(x); }
  template <class T> CHAINRULE_HD bool near(T x) const { return math::is_near(x); }
  template <class T> CHAINRULE_HD T at_near(T x) const { return math::cos_near(x); }
};
struct Tan {
  static constexpr auto name = "tan";
  template <class T> CHAINRULE_HD T operator()(T x) const { return std::tan(x); }
};

}  // namespace fn

template <class T> Tensor<T> cos(const Tensor<T>& x, Location at = Location::here());

/// sin(x), element by element. float and double.
/// Gradient: g cos(x). Source: torch.sin.
///     sin(tensor({0, 1.5707963}))   // {0, 1}
template <class T> Tensor<T> sin(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "sin: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "sin", map(fn::Sin{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g * cos(v)}; }, at);
}

/// cos(x), element by element. float and double.
/// Gradient: -g sin(x). Source: torch.cos.
///     cos(tensor({0, 3.1415927}))   // {1, -1}
template <class T> Tensor<T> cos(const Tensor<T>& x, Location at) {
  static_assert(Real<T>, "cos: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "cos", map(fn::Cos{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{-(g * sin(v))}; }, at);
}

/// tan(x) = sin(x) / cos(x), x in radians, element by element. float and double.
/// Gradient: g (1 + y^2). Source: torch.tan.
///     tan(tensor({0, 0.78539816}))   // {0, 1}
template <class T> Tensor<T> tan(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "tan: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "tan", map(fn::Tan{}, at, x), {x}, keep(this_value),
      [](const Tensor<T>& g, const Tensor<T>& y) { return Grads{g * (y * y + 1)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::sin(Location at) const { return chainrule::sin(*this, at); }
template <class T> Tensor<T> Tensor<T>::cos(Location at) const { return chainrule::cos(*this, at); }
template <class T> Tensor<T> Tensor<T>::tan(Location at) const { return chainrule::tan(*this, at); }

}  // namespace chainrule

#pragma once
// sqrt and rsqrt: the square root and one over it.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/div.hpp>

namespace chainrule {

namespace fn {

struct Sqrt {
  static constexpr auto name = "sqrt";
  template <class T> CHAINRULE_HD T operator()(T x) const { return math::sqrt(x); }
};
struct Rsqrt {
  static constexpr auto name = "rsqrt";
  template <class T> CHAINRULE_HD T operator()(T x) const { return T(1) / math::sqrt(x); }
};

}  // namespace fn

/// The square root, element by element. float and double. NaN for negative numbers.
/// Gradient: g / (2 sqrt(x)), infinite at 0. Source: torch.sqrt.
///     sqrt(tensor({0, 4, 9}))   // {0, 2, 3}
template <class T> Tensor<T> sqrt(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "sqrt: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "sqrt", map(fn::Sqrt{}, at, x), {x}, keep(this_value),
      [](const Tensor<T>& g, const Tensor<T>& y) { return Grads{g / (y * 2)}; }, at);
}

/// 1 / sqrt(x), element by element. float and double. Infinite at 0, NaN for negative numbers.
/// Gradient: -g x^(-3/2) / 2. Source: torch.rsqrt.
///     rsqrt(tensor({1, 4}))   // {1, 0.5}
template <class T> Tensor<T> rsqrt(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "rsqrt: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "rsqrt", map(fn::Rsqrt{}, at, x), {x}, keep(this_value),
      [](const Tensor<T>& g, const Tensor<T>& y) { return Grads{g * (y * y * y) * -0.5}; }, at);
}

template <class T> Tensor<T> Tensor<T>::sqrt(Location at) const { return chainrule::sqrt(*this, at); }
template <class T> Tensor<T> Tensor<T>::rsqrt(Location at) const { return chainrule::rsqrt(*this, at); }

}  // namespace chainrule

#pragma once
// reciprocal: 1 / x.

#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/neg.hpp>

namespace chainrule {

namespace fn {

struct Reciprocal {
  static constexpr auto name = "reciprocal";
  template <class T> CHAINRULE_HD T operator()(T x) const { return T(1) / x; }
};

}  // namespace fn

/// 1 / x, element by element. float and double. Infinite at 0.
/// Gradient: -g / x^2. Source: torch.reciprocal.
///     reciprocal(tensor({1, 2, -4}))   // {1, 0.5, -0.25}
template <class T> Tensor<T> reciprocal(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "reciprocal: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "reciprocal", map(fn::Reciprocal{}, at, x), {x}, keep(this_value),
      [](const Tensor<T>& g, const Tensor<T>& y) { return Grads{-(g * (y * y))}; }, at);
}

template <class T> Tensor<T> Tensor<T>::reciprocal(Location at) const { return chainrule::reciprocal(*this, at); }

}  // namespace chainrule

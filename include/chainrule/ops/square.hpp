#pragma once
// square: x * x.

#include <chainrule/ops/mul.hpp>

namespace chainrule {

namespace fn {

struct Square {
  static constexpr auto name = "square";
  template <class T> CHAINRULE_HD T operator()(T x) const { return static_cast<T>(x * x); }
};

}  // namespace fn

/// x^2, element by element. Any element type.
/// Gradient: 2 g x. Source: torch.square.
///     square(tensor({-3, 0, 2}))   // {9, 0, 4}
template <class T> Tensor<T> square(const Tensor<T>& x, Location at = Location::here()) {
  return record(
      "square", map(fn::Square{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g * (v * 2)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::square(Location at) const { return chainrule::square(*this, at); }

}  // namespace chainrule

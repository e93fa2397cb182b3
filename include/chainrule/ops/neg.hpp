#pragma once
// neg: -x.

#include <chainrule/core/binary.hpp>

namespace chainrule {

namespace fn {

struct Neg {
  static constexpr auto name = "neg";
  template <class T> CHAINRULE_HD T operator()(T x) const { return static_cast<T>(-x); }
};

}  // namespace fn

/// -x, element by element: what the operator - calls. Any element type but bool; uint8 wraps around.
/// Gradient: -g. Source: torch.neg.
///     neg(tensor({-1, 0, 2}))   // {1, -0, -2}
template <class T> Tensor<T> neg(const Tensor<T>& x, Location at) {
  static_assert(!std::same_as<T, bool>,
                "neg: a bool tensor has no negative; use logical_not(x) or !x, or convert first: x.to<float>()");
  return record(
      "neg", map(fn::Neg{}, at, x), {x}, [](const Tensor<T>& g) { return Grads{neg(g)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::neg(Location at) const { return chainrule::neg(*this, at); }

}  // namespace chainrule

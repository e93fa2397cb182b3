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

}  // namespace fn

/// e^x, element by element. float and double.
/// Gradient: g e^x. Source: torch.exp.
///     exp(tensor({0, 1}))   // {1, 2.7183}
template <class T> Tensor<T> exp(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "exp: expects a float or double tensor; convert first: x.to<float>()");
  return record("exp", map(fn::Exp{}, at, x), {x}, keep(this_value), [](const Tensor<T>& g, const Tensor<T>& y) { return Grads{g * y}; }, at);
}

template <class T> Tensor<T> Tensor<T>::exp(Location at) const { return chainrule::exp(*this, at); }

}  // namespace chainrule

#pragma once
// tanh: the hyperbolic tangent.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/mul.hpp>

namespace chainrule {

namespace fn {

struct Tanh {
  static constexpr auto name = "tanh";
  template <class T> CHAINRULE_HD T operator()(T x) const { return math::tanh(x); }
};
struct TanhGrad {
  static constexpr auto name = "tanh_grad";
  template <class T> CHAINRULE_HD T operator()(T g, T y) const { return g * (T(1) - y * y); }
};

}  // namespace fn

/// The gradient of tanh from its result y, in one pass: g (1 - y^2). Its own gradient: that again for g, -2 g y for y.
template <class T> Tensor<T> tanh_grad(const Tensor<T>& g, const Tensor<T>& y, Location at = Location::here()) {
  return record(
      "tanh_grad", map(fn::TanhGrad{}, at, g, y), {g, y}, keep(g, y),
      [](const Tensor<T>& gg, Needs need, const Tensor<T>& p, const Tensor<T>& v) {
        return Grads{need[0] ? tanh_grad(gg, v) : Tensor<T>(), need[1] ? gg * p * v * -2 : Tensor<T>()};
      },
      at);
}

/// tanh(x) = (e^x - e^-x) / (e^x + e^-x), element by element, between -1 and 1. float and double.
/// Gradient: g (1 - tanh(x)^2). Source: torch.tanh.
///     tanh(tensor({0, 1}))   // {0, 0.7616}
template <class T> Tensor<T> tanh(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "tanh: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "tanh", map(fn::Tanh{}, at, x), {x}, keep(this_value),
      [](const Tensor<T>& g, const Tensor<T>& y) { return Grads{tanh_grad(g, y)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::tanh(Location at) const { return chainrule::tanh(*this, at); }

}  // namespace chainrule

#pragma once
// sigmoid: the logistic function.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/sub.hpp>

namespace chainrule {

namespace fn {

struct Sigmoid {
  static constexpr auto name = "sigmoid";
  template <class T> CHAINRULE_HD T operator()(T x) const { return math::sigmoid(x); }
};
struct SigmoidGrad {
  static constexpr auto name = "sigmoid_grad";
  template <class T> CHAINRULE_HD T operator()(T g, T y) const { return g * y * (T(1) - y); }
};

}  // namespace fn

/// The gradient of sigmoid from its result y, in one pass: g y (1 - y). Its own gradient: that again for g, g (1 - 2y)
/// for y.
template <class T> Tensor<T> sigmoid_grad(const Tensor<T>& g, const Tensor<T>& y, Location at = Location::here()) {
  return record(
      "sigmoid_grad", map(fn::SigmoidGrad{}, at, g, y), {g, y}, keep(g, y),
      [](const Tensor<T>& gg, Needs need, const Tensor<T>& p, const Tensor<T>& v) {
        return Grads{need[0] ? sigmoid_grad(gg, v) : Tensor<T>(), need[1] ? gg * p * (1 - 2 * v) : Tensor<T>()};
      },
      at);
}

/// sigmoid(x) = 1 / (1 + e^-x), element by element, between 0 and 1. float and double.
/// Gradient: g y (1 - y), y the result. Source: torch.sigmoid.
///     sigmoid(tensor({-1, 0, 1}))   // {0.2689, 0.5, 0.7311}
template <class T> Tensor<T> sigmoid(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "sigmoid: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "sigmoid", map(fn::Sigmoid{}, at, x), {x}, keep(this_value),
      [](const Tensor<T>& g, const Tensor<T>& y) { return Grads{sigmoid_grad(g, y)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::sigmoid(Location at) const { return chainrule::sigmoid(*this, at); }

}  // namespace chainrule

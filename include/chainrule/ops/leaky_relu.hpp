#pragma once
// leaky_relu: relu with a small slope below zero.

#include <chainrule/core/binary.hpp>

namespace chainrule {

namespace fn {

template <class T> struct LeakyRelu {
  static constexpr auto name = "leaky_relu";
  T slope;
  CHAINRULE_HD T operator()(T x) const { return x > T(0) ? x : x * slope; }
};
template <class T> struct LeakyReluGrad {
  static constexpr auto name = "leaky_relu_grad";
  T slope;
  CHAINRULE_HD T operator()(T g, T x) const { return x > T(0) ? g : g * slope; }
};

}  // namespace fn

/// The gradient of leaky_relu as an op of its own: g where x > 0, else negative_slope g. Its own gradient: the same of
/// the new g.
template <class T>
Tensor<T> leaky_relu_grad(const Tensor<T>& g, const Tensor<T>& x, double negative_slope,
                          Location at = Location::here()) {
  return record(
      "leaky_relu_grad", map(fn::LeakyReluGrad<T>{static_cast<T>(negative_slope)}, at, g, x), {g, x}, keep(x),
      [negative_slope](const Tensor<T>& gg, const Tensor<T>& v) {
        return Grads{leaky_relu_grad(gg, v, negative_slope), Tensor<T>()};
      },
      at);
}

/// x where x > 0, else negative_slope x, element by element. float and double.
/// Gradient: g where x > 0, else negative_slope g; at 0 the slope below counts, as in PyTorch.
/// Source: Maas, Hannun, Ng 2013; torch.nn.functional.leaky_relu.
///     leaky_relu(tensor({-1, 0, 2}), 0.1)   // {-0.1, 0, 2}
template <class T>
Tensor<T> leaky_relu(const Tensor<T>& x, double negative_slope = 0.01, Location at = Location::here()) {
  static_assert(Real<T>, "leaky_relu: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "leaky_relu", map(fn::LeakyRelu<T>{static_cast<T>(negative_slope)}, at, x), {x}, keep(x),
      [negative_slope](const Tensor<T>& g, const Tensor<T>& v) { return Grads{leaky_relu_grad(g, v, negative_slope)}; },
      at);
}

/// Options of leaky_relu: leaky_relu(x, {.negative_slope = 0.2}).
struct LeakyReluFuncOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  double negative_slope = 0.01;
};
template <class T>
Tensor<T> leaky_relu(const Tensor<T>& x, LeakyReluFuncOptions options, Location at = Location::here()) {
  return leaky_relu(x, options.negative_slope, at);
}

template <class T> Tensor<T> Tensor<T>::leaky_relu(double negative_slope, Location at) const {
  return chainrule::leaky_relu(*this, negative_slope, at);
}

}  // namespace chainrule

#pragma once
// linear_relu: relu(x wT + b), the fully connected layer and its nonlinearity without a pass over memory between them.

#include <chainrule/ops/linear.hpp>
#include <chainrule/ops/relu.hpp>

namespace chainrule {

/// relu(linear(x, weight, bias)): bit for bit the same numbers as the ops one by one; relu happens while the product leaves the registers.
/// Arguments, gradients and errors as linear and relu; float and double.
///     linear_relu(tensor({{1, 2}}), tensor({{1, 0}, {0, 1}, {1, 1}}), tensor({-10, 20, 30}))   // {{0, 22, 33}}
template <Real T>
Tensor<T> linear_relu(const Tensor<T>& x, const Tensor<T>& weight, const std::type_identity_t<Tensor<T>>& bias = {}, Location at = Location::here()) {
  const Tensor<T> nothing, y = detail::linear_value("linear_relu", x, weight, bias, true, at);
  const Tensor<T>&keep_x = weight.requires_grad() ? x : nothing, &keep_w = x.requires_grad() ? weight : nothing;
  const auto grads = [](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& w, const Tensor<T>& value) {
    const Tensor<T> through = detail::through_relu(g, value);
    auto [gx, gw] = detail::linear_grads(through, need, p, w);
    return Grads{gx, gw, through};  // the engine sums it to the bias
  };
  if (bias.defined()) return record("linear_relu", y, {x, weight, bias}, keep(keep_x, keep_w, this_value), grads, at);
  return record("linear_relu", y, {x, weight}, keep(keep_x, keep_w, this_value), [grads](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& w, const Tensor<T>& value) {
    Grads all = grads(g, need, p, w, value);
    return Grads{all[0], all[1]};
  }, at);
}

}  // namespace chainrule

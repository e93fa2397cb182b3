#pragma once
// linear_relu: relu(x wT + b), the fully connected layer and its nonlinearity without a pass over memory between them.

#include <chainrule/ops/linear.hpp>
#include <chainrule/ops/relu.hpp>

namespace chainrule {

/// relu(linear(x, weight, bias)): bit for bit the same values as the ops one by one; relu happens while the product
/// leaves the registers. x (..., in), weight (out, in), bias (out,) or left out -> (..., out); float and double.
/// Gradient: with h = g where the result is positive, else 0: h w for x, hT x for the weight, h summed over all leading
/// dimensions for the bias. Throws as linear does. Source: torch.nn.functional.linear and relu.
///     linear_relu(tensor({{1, 2}}), tensor({{1, 0}, {0, 1}, {1, 1}}), tensor({-10, 20, 30}))   // {{0, 22, 33}}
template <Real T>
Tensor<T> linear_relu(const Tensor<T>& x, const Tensor<T>& weight, const std::type_identity_t<Tensor<T>>& bias = {},
                      Location at = Location::here()) {
  if (weight.dim() == 1) return relu(detail::linear_to_scalars("linear_relu", x, weight, bias, at), at);
  const Tensor<T> nothing, y = detail::linear_value("linear_relu", x, weight, bias, true, at);
  const Tensor<T>&keep_x = weight.requires_grad() ? x : nothing, &keep_w = x.requires_grad() ? weight : nothing;
  const auto rule = [](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& w, const Tensor<T>& value) {
    const Tensor<T> through = detail::through_relu(g, need, value);
    auto [gx, gw] = detail::linear_grads(through, need, p, w);
    return Grads{gx, gw, need[2] ? through : Tensor<T>()};  // the engine sums it to the bias
  };
  return record("linear_relu", y, {x, weight, bias}, keep(keep_x, keep_w, this_value), rule, at);
}

}  // namespace chainrule

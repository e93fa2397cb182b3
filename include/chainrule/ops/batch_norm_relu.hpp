#pragma once
// batch_norm_relu: relu(batch_norm(x)) and relu(batch_norm(x) + skip) in one pass over memory. What networks of
// convolutions do most.

#include <chainrule/ops/batch_norm.hpp>
#include <chainrule/ops/relu.hpp>

namespace chainrule {

namespace detail {

/// The gradients of relu(batch_norm(x) + skip). What relu lets pass follows from x, or, with a skip connection, from
/// the mask.
template <class T>
Grads batch_norm_relu_grads(const Tensor<T>& g, Needs need, const Tensor<T>& x, const Tensor<T>& weight,
                            const Tensor<T>& bias, const Tensor<T>& mean, const Tensor<T>& inv_std,
                            BatchNormSettings settings, const Tensor<T>& skip, const Tensor<std::uint8_t>& mask) {
  const bool skips = mask.defined();
  if (x.numel() == 0) {
    Grads all = batch_norm_grads_of_empty(x, weight);
    if (skips) all.push_back(g);
    return all;
  }
  if (is_grad_enabled()) {
    Tensor<T> y;
    {
      no_grad guard;
      y = batch_norm_recomputed(x, weight, bias, mean, inv_std, skip, true);
    }
    const Tensor<T> through = relu_grad(g, y);
    Grads all = batch_norm_grads(through, need, x, weight, mean, inv_std, settings);
    if (skips) all.push_back(through);
    return all;
  }
  const bool apart = skips && need[3];  // the part of g that passes relu is skip's gradient, so x's goes elsewhere
  Tensor<T> through = need.reuse(g), gx;
  if (need[0]) gx = apart ? allocate<T>(x.shape(), x.device()) : through;
  Grads all = batch_norm_kernel_grads(g, need, x, weight, mean, inv_std, settings.training, gx, through, bias, mask);
  if (skips) all.push_back(apart ? through : Tensor<T>());
  return all;
}

template <class T> struct BatchNormReluRule {
  BatchNormSettings settings;
  Tensor<T> recompute(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias, const Tensor<T>& mean,
                      const Tensor<T>& inv_std) const {
    return batch_norm_recomputed<T>(x, weight, bias, mean, inv_std, {}, true);
  }
  Grads operator()(const Tensor<T>& g, Needs need, const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias,
                   const Tensor<T>& mean, const Tensor<T>& inv_std) const {
    return batch_norm_relu_grads<T>(g, need, x, weight, bias, mean, inv_std, settings, {}, {});
  }
};

template <class T> struct BatchNormSkipReluRule {
  BatchNormSettings settings;
  Tensor<T> recompute(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias, const Tensor<T>& mean,
                      const Tensor<T>& inv_std, const Tensor<T>& skip, const Tensor<std::uint8_t>&) const {
    return batch_norm_recomputed(x, weight, bias, mean, inv_std, skip, true);
  }
  Grads operator()(const Tensor<T>& g, Needs need, const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias,
                   const Tensor<T>& mean, const Tensor<T>& inv_std, const Tensor<T>& skip,
                   const Tensor<std::uint8_t>& mask) const {
    return batch_norm_relu_grads(g, need, x, weight, bias, mean, inv_std, settings, skip, mask);
  }
};

}  // namespace detail

/// relu(batch_norm(x, ...)), or with `skip`, of x's shape, relu(batch_norm(x, ...) + skip): bit for bit the same
/// values as the ops one by one, for half of the memory traffic, and nothing but x and, with skip, a bit for each
/// value is kept for the gradient. A temporary x that no gradient needs is written over. Arguments, gradients and
/// errors as batch_norm and relu; float and double.
///     batch_norm_relu(tensor({{1}, {3}}), {}, {}, {}, {}, true)   // {{0}, {1}}, but for eps
template <Real T>
Tensor<T> batch_norm_relu(Tensor<T> x, const std::type_identity_t<Tensor<T>>& running_mean,
                          const std::type_identity_t<Tensor<T>>& running_var,
                          const std::type_identity_t<Tensor<T>>& weight = {},
                          const std::type_identity_t<Tensor<T>>& bias = {}, bool training = false,
                          double momentum = 0.1, double eps = 1e-5, const std::type_identity_t<Tensor<T>>& skip = {},
                          Location at = Location::here()) {
  if (skip.defined()) {
    check(skip.shape() == x.shape(), at, "batch_norm_relu: skip needs the shape of x, ", x.shape(), ", got ",
          skip.shape());
    detail::check_same_device("batch_norm_relu", at, x, skip);
  }
  const detail::BatchNormSettings settings{eps, training, momentum, true};
  const bool recording = detail::recorded_edit(x, weight, bias, skip),
             over_x = detail::is_uniquely_owned(x) && !recording, keeps_mask = skip.defined() && recording;
  const auto v = detail::batch_norm_value<T>("batch_norm_relu", x, running_mean, running_var, weight, bias, settings,
                                             skip, over_x, keeps_mask, at);
  if (!skip.defined())
    return record("batch_norm_relu", v.y, {x, v.weight, v.bias}, keep(x, v.weight, v.bias, v.mean, v.inv_std),
                  detail::BatchNormReluRule<T>{settings}, at);
  return record("batch_norm_relu", v.y, {x, v.weight, v.bias, skip},
                keep(x, v.weight, v.bias, v.mean, v.inv_std, for_recompute(skip), v.mask),
                detail::BatchNormSkipReluRule<T>{settings}, at);
}

}  // namespace chainrule

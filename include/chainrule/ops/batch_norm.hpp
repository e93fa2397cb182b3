#pragma once
// batch_norm: every channel shifted and scaled to mean 0 and variance 1 over the batch, then to a learned mean and
// spread.

#include <chainrule/ops/add.hpp>
#include <chainrule/ops/batch_norm_kernel.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/sqrt.hpp>
#include <chainrule/ops/sub.hpp>
#include <chainrule/ops/sum.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule {

namespace detail {

/// The formula, (x - mean) / sqrt(var + eps) * weight + bias, with the mean and (biased) variance over `dims`, or given
/// ones. weight, bias, mean and var broadcast to x. The kernels compute it in one pass; tests compare them with it.
template <Real T>
Tensor<T> normalize_formula(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias, const Dims& dims,
                            double eps, const Tensor<T>& mean = {}, const Tensor<T>& var = {}) {
  double count = 1;
  for (auto d : dims) count *= static_cast<double>(x.shape()[static_cast<int>(d)]);
  auto average = [&](const Tensor<T>& v) { return sum(v, dims, true) * (1 / count); };
  const Tensor<T> centered = x - (mean.defined() ? mean : average(x));
  return centered * rsqrt((var.defined() ? var : average(centered * centered)) + eps) * weight + bias;
}

/// Gradients of (x - mean) inv_std weight + bias where mean and variance are taken over `dims`, made of recorded ops:
/// what create_graph differentiates again. mean and inv_std are given only if they do not depend on x.
template <Real T>
Grads normalize_grads(const Tensor<T>& g, const Tensor<T>& x, const Tensor<T>& weight, const Dims& dims,
                      const Dims& weight_dims, double eps, const Tensor<T>& mean, const Tensor<T>& inv_std) {
  double count = 1;
  for (auto d : dims) count *= static_cast<double>(x.shape()[static_cast<int>(d)]);
  const bool fixed = mean.defined();
  auto average = [&](const Tensor<T>& v) { return sum(v, dims, true) * (1 / count); };
  const Tensor<T> centered = x - (fixed ? mean : average(x));
  const Tensor<T> inv = fixed ? inv_std : rsqrt(average(centered * centered) + eps);
  const Tensor<T> normal = centered * inv, gn = g * weight;
  const Tensor<T> gx = (fixed ? gn : gn - average(gn) - normal * average(gn * normal)) * inv;
  auto to_weight = [&](const Tensor<T>& v) {
    return reshape(weight_dims.empty() ? v : sum(v, weight_dims, true), weight.shape());
  };
  return Grads{gx, to_weight(g * normal), to_weight(g)};
}

/// All dimensions but the channels'.
inline Dims all_but_channels(int dims) {
  Dims d;
  for (int i = 0; i < dims; ++i)
    if (i != 1) d.push_back(i);
  return d;
}

template <Real T> Grads batch_norm_grads_of_empty(const Tensor<T>& x, const Tensor<T>& weight) {
  const Tensor<T> none = zeros_like(weight);
  return Grads{zeros_like(x), none, none};
}

template <Real T>
Grads batch_norm_grads(const Tensor<T>& g, Needs need, const Tensor<T>& x, const Tensor<T>& weight,
                       const Tensor<T>& mean, const Tensor<T>& inv_std, BatchNormSettings s) {
  if (x.numel() == 0) return batch_norm_grads_of_empty(x, weight);
  if (is_grad_enabled()) {
    Shape column = Shape::filled(x.dim() - 1, 1);
    column[0] = x.shape()[1];
    const Dims dims = all_but_channels(x.dim());
    auto as_column = [&](const Tensor<T>& v) { return s.training ? Tensor<T>() : reshape(v, column); };
    Grads all = normalize_grads(g, x, reshape(weight, column), dims, dims, s.eps, as_column(mean), as_column(inv_std));
    return Grads{Tensor<T>(all[0].share()), reshape(Tensor<T>(all[1].share()), weight.shape()),
                 reshape(Tensor<T>(all[2].share()), weight.shape())};
  }
  return batch_norm_kernel_grads(g, need, x, weight, mean, inv_std, s.training, need[0] ? need.reuse(g) : Tensor<T>());
}

template <class T> struct BatchNormRule {
  BatchNormSettings settings;
  Grads operator()(const Tensor<T>& g, Needs need, const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>&,
                   const Tensor<T>& mean, const Tensor<T>& inv_std) const {
    return batch_norm_grads(g, need, x, weight, mean, inv_std, settings);
  }
  Tensor<T> recompute(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias, const Tensor<T>& mean,
                      const Tensor<T>& inv_std) const {
    return batch_norm_recomputed(x, weight, bias, mean, inv_std, {}, false);
  }
};

}  // namespace detail

/// Batch normalisation: y = (x - mean) / sqrt(var + eps) * weight + bias for each channel.
/// x (N, C), (N, C, L) or (N, C, H, W); weight and bias (C,) or undefined (1 and 0). float and double; sums of float
/// are combined in double.
/// Training: mean and (biased) variance of the batch, and the running ones, if given, are edited in place:
/// running = (1 - momentum) running + momentum batch, with the unbiased variance. Else: the running mean and variance.
/// Gradients, with n = (x - mean) / sqrt(var + eps) and averages over the batch: in training
/// weight / sqrt(var + eps) * (g - average(g) - n average(g n)) for x, else weight / sqrt(var + eps) * g; sum(g n) for
/// the weight, sum(g) for the bias. An x of no elements gives none, and leaves the running statistics alone. Throws
/// when training sees a single value per channel, when evaluation has no running statistics, and for running statistics
/// that require a gradient. Source: torch.nn.functional.batch_norm.
///     batch_norm(tensor({{1}, {3}}), {}, {}, {}, {}, true)   // {{-1}, {1}}, but for eps
template <Real T>
Tensor<T> batch_norm(const Tensor<T>& x, const std::type_identity_t<Tensor<T>>& running_mean,
                     const std::type_identity_t<Tensor<T>>& running_var,
                     const std::type_identity_t<Tensor<T>>& weight = {},
                     const std::type_identity_t<Tensor<T>>& bias = {}, bool training = false, double momentum = 0.1,
                     double eps = 1e-5, Location at = Location::here()) {
  const detail::BatchNormSettings settings{eps, training, momentum};
  const auto v = detail::batch_norm_value<T>("batch_norm", x, running_mean, running_var, weight, bias, settings, {},
                                             false, false, at);
  return record("batch_norm", v.y, {x, v.weight, v.bias}, keep(x, v.weight, v.bias, v.mean, v.inv_std),
                detail::BatchNormRule<T>{settings}, at);
}
/// Options of batch_norm: batch_norm(x, mean, var, weight, bias, {.training = true}).
struct BatchNormFuncOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  bool training = false;
  double momentum = 0.1, eps = 1e-5;
};
template <Real T>
Tensor<T> batch_norm(const Tensor<T>& x, const std::type_identity_t<Tensor<T>>& running_mean,
                     const std::type_identity_t<Tensor<T>>& running_var, const std::type_identity_t<Tensor<T>>& weight,
                     const std::type_identity_t<Tensor<T>>& bias, BatchNormFuncOptions o,
                     Location at = Location::here()) {
  return batch_norm(x, running_mean, running_var, weight, bias, o.training, o.momentum, o.eps, at);
}

}  // namespace chainrule

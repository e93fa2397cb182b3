#pragma once
// LayerNorm: each sample brought to mean 0 and variance 1 over its last dimensions.

#include <chainrule/nn/module.hpp>
#include <chainrule/nn/unknown_option.hpp>
#include <chainrule/ops/create.hpp>
#include <chainrule/ops/layer_norm.hpp>

namespace chainrule::nn {

/// Options of LayerNorm.
struct LayerNormOptions {
  double eps = 1e-5;               ///< added to the variance
  bool elementwise_affine = true;  ///< a trained weight and bias per element
  bool bias = true;                ///< without: weight only
};

/// y = (x - mean) / sqrt(var + eps) · weight + bias, over the last dimensions, whose shape is normalized_shape. Source:
/// Ba, Kiros, Hinton 2016; torch.nn.LayerNorm.
///     nn::LayerNorm norm(64);   norm(x);           // x (32, 10, 64) -> (32, 10, 64)
///     nn::LayerNorm image({4, 5}, {.eps = 1e-6});  // or ({4, 5}, 1e-6)
template <class T> struct BasicLayerNorm : Module<BasicLayerNorm<T>> {
  Shape normalized_shape;
  LayerNormOptions options;
  BasicParameter<T> weight, bias;  // normalized_shape

  explicit BasicLayerNorm(const Shape& shape, LayerNormOptions o = {}, Location at = Location::here())
      : normalized_shape(shape), options(o) {
    check(!shape.empty() && shape.numel() > 0, at, "LayerNorm: needs the sizes of the last dimensions, got ", shape);
    if (o.elementwise_affine) weight = BasicParameter<T>(ones<T>(shape, {}, at));
    if (o.elementwise_affine && o.bias) bias = BasicParameter<T>(zeros<T>(shape, {}, at));
  }
  template <std::floating_point Eps>  // LayerNorm({4, 5}) has no eps
  BasicLayerNorm(const Shape& shape, Eps eps, bool elementwise_affine = true, bool with_bias = true,
                 Location at = Location::here())
      : BasicLayerNorm(shape, LayerNormOptions{eps, elementwise_affine, with_bias}, at) {}
  template <std::size_t N> BasicLayerNorm(const Shape& shape, detail::UnknownOption<N> options);
  using parts = members<&BasicLayerNorm::weight, &BasicLayerNorm::bias>;
  using others = members<&BasicLayerNorm::normalized_shape, &BasicLayerNorm::options>;

  Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    const int extra = x.dim() - normalized_shape.size();
    bool fits = extra >= 0;
    for (int d = 0; fits && d < normalized_shape.size(); ++d) fits = x.shape()[extra + d] == normalized_shape[d];
    check(fits, at, "expects the last dimensions to be ", normalized_shape, ", got shape ", x.shape());
    return layer_norm(x, normalized_shape, weight, bias, options.eps, at);
  }
  std::string extra_repr() const {
    return normalized_shape.str() + ", eps=" + repr::number(options.eps) +
           ", elementwise_affine=" + repr::boolean(options.elementwise_affine) +
           ", bias=" + repr::boolean(bias.defined());
  }
};

using LayerNorm = BasicLayerNorm<float>;

}  // namespace chainrule::nn

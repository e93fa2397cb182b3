#pragma once
// layer_norm: every sample shifted and scaled to mean 0 and variance 1 over its last dimensions.

#include <chainrule/ops/batch_norm.hpp>

namespace chainrule {

namespace fn {

/// x, y, g, gx contiguous (rows, width); weight, bias, gw, gb (width,); mean and inv_std (rows,).
template <class T> struct LayerNorm {
  static constexpr auto name = "layer_norm";
  using fn = void(std::int64_t rows, std::int64_t width, const T* x, const T* weight, const T* bias, double eps,
                  T* mean, T* inv_std, T* y);
  [[gnu::weak]] static fn cpu;  // cpu/norm/layer_norm.hpp
};
template <class T> struct LayerNormGrad {
  static constexpr auto name = "layer_norm_grad";
  /// gx, gw and gb are null where they are not needed.
  using fn = void(std::int64_t rows, std::int64_t width, const T* g, const T* x, const T* weight, const T* mean,
                  const T* inv_std, T* gx, T* gw, T* gb);
  [[gnu::weak]] static fn cpu;  // cpu/norm/layer_norm.hpp
};

}  // namespace fn

/// Layer normalisation: y = (x - mean) / sqrt(var + eps) * weight + bias with mean and (biased) variance over the last
/// dimensions, whose sizes are normalized_shape. weight and bias have that shape, or are undefined (1 and 0). float and
/// double. Gradients, with n = (x - mean) / sqrt(var + eps), h = g weight and averages over the same dimensions:
/// (h - average(h) - n average(h n)) / sqrt(var + eps) for x, g n and g summed over the other dimensions for weight and
/// bias. Throws when the last dimensions are not normalized_shape. Source: torch.nn.functional.layer_norm.
///     layer_norm(tensor({1, 3}), {2})   // {-1, 1}, but for eps
template <Real T>
Tensor<T> layer_norm(const Tensor<T>& x, const Shape& normalized_shape,
                     const std::type_identity_t<Tensor<T>>& weight = {},
                     const std::type_identity_t<Tensor<T>>& bias = {}, double eps = 1e-5,
                     Location at = Location::here()) {
  const int first = x.dim() - normalized_shape.size();
  bool fits = first >= 0 && !normalized_shape.empty();
  for (int d = 0; fits && d < normalized_shape.size(); ++d) fits = x.shape()[first + d] == normalized_shape[d];
  check(fits, at, "layer_norm: the last dimensions of ", x.shape(), " are not ", normalized_shape);
  check(!weight.defined() || weight.shape() == normalized_shape, at, "layer_norm: weight needs shape ",
        normalized_shape, ", got ", weight.defined() ? weight.shape() : Shape{});
  check(!bias.defined() || bias.shape() == normalized_shape, at, "layer_norm: bias needs shape ", normalized_shape,
        ", got ", bias.defined() ? bias.shape() : Shape{});

  const std::int64_t width = normalized_shape.numel(), rows = x.numel() / std::max<std::int64_t>(1, width);
  const TensorOptions here{.device = x.device()};
  const Tensor<T> w = weight.defined() ? weight : ones<T>(normalized_shape, here),
                  b = bias.defined() ? bias : zeros<T>(normalized_shape, here);
  const auto fresh = [&](const Shape& shape) { return detail::allocate<T>(shape, x.device(), "layer_norm", at); };
  Tensor<T> y = fresh(x.shape()), mean = fresh({rows}), inv_std = fresh({rows});
  if (x.numel() > 0) {
    no_grad guard;
    const Tensor<T> in = contiguous(x, at), cw = contiguous(w, at), cb = contiguous(b, at);
    kernel<fn::LayerNorm<T>>::on(x.device(), at)(rows, width, in.data(), cw.data(), cb.data(), eps, mean.data(),
                                                 inv_std.data(), y.data());
  }
  return record(
      "layer_norm", y, {x, w, b}, keep(x, w, mean, inv_std),
      [rows, width, first, eps](const Tensor<T>& g, Needs need, const Tensor<T>& in, const Tensor<T>& scale,
                                const Tensor<T>& m, const Tensor<T>& s) {
        if (is_grad_enabled()) {
          Dims normalized, others;
          for (int d = 0; d < in.dim(); ++d) (d < first ? others : normalized).push_back(d);
          return detail::normalize_grads(g, in, scale, normalized, others, eps, Tensor<T>(), Tensor<T>());
        }
        Tensor<T> gx, gw, gb;
        if (need[0]) gx = detail::allocate<T>(in.shape(), in.device());
        if (need[1]) gw = detail::allocate<T>(scale.shape(), in.device());
        if (need[2]) gb = detail::allocate<T>(scale.shape(), in.device());
        const Tensor<T> up = contiguous(g), cx = contiguous(in), cw = contiguous(scale);
        kernel<fn::LayerNormGrad<T>>::on(in.device(), {})(rows, width, up.data(), cx.data(), cw.data(), m.data(),
                                                          s.data(), data_or_null(gx), data_or_null(gw),
                                                          data_or_null(gb));
        return Grads{gx, gw, gb};
      },
      at);
}

}  // namespace chainrule

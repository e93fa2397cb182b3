#pragma once
// What batch_norm and batch_norm_relu share below their formulas: the kernels' slots and arguments, the checks, the
// calls.

#include <chainrule/core/axis_split.hpp>
#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/create.hpp>

namespace chainrule {

namespace fn {

/// x, y, g and gx are contiguous (split.outer = N, split.n = channels, split.inner = pixels); everything else has one
/// value for each channel.
template <class T> struct BatchNormArgs {
  AxisSplit split;
  const T *x, *weight, *bias;
  T *running_mean, *running_var;  // null if there are none; without them and not training, mean and inv_std are given
  double momentum, eps;
  bool training;
  T *mean, *inv_std;  // what was used, kept for the gradient
  T* y;               // may be x
  // batch_norm_relu: y = relu(y + skip).
  const T* skip = nullptr;
  bool relu = false;
  std::uint32_t* mask = nullptr;  // if not null: a bit for each value, whether relu lets it pass; see mask_words()
};
template <class T> struct BatchNormGradArgs {
  AxisSplit split;
  const T *g, *x, *weight, *mean, *inv_std;
  bool training;    // the mean and the variance depend on x
  T *gx, *gw, *gb;  // null where they are not needed
  // batch_norm_relu: g counts only where relu let its argument pass, which the mask tells or, if it is null, x and the
  // bias; that part of g goes to masked.
  T* masked = nullptr;
  const T* bias = nullptr;
  const std::uint32_t* mask = nullptr;
};

/// How many words the mask takes: a row of a channel's pixels (or of 64 channels, where they have one pixel) begins
/// with a word of its own, in blocks of 512 values. Bit r of word l of a block stands for its value 16 r + l.
inline constexpr std::int64_t mask_lanes = 16, mask_block = 32 * mask_lanes, mask_channels = 64;
inline std::int64_t mask_words(std::int64_t values) { return (values + mask_block - 1) / mask_block * mask_lanes; }
inline std::int64_t mask_words(const AxisSplit& a) {
  return a.inner == 1 ? a.outer * ((a.n + mask_channels - 1) / mask_channels) * mask_words(mask_channels)
                      : a.outer * a.n * mask_words(a.inner);
}

template <class T> struct BatchNorm {
  static constexpr auto name = "batch_norm";
  using fn = void(const BatchNormArgs<T>& args);
  [[gnu::weak]] static fn cpu;  // cpu/norm/batch_norm.hpp
};
template <class T> struct BatchNormGrad {
  static constexpr auto name = "batch_norm_grad";
  using fn = void(const BatchNormGradArgs<T>& args);
  [[gnu::weak]] static fn cpu;  // cpu/norm/batch_norm.hpp
};

}  // namespace fn

namespace detail {

template <class T> T* data_or_null(const Tensor<T>& v) { return v.defined() ? v.data() : nullptr; }
inline std::uint32_t* mask_data(const Tensor<std::uint8_t>& mask) {
  return reinterpret_cast<std::uint32_t*>(data_or_null(mask));
}

struct BatchNormSettings {
  double eps;
  bool training;
  double momentum = 0;
  bool relu = false;
};

template <class T> struct BatchNormValue {
  Tensor<T> y, weight, bias, mean, inv_std;
  Tensor<std::uint8_t> mask;
};

/// Checks everything, then y = (x - mean) inv_std weight + bias, and what the gradient needs. For batch_norm_relu also
/// `+ skip` and relu, over x where `over_x` allows it, and the mask if `keeps_mask`.
template <Real T>
BatchNormValue<T> batch_norm_value(const char* op, const Tensor<T>& x, const Tensor<T>& running_mean,
                                   const Tensor<T>& running_var, const Tensor<T>& weight, const Tensor<T>& bias,
                                   BatchNormSettings s, const Tensor<T>& skip, bool over_x, bool keeps_mask,
                                   Location at) {
  const bool nothing = x.dim() == 1 && x.shape()[0] == 0;  // no samples of no channels
  check(x.dim() >= 2 || nothing, at, op, ": expects shape (N, C), (N, C, L) or (N, C, H, W), got ", x.shape());
  const std::int64_t channels = nothing ? 0 : x.shape()[1], values = x.numel() / std::max<std::int64_t>(1, channels);
  check(!s.training || values != 1, at, op, ": training needs more than 1 value per channel, got shape ", x.shape(),
        "; use a larger batch (drop_last leaves out a last one of 1), or eval()");
  check(s.training || (running_mean.defined() && running_var.defined()), at, op,
        ": without running statistics only training mode works");
  check(running_mean.defined() == running_var.defined(), at, op,
        ": running_mean and running_var belong together, only one was given");
  auto check_vector = [&](const Tensor<T>& v, const char* what) {
    if (!v.defined()) return;
    check(v.shape() == Shape(channels), at, op, ": ", what, " needs one value for each of the ", channels,
          " channels of ", x.shape(), ", got shape ", v.shape());
    check_same_device(op, at, x, v);
  };
  check_vector(running_mean, "running_mean");
  check_vector(running_var, "running_var");
  check_vector(weight, "weight");
  check_vector(bias, "bias");
  if (running_mean.defined() && grad_enabled)
    check(!running_mean.requires_grad() && !running_var.requires_grad(), at, op,
          ": the running statistics get no gradient, but one of them requires it; pass detach()");
  if (s.training && channels > 1 && running_mean.defined())
    check(running_mean.strides()[0] != 0 && running_var.strides()[0] != 0, at, op,
          ": training writes the running statistics, but they were expanded, so that all channels share one element; "
          "clone() them first");

  const TensorOptions here{.device = x.device()};
  const Tensor<T> w = weight.defined() ? weight : ones<T>({channels}, here),
                  b = bias.defined() ? bias : zeros<T>({channels}, here);
  const auto fresh = [&](const Shape& shape) { return allocate<T>(shape, x.device(), op, at); };
  Tensor<T> y = over_x ? x : fresh(x.shape()), mean = fresh({channels}), inv_std = fresh({channels});
  Tensor<std::uint8_t> mask;
  if (keeps_mask) mask = allocate<std::uint8_t>(Shape(4 * fn::mask_words(axis_split(x.shape(), 1))), x.device());
  if (x.numel() == 0) {  // no statistics to take; the running ones stay as they are
    no_grad guard;
    mean.fill_(T(0), at);
    inv_std.fill_(T(0), at);
  } else {
    no_grad guard;
    const Tensor<T> in = contiguous(x, at), cw = contiguous(w, at), cb = contiguous(b, at),
                    also = skip.defined() ? contiguous(skip, at) : skip;
    const bool running = running_mean.defined();
    const Tensor<T> rm = running ? contiguous(running_mean, at) : running_mean,
                    rv = running ? contiguous(running_var, at) : running_var;
    kernel<fn::BatchNorm<T>>::on(x.device(), at)({
        .split = axis_split(x.shape(), 1),
        .x = in.data(),
        .weight = cw.data(),
        .bias = cb.data(),
        .running_mean = data_or_null(rm),
        .running_var = data_or_null(rv),
        .momentum = s.momentum,
        .eps = s.eps,
        .training = s.training,
        .mean = mean.data(),
        .inv_std = inv_std.data(),
        .y = y.data(),
        .skip = data_or_null(also),
        .relu = s.relu,
        .mask = mask_data(mask),
    });
    if (running && s.training) {
      if (!rm.is_same(running_mean)) map_into(fn::Copy{}, at, running_mean, rm);
      if (!rv.is_same(running_var)) map_into(fn::Copy{}, at, running_var, rv);
      count_edit(*running_mean.impl(), at);
      count_edit(*running_var.impl(), at);
    }
  }
  return {y, w, b, mean, inv_std, mask};
}

/// The value once more, from what was kept: the mean and inv_std that were used are "running" ones now.
template <Real T>
Tensor<T> batch_norm_recomputed(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias,
                                const Tensor<T>& mean, const Tensor<T>& inv_std, const Tensor<T>& skip, bool relu) {
  Tensor<T> y = allocate<T>(x.shape(), x.device());
  const Tensor<T> in = contiguous(x), w = contiguous(weight), b = contiguous(bias),
                  also = skip.defined() ? contiguous(skip) : skip;
  kernel<fn::BatchNorm<T>>::on(x.device(), {})({
      .split = axis_split(x.shape(), 1),
      .x = in.data(),
      .weight = w.data(),
      .bias = b.data(),
      .running_mean = nullptr,
      .running_var = nullptr,
      .momentum = 0,
      .eps = 0,
      .training = false,
      .mean = mean.data(),
      .inv_std = inv_std.data(),
      .y = y.data(),
      .skip = data_or_null(also),
      .relu = relu,
  });
  return y;
}

/// The kernel's gradients, that of x written to gx if it is defined. `masked`, and then bias and mask: see
/// BatchNormGradArgs.
template <Real T>
Grads batch_norm_kernel_grads(const Tensor<T>& g, Needs need, const Tensor<T>& x, const Tensor<T>& weight,
                              const Tensor<T>& mean, const Tensor<T>& inv_std, bool training, const Tensor<T>& gx,
                              const Tensor<T>& masked = {}, const Tensor<T>& bias = {},
                              const Tensor<std::uint8_t>& mask = {}) {
  Tensor<T> gw, gb;
  if (need[1]) gw = allocate<T>(weight.shape(), x.device());
  if (need[2]) gb = allocate<T>(weight.shape(), x.device());
  auto packed = [](const Tensor<T>& v) { return v.defined() ? contiguous(v) : v; };
  const Tensor<T> up = packed(g), in = packed(x), w = packed(weight), b = packed(bias);
  kernel<fn::BatchNormGrad<T>>::on(x.device(), {})({
      .split = axis_split(x.shape(), 1),
      .g = up.data(),
      .x = in.data(),
      .weight = w.data(),
      .mean = mean.data(),
      .inv_std = inv_std.data(),
      .training = training,
      .gx = data_or_null(gx),
      .gw = data_or_null(gw),
      .gb = data_or_null(gb),
      .masked = data_or_null(masked),
      .bias = data_or_null(b),
      .mask = mask_data(mask),
  });
  return Grads{gx, gw, gb};
}

}  // namespace detail

}  // namespace chainrule

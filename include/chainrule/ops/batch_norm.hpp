#pragma once
// batch_norm: every channel shifted and scaled to mean 0 and variance 1 over the batch, then to a learned mean and
// spread.

#include <chainrule/ops/add.hpp>
#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/create.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/softmax.hpp>
#include <chainrule/ops/sqrt.hpp>
#include <chainrule/ops/sub.hpp>
#include <chainrule/ops/sum.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule {

namespace fn {

/// x, y, g and gx are contiguous (along.outer = N, along.n = channels, along.inner = places); everything else has one
/// number a channel.
template <class T> struct BatchNormArgs {
  Along along;
  const T *x, *weight, *bias;
  T *running_mean, *running_var;  // null if there are none; without them and not training, mean and inv_std are given
  double momentum, eps;
  bool training;
  T *mean, *inv_std;               // what was used, kept for the gradient
  T* y;                            // may be x
  const T* skip = nullptr;         // added to the result, if not null
  bool relu = false;               // then relu of it
  std::uint32_t* signs = nullptr;  // if not null: a bit for each number, whether relu lets it pass; see sign_words()
};
template <class T> struct BatchNormGradArgs {
  Along along;
  const T *g, *x, *weight, *mean, *inv_std;
  bool training;    // the mean and the variance depend on x
  T *gx, *gw, *gb;  // null where nobody asks
  // Where relu follows: g counts only where relu let its argument pass, which signs tell or, if they are null, x and
  // the bias; that part of g goes to masked.
  T* masked = nullptr;
  const T* bias = nullptr;
  const std::uint32_t* signs = nullptr;
};

/// How many words the signs take: a row of a channel's places (where there is one place only: of 64 channels) begins
/// with a word of its own, in blocks of 512 numbers. Bit r of word l of a block stands for its number 16 r + l.
inline constexpr std::int64_t sign_lanes = 16, sign_block = 32 * sign_lanes, sign_stretch = 64;
inline std::int64_t sign_words(std::int64_t numbers) { return (numbers + sign_block - 1) / sign_block * sign_lanes; }
inline std::int64_t sign_words(const Along& a) {
  return a.inner == 1 ? a.outer * ((a.n + sign_stretch - 1) / sign_stretch) * sign_words(sign_stretch)
                      : a.outer * a.n * sign_words(a.inner);
}

// The slots.
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

template <class T> T* place(const Tensor<T>& v) { return v.defined() ? v.data() : nullptr; }
inline std::uint32_t* sign_place(const Tensor<std::uint8_t>& signs) {
  return reinterpret_cast<std::uint32_t*>(place(signs));
}

struct BatchNormSettings {
  double eps;
  bool training;
  double momentum = 0;
  bool relu = false;
};

/// The kernel's gradients, that of x written to gx if it is defined. `masked`, and then bias and signs: see
/// BatchNormGradArgs.
template <Real T>
Grads batch_norm_kernel_grads(const Tensor<T>& g, Needs need, const Tensor<T>& x, const Tensor<T>& weight,
                              const Tensor<T>& mean, const Tensor<T>& inv_std, bool training, const Tensor<T>& gx,
                              const Tensor<T>& masked = {}, const Tensor<T>& bias = {},
                              const Tensor<std::uint8_t>& signs = {}) {
  Tensor<T> gw, gb;
  if (need[1]) gw = allocate<T>(weight.shape(), x.device());
  if (need[2]) gb = allocate<T>(weight.shape(), x.device());
  auto packed = [](const Tensor<T>& v) { return v.defined() ? contiguous(v) : v; };
  const Tensor<T> up = packed(g), in = packed(x), w = packed(weight), b = packed(bias);
  kernel<fn::BatchNormGrad<T>>::on(
      x.device(), {})({along_dim(x.shape(), 1), up.data(), in.data(), w.data(), mean.data(), inv_std.data(), training,
                       place(gx), place(gw), place(gb), place(masked), place(b), sign_place(signs)});
  return Grads{gx, gw, gb};
}

template <Real T> Grads batch_norm_grads_of_nothing(const Tensor<T>& x, const Tensor<T>& weight) {
  const Tensor<T> none = zeros_like(weight);
  return Grads{zeros_like(x), none, none};
}

template <Real T>
Grads batch_norm_grads(const Tensor<T>& g, Needs need, const Tensor<T>& x, const Tensor<T>& weight,
                       const Tensor<T>& mean, const Tensor<T>& inv_std, BatchNormSettings s) {
  if (x.numel() == 0) return batch_norm_grads_of_nothing(x, weight);
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

/// Checks everything, then y = (x - mean) inv_std weight + bias, and what the gradient needs; the signs if
/// `keeps_signs`.
template <class T> struct BatchNormValue {
  Tensor<T> y, weight, bias, mean, inv_std;
  Tensor<std::uint8_t> signs;
};
template <Real T>
BatchNormValue<T> batch_norm_value(const char* op, const Tensor<T>& x, const Tensor<T>& running_mean,
                                   const Tensor<T>& running_var, const Tensor<T>& weight, const Tensor<T>& bias,
                                   BatchNormSettings s, const Tensor<T>& skip, bool over_x, bool keeps_signs,
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
    check(v.shape() == Shape(channels), at, op, ": ", what, " needs one number for each of the ", channels,
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
  Tensor<std::uint8_t> signs;
  if (keeps_signs) signs = allocate<std::uint8_t>(Shape(4 * fn::sign_words(along_dim(x.shape(), 1))), x.device());
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
    kernel<fn::BatchNorm<T>>::on(x.device(), at)({along_dim(x.shape(), 1), in.data(), cw.data(), cb.data(), place(rm),
                                                  place(rv), s.momentum, s.eps, s.training, mean.data(), inv_std.data(),
                                                  y.data(), place(also), s.relu, sign_place(signs)});
    if (running && s.training) {
      if (!rm.is_same(running_mean)) map_into(fn::Copy{}, at, running_mean, rm);
      if (!rv.is_same(running_var)) map_into(fn::Copy{}, at, running_var, rv);
      count_edit(*running_mean.impl(), at);
      count_edit(*running_var.impl(), at);
    }
  }
  return {y, w, b, mean, inv_std, signs};
}

/// The value once more, of what was kept: the mean and inv_std that were used are "running" ones now.
template <Real T>
Tensor<T> batch_norm_again(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias, const Tensor<T>& mean,
                           const Tensor<T>& inv_std, const Tensor<T>& skip, bool relu) {
  Tensor<T> y = allocate<T>(x.shape(), x.device());
  const Tensor<T> in = contiguous(x), w = contiguous(weight), b = contiguous(bias),
                  also = skip.defined() ? contiguous(skip) : skip;
  kernel<fn::BatchNorm<T>>::on(
      x.device(), {})({along_dim(x.shape(), 1), in.data(), w.data(), b.data(), nullptr, nullptr, 0, 0, false,
                       mean.data(), inv_std.data(), y.data(), place(also), relu});
  return y;
}

template <class T> struct BatchNormRule {
  BatchNormSettings settings;
  Grads operator()(const Tensor<T>& g, Needs need, const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>&,
                   const Tensor<T>& mean, const Tensor<T>& inv_std) const {
    return batch_norm_grads(g, need, x, weight, mean, inv_std, settings);
  }
  Tensor<T> recompute(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias, const Tensor<T>& mean,
                      const Tensor<T>& inv_std) const {
    return batch_norm_again(x, weight, bias, mean, inv_std, {}, false);
  }
};

}  // namespace detail

/// Batch normalisation: y = (x - mean) / sqrt(var + eps) * weight + bias for each channel. x (N, C), (N, C, L) or (N,
/// C, H, W).
/// Training: mean and (biased) variance of the batch, and the running ones, if given, are edited in place,
/// running = (1 - momentum) running + momentum batch, with the unbiased variance. Else: the running mean and variance.
/// weight and bias (C,) or undefined (1 and 0). float and double; sums of float are combined in double.
/// Gradients, with n = (x - mean) / sqrt(var + eps) and averages over the batch: in training weight / sqrt(var + eps) *
/// (g - average(g) - n average(g n)) for x, else weight / sqrt(var + eps) * g; sum(g n) for the weight, sum(g) for the
/// bias.
/// An x of no elements gives none, and leaves the running statistics alone. Throws when training sees a single value
/// per channel, when evaluation has no running statistics, and for running statistics that require a gradient. Source:
/// torch.nn.functional.batch_norm.
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

}  // namespace chainrule

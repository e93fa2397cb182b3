#pragma once
// BatchNorm1d and BatchNorm2d: each channel brought to mean 0 and variance 1 over the batch.

#include <chainrule/nn/relu_of.hpp>
#include <chainrule/nn/unknown_option.hpp>
#include <chainrule/ops/batch_norm_relu.hpp>
#include <chainrule/ops/create.hpp>

namespace chainrule::nn {

/// Options of BatchNorm1d and BatchNorm2d.
struct BatchNormOptions {
  double eps = 1e-5;  ///< added to the variance
  std::optional<double> momentum =
      0.1;             ///< share of the newest batch in the running statistics; std::nullopt averages all batches alike
  bool affine = true;  ///< a trained weight and bias per channel
  bool track_running_stats = true;  ///< without: eval mode uses the batch's own statistics, too
  bool bias = true;                 ///< without: weight only
};

/// What the two have in common. In training: y = (x - mean) / sqrt(var + eps) · weight + bias with the batch's mean and
/// (biased) variance per channel; the running statistics move by `momentum` toward the batch's mean and unbiased
/// variance. In eval mode the running statistics take the place of the batch's. Source: Ioffe, Szegedy 2015;
/// torch.nn.BatchNorm2d.
template <class Self, class T> struct BatchNormOf : Module<Self> {
  std::int64_t num_features;
  BatchNormOptions options;
  bool training = true;
  BasicParameter<T> weight, bias;                 // (C,)
  BasicBuffer<T> running_mean, running_var;       // (C,)
  BasicBuffer<std::int64_t> num_batches_tracked;  // ()

  BatchNormOf(std::int64_t features, const BatchNormOptions& o, const char* name, Location at)
      : num_features(features), options(o) {
    check(features > 0, at, name, ": needs a positive number of channels, got ", features);
    check(o.eps >= 0, at, name, ": eps must not be negative, got ", repr::number(o.eps));
    if (o.affine) weight = BasicParameter<T>(ones<T>(Shape(features), {}, at));
    if (o.affine && o.bias) bias = BasicParameter<T>(zeros<T>(Shape(features), {}, at));
    if (!o.track_running_stats) return;
    running_mean = BasicBuffer<T>(zeros<T>(Shape(features), {}, at));
    running_var = BasicBuffer<T>(ones<T>(Shape(features), {}, at));
    num_batches_tracked = BasicBuffer<std::int64_t>(zeros<std::int64_t>({}));
  }
  using parts = members<&BatchNormOf::weight, &BatchNormOf::bias, &BatchNormOf::running_mean, &BatchNormOf::running_var,
                        &BatchNormOf::num_batches_tracked>;
  using others = members<&BatchNormOf::num_features, &BatchNormOf::options, &BatchNormOf::training>;

  std::string extra_repr() const {
    return std::to_string(num_features) + ", eps=" + repr::number(options.eps) +
           ", momentum=" + (options.momentum ? repr::number(*options.momentum) : "None") +
           ", affine=" + repr::boolean(options.affine) + ", bias=" + repr::boolean(bias.defined()) +
           ", track_running_stats=" + repr::boolean(options.track_running_stats);
  }

  Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    const double share = begin(x, at);
    return batch_norm(x, running_mean, running_var, weight, bias, uses_batch(), share, options.eps, at);
  }
  /// relu(forward(x) + skip), or without skip if that is undefined: the same values in one pass over memory. See
  /// nn::relu_of.
  Tensor<T> forward_relu(Tensor<T> x, const Tensor<T>& skip, Location at = Location::here()) const {
    const double share = begin(x, at);
    return batch_norm_relu(std::move(x), running_mean, running_var, weight, bias, uses_batch(), share, options.eps,
                           skip, at);
  }
  Tensor<T> forward_relu(Tensor<T> x, Location at = Location::here()) const {
    return forward_relu(std::move(x), Tensor<T>(), at);
  }
  bool forward_with(ModuleRef next, Tensor<T>& x, Location at) const {
    return detail::forward_with_relu(static_cast<const Self&>(*this), next, x, at);
  }

 private:
  bool uses_batch() const { return training || !running_mean.defined(); }
  // Checks x and counts the batch; gives its share in the running statistics.
  double begin(const Tensor<T>& x, Location at) const {
    Self::check_input(x, at);
    check(x.shape()[1] == num_features, at, "expects ", num_features, " channels, got ", x.shape()[1], " (input ",
          x.shape(), "); use ", Self::name, "(", x.shape()[1], ")");
    check(!uses_batch() || x.numel() > num_features, at,
          "expects more than one value per channel in training, got shape ", x.shape(),
          "; use a larger batch, leave out the last incomplete one (.drop_last = true), or call eval()");
    if (!training || !options.track_running_stats) return options.momentum.value_or(0);
    const Unobserved counting;
    num_batches_tracked.add_(1, at);
    return options.momentum ? *options.momentum : 1 / static_cast<double>(num_batches_tracked.item());
  }
};

/// Over (N, C) or (N, C, L).
///     nn::BatchNorm1d bn(256);   bn(x);           // x (64, 256) -> (64, 256)
///     nn::BatchNorm1d slow(256, {.momentum = 0.01});     // or (256, 1e-5, 0.01)
template <class T> struct BasicBatchNorm1d : BatchNormOf<BasicBatchNorm1d<T>, T> {
  explicit BasicBatchNorm1d(std::int64_t features, BatchNormOptions o = {}, Location at = Location::here())
      : BatchNormOf<BasicBatchNorm1d<T>, T>(features, o, "BatchNorm1d", at) {}
  template <Arithmetic Eps>
  BasicBatchNorm1d(std::int64_t features, Eps eps, std::optional<double> momentum = 0.1, bool affine = true,
                   bool track_running_stats = true, Location at = Location::here())
      : BasicBatchNorm1d(features, BatchNormOptions{static_cast<double>(eps), momentum, affine, track_running_stats},
                         at) {}
  template <std::size_t N> BasicBatchNorm1d(std::int64_t features, detail::UnknownOption<N> options);
  static constexpr const char* name = "BatchNorm1d";
  static void check_input(const Tensor<T>& x, Location at) {
    check(x.dim() == 2 || x.dim() == 3, at, "expects shape (N, C) or (N, C, L), got ", x.shape(),
          x.dim() == 4 ? "; images take BatchNorm2d" : "");
  }
};

/// Over (N, C, H, W).
template <class T> struct BasicBatchNorm2d : BatchNormOf<BasicBatchNorm2d<T>, T> {
  explicit BasicBatchNorm2d(std::int64_t features, BatchNormOptions o = {}, Location at = Location::here())
      : BatchNormOf<BasicBatchNorm2d<T>, T>(features, o, "BatchNorm2d", at) {}
  template <Arithmetic Eps>
  BasicBatchNorm2d(std::int64_t features, Eps eps, std::optional<double> momentum = 0.1, bool affine = true,
                   bool track_running_stats = true, Location at = Location::here())
      : BasicBatchNorm2d(features, BatchNormOptions{static_cast<double>(eps), momentum, affine, track_running_stats},
                         at) {}
  template <std::size_t N> BasicBatchNorm2d(std::int64_t features, detail::UnknownOption<N> options);
  static constexpr const char* name = "BatchNorm2d";
  static void check_input(const Tensor<T>& x, Location at) {
    check(x.dim() == 4, at, "expects shape (N, C, H, W), got ", x.shape(),
          x.dim() == 2 ? "; rows take BatchNorm1d" : "");
  }
};

using BatchNorm1d = BasicBatchNorm1d<float>;
using BatchNorm2d = BasicBatchNorm2d<float>;

}  // namespace chainrule::nn

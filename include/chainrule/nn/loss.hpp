#pragma once
// Losses as modules: options once, then loss(input, target). Formulas, gradients and what they refuse stand with the
// functions in ops/. Weights are buffers: they move with to(device) and stand in the state_dict, as in PyTorch. What
// people pass by position:
// CrossEntropyLoss(weight), MSELoss("sum").

#include <chainrule/nn/module.hpp>
#include <chainrule/nn/unknown_option.hpp>
#include <chainrule/ops/binary_cross_entropy.hpp>
#include <chainrule/ops/cross_entropy.hpp>
#include <chainrule/ops/l1_loss.hpp>
#include <chainrule/ops/mse_loss.hpp>
#include <chainrule/ops/nll_loss.hpp>
#include <chainrule/ops/smooth_l1_loss.hpp>

namespace chainrule::nn {

/// Scores (N, C) or (N, C, d...) against class labels of int64, (N,) or (N, d...), or against probabilities of the
/// scores' shape.
///     nn::CrossEntropyLoss loss({.label_smoothing = 0.1});   loss(net(images), labels).backward();
template <class T> struct BasicCrossEntropyLoss : Module<BasicCrossEntropyLoss<T>> {
  BasicBuffer<T> weight;  // (C,)
  CrossEntropyOptions<T> options;

  explicit BasicCrossEntropyLoss(const CrossEntropyOptions<T>& o = {}) : weight(o.weight), options(o) {
    options.weight = {};
  }
  template <std::derived_from<Tensor<T>> Weight>
  explicit BasicCrossEntropyLoss(const Weight& w) : BasicCrossEntropyLoss(CrossEntropyOptions<T>{.weight = w}) {}
  template <std::size_t N> explicit BasicCrossEntropyLoss(detail::UnknownOption<N> options);
  using parts = members<&BasicCrossEntropyLoss::weight>;
  using others = members<&BasicCrossEntropyLoss::options>;

  Tensor<T> forward(const Tensor<T>& input, const Tensor<std::int64_t>& target, Location at = Location::here()) const {
    return cross_entropy(input, target, weighted(), at);
  }
  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target, Location at = Location::here()) const {
    return cross_entropy(input, target, weighted(), at);
  }

 private:
  CrossEntropyOptions<T> weighted() const {
    CrossEntropyOptions<T> o = options;
    o.weight = weight;
    return o;
  }
};

/// Log-probabilities (N, C), from LogSoftmax, against class labels (N,).
template <class T> struct BasicNLLLoss : Module<BasicNLLLoss<T>> {
  BasicBuffer<T> weight;  // (C,)
  NllLossOptions<T> options;

  explicit BasicNLLLoss(const NllLossOptions<T>& o = {}) : weight(o.weight), options(o) { options.weight = {}; }
  template <std::derived_from<Tensor<T>> Weight>
  explicit BasicNLLLoss(const Weight& w) : BasicNLLLoss(NllLossOptions<T>{.weight = w}) {}
  template <std::size_t N> explicit BasicNLLLoss(detail::UnknownOption<N> options);
  using parts = members<&BasicNLLLoss::weight>;
  using others = members<&BasicNLLLoss::options>;

  Tensor<T> forward(const Tensor<T>& input, const Tensor<std::int64_t>& target, Location at = Location::here()) const {
    NllLossOptions<T> o = options;
    o.weight = weight;
    return nll_loss(input, target, o, at);
  }
};

/// Probabilities against targets from 0 to 1, of one shape.
template <class T> struct BasicBCELoss : Module<BasicBCELoss<T>> {
  BasicBuffer<T> weight;
  BinaryCrossEntropyOptions<T> options;

  explicit BasicBCELoss(const BinaryCrossEntropyOptions<T>& o = {}) : weight(o.weight), options(o) {
    options.weight = {};
  }
  template <std::derived_from<Tensor<T>> Weight>
  explicit BasicBCELoss(const Weight& w) : BasicBCELoss(BinaryCrossEntropyOptions<T>{.weight = w}) {}
  template <std::size_t N> explicit BasicBCELoss(detail::UnknownOption<N> options);
  using parts = members<&BasicBCELoss::weight>;
  using others = members<&BasicBCELoss::options>;

  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target, Location at = Location::here()) const {
    BinaryCrossEntropyOptions<T> o = options;
    o.weight = weight;
    return binary_cross_entropy(input, target, o, at);
  }
};

/// Scores of any size against targets from 0 to 1, of one shape. pos_weight multiplies the terms of positive targets.
template <class T> struct BasicBCEWithLogitsLoss : Module<BasicBCEWithLogitsLoss<T>> {
  BasicBuffer<T> weight, pos_weight;
  BinaryCrossEntropyWithLogitsOptions<T> options;

  explicit BasicBCEWithLogitsLoss(const BinaryCrossEntropyWithLogitsOptions<T>& o = {})
      : weight(o.weight), pos_weight(o.pos_weight), options(o) {
    options.weight = options.pos_weight = {};
  }
  template <std::derived_from<Tensor<T>> Weight>
  explicit BasicBCEWithLogitsLoss(const Weight& w)
      : BasicBCEWithLogitsLoss(BinaryCrossEntropyWithLogitsOptions<T>{.weight = w}) {}
  template <std::size_t N> explicit BasicBCEWithLogitsLoss(detail::UnknownOption<N> options);
  using parts = members<&BasicBCEWithLogitsLoss::weight, &BasicBCEWithLogitsLoss::pos_weight>;
  using others = members<&BasicBCEWithLogitsLoss::options>;

  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target, Location at = Location::here()) const {
    BinaryCrossEntropyWithLogitsOptions<T> o = options;
    o.weight = weight;
    o.pos_weight = pos_weight;
    return binary_cross_entropy_with_logits(input, target, o, at);
  }
};

// The next three hold no tensors: one type serves float and double.

/// The mean of (input - target)².
struct MSELoss : Module<MSELoss> {
  LossOptions options;
  explicit MSELoss(LossOptions o = {}) : options(o) {}
  template <std::convertible_to<std::string_view> Word>
  explicit MSELoss(const Word& reduction, Location at = Location::here())
      : options{Reduction(std::string_view(reduction), at)} {}
  template <std::size_t N> explicit MSELoss(detail::UnknownOption<N> options);
  using parts = members<>;
  using others = members<&MSELoss::options>;
  template <Real T>
  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target, Location at = Location::here()) const {
    return mse_loss(input, target, options, at);
  }
};

/// The mean of |input - target|.
struct L1Loss : Module<L1Loss> {
  LossOptions options;
  explicit L1Loss(LossOptions o = {}) : options(o) {}
  template <std::convertible_to<std::string_view> Word>
  explicit L1Loss(const Word& reduction, Location at = Location::here())
      : options{Reduction(std::string_view(reduction), at)} {}
  template <std::size_t N> explicit L1Loss(detail::UnknownOption<N> options);
  using parts = members<>;
  using others = members<&L1Loss::options>;
  template <Real T>
  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target, Location at = Location::here()) const {
    return l1_loss(input, target, options, at);
  }
};

/// L1Loss, but a parabola where |input - target| < beta.
struct SmoothL1Loss : Module<SmoothL1Loss> {
  SmoothL1LossOptions options;
  explicit SmoothL1Loss(SmoothL1LossOptions o = {}) : options(o) {}
  template <std::convertible_to<std::string_view> Word>
  explicit SmoothL1Loss(const Word& reduction, double beta = 1, Location at = Location::here())
      : options{Reduction(std::string_view(reduction), at), beta} {}
  template <std::size_t N> explicit SmoothL1Loss(detail::UnknownOption<N> options);
  using parts = members<>;
  using others = members<&SmoothL1Loss::options>;
  template <Real T>
  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target, Location at = Location::here()) const {
    return smooth_l1_loss(input, target, options, at);
  }
};

using CrossEntropyLoss = BasicCrossEntropyLoss<float>;
using NLLLoss = BasicNLLLoss<float>;
using BCELoss = BasicBCELoss<float>;
using BCEWithLogitsLoss = BasicBCEWithLogitsLoss<float>;

}  // namespace chainrule::nn

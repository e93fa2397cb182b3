#pragma once
// cross_entropy: log_softmax and the negative log-likelihood in one kernel, and its gradient, softmax minus one-hot, in
// another.

#include <chainrule/ops/class_labels.hpp>
#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/create.hpp>
#include <chainrule/ops/neg.hpp>
#include <chainrule/ops/softmax.hpp>

namespace chainrule {

/// Options of cross_entropy, as in PyTorch.
template <class T> struct CrossEntropyOptions {
  Tensor<T> weight = {};             ///< (C,): how much each class counts; all 1 if left out
  std::int64_t ignore_index = -100;  ///< rows with this label count for nothing
  Reduction reduction = Reduction::mean;
  double label_smoothing = 0;  ///< this share of each target is spread evenly over all classes
};

namespace detail {

/// The formula: -sum over the classes of weight * target * log_softmax(x) for each row, where the target of a label is
/// 1 for its class and 0 for the others, smoothed, and 0 everywhere in a row that is ignored. The kernel computes it in
/// one pass over the scores; tests compare it with this.
template <Real T>
Tensor<T> cross_entropy_formula(const Tensor<T>& x, const Tensor<std::int64_t>& labels,
                                const CrossEntropyOptions<T>& options) {
  const int d = x.dim() == 1 ? 0 : 1;
  const std::int64_t classes = x.shape()[d];
  Shape column = Shape::filled(x.dim() - d, 1);
  column[0] = classes;                                       // (C, 1, ...)
  const Tensor<std::int64_t> at_row = unsqueeze(labels, d);  // (N, 1, ...)
  const Tensor<T> counts = cast<T>(at_row != options.ignore_index),
                  label = cast<T>(at_row == reshape(arange(classes), column)) * counts,  // (N, C, ...)
      target =
          label * (1 - options.label_smoothing) + counts * (options.label_smoothing / static_cast<double>(classes)),
                  weight = options.weight.defined() ? reshape(options.weight, column) : ones<T>(column);
  const Tensor<T> terms = -sum(weight * target * log_softmax(x, d), d);  // (N, ...)
  if (options.reduction == chainrule::Reduction::none) return terms;
  return options.reduction == chainrule::Reduction::sum ? sum(terms) : sum(terms) / sum(weight * label);
}

}  // namespace detail

namespace fn {

/// Per row (outer, inner), kept for the gradient: max and log-sum of the shifted exponentials, and the factor of
/// softmax(x) in the row's gradient (0 where ignored); and one value, what the sum is divided by.
template <class T> struct CrossEntropyRows { T *max, *log_sum, *scale, *divisor; };

// The slots.
template <class T> struct CrossEntropy {
  static constexpr auto name = "cross_entropy";
  /// loss: null if nothing is reduced.
  using fn = void(const ClassLossArgs<T>& args, const CrossEntropyRows<T>& rows, T* terms, T* loss);
  [[gnu::weak]] static fn cpu;  // cpu/rowwise/cross_entropy.hpp
};
template <class T> struct CrossEntropyGrad {
  static constexpr auto name = "cross_entropy_grad";
  using fn = void(const ClassLossArgs<T>& args, const CrossEntropyRows<T>& rows, T* gx);
  [[gnu::weak]] static fn cpu;  // cpu/rowwise/cross_entropy.hpp
};

}  // namespace fn

namespace detail {

template <Real T> fn::CrossEntropyRows<T> cross_entropy_rows(const Tensor<T>& stats) {
  const std::int64_t rows = (stats.numel() - 1) / 3;
  return {stats.data(), stats.data() + rows, stats.data() + 2 * rows, stats.data() + 3 * rows};
}

/// d(loss)/dx as an op of g and x.
template <Real T>
Tensor<T> cross_entropy_grad(const Tensor<T>& g, const Tensor<T>& x, const Tensor<std::int64_t>& target,
                             const Tensor<T>& weight, const Tensor<T>& stats, ClassLossSettings settings,
                             Location at = Location::here()) {
  Tensor<T> gx = allocate<T>(x.shape(), x.device());
  if (x.numel() > 0) {
    no_grad guard;
    const Tensor<T> upstream = contiguous(g, at), in = contiguous(x, at);
    auto args = class_loss_args(settings, in, target, weight);
    args.g = upstream.data();
    kernel<fn::CrossEntropyGrad<T>>::on(x.device(), at)(args, cross_entropy_rows(stats), gx.data());
  }
  return record(
      "cross_entropy_grad", gx, {g, x}, keep(g, x, target, weight, stats),
      [settings](const Tensor<T>& u, Needs need, const Tensor<T>& up, const Tensor<T>& in,
                 const Tensor<std::int64_t>& labels, const Tensor<T>& w, const Tensor<T>& kept) {
        Tensor<T> to_g, to_x;
        const Dims classes(settings.dim);
        if (need[0]) {  // the op is linear in g
          to_g = u * cross_entropy_grad(ones_like(up), in, labels, w, kept, settings);
          to_g = settings.reduction == chainrule::Reduction::none ? sum(to_g, classes) : sum(to_g);
        }
        if (need[1]) {  // x only enters through softmax(x), whose factor in each row is g * scale
          Shape one = in.shape();
          one[settings.dim] = 1;
          Tensor<T> scale = reshape(slice(kept, 0, 2 * one.numel(), 3 * one.numel()), one);
          Tensor<T> factor = (settings.reduction == chainrule::Reduction::none ? reshape(up, one) : up) * scale;
          to_x = softmax_grad(u * factor, softmax(in, settings.dim), settings.dim);
        }
        return Grads{to_g, to_x};
      },
      at);
}

inline void check_smoothing(double smoothing, Location at) {
  check(smoothing >= 0 && smoothing <= 1, at, "cross_entropy: label_smoothing must lie between 0 and 1, got ",
        smoothing);
}

}  // namespace detail

/// The cross entropy between scores (logits) and class labels: for each row -weight[label] log_softmax(x)[label].
/// Scores (N, C), labels (N,) of int64; also (N, C, d1, ...) and (N, d1, ...), or (C,) and (). float and double.
/// "mean" divides the sum by the sum of the labels' weights; with every row ignored it is NaN, as in PyTorch.
/// label_smoothing e: the target is (1 - e) one-hot + e / C.
/// Gradient: weight[label] (softmax(x) - one-hot) g, divided as the loss is; 0 for ignored rows.
/// Throws, before any work, for a label that is no class (with the label and its row), for shapes that do not belong
/// together, and for a weight that requires a gradient.
/// Source: torch.nn.functional.cross_entropy.
///     cross_entropy(zeros({1, 10}), tensor<std::int64_t>({3}))   // log(10) = 2.3026
template <Real T>
Tensor<T> cross_entropy(const Tensor<T>& input, const Tensor<std::int64_t>& target,
                        std::type_identity_t<CrossEntropyOptions<T>> options = {}, Location at = Location::here()) {
  const Tensor<std::int64_t> labels =
      detail::check_class_loss("cross_entropy", input, target, options.weight, options.ignore_index, at);
  detail::check_smoothing(options.label_smoothing, at);
  const detail::ClassLossSettings settings{input.dim() == 1 ? 0 : 1, options.ignore_index, options.label_smoothing,
                                           options.reduction};
  const bool reduced = options.reduction != Reduction::none;
  Tensor<T> x = input, weight = options.weight;
  {
    no_grad guard;
    x = contiguous(input, at);
    if (weight.defined()) weight = contiguous(weight, at);
  }
  const std::int64_t rows = target.numel();
  const auto fresh = [&](const Shape& shape) {
    return detail::allocate<T>(shape, input.device(), "cross_entropy", at);
  };
  Tensor<T> terms = fresh(target.shape()), stats = fresh({3 * rows + 1});
  Tensor<T> loss = reduced ? fresh({}) : terms;
  kernel<fn::CrossEntropy<T>>::on(input.device(), at)(detail::class_loss_args(settings, x, labels, weight),
                                                      detail::cross_entropy_rows(stats), terms.data(),
                                                      reduced ? loss.data() : nullptr);
  return record(
      "cross_entropy", loss, {input}, keep(input, labels, weight, stats),
      [settings](const Tensor<T>& g, const Tensor<T>& in, const Tensor<std::int64_t>& t, const Tensor<T>& w,
                 const Tensor<T>& kept) { return Grads{detail::cross_entropy_grad(g, in, t, w, kept, settings)}; },
      at);
}

/// The same for a probability of each class instead of a label: -sum(weight target log_softmax(x)) for each row; "mean"
/// divides by the number of rows. The target has the shape of the scores and gets a gradient too, -weight
/// log_softmax(x) g.
///     cross_entropy(zeros({1, 2}), tensor({{0.5f, 0.5f}}))   // log(2) = 0.6931
template <Real T>
Tensor<T> cross_entropy(const Tensor<T>& input, const Tensor<T>& target,
                        std::type_identity_t<CrossEntropyOptions<T>> options = {}, Location at = Location::here()) {
  check(input.dim() > 0, at, "cross_entropy: expects scores of shape (N, C) or (N, C, d1, ...), got ", input.shape());
  check(input.shape() == target.shape(), at, "cross_entropy: probabilities need the shape of the scores, ",
        input.shape(), ", got ", target.shape(),
        target.dim() < input.dim() ? "; class labels must be of int64: target.to<std::int64_t>()" : "");
  const int d = input.dim() == 1 ? 0 : 1;
  const std::int64_t classes = input.shape()[d];
  check(!options.weight.defined() || options.weight.shape() == Shape(classes), at,
        "cross_entropy: weight needs one value for each of the ", classes, " classes, got shape ",
        options.weight.defined() ? options.weight.shape() : Shape{});
  detail::check_smoothing(options.label_smoothing, at);

  Tensor<T> p = target;
  if (options.label_smoothing > 0)
    p = p * (1 - options.label_smoothing) + options.label_smoothing / static_cast<double>(classes);
  Tensor<T> terms = p * log_softmax(input, d, at);
  if (options.weight.defined()) {
    Shape column = Shape::filled(input.dim() - d, 1);
    column[0] = classes;
    terms = terms * reshape(options.weight, column);  // (C, 1, ...)
  }
  if (options.reduction == Reduction::none) return sum(terms, d, false, at) * -1;
  const double rows = static_cast<double>(input.numel() / std::max<std::int64_t>(1, classes));
  return sum(terms, at) * (options.reduction == Reduction::mean ? -1 / rows : -1.0);
}

/// Labels of uint8, as PyTorch takes them.
template <Real T, detail::OtherIndex I>
requires(!Real<I>) Tensor<T> cross_entropy(const Tensor<T>& input, const Tensor<I>& target,
                                           std::type_identity_t<CrossEntropyOptions<T>> options = {},
                                           Location at = Location::here()) {
  static_assert(std::same_as<I, std::uint8_t>,
                "cross_entropy: labels must be of int64 or uint8; convert them: target.to<std::int64_t>()");
  return cross_entropy(input, cast<std::int64_t>(target, at), options, at);
}

/// With the weight third, as in PyTorch: cross_entropy(input, target, weight, {.label_smoothing = 0.1}).
template <Real T>
Tensor<T> cross_entropy(const Tensor<T>& input, const Tensor<std::int64_t>& target,
                        const std::type_identity_t<Tensor<T>>& weight,
                        std::type_identity_t<CrossEntropyOptions<T>> rest = {}, Location at = Location::here()) {
  rest.weight = weight;
  return cross_entropy(input, target, rest, at);
}

}  // namespace chainrule

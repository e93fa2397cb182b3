#pragma once
// nll_loss: the negative log-likelihood of class labels, given log-probabilities.

#include <chainrule/ops/cross_entropy.hpp>

namespace chainrule {

/// Options of nll_loss, as in PyTorch.
template <class T> struct NllLossOptions {
  Tensor<T> weight = {};             ///< (C,): how much each class counts; all 1 if left out
  std::int64_t ignore_index = -100;  ///< rows with this label count for nothing
  Reduction reduction = Reduction::mean;
};

namespace detail {

/// Calls f(row, position of the label's element, weight) for the rows that count, and gives what "mean" divides by.
template <class T, class F> double for_each_label(const fn::ClassLossArgs<T>& p, const F& f) {
  double weights = 0;
  for (std::int64_t o = 0; o < p.split.outer; ++o)
    for (std::int64_t i = 0; i < p.split.inner; ++i) {
      const std::int64_t row = o * p.split.inner + i, label = p.target[row];
      if (label == p.ignore_index) continue;
      const T w = p.weight ? p.weight[label] : T(1);
      weights += static_cast<double>(w);
      f(row, (o * p.split.n + label) * p.split.inner + i, w);
    }
  return p.reduction == chainrule::Reduction::mean ? weights : 1;
}

}  // namespace detail

namespace fn {

template <class T> struct NllLoss {
  static constexpr auto name = "nll_loss";
  using fn = void(const ClassLossArgs<T>& args, T* loss);  // one number, or one for each row if nothing is reduced

  static void cpu(const ClassLossArgs<T>& p, T* loss) {
    const bool each = p.reduction == Reduction::none;
    for (std::int64_t r = 0; each && r < p.split.outer * p.split.inner; ++r) loss[r] = T(0);
    double sum = 0;
    const double divisor = detail::for_each_label(p, [&](std::int64_t row, std::int64_t position, T w) {
      if (each) loss[row] = -w * p.x[position];
      else sum -= static_cast<double>(w * p.x[position]);
    });
    if (!each) *loss = static_cast<T>(sum / divisor);
  }
};
template <class T> struct NllLossGrad {
  static constexpr auto name = "nll_loss_grad";
  using fn = void(const ClassLossArgs<T>& args, T* gx);

  static void cpu(const ClassLossArgs<T>& p, T* gx) {
    const bool each = p.reduction == Reduction::none;
    for (std::int64_t i = 0; i < p.split.outer * p.split.n * p.split.inner; ++i) gx[i] = T(0);
    const double divisor = detail::for_each_label(
        p, [&](std::int64_t row, std::int64_t position, T w) { gx[position] = -w * (each ? p.g[row] : *p.g); });
    if (divisor != 1)
      detail::for_each_label(p, [&](std::int64_t, std::int64_t position, T) {
        gx[position] = static_cast<T>(static_cast<double>(gx[position]) / divisor);
      });
  }
};

}  // namespace fn

namespace detail {

template <Real T>
Tensor<T> nll_loss_as(const Tensor<T>& x, const Tensor<std::int64_t>& target, const Tensor<T>& weight,
                      ClassLossSettings settings, Location at = Location::here());

/// The gradient as an op of g alone; the loss is linear in x, so the gradient's gradient is the loss.
template <Real T>
Tensor<T> nll_loss_grad(const Tensor<T>& g, const Shape& x_size, const Tensor<std::int64_t>& target,
                        const Tensor<T>& weight, ClassLossSettings settings, Location at = Location::here()) {
  Tensor<T> gx = allocate<T>(x_size, g.device());
  if (gx.numel() > 0) {
    no_grad guard;
    const Tensor<T> up = contiguous(g, at);
    auto args = class_loss_args(settings, gx, target, weight);
    args.g = up.data();
    kernel<fn::NllLossGrad<T>>::on(g.device(), at)(args, gx.data());
  }
  return record(
      "nll_loss_grad", gx, {g}, keep(target, weight),
      [settings](const Tensor<T>& u, const Tensor<std::int64_t>& t, const Tensor<T>& w) {
        return Grads{nll_loss_as(u, t, w, settings)};
      },
      at);
}
template <Real T>
Tensor<T> nll_loss_as(const Tensor<T>& x, const Tensor<std::int64_t>& target, const Tensor<T>& weight,
                      ClassLossSettings settings, Location at) {
  const Shape shape = settings.reduction == chainrule::Reduction::none ? target.shape() : Shape{};
  Tensor<T> loss = allocate<T>(shape, x.device(), "nll_loss", at);
  {
    no_grad guard;
    const Tensor<T> in = contiguous(x, at);
    kernel<fn::NllLoss<T>>::on(x.device(), at)(class_loss_args(settings, in, target, weight), loss.data());
  }
  return record(
      "nll_loss", loss, {x}, keep(target, weight),
      [settings, size = x.shape()](const Tensor<T>& g, const Tensor<std::int64_t>& t, const Tensor<T>& w) {
        return Grads{nll_loss_grad(g, size, t, w, settings)};
      },
      at);
}

}  // namespace detail

/// -weight[label] x[label] for each row, x being log-probabilities (log_softmax gives them). x (N, C), labels (N,) of
/// int64; also (N, C, d1, ...) and (N, d1, ...), or (C,) and (). float and double. "mean" divides the sum by the sum of
/// the labels' weights. Gradient: -weight[label] g at the label, divided as the loss is; 0 elsewhere and in ignored
/// rows.
/// Throws, before any work, for a label that is no class, for shapes that do not belong together, and for a weight that
/// requires a gradient. Source: torch.nn.functional.nll_loss.
///     nll_loss(tensor({{-1, -2}, {-3, -4}}), tensor<std::int64_t>({0, 1}))   // 2.5
template <Real T>
Tensor<T> nll_loss(const Tensor<T>& input, const Tensor<std::int64_t>& target,
                   std::type_identity_t<NllLossOptions<T>> options = {}, Location at = Location::here()) {
  const Tensor<std::int64_t> labels =
      detail::check_class_loss("nll_loss", input, target, options.weight, options.ignore_index, at);
  const detail::ClassLossSettings settings{input.dim() == 1 ? 0 : 1, options.ignore_index, 0, options.reduction};
  return detail::nll_loss_as(
      input, labels, options.weight.defined() ? contiguous(options.weight.detach(), at) : Tensor<T>(), settings, at);
}

/// Labels of uint8, as PyTorch takes them.
template <Real T, detail::OtherIndex I>
requires(!Real<I>) Tensor<T> nll_loss(const Tensor<T>& input, const Tensor<I>& target,
                                      std::type_identity_t<NllLossOptions<T>> options = {},
                                      Location at = Location::here()) {
  static_assert(std::same_as<I, std::uint8_t>,
                "nll_loss: labels must be of int64 or uint8; convert them: target.to<std::int64_t>()");
  return nll_loss(input, cast<std::int64_t>(target, at), options, at);
}

}  // namespace chainrule

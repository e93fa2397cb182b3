#pragma once
// What the losses of class labels, cross_entropy and nll_loss, have in common: the checks of the labels, and what their
// kernels get.

#include <chainrule/core/axis_split.hpp>
#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/reduction.hpp>
#include <chainrule/ops/softmax.hpp>

namespace chainrule {

namespace fn {

/// Class labels and what they are compared with, contiguous: x (outer, n classes, inner), one label per (outer, inner).
template <class T> struct ClassLossArgs {
  AxisSplit split;
  const T* x;
  const std::int64_t* target;
  const T* weight;  // (n,) or null
  std::int64_t ignore_index;
  double smoothing;
  Reduction reduction;
  const T* g = nullptr;  // upstream, for gradients: one value, or one for each row if nothing is reduced
};

/// The position of the first label that is no class and not ignored, or -1.
struct FindBadLabel {
  static constexpr auto name = "find_bad_label";
  using fn = std::int64_t(const std::int64_t* target, std::int64_t n, std::int64_t classes, std::int64_t ignore_index);
  static std::int64_t cpu(const std::int64_t* target, std::int64_t n, std::int64_t classes, std::int64_t ignore_index) {
    for (std::int64_t i = 0; i < n; ++i)
      if ((target[i] < 0 || target[i] >= classes) && target[i] != ignore_index) return i;
    return -1;
  }
};

}  // namespace fn

namespace detail {

/// Checks logits (N, C, ...), labels (N, ...) and class weights (C,), or (C,) and () for a single row. Returns the
/// labels, contiguous.
template <Real T>
Tensor<std::int64_t> check_class_loss(const char* op, const Tensor<T>& x, const Tensor<std::int64_t>& target,
                                      const Tensor<T>& weight, std::int64_t ignore_index, Location at) {
  check(x.dim() > 0, at, op, ": expects scores of shape (N, C) or (N, C, d1, ...), got ", x.shape());
  const int d = x.dim() == 1 ? 0 : 1;
  Shape rows = x.shape();
  rows.erase(d);
  const std::int64_t classes = x.shape()[d];
  if (target.shape() != rows) [[unlikely]] {
    Shape squeezed = target.shape();
    std::string fix;
    if (target.shape() == x.shape())
      fix = "; one-hot labels become class numbers by target.argmax(1), or pass probabilities of the scores' type";
    else if (target.dim() == x.dim() && squeezed[d] == 1 && (squeezed.erase(d), squeezed == rows))
      fix = "; use target.squeeze(1)";
    fail(at, op, ": scores of shape ", x.shape(), " need labels of shape ", rows, ", got ", target.shape(), fix);
  }
  check(!weight.defined() || weight.shape() == Shape(classes), at, op, ": weight needs one value for each of the ",
        classes, " classes, got shape ", weight.defined() ? weight.shape() : Shape{});
  check_same_device(op, at, x, target);
  if (weight.defined()) {
    check_same_device(op, at, x, weight);
    check(!(grad_enabled && weight.requires_grad()), at, op,
          ": class weights of labels get no gradient, but weight requires one; pass weight.detach()");
  }
  const Tensor<std::int64_t> labels = contiguous(target, at);
  const std::int64_t bad =
      kernel<fn::FindBadLabel>::on(labels.device(), at)(labels.data(), labels.numel(), classes, ignore_index);
  if (bad >= 0) [[unlikely]] {
    const std::int64_t label = labels.to_vector()[static_cast<std::size_t>(bad)];
    Shape position;  // of the bad label
    for (int k = rows.size() - 1; k >= 0; --k) {
      std::int64_t below = 1;
      for (int j = k + 1; j < rows.size(); ++j) below *= rows[j];
      position.insert(0, bad / below % rows[k]);
    }
    fail(at, op, ": label ", label, " at row ", position.size() == 1 ? std::to_string(position[0]) : position.str(),
         " is no class; there are ", classes, " classes (0 to ", classes - 1, ")");
  }
  return labels;
}

/// What a rule of a class loss captures; no tensors.
struct ClassLossSettings {
  int dim;  // of the classes
  std::int64_t ignore_index;
  double smoothing;
  chainrule::Reduction reduction;
};

template <Real T>
fn::ClassLossArgs<T> class_loss_args(const ClassLossSettings& s, const Tensor<T>& x, const Tensor<std::int64_t>& target,
                                     const Tensor<T>& weight) {
  return {
      .split = axis_split(x.shape(), s.dim),
      .x = x.data(),
      .target = target.data(),
      .weight = weight.defined() ? weight.data() : nullptr,
      .ignore_index = s.ignore_index,
      .smoothing = s.smoothing,
      .reduction = s.reduction,
  };
}

}  // namespace detail

}  // namespace chainrule

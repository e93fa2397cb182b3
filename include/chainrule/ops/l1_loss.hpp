#pragma once
// l1_loss: the mean absolute error.

#include <chainrule/ops/pairwise_loss.hpp>

namespace chainrule {

namespace fn {

struct AbsoluteError {
  static constexpr auto name = "l1_loss", grad_name = "l1_loss_grad", curve_name = "l1_loss_curve";
  template <class T> CHAINRULE_HD T value(T d) const { return d < 0 ? -d : d; }
  template <class T> CHAINRULE_HD T slope(T d) const { return static_cast<T>(d > 0) - static_cast<T>(d < 0); }
  template <class T> CHAINRULE_HD T curve(T) const { return T(0); }
};

}  // namespace fn

/// |input - target|, averaged, summed, or for each element. Both have the same shape. float and double; the mean of
/// nothing is NaN. Gradient: sign(input - target) g for the input, 0 where they are equal, divided by the number of
/// elements for "mean"; the opposite for the target. Throws when the shapes differ, even if they would broadcast.
/// Source: torch.nn.functional.l1_loss.
///     l1_loss(tensor({1, 2}), tensor({1, 4}))   // 1
template <Real T>
Tensor<T> l1_loss(const Tensor<T>& input, const Tensor<T>& target, LossOptions options = {},
                  Location at = Location::here()) {
  return detail::pairwise_loss(fn::AbsoluteError{}, input, target, options.reduction, at);
}

}  // namespace chainrule

#pragma once
// mse_loss: the mean squared error.

#include <chainrule/ops/pairwise_loss.hpp>

namespace chainrule {

namespace fn {

struct SquaredError {
  static constexpr auto name = "mse_loss", grad_name = "mse_loss_grad", curve_name = "mse_loss_curve";
  template <class T> CHAINRULE_HD T value(T d) const { return d * d; }
  template <class T> CHAINRULE_HD T slope(T d) const { return 2 * d; }
  template <class T> CHAINRULE_HD T curve(T) const { return T(2); }
};

}  // namespace fn

/// (input - target)^2, averaged, summed, or for each element. Both have the same shape. float and double; the mean of
/// nothing is NaN. Gradient: 2 (input - target) g for the input, divided by the number of elements for "mean"; the
/// opposite for the target. Throws when the shapes differ, even if they would broadcast. Source:
/// torch.nn.functional.mse_loss.
///     mse_loss(tensor({1, 2}), tensor({1, 4}))   // 2
template <Real T>
Tensor<T> mse_loss(const Tensor<T>& input, const Tensor<T>& target, LossOptions options = {},
                   Location at = Location::here()) {
  return detail::pairwise_loss(fn::SquaredError{}, input, target, options.reduction, at);
}

}  // namespace chainrule

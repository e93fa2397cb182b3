#pragma once
// smooth_l1_loss: squared near zero, absolute beyond.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/pairwise_loss.hpp>

namespace chainrule {

namespace fn {

struct SmoothError {
  static constexpr auto name = "smooth_l1_loss", grad_name = "smooth_l1_loss_grad", curve_name = "smooth_l1_loss_curve";
  double beta;
  template <class T> CHAINRULE_HD T value(T d) const {
    const T b = static_cast<T>(beta), a = d < 0 ? -d : d;
    return math::select(a < b, d * d / (2 * b), a - b / 2);
  }
  template <class T> CHAINRULE_HD T slope(T d) const {
    const T b = static_cast<T>(beta), a = d < 0 ? -d : d;
    return a < b || (d != d && b > 0) ? d / b : static_cast<T>(d > 0) - static_cast<T>(d < 0);  // NaN stays NaN
  }
  template <class T> CHAINRULE_HD T curve(T d) const {
    const T b = static_cast<T>(beta), a = d < 0 ? -d : d;
    return a < b ? 1 / b : T(0);
  }
};

}  // namespace fn

/// Options of smooth_l1_loss, as in PyTorch.
struct SmoothL1LossOptions {
  Reduction reduction = Reduction::mean;
  double beta = 1;  ///< where the square ends; 0 makes it l1_loss
};

/// With d = input - target: d^2 / (2 beta) where |d| < beta, else |d| - beta / 2; averaged, summed, or for each
/// element. Both have the same shape. float and double. Gradient: d / beta g where |d| < beta, else sign(d) g, divided
/// by the number of elements for "mean"; the opposite for the target. Throws when the shapes differ, even if they would
/// broadcast, and for a negative beta.
/// Source: torch.nn.functional.smooth_l1_loss.
///     smooth_l1_loss(tensor({1, 2}), tensor({1, 4}))   // 0.75
template <Real T>
Tensor<T> smooth_l1_loss(const Tensor<T>& input, const Tensor<T>& target, SmoothL1LossOptions options = {},
                         Location at = Location::here()) {
  check(options.beta >= 0, at, "smooth_l1_loss: beta must not be negative, got ", options.beta);
  return detail::pairwise_loss(fn::SmoothError{options.beta}, input, target, options.reduction, at);
}

}  // namespace chainrule

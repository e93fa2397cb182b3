#pragma once
// nan_to_num: numbers in place of NaN and the infinities.

#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/isfinite.hpp>
#include <chainrule/ops/masked_fill.hpp>
#include <limits>

namespace chainrule {

/// x with `nan` for NaN, and with `posinf` and `neginf` for the infinities (if left out, the largest and the lowest
/// number). Gradient: g where x was finite, else 0. Source: torch.nan_to_num.
///     nan_to_num(tensor({NAN, 1}), 7)   // {7, 1}
template <class T>
Tensor<T> nan_to_num(const Tensor<T>& x, double nan = 0, std::optional<double> posinf = {},
                     std::optional<double> neginf = {}, Location at = Location::here()) {
  if constexpr (!Real<T>) return x;
  else {
    using Limits = std::numeric_limits<T>;
    const auto number = [](std::optional<double> v, T otherwise) { return v ? static_cast<T>(*v) : otherwise; };
    const Tensor<T> seen = x.detach();
    const Tensor<T> low = masked_fill(x, seen.eq(-Limits::infinity(), at), number(neginf, Limits::lowest()), at);
    return masked_fill(masked_fill(low, seen.eq(Limits::infinity(), at), number(posinf, Limits::max()), at),
                       isnan(seen, at), static_cast<T>(nan), at);
  }
}

template <class T>
Tensor<T> Tensor<T>::nan_to_num(double nan, std::optional<double> posinf, std::optional<double> neginf,
                                Location at) const {
  return chainrule::nan_to_num(*this, nan, posinf, neginf, at);
}

}  // namespace chainrule

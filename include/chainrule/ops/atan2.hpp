#pragma once
// atan2: the angle of a point.

#include <chainrule/core/binary.hpp>
#include <chainrule/ops/add.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/neg.hpp>
#include <cmath>

namespace chainrule {

namespace fn {

struct Atan2 {
  static constexpr auto name = "atan2";
  template <class T> CHAINRULE_HD T operator()(T y, T x) const { return std::atan2(y, x); }
};

}  // namespace fn

/// The angle of the point (x, y) from the positive x axis, between -pi and pi; y stands first; shapes broadcast. float and double.
/// Gradient: g x / (x^2 + y^2) for y, -g y / (x^2 + y^2) for x; NaN at the origin. Source: torch.atan2.
///     atan2(tensor({1, 0}), tensor({1, -1}))   // {0.7854, 3.1416}
template <class T> Tensor<T> atan2(const Tensor<T>& y, const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "atan2: expects float or double tensors; convert first: x.to<float>()");
  return record("atan2", map(fn::Atan2{}, at, y, x), {y, x}, keep(y, x), [](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& q) {
    const Tensor<T> slope = g / (p * p + q * q);
    return Grads{need[0] ? slope * q : Tensor<T>(), need[1] ? -(slope * p) : Tensor<T>()};
  }, at);
}

template <class T> Tensor<T> Tensor<T>::atan2(const Tensor& x, Location at) const { return chainrule::atan2(*this, x, at); }

}  // namespace chainrule

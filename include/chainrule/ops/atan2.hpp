#pragma once
// atan2: the angle of a point.

#include <chainrule/core/binary.hpp>
#include <chainrule/core/math.hpp>
#include <chainrule/ops/add.hpp>
#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/masked_fill.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/neg.hpp>
#include <cmath>

namespace chainrule {

namespace fn {

struct Atan2 {
  static constexpr auto name = "atan2";
  template <class T> CHAINRULE_HD T operator()(T y, T x) const { return std::atan2(y, x); }
};

/// The larger magnitude, by which both are divided so that their squares neither overflow nor vanish; 1 where that is
/// no number to divide by.
struct Atan2Scale {
  static constexpr auto name = "atan2_grad";
  template <class T> CHAINRULE_HD T operator()(T y, T x) const {
    const T a = y < T(0) ? -y : y, b = x < T(0) ? -x : x, most = a > b ? a : b;
    return most > T(0) && most < math::Limits<T>::infinity ? most : T(1);
  }
};

}  // namespace fn

/// The angle of the point (x, y) from the positive x axis, between -pi and pi; y stands first; shapes broadcast. float
/// and double. Gradient: g x / (x^2 + y^2) for y, -g y / (x^2 + y^2) for x; 0 at the origin, as in PyTorch 2.15.
/// Source: torch.atan2.
///     atan2(tensor({1, 0}), tensor({1, -1}))   // {0.7854, 3.1416}
template <class T> Tensor<T> atan2(const Tensor<T>& y, const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "atan2: expects float or double tensors; convert first: x.to<float>()");
  return record(
      "atan2", map(fn::Atan2{}, at, y, x), {y, x}, keep(y, x),
      [](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& q) {
        const Tensor<T> scale = map(fn::Atan2Scale{}, {}, p, q), up = p / scale, right = q / scale;
        const Tensor<T> square = up * up + right * right;
        const Tensor<bool> origin = square == T(0);
        const Tensor<T> slope = masked_fill(g / (masked_fill(square, origin, T(1)) * scale), origin, T(0));
        return Grads{need[0] ? slope * right : Tensor<T>(), need[1] ? -(slope * up) : Tensor<T>()};
      },
      at);
}

template <class T> Tensor<T> Tensor<T>::atan2(const Tensor& x, Location at) const {
  return chainrule::atan2(*this, x, at);
}

}  // namespace chainrule

#pragma once
// abs and sign: |x|, and -1, 0 or 1.

#include <chainrule/ops/create.hpp>
#include <chainrule/ops/mul.hpp>
#include <cmath>
#include <cstdlib>

namespace chainrule {

namespace fn {

struct Abs {
  static constexpr auto name = "abs";
  template <class T> CHAINRULE_HD T operator()(T x) const {
    if constexpr (std::is_unsigned_v<T>) return x;
    else return static_cast<T>(std::abs(x));
  }
};
struct Sign {
  static constexpr auto name = "sign";
  template <class T> CHAINRULE_HD T operator()(T x) const {
    if constexpr (std::is_unsigned_v<T>) return static_cast<T>(x != T(0));
    else return static_cast<T>((x > T(0)) - (x < T(0)));
  }
};

}  // namespace fn

/// -1, 0 or 1: the sign of x, element by element. Any element type. The sign of NaN is 0, as in PyTorch.
/// Gradient: 0 everywhere, also at the jump. Source: torch.sign.
///     sign(tensor({-3, 0, 2}))   // {-1, 0, 1}
template <class T> Tensor<T> sign(const Tensor<T>& x, Location at = Location::here()) {
  return record(
      "sign", map(fn::Sign{}, at, x), {x}, [](const Tensor<T>& g) { return Grads{zeros_like(g)}; }, at);
}

/// |x|, element by element. Any element type.
/// Gradient: g sign(x). The derivative does not exist at 0; we take 0, as PyTorch does. Source: torch.abs.
///     abs(tensor({-3, 0, 2}))   // {3, 0, 2}
template <class T> Tensor<T> abs(const Tensor<T>& x, Location at = Location::here()) {
  return record(
      "abs", map(fn::Abs{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g * sign(v)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::sign(Location at) const { return chainrule::sign(*this, at); }
template <class T> Tensor<T> Tensor<T>::abs(Location at) const { return chainrule::abs(*this, at); }

}  // namespace chainrule

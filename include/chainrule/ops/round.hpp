#pragma once
// round, floor, ceil, trunc: to whole numbers.

#include <chainrule/ops/create.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/mul.hpp>
#include <cmath>

namespace chainrule {

namespace fn {

struct Round {
  static constexpr auto name = "round";
  template <class T> CHAINRULE_HD T operator()(T x) const {
    if constexpr (Real<T>) return std::nearbyint(x);
    else return x;
  }
};
struct Floor {
  static constexpr auto name = "floor";
  template <class T> CHAINRULE_HD T operator()(T x) const {
    if constexpr (!Real<T>) return x;
    else {
      const T near = std::nearbyint(x);  // std::floor stays a call where the instruction set has none
      return near > x ? near - T(1) : near;
    }
  }
};
struct Ceil {
  static constexpr auto name = "ceil";
  template <class T> CHAINRULE_HD T operator()(T x) const {
    if constexpr (!Real<T>) return x;
    else {
      const T near = std::nearbyint(x);
      return near < x ? near + T(1) : near;
    }
  }
};
struct Trunc {
  static constexpr auto name = "trunc";
  template <class T> CHAINRULE_HD T operator()(T x) const {
    if constexpr (Real<T>) return std::trunc(x);
    else return x;
  }
};

}  // namespace fn

/// The nearest whole number, element by element; halves go to the even one. Any element type
/// (integers stay as they are). Gradient: 0, also at the jumps. Source: torch.round.
///     round(tensor({0.5, 1.5, -1.2}))   // {0, 2, -1}
template <class T> Tensor<T> round(const Tensor<T>& x, Location at = Location::here()) {
  return record(
      "round", map(fn::Round{}, at, x), {x}, [](const Tensor<T>& g) { return Grads{zeros_like(g)}; }, at);
}
/// round to that many decimals: round(10^decimals x) / 10^decimals, as PyTorch computes it; negative decimals round to
/// tens, hundreds. float and double. Gradient: 0.
///     round(tensor({1.234, 15}), {.decimals = 1})   // {1.2, 15}
template <Real T> Tensor<T> round(const Tensor<T>& x, RoundOptions options, Location at = Location::here()) {
  const T scale = static_cast<T>(std::pow(10.0, std::abs(options.decimals)));
  const fn::BindRight<fn::Mul, T> up{{}, scale};
  const fn::BindRight<fn::Div, T> down{{}, scale};
  const bool small = options.decimals >= 0;
  const Tensor<T> whole = map(fn::Round{}, at, small ? map(up, at, x) : map(down, at, x));
  return record(
      "round", small ? map(down, at, whole) : map(up, at, whole), {x},
      [](const Tensor<T>& g) { return Grads{zeros_like(g)}; }, at);
}
/// The largest whole number that is not above x. Gradient: 0. Source: torch.floor.
///     floor(tensor({1.7, -1.2}))   // {1, -2}
template <class T> Tensor<T> floor(const Tensor<T>& x, Location at = Location::here()) {
  return record(
      "floor", map(fn::Floor{}, at, x), {x}, [](const Tensor<T>& g) { return Grads{zeros_like(g)}; }, at);
}
/// The smallest whole number that is not below x. Gradient: 0. Source: torch.ceil.
///     ceil(tensor({1.2, -1.7}))   // {2, -1}
template <class T> Tensor<T> ceil(const Tensor<T>& x, Location at = Location::here()) {
  return record(
      "ceil", map(fn::Ceil{}, at, x), {x}, [](const Tensor<T>& g) { return Grads{zeros_like(g)}; }, at);
}

/// The whole number next to x towards 0. Gradient: 0. Source: torch.trunc.
///     trunc(tensor({1.7, -1.7}))   // {1, -1}
template <class T> Tensor<T> trunc(const Tensor<T>& x, Location at = Location::here()) {
  return record(
      "trunc", map(fn::Trunc{}, at, x), {x}, [](const Tensor<T>& g) { return Grads{zeros_like(g)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::round(Location at) const { return chainrule::round(*this, at); }
template <class T> Tensor<T> Tensor<T>::round(RoundOptions options, Location at) const {
  static_assert(Real<T>, "round: integers have no decimals");
  return chainrule::round(*this, options, at);
}
template <class T> Tensor<T> Tensor<T>::floor(Location at) const { return chainrule::floor(*this, at); }
template <class T> Tensor<T> Tensor<T>::ceil(Location at) const { return chainrule::ceil(*this, at); }
template <class T> Tensor<T> Tensor<T>::trunc(Location at) const { return chainrule::trunc(*this, at); }

}  // namespace chainrule

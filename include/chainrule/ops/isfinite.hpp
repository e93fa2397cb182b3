#pragma once
// isnan, isinf, isfinite: what kind of number each element is. They give bool and have no gradient.

#include <chainrule/ops/compare.hpp>
#include <cmath>

namespace chainrule {

namespace fn {

struct IsNan {
  static constexpr auto name = "isnan";
  template <class T> CHAINRULE_HD bool operator()([[maybe_unused]] T x) const {
    if constexpr (Real<T>) return std::isnan(x);
    else return false;
  }
};
struct IsInf {
  static constexpr auto name = "isinf";
  template <class T> CHAINRULE_HD bool operator()([[maybe_unused]] T x) const {
    if constexpr (Real<T>) return std::isinf(x);
    else return false;
  }
};
struct IsFinite {
  static constexpr auto name = "isfinite";
  template <class T> CHAINRULE_HD bool operator()([[maybe_unused]] T x) const {
    if constexpr (Real<T>) return std::isfinite(x);
    else return true;
  }
};

}  // namespace fn

/// True where x is NaN, element by element. Any element type; never true for integers. Source: torch.isnan.
///     isnan(tensor({0, NAN, INFINITY}))   // {false, true, false}
template <class T> Tensor<bool> isnan(const Tensor<T>& x, Location at = Location::here()) {
  return record("isnan", map(fn::IsNan{}, at, x), {x}, detail::NoRule{}, at);
}
/// True where x is an infinity of either sign.
template <class T> Tensor<bool> isinf(const Tensor<T>& x, Location at = Location::here()) {
  return record("isinf", map(fn::IsInf{}, at, x), {x}, detail::NoRule{}, at);
}
/// True where x is neither NaN nor an infinity.
template <class T> Tensor<bool> isfinite(const Tensor<T>& x, Location at = Location::here()) {
  return record("isfinite", map(fn::IsFinite{}, at, x), {x}, detail::NoRule{}, at);
}

template <class T> Tensor<bool> Tensor<T>::isnan(Location at) const { return chainrule::isnan(*this, at); }
template <class T> Tensor<bool> Tensor<T>::isfinite(Location at) const { return chainrule::isfinite(*this, at); }
template <class T> Tensor<bool> Tensor<T>::isinf(Location at) const { return chainrule::isinf(*this, at); }

}  // namespace chainrule

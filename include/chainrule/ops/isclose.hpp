#pragma once
// isclose, allclose, equal: are two tensors the same, nearly or exactly?

#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/sum.hpp>
#include <cmath>

namespace chainrule {

namespace fn {

struct IsClose {
  static constexpr auto name = "isclose";
  double rtol, atol;
  bool equal_nan;
  template <class T> CHAINRULE_HD bool operator()(T a, T b) const {
    if (a == b) return true;  // infinities too
    const double x = static_cast<double>(a), y = static_cast<double>(b);
    if (equal_nan && std::isnan(x) && std::isnan(y)) return true;
    const double error = std::abs(x - y);
    return std::isfinite(error) && error <= atol + rtol * std::abs(y);
  }
};

}  // namespace fn

/// |a - b| <= atol + rtol |b|, element by element, as bool; shapes broadcast. Any element type. Equal infinities are
/// close; NaN is close to nothing, unless equal_nan. No gradient. Source: torch.isclose. Throws when the shapes do not
/// broadcast or a tolerance is negative.
///     isclose(tensor({1, 2}), tensor({1.000001, 2.1}))   // {true, false}
template <class T>
Tensor<bool> isclose(const Tensor<T>& a, const Tensor<T>& b, double rtol = 1e-5, double atol = 1e-8,
                     bool equal_nan = false, Location at = Location::here()) {
  check(rtol >= 0 && atol >= 0, at, "isclose: tolerances must not be negative, got rtol ", rtol, " and atol ", atol);
  return record("isclose", map(fn::IsClose{rtol, atol, equal_nan}, at, a, b), {a, b}, detail::NoRule{}, at);
}

/// isclose() holds for every element; true for empty tensors. Source: torch.allclose.
template <class T>
bool allclose(const Tensor<T>& a, const Tensor<T>& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false,
              Location at = Location::here()) {
  Tensor<bool> close = isclose(a, b, rtol, atol, equal_nan, at);
  return sum(close, at).item(at) == close.numel();
}

/// The same shape and the same values. NaN equals nothing, itself included. Source: torch.equal.
///     equal(tensor({1, 2}), tensor({{1, 2}}))   // false
template <class T> bool equal(const Tensor<T>& a, const Tensor<T>& b, Location at = Location::here()) {
  return a.shape() == b.shape() && sum(eq(a, b, at), at).item(at) == a.numel();
}

template <class T>
Tensor<bool> Tensor<T>::isclose(const Tensor& other, double rtol, double atol, bool equal_nan, Location at) const {
  return chainrule::isclose(*this, other, rtol, atol, equal_nan, at);
}
template <class T>
bool Tensor<T>::allclose(const Tensor& other, double rtol, double atol, bool equal_nan, Location at) const {
  return chainrule::allclose(*this, other, rtol, atol, equal_nan, at);
}
template <class T> bool Tensor<T>::equal(const Tensor& other, Location at) const {
  return chainrule::equal(*this, other, at);
}

}  // namespace chainrule

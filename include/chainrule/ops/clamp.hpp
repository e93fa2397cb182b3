#pragma once
// clamp: x cut to a range.

#include <chainrule/ops/inplace.hpp>
#include <limits>
#include <optional>

namespace chainrule {

namespace fn {

template <class T> struct Clamp {
  static constexpr auto name = "clamp";
  T low, high;
  CHAINRULE_HD T operator()(T x) const {  // a NaN comes through, be it x or a bound
    T y = x >= low || x != x ? x : low;
    return y <= high || y != y ? y : high;
  }
};
template <class T> struct ClampGrad {
  static constexpr auto name = "clamp_grad";
  T low, high;
  bool has_low, has_high;
  CHAINRULE_HD T operator()(T g, T x) const { return (!has_low || x > low) && (!has_high || x < high) ? g : T(0); }
};

}  // namespace fn

namespace detail {

/// Bounds for Clamp: one that is not given becomes the end of T's range.
template <class T> fn::Clamp<T> clamp_bounds(std::optional<T> min, std::optional<T> max, const char* op, Location at) {
  using Limits = std::numeric_limits<T>;
  check(min.has_value() || max.has_value(), at, op, ": give min, max or both");
  return {min.value_or(Limits::has_infinity ? static_cast<T>(-Limits::infinity()) : Limits::lowest()), max.value_or(Limits::has_infinity ? Limits::infinity() : Limits::max())};
}

}  // namespace detail

/// The gradient of clamp as an op of its own: g where min < x < max, else 0. Its own gradient: the same of the new g.
template <class T>
Tensor<T> clamp_grad(const Tensor<T>& g, const Tensor<T>& x, std::type_identity_t<std::optional<T>> min, std::type_identity_t<std::optional<T>> max,
                     Location at = Location::here()) {
  const fn::ClampGrad<T> f{min.value_or(T{}), max.value_or(T{}), min.has_value(), max.has_value()};
  return record("clamp_grad", map(f, at, g, x), {g, x}, keep(x), [min, max](const Tensor<T>& gg, const Tensor<T>& v) {
    return Grads{clamp_grad(gg, v, min, max), Tensor<T>()};
  }, at);
}

/// min(max(x, min), max), element by element; either bound may be left out: clamp(x, 0), clamp(x, {}, 1). Any element type.
/// Where min > max the result is max. NaN stays NaN.
/// Gradient: g where min < x < max, else 0, also for x on a bound, as in PyTorch 2.15 (older versions passed g there). Source: torch.clamp.
/// Throws when neither bound is given.
///     clamp(tensor({-2, 0.5, 3}), -1, 1)   // {-1, 0.5, 1}
template <class T>
Tensor<T> clamp(const Tensor<T>& x, std::type_identity_t<std::optional<T>> min, std::type_identity_t<std::optional<T>> max = {}, Location at = Location::here()) {
  return record("clamp", map(detail::clamp_bounds(min, max, "clamp", at), at, x), {x}, keep(x), [min, max](const Tensor<T>& g, const Tensor<T>& v) {
    return Grads{clamp_grad(g, v, min, max)};
  }, at);
}

/// PyTorch's other names: clip(x, low, high) is clamp; clamp_min(x, low) and clamp_max(x, high) have one bound.
template <class T>
Tensor<T> clip(const Tensor<T>& x, std::type_identity_t<std::optional<T>> min, std::type_identity_t<std::optional<T>> max = {}, Location at = Location::here()) {
  return clamp(x, min, max, at);
}
template <class T> Tensor<T> clamp_min(const Tensor<T>& x, std::type_identity_t<T> min, Location at = Location::here()) { return clamp(x, min, {}, at); }
template <class T> Tensor<T> clamp_max(const Tensor<T>& x, std::type_identity_t<T> max, Location at = Location::here()) { return clamp(x, {}, max, at); }

template <class T> Tensor<T> Tensor<T>::clamp(std::optional<T> min, std::optional<T> max, Location at) const { return chainrule::clamp(*this, min, max, at); }
template <class T> Tensor<T> Tensor<T>::clip(std::optional<T> min, std::optional<T> max, Location at) const { return chainrule::clamp(*this, min, max, at); }
template <class T> Tensor<T> Tensor<T>::clamp_min(T min, Location at) const { return chainrule::clamp_min(*this, min, at); }
template <class T> Tensor<T> Tensor<T>::clamp_max(T max, Location at) const { return chainrule::clamp_max(*this, max, at); }
template <class T> const Tensor<T>& Tensor<T>::clamp_(std::optional<T> min, std::optional<T> max, Location at) const {
  return detail::edit_map(*this, "clamp_", at, [&](const Tensor& old) { return chainrule::clamp(old, min, max, at); }, detail::clamp_bounds(min, max, "clamp_", at));
}

}  // namespace chainrule

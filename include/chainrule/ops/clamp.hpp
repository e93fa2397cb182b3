#pragma once
// clamp: x cut to a range.

#include <chainrule/ops/inplace.hpp>
#include <chainrule/ops/logical.hpp>
#include <chainrule/ops/maximum.hpp>
#include <chainrule/ops/where.hpp>
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
  return {min.value_or(Limits::has_infinity ? static_cast<T>(-Limits::infinity()) : Limits::lowest()),
          max.value_or(Limits::has_infinity ? Limits::infinity() : Limits::max())};
}

}  // namespace detail

/// The gradient of clamp as an op of its own: g where min < x < max, else 0. Its own gradient: the same of the new g.
template <class T>
Tensor<T> clamp_grad(const Tensor<T>& g, const Tensor<T>& x, std::type_identity_t<std::optional<T>> min,
                     std::type_identity_t<std::optional<T>> max, Location at = Location::here()) {
  const fn::ClampGrad<T> f{min.value_or(T{}), max.value_or(T{}), min.has_value(), max.has_value()};
  return record(
      "clamp_grad", map(f, at, g, x), {g, x}, keep(x),
      [min, max](const Tensor<T>& gg, const Tensor<T>& v) {
        return Grads{clamp_grad(gg, v, min, max), Tensor<T>()};
      },
      at);
}

namespace detail {

template <class T>
Tensor<T> clamp_scalars(const Tensor<T>& x, std::optional<T> min, std::optional<T> max, Location at) {
  return record(
      "clamp", map(clamp_bounds(min, max, "clamp", at), at, x), {x}, keep(x),
      [min, max](const Tensor<T>& g, const Tensor<T>& v) { return Grads{clamp_grad(g, v, min, max)}; }, at);
}

/// Between two tensors. Where min < max and x is on a bound, both share g; where they are equal, x on them gets all of
/// it.
template <class T>
Tensor<T> clamp_tensors(const Tensor<T>& x, const Tensor<T>& min, const Tensor<T>& max, Location at) {
  const Tensor<T> value = map(fn::Minimum{}, at, map(fn::Maximum{}, at, x, min), max);
  return record(
      "clamp", value, {x, min, max}, keep(x, min, max),
      [](const Tensor<T>& g, Needs need, const Tensor<T>& v, const Tensor<T>& low, const Tensor<T>& high) {
        const Tensor<bool> open = low < high;
        const Tensor<T> half = where(open & ((v == low) | (v == high)), g * static_cast<T>(0.5), 0);
        Tensor<T> to_x, to_low, to_high;
        if (need[0]) to_x = where(((v > low) & (v < high)) | ((v == low) & (low == high)), g, half);
        if (need[1]) to_low = where((low <= high) & (v < low), g, where(v == low, half, 0));
        if (need[2]) to_high = where((low > high) | (v > high), g, where(v == high, half, 0));
        return Grads{to_x, to_low, to_high};
      },
      at);
}

}  // namespace detail

/// min(max(x, min), max), element by element. Each bound is a number, a tensor (they broadcast), or left out:
/// clamp(x, 0), clamp(x, {}, 1), clamp(x, low, high). Any element type; tensors as bounds of any but bool. Where min >
/// max the result is max. NaN stays NaN.
/// Gradient, numbers as bounds: g where min < x < max, else 0, also for x on a bound, as in PyTorch 2.15
/// (older versions passed g there). Tensors as bounds: g for the one of x, min and max that is the result; x on one of
/// two different bounds shares it with that bound, g / 2 each; where min = max, x on both gets g. Source: torch.clamp.
/// Throws when neither bound is given, when integers cannot hold a number, and when shapes do not broadcast.
///     clamp(tensor({-2, 0.5, 3}), -1, 1)                     // {-1, 0.5, 1}
///     clamp(tensor({-2, 0.5, 3}), {}, tensor({0, 0.2, 5}))   // {-2, 0.2, 3}
template <class T>
Tensor<T> clamp(const Tensor<T>& x, std::type_identity_t<detail::Bound<T>> min,
                std::type_identity_t<detail::Bound<T>> max = {}, Location at = Location::here()) {
  if (!min.tensor && !max.tensor) return detail::clamp_scalars(x, min.scalar, max.scalar, at);
  if constexpr (!std::same_as<T, bool>) {
    if (min.tensor && max.tensor) return detail::clamp_tensors(x, *min.tensor, *max.tensor, at);
    Tensor<T> y = min.tensor   ? maximum(x, *min.tensor, at)
                  : min.scalar ? detail::clamp_scalars(x, min.scalar, {}, at)
                               : x;
    return max.tensor ? minimum(y, *max.tensor, at) : max.scalar ? detail::clamp_scalars(y, {}, max.scalar, at) : y;
  } else fail(at, "clamp: bool tensors have no bounds; use logical_and(a, b) or logical_or(a, b)");
}

/// PyTorch's other names: clip(x, low, high) is clamp; clamp_min(x, low) and clamp_max(x, high) have one bound, a
/// number or a tensor.
template <class T>
Tensor<T> clip(const Tensor<T>& x, std::type_identity_t<detail::Bound<T>> min,
               std::type_identity_t<detail::Bound<T>> max = {}, Location at = Location::here()) {
  return clamp(x, min, max, at);
}
template <class T>
Tensor<T> clamp_min(const Tensor<T>& x, std::type_identity_t<detail::Bound<T>> min, Location at = Location::here()) {
  return clamp(x, min, {}, at);
}
template <class T>
Tensor<T> clamp_max(const Tensor<T>& x, std::type_identity_t<detail::Bound<T>> max, Location at = Location::here()) {
  return clamp(x, {}, max, at);
}

template <class T> Tensor<T> Tensor<T>::clamp(detail::Bound<T> min, detail::Bound<T> max, Location at) const {
  return chainrule::clamp(*this, min, max, at);
}
template <class T> Tensor<T> Tensor<T>::clip(detail::Bound<T> min, detail::Bound<T> max, Location at) const {
  return chainrule::clamp(*this, min, max, at);
}
template <class T> Tensor<T> Tensor<T>::clamp_min(detail::Bound<T> min, Location at) const {
  return chainrule::clamp_min(*this, min, at);
}
template <class T> Tensor<T> Tensor<T>::clamp_max(detail::Bound<T> max, Location at) const {
  return chainrule::clamp_max(*this, max, at);
}
template <class T> const Tensor<T>& Tensor<T>::clamp_(detail::Bound<T> min, detail::Bound<T> max, Location at) const {
  const auto clamped = [&](const Tensor& old) { return chainrule::clamp(old, min, max, at); };
  if (min.tensor || max.tensor) {
    const Tensor* bound = min.tensor && (!max.tensor || min.tensor->requires_grad()) ? min.tensor : max.tensor;
    return detail::edit(*this, "clamp_", *bound, at, [&](const Tensor& old, const Tensor&) { return clamped(old); });
  }
  return detail::edit_map(*this, "clamp_", at, clamped, detail::clamp_bounds(min.scalar, max.scalar, "clamp_", at));
}

}  // namespace chainrule

#pragma once
// masked_fill: a number where a mask is true.

#include <chainrule/ops/inplace.hpp>

namespace chainrule {

namespace fn {

template <class T> struct MaskedFill {
  static constexpr auto name = "masked_fill";
  T value;
  CHAINRULE_HD T operator()(T x, bool mask) const { return mask ? value : x; }
};

}  // namespace fn

/// `value` where the mask is true, else x; x and mask broadcast. Any element type.
/// Gradient: g where the mask is false, else 0. Source: torch.masked_fill.
/// Throws when the shapes do not broadcast.
///     masked_fill(tensor({1, 2, 3}), tensor<bool>({false, true, false}), -7)   // {1, -7, 3}
template <class T> Tensor<T> masked_fill(const Tensor<T>& x, const Tensor<bool>& mask, std::type_identity_t<T> value, Location at = Location::here()) {
  return record("masked_fill", map(fn::MaskedFill<T>{value}, at, x, mask), {x, mask}, keep(mask), [](const Tensor<T>& g, const Tensor<bool>& m) {
    return Grads{masked_fill(g, m, T{}), Tensor<T>()};
  }, at);
}

template <class T> Tensor<T> Tensor<T>::masked_fill(const Tensor<bool>& mask, T value, Location at) const { return chainrule::masked_fill(*this, mask, value, at); }
template <class T> const Tensor<T>& Tensor<T>::masked_fill_(const Tensor<bool>& mask, T value, Location at) const {
  return detail::edit_map(*this, "masked_fill_", at, [&](const Tensor& old) { return chainrule::masked_fill(old, mask, value, at); }, fn::MaskedFill<T>{value}, mask);
}

}  // namespace chainrule

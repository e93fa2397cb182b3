#pragma once
// masked_fill: a number where a mask is true.

#include <chainrule/ops/inplace.hpp>
#include <chainrule/ops/where.hpp>

namespace chainrule {

namespace fn {

template <class T> struct MaskedFill {
  static constexpr auto name = "masked_fill";
  T value;
  CHAINRULE_HD T operator()(T x, bool mask) const { return mask ? value : x; }
};

}  // namespace fn

namespace detail {
template <class T> Tensor<T> fill_masked(const Tensor<T>& x, const Tensor<bool>& mask, T value, Location at) {
  return record(
      "masked_fill", map(fn::MaskedFill<T>{value}, at, x, mask), {x, mask}, keep(mask),
      [](const Tensor<T>& g, const Tensor<bool>& m) {
        return Grads{fill_masked(g, m, T{}, {}), Tensor<T>()};
      },
      at);
}
}  // namespace detail

/// `value` where the mask is true, else x; x and mask broadcast. The value is a number or a tensor with 0 dimensions.
/// Any element type. Gradient: g where the mask is false, else 0; for a tensor as value the sum of g where the mask is
/// true. Source: torch.masked_fill. Throws when the shapes do not broadcast, when integers cannot hold the number, and
/// for a value with dimensions.
///     masked_fill(tensor({1, 2, 3}), tensor<bool>({false, true, false}), -7)   // {1, -7, 3}
template <class T, Arithmetic N>
Tensor<T> masked_fill(const Tensor<T>& x, const Tensor<bool>& mask, N value, Location at = Location::here()) {
  return detail::fill_masked(x, mask, detail::scalar_for<T>(value, "masked_fill", at), at);
}
template <class T>
Tensor<T> masked_fill(const Tensor<T>& x, const Tensor<bool>& mask, const std::type_identity_t<Tensor<T>>& value,
                      Location at = Location::here()) {
  check(value.dim() == 0, at, "masked_fill: the value must be a number or a tensor with 0 dimensions, got shape ",
        value.shape(), "; use where(mask, value, x)");
  return record(
      "masked_fill", map(fn::Where{}, at, mask, value, x), {x, mask, value}, keep(mask),
      [](const Tensor<T>& g, Needs need, const Tensor<bool>& m) {
        return Grads{need[0] ? where(m, 0, g) : Tensor<T>(), Tensor<T>(), need[2] ? where(m, g, 0) : Tensor<T>()};
      },
      at);
}

template <class T>
template <Arithmetic N>
Tensor<T> Tensor<T>::masked_fill(const Tensor<bool>& mask, N value, Location at) const {
  return chainrule::masked_fill(*this, mask, value, at);
}
template <class T> Tensor<T> Tensor<T>::masked_fill(const Tensor<bool>& mask, const Tensor& value, Location at) const {
  return chainrule::masked_fill(*this, mask, value, at);
}
template <class T>
template <Arithmetic N>
const Tensor<T>& Tensor<T>::masked_fill_(const Tensor<bool>& mask, N value, Location at) const {
  const T v = detail::scalar_for<T>(value, "masked_fill_", at);
  return detail::edit_map(
      *this, "masked_fill_", at, [&](const Tensor& old) { return detail::fill_masked(old, mask, v, at); },
      fn::MaskedFill<T>{v}, mask);
}
template <class T>
const Tensor<T>& Tensor<T>::masked_fill_(const Tensor<bool>& mask, const Tensor& value, Location at) const {
  return detail::edit(*this, "masked_fill_", value, at,
                      [&](const Tensor& old, const Tensor& by) { return chainrule::masked_fill(old, mask, by, at); });
}

}  // namespace chainrule

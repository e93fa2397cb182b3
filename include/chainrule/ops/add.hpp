#pragma once
// add: a + b.

#include <chainrule/core/binary.hpp>

namespace chainrule {

namespace fn {

struct Add {
  static constexpr auto name = "add";
  template <class T> CHAINRULE_HD T operator()(T a, T b) const { return static_cast<T>(a + b); }
};

}  // namespace fn

namespace detail {
template <class T> Tensor<T> record_add(Tensor<T> value, const Tensor<T>& a, const Tensor<T>& b, Location at) {
  return record("add", std::move(value), {a, b}, [](const Tensor<T>& g) { return Grads{g, g}; }, at);
}
}  // namespace detail

// Either operand may be a number: what operator+ calls.
template <class T> Tensor<T> add(Operand<T> a, Operand<T> b, Location at) {
  if (!a.tensor) std::swap(a, b);
  const Tensor<T>& x = *a.tensor;
  if (!b.tensor) return record("add", map(fn::BindRight{fn::Add{}, b.scalar}, at, x), {x}, [](const Tensor<T>& g) { return Grads{g}; }, at);
  return detail::record_add(map(fn::Add{}, at, x, *b.tensor), x, *b.tensor, at);
}

/// a + b, element by element; shapes broadcast; b may be a number. Any element type.
/// Gradient: g for each operand, summed over the dimensions along which it was broadcast. Source: torch.add.
/// Throws when the shapes do not broadcast.
///     add(tensor({1, 2}), tensor({10, 20}))   // {11, 22}
template <class T> Tensor<T> add(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) { return add(Operand<T>(a, at), b, at); }

template <class T> Tensor<T> Tensor<T>::add(Operand<T> other, Location at) const { return chainrule::add(Operand<T>(*this, at), other, at); }

}  // namespace chainrule

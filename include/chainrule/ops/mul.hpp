#pragma once
// mul: a * b.

#include <chainrule/core/binary.hpp>

namespace chainrule {

namespace fn {

struct Mul {
  static constexpr auto name = "mul";
  template <class T> CHAINRULE_HD T operator()(T a, T b) const { return static_cast<T>(a * b); }
};

}  // namespace fn

// Either operand may be a number: what operator* calls.
template <class T> Tensor<T> mul(Operand<T> a, Operand<T> b, Location at) {
  if (!a.tensor) std::swap(a, b);
  const Tensor<T>& x = *a.tensor;
  if (!b.tensor)
    return record(
        "mul", map(fn::BindRight{fn::Mul{}, b.scalar}, at, x), {x},
        [s = b.scalar](const Tensor<T>& g) { return Grads{g * s}; }, at);
  return record(
      "mul", map(fn::Mul{}, at, x, *b.tensor), {x, *b.tensor}, keep(x, *b.tensor),
      [](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& q) {
        return Grads{need[0] ? g * q : Tensor<T>(), need[1] ? g * p : Tensor<T>()};
      },
      at);
}

/// a * b, element by element; shapes broadcast; b may be a number. Any element type.
/// Gradient: g * b for a, g * a for b, each summed over the dimensions along which it was broadcast. Source: torch.mul.
/// Throws when the shapes do not broadcast.
///     mul(tensor({1, 2}), tensor({10, 20}))   // {10, 40}
template <class T>
Tensor<T> mul(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return mul(Operand<T>(a, at), b, at);
}

template <class T> Tensor<T> Tensor<T>::mul(Operand<T> other, Location at) const {
  return chainrule::mul(Operand<T>(*this, at), other, at);
}

}  // namespace chainrule

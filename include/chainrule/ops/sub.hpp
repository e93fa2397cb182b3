#pragma once
// sub: a - b.

#include <chainrule/core/binary.hpp>
#include <chainrule/ops/add.hpp>
#include <chainrule/ops/mul.hpp>

namespace chainrule {

namespace fn {

struct Sub {
  static constexpr auto name = "sub";
  template <class T> CHAINRULE_HD T operator()(T a, T b) const { return static_cast<T>(a - b); }
};

}  // namespace fn

// Either operand may be a number: what operator- calls.
template <class T> Tensor<T> sub(Operand<T> a, Operand<T> b, Location at) {
  static_assert(!std::same_as<T, bool>,
                "sub: bool tensors have no difference; use logical_xor(a, b), or convert first: a.to<float>()");
  if (!b.tensor)
    return record(
        "sub", map(fn::BindRight{fn::Sub{}, b.scalar}, at, *a.tensor), {*a.tensor},
        [](const Tensor<T>& g) { return Grads{g}; }, at);
  if (!a.tensor)
    return record(
        "sub", map(fn::BindLeft{fn::Sub{}, a.scalar}, at, *b.tensor), {*b.tensor},
        [](const Tensor<T>& g) { return Grads{neg(g)}; }, at);
  return record(
      "sub", map(fn::Sub{}, at, *a.tensor, *b.tensor), {*a.tensor, *b.tensor},
      [](const Tensor<T>& g, Needs need) {
        return Grads{g, need[1] ? neg(g) : Tensor<T>()};
      },
      at);
}

/// a - b, element by element; shapes broadcast; b may be a number (and a, with the operator: 2 - x). Any element type
/// but bool. Gradient: g for a, -g for b, each summed over the dimensions along which it was broadcast. Source:
/// torch.sub.
/// Throws when the shapes do not broadcast.
///     sub(tensor({10, 20}), tensor({1, 2}))   // {9, 18}
template <class T>
Tensor<T> sub(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return sub(Operand<T>(a, at), b, at);
}

/// a - alpha b, as sub. Gradient: g for a, -alpha g for b. Throws when integers cannot hold alpha.
///     sub(tensor({10, 20}), tensor({1, 2}), {.alpha = 2})   // {8, 16}
template <class T>
Tensor<T> sub(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, AddOptions options,
              Location at = Location::here()) {
  const T alpha = detail::alpha_of<T>(options, "sub", at);
  b.scalar = static_cast<T>(b.scalar * alpha);
  if (!b.tensor) return sub(Operand<T>(a, at), b, at);
  return sub(Operand<T>(a, at), Operand<T>(mul(b, Operand<T>(alpha, at), at), at), at);
}

template <class T> Tensor<T> Tensor<T>::sub(Operand<T> other, AddOptions options, Location at) const {
  return chainrule::sub(*this, other, options, at);
}
template <class T> Tensor<T> Tensor<T>::sub(Operand<T> other, Location at) const {
  return chainrule::sub(Operand<T>(*this, at), other, at);
}

}  // namespace chainrule

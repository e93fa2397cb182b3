#pragma once
// div: a / b, never rounded.

#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/neg.hpp>

namespace chainrule {

namespace fn {

struct Div {
  static constexpr auto name = "div";
  template <class T> CHAINRULE_HD T operator()(T a, T b) const { return a / b; }
};

}  // namespace fn

// Either operand may be a number: what operator/ calls.
template <class T> Tensor<RealOf<T>> div(Operand<T> a, Operand<T> b, Location at) {
  if constexpr (!Real<T>) {  // integers divide as float, and have no gradient
    using R = RealOf<T>;
    Tensor<R> p = a.tensor ? cast<R>(*a.tensor, at) : Tensor<R>(), q = b.tensor ? cast<R>(*b.tensor, at) : Tensor<R>();
    return div(a.tensor ? Operand<R>(p, at) : Operand<R>(a.scalar, at),
               b.tensor ? Operand<R>(q, at) : Operand<R>(b.scalar, at), at);
  } else {
    if (!b.tensor)
      return record(
          "div", map(fn::BindRight{fn::Div{}, b.scalar}, at, *a.tensor), {*a.tensor},
          [s = b.scalar](const Tensor<T>& g) { return Grads{g / s}; }, at);
    if (!a.tensor)
      return record(
          "div", map(fn::BindLeft{fn::Div{}, a.scalar}, at, *b.tensor), {*b.tensor}, keep(*b.tensor),
          [s = a.scalar](const Tensor<T>& g, const Tensor<T>& q) { return Grads{-(g * (s / q / q))}; }, at);
    return record(
        "div", map(fn::Div{}, at, *a.tensor, *b.tensor), {*a.tensor, *b.tensor}, keep(*a.tensor, *b.tensor),
        [](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& q) {
          return Grads{need[0] ? g / q : Tensor<T>(), need[1] ? -(g * (p / q / q)) : Tensor<T>()};
        },
        at);
  }
}

/// a / b, element by element; shapes broadcast; b may be a number (and a, with the operator: 1 / x). Integers and bool
/// give float, without rounding; x / 0 is an infinity or NaN and never an error.
/// Gradient: g / b for a, -g a / b^2 for b, each summed over the dimensions along which it was broadcast. Source:
/// torch.div. Throws when the shapes do not broadcast.
///     div(tensor({1, 9}), tensor({2, 3}))   // {0.5, 3}
template <class T>
Tensor<RealOf<T>> div(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return div(Operand<T>(a, at), b, at);
}

template <class T> Tensor<RealOf<T>> Tensor<T>::div(Operand<T> other, Location at) const {
  return chainrule::div(Operand<T>(*this, at), other, at);
}

}  // namespace chainrule

#pragma once
// Comparisons, element by element: eq ne lt le gt ge. They give bool and have no gradient.

#include <chainrule/core/binary.hpp>
#include <chainrule/ops/copy.hpp>

namespace chainrule {

namespace fn {

struct Eq {
  static constexpr auto name = "eq";
  template <class T> CHAINRULE_HD bool operator()(T a, T b) const { return a == b; }
};
struct Ne {
  static constexpr auto name = "ne";
  template <class T> CHAINRULE_HD bool operator()(T a, T b) const { return a != b; }
};
struct Lt {
  static constexpr auto name = "lt";
  template <class T> CHAINRULE_HD bool operator()(T a, T b) const { return a < b; }
};
struct Le {
  static constexpr auto name = "le";
  template <class T> CHAINRULE_HD bool operator()(T a, T b) const { return a <= b; }
};
struct Gt {
  static constexpr auto name = "gt";
  template <class T> CHAINRULE_HD bool operator()(T a, T b) const { return a > b; }
};
struct Ge {
  static constexpr auto name = "ge";
  template <class T> CHAINRULE_HD bool operator()(T a, T b) const { return a >= b; }
};

}  // namespace fn

namespace detail {

struct NoRule {};  // for record(): the result is never differentiated

/// f(a, b), either of which may be a number, shown to the observer.
template <class F, class T> auto map_pair(const F& f, const Operand<T>& a, const Operand<T>& b, Location at) {
  if (!a.tensor) return record(F::name, map(fn::BindLeft{f, a.scalar}, at, *b.tensor), {*b.tensor}, NoRule{}, at);
  if (!b.tensor) return record(F::name, map(fn::BindRight{f, b.scalar}, at, *a.tensor), {*a.tensor}, NoRule{}, at);
  return record(F::name, map(f, at, *a.tensor, *b.tensor), {*a.tensor, *b.tensor}, NoRule{}, at);
}

}  // namespace detail

// Either operand may be a number: what the operators call.
template <class T> Tensor<bool> eq(Operand<T> a, Operand<T> b, Location at) {
  return detail::map_pair(fn::Eq{}, a, b, at);
}
template <class T> Tensor<bool> ne(Operand<T> a, Operand<T> b, Location at) {
  return detail::map_pair(fn::Ne{}, a, b, at);
}
template <class T> Tensor<bool> lt(Operand<T> a, Operand<T> b, Location at) {
  return detail::map_pair(fn::Lt{}, a, b, at);
}
template <class T> Tensor<bool> le(Operand<T> a, Operand<T> b, Location at) {
  return detail::map_pair(fn::Le{}, a, b, at);
}
template <class T> Tensor<bool> gt(Operand<T> a, Operand<T> b, Location at) {
  return detail::map_pair(fn::Gt{}, a, b, at);
}
template <class T> Tensor<bool> ge(Operand<T> a, Operand<T> b, Location at) {
  return detail::map_pair(fn::Ge{}, a, b, at);
}

/// a == b, element by element, as bool; shapes broadcast; b may be a number. Any element types: different ones compare
/// in their common type (CommonOf), as in PyTorch: int64 and float in float. No gradient. NaN equals nothing.
/// (equal(a, b) tells whether two whole tensors are the same.) Source: torch.eq. Throws when the shapes do not
/// broadcast.
///     eq(tensor({1, 2, 3}), 2)   // {false, true, false}
template <class T>
Tensor<bool> eq(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return eq(Operand<T>(a, at), b, at);
}
/// a != b, as eq. NaN differs from everything.
template <class T>
Tensor<bool> ne(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return ne(Operand<T>(a, at), b, at);
}
/// a < b, as eq. False where either is NaN, like all that follow.
template <class T>
Tensor<bool> lt(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return lt(Operand<T>(a, at), b, at);
}
/// a <= b, as eq.
template <class T>
Tensor<bool> le(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return le(Operand<T>(a, at), b, at);
}
/// a > b, as eq.
template <class T>
Tensor<bool> gt(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return gt(Operand<T>(a, at), b, at);
}
/// a >= b, as eq.
template <class T>
Tensor<bool> ge(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return ge(Operand<T>(a, at), b, at);
}

// Of different element types: in their common type, x.to<double>() == y for float and double, labels.to<float>() == y
// for int64 and float.
template <class A, OfDifferentTypes<A> B> Tensor<bool> eq(const Tensor<A>& a, const Tensor<B>& b, Location at) {
  return eq(cast<CommonOf<A, B>>(a, at), cast<CommonOf<A, B>>(b, at), at);
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> ne(const Tensor<A>& a, const Tensor<B>& b, Location at) {
  return ne(cast<CommonOf<A, B>>(a, at), cast<CommonOf<A, B>>(b, at), at);
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> lt(const Tensor<A>& a, const Tensor<B>& b, Location at) {
  return lt(cast<CommonOf<A, B>>(a, at), cast<CommonOf<A, B>>(b, at), at);
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> le(const Tensor<A>& a, const Tensor<B>& b, Location at) {
  return le(cast<CommonOf<A, B>>(a, at), cast<CommonOf<A, B>>(b, at), at);
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> gt(const Tensor<A>& a, const Tensor<B>& b, Location at) {
  return gt(cast<CommonOf<A, B>>(a, at), cast<CommonOf<A, B>>(b, at), at);
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> ge(const Tensor<A>& a, const Tensor<B>& b, Location at) {
  return ge(cast<CommonOf<A, B>>(a, at), cast<CommonOf<A, B>>(b, at), at);
}

template <class T> Tensor<bool> Tensor<T>::eq(Operand<T> other, Location at) const {
  return chainrule::eq(Operand<T>(*this, at), other, at);
}
template <class T> Tensor<bool> Tensor<T>::ne(Operand<T> other, Location at) const {
  return chainrule::ne(Operand<T>(*this, at), other, at);
}
template <class T> Tensor<bool> Tensor<T>::lt(Operand<T> other, Location at) const {
  return chainrule::lt(Operand<T>(*this, at), other, at);
}
template <class T> Tensor<bool> Tensor<T>::le(Operand<T> other, Location at) const {
  return chainrule::le(Operand<T>(*this, at), other, at);
}
template <class T> Tensor<bool> Tensor<T>::gt(Operand<T> other, Location at) const {
  return chainrule::gt(Operand<T>(*this, at), other, at);
}
template <class T> Tensor<bool> Tensor<T>::ge(Operand<T> other, Location at) const {
  return chainrule::ge(Operand<T>(*this, at), other, at);
}

}  // namespace chainrule

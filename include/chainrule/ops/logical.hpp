#pragma once
// Logic: logical_and/or/xor/not of any tensors (an element counts as true when it is not 0), bitwise_and/or/xor/not of
// bool and integer tensors, and the operators & | ^ ~ (bitwise) and ! (of bool). No gradients. There is no && and ||:
// C++ would evaluate both sides.

#include <chainrule/ops/compare.hpp>

namespace chainrule {

namespace fn {

struct LogicalAnd {
  static constexpr auto name = "logical_and";
  template <class T> CHAINRULE_HD bool operator()(T a, T b) const { return (a != T(0)) & (b != T(0)); }
};
struct LogicalOr {
  static constexpr auto name = "logical_or";
  template <class T> CHAINRULE_HD bool operator()(T a, T b) const { return (a != T(0)) | (b != T(0)); }
};
struct LogicalXor {
  static constexpr auto name = "logical_xor";
  template <class T> CHAINRULE_HD bool operator()(T a, T b) const { return (a != T(0)) != (b != T(0)); }
};
struct LogicalNot {
  static constexpr auto name = "logical_not";
  template <class T> CHAINRULE_HD bool operator()(T a) const { return a == T(0); }
};
struct BitwiseAnd {
  static constexpr auto name = "bitwise_and";
  template <class T> CHAINRULE_HD T operator()(T a, T b) const { return static_cast<T>(a & b); }
};
struct BitwiseOr {
  static constexpr auto name = "bitwise_or";
  template <class T> CHAINRULE_HD T operator()(T a, T b) const { return static_cast<T>(a | b); }
};
struct BitwiseXor {
  static constexpr auto name = "bitwise_xor";
  template <class T> CHAINRULE_HD T operator()(T a, T b) const { return static_cast<T>(a ^ b); }
};
struct BitwiseNot {
  static constexpr auto name = "bitwise_not";
  template <class T> CHAINRULE_HD T operator()(T a) const {
    if constexpr (std::same_as<T, bool>) return !a;
    else return static_cast<T>(~a);
  }
};

}  // namespace fn

/// Both are not 0, element by element, as bool; shapes broadcast; b may be a number. NaN is not 0. Source:
/// torch.logical_and. Throws when the shapes do not broadcast.
///     logical_and(tensor({0, 1, 2}), tensor({1, 1, 0}))   // {false, true, false}
template <class T>
Tensor<bool> logical_and(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return detail::map_pair(fn::LogicalAnd{}, Operand<T>(a, at), b, at);
}
/// At least one is not 0, as logical_and.
template <class T>
Tensor<bool> logical_or(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return detail::map_pair(fn::LogicalOr{}, Operand<T>(a, at), b, at);
}
/// Exactly one is not 0, as logical_and.
template <class T>
Tensor<bool> logical_xor(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return detail::map_pair(fn::LogicalXor{}, Operand<T>(a, at), b, at);
}
/// It is 0, element by element, as bool.
template <class T> Tensor<bool> logical_not(const Tensor<T>& a, Location at = Location::here()) {
  return record("logical_not", map(fn::LogicalNot{}, at, a), {a}, detail::NoRule{}, at);
}

/// The bits of both, element by element; shapes broadcast; b may be a number. Of bool and the integer types. Source:
/// torch.bitwise_and. Throws when the shapes do not broadcast.
///     bitwise_and(tensor<std::int64_t>({6, 5}), 3)   // {2, 1}
template <class T>
Tensor<T> bitwise_and(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return detail::map_pair(fn::BitwiseAnd{}, Operand<T>(a, at), b, at);
}
/// The bits of either, as bitwise_and.
template <class T>
Tensor<T> bitwise_or(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return detail::map_pair(fn::BitwiseOr{}, Operand<T>(a, at), b, at);
}
/// The bits of just one, as bitwise_and.
template <class T>
Tensor<T> bitwise_xor(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return detail::map_pair(fn::BitwiseXor{}, Operand<T>(a, at), b, at);
}
/// Every bit turned over; of bool, logical_not.
template <class T> Tensor<T> bitwise_not(const Tensor<T>& a, Location at = Location::here()) {
  return record("bitwise_not", map(fn::BitwiseNot{}, at, a), {a}, detail::NoRule{}, at);
}

template <class T>
concept Bits = Integer<T> || std::same_as<T, bool>;

template <Bits T> Tensor<T> operator&(const Tensor<T>& a, const Tensor<T>& b) { return bitwise_and(a, b, Location{}); }
template <Bits T> Tensor<T> operator|(const Tensor<T>& a, const Tensor<T>& b) { return bitwise_or(a, b, Location{}); }
template <Bits T> Tensor<T> operator^(const Tensor<T>& a, const Tensor<T>& b) { return bitwise_xor(a, b, Location{}); }
template <Bits T, std::integral N> Tensor<T> operator&(const Tensor<T>& a, N b) {
  return bitwise_and(a, b, Location{});
}
template <Bits T, std::integral N> Tensor<T> operator|(const Tensor<T>& a, N b) { return bitwise_or(a, b, Location{}); }
template <Bits T, std::integral N> Tensor<T> operator^(const Tensor<T>& a, N b) {
  return bitwise_xor(a, b, Location{});
}
template <Bits T> Tensor<T> operator~(const Tensor<T>& a) { return bitwise_not(a, Location{}); }
inline Tensor<bool> operator!(const Tensor<bool>& a) { return logical_not(a, Location{}); }

template <class T> Tensor<bool> Tensor<T>::logical_and(Operand<T> other, Location at) const {
  return chainrule::logical_and(*this, other, at);
}
template <class T> Tensor<bool> Tensor<T>::logical_or(Operand<T> other, Location at) const {
  return chainrule::logical_or(*this, other, at);
}
template <class T> Tensor<bool> Tensor<T>::logical_xor(Operand<T> other, Location at) const {
  return chainrule::logical_xor(*this, other, at);
}
template <class T> Tensor<bool> Tensor<T>::logical_not(Location at) const { return chainrule::logical_not(*this, at); }

}  // namespace chainrule

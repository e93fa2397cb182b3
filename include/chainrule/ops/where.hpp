#pragma once
// where: one of two values, by a condition.

#include <chainrule/core/binary.hpp>
#include <chainrule/ops/copy.hpp>

namespace chainrule {

namespace fn {

struct Where {
  static constexpr auto name = "where";
  template <class T> CHAINRULE_HD T operator()(bool c, T x, T y) const { return c ? x : y; }
};
template <class T> struct WhereElse {  // a number where the condition is false
  static constexpr auto name = "where";
  T y;
  CHAINRULE_HD T operator()(bool c, T x) const { return c ? x : y; }
};
template <class T> struct WhereThen {  // a number where the condition is true
  static constexpr auto name = "where";
  T x;
  CHAINRULE_HD T operator()(bool c, T y) const { return c ? x : y; }
};
template <class T> struct WhereNumbers {
  static constexpr auto name = "where";
  T x, y;
  CHAINRULE_HD T operator()(bool c) const { return c ? x : y; }
};

}  // namespace fn

template <class T>
Tensor<T> where(const Tensor<bool>& condition, const Tensor<T>& x, std::type_identity_t<Operand<T>> y,
                Location at = Location::here());

// A number where the condition is true.
template <Arithmetic N, class T>
requires(Real<T> || std::integral<N>) Tensor<T> where(const Tensor<bool>& condition, N x, const Tensor<T>& y,
                                                      Location at = Location::here()) {
  const T s = Operand<T>(x, at).scalar;
  return record(
      "where", map(fn::WhereThen<T>{s}, at, condition, y), {condition, y}, keep(condition),
      [](const Tensor<T>& g, const Tensor<bool>& c) {
        return Grads{Tensor<T>(), where(c, 0, g)};
      },
      at);
}

/// x where the condition is true, else y, element by element; all three broadcast. x and y may be numbers; two numbers
/// give int64 if both are integers, else float. Any element types: two different ones give their common type
/// (CommonOf), integers and a fraction float.
/// Gradient: g for x where the condition is true, else 0; the other way round for y. Source: torch.where.
/// Throws when the shapes do not broadcast.
///     where(x > 0, x, 0.1 * x)                                              // leaky_relu(x, 0.1)
///     where(tensor<bool>({true, false}), tensor({1, 2}), tensor({8, 9}))    // {1, 9}
template <class T>
Tensor<T> where(const Tensor<bool>& condition, const Tensor<T>& x, std::type_identity_t<Operand<T>> y, Location at) {
  if (!y.tensor)
    return record(
        "where", map(fn::WhereElse<T>{y.scalar}, at, condition, x), {condition, x}, keep(condition),
        [](const Tensor<T>& g, const Tensor<bool>& c) {
          return Grads{Tensor<T>(), where(c, g, 0)};
        },
        at);
  return record(
      "where", map(fn::Where{}, at, condition, x, *y.tensor), {condition, x, *y.tensor}, keep(condition),
      [](const Tensor<T>& g, Needs need, const Tensor<bool>& c) {
        return Grads{Tensor<T>(), need[1] ? where(c, g, 0) : Tensor<T>(), need[2] ? where(c, 0, g) : Tensor<T>()};
      },
      at);
}

// Different element types.
template <class A, OfDifferentTypes<A> B>
Tensor<CommonOf<A, B>> where(const Tensor<bool>& condition, const Tensor<A>& x, const Tensor<B>& y,
                             Location at = Location::here()) {
  return where(condition, cast<CommonOf<A, B>>(x, at), Operand<CommonOf<A, B>>(cast<CommonOf<A, B>>(y, at), at), at);
}
template <std::floating_point N, class T>
requires(!Real<T>) Tensor<float> where(const Tensor<bool>& condition, N x, const Tensor<T>& y,
                                       Location at = Location::here()) {
  return where(condition, x, cast<float>(y, at), at);
}
template <class T, std::floating_point N>
requires(!Real<T>) Tensor<float> where(const Tensor<bool>& condition, const Tensor<T>& x, N y,
                                       Location at = Location::here()) {
  return where(condition, cast<float>(x, at), Operand<float>(y, at), at);
}

// Numbers on both sides.
template <Arithmetic N, Arithmetic M>
auto where(const Tensor<bool>& condition, N x, M y, Location at = Location::here()) {
  using T = std::conditional_t<std::integral<N> && std::integral<M>, std::int64_t, float>;
  return map(fn::WhereNumbers<T>{static_cast<T>(x), static_cast<T>(y)}, at, condition);
}

template <class T> Tensor<T> Tensor<T>::where(const Tensor<bool>& condition, const Tensor& other, Location at) const {
  return chainrule::where(condition, *this, other, at);
}

}  // namespace chainrule

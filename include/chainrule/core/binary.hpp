#pragma once
// What the files of ops/ include: elementwise mapping, recording, and functors with one operand fixed to a number.

#include <chainrule/core/elementwise.hpp>
#include <chainrule/core/host_device.hpp>
#include <chainrule/core/record.hpp>
#include <type_traits>

namespace chainrule {

namespace fn {

/// x -> f(x, s): a two-operand functor whose right operand is a number. map(fn::BindRight{fn::Add{}, 2.0f}, at, x).
template <class F, class T> struct BindRight {
  static constexpr auto name = F::name;
  F f;
  T s;
  template <class X> CHAINRULE_HD auto operator()(X x) const { return f(x, s); }
};
template <class F, class T> BindRight(F, T) -> BindRight<F, T>;

/// x -> f(s, x).
template <class F, class T> struct BindLeft {
  static constexpr auto name = F::name;
  F f;
  T s;
  template <class X> CHAINRULE_HD auto operator()(X x) const { return f(s, x); }
};
template <class F, class T> BindLeft(F, T) -> BindLeft<F, T>;

}  // namespace fn

}  // namespace chainrule

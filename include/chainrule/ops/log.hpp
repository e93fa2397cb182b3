#pragma once
// log and log1p: the natural logarithm.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/add.hpp>
#include <chainrule/ops/div.hpp>

namespace chainrule {

namespace fn {

struct Log {
  static constexpr auto name = "log";
  template <class T> CHAINRULE_HD T operator()(T x) const { return math::log(x); }
};
struct Log1p {
  static constexpr auto name = "log1p";
  template <class T> CHAINRULE_HD T operator()(T x) const { return math::log1p(x); }
};

}  // namespace fn

/// The natural logarithm, element by element. float and double. log(0) is -inf, of a negative number NaN.
/// Gradient: g / x. Source: torch.log.
///     log(tensor({1, 2.7182818}))   // {0, 1}
template <class T> Tensor<T> log(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "log: expects a float or double tensor; convert first: x.to<float>()");
  return record("log", map(fn::Log{}, at, x), {x}, keep(x), [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g / v}; }, at);
}

/// log(1 + x), element by element, exact for x near 0 where 1 + x would round. float and double.
/// Gradient: g / (1 + x). Source: torch.log1p.
///     log1p(tensor({0, 1e-10}))   // {0, 1e-10}
template <class T> Tensor<T> log1p(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "log1p: expects a float or double tensor; convert first: x.to<float>()");
  return record("log1p", map(fn::Log1p{}, at, x), {x}, keep(x), [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g / (v + 1)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::log(Location at) const { return chainrule::log(*this, at); }
template <class T> Tensor<T> Tensor<T>::log1p(Location at) const { return chainrule::log1p(*this, at); }

}  // namespace chainrule

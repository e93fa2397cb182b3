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
struct Log2 {
  static constexpr auto name = "log2";
  template <class T> CHAINRULE_HD T operator()(T x) const { return std::log2(x); }
};
struct Log10 {
  static constexpr auto name = "log10";
  template <class T> CHAINRULE_HD T operator()(T x) const { return std::log10(x); }
};

}  // namespace fn

/// The natural logarithm, element by element. float and double. log(0) is -inf, of a negative number NaN.
/// Gradient: g / x. Source: torch.log.
///     log(tensor({1, 2.7182818}))   // {0, 1}
template <class T> Tensor<T> log(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "log: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "log", map(fn::Log{}, at, x), {x}, keep(x), [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g / v}; },
      at);
}

/// log(1 + x), element by element, exact for x near 0 where 1 + x would round. float and double.
/// Gradient: g / (1 + x). Source: torch.log1p.
///     log1p(tensor({0, 1e-10}))   // {0, 1e-10}
template <class T> Tensor<T> log1p(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "log1p: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "log1p", map(fn::Log1p{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g / (v + 1)}; }, at);
}

/// The logarithm to base 2, element by element. float and double. log2(0) is -inf, of a negative number NaN.
/// Gradient: g / (x log 2). Source: torch.log2.
///     log2(tensor({1, 8}))   // {0, 3}
template <class T> Tensor<T> log2(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "log2: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "log2", map(fn::Log2{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g / (v * T(0.693147180559945309417))}; }, at);
}

/// The logarithm to base 10, element by element. float and double. log10(0) is -inf, of a negative number NaN.
/// Gradient: g / (x log 10). Source: torch.log10.
///     log10(tensor({1, 1000}))   // {0, 3}
template <class T> Tensor<T> log10(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "log10: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "log10", map(fn::Log10{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g / (v * T(2.302585092994045684018))}; }, at);
}

template <class T> Tensor<T> Tensor<T>::log(Location at) const { return chainrule::log(*this, at); }
template <class T> Tensor<T> Tensor<T>::log1p(Location at) const { return chainrule::log1p(*this, at); }
template <class T> Tensor<T> Tensor<T>::log2(Location at) const { return chainrule::log2(*this, at); }
template <class T> Tensor<T> Tensor<T>::log10(Location at) const { return chainrule::log10(*this, at); }

}  // namespace chainrule

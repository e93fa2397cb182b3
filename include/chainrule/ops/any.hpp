#pragma once
// any and all: whether some, or every, element is not zero.

#include <chainrule/core/host_device.hpp>
#include <chainrule/core/reduce.hpp>

namespace chainrule {

namespace fn {

struct Any {
  static constexpr auto name = "any";
  template <class A> CHAINRULE_HD A start() const { return false; }
  template <class A, class T> CHAINRULE_HD A operator()(A seen, T x) const { return seen | (x != T(0)); }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return a || b; }
};
struct All {
  static constexpr auto name = "all";
  template <class A> CHAINRULE_HD A start() const { return true; }
  template <class A, class T> CHAINRULE_HD A operator()(A seen, T x) const { return seen & (x != T(0)); }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return a && b; }
};

}  // namespace fn

/// Whether some element along `dims` (all of them if empty) is not zero; NaN is not zero. Of nothing: false. No
/// gradient. Source: torch.any.
///     any(tensor({{0, 2}, {0, 0}}), 1)   // {true, false}
template <class T>
Tensor<bool> any(const Tensor<T>& x, const Dims& dims, bool keepdim = false, Location at = Location::here()) {
  return reduce<bool>(fn::Any{}, x, detail::plan_reduction(x, dims, keepdim, "any", at), at);
}
template <class T> Tensor<bool> any(const Tensor<T>& x, Location at = Location::here()) {
  return any(x, Dims{}, false, at);
}

/// Whether every element along `dims` (all of them if empty) is not zero; NaN is not zero. Of nothing: true. No
/// gradient. Source: torch.all.
///     all(tensor({{0, 2}, {1, 3}}), 1)   // {false, true}
template <class T>
Tensor<bool> all(const Tensor<T>& x, const Dims& dims, bool keepdim = false, Location at = Location::here()) {
  return reduce<bool>(fn::All{}, x, detail::plan_reduction(x, dims, keepdim, "all", at), at);
}
template <class T> Tensor<bool> all(const Tensor<T>& x, Location at = Location::here()) {
  return all(x, Dims{}, false, at);
}

template <class T> Tensor<bool> Tensor<T>::any(Location at) const { return chainrule::any(*this, at); }
template <class T> Tensor<bool> Tensor<T>::all(Location at) const { return chainrule::all(*this, at); }
template <class T> template <int> Tensor<bool> Tensor<T>::any(const Dims& dims, bool keepdim, Location at) const {
  return chainrule::any(*this, dims, keepdim, at);
}
template <class T> template <int> Tensor<bool> Tensor<T>::all(const Dims& dims, bool keepdim, Location at) const {
  return chainrule::all(*this, dims, keepdim, at);
}

}  // namespace chainrule

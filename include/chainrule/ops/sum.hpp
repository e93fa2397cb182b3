#pragma once
// sum, and sum_to, which undoes broadcasting.

#include <chainrule/core/reduce.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule {

namespace fn {

struct Sum {
  static constexpr auto name = "sum";
  template <class A> CHAINRULE_HD A start() const { return A(0); }
  template <class A, class T> CHAINRULE_HD A operator()(A total, T x) const { return total + static_cast<A>(x); }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return a + b; }
};

}  // namespace fn

/// The sum over `dims` (all of them if empty); keepdim leaves them with size 1. bool and the integers sum to int64.
/// Gradient: g, expanded over the summed dimensions. The sum of nothing is 0. Source: torch.sum.
///     sum(tensor({{1, 2}, {3, 4}}), 0)   // {4, 6}
template <class T>
Tensor<SumOf<T>> sum(const Tensor<T>& x, const Dims& dims, bool keepdim = false, Location at = Location::here()) {
  auto plan = detail::plan_reduction(x, dims, keepdim, "sum", at);
  return record(
      "sum", reduce<SumOf<T>>(fn::Sum{}, x, plan, at), {x},
      [plan](const Tensor<SumOf<T>>& g) {
        return Grads{expand(reshape(g, plan.kept), plan.from)};  // (.., 1, ..) -> x's shape
      },
      at);
}
template <class T> Tensor<SumOf<T>> sum(const Tensor<T>& x, Location at = Location::here()) {
  return sum(x, Dims{}, false, at);
}

/// In another element type, PyTorch's dtype: sum<double>(x), or as a method. x is converted first. Float sums of many
/// terms keep their digits.
template <Element U, class T>
requires(!std::same_as<U, T>) Tensor<U> sum(const Tensor<T>& x, const Dims& dims, bool keepdim = false,
                                            Location at = Location::here()) {
  return cast<U>(sum(cast<U>(x, at), dims, keepdim, at), at);
}
template <Element U, class T>
requires(!std::same_as<U, T>) Tensor<U> sum(const Tensor<T>& x, Location at = Location::here()) {
  return cast<U>(sum(cast<U>(x, at), at), at);
}

/// x summed over the dimensions along which `shape` was broadcast to x's shape. The engine calls it where a rule's
/// gradient is larger than the operand. Gradient: g, expanded.
template <class T> Tensor<T> sum_to(const Tensor<T>& x, const Shape& shape, Location at) {
  int extra = x.dim() - shape.size();
  check(extra >= 0, at, "sum_to: shape ", x.shape(), " cannot be summed to ", shape);
  Dims dims;
  for (int d = 0; d < x.dim(); ++d) {
    if (d < extra || (shape[d - extra] == 1 && x.shape()[d] != 1)) dims.push_back(d);
    else check(shape[d - extra] == x.shape()[d], at, "sum_to: shape ", x.shape(), " cannot be summed to ", shape);
  }
  if (dims.empty()) return x;
  return cast<T>(reshape(sum(x, dims, true, at), shape, at), at);  // integers sum to int64
}

template <class T> template <Element U> Tensor<U> Tensor<T>::sum(Location at) const {
  return cast<U>(chainrule::sum(cast<U>(*this, at), at), at);
}
template <class T> template <Element U> Tensor<U> Tensor<T>::sum(const Dims& dims, bool keepdim, Location at) const {
  return cast<U>(chainrule::sum(cast<U>(*this, at), dims, keepdim, at), at);
}
template <class T> Tensor<SumOf<T>> Tensor<T>::sum(Location at) const { return chainrule::sum(*this, at); }
template <class T> template <int> Tensor<SumOf<T>> Tensor<T>::sum(const Dims& dims, bool keepdim, Location at) const {
  return chainrule::sum(*this, dims, keepdim, at);
}

}  // namespace chainrule

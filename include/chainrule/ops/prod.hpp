#pragma once
// prod: the product of elements.

#include <chainrule/ops/cat.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/sum.hpp>

namespace chainrule {

namespace fn {

struct Prod {
  static constexpr auto name = "prod";
  template <class A> CHAINRULE_HD A start() const { return A(1); }
  template <class A, class T> CHAINRULE_HD A operator()(A total, T x) const {
    return static_cast<A>(total * static_cast<A>(x));
  }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return static_cast<A>(a * b); }
};

}  // namespace fn

namespace detail {

/// g times the product of all *other* elements along d. Never divides, so it is right where elements are 0, and so are
/// its own derivatives: elements are multiplied in pairs, the gradient is taken of the half as many products, and each
/// of a pair gets the other as a factor. O(n) products in O(log n) ops.
template <class T> Tensor<T> prod_grad(const Tensor<T>& g, const Tensor<T>& x, int d) {
  const std::int64_t n = x.shape()[d], half = n / 2;
  if (n == 1) return g;  // (.., 1, ..)
  Tensor<T> a = slice(x, d, 0, half), b = slice(x, d, half, 2 * half), ab = a * b;
  if (n % 2 == 0) {
    Tensor<T> up = prod_grad(g, ab, d);
    return cat({up * b, up * a}, d);
  }
  Tensor<T> up = prod_grad(g, cat({ab, slice(x, d, 2 * half, n)}, d), d);
  Tensor<T> pairs = slice(up, d, 0, half);
  return cat({pairs * b, pairs * a, slice(up, d, half, half + 1)}, d);
}

}  // namespace detail

/// The product along `dim`; keepdim leaves it with size 1.
/// Gradient: g times the product of all other elements, right where there are zeros too. The product of nothing is 1.
/// Source: torch.prod. Integers and bool give int64.
///     prod(tensor({{1, 2}, {3, 4}}), 1)   // {2, 12}
template <class T>
Tensor<SumOf<T>> prod(const Tensor<T>& x, std::int64_t dim, bool keepdim = false, Location at = Location::here()) {
  if constexpr (!std::same_as<SumOf<T>, T>) return prod(cast<SumOf<T>>(x, at), dim, keepdim, at);
  else {
    if (x.dim() == 0) {
      detail::wrap_dim(dim, 1, "prod", at);
      return x;
    }
    auto plan = detail::plan_reduction(x, dim, keepdim, "prod", at);
    const int d = detail::wrap_dim(dim, x.dim(), "prod", at);
    const auto rule = [plan, d](const Tensor<T>& g, const Tensor<T>& v) {
      if (plan.count == 0) return Grads{v * T(1)};  // nothing, in v's shape
      return Grads{detail::prod_grad(reshape(g, plan.kept), v, d)};
    };
    return record("prod", reduce<T>(fn::Prod{}, x, plan, at), {x}, keep(x), rule, at);
  }
}
/// The product of all elements.
template <class T> Tensor<SumOf<T>> prod(const Tensor<T>& x, Location at = Location::here()) {
  return prod(reshape(x, {x.numel()}, at), 0, false, at);
}

/// In another element type, PyTorch's dtype: prod<double>(x), or as a method. x is converted first.
template <Element U, class T>
requires(!std::same_as<U, T>) Tensor<U> prod(const Tensor<T>& x, std::int64_t dim, bool keepdim = false,
                                             Location at = Location::here()) {
  return cast<U>(prod(cast<U>(x, at), dim, keepdim, at), at);
}
template <Element U, class T>
requires(!std::same_as<U, T>) Tensor<U> prod(const Tensor<T>& x, Location at = Location::here()) {
  return cast<U>(prod(cast<U>(x, at), at), at);
}

template <class T> template <Element U> Tensor<U> Tensor<T>::prod(Location at) const {
  return cast<U>(chainrule::prod(cast<U>(*this, at), at), at);
}
template <class T> template <Element U> Tensor<U> Tensor<T>::prod(std::int64_t dim, bool keepdim, Location at) const {
  return cast<U>(chainrule::prod(cast<U>(*this, at), dim, keepdim, at), at);
}
template <class T> Tensor<SumOf<T>> Tensor<T>::prod(Location at) const { return chainrule::prod(*this, at); }
template <class T> Tensor<SumOf<T>> Tensor<T>::prod(std::int64_t dim, bool keepdim, Location at) const {
  return chainrule::prod(*this, dim, keepdim, at);
}

}  // namespace chainrule

#pragma once
// max and min: the extreme element of all, or along one dimension with its position.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/argmax.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/gather.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/sum.hpp>

namespace chainrule {

namespace fn {

template <bool largest> struct Extreme {
  static constexpr auto name = largest ? "max" : "min";
  template <class A> CHAINRULE_HD A start() const {
    using Limits = math::Limits<A>;
    if constexpr (Real<A>) return largest ? -Limits::infinity : Limits::infinity;
    else return largest ? Limits::lowest : Limits::largest;
  }
  template <class A, class T> CHAINRULE_HD A operator()(A best, T x) const {
    return (largest ? x > best : x < best) || x != x ? x : best;
  }  // NaN wins
  template <class A> CHAINRULE_HD A join(A a, A b) const { return (*this)(a, b); }
};

/// 1 where x is the extreme y (or both are NaN), else 0.
struct Attains {
  static constexpr auto name = "attains";
  template <class T> CHAINRULE_HD T operator()(T x, T y) const { return static_cast<T>(x == y || (x != x && y != y)); }
};

}  // namespace fn

namespace detail {

/// The gradient of an element y of x: g, shared evenly by all elements of x that are equal to y.
template <class T> Tensor<T> share_evenly(const Tensor<T>& g, const Tensor<T>& x, const Tensor<T>& y) {
  if constexpr (!Real<T>) return g;  // never runs: no gradients of integers
  else {
    const Tensor<T> attained = map(fn::Attains{}, {}, x, y);  // a constant
    return attained * (g / sum(attained));
  }
}

template <bool largest, class T> Tensor<T> extreme(const Tensor<T>& x, Location at) {
  constexpr auto op = fn::Extreme<largest>::name;
  check(x.numel() > 0, at, op, ": there is no extreme of nothing (shape ", x.shape(), ")");
  return record(
      op, reduce<T>(fn::Extreme<largest>{}, x, plan_reduction(x, {}, false, op, at), at), {x}, keep(x, this_value),
      [](const Tensor<T>& g, const Tensor<T>& v, const Tensor<T>& y) { return Grads{share_evenly(g, v, y)}; }, at);
}

/// Over any dimensions, without the positions.
template <bool largest, class T>
Tensor<T> extreme_over(const Tensor<T>& x, const Dims& dims, bool keepdim, Location at) {
  constexpr auto op = largest ? "amax" : "amin";
  const auto plan = plan_reduction(x, dims, keepdim, op, at);
  check(plan.count > 0, at, op, ": there is no extreme of nothing (shape ", x.shape(), ")");
  return record(
      op, reduce<T>(fn::Extreme<largest>{}, x, plan, at), {x}, keep(x, this_value),
      [plan](const Tensor<T>& g, const Tensor<T>& v, const Tensor<T>& y) {
        if constexpr (!Real<T>) return Grads{g};  // never runs: no gradients of integers
        else {
          Tensor<T> attained = map(fn::Attains{}, {}, v, reshape(y.detach(), plan.kept));  // a constant
          return Grads{attained * (reshape(g, plan.kept) / sum_to(attained, plan.kept))};
        }
      },
      at);
}

template <bool largest, class T>
ValueAndIndices<T> extreme(const Tensor<T>& x, std::int64_t dim, bool keepdim, Location at) {
  constexpr auto op = fn::Extreme<largest>::name;
  if (x.dim() == 0) {
    auto [value, index] = extreme<largest>(reshape(x, {1}, at), dim, false, at);
    return {value, index};
  }
  const int d = wrap_dim(dim, x.dim(), op, at);
  check(x.shape()[d] > 0, at, op, ": there is no extreme of nothing: dimension ", d, " of ", x.shape(), " has size 0");
  auto plan = plan_reduction(x, d, keepdim, op, at);
  Tensor<T> values = allocate<T>(plan.result, x.device(), op, at);
  Tensor<std::int64_t> indices = allocate<std::int64_t>(plan.result, x.device(), op, at);
  kernel<fn::ArgExtremeKernel<T, largest>>::on(x.device(), at)(make_reduce_loops(x, plan), values.data(),
                                                               indices.data(), x.data());
  values = record(
      op, values, {x}, keep(indices),
      [plan, d](const Tensor<T>& g, const Tensor<std::int64_t>& i) {
        return Grads{gather_grad_of(reshape(g, plan.kept), plan.from, d, reshape(i, plan.kept))};
      },
      at);
  return {values, indices};
}

}  // namespace detail

/// The largest of all elements. NaN if there is one, as in PyTorch.
/// Gradient: g, shared evenly by all elements that attain it. Source: torch.max. Throws when x is empty.
///     max(tensor({1, 3, 3}))   // 3; gradient {0, 0.5, 0.5}
template <class T> Tensor<T> max(const Tensor<T>& x, Location at = Location::here()) {
  return detail::extreme<true>(x, at);
}
/// The smallest of all elements; the rules of max(x).
template <class T> Tensor<T> min(const Tensor<T>& x, Location at = Location::here()) {
  return detail::extreme<false>(x, at);
}

/// The largest elements along `dim`, and where they stand: the first of several; NaN counts as larger than any number.
/// Gradient: g at the returned index alone, 0 elsewhere. Source: torch.max. Throws when dimension `dim` has size 0.
///     auto [values, indices] = max(tensor({{1, 5, 5}, {7, 2, 0}}), 1);   // {5, 7}, {1, 0}
template <class T>
ValueAndIndices<T> max(const Tensor<T>& x, std::int64_t dim, bool keepdim = false, Location at = Location::here()) {
  return detail::extreme<true>(x, dim, keepdim, at);
}
/// The smallest elements along `dim`, and where they stand; the rules of max(x, dim).
template <class T>
ValueAndIndices<T> min(const Tensor<T>& x, std::int64_t dim, bool keepdim = false, Location at = Location::here()) {
  return detail::extreme<false>(x, dim, keepdim, at);
}

/// The largest (smallest) element over `dims`, of all dimensions if empty. NaN if there is one.
/// Gradient: g, shared evenly by all elements that attain it. Source: torch.amax. Throws when there is nothing to
/// choose from.
///     amax(tensor({{1, 5}, {7, 2}}), {0})   // {7, 5}
template <class T>
Tensor<T> amax(const Tensor<T>& x, const Dims& dims = {}, bool keepdim = false, Location at = Location::here()) {
  return detail::extreme_over<true>(x, dims, keepdim, at);
}
template <class T>
Tensor<T> amin(const Tensor<T>& x, const Dims& dims = {}, bool keepdim = false, Location at = Location::here()) {
  return detail::extreme_over<false>(x, dims, keepdim, at);
}

template <class T> Tensor<T> Tensor<T>::max(Location at) const { return chainrule::max(*this, at); }
template <class T> Tensor<T> Tensor<T>::min(Location at) const { return chainrule::min(*this, at); }
template <class T> ValueAndIndices<T> Tensor<T>::max(std::int64_t dim, bool keepdim, Location at) const {
  return chainrule::max(*this, dim, keepdim, at);
}
template <class T> ValueAndIndices<T> Tensor<T>::min(std::int64_t dim, bool keepdim, Location at) const {
  return chainrule::min(*this, dim, keepdim, at);
}
template <class T> template <int> Tensor<T> Tensor<T>::amax(const Dims& dims, bool keepdim, Location at) const {
  return chainrule::amax(*this, dims, keepdim, at);
}
template <class T> template <int> Tensor<T> Tensor<T>::amin(const Dims& dims, bool keepdim, Location at) const {
  return chainrule::amin(*this, dims, keepdim, at);
}

}  // namespace chainrule

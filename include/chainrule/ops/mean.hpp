#pragma once
// mean: the sum over some dimensions, divided by the number of elements.

#include <chainrule/ops/div.hpp>
#include <chainrule/ops/sum.hpp>

namespace chainrule {

namespace fn {

template <class R> struct DivideByCount {
  static constexpr auto name = "mean";
  std::int64_t count;
  template <class S> CHAINRULE_HD R operator()(S sum) const {
    if constexpr (Real<S>) return sum / static_cast<R>(count);
    else return static_cast<R>(static_cast<double>(sum) / static_cast<double>(count));
  }
};

}  // namespace fn

namespace detail {

template <class T>
Tensor<RealOf<T>> mean_value(const Tensor<T>& x, const Reduction& plan, Location at) {  // not recorded
  return map(fn::DivideByCount<RealOf<T>>{plan.count}, at, reduce<SumOf<T>>(fn::Sum{}, x, plan, at));
}

}  // namespace detail

/// The mean over `dims` (all of them if empty); keepdim leaves them with size 1. Integers and bool are summed exactly
/// and give float. Gradient: g / n for each of the n elements. The mean of nothing is NaN. Source: torch.mean.
///     mean(tensor({{1, 2}, {3, 4}}), 0)   // {2, 3}
template <class T>
Tensor<RealOf<T>> mean(const Tensor<T>& x, const Dims& dims, bool keepdim = false, Location at = Location::here()) {
  using R = RealOf<T>;
  auto plan = detail::plan_reduction(x, dims, keepdim, "mean", at);
  return record(
      "mean", detail::mean_value(x, plan, at), {x},
      [plan](const Tensor<R>& g) {
        return Grads{
            expand(reshape(g / static_cast<R>(plan.count), plan.kept), plan.from)};  // (.., 1, ..) -> x's shape
      },
      at);
}
template <class T> Tensor<RealOf<T>> mean(const Tensor<T>& x, Location at = Location::here()) {
  return mean(x, Dims{}, false, at);
}

template <class T> Tensor<RealOf<T>> Tensor<T>::mean(Location at) const { return chainrule::mean(*this, at); }
template <class T> template <int> Tensor<RealOf<T>> Tensor<T>::mean(const Dims& dims, bool keepdim, Location at) const {
  return chainrule::mean(*this, dims, keepdim, at);
}

}  // namespace chainrule

#pragma once
// var and std: the variance and its square root.

#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/masked_fill.hpp>
#include <chainrule/ops/mean.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/sub.hpp>
#include <cmath>

namespace chainrule {

namespace fn {

struct SumOfSquares {
  static constexpr auto name = "var";
  template <class A> CHAINRULE_HD A start() const { return A(0); }
  template <class A, class T> CHAINRULE_HD A operator()(A total, T x) const { return total + x * x; }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return a + b; }
};
/// What the distances' own sum, which is 0 but for the mean's rounding, adds to the sum of their squares.
template <class T> struct WithoutOffset {
  static constexpr auto name = "var";
  T count;
  CHAINRULE_HD T operator()(T squares, T sum) const {
    T rest = squares - sum * sum / count;
    return rest < T(0) ? T(0) : rest;
  }
};
template <class T> struct DivideByDegrees {
  static constexpr auto name = "var";
  T degrees;
  CHAINRULE_HD T operator()(T sum) const { return sum / degrees; }
};
template <class T> struct RootOfVar {
  static constexpr auto name = "std";
  T degrees;
  CHAINRULE_HD T operator()(T sum) const {
    using std::sqrt;
    return sqrt(sum / degrees);
  }
};

}  // namespace fn

namespace detail {

/// n - correction; never negative. As a number of type T, to divide by: 0 / 0 is NaN.
template <class T> T degrees_of_freedom(const Reduction& plan, double correction) {
  return static_cast<T>(std::max(0.0, static_cast<double>(plan.count) - correction));
}

/// The sum of squared distances from the mean: subtracting first keeps the digits that x * x would lose, and the
/// distances' own sum makes up for the rounding of the mean. Not recorded.
template <class T> Tensor<T> squared_distances(const Tensor<T>& x, const Reduction& plan, Location at) {
  Reduction keep = plan;
  keep.result = plan.kept;
  Tensor<T> distance = map(fn::Sub{}, at, x, mean_value(x, keep, at));
  return map(fn::WithoutOffset<T>{static_cast<T>(plan.count)}, at, reduce<T>(fn::SumOfSquares{}, distance, plan, at),
             reduce<T>(fn::Sum{}, distance, plan, at));
}

/// g * 2 (x - mean) / degrees, in x's shape; made of recorded ops.
template <class T> Tensor<T> var_grad(const Tensor<T>& g, const Tensor<T>& x, const Reduction& plan, T degrees) {
  Dims dims;
  for (int d = 0; d < x.dim(); ++d)
    if (plan.reduced[d]) dims.push_back(d);
  Tensor<T> distance = dims.empty() ? x - x : x - mean(x, dims, true);
  return reshape(g * (T(2) / degrees), plan.kept) * distance;
}

}  // namespace detail

/// The variance over `dims` (all of them if empty): the sum of (x - mean)^2, divided by n - correction, or by 0 where
/// that is negative. `unbiased` is PyTorch's older word: true for a correction of 1, which is also the default, false
/// for 0. Gradient: g * 2 (x - mean) / (n - correction). Of too few elements (n = correction = 1, or n = 0) the result
/// is NaN. Source: torch.var.
///     var(tensor({1, 2, 3, 4}))               // 1.6667
///     var(tensor({{1, 3}, {2, 6}}), 1, false) // {1, 4}
///     var(tensor({{1, 3}, {2, 6}}), 1, {.correction = 0, .keepdim = true})   // {{1}, {4}}
template <class T>
Tensor<T> var(const Tensor<T>& x, const Dims& dims, VarOptions options, Location at = Location::here()) {
  static_assert(Real<T>, "var: the variance of integers is a fraction; convert first, x.to<float>().var()");
  auto plan = detail::plan_reduction(x, dims, options.keepdim, "var", at);
  const T degrees = detail::degrees_of_freedom<T>(plan, options.divisor_correction());
  return record(
      "var", map(fn::DivideByDegrees<T>{degrees}, at, detail::squared_distances(x, plan, at)), {x}, keep(x),
      [plan, degrees](const Tensor<T>& g, const Tensor<T>& v) { return Grads{detail::var_grad(g, v, plan, degrees)}; },
      at);
}
template <class T> Tensor<T> var(const Tensor<T>& x, VarOptions options, Location at = Location::here()) {
  return chainrule::var(x, Dims{}, options, at);
}
template <class T>
Tensor<T> var(const Tensor<T>& x, const Dims& dims, bool unbiased = true, bool keepdim = false,
              Location at = Location::here()) {
  return chainrule::var(x, dims, VarOptions{.correction = unbiased ? 1.0 : 0.0, .keepdim = keepdim}, at);
}
template <class T> Tensor<T> var(const Tensor<T>& x, Location at = Location::here()) {
  return chainrule::var(x, Dims{}, true, false, at);
}
template <class T, std::same_as<bool> B> Tensor<T> var(const Tensor<T>& x, B unbiased, Location at = Location::here()) {
  return var(x, Dims{}, unbiased, false, at);
}

/// The standard deviation: the square root of var with the same arguments.
/// Gradient: g * (x - mean) / ((n - correction) * std). The derivative does not exist where std is 0; we take 0, as
/// PyTorch does. Source: torch.std.
///     std(tensor({2, 4, 4, 4, 5, 5, 7, 9}), false)   // 2
template <class T>
Tensor<T> std(const Tensor<T>& x, const Dims& dims, VarOptions options, Location at = Location::here()) {
  static_assert(Real<T>, "std: the standard deviation of integers is a fraction; convert first, x.to<float>().std()");
  auto plan = detail::plan_reduction(x, dims, options.keepdim, "std", at);
  const T degrees = detail::degrees_of_freedom<T>(plan, options.divisor_correction());
  return record(
      "std", map(fn::RootOfVar<T>{degrees}, at, detail::squared_distances(x, plan, at)), {x}, keep(x, this_value),
      [plan, degrees](const Tensor<T>& g, const Tensor<T>& v, const Tensor<T>& y) {
        Tensor<bool> flat = y == T(0);
        Tensor<T> of_var = (g / (y.masked_fill(flat, T(1)) * T(2))).masked_fill(flat, T(0));
        return Grads{detail::var_grad(of_var, v, plan, degrees)};
      },
      at);
}
template <class T> Tensor<T> std(const Tensor<T>& x, VarOptions options, Location at = Location::here()) {
  return chainrule::std(x, Dims{}, options, at);
}
template <class T>
Tensor<T> std(const Tensor<T>& x, const Dims& dims, bool unbiased = true, bool keepdim = false,
              Location at = Location::here()) {
  return chainrule::std(x, dims, VarOptions{.correction = unbiased ? 1.0 : 0.0, .keepdim = keepdim}, at);
}
template <class T> Tensor<T> std(const Tensor<T>& x, Location at = Location::here()) {
  return chainrule::std(x, Dims{}, true, false, at);
}
template <class T, std::same_as<bool> B> Tensor<T> std(const Tensor<T>& x, B unbiased, Location at = Location::here()) {
  return chainrule::std(x, Dims{}, unbiased, false, at);
}

/// Two at once, the variance or standard deviation and the mean: auto [v, m] = var_mean(x, 1, {.keepdim = true}).
/// Gradients: as of the two. Source: torch.var_mean, torch.std_mean.
template <class T>
std::pair<Tensor<T>, Tensor<T>> var_mean(const Tensor<T>& x, const Dims& dims = {}, VarOptions options = {},
                                         Location at = Location::here()) {
  return {var(x, dims, options, at), mean(x, dims, options.keepdim, at)};
}
template <class T>
std::pair<Tensor<T>, Tensor<T>> std_mean(const Tensor<T>& x, const Dims& dims = {}, VarOptions options = {},
                                         Location at = Location::here()) {
  return {chainrule::std(x, dims, options, at), mean(x, dims, options.keepdim, at)};
}

template <class T> Tensor<T> Tensor<T>::var(VarOptions options, Location at) const {
  return chainrule::var(*this, Dims{}, options, at);
}
template <class T> Tensor<T> Tensor<T>::var(const Dims& dims, VarOptions options, Location at) const {
  return chainrule::var(*this, dims, options, at);
}
template <class T> Tensor<T> Tensor<T>::var(Location at) const {
  return chainrule::var(*this, Dims{}, true, false, at);
}
template <class T> template <std::same_as<bool> B> Tensor<T> Tensor<T>::var(B unbiased, Location at) const {
  return chainrule::var(*this, Dims{}, unbiased, false, at);
}
template <class T>
template <int>
Tensor<T> Tensor<T>::var(const Dims& dims, bool unbiased, bool keepdim, Location at) const {
  return chainrule::var(*this, dims, unbiased, keepdim, at);
}
template <class T> Tensor<T> Tensor<T>::std(VarOptions options, Location at) const {
  return chainrule::std(*this, Dims{}, options, at);
}
template <class T> Tensor<T> Tensor<T>::std(const Dims& dims, VarOptions options, Location at) const {
  return chainrule::std(*this, dims, options, at);
}
template <class T> Tensor<T> Tensor<T>::std(Location at) const {
  return chainrule::std(*this, Dims{}, true, false, at);
}
template <class T> template <std::same_as<bool> B> Tensor<T> Tensor<T>::std(B unbiased, Location at) const {
  return chainrule::std(*this, Dims{}, unbiased, false, at);
}
template <class T>
template <int>
Tensor<T> Tensor<T>::std(const Dims& dims, bool unbiased, bool keepdim, Location at) const {
  return chainrule::std(*this, dims, unbiased, keepdim, at);
}

}  // namespace chainrule

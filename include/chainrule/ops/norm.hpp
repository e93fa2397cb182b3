#pragma once
// norm: the p-norm of a vector, of any dimensions of a tensor.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/abs.hpp>
#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/masked_fill.hpp>
#include <chainrule/ops/max.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/pow.hpp>
#include <chainrule/ops/sum.hpp>
#include <cmath>

namespace chainrule {

namespace fn {

/// |x|^p, the terms of the sum; for p = 0 whether x is not 0.
template <class T> struct NormTerm {
  static constexpr auto name = "norm";
  T p;
  CHAINRULE_HD T operator()(T x) const {
    using std::abs, std::pow;
    if (p == T(2)) return x * x;
    if (p == T(1)) return abs(x);
    if (p == T(0)) return static_cast<T>(x != T(0));
    return pow(abs(x), p);
  }
};
/// sum^(1/p); the sum itself for p = 0.
template <class T> struct NormRoot {
  static constexpr auto name = "norm";
  T p;
  CHAINRULE_HD T operator()(T sum) const {
    using std::pow, std::sqrt;
    if (p == T(2)) return sqrt(sum);
    if (p == T(1) || p == T(0)) return sum;
    return pow(sum, T(1) / p);
  }
};
/// 1 where |x| is the norm y, else 0: the positions that an infinity norm depends on.
struct AttainsMagnitude {
  static constexpr auto name = "attains";
  template <class T> CHAINRULE_HD T operator()(T x, T y) const {
    return static_cast<T>(x == y || -x == y || (x != x && y != y));
  }
};
struct MinMagnitude {
  static constexpr auto name = "norm";
  template <class A> CHAINRULE_HD A start() const { return math::Limits<A>::infinity; }
  template <class A> CHAINRULE_HD A operator()(A best, A x) const {
    const A size = x < A(0) ? -x : x;
    return size < best || x != x ? size : best;
  }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return (*this)(a, b); }
};
struct MaxMagnitude {
  static constexpr auto name = "norm";
  template <class A> CHAINRULE_HD A start() const { return A(0); }
  template <class A> CHAINRULE_HD A operator()(A best, A x) const {
    const A size = x < A(0) ? -x : x;
    return size > best || x != x ? size : best;
  }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return (*this)(a, b); }
};

}  // namespace fn

/// The p-norm over `dims` (all of them if empty): (sum of |x|^p)^(1/p), also for p < 0; p = infinity gives the largest
/// |x|, p = -infinity the smallest, p = 0 the number of elements that are not 0.
/// Gradient: g * sign(x) |x|^(p-1) / norm^(p-1); for p = +-infinity g * sign(x), shared evenly by all elements that
/// attain the norm; 0 for p = 0. The derivative does not exist at x = 0 for p <= 1, nor where the norm is 0; we take 0,
/// as PyTorch does. Source: torch.linalg.vector_norm. Throws for a p of NaN, and where p < 0 or p = infinity meets no
/// elements: they have no norm.
///     norm(tensor({3, 4}))      // 5
///     norm(tensor({3, -4}), 1)  // 7
template <class T>
Tensor<T> norm(const Tensor<T>& x, double p, const Dims& dims, bool keepdim = false, Location at = Location::here()) {
  static_assert(Real<T>, "norm: the norm of integers is a fraction; convert first, x.to<float>().norm()");
  check(!std::isnan(p), at, "norm: p must be a number, got NaN");
  auto plan = detail::plan_reduction(x, dims, keepdim, "norm", at);
  check(plan.count > 0 || (p >= 0 && !std::isinf(p)), at, "norm: the ", p, "-norm of nothing does not exist (shape ",
        x.shape(), ", dims ", dims, "); it does for 0 <= p < infinity");
  if (std::isinf(p))
    return record(
        "norm", p > 0 ? reduce<T>(fn::MaxMagnitude{}, x, plan, at) : reduce<T>(fn::MinMagnitude{}, x, plan, at), {x},
        keep(x, this_value),
        [plan](const Tensor<T>& g, const Tensor<T>& v, const Tensor<T>& value) {
          Tensor<T> attained = map(fn::AttainsMagnitude{}, {}, v, reshape(value.detach(), plan.kept));  // a constant
          Dims gone;
          for (int d = 0; d < v.dim(); ++d)
            if (plan.reduced[d]) gone.push_back(d);
          Tensor<T> count = gone.empty() ? attained : sum(attained, gone, true);
          return Grads{attained * v.sign() * (reshape(g, plan.kept) / count)};
        },
        at);
  const T power = static_cast<T>(p);
  Tensor<T> value = map(fn::NormRoot<T>{power}, at, reduce<T>(fn::Sum{}, map(fn::NormTerm<T>{power}, at, x), plan, at));
  return record(
      "norm", value, {x}, keep(x, this_value),
      [plan, power](const Tensor<T>& g, const Tensor<T>& v, const Tensor<T>& norm_of_v) {
        if (power == T(1)) return Grads{reshape(g, plan.kept) * v.sign()};
        if (power == T(0)) return Grads{zeros_like(v)};
        Tensor<T> y = reshape(norm_of_v, plan.kept), up = reshape(g, plan.kept);
        Tensor<bool> none = y == T(0);
        y = y.masked_fill(none, T(1));
        if (power == T(2)) return Grads{v * (up / y).masked_fill(none, T(0))};
        Tensor<bool> zero = v == T(0);  // |x|^(p-1) has no derivative there
        Tensor<T> terms = v.masked_fill(zero, T(1)).abs().pow(power - 1) * v.sign();
        return Grads{terms * (up / y.pow(power - 1)).masked_fill(none, T(0))};
      },
      at);
}
template <class T> Tensor<T> norm(const Tensor<T>& x, double p = 2, Location at = Location::here()) {
  return norm(x, p, Dims{}, false, at);
}

template <class T> Tensor<T> Tensor<T>::norm(double p, Location at) const {
  return chainrule::norm(*this, p, Dims{}, false, at);
}
template <class T> Tensor<T> Tensor<T>::norm(double p, const Dims& dims, bool keepdim, Location at) const {
  return chainrule::norm(*this, p, dims, keepdim, at);
}

}  // namespace chainrule

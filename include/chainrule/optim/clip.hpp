#pragma once
// Gradient clipping: bounds the gradients between backward() and step().

#include <chainrule/autograd/methods.hpp>
#include <chainrule/core/reduce.hpp>
#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/mul.hpp>
#include <cmath>
#include <optional>
#include <vector>

namespace chainrule::nn::utils {

namespace detail {

struct SquareSum {
  static constexpr auto name = "sum_of_squares";
  template <class A> CHAINRULE_HD A start() const { return A(0); }
  template <class A, class T> CHAINRULE_HD A operator()(A total, T x) const {
    return total + static_cast<A>(x) * static_cast<A>(x);
  }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return a + b; }
};
struct PowerSum {
  static constexpr auto name = "sum_of_powers";
  double p;
  template <class A> CHAINRULE_HD A start() const { return A(0); }
  template <class A, class T> CHAINRULE_HD A operator()(A total, T x) const {
    using std::abs, std::pow;
    return total + pow(abs(static_cast<A>(x)), static_cast<A>(p));
  }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return a + b; }
};
struct LargestMagnitude {
  static constexpr auto name = "largest_magnitude";
  template <class A> CHAINRULE_HD A start() const { return A(0); }
  template <class A, class T> CHAINRULE_HD A operator()(A most, T x) const {
    using std::abs;
    return join(most, abs(static_cast<A>(x)));
  }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return b > a || b != b ? b : a; }  // NaN stays
};
struct Limit {
  static constexpr auto name = "clip";
  template <class T> CHAINRULE_HD T operator()(T x, T bound) const {
    return x > bound ? bound : x < -bound ? -bound : x;
  }
};

/// g = f(g, s) for the gradient of p.
template <class F, class T> void edit_grad(F f, const Tensor<T>& p, T s, Location at) {
  if (!p.grad().is_contiguous()) p.set_grad(p.grad().contiguous(at), at);
  Tensor<T> g = p.grad();
  map_into(fn::BindRight{f, s}, at, g, g);
  chainrule::detail::count_edit(*g.impl(), at);
}

}  // namespace detail

/// Scales all gradients by one factor, so that the norm of all of them taken together is at most max_norm. Returns the
/// norm before. norm_type p: (sum |g|^p)^(1/p); infinity: the largest |g|. The factor is max_norm / (norm + 1e-6), as
/// in torch.nn.utils.clip_grad_norm_; the norm is summed in double. Parameters without gradient are left out. Throws
/// when the norm is NaN or infinite and error_if_nonfinite is set.
///     double norm = nn::utils::clip_grad_norm_(net.parameters(), 1.0);
template <class T>
double clip_grad_norm_(const std::vector<Tensor<T>>& parameters, double max_norm, double norm_type = 2,
                       bool error_if_nonfinite = false, Location at = Location::here()) {
  check(max_norm >= 0, at, "clip_grad_norm_: max_norm must not be negative, got ", max_norm);
  check(norm_type > 0, at, "clip_grad_norm_: norm_type must be above 0 (2, 1, infinity), got ", norm_type);
  no_grad guard;
  const bool infinite = std::isinf(norm_type);
  double total = 0;
  for (const auto& p : parameters) {
    Tensor<T> g = p.grad();
    if (!g.defined()) continue;
    const auto plan = chainrule::detail::plan_reduction(g, {}, false, "clip_grad_norm_", at);
    if (infinite)
      total = detail::LargestMagnitude{}.join(total, reduce<double>(detail::LargestMagnitude{}, g, plan, at).item());
    else if (norm_type == 2) total += reduce<double>(detail::SquareSum{}, g, plan, at).item();
    else total += reduce<double>(detail::PowerSum{norm_type}, g, plan, at).item();
  }
  const double norm = infinite ? total : norm_type == 2 ? std::sqrt(total) : std::pow(total, 1 / norm_type);
  check(!error_if_nonfinite || std::isfinite(norm), at, "clip_grad_norm_: the norm of the gradients is ", norm,
        ", so they cannot be scaled; look for the op with anomaly mode");
  const double factor = max_norm / (norm + 1e-6);
  if (factor >= 1) return norm;
  for (const auto& p : parameters)
    if (p.grad().defined()) detail::edit_grad(fn::Mul{}, p, static_cast<T>(factor), at);
  return norm;
}

/// Options of clip_grad_norm_: clip_grad_norm_(params, {.max_norm = 1}) or (params, 1, {.norm_type = 1}).
struct ClipGradNormOptions {
  chainrule::detail::NamedOnly by_name = chainrule::detail::NamedOnly();
  std::optional<double> max_norm = {};
  double norm_type = 2;
  bool error_if_nonfinite = false;
};
template <class T>
double clip_grad_norm_(const std::vector<Tensor<T>>& parameters, ClipGradNormOptions o,
                       Location at = Location::here()) {
  check(o.max_norm.has_value(), at, "clip_grad_norm_: needs the largest norm, {.max_norm = 1.0}");
  return clip_grad_norm_(parameters, *o.max_norm, o.norm_type, o.error_if_nonfinite, at);
}
template <class T>
double clip_grad_norm_(const std::vector<Tensor<T>>& parameters, double max_norm, ClipGradNormOptions rest,
                       Location at = Location::here()) {
  return clip_grad_norm_(parameters, max_norm, rest.norm_type, rest.error_if_nonfinite, at);
}

/// Cuts every element of every gradient to [-clip_value, clip_value]. NaN stays NaN. Source:
/// torch.nn.utils.clip_grad_value_.
template <class T>
void clip_grad_value_(const std::vector<Tensor<T>>& parameters, double clip_value, Location at = Location::here()) {
  check(clip_value >= 0, at, "clip_grad_value_: clip_value must not be negative, got ", clip_value);
  no_grad guard;
  for (const auto& p : parameters)
    if (p.grad().defined()) detail::edit_grad(detail::Limit{}, p, static_cast<T>(clip_value), at);
}

}  // namespace chainrule::nn::utils

#pragma once
// softplus: a smooth relu.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/masked_fill.hpp>
#include <chainrule/ops/sigmoid.hpp>

namespace chainrule {

namespace fn {

template <class T> struct Softplus {
  static constexpr auto name = "softplus";
  T beta, threshold;
  CHAINRULE_HD T operator()(T x) const {
    return math::select(x * beta > threshold, x, math::log1p(math::exp(x * beta)) / beta);
  }
};
template <class T> struct SoftplusGrad {
  static constexpr auto name = "softplus_grad";
  T beta, threshold;
  CHAINRULE_HD T operator()(T g, T x) const {
    return math::select(x * beta > threshold, g, g / (T(1) + math::exp(-x * beta)));
  }
};

}  // namespace fn

/// The gradient of softplus in one pass: g sigmoid(beta x), and g where beta x > threshold. Its own gradient: that
/// again for g; for x, g beta s (1 - s) with s = sigmoid(beta x), and 0 beyond the threshold.
template <class T>
Tensor<T> softplus_grad(const Tensor<T>& g, const Tensor<T>& x, double beta, double threshold,
                        Location at = Location::here()) {
  return record(
      "softplus_grad", map(fn::SoftplusGrad<T>{static_cast<T>(beta), static_cast<T>(threshold)}, at, g, x), {g, x},
      keep(g, x),
      [beta, threshold](const Tensor<T>& gg, Needs need, const Tensor<T>& p, const Tensor<T>& v) {
        Grads grads{need[0] ? softplus_grad(gg, v, beta, threshold) : Tensor<T>()};
        if (!need[1]) return grads.push_back(Tensor<T>()), grads;
        Tensor<T> bx = v * beta;
        grads.push_back(masked_fill(sigmoid_grad(gg * p, sigmoid(bx)) * beta, bx > threshold, 0));
        return grads;
      },
      at);
}

/// softplus(x) = log(1 + e^(beta x)) / beta, element by element, and x itself where beta x > threshold. float and
/// double. Gradient: g sigmoid(beta x), and g where beta x > threshold. Source: torch.nn.functional.softplus.
/// Throws when beta is 0.
///     softplus(tensor({-1, 0, 30}))   // {0.3133, 0.6931, 30}
template <class T>
Tensor<T> softplus(const Tensor<T>& x, double beta = 1, double threshold = 20, Location at = Location::here()) {
  static_assert(Real<T>, "softplus: expects a float or double tensor; convert first: x.to<float>()");
  check(beta != 0, at, "softplus: beta must not be 0");
  return record(
      "softplus", map(fn::Softplus<T>{static_cast<T>(beta), static_cast<T>(threshold)}, at, x), {x}, keep(x),
      [beta, threshold](const Tensor<T>& g, const Tensor<T>& v) { return Grads{softplus_grad(g, v, beta, threshold)}; },
      at);
}

template <class T> Tensor<T> Tensor<T>::softplus(double beta, double threshold, Location at) const {
  return chainrule::softplus(*this, beta, threshold, at);
}

}  // namespace chainrule

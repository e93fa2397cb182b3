#pragma once
// elu: relu with an exponential tail.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/masked_fill.hpp>
#include <chainrule/ops/mul.hpp>

namespace chainrule {

namespace fn {

template <class T> struct Elu {
  static constexpr auto name = "elu";
  T alpha;
  CHAINRULE_HD T operator()(T x) const { return math::select(x > T(0), x, alpha * math::expm1(x)); }
};
template <class T> struct EluGrad {
  static constexpr auto name = "elu_grad";
  T alpha;
  CHAINRULE_HD T operator()(T g, T x) const { return math::select(x > T(0), g, g * alpha * math::exp(x)); }
};

}  // namespace fn

/// The gradient of elu in one pass: g where x > 0, else g alpha e^x. Its own gradient: that again for g; for x, 0 where
/// x >= 0, else g alpha e^x.
template <class T>
Tensor<T> elu_grad(const Tensor<T>& g, const Tensor<T>& x, double alpha, Location at = Location::here()) {
  return record(
      "elu_grad", map(fn::EluGrad<T>{static_cast<T>(alpha)}, at, g, x), {g, x}, keep(g, x),
      [alpha](const Tensor<T>& gg, Needs need, const Tensor<T>& p, const Tensor<T>& v) {
        return Grads{need[0] ? elu_grad(gg, v, alpha) : Tensor<T>(),
                     need[1] ? masked_fill(gg * elu_grad(p, v, alpha), v >= 0, 0) : Tensor<T>()};
      },
      at);
}

/// x where x > 0, else alpha (e^x - 1), element by element. float and double.
/// Gradient: g where x > 0, else g alpha e^x; at 0 that is alpha, as in PyTorch.
/// Source: Clevert, Unterthiner, Hochreiter 2016; torch.nn.functional.elu.
///     elu(tensor({-1, 0, 2}))   // {-0.6321, 0, 2}
template <class T> Tensor<T> elu(const Tensor<T>& x, double alpha = 1, Location at = Location::here()) {
  static_assert(Real<T>, "elu: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "elu", map(fn::Elu<T>{static_cast<T>(alpha)}, at, x), {x}, keep(x),
      [alpha](const Tensor<T>& g, const Tensor<T>& v) { return Grads{elu_grad(g, v, alpha)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::elu(double alpha, Location at) const {
  return chainrule::elu(*this, alpha, at);
}

}  // namespace chainrule

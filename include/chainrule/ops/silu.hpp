#pragma once
// silu: x sigmoid(x), also called swish.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/add.hpp>
#include <chainrule/ops/sigmoid.hpp>

namespace chainrule {

namespace fn {

struct Silu {
  static constexpr auto name = "silu";
  template <class T> CHAINRULE_HD T operator()(T x) const { return x / (T(1) + math::exp(-x)); }
};
struct SiluGrad {
  static constexpr auto name = "silu_grad";
  template <class T> CHAINRULE_HD T operator()(T g, T x) const {
    T s = T(1) / (T(1) + math::exp(-x));
    return g * s * (T(1) + x * (T(1) - s));
  }
};

}  // namespace fn

/// The gradient of silu in one pass: g s (1 + x (1 - s)) with s = sigmoid(x). Its own gradient: that again for g;
/// g s (1 - s) (2 + x (1 - 2s)) for x.
template <class T> Tensor<T> silu_grad(const Tensor<T>& g, const Tensor<T>& x, Location at = Location::here()) {
  return record(
      "silu_grad", map(fn::SiluGrad{}, at, g, x), {g, x}, keep(g, x),
      [](const Tensor<T>& gg, Needs need, const Tensor<T>& p, const Tensor<T>& v) {
        Grads grads{need[0] ? silu_grad(gg, v) : Tensor<T>()};
        if (!need[1]) return grads.push_back(Tensor<T>()), grads;
        Tensor<T> s = sigmoid(v);
        grads.push_back(sigmoid_grad(gg * p, s) * (2 + v * (1 - 2 * s)));
        return grads;
      },
      at);
}

/// silu(x) = x sigmoid(x), element by element. float and double.
/// Gradient: g s (1 + x (1 - s)) with s = sigmoid(x). Source: Hendrycks, Gimpel 2016; torch.nn.functional.silu.
///     silu(tensor({-1, 0, 1}))   // {-0.2689, 0, 0.7311}
template <class T> Tensor<T> silu(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "silu: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "silu", map(fn::Silu{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{silu_grad(g, v)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::silu(Location at) const { return chainrule::silu(*this, at); }

}  // namespace chainrule

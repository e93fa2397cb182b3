#pragma once
// erf: the error function.

#include <chainrule/core/binary.hpp>
#include <chainrule/core/math.hpp>
#include <chainrule/ops/exp.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/neg.hpp>

namespace chainrule {

namespace fn {

struct Erf {
  static constexpr auto name = "erf";
  template <class T> CHAINRULE_HD T operator()(T x) const { return math::erf(x); }
};

}  // namespace fn

/// The error function 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x, element by element. float and double.
/// Gradient: g 2 / sqrt(pi) e^(-x^2). Source: torch.erf.
///     erf(tensor({0, 1}))   // {0, 0.8427}
template <class T> Tensor<T> erf(const Tensor<T>& x, Location at = Location::here()) {
  static_assert(Real<T>, "erf: expects a float or double tensor; convert first: x.to<float>()");
  return record(
      "erf", map(fn::Erf{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g * (exp(-(v * v)) * T(1.128379167095512573896))}; },
      at);
}

template <class T> Tensor<T> Tensor<T>::erf(Location at) const { return chainrule::erf(*this, at); }

}  // namespace chainrule

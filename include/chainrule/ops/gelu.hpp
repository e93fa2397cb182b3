#pragma once
// gelu: x times the normal distribution function of x.

#include <chainrule/core/math.hpp>
#include <chainrule/ops/add.hpp>
#include <chainrule/ops/exp.hpp>
#include <chainrule/ops/square.hpp>
#include <chainrule/ops/sub.hpp>
#include <chainrule/ops/tanh.hpp>

namespace chainrule {

namespace detail {
inline constexpr double sqrt_half = 0.70710678118654752440;  // 1 / sqrt(2)
inline constexpr double sqrt_2_over_pi = 0.79788456080286535588;
inline constexpr double inv_sqrt_2pi = 0.39894228040143267794;  // 1 / sqrt(2 pi)
inline constexpr double gelu_cubic = 0.044715;                  // of the tanh form
}  // namespace detail

namespace fn {

struct Gelu {
  static constexpr auto name = "gelu";
  template <class T> CHAINRULE_HD T operator()(T x) const {
    return T(0.5) * x * (T(1) + math::erf(x * T(detail::sqrt_half)));
  }
};
struct GeluGrad {
  static constexpr auto name = "gelu_grad";
  template <class T> CHAINRULE_HD T operator()(T g, T x) const {
    T cdf = T(0.5) * (T(1) + math::erf(x * T(detail::sqrt_half))),
      pdf = math::exp(T(-0.5) * x * x) * T(detail::inv_sqrt_2pi);
    return g * (cdf + x * pdf);
  }
};
struct GeluTanh {
  static constexpr auto name = "gelu_tanh";
  template <class T> CHAINRULE_HD T operator()(T x) const {
    return T(0.5) * x * (T(1) + math::tanh(T(detail::sqrt_2_over_pi) * (x + T(detail::gelu_cubic) * x * x * x)));
  }
};
struct GeluTanhGrad {
  static constexpr auto name = "gelu_tanh_grad";
  template <class T> CHAINRULE_HD T operator()(T g, T x) const {
    T t = math::tanh(T(detail::sqrt_2_over_pi) * (x + T(detail::gelu_cubic) * x * x * x));
    T du = T(detail::sqrt_2_over_pi) * (T(1) + T(3 * detail::gelu_cubic) * x * x);
    return g * T(0.5) * (T(1) + t + x * (T(1) - t * t) * du);
  }
};

}  // namespace fn

/// Options of gelu.
struct GeluOptions {
  std::string approximate = "none";  ///< "none": with the error function; "tanh": the approximation with tanh
};

namespace detail {

/// The second derivative of gelu, made of ops.
template <class T> Tensor<T> gelu_second(const Tensor<T>& x, bool tanh_form) {
  Tensor<T> xx = square(x);
  if (!tanh_form) return exp(xx * -0.5) * inv_sqrt_2pi * (2 - xx);
  Tensor<T> t = tanh(sqrt_2_over_pi * (x + gelu_cubic * (xx * x)));
  Tensor<T> du = sqrt_2_over_pi * (1 + 3 * gelu_cubic * xx);  // first and
  Tensor<T> ddu = 6 * gelu_cubic * sqrt_2_over_pi * x;        // second derivative of tanh's argument
  return tanh_grad(du + 0.5 * x * (ddu - 2 * t * square(du)), t);
}

}  // namespace detail

/// The gradient of gelu in one pass. Its own gradient: the same of the new g; for x, g times the second derivative.
template <class T>
Tensor<T> gelu_grad(const Tensor<T>& g, const Tensor<T>& x, bool tanh_form, Location at = Location::here()) {
  return record(
      "gelu_grad", tanh_form ? map(fn::GeluTanhGrad{}, at, g, x) : map(fn::GeluGrad{}, at, g, x), {g, x}, keep(g, x),
      [tanh_form](const Tensor<T>& gg, Needs need, const Tensor<T>& p, const Tensor<T>& v) {
        return Grads{need[0] ? gelu_grad(gg, v, tanh_form) : Tensor<T>(),
                     need[1] ? gg * p * detail::gelu_second(v, tanh_form) : Tensor<T>()};
      },
      at);
}

/// gelu(x) = x P(x) with P the distribution function of the standard normal, P(x) = (1 + erf(x / sqrt(2))) / 2, element
/// by element; with {.approximate = "tanh"} it is x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. float and double.
/// Gradient: g (P(x) + x p(x)) with p the density; of the tanh form, the derivative of the formula above.
/// Source: Hendrycks, Gimpel 2016; torch.nn.functional.gelu. Throws for any other `approximate`.
///     gelu(tensor({-1, 0, 1}))   // {-0.1587, 0, 0.8413}
template <class T> Tensor<T> gelu(const Tensor<T>& x, const GeluOptions& options = {}, Location at = Location::here()) {
  static_assert(Real<T>, "gelu: expects a float or double tensor; convert first: x.to<float>()");
  const bool tanh_form = options.approximate == "tanh";
  check(tanh_form || options.approximate == "none", at, "gelu: approximate must be \"none\" or \"tanh\", got \"",
        options.approximate, "\"");
  return record(
      "gelu", tanh_form ? map(fn::GeluTanh{}, at, x) : map(fn::Gelu{}, at, x), {x}, keep(x),
      [tanh_form](const Tensor<T>& g, const Tensor<T>& v) { return Grads{gelu_grad(g, v, tanh_form)}; }, at);
}

template <class T> Tensor<T> Tensor<T>::gelu(Location at) const { return chainrule::gelu(*this, {}, at); }

}  // namespace chainrule

#pragma once
// Initialisation of weights, as torch.nn.init. Each function fills the tensor it is given
// (a leaf that requires grad, too) and returns it. The numbers come from a Generator: the same seed gives the same
// weights on every machine with the same libm, for any number of threads.

#include <chainrule/core/compiled.hpp>
#include <chainrule/ops/create.hpp>
#include <chainrule/ops/inplace.hpp>
#include <string_view>
#include <vector>

namespace chainrule::nn::init {

namespace detail {

/// Calls fill(pointer, count) on contiguous CPU memory: that of t, or what is then copied there.
template <class T, class Fill> const Tensor<T>& filled(const Tensor<T>& t, Location at, const Fill& fill) {
  check(t.defined(), at, "init: this tensor is not defined (a layer made with {.bias = false} has no bias)");
  no_grad guard;
  return chainrule::detail::overwrite(t, "init", at, fill);
}

struct Fans {
  double in, out;
};

/// Inputs and outputs of one unit: of a matrix (out, in), or of a convolution (out, in, kernel...).
Fans fans(const Shape& shape, const char* op, Location at);

}  // namespace detail

/// Uniform in [a, b).
template <Real T>
const Tensor<T>& uniform_(const Tensor<T>& t, double a = 0, double b = 1, Generator* generator = nullptr,
                          Location at = Location::here()) {
  return detail::filled(t, at, [&](T* p, std::int64_t n) {
    chainrule::detail::fill_uniform(p, n, a, b, chainrule::detail::pick(generator));
  });
}
/// Normal.
template <Real T>
const Tensor<T>& normal_(const Tensor<T>& t, double mean = 0, double std = 1, Generator* generator = nullptr,
                         Location at = Location::here()) {
  return detail::filled(t, at, [&](T* p, std::int64_t n) {
    chainrule::detail::fill_normal(p, n, mean, std, chainrule::detail::pick(generator));
  });
}
/// All elements `value`.
template <class T> const Tensor<T>& constant_(const Tensor<T>& t, double value, Location at = Location::here()) {
  return detail::filled(t, at, [&](T* p, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) p[i] = static_cast<T>(value);
  });
}
template <class T> const Tensor<T>& zeros_(const Tensor<T>& t, Location at = Location::here()) {
  return constant_(t, 0, at);
}
template <class T> const Tensor<T>& ones_(const Tensor<T>& t, Location at = Location::here()) {
  return constant_(t, 1, at);
}

/// The identity matrix, or as much of it as fits.
template <Real T> const Tensor<T>& eye_(const Tensor<T>& t, Location at = Location::here()) {
  check(t.dim() == 2, at, "eye_: needs a matrix, got shape ", t.shape());
  return detail::filled(t, at, [&](T* p, std::int64_t n) {
    for (std::int64_t i = 0, columns = t.shape()[1]; i < n; ++i) p[i] = i / columns == i % columns ? T(1) : T(0);
  });
}

/// How much a nonlinearity shrinks the standard deviation of what passes it, as a factor for the weights before it: 1
/// for linear, conv2d and sigmoid, 5/3 for tanh, sqrt(2) for relu, sqrt(2 / (1 + a²)) for leaky_relu of slope a, 3/4
/// for selu. Source: torch.nn.init.
double calculate_gain(std::string_view nonlinearity, double a = 0.01, Location at = Location::here());

/// Options of kaiming_uniform_ and kaiming_normal_.
struct KaimingOptions {
  double a = 0;  ///< slope of the leaky_relu that follows
  std::string_view mode =
      "fan_in";  ///< "fan_in" keeps the variance of the forward pass, "fan_out" of the backward pass
  std::string_view nonlinearity = "leaky_relu";
  Generator* generator = nullptr;
};

namespace detail {

/// The standard deviation of He et al. 2015: gain / sqrt(fan).
template <class T> double kaiming_std(const Tensor<T>& t, const KaimingOptions& o, const char* op, Location at) {
  check(t.defined(), at, op, ": this tensor is not defined");
  check(o.mode == "fan_in" || o.mode == "fan_out", at, op, ": mode is \"fan_in\" or \"fan_out\", got \"", o.mode, "\"");
  const Fans f = fans(t.shape(), op, at);
  const double fan = o.mode == "fan_in" ? f.in : f.out;
  return fan > 0 ? calculate_gain(o.nonlinearity, o.a, at) / std::sqrt(fan) : 0;
}
/// Glorot and Bengio 2010: gain · sqrt(2 / (fan_in + fan_out)).
template <class T> double xavier_std(const Tensor<T>& t, double gain, const char* op, Location at) {
  check(t.defined(), at, op, ": this tensor is not defined");
  const Fans f = fans(t.shape(), op, at);
  return f.in + f.out > 0 ? gain * std::sqrt(2 / (f.in + f.out)) : 0;
}

}  // namespace detail

/// He initialisation: uniform in ±sqrt(3) · gain / sqrt(fan). Source: He, Zhang, Ren, Sun 2015.
///     init::kaiming_uniform_(conv.weight, {.nonlinearity = "relu"});
template <Real T>
const Tensor<T>& kaiming_uniform_(const Tensor<T>& t, KaimingOptions options = {}, Location at = Location::here()) {
  const double bound = std::sqrt(3.0) * detail::kaiming_std(t, options, "kaiming_uniform_", at);
  return uniform_(t, -bound, bound, options.generator, at);
}
/// He initialisation: normal with standard deviation gain / sqrt(fan).
///     init::kaiming_normal_(conv.weight, {.mode = "fan_out", .nonlinearity = "relu"});
template <Real T>
const Tensor<T>& kaiming_normal_(const Tensor<T>& t, KaimingOptions options = {}, Location at = Location::here()) {
  return normal_(t, 0, detail::kaiming_std(t, options, "kaiming_normal_", at), options.generator, at);
}
/// Glorot initialisation: uniform in ±gain · sqrt(6 / (fan_in + fan_out)). Source: Glorot, Bengio 2010.
template <Real T>
const Tensor<T>& xavier_uniform_(const Tensor<T>& t, double gain = 1, Generator* generator = nullptr,
                                 Location at = Location::here()) {
  const double bound = std::sqrt(3.0) * detail::xavier_std(t, gain, "xavier_uniform_", at);
  return uniform_(t, -bound, bound, generator, at);
}
/// Glorot initialisation: normal with standard deviation gain · sqrt(2 / (fan_in + fan_out)).
template <Real T>
const Tensor<T>& xavier_normal_(const Tensor<T>& t, double gain = 1, Generator* generator = nullptr,
                                Location at = Location::here()) {
  return normal_(t, 0, detail::xavier_std(t, gain, "xavier_normal_", at), generator, at);
}

/// Options of trunc_normal_.
struct TruncNormalOptions {
  double mean = 0, std = 1;
  double a = -2, b = 2;  ///< the values lie between these
  Generator* generator = nullptr;
};
/// Normal, with values outside of [a, b] drawn again. Throws when less than a thousandth of the normal lies between a
/// and b.
template <Real T>
const Tensor<T>& trunc_normal_(const Tensor<T>& t, TruncNormalOptions o = {}, Location at = Location::here()) {
  auto below = [&](double x) { return 0.5 * std::erfc(-(x - o.mean) / (o.std * std::numbers::sqrt2)); };
  check(o.std > 0 && o.a < o.b && below(o.b) - below(o.a) > 1e-3, at,
        "trunc_normal_: almost nothing of a normal with mean ", o.mean, " and std ", o.std, " lies between ", o.a,
        " and ", o.b);
  return detail::filled(t, at, [&](T* p, std::int64_t n) {
    Generator& generator = chainrule::detail::pick(o.generator);
    std::vector<T> draws(static_cast<std::size_t>(n));
    for (std::int64_t done = 0; done < n;) {
      chainrule::detail::fill_normal(draws.data(), n, o.mean, o.std, generator);
      for (T v : draws)
        if (done < n && static_cast<double>(v) >= o.a && static_cast<double>(v) <= o.b) p[done++] = v;
    }
  });
}

/// A (semi-)orthogonal matrix times gain: rows (or columns, where there are more rows) are orthonormal. A tensor of
/// more dimensions is seen as (first, all others). Random normal numbers, made orthogonal by Gram-Schmidt, twice, in
/// double. Source: Saxe et al. 2013.
template <Real T>
const Tensor<T>& orthogonal_(const Tensor<T>& t, double gain = 1, Generator* generator = nullptr,
                             Location at = Location::here()) {
  check(t.defined() && t.dim() >= 2, at, "orthogonal_: needs a tensor with at least 2 dimensions, got shape ",
        t.defined() ? t.shape() : Shape{});
  return detail::filled(t, at, [&](T* p, std::int64_t numel) {
    if (numel == 0) return;
    const std::int64_t rows = t.shape()[0], columns = numel / rows, count = std::min(rows, columns),
                       length = std::max(rows, columns);
    std::vector<double> q(static_cast<std::size_t>(count * length));  // count orthonormal vectors
    chainrule::detail::fill_normal(q.data(), count * length, 0, 1, chainrule::detail::pick(generator));
    for (std::int64_t i = 0; i < count; ++i) {
      double* v = q.data() + i * length;
      for (int pass = 0; pass < 2; ++pass)
        for (std::int64_t j = 0; j < i; ++j) {
          const double* u = q.data() + j * length;
          double dot = 0;
          for (std::int64_t k = 0; k < length; ++k) dot += u[k] * v[k];
          for (std::int64_t k = 0; k < length; ++k) v[k] -= dot * u[k];
        }
      double square = 0;
      for (std::int64_t k = 0; k < length; ++k) square += v[k] * v[k];
      for (std::int64_t k = 0; k < length; ++k) v[k] /= std::sqrt(square);
    }
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c)
        p[r * columns + c] = static_cast<T>(gain * (rows <= columns ? q[static_cast<std::size_t>(r * length + c)]
                                                                    : q[static_cast<std::size_t>(c * length + r)]));
  });
}

}  // namespace chainrule::nn::init

#if CHAINRULE_DEFINITIONS
namespace chainrule::nn::init::detail {

CHAINRULE_INLINE Fans fans(const Shape& shape, const char* op, Location at) {
  check(shape.size() >= 2, at, op, ": needs a weight with at least 2 dimensions, got shape ", shape,
        "; for a bias use zeros_ or uniform_");
  double field = 1;
  for (int d = 2; d < shape.size(); ++d) field *= static_cast<double>(shape[d]);
  return {static_cast<double>(shape[1]) * field, static_cast<double>(shape[0]) * field};
}

}  // namespace chainrule::nn::init::detail
namespace chainrule::nn::init {

CHAINRULE_INLINE double calculate_gain(std::string_view nonlinearity, double a, Location at) {
  if (nonlinearity == "linear" || nonlinearity == "sigmoid" || nonlinearity == "conv1d" || nonlinearity == "conv2d" ||
      nonlinearity == "conv3d")
    return 1;
  if (nonlinearity == "tanh") return 5.0 / 3;
  if (nonlinearity == "relu") return std::sqrt(2.0);
  if (nonlinearity == "leaky_relu") return std::sqrt(2 / (1 + a * a));
  if (nonlinearity == "selu") return 0.75;
  fail(at, "calculate_gain: unknown nonlinearity \"", nonlinearity,
       "\"; known are linear, conv2d, sigmoid, tanh, relu, leaky_relu, selu");
}

}  // namespace chainrule::nn::init
#endif

#pragma once
// Activations as modules: ReLU, LeakyReLU, ELU, GELU, SiLU, Softplus, Sigmoid, Tanh, Softmax, LogSoftmax. They hold no
// tensors, so one type serves float and double. Formulas and gradients stand with the functions in ops/.

#include <chainrule/nn/module.hpp>
#include <chainrule/nn/pooling.hpp>
#include <chainrule/nn/unknown_option.hpp>
#include <chainrule/ops/elu.hpp>
#include <chainrule/ops/gelu.hpp>
#include <chainrule/ops/leaky_relu.hpp>
#include <chainrule/ops/relu.hpp>
#include <chainrule/ops/sigmoid.hpp>
#include <chainrule/ops/silu.hpp>
#include <chainrule/ops/softmax.hpp>
#include <chainrule/ops/softplus.hpp>
#include <chainrule/ops/tanh.hpp>

namespace chainrule::nn {

using chainrule::InplaceOptions;

/// max(0, x). ReLU({.inplace = true}) writes it over x, as x.relu_() does.
struct ReLU : Module<ReLU> {
  bool inplace;
  explicit ReLU(InplaceOptions options = {}) : inplace(options.inplace) {}
  template <std::same_as<bool> Inplace> explicit ReLU(Inplace on) : inplace(on) {}
  template <std::size_t N> explicit ReLU(detail::UnknownOption<N> options);
  using parts = members<>;
  using others = members<&ReLU::inplace>;
  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return inplace && x.defined() ? x.relu_(at) : relu(x, at);
  }
  /// Of a temporary, net.act(net.conv(x)): where nobody else can see its values, the result takes their place.
  template <Real T> Tensor<T> forward(Tensor<T>&& x, Location at = Location::here()) const {
    return inplace ? forward(std::as_const(x), at) : relu(std::move(x), at);
  }
  std::string extra_repr() const { return inplace ? "inplace=True" : ""; }
  /// Before an nn::MaxPool2d in an nn::Sequential: relu of the few that are left, where nobody else can see x.
  template <Real T> bool forward_with(ModuleRef next, Tensor<T>& x, Location at) const {
    const auto* pool = next.as<MaxPool2d>();
    if (!pool || !pool->commutes_with_relu() || !chainrule::detail::is_uniquely_owned(x)) return false;
    x = (*pool)(std::move(x), at);
    x = (*this)(std::move(x), at);
    return true;
  }
};

/// Options of LeakyReLU, all by name.
struct LeakyReLUOptions {
  chainrule::detail::NamedOnly by_name = chainrule::detail::NamedOnly();
  double negative_slope = 0.01;
  bool inplace = false;
};

/// x where x > 0, else negative_slope · x. {.inplace = true}, or true, is taken for PyTorch's sake, here and in ELU:
/// the result is always a fresh tensor.
///     nn::LeakyReLU(0.2, true)
struct LeakyReLU : Module<LeakyReLU> {
  double negative_slope;
  bool inplace;
  explicit LeakyReLU(double slope = 0.01, InplaceOptions options = {})
      : negative_slope(slope), inplace(options.inplace) {}
  explicit LeakyReLU(LeakyReLUOptions o) : negative_slope(o.negative_slope), inplace(o.inplace) {}
  template <std::same_as<bool> Inplace> LeakyReLU(double slope, Inplace on) : negative_slope(slope), inplace(on) {}
  using parts = members<>;
  using others = members<&LeakyReLU::negative_slope, &LeakyReLU::inplace>;
  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return leaky_relu(x, negative_slope, at);
  }
  std::string extra_repr() const {
    return "negative_slope=" + repr::number(negative_slope) + (inplace ? ", inplace=True" : "");
  }
};

/// Options of ELU, all by name.
struct ELUOptions {
  chainrule::detail::NamedOnly by_name = chainrule::detail::NamedOnly();
  double alpha = 1;
  bool inplace = false;
};

/// x where x > 0, else alpha · (exp(x) - 1).
struct ELU : Module<ELU> {
  double alpha;
  bool inplace;
  explicit ELU(double a = 1, InplaceOptions options = {}) : alpha(a), inplace(options.inplace) {}
  explicit ELU(ELUOptions o) : alpha(o.alpha), inplace(o.inplace) {}
  template <std::same_as<bool> Inplace> ELU(double a, Inplace on) : alpha(a), inplace(on) {}
  using parts = members<>;
  using others = members<&ELU::alpha, &ELU::inplace>;
  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return elu(x, alpha, at);
  }
  std::string extra_repr() const { return "alpha=" + repr::number(alpha) + (inplace ? ", inplace=True" : ""); }
};

/// x · P(X <= x) for a standard normal X: GELU(), or with tanh: GELU({.approximate = "tanh"}).
struct GELU : Module<GELU> {
  GeluOptions options;
  explicit GELU(GeluOptions o = {}) : options(std::move(o)) {}
  template <std::convertible_to<std::string> Word> explicit GELU(const Word& approximate) : options{approximate} {}
  template <std::size_t N> explicit GELU(detail::UnknownOption<N> options);
  using parts = members<>;
  using others = members<&GELU::options>;
  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return gelu(x, options, at);
  }
  std::string extra_repr() const { return "approximate='" + options.approximate + '\''; }
};

/// x · sigmoid(x).
struct SiLU : Module<SiLU> {
  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const { return silu(x, at); }
};

/// log(1 + exp(beta x)) / beta; x itself where beta x > threshold.
struct Softplus : Module<Softplus> {
  double beta, threshold;
  explicit Softplus(double b = 1, double linear_from = 20) : beta(b), threshold(linear_from) {}
  using parts = members<>;
  using others = members<&Softplus::beta, &Softplus::threshold>;
  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return softplus(x, beta, threshold, at);
  }
  std::string extra_repr() const { return "beta=" + repr::number(beta) + ", threshold=" + repr::number(threshold); }
};

/// 1 / (1 + exp(-x)).
struct Sigmoid : Module<Sigmoid> {
  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return sigmoid(x, at);
  }
};

/// The hyperbolic tangent.
struct Tanh : Module<Tanh> {
  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const { return tanh(x, at); }
};

/// exp(x) divided by its sum along `dim`.
struct Softmax : Module<Softmax> {
  std::int64_t dim;
  explicit Softmax(std::int64_t d) : dim(d) {}
  using parts = members<>;
  using others = members<&Softmax::dim>;
  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return softmax(x, dim, at);
  }
  std::string extra_repr() const { return "dim=" + std::to_string(dim); }
};

/// The logarithm of softmax along `dim`.
struct LogSoftmax : Module<LogSoftmax> {
  std::int64_t dim;
  explicit LogSoftmax(std::int64_t d) : dim(d) {}
  using parts = members<>;
  using others = members<&LogSoftmax::dim>;
  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return log_softmax(x, dim, at);
  }
  std::string extra_repr() const { return "dim=" + std::to_string(dim); }
};

}  // namespace chainrule::nn

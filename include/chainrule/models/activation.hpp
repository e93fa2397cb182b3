#pragma once
// Activation: a nonlinearity chosen by its name at run time.

#include <chainrule/nn/activation.hpp>
#include <chainrule/nn/relu_of.hpp>

namespace chainrule::models {

/// One of relu, tanh, sigmoid, leaky_relu, elu, gelu, silu, softplus, identity. Throws for any other name.
///     models::Activation f("tanh");   f(x);
class Activation {
 public:
  Activation(const char* name, Location at = Location::here()) : Activation(std::string(name), at) {}
  Activation(const std::string& name, Location at = Location::here()) {
    std::string known;
    for (std::size_t i = 0; i < std::size(names); ++i) {
      if (name == names[i]) which_ = static_cast<int>(i);
      known += (i ? ", " : "") + std::string(names[i]);
    }
    check(which_ >= 0, at, "Activation: unknown name \"", name, "\"; known are ", known);
  }

  std::string name() const { return names[which_]; }

  template <Real T> Tensor<T> operator()(const Tensor<T>& x, Location at = Location::here()) const {
    switch (which_) {
      case 0: return relu(x, at);
      case 1: return tanh(x, at);
      case 2: return sigmoid(x, at);
      case 3: return leaky_relu(x, 0.01, at);
      case 4: return elu(x, 1, at);
      case 5: return gelu(x, {}, at);
      case 6: return silu(x, at);
      case 7: return softplus(x, 1, 20, at);
      default: return x;
    }
  }

  /// (*this)(module(x)), in one pass where that is relu of a layer that knows how: see nn::relu_of.
  template <class M, Real T> Tensor<T> of(const M& module, Tensor<T> x, Location at = Location::here()) const {
    return which_ == 0 ? nn::relu_of(module, std::move(x), {}, *this, at) : (*this)(module(std::move(x), at), at);
  }

 private:
  static constexpr const char* names[] = {"relu", "tanh", "sigmoid",  "leaky_relu", "elu",
                                          "gelu", "silu", "softplus", "identity"};
  int which_ = -1;
};

}  // namespace chainrule::models

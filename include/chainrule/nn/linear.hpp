#pragma once
// Linear: the fully connected layer.

#include <chainrule/nn/init.hpp>
#include <chainrule/nn/relu_of.hpp>
#include <chainrule/nn/unknown_option.hpp>
#include <chainrule/ops/linear_relu.hpp>

namespace chainrule::nn {

/// Options of Linear.
struct LinearOptions {
  bool bias = true;
  Generator* generator = nullptr;  ///< for the initial weights; the default generator if null
};

/// y = x wT + b. x (..., in_features) -> (..., out_features); weight (out_features, in_features), bias (out_features,).
/// Weights begin uniform in ±1/sqrt(in_features), the bias too, as in PyTorch. Source: torch.nn.Linear.
///     nn::Linear fc(784, 128);   fc(x);           // x (64, 784) -> (64, 128)
///     nn::Linear plain(784, 128, {.bias = false});     // or (784, 128, false)
template <class T> struct BasicLinear : Module<BasicLinear<T>> {
  std::int64_t in_features, out_features;
  BasicParameter<T> weight, bias;

  BasicLinear(std::int64_t in, std::int64_t out, LinearOptions options = {}, Location at = Location::here())
      : in_features(in), out_features(out) {
    check(in > 0 && out > 0, at, "Linear: needs a positive number of input and output features, got ", in, " and ",
          out);
    weight = BasicParameter<T>(empty<T>({out, in}, {}, at));
    init::kaiming_uniform_(weight, {.a = std::sqrt(5.0), .generator = options.generator}, at);
    if (!options.bias) return;
    bias = BasicParameter<T>(empty<T>(Shape(out), {}, at));
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    init::uniform_(bias, -bound, bound, options.generator, at);
  }
  template <std::same_as<bool> Bias>
  BasicLinear(std::int64_t in, std::int64_t out, Bias with_bias, Location at = Location::here())
      : BasicLinear(in, out, LinearOptions{.bias = with_bias}, at) {}
  template <std::size_t N> BasicLinear(std::int64_t in, std::int64_t out, detail::UnknownOption<N> options);
  using parts = members<&BasicLinear::weight, &BasicLinear::bias>;
  using others = members<&BasicLinear::in_features, &BasicLinear::out_features>;

  Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    check_input(x, at);
    return linear(x, weight, bias, at);
  }
  /// relu(forward(x)): the same values without a pass over memory between the two. See nn::relu_of.
  Tensor<T> forward_relu(const Tensor<T>& x, Location at = Location::here()) const {
    check_input(x, at);
    return linear_relu(x, weight, bias, at);
  }
  bool forward_with(ModuleRef next, Tensor<T>& x, Location at) const {
    return detail::forward_with_relu(*this, next, x, at);
  }
  std::string extra_repr() const {
    return "in_features=" + std::to_string(in_features) + ", out_features=" + std::to_string(out_features) +
           ", bias=" + repr::boolean(bias.defined());
  }

 private:
  void check_input(const Tensor<T>& x, Location at) const {
    const std::int64_t got = x.dim() > 0 ? x.shape().back() : 0;
    if (got != in_features) [[unlikely]]
      refuse(x, got, at);
  }
  [[noreturn]] void refuse(const Tensor<T>& x, std::int64_t got, Location at) const {
    if (x.dim() > 2 && x.numel() == x.shape()[0] * in_features)
      fail(at, "expects ", in_features, " input features, got ", got, " (input ", x.shape(), "); flatten(x, 1) makes ",
           in_features, " of them");
    fail(at, "expects ", in_features, " input features, got ", got, "; use Linear(", got, ", ", out_features, ")");
  }
};

using Linear = BasicLinear<float>;

}  // namespace chainrule::nn

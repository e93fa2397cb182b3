#pragma once
// SimpleNet: one hidden layer, for digits.

#include <chainrule/models/activation.hpp>
#include <chainrule/nn/linear.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule::models {

/// Options of SimpleNet.
struct SimpleNetOptions {
  std::int64_t inputs = 784, hidden = 128, num_classes = 10;
  Activation activation = "relu";
};

/// inputs - hidden - classes: (N, 1, 28, 28) or (N, 784) -> (N, 10) scores. 101,770 parameters.
template <class T> struct BasicSimpleNet : nn::Module<BasicSimpleNet<T>> {
  nn::BasicLinear<T> fc1, fc2;
  Activation activation;

  explicit BasicSimpleNet(const SimpleNetOptions& o = {})
      : fc1(o.inputs, o.hidden), fc2(o.hidden, o.num_classes), activation(o.activation) {}
  using parts = nn::members<&BasicSimpleNet::fc1, &BasicSimpleNet::fc2>;
  using others = nn::members<&BasicSimpleNet::activation>;

  Tensor<T> forward(const Tensor<T>& x) const {
    return fc2(activation.of(fc1, flatten(x, 1)));  // (N, 784) -> (N, 128) -> (N, 10)
  }
};

using SimpleNet = BasicSimpleNet<float>;

}  // namespace chainrule::models

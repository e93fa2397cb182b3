#pragma once
// SpiralNet: one wide hidden layer, for points on the arms of a spiral.

#include <chainrule/nn/linear.hpp>
#include <chainrule/ops/relu.hpp>

namespace chainrule::models {

/// Options of SpiralNet.
struct SpiralNetOptions {
  std::int64_t hidden = 100, num_classes = 3;
};

/// 2 - hidden - classes: points (N, 2) -> scores (N, 3). 603 parameters.
template <class T> struct BasicSpiralNet : nn::Module<BasicSpiralNet<T>> {
  nn::BasicLinear<T> fc1, fc2;

  explicit BasicSpiralNet(const SpiralNetOptions& o = {}) : fc1(2, o.hidden), fc2(o.hidden, o.num_classes) {}
  using parts = nn::members<&BasicSpiralNet::fc1, &BasicSpiralNet::fc2>;

  Tensor<T> forward(const Tensor<T>& x) const { return fc2(nn::relu_of(fc1, x)); }
};

using SpiralNet = BasicSpiralNet<float>;

}  // namespace chainrule::models

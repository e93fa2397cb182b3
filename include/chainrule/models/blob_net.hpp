#pragma once
// BlobNet: the smallest network with a hidden layer, for two clouds of points. Small enough to follow every number by
// hand.

#include <chainrule/nn/linear.hpp>
#include <chainrule/ops/sigmoid.hpp>

namespace chainrule::models {

/// 2 - 2 - 1 with sigmoids: points (N, 2) -> probabilities (N, 1) of the second cloud, for bce_loss. 9 parameters.
template <class T> struct BasicBlobNet : nn::Module<BasicBlobNet<T>> {
  nn::BasicLinear<T> fc1{2, 2}, fc2{2, 1};

  Tensor<T> forward(const Tensor<T>& x) const { return sigmoid(fc2(sigmoid(fc1(x)))); }
};

using BlobNet = BasicBlobNet<float>;

}  // namespace chainrule::models

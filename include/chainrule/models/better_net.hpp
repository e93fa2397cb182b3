#pragma once
// BetterNet: three hidden layers with batch normalisation and dropout, for digits.

#include <chainrule/models/activation.hpp>
#include <chainrule/nn/batch_norm.hpp>
#include <chainrule/nn/dropout.hpp>
#include <chainrule/nn/linear.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule::models {

/// Options of BetterNet.
struct BetterNetOptions {
  std::int64_t num_classes = 10;
  Activation activation = "relu";
  double dropout = 0.3;
};

/// 784 - 256 - 128 - 64 - classes, each hidden layer followed by batch-norm, activation and dropout:
/// (N, 1, 28, 28) or (N, 784) -> (N, 10) scores. 243,658 parameters.
template <class T> struct BasicBetterNet : nn::Module<BasicBetterNet<T>> {
  nn::BasicLinear<T> fc1{784, 256};
  nn::BasicBatchNorm1d<T> bn1{256};
  nn::BasicLinear<T> fc2{256, 128};
  nn::BasicBatchNorm1d<T> bn2{128};
  nn::BasicLinear<T> fc3{128, 64};
  nn::BasicBatchNorm1d<T> bn3{64};
  nn::BasicLinear<T> out;
  nn::Dropout drop;
  Activation activation;

  explicit BasicBetterNet(const BetterNetOptions& o = {})
      : out(64, o.num_classes), drop(o.dropout), activation(o.activation) {}
  using parts = nn::members<&BasicBetterNet::fc1, &BasicBetterNet::bn1, &BasicBetterNet::fc2, &BasicBetterNet::bn2,
                            &BasicBetterNet::fc3, &BasicBetterNet::bn3, &BasicBetterNet::out, &BasicBetterNet::drop>;
  using others = nn::members<&BasicBetterNet::activation>;

  Tensor<T> forward(Tensor<T> x) const {
    x = drop(activation.of(bn1, fc1(flatten(x, 1))));  // (N, 256)
    x = drop(activation.of(bn2, fc2(x)));              // (N, 128)
    x = drop(activation.of(bn3, fc3(x)));              // (N, 64)
    return out(x);
  }
};

using BetterNet = BasicBetterNet<float>;

}  // namespace chainrule::models

#pragma once
// MyConvNet and BetterConvNet: two networks for 32x32 colour images, without and with batch normalisation and dropout.

#include <chainrule/nn/batch_norm.hpp>
#include <chainrule/nn/conv2d.hpp>
#include <chainrule/nn/dropout.hpp>
#include <chainrule/nn/linear.hpp>
#include <chainrule/ops/max_pool2d.hpp>
#include <chainrule/ops/relu.hpp>

namespace chainrule::models {

/// (N, 3, 32, 32) -> (N, 10) scores. 677,578 parameters.
template <class T> struct BasicMyConvNet : nn::Module<BasicMyConvNet<T>> {
  nn::BasicConv2d<T> conv1{3, 64, 5}, conv2{64, 128, 3};
  nn::BasicLinear<T> fc1{6 * 6 * 128, 128}, fc2{128, 64}, fc3;

  explicit BasicMyConvNet(std::int64_t num_classes = 10) : fc3(64, num_classes) {}
  using parts = nn::members<&BasicMyConvNet::conv1, &BasicMyConvNet::conv2, &BasicMyConvNet::fc1, &BasicMyConvNet::fc2,
                            &BasicMyConvNet::fc3>;

  Tensor<T> forward(Tensor<T> x) const {
    // Pooling first: relu of what is left is the same, and a quarter of the work.
    x = relu(max_pool2d(conv1(x), 2));    // (N, 64, 14, 14)
    x = relu(max_pool2d(conv2(x), 2));    // (N, 128, 6, 6)
    x = nn::relu_of(fc1, flatten(x, 1));  // (N, 128)
    return fc3(nn::relu_of(fc2, x));
  }
};

/// Options of BetterConvNet.
struct BetterConvNetOptions {
  std::int64_t num_classes = 10;
  double dropout = 0.5;
};

/// (N, 3, 32, 32) -> (N, 10) scores. 652,426 parameters.
template <class T> struct BasicBetterConvNet : nn::Module<BasicBetterConvNet<T>> {
  nn::BasicConv2d<T> conv1{3, 32, 3, {.padding = 1}};
  nn::BasicBatchNorm2d<T> bn1{32};
  nn::BasicConv2d<T> conv2{32, 64, 3, {.padding = 1}};
  nn::BasicBatchNorm2d<T> bn2{64};
  nn::BasicConv2d<T> conv3{64, 128, 3, {.padding = 1}};
  nn::BasicBatchNorm2d<T> bn3{128};
  nn::BasicLinear<T> fc1{2048, 256}, fc2{256, 128}, fc3;
  nn::Dropout drop;

  explicit BasicBetterConvNet(const BetterConvNetOptions& o = {}) : fc3(128, o.num_classes), drop(o.dropout) {}
  using parts = nn::members<&BasicBetterConvNet::conv1, &BasicBetterConvNet::bn1, &BasicBetterConvNet::conv2,
                            &BasicBetterConvNet::bn2, &BasicBetterConvNet::conv3, &BasicBetterConvNet::bn3,
                            &BasicBetterConvNet::fc1, &BasicBetterConvNet::fc2, &BasicBetterConvNet::fc3,
                            &BasicBetterConvNet::drop>;

  Tensor<T> forward(Tensor<T> x) const {
    x = max_pool2d(nn::relu_of(bn1, conv1(x)), 2);  // (N, 32, 16, 16)
    x = max_pool2d(nn::relu_of(bn2, conv2(x)), 2);  // (N, 64, 8, 8)
    x = max_pool2d(nn::relu_of(bn3, conv3(x)), 2);  // (N, 128, 4, 4)
    x = drop(nn::relu_of(fc1, flatten(x, 1)));      // (N, 256)
    return fc3(drop(nn::relu_of(fc2, x)));
  }
};

using MyConvNet = BasicMyConvNet<float>;
using BetterConvNet = BasicBetterConvNet<float>;

}  // namespace chainrule::models

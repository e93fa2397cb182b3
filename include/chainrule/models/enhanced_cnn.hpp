#pragma once
// EnhancedCNN: a network with residual blocks for photographs of a few classes.

#include <chainrule/nn/activation.hpp>
#include <chainrule/nn/batch_norm.hpp>
#include <chainrule/nn/conv2d.hpp>
#include <chainrule/nn/dropout.hpp>
#include <chainrule/nn/flatten.hpp>
#include <chainrule/nn/linear.hpp>
#include <chainrule/nn/pooling.hpp>
#include <chainrule/nn/sequential.hpp>

namespace chainrule::models {

/// relu(bn2(conv2(relu(bn1(conv1(x))))) + x) with 3x3 convolutions that keep the shape (N, channels, H, W).
template <class T> struct BasicResidualBlock : nn::Module<BasicResidualBlock<T>> {
  nn::BasicConv2d<T> conv1;
  nn::BasicBatchNorm2d<T> bn1;
  nn::BasicConv2d<T> conv2;
  nn::BasicBatchNorm2d<T> bn2;

  explicit BasicResidualBlock(std::int64_t channels)
      : conv1(channels, channels, 3, {.padding = 1}),
        bn1(channels),
        conv2(channels, channels, 3, {.padding = 1}),
        bn2(channels) {}
  using parts = nn::members<&BasicResidualBlock::conv1, &BasicResidualBlock::bn1, &BasicResidualBlock::conv2,
                            &BasicResidualBlock::bn2>;

  Tensor<T> forward(const Tensor<T>& x) const { return nn::relu_of(bn2, conv2(nn::relu_of(bn1, conv1(x))), x); }
};

/// Options of EnhancedCNN.
struct EnhancedCNNOptions {
  std::int64_t num_classes = 5;
  double dropout1 = 0.5, dropout2 = 0.3;  ///< before and after the first fully connected layer
};

/// (N, 3, H, W) -> (N, classes) scores; made for 224x224, takes other sizes from 32x32 on. 22,352,389 parameters.
template <class T> struct BasicEnhancedCNN : nn::Module<BasicEnhancedCNN<T>> {
  nn::BasicSequential<T> features, classifier;

  explicit BasicEnhancedCNN(const EnhancedCNNOptions& o = {}) {
    features = {nn::BasicConv2d<T>(3, 64, 7, {.stride = 2, .padding = 3}), nn::BasicBatchNorm2d<T>(64), nn::ReLU(),
                nn::MaxPool2d(3, 2, 1)};  // a quarter of the size
    for (std::int64_t channels : {64, 128, 256}) {
      features.push_back(nn::BasicConv2d<T>(channels, 2 * channels, 3, {.padding = 1}));
      features.push_back(nn::BasicBatchNorm2d<T>(2 * channels));
      features.push_back(nn::ReLU());
      features.push_back(BasicResidualBlock<T>(2 * channels));
      features.push_back(BasicResidualBlock<T>(2 * channels));
      if (channels < 256) features.push_back(nn::MaxPool2d(2));
      else features.push_back(nn::AdaptiveAvgPool2d({4, 4}));
    }
    classifier = {nn::Flatten(), nn::Dropout(o.dropout1), nn::BasicLinear<T>(8192, 1024),
                  nn::ReLU(),    nn::Dropout(o.dropout2), nn::BasicLinear<T>(1024, o.num_classes)};
  }
  using parts = nn::members<&BasicEnhancedCNN::features, &BasicEnhancedCNN::classifier>;

  Tensor<T> forward(const Tensor<T>& x) const {
    return classifier(features(x));  // (N, 512, 4, 4) -> (N, classes)
  }
};

using ResidualBlock = BasicResidualBlock<float>;
using EnhancedCNN = BasicEnhancedCNN<float>;

}  // namespace chainrule::models

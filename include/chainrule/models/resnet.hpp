#pragma once
// ResNet-18, 34 and 50 with torchvision's structure, names and initialisation: its weight files load here.
// Source: He, Zhang, Ren, Sun, Deep Residual Learning for Image Recognition, 2016; torchvision.models.resnet (the
// stride of a bottleneck stands at its 3x3 convolution).

#include <chainrule/nn/activation.hpp>
#include <chainrule/nn/batch_norm.hpp>
#include <chainrule/nn/conv2d.hpp>
#include <chainrule/nn/flatten.hpp>
#include <chainrule/nn/linear.hpp>
#include <chainrule/nn/pooling.hpp>
#include <chainrule/nn/sequential.hpp>

namespace chainrule::models {

/// Options of resnet18, resnet34 and resnet50.
struct ResNetOptions {
  std::int64_t num_classes = 1000;
  bool zero_init_residual = false;  ///< each block begins as the identity
};

namespace resnet {

/// A 1x1 convolution and batch-norm that bring a block's input to its output's shape; nothing where they are the same.
template <class T>
std::optional<nn::BasicSequential<T>> make_downsample(std::int64_t in, std::int64_t out, std::int64_t stride) {
  if (stride == 1 && in == out) return {};
  return nn::BasicSequential<T>{nn::BasicConv2d<T>(in, out, 1, {.stride = stride, .bias = false}),
                                nn::BasicBatchNorm2d<T>(out)};
}

/// Two 3x3 convolutions and a skip connection: (N, in, H, W) -> (N, width, H / stride, W / stride).
template <class T> struct BasicBlock : nn::Module<BasicBlock<T>> {
  static constexpr std::string_view module_name = "BasicBlock";
  static constexpr std::int64_t expansion = 1;
  nn::BasicConv2d<T> conv1;
  nn::BasicBatchNorm2d<T> bn1;
  nn::ReLU relu{{.inplace = true}};
  nn::BasicConv2d<T> conv2;
  nn::BasicBatchNorm2d<T> bn2;
  std::optional<nn::BasicSequential<T>> downsample;

  BasicBlock(std::int64_t in, std::int64_t width, std::int64_t stride)
      : conv1(in, width, 3, {.stride = stride, .padding = 1, .bias = false}),
        bn1(width),
        conv2(width, width, 3, {.padding = 1, .bias = false}),
        bn2(width),
        downsample(make_downsample<T>(in, width, stride)) {}
  using parts = nn::members<&BasicBlock::conv1, &BasicBlock::bn1, &BasicBlock::relu, &BasicBlock::conv2,
                            &BasicBlock::bn2, &BasicBlock::downsample>;

  Tensor<T> forward(const Tensor<T>& x) const {
    const Tensor<T> y = conv2(nn::relu_of(bn1, conv1(x), {}, relu));
    return nn::relu_of(bn2, y, downsample ? (*downsample)(x) : x, relu);
  }
  nn::BasicBatchNorm2d<T>& last_norm() { return bn2; }
};

/// 1x1, 3x3 and 1x1 convolutions, the middle one on a quarter of the channels: (N, in, H, W) ->
/// (N, 4 width, H / stride, W / stride).
template <class T> struct Bottleneck : nn::Module<Bottleneck<T>> {
  static constexpr std::int64_t expansion = 4;
  nn::BasicConv2d<T> conv1;
  nn::BasicBatchNorm2d<T> bn1;
  nn::BasicConv2d<T> conv2;
  nn::BasicBatchNorm2d<T> bn2;
  nn::BasicConv2d<T> conv3;
  nn::BasicBatchNorm2d<T> bn3;
  nn::ReLU relu{{.inplace = true}};
  std::optional<nn::BasicSequential<T>> downsample;

  Bottleneck(std::int64_t in, std::int64_t width, std::int64_t stride)
      : conv1(in, width, 1, {.bias = false}),
        bn1(width),
        conv2(width, width, 3, {.stride = stride, .padding = 1, .bias = false}),
        bn2(width),
        conv3(width, 4 * width, 1, {.bias = false}),
        bn3(4 * width),
        downsample(make_downsample<T>(in, 4 * width, stride)) {}
  using parts = nn::members<&Bottleneck::conv1, &Bottleneck::bn1, &Bottleneck::conv2, &Bottleneck::bn2,
                            &Bottleneck::conv3, &Bottleneck::bn3, &Bottleneck::relu, &Bottleneck::downsample>;

  Tensor<T> forward(const Tensor<T>& x) const {
    Tensor<T> y = nn::relu_of(bn1, conv1(x), {}, relu);
    y = conv3(nn::relu_of(bn2, conv2(y), {}, relu));
    return nn::relu_of(bn3, std::move(y), downsample ? (*downsample)(x) : x, relu);
  }
  nn::BasicBatchNorm2d<T>& last_norm() { return bn3; }
};

}  // namespace resnet

/// (N, 3, H, W) -> (N, classes) scores; made for 224x224. Made by resnet18(), resnet34() and resnet50().
template <class T> struct BasicResNet : nn::Module<BasicResNet<T>> {
  nn::BasicConv2d<T> conv1{3, 64, 7, {.stride = 2, .padding = 3, .bias = false}};
  nn::BasicBatchNorm2d<T> bn1{64};
  nn::ReLU relu{{.inplace = true}};
  nn::MaxPool2d maxpool{3, {.stride = 2, .padding = 1}};
  nn::BasicSequential<T> layer1, layer2, layer3, layer4;
  nn::AdaptiveAvgPool2d avgpool{{1, 1}};
  nn::BasicLinear<T> fc;
  using parts = nn::members<&BasicResNet::conv1, &BasicResNet::bn1, &BasicResNet::relu, &BasicResNet::maxpool,
                            &BasicResNet::layer1, &BasicResNet::layer2, &BasicResNet::layer3, &BasicResNet::layer4,
                            &BasicResNet::avgpool, &BasicResNet::fc>;

  /// A network of `blocks[i]` blocks in stage i: BasicResNet::of<resnet::BasicBlock<T>>({2, 2, 2, 2}).
  template <class Block> static BasicResNet of(const Shape& blocks, const ResNetOptions& o = {}) {
    BasicResNet net(512 * Block::expansion, o.num_classes);
    std::int64_t in = 64, width = 64;
    nn::BasicSequential<T>* stages[] = {&net.layer1, &net.layer2, &net.layer3, &net.layer4};
    for (int stage = 0; stage < 4; ++stage, width *= 2)
      for (std::int64_t i = 0; i < blocks[stage]; ++i) {
        Block block(in, width, stage > 0 && i == 0 ? 2 : 1);
        if (o.zero_init_residual) nn::init::zeros_(block.last_norm().weight);
        stages[stage]->push_back(std::move(block));
        in = width * Block::expansion;
      }
    net.apply([](nn::ModuleRef m) {
      if (auto* conv = m.as<nn::BasicConv2d<T>>())
        nn::init::kaiming_normal_(conv->weight, {.mode = "fan_out", .nonlinearity = "relu"});
    });
    return net;
  }

  Tensor<T> forward(Tensor<T> x) const {
    x = maxpool(nn::relu_of(bn1, conv1(x), {}, relu));  // (N, 64, 56, 56) of (N, 3, 224, 224)
    x = layer4(layer3(layer2(layer1(x))));              // (N, 512 or 2048, 7, 7)
    return fc(flatten(avgpool(x), 1));
  }

 private:
  BasicResNet(std::int64_t features, std::int64_t num_classes) : fc(features, num_classes) {}
};

using ResNet = BasicResNet<float>;

/// 11,689,512 parameters with 1000 classes.
template <class T = float> BasicResNet<T> resnet18(const ResNetOptions& o = {}) {
  return BasicResNet<T>::template of<resnet::BasicBlock<T>>({2, 2, 2, 2}, o);
}
/// 21,797,672 parameters with 1000 classes.
template <class T = float> BasicResNet<T> resnet34(const ResNetOptions& o = {}) {
  return BasicResNet<T>::template of<resnet::BasicBlock<T>>({3, 4, 6, 3}, o);
}
/// 25,557,032 parameters with 1000 classes.
template <class T = float> BasicResNet<T> resnet50(const ResNetOptions& o = {}) {
  return BasicResNet<T>::template of<resnet::Bottleneck<T>>({3, 4, 6, 3}, o);
}

}  // namespace chainrule::models

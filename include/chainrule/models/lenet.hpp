#pragma once
// LeNet: LeCun's network of 1998 in its modern form (ReLU, maximum pooling).

#include <chainrule/nn/conv2d.hpp>
#include <chainrule/nn/linear.hpp>
#include <chainrule/ops/max_pool2d.hpp>
#include <chainrule/ops/relu.hpp>

namespace chainrule::models {

/// (N, 1, 28, 28) -> (N, 10) scores. 44,426 parameters. After LeCun, Bottou, Bengio, Haffner 1998.
template <class T> struct BasicLeNet : nn::Module<BasicLeNet<T>> {
  nn::BasicConv2d<T> conv1{1, 6, 5}, conv2{6, 16, 5};
  nn::BasicLinear<T> fc1{256, 120}, fc2{120, 84}, fc3;

  explicit BasicLeNet(std::int64_t num_classes = 10) : fc3(84, num_classes) {}
  using parts =
      nn::members<&BasicLeNet::conv1, &BasicLeNet::conv2, &BasicLeNet::fc1, &BasicLeNet::fc2, &BasicLeNet::fc3>;

  Tensor<T> forward(Tensor<T> x) const {
    // Pooling first: relu of what is left is the same, and a quarter of the work.
    x = relu(max_pool2d(conv1(x), 2));    // (N, 6, 12, 12)
    x = relu(max_pool2d(conv2(x), 2));    // (N, 16, 4, 4)
    x = nn::relu_of(fc1, flatten(x, 1));  // (N, 120)
    return fc3(nn::relu_of(fc2, x));
  }
};

using LeNet = BasicLeNet<float>;

}  // namespace chainrule::models

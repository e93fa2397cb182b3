#pragma once
// The small networks of any element type. small_nets_float.cpp and small_nets_double.cpp compile them.

#include "parity/parts/nets.hpp"

namespace chainrule_test {

template <class T> ParityNet<T> small_net(const std::string& name, std::int64_t classes) {
  using namespace cr::models;
  if (name == "simple_net") return parity_net<T>(BasicSimpleNet<T>({.num_classes = classes}));
  if (name == "better_net")
    return parity_net<T>(BasicBetterNet<T>({.num_classes = classes, .activation = "tanh", .dropout = 0}));
  if (name == "mnist_cnn")
    return parity_net<T>(BasicMnistCnn<T>({.num_classes = classes, .dropout1 = 0, .dropout2 = 0}));
  if (name == "lenet") return parity_net<T>(BasicLeNet<T>(classes));
  if (name == "better_conv_net") return parity_net<T>(BasicBetterConvNet<T>({.num_classes = classes, .dropout = 0}));
  return {};
}

}  // namespace chainrule_test

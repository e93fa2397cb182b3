#pragma once
// The large networks of any element type. large_nets_float.cpp and large_nets_double.cpp compile them.

#include "parity/parts/nets.hpp"

namespace chainrule_test {

template <class T> ParityNet<T> large_net(const std::string& name, std::int64_t classes) {
  using namespace cr::models;
  if (name == "enhanced_cnn")
    return parity_net<T>(BasicEnhancedCNN<T>({.num_classes = classes, .dropout1 = 0, .dropout2 = 0}));
  if (name == "resnet18") return parity_net<T>(resnet18<T>({.num_classes = classes}));
  if (name == "resnet34") return parity_net<T>(resnet34<T>({.num_classes = classes}));
  if (name == "resnet50") return parity_net<T>(resnet50<T>({.num_classes = classes}));
  return {};
}

}  // namespace chainrule_test

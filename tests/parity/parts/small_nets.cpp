#include "parity/parts/nets.hpp"

namespace chainrule_test {

namespace models = cr::models;

ParityNet<float> small_net(const std::string& name, std::int64_t classes) {
  if (name == "simple_net") return parity_net<float>(models::SimpleNet({.num_classes = classes}));
  if (name == "better_net") return parity_net<float>(models::BetterNet({.num_classes = classes, .activation = "tanh", .dropout = 0}));
  if (name == "mnist_cnn") return parity_net<float>(models::MnistCnn({.num_classes = classes, .dropout1 = 0, .dropout2 = 0}));
  if (name == "lenet") return parity_net<float>(models::LeNet(classes));
  if (name == "better_conv_net") return parity_net<float>(models::BetterConvNet({.num_classes = classes, .dropout = 0}));
  return {};
}

}  // namespace chainrule_test

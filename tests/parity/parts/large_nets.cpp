#include "parity/parts/nets.hpp"

namespace chainrule_test {

namespace models = cr::models;

ParityNet<float> large_net(const std::string& name, std::int64_t classes) {
  if (name == "enhanced_cnn") return parity_net<float>(models::EnhancedCNN({.num_classes = classes, .dropout1 = 0, .dropout2 = 0}));
  if (name == "resnet18") return parity_net<float>(models::resnet18({.num_classes = classes}));
  if (name == "resnet34") return parity_net<float>(models::resnet34({.num_classes = classes}));
  return {};
}

ParityNet<double> double_net(const std::string& name, std::int64_t classes) {
  if (name == "resnet50") return parity_net<double>(models::resnet50<double>({.num_classes = classes}));
  return {};
}

}  // namespace chainrule_test

#pragma once
// A network of any type behind one face, so that the networks compile in files of their own.

#include <chainrule/models.hpp>
#include <chainrule/nn.hpp>
#include <functional>
#include <memory>
#include "support/parity.hpp"

namespace chainrule_test {

template <class T> struct ParityNet {
  std::function<Tensor<T>(const Tensor<T>&)> forward;
  std::function<void(bool)> train;
  cr::nn::StateDict state;
  std::vector<std::pair<std::string, Tensor<T>>> parameters;
};

template <class T, class Net> ParityNet<T> parity_net(Net&& built) {
  auto net = std::make_shared<std::remove_cvref_t<Net>>(std::forward<Net>(built));
  return {[net](const Tensor<T>& x) { return (*net)(x); }, [net](bool on) { net->train(on); }, net->state_dict(), net->named_parameters()};
}

/// The networks in float, by the name in the file; `classes` outputs, no dropout.
ParityNet<float> small_net(const std::string& name, std::int64_t classes);
ParityNet<float> large_net(const std::string& name, std::int64_t classes);
/// In double.
ParityNet<double> double_net(const std::string& name, std::int64_t classes);

}  // namespace chainrule_test

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
  return {[net](const Tensor<T>& x) { return (*net)(x); }, [net](bool on) { net->train(on); }, net->state_dict(),
          net->named_parameters()};
}

/// The networks, by the name in the file; `classes` outputs, no dropout. Each element type compiles in a file of its
/// own.
template <class T> ParityNet<T> small_net(const std::string& name, std::int64_t classes);
template <class T> ParityNet<T> large_net(const std::string& name, std::int64_t classes);

}  // namespace chainrule_test

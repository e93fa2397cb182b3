#pragma once
// Are the first and the second derivatives of a function right? std::function, so that the checks are compiled once for
// each test file.

#include <chainrule/api.hpp>
#include <functional>
#include <vector>

namespace chainrule_test {

using Doubles = std::vector<chainrule::Tensor<double>>;

inline bool differentiable_list(const std::function<chainrule::Tensor<double>(const Doubles&)>& f,
                                const Doubles& inputs) {
  for (const auto& x : inputs) x.requires_grad_();
  return chainrule::gradcheck(f, inputs) && chainrule::gradgradcheck(f, inputs);
}
/// Compares with differences: of the values, and of the gradients. Throws with a report where they differ.
inline bool differentiable(const std::function<chainrule::Tensor<double>(const chainrule::Tensor<double>&)>& f,
                           const chainrule::Tensor<double>& x) {
  return differentiable_list([&](const Doubles& in) { return f(in[0]); }, {x});
}
inline bool differentiable(const std::function<chainrule::Tensor<double>(const chainrule::Tensor<double>&,
                                                                         const chainrule::Tensor<double>&)>& f,
                           const chainrule::Tensor<double>& x, const chainrule::Tensor<double>& y) {
  return differentiable_list([&](const Doubles& in) { return f(in[0], in[1]); }, {x, y});
}

}  // namespace chainrule_test

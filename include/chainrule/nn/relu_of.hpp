#pragma once
// relu_of: relu of what a layer gives, without a pass over memory between the two where the layer knows how.

#include <chainrule/nn/activation.hpp>
#include <chainrule/ops/add.hpp>
#include <chainrule/ops/relu.hpp>

namespace chainrule::nn {

namespace detail {
struct CallRelu {
  template <class T> Tensor<T> operator()(const Tensor<T>& x, Location at) const { return relu(x, at); }
};
/// forward_with() of a layer that has a forward_relu(): an nn::Sequential asks for it where an nn::ReLU may follow.
template <class M, class T> bool forward_with_relu(const M& module, ModuleRef next, Tensor<T>& x, Location at) {
  if (!next.as<ReLU>()) return false;
  x = with_path(module, [&] { return module.forward_relu(std::move(x), at); });
  return true;
}
}  // namespace detail

/// relu(module(x)), or relu(module(x) + skip), for a Linear (without skip), BatchNorm1d or BatchNorm2d: the same
/// values in one pass over memory, and the result of the module alone is never kept. While an observer watches, the
/// modules are called one by one; `then` is then what is called instead of relu.
///     x = nn::relu_of(fc1, x);     x = nn::relu_of(bn1, conv1(x));     x = nn::relu_of(bn2, conv2(y), x, relu);
/// An nn::Sequential does this by itself where an nn::ReLU follows.
template <class M, class T, class Relu = detail::CallRelu>
Tensor<T> relu_of(const M& module, Tensor<T> x, const std::type_identity_t<Tensor<T>>& skip = {}, const Relu& then = {},
                  Location at = Location::here()) {
  if (chainrule::detail::observer || detail::module_observer) {
    const Tensor<T> y = module(x, at);
    check(!skip.defined() || skip.shape() == y.shape(), at, "relu_of: skip needs the shape of the module's result, ",
          y.shape(), ", got ", skip.defined() ? skip.shape() : Shape{});
    return then(skip.defined() ? y + skip : y, at);
  }
  return detail::with_path(module, [&] {
    if constexpr (requires { module.forward_relu(std::move(x), skip, at); }) {
      return module.forward_relu(std::move(x), skip, at);
    } else {
      check(!skip.defined(), at, "relu_of: only batch norms add a skip connection; write relu(module(x) + skip)");
      return module.forward_relu(x, at);
    }
  });
}

}  // namespace chainrule::nn

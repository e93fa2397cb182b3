#pragma once
// Parameter and Buffer: tensors that belong to a module. The type says what trains and what is saved.
//     nn::Parameter scale{ones({10})};            // trained, in parameters() and state_dict()
//     nn::Buffer    running_mean{zeros({10})};    // not trained, in buffers() and state_dict()

#include <chainrule/ops/inplace.hpp>

namespace chainrule::nn {

namespace detail {

/// A copy of the values outside of the graph; requires_grad is copied along, the gradient is not.
template <class T> Tensor<T> deep_copy(const Tensor<T>& x) {
  if (!x.defined()) return {};
  no_grad guard;
  Tensor<T> copy = chainrule::clone(x, Location{});
  copy.impl()->requires_grad = x.impl()->requires_grad;
  return copy;
}

/// to = from with values copied. Storage of the same shape is kept: whoever holds a handle to it (an optimizer) sees
/// the new values.
template <class T> void deep_assign(Tensor<T>& to, const Tensor<T>& from) {
  if (to.is_same(from)) return;
  if (!to.defined() || !from.defined() || !(to.shape() == from.shape()) || to.device() != from.device()) {
    to = deep_copy(from);
    return;
  }
  no_grad guard;
  to.copy_(from, Location{});
  to.impl()->requires_grad = from.impl()->requires_grad;
}

}  // namespace detail

/// A tensor that is trained. Requires a gradient from construction on.
///
/// A handle made of it, `Tensor<> w = layer.weight;`, shares its storage, as every Tensor does. A copy that is itself a
/// Parameter is deep: copying a module copies its parameters' values; moving is cheap. (So write
/// `auto& w = layer.weight`, not `auto w`.)
/// Assigning to a parameter of the same shape copies the values into it, so an optimizer keeps its hold:
/// `net = best_net;`. It may be undefined: a Linear without bias has one that is.
template <class T> class BasicParameter : public Tensor<T> {
  static_assert(Real<T>, "only float and double tensors can be trained; use nn::BasicBuffer for other types");

 public:
  BasicParameter() = default;
  /// Shares the storage of `values`, outside of its graph: nn::Parameter gain = ones({4}).
  BasicParameter(const Tensor<T>& values, bool requires_grad = true) {
    if (!values.defined()) return;
    this->impl_ = values.detach().share();
    this->impl_->requires_grad = requires_grad;
  }
  BasicParameter(const BasicParameter& other) : Tensor<T>(detail::deep_copy<T>(other)) {}
  BasicParameter(BasicParameter&& other) noexcept = default;
  BasicParameter& operator=(const BasicParameter& other) {
    detail::deep_assign<T>(*this, other);
    return *this;
  }
  BasicParameter& operator=(BasicParameter&& other) noexcept {
    this->impl_ = std::move(other.impl_);
    return *this;
  }
  template <std::same_as<Tensor<T>> X> BasicParameter& operator=(const X&) {
    static_assert(sizeof(X) == 0,
                  "a tensor is not assigned to a Parameter, which would lose its optimizer: weight.copy_(values) under "
                  "no_grad writes the values, weight = nn::Parameter(values) makes a new one");
    return *this;
  }
  ~BasicParameter() = default;
};

/// A tensor that belongs to a module's state but is not trained: running statistics, masks, counters.
/// Copies are deep, as a Parameter's are.
template <class T> class BasicBuffer : public Tensor<T> {
 public:
  BasicBuffer() = default;
  /// Shares the storage of `values`: nn::Buffer mean = zeros({4}).
  BasicBuffer(const Tensor<T>& values) : Tensor<T>(values) {}
  BasicBuffer(const BasicBuffer& other) : Tensor<T>(detail::deep_copy<T>(other)) {}
  BasicBuffer(BasicBuffer&& other) noexcept = default;
  BasicBuffer& operator=(const BasicBuffer& other) {
    detail::deep_assign<T>(*this, other);
    return *this;
  }
  BasicBuffer& operator=(BasicBuffer&& other) noexcept {
    this->impl_ = std::move(other.impl_);
    return *this;
  }
  /// Makes the buffer another handle to `values`: running = 0.9 * running + 0.1 * batch.
  BasicBuffer& operator=(const Tensor<T>& values) {
    this->impl_ = values.share();
    return *this;
  }
  ~BasicBuffer() = default;
};

using Parameter = BasicParameter<float>;
using Buffer = BasicBuffer<float>;

}  // namespace chainrule::nn

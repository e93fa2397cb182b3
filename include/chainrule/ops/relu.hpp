#pragma once
// relu: max(0, x).

#include <chainrule/ops/inplace.hpp>

namespace chainrule {

namespace fn {

struct Relu {
  static constexpr auto name = "relu";
  template <class T> CHAINRULE_HD T operator()(T x) const {
    return x > T(0) || x != x ? x : T(0);
  }  // NaN stays NaN, as in PyTorch
};
struct ReluGrad {
  static constexpr auto name = "relu_grad";
  template <class T> CHAINRULE_HD T operator()(T g, T x) const { return x <= T(0) ? T(0) : g; }
};

}  // namespace fn

/// The gradient of relu as an op of its own, so that it can be differentiated again: g where x > 0, else 0.
/// A select and not g * mask: infinity * 0 would be NaN.
template <class T> Tensor<T> relu_grad(const Tensor<T>& g, const Tensor<T>& x, Location at = Location::here()) {
  return record(
      "relu_grad", map(fn::ReluGrad{}, at, g, x), {g, x}, keep(x),
      [](const Tensor<T>& gg, const Tensor<T>& v) {
        return Grads{relu_grad(gg, v), Tensor<T>()};
      },
      at);
}

namespace detail {
/// What of g passes a relu whose result is y: y > 0 exactly where its argument is. Over g where that is allowed.
template <class T> Tensor<T> through_relu(const Tensor<T>& g, Needs need, const Tensor<T>& y) {
  if (is_grad_enabled()) return relu_grad(g, y);
  Tensor<T> gx = need.reuse(g);
  map_into(fn::ReluGrad{}, {}, gx, g, y);
  return gx;
}
template <class T> Tensor<T> record_relu(Tensor<T> value, const Tensor<T>& x, Location at) {
  // Saving y, not x, lets go of x.
  return record(
      "relu", std::move(value), {x}, keep(this_value),
      [](const Tensor<T>& g, Needs need, const Tensor<T>& y) { return Grads{through_relu(g, need, y)}; }, at);
}
}  // namespace detail

/// relu(x) = max(0, x), element by element.
/// Gradient: g where x > 0, else 0. The derivative does not exist at 0; we take 0, as PyTorch does.
///     relu(tensor({-1, 0, 2}))   // {0, 0, 2}
template <class T> Tensor<T> relu(const Tensor<T>& x, Location at = Location::here()) {
  return detail::record_relu(map(fn::Relu{}, at, x), x, at);
}

/// The same for a temporary, relu(conv(x)): where nobody else can see its values, the result takes their place.
template <class T> Tensor<T> relu(Tensor<T>&& x, Location at = Location::here()) {
  return detail::is_uniquely_owned(x) ? x.relu_(at) : relu(std::as_const(x), at);
}

/// Whether to write over the argument, as PyTorch does: relu(x, {.inplace = true}).
struct InplaceOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  bool inplace = false;
};
template <class T> Tensor<T> relu(const Tensor<T>& x, InplaceOptions options, Location at = Location::here()) {
  return options.inplace ? x.relu_(at) : relu(x, at);
}

template <class T> Tensor<T> Tensor<T>::relu(Location at) const { return chainrule::relu(*this, at); }
template <class T> const Tensor<T>& Tensor<T>::relu_(Location at) const {
  if (detail::recorded_edit(*this) && !impl_->base)
    return detail::edit_straight(*this, "relu_", at, fn::Relu{}, [&] { detail::record_relu(*this, *this, at); });
  return detail::edit_map(
      *this, "relu_", at, [&](const Tensor& old) { return chainrule::relu(old, at); }, fn::Relu{});
}

}  // namespace chainrule

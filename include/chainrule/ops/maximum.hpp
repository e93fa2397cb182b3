#pragma once
// maximum and minimum of two tensors, element by element. (max and min of one tensor: ops/max.hpp.)

#include <chainrule/core/binary.hpp>

namespace chainrule {

namespace fn {

struct Maximum {
  static constexpr auto name = "maximum";
  template <class T> CHAINRULE_HD T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }  // a NaN on either side comes through
};
struct Minimum {
  static constexpr auto name = "minimum";
  template <class T> CHAINRULE_HD T operator()(T a, T b) const { return a < b || a != a ? a : b; }
};
struct MaximumGrad {
  static constexpr auto name = "maximum_grad";
  template <class T> CHAINRULE_HD T operator()(T g, T a, T b) const {
    return a < b ? T(0) : a == b ? static_cast<T>(g / T(2)) : g;
  }
};

}  // namespace fn

/// a's share of the gradient of maximum(a, b): g where a > b, half of it where they are equal, else 0. Its own
/// gradient: the same of the new g. (Of minimum, a's share is maximum_grad(g, b, a).)
template <class T>
Tensor<T> maximum_grad(const Tensor<T>& g, const Tensor<T>& a, const Tensor<T>& b, Location at = Location::here()) {
  return record(
      "maximum_grad", map(fn::MaximumGrad{}, at, g, a, b), {g, a, b}, keep(a, b),
      [](const Tensor<T>& gg, const Tensor<T>& p, const Tensor<T>& q) {
        return Grads{maximum_grad(gg, p, q), Tensor<T>(), Tensor<T>()};
      },
      at);
}

/// The larger of a and b, element by element; shapes broadcast. Any element type but bool. NaN if either is NaN.
/// Gradient: g for the larger; where they are equal, g / 2 for each, as in PyTorch. Source: torch.maximum.
/// Throws when the shapes do not broadcast.
///     maximum(tensor({1, 5}), tensor({3, 2}))   // {3, 5}
template <class T> Tensor<T> maximum(const Tensor<T>& a, const Tensor<T>& b, Location at = Location::here()) {
  static_assert(!std::same_as<T, bool>, "maximum: of two bool tensors, use logical_or(a, b)");
  return record(
      "maximum", map(fn::Maximum{}, at, a, b), {a, b}, keep(a, b),
      [](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& q) {
        return Grads{need[0] ? maximum_grad(g, p, q) : Tensor<T>(), need[1] ? maximum_grad(g, q, p) : Tensor<T>()};
      },
      at);
}

/// The smaller of a and b, element by element; shapes broadcast. Any element type but bool. NaN if either is NaN.
/// Gradient: g for the smaller; where they are equal, g / 2 for each, as in PyTorch. Source: torch.minimum.
/// Throws when the shapes do not broadcast.
///     minimum(tensor({1, 5}), tensor({3, 2}))   // {1, 2}
template <class T> Tensor<T> minimum(const Tensor<T>& a, const Tensor<T>& b, Location at = Location::here()) {
  static_assert(!std::same_as<T, bool>, "minimum: of two bool tensors, use logical_and(a, b)");
  return record(
      "minimum", map(fn::Minimum{}, at, a, b), {a, b}, keep(a, b),
      [](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& q) {
        return Grads{need[0] ? maximum_grad(g, q, p) : Tensor<T>(), need[1] ? maximum_grad(g, p, q) : Tensor<T>()};
      },
      at);
}

/// PyTorch's other names, of two tensors: maximum(a, b) and minimum(a, b).
template <class T> Tensor<T> max(const Tensor<T>& a, const Tensor<T>& b, Location at = Location::here()) {
  return maximum(a, b, at);
}
template <class T> Tensor<T> min(const Tensor<T>& a, const Tensor<T>& b, Location at = Location::here()) {
  return minimum(a, b, at);
}

template <class T> Tensor<T> Tensor<T>::maximum(const Tensor& other, Location at) const {
  return chainrule::maximum(*this, other, at);
}
template <class T> Tensor<T> Tensor<T>::minimum(const Tensor& other, Location at) const {
  return chainrule::minimum(*this, other, at);
}

}  // namespace chainrule

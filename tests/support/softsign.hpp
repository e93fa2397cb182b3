#pragma once
// An op that the library does not have, added the way docs/adding-an-op.md says. The document quotes this file.

#include <chainrule/api.hpp>

// [elementwise]
struct Softsign {
  static constexpr auto name = "softsign";
  template <class T> CHAINRULE_HD T operator()(T x) const { return x / (T(1) + (x < T(0) ? -x : x)); }
};

/// softsign(x) = x / (1 + |x|), element by element, between -1 and 1. float and double.
/// Gradient: g / (1 + |x|)^2. Source: torch.nn.functional.softsign.
///     softsign(tensor({-1, 0, 3}))   // {-0.5, 0, 0.75}
template <class T>
chainrule::Tensor<T> softsign(const chainrule::Tensor<T>& x, chainrule::Location at = chainrule::Location::here()) {
  using namespace chainrule;
  return record(
      "softsign", map(Softsign{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g / square(1 + abs(v))}; }, at);
}
// [/elementwise]

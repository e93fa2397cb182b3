#pragma once
// Hooks on gradients: what register_hook() and retain_grad() have the walk do.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/node.hpp>

namespace chainrule::detail {

[[gnu::cold]] TensorBase run_hooks(Hooks& hooks, TensorBase g, Location at);

}  // namespace chainrule::detail

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

[[gnu::noinline]] CHAINRULE_INLINE TensorBase run_hooks(Hooks& hooks, TensorBase g, Location at) {
  auto list = hooks.list;  // a hook may remove itself
  for (auto& [id, hook] : list) {
    TensorBase changed = hook(g);
    if (!changed.defined()) continue;
    check(changed.shape() == g.shape() && changed.dtype() == g.dtype(), at,
          "register_hook: a hook must return a gradient of the shape and type that it got, ", g.shape(), " of ",
          name_of(g.dtype()), ", this one returned ", changed.shape(), " of ", name_of(changed.dtype()));
    g = changed;
  }
  return g;
}

}  // namespace chainrule::detail
#endif

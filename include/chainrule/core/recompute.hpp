#pragma once
// A large value that is one cheap pass over what its op saved is not saved by the ops that read it: they save its node,
// and their rules have it recomputed (docs/decisions/0008).

#include <chainrule/core/saved.hpp>
#include <chainrule/core/walk.hpp>

namespace chainrule::detail {

/// Asks a node for its value, for a rule that the walk runs, or for nobody's rule; where a graph is being made, with
/// its place in the first one.
[[gnu::noinline]] inline TensorBase recompute_value(const NodeRef& producer, Walk* walk) {
  TensorBase value = producer->recompute(walk);
  if (!grad_enabled) return value;
  TensorBase placed(alias(value));
  placed.impl()->node = producer;
  return placed;
}

}  // namespace chainrule::detail

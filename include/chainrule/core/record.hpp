#pragma once
// The one place where history is written:
//     record("mul", value, {a, b}, keep(a, b), [](const Tensor<T>& g, const Tensor<T>& a, const Tensor<T>& b) {
//       return Grads{g * b, g * a};                                      // one gradient per operand
//     }, at);
// A rule gets d(loss)/d(value), then (if it takes one) a Needs that tells which operands need a gradient, then what was
// saved. It captures nothing but numbers: whatever else it needs goes through keep(), which notices later edits in
// place. It is written with ops, so it runs on every device and can be differentiated again. It need not undo
// broadcasting: the engine does.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/observer.hpp>
#include <chainrule/core/op_node.hpp>
#include <vector>

namespace chainrule {
namespace detail {
template <class T, class... S, class Rule>
Tensor<T> record_span(const char* op, Tensor<T> value, std::span<const OperandRef> inputs, const SaveList<S...>& saved,
                      Rule& rule, Location at);
}

/// Gives `value` its node, if recording is on and an operand requires a gradient, and tells the observer. See the top
/// of the file. An operand may be undefined (an optional bias): its gradient is dropped.
template <class T, std::size_t N, class... S, class Rule>
Tensor<T> record(const char* op, Tensor<T> value, const OperandRef (&inputs)[N], detail::SaveList<S...> saved,
                 Rule rule, Location at) {
  return detail::record_span(op, std::move(value), inputs, saved, rule, at);
}
template <class T, std::size_t N, class Rule>
Tensor<T> record(const char* op, Tensor<T> value, const OperandRef (&inputs)[N], Rule rule, Location at) {
  return detail::record_span(op, std::move(value), inputs, keep(), rule, at);
}

/// record() for a list of operands of any length: the rule gives as many gradients.
template <class T, class Rule>
Tensor<T> record_list(const char* op, Tensor<T> value, std::span<const Tensor<T>> inputs, Rule rule, Location at) {
  const std::vector<OperandRef> refs(inputs.begin(), inputs.end());
  return detail::record_span(op, std::move(value), refs, keep(), rule, at);
}

namespace detail {

/// Asks all of them: a view whose base was edited takes its new history here, before the op that reads it gets its
/// number.
inline bool any_requires_grad(std::span<const OperandRef> in) {
  bool any = false;
  for (const auto& i : in) any |= i.tensor->requires_grad();
  return any;
}

[[gnu::cold]] void tell_forward(const char* op, std::span<const OperandRef> inputs, const TensorBase& output,
                                Location at);

/// record() for a rule of any type and any number of saved values.
template <class T>
Tensor<T> record_rule(const char* op, Tensor<T> value, std::span<const OperandRef> inputs,
                      std::span<const TensorBase* const> saved, const OpNode::RuleType& rule, Location at) {
  if (grad_enabled && any_requires_grad(inputs))
    give_node(*value.impl(), NodeRef(OpNode::make(op, at, value, grad_ops<T>(), inputs, saved, rule)));
  if (observer) [[unlikely]]
    tell_forward(op, inputs, value, at);
  return value;
}

template <class T, class... S, class Rule>
Tensor<T> record_span(const char* op, Tensor<T> value, std::span<const OperandRef> inputs, const SaveList<S...>& saved,
                      Rule& rule, Location at) {
  if constexpr (Real<T>) {
    if (grad_enabled && any_requires_grad(inputs)) {
      static_assert(alignof(Rule) <= alignof(SavedItem));
      constexpr std::size_t count = sizeof...(S);
      const std::span<const TensorBase* const> items(&saved.items[0], count);
      OpNode* node = OpNode::make(op, at, value, grad_ops<T>(), inputs, items, RuleOf<T, Rule, S...>::type);
      ::new (node->rule()) Rule(std::move(rule));
      give_node(*value.impl(), NodeRef(node));
    }
  }
  if (observer) [[unlikely]]
    tell_forward(op, inputs, value, at);
  return value;
}

}  // namespace detail

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

[[gnu::noinline]] CHAINRULE_INLINE void tell_forward(const char* op, std::span<const OperandRef> inputs,
                                                     const TensorBase& output, Location at) {
  std::vector<const TensorBase*> all;
  for (const auto& i : inputs)
    if (i.tensor->defined()) all.push_back(i.tensor);
  ObserverAccess::tell(observer, &Observer::forward, ForwardEvent{op, all, output, output.impl()->node.get(), at});
}

}  // namespace chainrule::detail
#endif

#pragma once
// The one place where history is written:
//     record("mul", value, {a, b}, keep(a, b), [](const Tensor<T>& g, const Tensor<T>& a, const Tensor<T>& b) {
//       return Grads{g * b, g * a};                                      // one gradient per operand
//     }, at);
// A rule gets d(loss)/d(value), then (if it asks for it) a Needs that tells which operands want a gradient, then what was saved.
// It captures nothing but numbers: whatever else it needs goes through keep(), which notices later in-place edits. It is
// written with ops, so it runs on every device and can be differentiated again. It need not undo broadcasting: the engine does.

#include <chainrule/core/node.hpp>
#include <chainrule/core/observer.hpp>
#include <algorithm>
#include <type_traits>

namespace chainrule {

/// An operand in a braced list; holds no share of it.
struct OperandRef {
  const TensorBase* tensor;
  const detail::GradOps* ops = nullptr;
  template <class T> OperandRef(const Tensor<T>& t) : tensor(&t) {
    if constexpr (Real<T>) ops = detail::grad_ops<T>();
  }
};

/// In a keep() list: the op's own result. Saved without its place in the graph, which would be a cycle that is never freed.
struct ThisValue {};
inline constexpr ThisValue this_value;

namespace detail {

template <class... S> struct SaveList { std::tuple<const S*...> items; };

/// A saved value and the version it had; or the node that makes it again.
template <class S> struct SavedItem;
template <class T> struct SavedItem<Tensor<T>> {
  Tensor<T> value;
  NodeRef maker;
  std::uint32_t version = 0;
  explicit SavedItem(const Tensor<T>& v) {
    if (!v.defined()) return;
    if (v.impl()->node && v.impl()->node->remakes()) maker = v.impl()->node;
    else value = v, version = v.version();
  }
};

inline constexpr std::int64_t remake_bytes = 256 * 1024;  // smaller values are kept

/// Asks a node for its value; where a graph is being made, with its place in the first one.
[[gnu::noinline]] inline TensorBase made_again(const NodeRef& maker) {
  TensorBase value = maker->remake();
  if (!grad_enabled) return value;
  TensorBase placed(alias(value));
  placed.impl()->node = maker;
  return placed;
}

}  // namespace detail

/// Names what the rule will need: operands, other tensors, or this_value.
template <class... S> [[nodiscard]] detail::SaveList<S...> keep(const S&... items) { return {std::tuple<const S*...>(&items...)}; }

namespace detail {

template <class S, class T> using SavedType = std::conditional_t<std::same_as<S, ThisValue>, Tensor<T>, S>;

template <class T, std::size_t N, class Rule, class... S> struct OpNode : Node {
  std::array<Edge, N> edges;
  std::optional<std::tuple<SavedItem<SavedType<S, T>>...>> kept;
  Rule rule;

  template <std::size_t... I, std::size_t... J>
  OpNode(const char* op_name, Location where, const Tensor<T>& value, const OperandRef (&in)[N], [[maybe_unused]] SaveList<S...> list, Rule r, std::index_sequence<I...>,
         std::index_sequence<J...>)
      : Node(op_name, where, value, grad_ops<T>()), edges{Edge(*in[I].tensor, in[I].ops)...}, rule(std::move(r)) {
    inputs = edges;
    saves = sizeof...(S) > 0;
    kept.emplace(pick(value, std::get<J>(list.items))...);
  }

  static const Tensor<T> pick(const Tensor<T>& value, const ThisValue*) { return Tensor<T>(alias(value)); }
  template <class X> static const X& pick(const Tensor<T>&, const X* x) { return *x; }

  // Hands a saved value to the rule; this op's own result gets its place in the graph back, for second derivatives.
  template <class Given, class X> X unpack(const SavedItem<X>& item) {
    if (item.maker) return X(made_again(item.maker).share());
    if (!item.value.defined()) return item.value;
    check(item.value.version() == item.version, at, op, ": backward() needs a value that was saved by this op and edited in place since (it was version ",
          item.version, ", is now ", item.value.version(), "); edit a clone() instead, or edit after backward()");
    if constexpr (std::same_as<Given, ThisValue>) {
      if (!grad_enabled) return item.value;
      X again(alias(item.value));
      again.impl()->node = NodeRef(this);
      return again;
    } else {
      return item.value;
    }
  }

  Grads run(const TensorBase& upstream) override {
    Tensor<T> g(upstream.share());
    return std::apply(
        [&](const auto&... item) -> Grads {
          if constexpr (std::is_invocable_v<Rule&, const Tensor<T>&, Needs, const SavedType<S, T>&...>) return rule(g, Needs(*this), unpack<S>(item)...);
          else return rule(g, unpack<S>(item)...);
        },
        *kept);
  }
  void release() override {
    kept.reset();
    released = true;
  }
  void saved(const Callback<void(const TensorBase&)>& see) const override {
    if (kept) std::apply([&](const auto&... item) { (see(item.maker ? made_again(item.maker) : TensorBase(item.value)), ...); }, *kept);
  }
};

/// Whether a rule can compute its op's value again: Tensor<T> remake(saved values...) const.
template <class Rule, class... Saved>
concept Remakes = requires(const Rule& rule, const Saved&... saved) { rule.remake(saved...); };

template <class T, std::size_t N, class Rule, class... S> struct RemakingNode final : OpNode<T, N, Rule, S...> {
  using Base = OpNode<T, N, Rule, S...>;
  bool able = true;   // without asking other nodes for what it needs itself
  TensorBase remade;  // from the first time that it is needed until this node's own turn

  template <class... A> RemakingNode(const char* op_name, Location where, const Tensor<T>& value, const A&... a) : Base(op_name, where, value, a...) {
    std::apply([&](const auto&... item) { able = !(item.maker || ...); }, *this->kept);
    able = able && value.numel() * static_cast<std::int64_t>(sizeof(T)) >= remake_bytes;
  }
  Grads run(const TensorBase& upstream) override {
    remade = TensorBase();
    return Base::run(upstream);
  }
  bool remakes() const override { return able; }
  TensorBase remake() override {
    if (remade.defined()) return remade;
    check(this->kept.has_value(), this->at, "backward: the graph was walked already and ", this->op, " has let go of what it saved; compute the loss again, or pass {.retain_graph = true} the first time");
    no_grad guard;
    const Unobserved quiet;
    remade = std::apply([&](const auto&... item) { return this->rule.remake(this->template unpack<S>(item)...); }, *this->kept);
    return remade;
  }
};

template <std::size_t N> bool any_requires_grad(const OperandRef (&in)[N]) {
  for (const auto& i : in)
    if (i.tensor->requires_grad()) return true;
  return false;
}

[[gnu::cold, gnu::noinline]] inline void tell_forward(const char* op, std::span<const TensorBase* const> inputs, const TensorBase& output, Location at) {
  ObserverAccess::tell(observer, &Observer::forward, ForwardEvent{op, inputs, output, output.impl()->node.get(), at});
}

}  // namespace detail

/// Gives `value` its place in the graph, if recording is on and an operand requires a gradient, and tells the observer. See the top of the file.
template <class T, std::size_t N, class... S, class Rule>
Tensor<T> record(const char* op, Tensor<T> value, const OperandRef (&inputs)[N], detail::SaveList<S...> saved, Rule rule, Location at) {
  if constexpr (Real<T>) {
    if (detail::grad_enabled && detail::any_requires_grad(inputs)) {
      constexpr bool remakes = detail::Remakes<Rule, detail::SavedType<S, T>...>;
      using NodeType = typename std::conditional_t<remakes, std::type_identity<detail::RemakingNode<T, N, Rule, S...>>, std::type_identity<detail::OpNode<T, N, Rule, S...>>>::type;
      value.impl()->node = detail::NodeRef(new NodeType(op, at, value, inputs, saved, std::move(rule), std::make_index_sequence<N>{}, std::index_sequence_for<S...>{}));
    }
  }
  if (detail::observer) [[unlikely]] {
    const TensorBase* all[N];
    for (std::size_t i = 0; i < N; ++i) all[i] = inputs[i].tensor;
    detail::tell_forward(op, all, value, at);
  }
  return value;
}

template <class T, std::size_t N, class Rule>
Tensor<T> record(const char* op, Tensor<T> value, const OperandRef (&inputs)[N], Rule rule, Location at) {
  return record(op, std::move(value), inputs, keep(), std::move(rule), at);
}

namespace detail {

// For ops with any number of operands (cat, stack): the rule gets the upstream gradient and gives as many gradients.
template <class T, class Rule> struct ListNode final : Node {
  std::vector<Edge> edges;
  Rule rule;
  ListNode(const char* op_name, Location where, const Tensor<T>& value, std::span<const Tensor<T>> in, Rule r) : Node(op_name, where, value, grad_ops<T>()), rule(std::move(r)) {
    for (const auto& x : in) edges.emplace_back(x, grad_ops<T>());
    inputs = edges;
  }
  Grads run(const TensorBase& upstream) override {
    Tensor<T> g(upstream.share());
    if constexpr (std::is_invocable_v<Rule&, const Tensor<T>&, Needs>) return rule(g, Needs(*this));
    else return rule(g);
  }
  void release() override { released = true; }
  void saved(const Callback<void(const TensorBase&)>&) const override {}
};

}  // namespace detail

namespace detail {

/// For the last thing that a rule does with its upstream gradient: where the result may be written. Over the gradient itself, if nobody
/// else will see it and no graph is being made, which saves a step the memory of a second tensor; else a fresh one.
template <class T> Tensor<T> overwritable(const Tensor<T>& g) {
  return g.impl() == spare_gradient ? g : allocate<T>(g.shape(), g.device());
}

}  // namespace detail

/// record() for a list of operands of any length.
template <class T, class Rule> Tensor<T> record_list(const char* op, Tensor<T> value, std::span<const Tensor<T>> inputs, Rule rule, Location at) {
  if constexpr (Real<T>) {
    bool wanted = false;
    for (const auto& x : inputs) wanted = wanted || x.requires_grad();
    if (detail::grad_enabled && wanted) {
      using NodeType = detail::ListNode<T, Rule>;
      value.impl()->node = detail::NodeRef(new NodeType(op, at, value, inputs, std::move(rule)));
    }
  }
  if (detail::observer) [[unlikely]] {
    std::vector<const TensorBase*> all;
    for (const auto& x : inputs) all.push_back(&x);
    detail::tell_forward(op, all, value, at);
  }
  return value;
}

}  // namespace chainrule

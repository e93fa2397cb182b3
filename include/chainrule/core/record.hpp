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
#include <new>
#include <type_traits>
#include <vector>

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

/// In a keep() list: what remake() needs, and of the rule only its second derivatives. Where no graph is being made, the rule gets an
/// undefined tensor instead, so that a value that is made again need not be made for it.
template <class T> struct ForRemake { const Tensor<T>* tensor; };
template <class T> ForRemake<T> for_remake(const Tensor<T>& x) { return {&x}; }

namespace detail {

/// What keep() names; a null pointer stands for this_value.
template <class... S> struct SaveList { const TensorBase* items[sizeof...(S) > 0 ? sizeof...(S) : 1]; };

inline const TensorBase* saved_address(const TensorBase& x) { return &x; }
inline const TensorBase* saved_address(const ThisValue&) { return nullptr; }
template <class T> const TensorBase* saved_address(const ForRemake<T>& x) { return x.tensor; }

}  // namespace detail

/// Names what the rule will need: operands, other tensors, or this_value.
template <class... S> [[nodiscard]] detail::SaveList<S...> keep(const S&... items) { return {{detail::saved_address(items)...}}; }

namespace detail {

/// A saved value and the version it had; or the node that makes it again.
struct SavedItem {
  TensorBase value;
  NodeRef maker;
  std::uint32_t version = 0;
  bool own;  // the op's own result

  SavedItem(TensorBase v, bool is_own, bool for_rule) : own(is_own) {
    if (!v.defined()) return;
    if (v.impl()->node && v.impl()->node->remakes() && v.version() == 0) maker = v.impl()->node, maker->readers += for_rule;  // what it would make is what it made
    else version = v.version(), value = std::move(v);
  }
};

inline constexpr std::int64_t remake_bytes = 256 * 1024;  // smaller values are kept

/// Asks a node for its value; where a graph is being made, with its place in the first one.
[[gnu::noinline]] inline TensorBase made_again(const NodeRef& maker, bool by_rule) {
  TensorBase value = maker->remake(by_rule);
  if (!grad_enabled) return value;
  TensorBase placed(alias(value));
  placed.impl()->node = maker;
  return placed;
}

/// A recorded op. Behind the object itself lie its edges, what it saved, and its rule: the only part whose type it does not know.
/// So all ops share this class, and one of them adds the function that calls its rule.
class OpNode final : public Node {
 public:
  struct RuleType {
    std::size_t bytes;
    Grads (*call)(OpNode& node, void* rule, const TensorBase& upstream);
    TensorBase (*remake)(OpNode& node, void* rule);  // null where the rule has no such function
    void (*destroy)(void* rule);                     // null where there is nothing to do
    std::uint32_t only_remake;                       // bit i: saved value i is ForRemake
  };

  /// The caller puts the rule where rule() says.
  [[gnu::noinline]] static OpNode* make(const char* op_name, Location where, const TensorBase& value, const GradOps* typed, std::span<const OperandRef> in,
                                        std::span<const TensorBase* const> save, const RuleType& type) {
    void* memory = pool().allocate(sizeof(OpNode) + in.size() * sizeof(Edge) + save.size() * sizeof(SavedItem) + type.bytes);
    return ::new (memory) OpNode(op_name, where, value, typed, in, save, type);
  }
  void* rule() { return items() + items_made_; }

  /// Saved value i for the rule, or, without `for_rule`, for remake(); this op's own result gets its place in the graph back, for second
  /// derivatives.
  [[gnu::noinline]] ImplRef unpack(std::size_t i, bool for_rule = true) {
    const SavedItem& item = items()[i];
    if (item.maker) return made_again(item.maker, for_rule).share();
    if (!item.value.defined()) return {};
    check(item.value.version() == item.version, at, op, ": backward() needs a value that was saved by this op and edited in place since (it was version ",
          item.version, ", is now ", item.value.version(), "); edit a clone() instead, or edit after backward()");
    if (!item.own || !grad_enabled) return item.value.share();
    ImplRef again = alias(item.value);
    again->node = NodeRef(this);
    return again;
  }

  Grads run(const TensorBase& upstream) override {
    remade_ = TensorBase();
    asked_ = 0;
    return type_->call(*this, rule(), upstream);
  }
  bool remakes() const override { return remakes_; }
  bool asks() const override { return asks_; }
  TensorBase remake(bool by_rule) override {
    if (by_rule) ++asked_;
    if (remade_.defined()) return by_rule && asked_ == readers ? std::move(remade_) : remade_;
    check(!released, at, "backward: the graph was walked already and ", op, " has let go of what it saved; compute the loss again, or pass {.retain_graph = true} the first time");
    no_grad guard;
    const Unobserved quiet;
    TensorBase value = type_->remake(*this, rule());
    if (by_rule && asked_ < readers) remade_ = value;
    return value;
  }
  void release() override {
    for (std::size_t i = 0; i < items_; ++i) items()[i].value = TensorBase(), items()[i].maker.reset();
    items_ = 0;
    released = true;
  }
  void saved(const Callback<void(const TensorBase&)>& see) const override {
    for (std::size_t i = 0; i < items_; ++i) {
      const SavedItem& item = items()[i];
      see(item.maker ? made_again(item.maker, false) : item.value);
    }
  }

  ~OpNode() override {
    if (type_->destroy) type_->destroy(rule());
    for (std::size_t i = items_made_; i-- > 0;) items()[i].~SavedItem();
    for (std::size_t i = inputs.size(); i-- > 0;) inputs[i].~Edge();
  }
  static void operator delete(OpNode* node, std::destroying_delete_t) {
    const std::size_t bytes = sizeof(OpNode) + node->inputs.size() * sizeof(Edge) + node->items_made_ * sizeof(SavedItem) + node->type_->bytes;
    node->~OpNode();
    pool().release(node, bytes);
  }

 private:
  OpNode(const char* op_name, Location where, const TensorBase& value, const GradOps* typed, std::span<const OperandRef> in, std::span<const TensorBase* const> save,
         const RuleType& type)
      : Node(op_name, where, value, typed), type_(&type), items_(save.size()), items_made_(save.size()) {
    auto* edges = reinterpret_cast<Edge*>(this + 1);
    for (std::size_t i = 0; i < in.size(); ++i) ::new (edges + i) Edge(*in[i].tensor, in[i].ops);
    inputs = {edges, in.size()};
    saves = !save.empty();
    remakes_ = type.remake && value.numel() * static_cast<std::int64_t>(size_of(dtype)) >= remake_bytes;
    for (std::size_t i = 0; i < save.size(); ++i) {
      const auto* item = ::new (items() + i) SavedItem(save[i] ? *save[i] : TensorBase(alias(value)), !save[i], (type.only_remake >> i & 1) == 0);
      asks_ = asks_ || item->maker;
      remakes_ = remakes_ && !(item->maker && item->maker->asks());  // one node may ask another, no more
    }
  }
  SavedItem* items() const { return reinterpret_cast<SavedItem*>(inputs.data() + inputs.size()); }

  const RuleType* type_;
  std::size_t items_, items_made_;  // items_: until release()
  bool remakes_, asks_ = false;
  std::uint32_t asked_ = 0;  // by rules, since this node's own turn
  TensorBase remade_;        // from the first time that a rule asks until the last, or this node's own turn
};

template <class S, class T> struct SavedTypeOf { using type = S; };
template <class T> struct SavedTypeOf<ThisValue, T> { using type = Tensor<T>; };
template <class U, class T> struct SavedTypeOf<ForRemake<U>, T> { using type = Tensor<U>; };
template <class S, class T> using SavedType = typename SavedTypeOf<S, T>::type;
template <class S> inline constexpr bool only_remake = false;
template <class U> inline constexpr bool only_remake<ForRemake<U>> = true;

/// Whether a rule can compute its op's value again: Tensor<T> remake(saved values...) const.
template <class Rule, class... Saved>
concept Remakes = requires(const Rule& rule, const Saved&... saved) { rule.remake(saved...); };

/// What one op adds to OpNode. S...: what it keeps, which its rule gets.
template <class T, class Rule, class... S> struct RuleOf {
  static Grads call(OpNode& node, void* rule, const TensorBase& upstream) {
    return call(node, *static_cast<Rule*>(rule), Tensor<T>(upstream.share()), std::index_sequence_for<S...>{});
  }
  template <std::size_t... I> static Grads call([[maybe_unused]] OpNode& node, Rule& rule, const Tensor<T>& g, std::index_sequence<I...>) {
    if constexpr (std::is_invocable_v<Rule&, const Tensor<T>&, Needs, const SavedType<S, T>&...>) return rule(g, Needs(node), saved<S>(node, I)...);
    else return rule(g, saved<S>(node, I)...);
  }
  template <class Item> static SavedType<Item, T> saved(OpNode& node, std::size_t i) {
    if constexpr (only_remake<Item>) return grad_enabled ? SavedType<Item, T>(node.unpack(i, false)) : SavedType<Item, T>();
    else return SavedType<Item, T>(node.unpack(i));
  }
  static TensorBase remake(OpNode& node, void* rule) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return static_cast<const Rule*>(rule)->remake(SavedType<S, T>(node.unpack(I, false))...); }(std::index_sequence_for<S...>{});
  }
  static void destroy(void* rule) { static_cast<Rule*>(rule)->~Rule(); }

  static constexpr auto remake_or_null() {
    if constexpr (Remakes<Rule, SavedType<S, T>...>) return &remake;
    else return nullptr;
  }
  static constexpr std::uint32_t remake_bits() {
    std::uint32_t bits = 0, i = 0;
    ((bits |= static_cast<std::uint32_t>(only_remake<S>) << i++), ...);
    return bits;
  }
  static constexpr OpNode::RuleType type{sizeof(Rule), &call, remake_or_null(), std::is_trivially_destructible_v<Rule> ? nullptr : &destroy, remake_bits()};
};

inline bool any_requires_grad(std::span<const OperandRef> in) {
  for (const auto& i : in)
    if (i.tensor->requires_grad()) return true;
  return false;
}

[[gnu::cold, gnu::noinline]] inline void tell_forward(const char* op, std::span<const OperandRef> inputs, const TensorBase& output, Location at) {
  std::vector<const TensorBase*> all;
  for (const auto& i : inputs) all.push_back(i.tensor);
  ObserverAccess::tell(observer, &Observer::forward, ForwardEvent{op, all, output, output.impl()->node.get(), at});
}

template <class T, class... S, class Rule> Tensor<T> record_span(const char* op, Tensor<T> value, std::span<const OperandRef> inputs, const SaveList<S...>& saved, Rule& rule, Location at) {
  if constexpr (Real<T>) {
    if (grad_enabled && any_requires_grad(inputs)) {
      static_assert(alignof(Rule) <= alignof(SavedItem));
      constexpr std::size_t count = sizeof...(S);
      const std::span<const TensorBase* const> items(&saved.items[0], count);
      OpNode* node = OpNode::make(op, at, value, grad_ops<T>(), inputs, items, RuleOf<T, Rule, S...>::type);
      ::new (node->rule()) Rule(std::move(rule));
      value.impl()->node = NodeRef(node);
    }
  }
  if (observer) [[unlikely]] tell_forward(op, inputs, value, at);
  return value;
}

/// Nobody but the `handles` that the caller knows of can see this value, so it may be overwritten.
inline bool owned_alone(const TensorBase& x, std::uint32_t handles) {
  return x.share().use_count() == handles && x.impl()->storage.use_count() == 1 && x.impl()->storage->owns && x.is_contiguous();
}

/// For the last thing that a rule does with its upstream gradient: where the result may be written. Over the gradient itself, if nobody
/// else will see it and no graph is being made, which saves a step the memory of a second tensor; else a fresh one.
template <class T> Tensor<T> overwritable(const Tensor<T>& g) {
  return g.impl() == spare_gradient ? g : allocate<T>(g.shape(), g.device());
}

}  // namespace detail

/// Gives `value` its place in the graph, if recording is on and an operand requires a gradient, and tells the observer. See the top of the file.
template <class T, std::size_t N, class... S, class Rule>
Tensor<T> record(const char* op, Tensor<T> value, const OperandRef (&inputs)[N], detail::SaveList<S...> saved, Rule rule, Location at) {
  return detail::record_span(op, std::move(value), inputs, saved, rule, at);
}
template <class T, std::size_t N, class Rule>
Tensor<T> record(const char* op, Tensor<T> value, const OperandRef (&inputs)[N], Rule rule, Location at) {
  return detail::record_span(op, std::move(value), inputs, keep(), rule, at);
}

/// record() for a list of operands of any length: the rule gives as many gradients.
template <class T, class Rule> Tensor<T> record_list(const char* op, Tensor<T> value, std::span<const Tensor<T>> inputs, Rule rule, Location at) {
  const std::vector<OperandRef> refs(inputs.begin(), inputs.end());
  return detail::record_span(op, std::move(value), refs, keep(), rule, at);
}

}  // namespace chainrule

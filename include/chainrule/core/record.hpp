#pragma once
// The one place where history is written:
//     record("mul", value, {a, b}, keep(a, b), [](const Tensor<T>& g, const Tensor<T>& a, const Tensor<T>& b) {
//       return Grads{g * b, g * a};                                      // one gradient per operand
//     }, at);
// A rule gets d(loss)/d(value), then (if it asks for it) a Needs that tells which operands want a gradient, then what was saved.
// It captures nothing but numbers: whatever else it needs goes through keep(), which notices later in-place edits. It is
// written with ops, so it runs on every device and can be differentiated again. It need not undo broadcasting: the engine does.

#include <chainrule/core/observer.hpp>
#include <chainrule/core/walk.hpp>
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

/// A share of an object that several threads may want at once: a walk that keeps the graph copies it, one that frees
/// the graph takes it.
template <class T> class SharedSlot {
 public:
  void put(Ref<T> share) { held_.store(share.let_go(), std::memory_order_relaxed); }
  Ref<T> take() {
    T* p = held_.load(std::memory_order_relaxed);
    while (p == busy() ||
           !held_.compare_exchange_weak(p, nullptr, std::memory_order_acq_rel, std::memory_order_relaxed))
      if (p == busy()) p = held_.load(std::memory_order_relaxed);
    return Ref<T>::taken(p);
  }
  Ref<T> copy() {
    T* p = busy();
    while ((p = held_.exchange(busy(), std::memory_order_acq_rel)) == busy()) {}
    Ref<T> copied(p);
    held_.store(p, std::memory_order_release);
    return copied;
  }
  bool empty() const { return held_.load(std::memory_order_relaxed) == nullptr; }

  SharedSlot() = default;
  SharedSlot(const SharedSlot&) = delete;
  SharedSlot& operator=(const SharedSlot&) = delete;
  ~SharedSlot() {  // nobody else knows the slot any more
    if (T* p = held_.load(std::memory_order_relaxed)) Ref<T>::taken(p).reset();
  }

 private:
  static T* busy() { return reinterpret_cast<T*>(std::uintptr_t{1}); }  // another thread is copying: for a moment
  std::atomic<T*> held_{nullptr};
};

/// A saved value and the version it had; or the node that makes it again.
struct SavedItem {
  SharedSlot<TensorImpl> value;
  SharedSlot<Node> maker;
  std::uint32_t version = 0;
  bool own;              // the op's own result
  bool defined = false;  // there was something to save
  bool made_again = false;  // by `maker`

  SavedItem(const TensorBase& v, bool is_own, bool for_rule) : own(is_own) {
    if (!v.defined()) return;
    defined = true;
    const NodeRef& node = node_of(*v.impl());
    if (node && node->remakes() && v.version() == 0) {  // what it would make is what it made
      node->readers.fetch_add(for_rule, std::memory_order_relaxed);
      made_again = true;
      maker.put(node);
      return;
    }
    version = v.version();
    value.put(v.impl()->base && !v.impl()->requires_grad ? frozen(v) : v.share());
  }
  void release() {
    if (!value.empty()) value.take();
    if (!maker.empty()) maker.take();
  }

 private:
  // A view with the history that it has now. The view itself would keep its base, which an edit may make newer than
  // this op: a cycle.
  [[gnu::noinline]] static ImplRef frozen(const TensorBase& view) {
    ImplRef same = alias(view);
    same->node = view.impl()->node;
    return same;
  }
};

inline constexpr std::int64_t remake_bytes = 256 * 1024;  // smaller values are kept

/// Asks a node for its value, for a rule that the walk runs, or for nobody's rule; where a graph is being made, with
/// its place in the first one.
[[gnu::noinline]] inline TensorBase made_again(const NodeRef& maker, Walk* walk) {
  TensorBase value = maker->remake(walk);
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
    Grads (*call)(OpNode& node, void* rule, const TensorBase& upstream, const Needs& need);
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
  void* rule() { return items() + saved_; }

  /// How many values were saved.
  std::size_t saved_count() const { return saved_; }
  /// Saved value i for the rule that the walk runs, or, without a walk, for remake(). This op's own result gets its
  /// place in the graph back, for second derivatives.
  [[gnu::noinline]] ImplRef unpack(std::size_t i, Walk* walk) {
    SavedItem& item = items()[i];
    if (!item.defined) return {};
    const bool last = walk && walk->frees();
    if (item.made_again) {
      const NodeRef maker = last ? item.maker.take() : item.maker.copy();
      if (!maker) fail_released();
      return made_again(maker, walk).share();
    }
    ImplRef value = last ? item.value.take() : item.value.copy();
    if (!value) [[unlikely]] fail_released();
    if (value->storage->version != item.version) [[unlikely]] fail_edited(item, *value);
    if (!item.own || !grad_enabled) return value;
    ImplRef again = alias(TensorBase(std::move(value)));
    again->node = NodeRef(this);
    return again;
  }

  Grads run(const TensorBase& upstream, const Needs& need) override {
    return type_->call(*this, rule(), upstream, need);
  }
  bool remakes() const override { return remakes_; }
  bool asks() const override { return asks_; }
  TensorBase remake(Walk* walk) override {
    Visit* visit = walk ? &walk->visit(this) : nullptr;
    const std::uint32_t all = readers.load(std::memory_order_relaxed);
    if (visit && ++visit->asked && visit->recomputed.defined())
      return visit->asked == all ? std::exchange(visit->recomputed, TensorBase()) : visit->recomputed;
    if (released.load(std::memory_order_relaxed)) fail_released();
    no_grad guard;
    const Unobserved quiet;
    TensorBase value = type_->remake(*this, rule());
    if (visit && visit->asked < all) visit->recomputed = value;
    return value;
  }
  void release() override {
    released.store(true, std::memory_order_relaxed);
    for (std::size_t i = 0; i < saved_; ++i) items()[i].release();
  }
  void saved(const Callback<void(const TensorBase&)>& see) const override {
    if (released.load(std::memory_order_relaxed)) return;
    for (std::size_t i = 0; i < saved_; ++i) {
      SavedItem& item = items()[i];
      see(item.made_again ? made_again(item.maker.copy(), nullptr) : TensorBase(item.value.copy()));
    }
  }

  ~OpNode() override {
    if (type_->destroy) type_->destroy(rule());
    for (std::size_t i = saved_; i-- > 0;) items()[i].~SavedItem();
    for (std::size_t i = inputs.size(); i-- > 0;) inputs[i].~Edge();
  }
  static void operator delete(OpNode* node, std::destroying_delete_t) {
    const std::size_t bytes =
        sizeof(OpNode) + node->inputs.size() * sizeof(Edge) + node->saved_ * sizeof(SavedItem) + node->type_->bytes;
    node->~OpNode();
    pool().release(node, bytes);
  }

 private:
  OpNode(const char* op_name, Location where, const TensorBase& value, const GradOps* typed, std::span<const OperandRef> in, std::span<const TensorBase* const> save,
         const RuleType& type)
      : Node(op_name, where, value, typed), type_(&type), saved_(save.size()) {
    auto* edges = reinterpret_cast<Edge*>(this + 1);
    for (std::size_t i = 0; i < in.size(); ++i) ::new (edges + i) Edge(*in[i].tensor, in[i].ops);
    inputs = {edges, in.size()};
    saves = !save.empty();
    remakes_ = type.remake && value.numel() * static_cast<std::int64_t>(size_of(dtype)) >= remake_bytes;
    for (std::size_t i = 0; i < save.size(); ++i) {
      const TensorBase own = save[i] ? TensorBase() : TensorBase(alias(value));
      const auto* item =
          ::new (items() + i) SavedItem(save[i] ? *save[i] : own, !save[i], (type.only_remake >> i & 1) == 0);
      if (!item->made_again) continue;
      asks_ = true;
      if (node_of(*save[i]->impl())->asks()) remakes_ = false;  // one node may ask another, no more
    }
  }
  SavedItem* items() const { return reinterpret_cast<SavedItem*>(inputs.data() + inputs.size()); }
  [[noreturn, gnu::cold, gnu::noinline]] void fail_edited(const SavedItem& item, const TensorImpl& value) const {
    const Location edit = value.storage->edited_at;
    fail(at, op, ": backward() needs a value that was saved by this op and edited in place since",
         edit.line > 0 ? std::string(" [") + edit.file + ':' + std::to_string(edit.line) + ']' : std::string(),
         " (it was version ", item.version, ", is now ", value.storage->version,
         "); edit a clone() instead, or edit after backward()");
  }
  [[noreturn, gnu::cold, gnu::noinline]] void fail_released() const {
    fail(at, "backward: the graph was walked already and ", op,
         " has let go of what it saved; compute the loss again, or pass {.retain_graph = true} the first time");
  }

  const RuleType* type_;
  std::size_t saved_;
  bool remakes_, asks_ = false;
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
  static Grads call(OpNode& node, void* rule, const TensorBase& upstream, const Needs& need) {
    return call(node, *static_cast<Rule*>(rule), Tensor<T>(upstream.share()), need, std::index_sequence_for<S...>{});
  }
  template <std::size_t... I>
  static Grads call([[maybe_unused]] OpNode& node, Rule& rule, const Tensor<T>& g, const Needs& need,
                    std::index_sequence<I...>) {
    if constexpr (std::is_invocable_v<Rule&, const Tensor<T>&, Needs, const SavedType<S, T>&...>)
      return rule(g, need, saved<S>(node, I, need)...);
    else return rule(g, saved<S>(node, I, need)...);
  }
  template <class Item>
  static SavedType<Item, T> saved(OpNode& node, std::size_t i, [[maybe_unused]] const Needs& need) {
    if constexpr (only_remake<Item>)
      return grad_enabled ? SavedType<Item, T>(node.unpack(i, nullptr)) : SavedType<Item, T>();
    else return SavedType<Item, T>(node.unpack(i, &need.walk()));
  }
  static TensorBase remake(OpNode& node, void* rule) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return static_cast<const Rule*>(rule)->remake(SavedType<S, T>(node.unpack(I, nullptr))...);
    }
    (std::index_sequence_for<S...>{});
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

/// Asks all of them: a view whose base was edited takes its new history here, before the op that reads it gets its
/// number.
inline bool any_requires_grad(std::span<const OperandRef> in) {
  bool any = false;
  for (const auto& i : in) any |= i.tensor->requires_grad();
  return any;
}

[[gnu::cold, gnu::noinline]] inline void tell_forward(const char* op, std::span<const OperandRef> inputs, const TensorBase& output, Location at) {
  std::vector<const TensorBase*> all;
  for (const auto& i : inputs) all.push_back(i.tensor);
  ObserverAccess::tell(observer, &Observer::forward, ForwardEvent{op, all, output, output.impl()->node.get(), at});
}

/// record() for a rule of any type and any number of saved values.
template <class T>
Tensor<T> record_rule(const char* op, Tensor<T> value, std::span<const OperandRef> inputs,
                      std::span<const TensorBase* const> saved, const OpNode::RuleType& rule, Location at) {
  if (grad_enabled && any_requires_grad(inputs))
    give_node(*value.impl(), NodeRef(OpNode::make(op, at, value, grad_ops<T>(), inputs, saved, rule)));
  if (observer) [[unlikely]] tell_forward(op, inputs, value, at);
  return value;
}

template <class T, class... S, class Rule> Tensor<T> record_span(const char* op, Tensor<T> value, std::span<const OperandRef> inputs, const SaveList<S...>& saved, Rule& rule, Location at) {
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
  if (observer) [[unlikely]] tell_forward(op, inputs, value, at);
  return value;
}

/// Whether nobody but the `handles` that the caller knows of can see this value, so that it may be written over.
inline bool owned_alone(const TensorBase& x, std::uint32_t handles) {
  const TensorImpl& impl = *x.impl();
  const std::uint32_t sharers = impl.base ? 2 : 1;  // a view of something that nobody else holds
  return x.share().use_count() == handles && impl.storage.use_count() == sharers &&
         (!impl.base || impl.base.use_count() == 1) && impl.storage->owns && impl.contiguous;
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

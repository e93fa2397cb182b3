#pragma once
// OpNode: the node of every recorded op, with its operands, saved values and rule behind it in one block of memory; and
// RuleOf, the only part that is compiled for each rule.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/observer.hpp>
#include <chainrule/core/recompute.hpp>
#include <new>
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

namespace detail {

/// A recorded op. Behind the object itself lie its edges, what it saved, and its rule: the only part whose type it does
/// not know. So all ops share this class, and one of them adds the function that calls its rule.
class OpNode final : public Node {
 public:
  struct RuleType {
    std::size_t bytes;
    Grads (*call)(OpNode& node, void* rule, const TensorBase& upstream, const Needs& need);
    TensorBase (*recompute)(OpNode& node, void* rule);  // null where the rule has no such function
    void (*destroy)(void* rule);                        // null where there is nothing to do
    std::uint32_t only_recompute;                       // bit i: saved value i is ForRecompute
  };

  /// The caller puts the rule where rule() says.
  static OpNode* make(const char* op_name, Location where, const TensorBase& value, const GradOps* typed,
                      std::span<const OperandRef> in, std::span<const TensorBase* const> save, const RuleType& type);
  void* rule() { return items() + saved_; }

  /// How many values were saved.
  std::size_t saved_count() const { return saved_; }
  /// Saved value i for the rule that the walk runs, or, without a walk, for recompute(). This op's own result gets its
  /// place in the graph back, for second derivatives.
  ImplRef unpack(std::size_t i, Walk* walk);

  Grads run(const TensorBase& upstream, const Needs& need) override {
    return type_->call(*this, rule(), upstream, need);
  }
  bool recomputes() const override { return recomputes_; }
  bool uses_recomputed() const override { return uses_recomputed_; }
  TensorBase recompute(Walk* walk) override {
    Visit* visit = walk ? &walk->visit(this) : nullptr;
    const std::uint32_t all = readers.load(std::memory_order_relaxed);
    if (visit && ++visit->asked && visit->recomputed.defined())
      return visit->asked == all ? std::exchange(visit->recomputed, TensorBase()) : visit->recomputed;
    if (released.load(std::memory_order_relaxed)) fail_released();
    no_grad guard;
    const Unobserved quiet;
    TensorBase value = type_->recompute(*this, rule());
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
      see(item.recomputed ? recompute_value(item.producer.copy(), nullptr) : TensorBase(item.value.copy()));
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
  OpNode(const char* op_name, Location where, const TensorBase& value, const GradOps* typed,
         std::span<const OperandRef> in, std::span<const TensorBase* const> save, const RuleType& type)
      : Node(op_name, where, value, typed), type_(&type), saved_(save.size()) {
    auto* edges = reinterpret_cast<Edge*>(this + 1);
    for (std::size_t i = 0; i < in.size(); ++i) ::new (edges + i) Edge(*in[i].tensor, in[i].ops);
    inputs = {edges, in.size()};
    saves = !save.empty();
    recomputes_ = type.recompute && value.numel() * static_cast<std::int64_t>(size_of(dtype)) >= recompute_bytes;
    for (std::size_t i = 0; i < save.size(); ++i) {
      const TensorBase own = save[i] ? TensorBase() : TensorBase(alias(value));
      const auto* item =
          ::new (items() + i) SavedItem(save[i] ? *save[i] : own, !save[i], (type.only_recompute >> i & 1) == 0);
      if (!item->recomputed) continue;
      uses_recomputed_ = true;
      if (node_of(*save[i]->impl())->uses_recomputed()) recomputes_ = false;  // one node may ask another, no more
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
  bool recomputes_, uses_recomputed_ = false;
};

template <class S, class T> struct SavedTypeOf { using type = S; };
template <class T> struct SavedTypeOf<ThisValue, T> { using type = Tensor<T>; };
template <class U, class T> struct SavedTypeOf<ForRecompute<U>, T> { using type = Tensor<U>; };
template <class S, class T> using SavedType = typename SavedTypeOf<S, T>::type;
template <class S> inline constexpr bool only_recompute = false;
template <class U> inline constexpr bool only_recompute<ForRecompute<U>> = true;

/// Whether a rule can compute its op's value again: Tensor<T> recompute(saved values...) const.
template <class Rule, class... Saved>
concept Recomputes = requires(const Rule& rule, const Saved&... saved) {
  rule.recompute(saved...);
};

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
    if constexpr (only_recompute<Item>)
      return grad_enabled ? SavedType<Item, T>(node.unpack(i, nullptr)) : SavedType<Item, T>();
    else return SavedType<Item, T>(node.unpack(i, &need.walk()));
  }
  static TensorBase recompute(OpNode& node, void* rule) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return static_cast<const Rule*>(rule)->recompute(SavedType<S, T>(node.unpack(I, nullptr))...);
    }
    (std::index_sequence_for<S...>{});
  }
  static void destroy(void* rule) { static_cast<Rule*>(rule)->~Rule(); }

  static constexpr auto recompute_or_null() {
    if constexpr (Recomputes<Rule, SavedType<S, T>...>) return &recompute;
    else return nullptr;
  }
  static constexpr std::uint32_t recompute_bits() {
    std::uint32_t bits = 0, i = 0;
    ((bits |= static_cast<std::uint32_t>(only_recompute<S>) << i++), ...);
    return bits;
  }
  static constexpr OpNode::RuleType type{sizeof(Rule), &call, recompute_or_null(),
                                         std::is_trivially_destructible_v<Rule> ? nullptr : &destroy, recompute_bits()};
};

}  // namespace detail
}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

[[gnu::noinline]] CHAINRULE_INLINE OpNode* OpNode::make(const char* op_name, Location where, const TensorBase& value,
                                                        const GradOps* typed, std::span<const OperandRef> in,
                                                        std::span<const TensorBase* const> save, const RuleType& type) {
  void* memory =
      pool().allocate(sizeof(OpNode) + in.size() * sizeof(Edge) + save.size() * sizeof(SavedItem) + type.bytes);
  return ::new (memory) OpNode(op_name, where, value, typed, in, save, type);
}

[[gnu::noinline]] CHAINRULE_INLINE ImplRef OpNode::unpack(std::size_t i, Walk* walk) {
  SavedItem& item = items()[i];
  if (!item.defined) return {};
  const bool last = walk && walk->frees();
  if (item.recomputed) {
    const NodeRef producer = last ? item.producer.take() : item.producer.copy();
    if (!producer) fail_released();
    return recompute_value(producer, walk).share();
  }
  ImplRef value = last ? item.value.take() : item.value.copy();
  if (!value) [[unlikely]]
    fail_released();
  if (value->storage->version != item.version) [[unlikely]]
    fail_edited(item, *value);
  if (!item.own || !grad_enabled) return value;
  ImplRef again = alias(TensorBase(std::move(value)));
  again->node = NodeRef(this);
  return again;
}

}  // namespace chainrule::detail
#endif

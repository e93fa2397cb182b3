#pragma once
// The graph. A Node is one recorded op: its name, its operands (by slot, so that x * x has two), what it saved for its gradient
// rule, and the line of the user's program. Creation order is a topological order; the engine in core/autograd.hpp walks it backward.

#include <chainrule/core/tensor.hpp>
#include <array>
#include <atomic>
#include <initializer_list>
#include <tuple>

namespace chainrule {

/// What a gradient rule gives: one gradient per operand, in operand order; an undefined tensor where none is needed or none exists.
/// `return {ga, gb};`, or `return Grads{ga, gb};` in a lambda.
class Grads {
 public:
  Grads() = default;
  template <class... G>
    requires(std::derived_from<std::remove_cvref_t<G>, TensorBase> && ...)
  Grads(G&&... g) { (push_back(std::forward<G>(g)), ...); }

  void push_back(TensorBase g) {
    if (size_ < inline_size) few_[static_cast<std::size_t>(size_)] = std::move(g);
    else many_.push_back(std::move(g));
    ++size_;
  }
  int size() const { return size_; }
  TensorBase& operator[](int i) { return i < inline_size ? few_[static_cast<std::size_t>(i)] : many_[static_cast<std::size_t>(i - inline_size)]; }
  const TensorBase& operator[](int i) const { return const_cast<Grads&>(*this)[i]; }

 private:
  static constexpr int inline_size = 3;
  std::array<TensorBase, inline_size> few_;
  std::vector<TensorBase> many_;
  int size_ = 0;
};

/// Which operands' gradients somebody wants; a rule may ask, to leave work undone: need[0].
class Needs {
 public:
  explicit Needs(const Node& node) : node_(&node) {}
  bool operator[](int i) const;

 private:
  const Node* node_;
};

namespace detail {

/// What the engine does with gradients of one element type; a program compiles it for the types that it uses (core/autograd.hpp).
struct GradOps {
  void (*accumulate)(TensorBase& sum, TensorBase g);         // sum += g
  void (*accumulate_grad)(TensorImpl& leaf, TensorBase g);   // leaf.grad += g
  TensorBase (*sum_to)(const TensorBase& g, const Shape& shape, Location at);
};
template <class T> const GradOps* grad_ops();

/// From a recorded op to one of its operands: the operand's own node, or the leaf that collects the gradient, or neither.
struct Edge {
  NodeRef node;
  ImplRef leaf;
  const GradOps* ops = nullptr;  // for gradients of the operand's element type
  Shape shape;
  DType dtype = DType::float32;
  bool wanted = false;  // some gradient is asked for through here (set by the engine for one walk)

  Edge() = default;
  Edge(const TensorBase& x, const GradOps* typed) : ops(typed), shape(x.shape()), dtype(x.dtype()) {
    if (x.impl()->node) node = x.impl()->node;
    else if (x.impl()->requires_grad) leaf = x.share();
    wanted = node || leaf;
  }
};

}  // namespace detail

/// One recorded op.
struct Node : detail::Counted, detail::FromPool {
  Node(const char* op_name, Location where, const TensorBase& value, const detail::GradOps* typed)
      : op(op_name), ops(typed), id(next_id().fetch_add(1, std::memory_order_relaxed)), at(where), shape(value.shape()), dtype(value.dtype()), device(value.device()) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  virtual Grads run(const TensorBase& upstream) = 0;                      ///< the gradient rule
  virtual void release() = 0;                                             ///< lets go of the saved values
  virtual void saved(const Callback<void(const TensorBase&)>& see) const = 0;

  /// A large value that is soon computed again, from what its op kept, need not be kept for the gradients of the ops that read it: they
  /// keep its node and ask it. Its rule then has a function remake() (core/record.hpp).
  virtual bool remakes() const { return false; }
  /// Whether remake() asks another node for what it needs.
  virtual bool asks() const { return false; }
  /// `by_rule`: a reader's rule asks, in its one turn of a walk. The value is kept until the last of the readers has asked.
  virtual TensorBase remake(bool /*by_rule*/) { return {}; }

  const char* op;                ///< "mul", "relu", ...
  const detail::GradOps* ops;    // for gradients of its value
  std::uint64_t id;              ///< creation number; one counter for all threads, so a result is always newer than its operands
  Location at;                   ///< where the user called the op
  std::span<detail::Edge> inputs;        ///< one per operand
  Shape shape;                   ///< of the value it made
  DType dtype;
  Device device;
  bool saves = false;            ///< the rule needs saved values ...
  bool released = false;         ///< ... which are gone: backward() went through here
  std::uint32_t readers = 0;     ///< how often other ops saved this node instead of its value, see remakes()

  // Used by the engine during one walk, and by hooks.
  TensorBase pending;                               // the gradient collected so far
  bool queued = false, wanted = true;
  std::weak_ptr<detail::TensorImpl*> retained;      // retain_grad(): where to keep the gradient
  std::unique_ptr<detail::Hooks> hooks;
  Node* next_dying = nullptr;

 private:
  static std::atomic<std::uint64_t>& next_id() {
    static std::atomic<std::uint64_t> n{1};
    return n;
  }
};

inline bool Needs::operator[](int i) const { return node_->inputs[static_cast<std::size_t>(i)].wanted; }

namespace detail {

inline thread_local Node** dying = nullptr;

// The outermost call owns a list; nodes that would be freed by the one being freed are put there instead of recursing.
[[gnu::noinline]] inline void drop(Node* node) noexcept {
  if (dying) {
    node->next_dying = std::exchange(*dying, node);
    return;
  }
  dying = &node;
  while (node) delete std::exchange(node, node->next_dying);
  dying = nullptr;
}
inline TensorImpl::TensorImpl() = default;
inline TensorImpl::~TensorImpl() = default;

inline thread_local bool grad_enabled = true;

/// While a gradient rule runs: the upstream gradient, if nobody will look at it again, else null. See overwritable().
inline thread_local const TensorImpl* spare_gradient = nullptr;

}  // namespace detail

/// True while ops are being recorded on this thread.
inline bool is_grad_enabled() { return detail::grad_enabled; }

/// Sets recording on or off for the lifetime of the object: `set_grad_enabled guard(false);`
class set_grad_enabled {
 public:
  [[nodiscard]] explicit set_grad_enabled(bool on) : was_(std::exchange(detail::grad_enabled, on)) {}
  ~set_grad_enabled() { detail::grad_enabled = was_; }
  set_grad_enabled(const set_grad_enabled&) = delete;
  set_grad_enabled& operator=(const set_grad_enabled&) = delete;

 private:
  bool was_;
};

/// While it lives, nothing is recorded on this thread: `no_grad guard;`
struct no_grad : set_grad_enabled {
  [[nodiscard]] no_grad() : set_grad_enabled(false) {}
};
/// Records again inside of a no_grad scope.
struct enable_grad : set_grad_enabled {
  [[nodiscard]] enable_grad() : set_grad_enabled(true) {}
};

}  // namespace chainrule

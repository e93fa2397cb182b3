#pragma once
// The graph. A Node is one recorded op: its name, its operands (by slot, so that x * x has two), what it saved for its
// gradient rule, and the line of the user's program. Creation order is a topological order; the engine in
// autograd/engine.hpp walks it backward.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/tensor.hpp>
#include <array>
#include <atomic>
#include <initializer_list>
#include <tuple>

namespace chainrule {

/// What a gradient rule gives: one gradient per operand, in operand order; an undefined tensor where none is needed or
/// none exists. `return {ga, gb};`, or `return Grads{ga, gb};` in a lambda.
class Grads {
 public:
  Grads() = default;
  template <class... G>
  requires(std::derived_from<std::remove_cvref_t<G>, TensorBase>&&...) Grads(G&&... g) {
    (push_back(std::forward<G>(g)), ...);
  }

  void push_back(TensorBase g) {
    if (size_ < inline_size) few_[static_cast<std::size_t>(size_)] = std::move(g);
    else many_.push_back(std::move(g));
    ++size_;
  }
  int size() const { return size_; }
  TensorBase& operator[](int i) {
    return i < inline_size ? few_[static_cast<std::size_t>(i)] : many_[static_cast<std::size_t>(i - inline_size)];
  }
  const TensorBase& operator[](int i) const { return const_cast<Grads&>(*this)[i]; }

 private:
  static constexpr int inline_size = 3;
  std::array<TensorBase, inline_size> few_;
  std::vector<TensorBase> many_;
  int size_ = 0;
};

namespace detail {
class Walk;
}

/// What the walk wants of a rule. A rule may ask which operands' gradients are needed, to leave work undone, need[0];
/// and where it may write: need.reuse(g).
class Needs {
 public:
  Needs(const Node& node, detail::Walk& walk, const detail::TensorImpl* reusable)
      : node_(&node), walk_(&walk), reusable_(reusable) {}
  bool operator[](int i) const;

  /// For the last thing that a rule does with its upstream gradient: where the result may be written. Over the gradient
  /// itself if it is uniquely owned and no graph is recorded, which saves the memory of a second tensor; else a fresh
  /// tensor.
  template <class T> Tensor<T> reuse(const Tensor<T>& g) const {
    return g.impl() == reusable_ ? g : detail::allocate<T>(g.shape(), g.device());
  }
  detail::Walk& walk() const { return *walk_; }

 private:
  const Node* node_;
  detail::Walk* walk_;
  const detail::TensorImpl* reusable_;
};

namespace detail {

/// What the graph does with values and gradients of one element type; a program compiles it for the types that it uses
/// (autograd/engine.hpp).
struct GradOps {
  void (*accumulate)(TensorBase& sum, TensorBase g);        // sum += g
  void (*accumulate_grad)(TensorImpl& leaf, TensorBase g);  // leaf.grad += g
  TensorBase (*sum_to)(const TensorBase& g, const Shape& shape, Location at);
  TensorBase (*unshared)(TensorBase g);   // g, or a copy if somebody else holds it
  void (*follow_base)(TensorImpl& view);  // the node of a view whose base was edited (ops/edit_view.hpp)
};
template <class T> const GradOps* grad_ops();

/// From a recorded op to one of its operands: the operand's own node, or the leaf that collects the gradient, or
/// neither.
struct Edge {
  NodeRef node;
  ImplRef leaf;
  const GradOps* ops = nullptr;  // for gradients of the operand's element type
  Shape shape;
  DType dtype = DType::float32;

  Edge() = default;
  Edge(const TensorBase& x, const GradOps* typed) : ops(typed) {
    if (!x.defined()) return;
    shape = x.shape();
    dtype = x.dtype();
    if (const NodeRef& made_by = node_of(*x.impl())) node = made_by;
    else if (x.impl()->requires_grad) leaf = x.share();
  }
};

}  // namespace detail

/// One recorded op.
struct Node : detail::Counted, detail::FromPool {
  Node(const char* op_name, Location where, const TensorBase& value, const detail::GradOps* typed)
      : op(op_name),
        ops(typed),
        id(next_id().fetch_add(1, std::memory_order_relaxed)),
        at(where),
        shape(value.shape()),
        dtype(value.dtype()),
        device(value.device()) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  virtual Grads run(const TensorBase& upstream, const Needs& need) = 0;  ///< the gradient rule
  virtual void release() = 0;                                            ///< lets go of the saved values
  virtual void saved(const Callback<void(const TensorBase&)>& see) const = 0;

  /// A large value that is soon computed again, from what its op kept, need not be kept for the gradients of the ops
  /// that read it: they keep its node and ask it. Its rule then has a function recompute() (core/record.hpp).
  virtual bool recomputes() const { return false; }
  /// Whether recompute() asks another node for what it needs.
  virtual bool uses_recomputed() const { return false; }
  /// With a walk, a reader's rule asks, in its one turn: the walk keeps the value until the last of the readers has
  /// asked.
  virtual TensorBase recompute(detail::Walk* /*walk*/) { return {}; }

  const char* op;              ///< "mul", "relu", ...
  const detail::GradOps* ops;  // for gradients of its value
  std::uint64_t id;  ///< creation number; one counter for all threads, so a result is always newer than its operands
  Location at;       ///< where the user called the op
  std::span<detail::Edge> inputs;  ///< one per operand
  Shape shape;                     ///< of the value it made
  DType dtype;
  Device device;
  bool saves = false;                 ///< the rule needs saved values ...
  std::atomic<bool> released{false};  ///< ... which are gone: backward() went through here
  std::atomic<std::uint32_t> readers{
      0};  ///< how often other ops saved this node instead of its value, see recomputes()

  std::weak_ptr<detail::TensorImpl*> retained;  // retain_grad(): where to keep the gradient
  std::unique_ptr<detail::Hooks> hooks;
  Node* next_dying = nullptr;

 private:
  static std::atomic<std::uint64_t>& next_id() {
    static std::atomic<std::uint64_t> n{1};
    return n;
  }
};

namespace detail {

inline thread_local Node** dying = nullptr;

// The outermost call owns a list; nodes that would be freed by the one being freed are put there instead of recursing.
void drop(Node* node) noexcept;
inline TensorImpl::TensorImpl() = default;
inline TensorImpl::~TensorImpl() = default;

[[gnu::cold, gnu::noinline]] inline void move_retained(TensorImpl& impl, Node* node) {
  if (impl.node) impl.node->retained.reset();
  if (node) node->retained = impl.retains_grad;
}

/// Makes `node` the one that made the value of `impl`: after each recorded op, and after each recorded edit.
inline void give_node(TensorImpl& impl, NodeRef&& node) {
  if (impl.retains_grad) [[unlikely]]
    move_retained(impl, node.get());  // retain_grad() goes with the value
  impl.node = std::move(node);
  impl.edits = impl.base ? impl.base->edits : impl.edits + 1;  // views of it notice
}

[[gnu::cold]] void follow_base(TensorImpl& view);

/// Whether nobody but the `handles` that the caller knows of can see this value, so that it may be written over.
inline bool owned_alone(const TensorBase& x, std::uint32_t handles) {
  const TensorImpl& impl = *x.impl();
  const std::uint32_t sharers = impl.base ? 2 : 1;  // a view of something that nobody else holds
  return x.share().use_count() == handles && impl.storage.use_count() == sharers &&
         (!impl.base || impl.base.use_count() == 1) && impl.storage->owns && impl.contiguous;
}

inline thread_local bool grad_enabled = true;

}  // namespace detail

/// True while ops are being recorded on this thread.
inline bool is_grad_enabled() { return detail::grad_enabled; }

/// Sets recording on or off for the lifetime of the object: `set_grad_enabled guard(false);`
class set_grad_enabled {
 public:
  [[nodiscard("it holds while the object lives: name it, set_grad_enabled guard(false)")]] explicit set_grad_enabled(
      bool on)
      : was_(std::exchange(detail::grad_enabled, on)) {}
  ~set_grad_enabled() { detail::grad_enabled = was_; }
  set_grad_enabled(const set_grad_enabled&) = delete;
  set_grad_enabled& operator=(const set_grad_enabled&) = delete;

 private:
  bool was_;
};

/// While it lives, nothing is recorded on this thread: `no_grad guard;`
struct no_grad : set_grad_enabled {
  [[nodiscard("it holds while the object lives: name it, no_grad guard")]] no_grad() : set_grad_enabled(false) {}
};
/// PyTorch's C++ name of it: `NoGradGuard guard;`
using NoGradGuard = no_grad;
/// Records again inside of a no_grad scope.
struct enable_grad : set_grad_enabled {
  [[nodiscard]] enable_grad() : set_grad_enabled(true) {}
};

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

[[gnu::noinline]] CHAINRULE_INLINE void drop(Node* node) noexcept {
  if (dying) {
    node->next_dying = std::exchange(*dying, node);
    return;
  }
  dying = &node;
  while (node) delete std::exchange(node, node->next_dying);
  dying = nullptr;
}

[[gnu::noinline]] CHAINRULE_INLINE void follow_base(TensorImpl& view) {
  check(!view.requires_grad, {},
        "this view requires grad, and what it looks at was edited in place since by an op that is recorded: its "
        "gradient would be lost; "
        "call requires_grad_() on the tensor that it looks at, or on a clone() of the view");
  const TensorImpl& base = *view.base;
  if (base.node) base.node->ops->follow_base(view);
  else give_node(view, {});
}

}  // namespace chainrule::detail
#endif

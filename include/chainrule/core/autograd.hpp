#pragma once
// The engine: walks the graph backward, newest op first. When it reaches an op, everything that used its result has already
// spoken, because an op is always newer than its operands. No recursion: a chain of a million ops is a loop.

#include <chainrule/core/elementwise.hpp>
#include <chainrule/core/record.hpp>
#include <chainrule/ops/add.hpp>

namespace chainrule {

namespace detail {

/// Calls f with a typed Tensor<float> or Tensor<double> made of x. (The result's type is spelled: clang 14 instantiates functions
/// with deduced types before it has seen the ops that are defined later.)
template <class R, class F> R with_real(const TensorBase& x, const F& f) {
  if (x.dtype() == DType::float32) return f(Tensor<float>(x.share()));
  return f(Tensor<double>(x.share()));
}

/// sum += g: where a value was used more than once, its gradients add up. (TensorBase, since the graph does not know types.)
template <class T> void accumulate(TensorBase& sum, TensorBase g) {
  if (!sum.defined()) {
    sum = std::move(g);
    return;
  }
  const Tensor<T> a(sum.share()), b(g.share());
  if (!grad_enabled && owned_alone(sum, 2)) map_into(fn::Add{}, {}, a, a, b);
  else sum = chainrule::add(Operand<T>(a, Location{}), Operand<T>(b, Location{}), Location{});
}

/// leaf.grad += g.
template <class T> void accumulate_grad(TensorImpl& leaf, TensorBase g) {
  if (!leaf.grad) {
    leaf.grad = grad_enabled || owned_alone(g, 1) ? g.share() : Tensor<T>(g.share()).clone(Location{}).share();
  } else if (grad_enabled) {
    TensorBase sum(leaf.grad);
    accumulate<T>(sum, std::move(g));
    leaf.grad = sum.share();
  } else {
    const Tensor<T> sum(leaf.grad), part(g.share());
    map_into(fn::Add{}, {}, sum, sum, part);
    ++leaf.grad->storage->version;
  }
}

template <class T> TensorBase sum_gradient_to(const TensorBase& g, const Shape& shape, Location at) { return sum_to(Tensor<T>(g.share()), shape, at); }

template <class T> const GradOps* grad_ops() {
  static constexpr GradOps ops{&accumulate<T>, &accumulate_grad<T>, &sum_gradient_to<T>};
  return &ops;
}

inline TensorBase run_hooks(Hooks* hooks, TensorBase g, Location at) {
  if (!hooks) return g;
  auto list = hooks->list;  // a hook may remove itself
  for (auto& [id, hook] : list) {
    TensorBase changed = hook(g);
    if (!changed.defined()) continue;
    check(changed.shape() == g.shape() && changed.dtype() == g.dtype(), at, "register_hook: a hook must return a gradient of the shape and type that it got, ", g.shape(), " of ",
          name_of(g.dtype()), ", this one returned ", changed.shape(), " of ", name_of(changed.dtype()));
    g = changed;
  }
  return g;
}

/// Nodes in order of creation, the newest first (a binary heap; <queue> and <algorithm> cost 9,000 lines).
class NewestFirst {
 public:
  bool empty() const { return heap_.empty(); }
  void push(Node* n) {
    std::size_t i = heap_.size();
    heap_.push_back(n);
    for (; i > 0 && heap_[(i - 1) / 2]->id < n->id; i = (i - 1) / 2) heap_[i] = heap_[(i - 1) / 2];
    heap_[i] = n;
  }
  Node* pop() {
    Node* top = heap_.front();
    Node* last = heap_.back();
    heap_.pop_back();
    const std::size_t n = heap_.size();
    for (std::size_t i = 0; n > 0;) {
      std::size_t child = 2 * i + 1;
      if (child + 1 < n && heap_[child + 1]->id > heap_[child]->id) ++child;
      if (child >= n || heap_[child]->id < last->id) {
        heap_[i] = last;
        break;
      }
      heap_[i] = heap_[child];
      i = child;
    }
    return top;
  }

 private:
  std::vector<Node*> heap_;
};

/// One walk through the graph.
class Engine {
 public:
  Engine(BackwardOptions options, Location at) : options_(options), at_(at) {}
  ~Engine() {
    while (!queue_.empty()) {  // only after an exception
      Node* n = queue_.pop();
      n->pending = TensorBase();
      n->queued = false;
    }
    spare_gradient = nullptr;
    for (Node* n : visited_) {
      n->wanted = true;
      for (Edge& e : n->inputs) e.wanted = e.node || e.leaf;
    }
  }

  /// Asks for the gradients of these tensors instead of filling the leaves' .grad.
  void capture(std::span<const TensorBase> inputs, std::span<const TensorBase> roots) {
    captured_ = inputs;
    results_.resize(inputs.size());
    only_captured_ = true;
    mark_wanted(roots);
  }

  void run(std::span<const TensorBase> roots, std::span<const TensorBase> seeds, const GradOps* ops) {
    set_grad_enabled guard(options_.create_graph);
    // The ops that a rule runs are watched only if they make a graph of their own.
    Unobserved quiet;
    watcher_ = quiet.who();
    if (options_.create_graph) observer = watcher_;
    for (std::size_t i = 0; i < roots.size(); ++i) {
      Edge e(roots[i], ops);
      if (only_captured_) e.wanted = e.node ? e.node->wanted || capture_index(e.node.get()) >= 0 : capture_index(e.leaf.get()) >= 0;
      deliver(e, seeds[i], "backward");
    }
    while (!queue_.empty()) {
      Node* n = queue_.pop();
      n->queued = false;
      step(*n);
    }
    // A leaf's hooks and captures see the sum of all contributions, so they come last.
    for (auto& [leaf, sum, its] : leaves_) {
      sum = run_hooks(leaf->hooks.get(), std::move(sum), at_);
      if (int k = capture_index(leaf.get()); k >= 0) results_[static_cast<std::size_t>(k)] = sum;
      else its->accumulate_grad(*leaf, std::move(sum));
    }
  }

  std::vector<TensorBase>& results() { return results_; }

 private:
  void step(Node& n) {
    TensorBase g = run_hooks(n.hooks.get(), std::move(n.pending), n.at);
    n.pending = TensorBase();
    if (auto kept = n.retained.lock()) n.ops->accumulate_grad(**kept, g);
    if (int k = capture_index(&n); k >= 0) results_[static_cast<std::size_t>(k)] = g;
    if (!n.wanted) return;
    check(!(n.released && n.saves), at_, "backward: the graph was walked already and ", n.op,
          " has let go of what it saved; compute the loss again, or pass {.retain_graph = true} the first time");
    // A watcher is shown the gradient afterwards, and a graph would refer to it.
    const bool spare = !watcher_ && !options_.create_graph && owned_alone(g, 1);
    spare_gradient = spare ? g.impl() : nullptr;
    Grads parts = n.run(g);
    spare_gradient = nullptr;
    check(parts.size() == static_cast<int>(n.inputs.size()), n.at, n.op, ": its gradient rule gave ", parts.size(), " gradients for ", n.inputs.size(), " operands");
    if (watcher_) [[unlikely]] ObserverAccess::tell(watcher_, &Observer::backward, BackwardEvent{n, g, parts});
    g = TensorBase();
    const bool keep = options_.retain_graph || options_.create_graph;
    if (!keep) n.release();
    for (int i = 0; i < parts.size(); ++i) deliver(n.inputs[static_cast<std::size_t>(i)], std::move(parts[i]), n.op);
  }

  void deliver(Edge& edge, TensorBase g, const char* op) {
    if (!edge.wanted || !g.defined()) return;
    check(g.dtype() == edge.dtype, at_, op, ": its gradient rule gave ", name_of(g.dtype()), " for an operand of ", name_of(edge.dtype));
    if (!(g.shape() == edge.shape)) g = edge.ops->sum_to(g, edge.shape, at_);
    if (edge.node) {
      Node& n = *edge.node;
      edge.ops->accumulate(n.pending, std::move(g));
      if (n.queued) return;
      n.queued = true;
      queue_.push(&n);
      return;
    }
    if (watcher_) [[unlikely]] ObserverAccess::tell(watcher_, &Observer::leaf, LeafEvent{TensorBase(edge.leaf), g});
    if (!edge.leaf->hooks && !only_captured_) {
      edge.ops->accumulate_grad(*edge.leaf, std::move(g));
      return;
    }
    for (auto& known : leaves_)
      if (known.leaf == edge.leaf) return edge.ops->accumulate(known.sum, std::move(g));
    leaves_.push_back({edge.leaf, std::move(g), edge.ops});
  }

  int capture_index(const void* key) const {
    for (std::size_t i = 0; i < captured_.size(); ++i) {
      auto* impl = captured_[i].impl();
      if (impl->node ? impl->node.get() == key : static_cast<const void*>(impl) == key) return static_cast<int>(i);
    }
    return -1;
  }

  // Marks the ops that lie between the roots and what is captured: the others need not run.
  void mark_wanted(std::span<const TensorBase> roots) {
    std::vector<Node*> todo;
    NewestFirst found;
    auto visit = [&](Node* n) {
      if (!n || n->queued) return;
      n->queued = true;  // here: seen
      todo.push_back(n);
      found.push(n);
    };
    for (const auto& r : roots) visit(r.impl()->node.get());
    while (!todo.empty()) {
      Node* n = todo.back();
      todo.pop_back();
      for (Edge& e : n->inputs) visit(e.node.get());
    }
    while (!found.empty()) {
      visited_.push_back(found.pop());
      visited_.back()->queued = false;
    }
    for (std::size_t i = visited_.size(); i-- > 0;) {  // oldest first: an op is wanted if one of its operands is
      Node* n = visited_[i];
      n->wanted = false;
      for (Edge& e : n->inputs) {
        e.wanted = e.node ? e.node->wanted || capture_index(e.node.get()) >= 0 : e.leaf && capture_index(e.leaf.get()) >= 0;
        n->wanted = n->wanted || e.wanted;
      }
    }
  }

  BackwardOptions options_;
  Location at_;
  NewestFirst queue_;
  struct LeafSum {
    ImplRef leaf;
    TensorBase sum;
    const GradOps* ops;
  };
  std::vector<LeafSum> leaves_;  // leaves with hooks or captures
  std::span<const TensorBase> captured_;
  std::vector<TensorBase> results_;
  std::vector<Node*> visited_;
  bool only_captured_ = false;
  Observer* watcher_ = nullptr;
};

inline void check_root(const TensorBase& root, const char* op, Location at) {
  check(root.defined(), at, op, ": this tensor is not defined");
  check(root.requires_grad(), at, op, ": this ", name_of(root.dtype()), " tensor of shape ", root.shape(),
        " does not depend on any tensor that requires a gradient; call requires_grad_() on the leaves before computing with them",
        is_grad_enabled() ? "" : " (and recording is off: a no_grad guard is alive)");
}

template <class T> Tensor<T> ones_of(const Shape& shape, Device device) {
  Tensor<T> ones = allocate<T>(shape, device);
  ones.fill_(T(1), Location{});
  return ones;
}

template <class T> Tensor<T> seed_for(const Tensor<T>& root, const Tensor<T>& given, const char* op, Location at) {
  if (!given.defined()) {
    check(root.numel() == 1, at, op, ": a gradient can only start by itself from one number, and this tensor has shape ", root.shape(),
          "; reduce it (.sum(), .mean()), or pass d(loss)/d(this) as an argument");
    return ones_of<T>(root.shape(), root.device());
  }
  check(given.shape() == root.shape(), at, op, ": the gradient has shape ", given.shape(), ", the tensor has ", root.shape());
  return given;
}

}  // namespace detail

template <class T> void Tensor<T>::backward(const Tensor& gradient, BackwardOptions options, Location at) const {
  detail::check_root(*this, "backward", at);
  TensorBase root = *this, seed = detail::seed_for(*this, gradient, "backward", at);
  detail::Engine engine(options, at);
  engine.run({&root, 1}, {&seed, 1}, detail::grad_ops<T>());
}
template <class T> void Tensor<T>::backward(BackwardOptions options, Location at) const { backward(Tensor(), options, at); }

namespace autograd {

/// Options of autograd::grad, as in PyTorch.
struct GradOptions {
  bool retain_graph = false;
  bool create_graph = false;  ///< the gradients can be differentiated again (implies retain_graph)
  bool allow_unused = false;  ///< an input that the outputs do not depend on gets an undefined tensor instead of an error
};

/// d(sum of grad_outputs_i * outputs_i)/d(inputs), without touching any .grad. Only the ops between outputs and inputs run.
/// `grad_outputs` may be left out when every output is one number.
///     auto x = tensor({3}, {.requires_grad = true});
///     auto y = x * x * x;
///     auto dy = autograd::grad({y.sum()}, {x}, {}, {.create_graph = true})[0];  // 27
///     autograd::grad({dy.sum()}, {x})[0];                                       // 18
template <class T>
std::vector<Tensor<T>> grad(const std::vector<Tensor<T>>& outputs, const std::vector<Tensor<T>>& inputs, const std::vector<Tensor<T>>& grad_outputs = {},
                            GradOptions options = {}, Location at = Location::here()) {
  check(grad_outputs.empty() || grad_outputs.size() == outputs.size(), at, "autograd::grad: ", outputs.size(), " outputs but ", grad_outputs.size(), " grad_outputs");
  std::vector<TensorBase> roots, seeds, wanted;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    detail::check_root(outputs[i], "autograd::grad", at);
    roots.push_back(outputs[i]);
    seeds.push_back(detail::seed_for(outputs[i], grad_outputs.empty() ? Tensor<T>() : grad_outputs[i], "autograd::grad", at));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check(inputs[i].defined() && inputs[i].requires_grad(), at, "autograd::grad: input ", i, " does not require a gradient; call requires_grad_() on it first");
    wanted.push_back(inputs[i]);
  }
  detail::Engine engine({.retain_graph = options.retain_graph, .create_graph = options.create_graph}, at);
  engine.capture(wanted, roots);
  engine.run(roots, seeds, detail::grad_ops<T>());
  std::vector<Tensor<T>> grads;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto& g = engine.results()[i];
    check(g.defined() || options.allow_unused, at, "autograd::grad: the outputs do not depend on input ", i, " (shape ", inputs[i].shape(),
          "); pass {.allow_unused = true} to get an undefined tensor for it");
    grads.emplace_back(g.share());
  }
  return grads;
}
template <class T>
std::vector<Tensor<T>> grad(const std::vector<Tensor<T>>& outputs, const std::vector<Tensor<T>>& inputs, GradOptions options, Location at = Location::here()) {
  return grad<T>(outputs, inputs, std::vector<Tensor<T>>{}, options, at);
}
// The braced forms: grad({y}, {x}), grad({y}, {x}, {.create_graph = true}), grad({y}, {x}, {dy}, {.retain_graph = true}).
template <class T>
std::vector<Tensor<T>> grad(std::initializer_list<Tensor<T>> outputs, std::initializer_list<Tensor<T>> inputs, GradOptions options = {}, Location at = Location::here()) {
  return grad<T>(std::vector<Tensor<T>>(outputs), std::vector<Tensor<T>>(inputs), std::vector<Tensor<T>>{}, options, at);
}
template <class T>
std::vector<Tensor<T>> grad(std::initializer_list<Tensor<T>> outputs, std::initializer_list<Tensor<T>> inputs, std::initializer_list<Tensor<T>> grad_outputs,
                            GradOptions options = {}, Location at = Location::here()) {
  return grad<T>(std::vector<Tensor<T>>(outputs), std::vector<Tensor<T>>(inputs), std::vector<Tensor<T>>(grad_outputs), options, at);
}

/// One output, one input, one gradient: autograd::grad(y, x), autograd::grad(y, x, {.create_graph = true}), autograd::grad(y, x, dy).
///     auto x = tensor({3}, {.requires_grad = true});
///     autograd::grad(x * x, x);   // {6}
template <class T> Tensor<T> grad(const Tensor<T>& output, const Tensor<T>& input, GradOptions options = {}, Location at = Location::here()) {
  return grad<T>(std::vector<Tensor<T>>{output}, std::vector<Tensor<T>>{input}, std::vector<Tensor<T>>{}, options, at)[0];
}
template <class T>
Tensor<T> grad(const Tensor<T>& output, const Tensor<T>& input, const Tensor<T>& grad_output, GradOptions options = {}, Location at = Location::here()) {
  return grad<T>(std::vector<Tensor<T>>{output}, std::vector<Tensor<T>>{input}, std::vector<Tensor<T>>{grad_output}, options, at)[0];
}

}  // namespace autograd

// ---- the autograd methods of Tensor ----

template <class T> const Tensor<T>& Tensor<T>::requires_grad_(bool on, Location at) const {
  if constexpr (!Real<T>) check(!on, at, "requires_grad_: only float and double tensors have gradients, this one is ", name_of(dtype()));
  check(is_leaf(), at, "requires_grad_: this tensor was computed by ", is_leaf() ? "" : impl_->node->op, ", only leaves can be changed; use detach() for a copy outside of the graph");
  checked().requires_grad = on;
  return *this;
}
template <class T> void Tensor<T>::set_grad(const Tensor& g, Location at) const {
  check(!g.defined() || g.shape() == shape(), at, "set_grad: the gradient has shape ", g.defined() ? g.shape() : Shape{}, ", the tensor has ", shape());
  checked().grad = g.share();
}
template <class T> void Tensor<T>::zero_grad(bool set_to_none) const {
  if (!checked().grad) return;
  if (set_to_none) impl_->grad.reset();
  else grad().detach().zero_(Location{});
}
template <class T> Tensor<T> Tensor<T>::detach() const { return Tensor(detail::alias(*this)); }
template <class T> const Tensor<T>& Tensor<T>::detach_() const {
  checked().node = {};
  impl_->requires_grad = false;
  return *this;
}
inline void TensorBase::retain_grad(Location at) const {
  check(requires_grad(), at, "retain_grad: this tensor does not require a gradient");
  if (!impl_->retains_grad) impl_->retains_grad = std::make_shared<detail::TensorImpl*>(impl_.get());
  if (impl_->node) impl_->node->retained = impl_->retains_grad;
}

namespace detail {
inline Hooks& hooks_of(TensorImpl& t) {
  auto& place = t.node ? t.node->hooks : t.hooks;
  if (!place) place = std::make_unique<Hooks>();
  return *place;
}
}  // namespace detail

template <class T> std::int64_t Tensor<T>::register_hook(Callback<Tensor(const Tensor&)> f, Location at) const {
  check(requires_grad(), at, "register_hook: this tensor does not require a gradient");
  auto& list = detail::hooks_of(*impl_).list;
  std::int64_t id = list.empty() ? 1 : list.back().first + 1;
  list.emplace_back(id, [f = std::move(f)](const TensorBase& g) -> TensorBase { return f(Tensor(g.share())); });
  return id;
}
inline void TensorBase::remove_hook(std::int64_t id) const {
  std::erase_if(detail::hooks_of(checked()).list, [&](const auto& h) { return h.first == id; });
}

}  // namespace chainrule

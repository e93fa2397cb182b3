#pragma once
// The engine: walks the graph backward, newest op first. When it reaches an op, everything that used its result has
// already spoken, because an op is always newer than its operands. No recursion: a chain of a million ops is a loop.
//
// Threads: walks of several threads may share a graph (with {.retain_graph = true}; without it the second one gets an
// error) and may add to the same leaves; each .grad is then right but for the order in which float sums were added.
// What one thread edits in place, or sets (.grad, requires_grad, hooks), no other may use at the same time.

#include <chainrule/core/elementwise.hpp>
#include <chainrule/core/record.hpp>
#include <chainrule/ops/add.hpp>
#include <chainrule/ops/edit_view.hpp>
#include <cstdio>

namespace chainrule {

namespace detail {

TensorBase run_hooks(Hooks& hooks, TensorBase g, Location at);

/// One walk through the graph.
class Engine : public Walk {
 public:
  Engine(BackwardOptions options, Location at) : options_(options), at_(at) {
    frees_ = !options.retain_graph && !options.create_graph;
  }

  /// Asks for the gradients of these tensors instead of filling the leaves' .grad.
  void capture(std::span<const TensorBase> inputs, std::span<const TensorBase> roots) {
    captures_ = true;
    captured_ = inputs;
    results_.resize(inputs.size());
    mark_needed(roots);
  }

  void run(std::span<const TensorBase> roots, std::span<const TensorBase> seeds, const GradOps* ops) {
    set_grad_enabled guard(options_.create_graph);
    // The ops that a rule runs are watched only if they make a graph of their own.
    Unobserved quiet;
    watcher_ = quiet.who();
    if (options_.create_graph) observer = watcher_;
    for (std::size_t i = 0; i < roots.size(); ++i) send(Edge(roots[i], ops), TensorBase(seeds[i]), "backward");
    walk();
    finish_leaves();
  }

  std::vector<TensorBase>& results() { return results_; }

 private:
  void walk() {
    while (Visit* visit = newest_.pop()) {     // every op that read its value has sent its part of the gradient
      TensorBase gradient = take(*visit);      // their sum, after hooks
      if (!visit->needed) continue;
      Node& node = *visit->node;
      Grads parts = run_rule(node, gradient);  // the chain rule
      for (int i = 0; i < parts.size(); ++i)
        send(node.inputs[static_cast<std::size_t>(i)], std::move(parts[i]), node.op);
    }
  }

  TensorBase take(Visit& visit) {
    Node& n = *visit.node;
    visit.queued = false;
    visit.recomputed = TensorBase();
    TensorBase g = std::exchange(visit.gradient, TensorBase());
    if (n.hooks) g = run_hooks(*n.hooks, std::move(g), n.at);
    if (auto kept = n.retained.lock()) n.ops->accumulate_grad(**kept, g);
    if (visit.captured) give_result(&n, visit.needed ? TensorBase(g) : std::move(g), n.ops);
    return g;
  }

  // Lets go of the gradient: whoever gets a part may be its only owner then.
  Grads run_rule(Node& n, TensorBase& g) {
    check(!(n.saves && n.released), at_, "backward: the graph was walked already and ", n.op,
          " has let go of what it saved; compute the loss again, or pass {.retain_graph = true} the first time");
    // A watcher is shown the gradient afterwards, and a graph would refer to it.
    const bool reusable = !watcher_ && !options_.create_graph && owned_alone(g, 1);
    Grads parts = n.run(g, Needs(n, *this, reusable ? g.impl() : nullptr));
    check(parts.size() == static_cast<int>(n.inputs.size()), n.at, n.op, ": its gradient rule gave ", parts.size(),
          " gradients for ", n.inputs.size(), " operands");
    if (watcher_) [[unlikely]] ObserverAccess::tell(watcher_, &Observer::backward, BackwardEvent{n, g, parts});
    g = TensorBase();
    if (frees_) n.release();
    return parts;
  }

  void send(const Edge& edge, TensorBase&& g, const char* op) {
    if (!g.defined() || !needs(edge)) return;
    check(g.dtype() == edge.dtype, at_, op, ": its gradient rule gave ", name_of(g.dtype()), " for an operand of ", name_of(edge.dtype));
    if (!(g.shape() == edge.shape)) g = edge.ops->sum_to(g, edge.shape, at_);
    if (!edge.node) return send_to_leaf(edge, std::move(g));
    Visit& visit = visits_[edge.node.get()];
    if (!visit.gradient.defined()) visit.gradient = std::move(g);
    else edge.ops->accumulate(visit.gradient, std::move(g));
    if (!std::exchange(visit.queued, true)) newest_.push(visit);
  }

  void send_to_leaf(const Edge& edge, TensorBase&& g) {
    if (watcher_) [[unlikely]] ObserverAccess::tell(watcher_, &Observer::leaf, LeafEvent{TensorBase(edge.leaf), g});
    if (!edge.leaf->hooks && !captures_) return edge.ops->accumulate_grad(*edge.leaf, std::move(g));
    for (auto& known : leaves_)
      if (known.leaf == edge.leaf) return edge.ops->accumulate(known.sum, std::move(g));
    leaves_.push_back({edge.leaf, std::move(g), edge.ops});
  }

  // A leaf's hooks and captures see the sum of all contributions, so they come last.
  void finish_leaves() {
    for (auto& [leaf, sum, ops] : leaves_) {
      if (leaf->hooks) sum = run_hooks(*leaf->hooks, std::move(sum), at_);
      if (captures_) give_result(leaf.get(), std::move(sum), ops);
      else ops->accumulate_grad(*leaf, std::move(sum));
    }
  }

  void give_result(const void* node_or_leaf, TensorBase g, const GradOps* ops) {
    const TensorBase* first = nullptr;
    for (std::size_t i = 0; i < captured_.size(); ++i) {
      TensorImpl& impl = *captured_[i].impl();
      const NodeRef& node = node_of(impl);
      if ((node ? static_cast<const void*>(node.get()) : &impl) != node_or_leaf) continue;
      results_[i] = ops->unshared(first ? *first : std::move(g));
      first = &results_[i];
    }
  }

  // Marks the ops that lie between the roots and what is captured: the others need not run.
  void mark_needed(std::span<const TensorBase> roots) {
    std::vector<Node*> todo;
    NewestFirst found;
    auto see = [&](Node* n) {
      if (!n) return;
      Visit& v = visits_[n];
      if (std::exchange(v.queued, true)) return;  // here: seen
      todo.push_back(n);
      found.push(v);
    };
    for (const auto& r : roots) see(node_of(*r.impl()).get());
    while (!todo.empty()) {
      Node* n = todo.back();
      todo.pop_back();
      for (const Edge& e : n->inputs) see(e.node.get());
    }
    for (const auto& c : captured_)
      if (const NodeRef& node = node_of(*c.impl())) visits_[node.get()].captured = true;
    std::vector<Visit*> order;
    while (Visit* v = found.pop()) order.push_back(v);
    for (std::size_t i = order.size(); i-- > 0;) {  // oldest first: an op is needed if one of its operands is
      order[i]->queued = order[i]->needed = false;
      for (const Edge& e : order[i]->node->inputs) order[i]->needed = order[i]->needed || needs(e);
    }
  }

  BackwardOptions options_;
  Location at_;
  NewestFirst newest_;
  struct LeafSum {
    ImplRef leaf;
    TensorBase sum;
    const GradOps* ops;
  };
  std::vector<LeafSum> leaves_;  // leaves with hooks or captures
  std::vector<TensorBase> results_;
  Observer* watcher_ = nullptr;
};

// ---- adding gradients up ----

/// Calls f with a typed Tensor<float> or Tensor<double> made of x. (The result's type is spelled: clang 14 instantiates
/// functions with deduced types before it has seen the ops that are defined later.)
template <class R, class F> R with_real(const TensorBase& x, const F& f) {
  if (x.dtype() == DType::float32) return f(Tensor<float>(x.share()));
  return f(Tensor<double>(x.share()));
}

/// sum += g: where a value was used more than once, its gradients add up. (TensorBase, since the graph does not know
/// types.)
template <class T> void accumulate(TensorBase& sum, TensorBase g) {
  const Tensor<T> a(sum.share()), b(g.share());
  if (!grad_enabled && owned_alone(sum, 2)) map_into(fn::Add{}, {}, a, a, b);
  else sum = chainrule::add(Operand<T>(a, Location{}), Operand<T>(b, Location{}), Location{});
}

/// g, or a copy where somebody else holds it or its memory: a .grad shares memory with nothing.
template <class T> TensorBase unshared(TensorBase g) {
  if (!owned_alone(g, 1)) return Tensor<T>(g.share()).clone(Location{});
  g.impl()->base.reset();  // of a view, the only one left
  return g;
}

/// One thread at a time adds to a leaf's gradient. Waiting threads sleep: the sum may be long.
class LeafLock {
 public:
  explicit LeafLock(TensorImpl& leaf) : busy_(leaf.busy) {
    while (busy_.test_and_set(std::memory_order_acquire)) busy_.wait(true, std::memory_order_relaxed);
  }
  ~LeafLock() {
    busy_.clear(std::memory_order_release);
    busy_.notify_one();
  }
  LeafLock(const LeafLock&) = delete;
  LeafLock& operator=(const LeafLock&) = delete;

 private:
  std::atomic_flag& busy_;
};

/// leaf.grad += g.
template <class T> void accumulate_grad(TensorImpl& leaf, TensorBase g) {
  if (!grad_enabled) {
    const LeafLock lock(leaf);
    if (!leaf.grad) {
      leaf.grad = unshared<T>(std::move(g)).share();
      return;
    }
    const Tensor<T> sum(leaf.grad), part(g.share());
    map_into(fn::Add{}, {}, sum, sum, part);
    ++leaf.grad->storage->version;
    return;
  }
  // The sum is recorded, and an observer may look on: not under the lock. What is there is taken out, so that what
  // another thread puts there meanwhile is the next part.
  bool ours = false;
  while (true) {
    ImplRef before;
    {
      const LeafLock lock(leaf);
      if (leaf.grad) before.swap(leaf.grad);
      else if (ours) return void(leaf.grad = g.share());
    }
    ours = true;
    try {
      if (!before) {
        g = unshared<T>(std::move(g));
      } else {
        TensorBase sum(before);
        accumulate<T>(sum, std::exchange(g, TensorBase()));
        g = std::move(sum);
      }
    } catch (...) {
      const LeafLock lock(leaf);
      if (!leaf.grad) leaf.grad.swap(before);
      throw;
    }
  }
}

template <class T> TensorBase sum_gradient_to(const TensorBase& g, const Shape& shape, Location at) {
  return sum_to(Tensor<T>(g.share()), shape, at);
}

template <class T> const GradOps* grad_ops() {
  static constexpr GradOps ops{&accumulate<T>, &accumulate_grad<T>, &sum_gradient_to<T>, &unshared<T>,
                               &follow_base_as<T>};
  return &ops;
}

[[gnu::cold, gnu::noinline]] inline TensorBase run_hooks(Hooks& hooks, TensorBase g, Location at) {
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
    check(root.numel() == 1, at, op, ": a gradient can start by itself only from a scalar, and this tensor has shape ",
          root.shape(), "; reduce it (.sum(), .mean()), or pass d(loss)/d(this) as an argument");
    return ones_of<T>(root.shape(), root.device());
  }
  check(given.shape() == root.shape(), at, op, ": the gradient has shape ", given.shape(), ", the tensor has ", root.shape());
  return given;
}

/// backward({.create_graph = true}) gives a leaf a .grad that refers to the leaf: neither is freed while the other
/// stands. Said once.
[[gnu::cold, gnu::noinline]] inline void warn_of_cycle(Location at) {
  static std::atomic_flag told;
  if (told.test_and_set()) return;
  std::fprintf(stderr,
               "chainrule: warning: backward({.create_graph = true}) [%s:%d] makes .grad a part of the graph: leaf and "
               "gradient hold each other and stay in memory until .grad is reset (zero_grad()); autograd::grad() makes no "
               "such cycle. (Said once.)\n",
               at.line > 0 ? at.file : "?", static_cast<int>(at.line));
}

}  // namespace detail

template <class T> void Tensor<T>::backward(const Tensor& gradient, BackwardOptions options, Location at) const {
  detail::check_root(*this, "backward", at);
  if (options.create_graph) detail::warn_of_cycle(at);
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

namespace detail {

/// One tensor, {a, b}, or a std::vector of them.
template <class T> struct TensorList : std::vector<Tensor<T>> {
  TensorList() = default;
  TensorList(const Tensor<T>& only) : std::vector<Tensor<T>>{only} {}
  TensorList(std::initializer_list<Tensor<T>> list) : std::vector<Tensor<T>>(list) {}
  TensorList(const std::vector<Tensor<T>>& list) : std::vector<Tensor<T>>(list) {}
};
template <class T> using AnyList = std::type_identity_t<TensorList<T>>;  // T comes from the outputs

template <class T>
std::vector<Tensor<T>> grad(const std::vector<Tensor<T>>& outputs, const std::vector<Tensor<T>>& inputs,
                            const std::vector<Tensor<T>>& grad_outputs, GradOptions options, Location at) {
  check(grad_outputs.empty() || grad_outputs.size() == outputs.size(), at, "autograd::grad: ", outputs.size(),
        " outputs but ", grad_outputs.size(), " grad_outputs");
  std::vector<TensorBase> roots, seeds, leaves;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    chainrule::detail::check_root(outputs[i], "autograd::grad", at);
    const Tensor<T> given = grad_outputs.empty() ? Tensor<T>() : grad_outputs[i];
    roots.push_back(outputs[i]);
    seeds.push_back(chainrule::detail::seed_for(outputs[i], given, "autograd::grad", at));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check(inputs[i].defined() && inputs[i].requires_grad(), at, "autograd::grad: input ", i,
          " does not require a gradient; call requires_grad_() on it first");
    leaves.push_back(inputs[i]);
  }
  chainrule::detail::Engine engine({.retain_graph = options.retain_graph, .create_graph = options.create_graph}, at);
  engine.capture(leaves, roots);
  engine.run(roots, seeds, chainrule::detail::grad_ops<T>());
  std::vector<Tensor<T>> grads;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto& g = engine.results()[i];
    check(g.defined() || options.allow_unused, at, "autograd::grad: the outputs do not depend on input ", i, " (shape ",
          inputs[i].shape(), "); pass {.allow_unused = true} to get an undefined tensor for it");
    grads.emplace_back(g.share());
  }
  return grads;
}

}  // namespace detail

/// d(sum of grad_outputs_i * outputs_i)/d(inputs), one gradient for each input, without touching any .grad. Only the ops
/// between outputs and inputs run. Outputs, inputs and grad_outputs are one tensor each, a list in braces, or a
/// std::vector (net.parameters()); `grad_outputs` may be left out when every output is one number.
/// Source: torch.autograd.grad.
///     auto x = tensor({3}, {.requires_grad = true});
///     auto dy = autograd::grad(x * x * x, x, {.create_graph = true})[0];  // {27}
///     autograd::grad(dy, {x})[0];                                         // {18}
template <class T>
std::vector<Tensor<T>> grad(const Tensor<T>& output, const detail::AnyList<T>& inputs,
                            const detail::AnyList<T>& grad_outputs, GradOptions options = {},
                            Location at = Location::here()) {
  return detail::grad<T>({output}, inputs, grad_outputs, options, at);
}
template <class T>
std::vector<Tensor<T>> grad(std::initializer_list<Tensor<T>> outputs, const detail::AnyList<T>& inputs,
                            const detail::AnyList<T>& grad_outputs, GradOptions options = {},
                            Location at = Location::here()) {
  return detail::grad<T>(outputs, inputs, grad_outputs, options, at);
}
template <class T>
std::vector<Tensor<T>> grad(const std::vector<Tensor<T>>& outputs, const detail::AnyList<T>& inputs,
                            const detail::AnyList<T>& grad_outputs, GradOptions options = {},
                            Location at = Location::here()) {
  return detail::grad<T>(outputs, inputs, grad_outputs, options, at);
}
// The same without grad_outputs: grad(y, x), grad({y}, {x}, {.create_graph = true}).
template <class T>
std::vector<Tensor<T>> grad(const Tensor<T>& output, const detail::AnyList<T>& inputs, GradOptions options = {},
                            Location at = Location::here()) {
  return detail::grad<T>({output}, inputs, {}, options, at);
}
template <class T>
std::vector<Tensor<T>> grad(std::initializer_list<Tensor<T>> outputs, const detail::AnyList<T>& inputs,
                            GradOptions options = {}, Location at = Location::here()) {
  return detail::grad<T>(outputs, inputs, {}, options, at);
}
template <class T>
std::vector<Tensor<T>> grad(const std::vector<Tensor<T>>& outputs, const detail::AnyList<T>& inputs,
                            GradOptions options = {}, Location at = Location::here()) {
  return detail::grad<T>(outputs, inputs, {}, options, at);
}

}  // namespace autograd

// ---- the autograd methods of Tensor ----

template <class T> const Tensor<T>& Tensor<T>::requires_grad_(bool on, Location at) const {
  if constexpr (!Real<T>) check(!on, at, "requires_grad_: only float and double tensors have gradients, this one is ", name_of(dtype()));
  check(is_leaf(), at, "requires_grad_: this tensor was computed by ", is_leaf() ? "" : grad_fn()->op,
        ", only leaves can be changed; use detach() for a copy outside of the graph");
  checked().requires_grad = on;
  if (on && impl_->base) impl_->base->leaf_views = true;
  return *this;
}
template <class T> void Tensor<T>::set_grad(const Tensor& g, Location at) const {
  check(!g.defined() || g.shape() == shape(), at, "set_grad: the gradient has shape ", g.defined() ? g.shape() : Shape{}, ", the tensor has ", shape());
  checked().grad = g.share();
}
template <class T> void Tensor<T>::zero_grad(bool set_to_none) const {
  if (!checked().grad) return;
  if (set_to_none) return impl_->grad.reset();
  no_grad guard;
  impl_->grad->node.reset();  // of {.create_graph = true}: zeros have no history
  grad().zero_(Location{});
}
template <class T> Tensor<T> Tensor<T>::detach() const { return Tensor(detail::alias(*this)); }
template <class T> const Tensor<T>& Tensor<T>::detach_() const {
  check(!checked().base, {},
        "detach_: this tensor is a view and shares its history with what it looks at; use detach()");
  impl_->node = {};
  impl_->requires_grad = false;
  return *this;
}
inline void TensorBase::retain_grad(Location at) const {
  check(requires_grad(), at, "retain_grad: this tensor does not require a gradient");
  if (!impl_->retains_grad) impl_->retains_grad = std::make_shared<detail::TensorImpl*>(impl_.get());
  if (const auto& node = detail::node_of(*impl_)) node->retained = impl_->retains_grad;
}

namespace detail {
inline Hooks& hooks_of(TensorImpl& t) {
  const NodeRef& node = node_of(t);
  auto& hooks = node ? node->hooks : t.hooks;
  if (!hooks) hooks = std::make_unique<Hooks>();
  return *hooks;
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

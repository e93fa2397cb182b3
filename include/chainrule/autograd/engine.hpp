#pragma once
// The engine: walks the graph backward, newest op first. When it reaches an op, everything that used its result has
// already spoken, because an op is always newer than its operands. No recursion: a chain of a million ops is a loop.
// The first function below is the whole walk; what a walk knows, and the order, stand in core/walk.hpp.
//
// Threads: walks of several threads may share a graph (with {.retain_graph = true}; without it the second one gets an
// error) and may add to the same leaves; each .grad is then right but for the order in which float sums were added.
// What one thread edits in place, or sets (.grad, requires_grad, hooks), no other may use at the same time.

#include <chainrule/autograd/accumulate.hpp>
#include <chainrule/autograd/hooks.hpp>

namespace chainrule::detail {

/// One walk through the graph.
class Engine : public Walk {
  void walk() {
    while (Visit* visit = newest_.pop()) {  // every op that read its value has sent its part of the gradient
      TensorBase gradient = take(*visit);   // their sum, after hooks
      if (!visit->needed) continue;
      Node& node = *visit->node;
      Grads parts = run_rule(node, gradient);  // the chain rule
      for (int i = 0; i < parts.size(); ++i)
        send(node.inputs[static_cast<std::size_t>(i)], std::move(parts[i]), node.op);
    }
  }

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
    if (watcher_) [[unlikely]]
      ObserverAccess::tell(watcher_, &Observer::backward, BackwardEvent{n, g, parts});
    g = TensorBase();
    if (frees_) n.release();
    return parts;
  }

  void send(const Edge& edge, TensorBase&& g, const char* op) {
    if (!g.defined() || !needs(edge)) return;
    check(g.dtype() == edge.dtype, at_, op, ": its gradient rule gave ", name_of(g.dtype()), " for an operand of ",
          name_of(edge.dtype));
    if (!(g.shape() == edge.shape)) g = edge.ops->sum_to(g, edge.shape, at_);
    if (!edge.node) return send_to_leaf(edge, std::move(g));
    Visit& visit = visits_[edge.node.get()];
    if (!visit.gradient.defined()) visit.gradient = std::move(g);
    else edge.ops->accumulate(visit.gradient, std::move(g));
    if (!std::exchange(visit.queued, true)) newest_.push(visit);
  }

  void send_to_leaf(const Edge& edge, TensorBase&& g) {
    if (watcher_) [[unlikely]]
      ObserverAccess::tell(watcher_, &Observer::leaf, LeafEvent{TensorBase(edge.leaf), g});
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

}  // namespace chainrule::detail

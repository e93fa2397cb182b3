#pragma once
// How gradients are added up: in the walk, where a value was used more than once, and in a leaf's .grad, which shares
// memory with nothing and which several threads may reach at once.

#include <chainrule/core/elementwise.hpp>
#include <chainrule/core/record.hpp>
#include <chainrule/ops/add.hpp>
#include <chainrule/ops/edit_view.hpp>

namespace chainrule::detail {

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

}  // namespace chainrule::detail

#pragma once
// What an op saves for its gradient rule, and how it is told: keep(a, b), keep(this_value). A saved value remembers its
// version, so that an edit in place is noticed.

#include <chainrule/core/node.hpp>

namespace chainrule {

/// In a keep() list: the op's own result. Saved without its place in the graph, which would be a cycle that is never
/// freed.
struct ThisValue {};
inline constexpr ThisValue this_value;

/// In a keep() list: what recompute() needs, and of the rule only its second derivatives. Where no graph is being made,
/// the rule gets an undefined tensor instead, so that a value that is recomputed need not be computed for it.
template <class T> struct ForRecompute { const Tensor<T>* tensor; };
template <class T> ForRecompute<T> for_recompute(const Tensor<T>& x) { return {&x}; }

namespace detail {

/// What keep() names; a null pointer stands for this_value.
template <class... S> struct SaveList { const TensorBase* items[sizeof...(S) > 0 ? sizeof...(S) : 1]; };

inline const TensorBase* saved_address(const TensorBase& x) { return &x; }
inline const TensorBase* saved_address(const ThisValue&) { return nullptr; }
template <class T> const TensorBase* saved_address(const ForRecompute<T>& x) { return x.tensor; }

}  // namespace detail

/// Names what the rule will need: operands, other tensors, or this_value.
template <class... S> [[nodiscard]] detail::SaveList<S...> keep(const S&... items) {
  return {{detail::saved_address(items)...}};
}

namespace detail {

inline constexpr std::int64_t recompute_bytes = 256 * 1024;  // a smaller value is saved, even if it could be recomputed

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
  SharedSlot<Node> producer;
  std::uint32_t version = 0;
  bool own;                 // the op's own result
  bool defined = false;     // there was something to save
  bool recomputed = false;  // by `producer`

  SavedItem(const TensorBase& v, bool is_own, bool for_rule) : own(is_own) {
    if (!v.defined()) return;
    defined = true;
    const NodeRef& node = node_of(*v.impl());
    if (node && node->recomputes() && v.version() == 0) {  // what it would make is what it made
      node->readers.fetch_add(for_rule, std::memory_order_relaxed);
      recomputed = true;
      producer.put(node);
      return;
    }
    version = v.version();
    value.put(v.impl()->base && !v.impl()->requires_grad ? frozen(v) : v.share());
  }
  void release() {
    if (!value.empty()) value.take();
    if (!producer.empty()) producer.take();
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

}  // namespace detail
}  // namespace chainrule

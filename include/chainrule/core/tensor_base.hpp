#pragma once
// TensorBase: what of a tensor does not depend on its element type: shape, strides, device, storage, and its place in
// the graph, which works with it. A cheap handle: copies share a TensorImpl.

#include <chainrule/core/callback.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/core/device.hpp>
#include <chainrule/core/dtype.hpp>
#include <chainrule/core/shape.hpp>
#include <chainrule/core/storage.hpp>
#include <chainrule/fwd.hpp>
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace chainrule {

struct Node;

namespace detail {

struct TensorImpl;
void drop(TensorImpl* impl) noexcept;
void drop(Node* node) noexcept;  // core/node.hpp: frees long chains of nodes with a loop
using ImplRef = Ref<TensorImpl>;
using NodeRef = Ref<Node>;

using Hook = Callback<TensorBase(const TensorBase&)>;
struct Hooks {
  std::vector<std::pair<std::int64_t, Hook>> list;
};

struct TensorImpl : Counted, FromPool {
  Ref<Storage> storage;
  std::int64_t offset = 0;  // in elements
  Shape shape;
  Strides strides;
  DType dtype = DType::float32;
  bool contiguous = true;
  bool requires_grad = false;  // a leaf the user wants a gradient for
  bool leaf_views = false;     // some view of it is such a leaf
  std::atomic_flag busy;       // held while a gradient is added to `grad`: several threads may reach one leaf
  std::uint32_t edits =
      0;         // how often `node` was set; of a view: what its base's count was when the view's node was set
  NodeRef node;  // the op that made it, if recorded. Read it with node_of()
  ImplRef base;  // of a view: the tensor whose memory it looks at, itself no view
  ImplRef grad;  // accumulated by backward()
  std::unique_ptr<Hooks> hooks;               // of a leaf; those of a recorded value live in its node
  std::shared_ptr<TensorImpl*> retains_grad;  // retain_grad(): how its node finds it, as long as it lives

  TensorImpl();  // both in core/node.hpp, where a Node is known
  ~TensorImpl();
};

void drop(TensorImpl* impl) noexcept;

/// Gives a view the history that its base has now, where an edit that was recorded has changed it.
void follow_base(TensorImpl& view);
/// Notes an edit in place of the memory of `impl`.
inline void count_edit(TensorImpl& impl, Location at) {
  ++impl.storage->version;
  impl.storage->edited_at = at;
}
/// The op that made this value, or null.
inline const NodeRef& node_of(TensorImpl& impl) {
  if (impl.base && impl.base->edits != impl.edits) [[unlikely]]
    follow_base(impl);
  return impl.node;
}
[[noreturn, gnu::cold, gnu::noinline]] inline void fail_not_defined() {
  fail({}, "this tensor is not defined: a gradient before backward(), or a Tensor<>{} that was never assigned");
}
inline ImplRef make_impl() { return ImplRef(new TensorImpl); }

}  // namespace detail

/// Options of the functions that create tensors: zeros({2, 3}, {.requires_grad = true}).
struct TensorOptions {
  bool requires_grad = false;
  Device device = Device::cpu;
  Generator* generator = nullptr;  ///< for random numbers; the default generator if null
};

/// Options of backward().
struct BackwardOptions {
  bool retain_graph = false;  ///< keep what the graph saved, to go through it again
  /// Record the backward pass itself, for second derivatives (implies retain_graph). A leaf's .grad is then a part of
  /// the graph: leaf and gradient hold each other until .grad is reset. autograd::grad() makes no such cycle;
  /// backward() warns once, as PyTorch does.
  bool create_graph = false;
};

/// A tensor whose element type is known at run time only: shape, strides, device, and its place in the graph.
class TensorBase {
 public:
  TensorBase() = default;
  explicit TensorBase(detail::ImplRef impl) : impl_(std::move(impl)) {}

  bool defined() const {
    return impl_ != nullptr;
  }  ///< false for Tensor<>{}, and for the gradient that does not exist yet
  const Shape& shape() const { return checked().shape; }
  const Shape& sizes() const { return checked().shape; }  ///< PyTorch's other name
  const Strides& strides() const { return checked().strides; }
  /// Elements from one entry of dimension d to the next.
  std::int64_t stride(std::int64_t d, Location at = Location::here()) const {
    return checked().strides[detail::wrap_dim(d, dim(), "stride", at)];
  }
  int dim() const { return checked().shape.size(); }
  int ndim() const { return dim(); }  ///< PyTorch's other name
  std::int64_t numel() const { return checked().shape.numel(); }
  std::int64_t size(std::int64_t d, Location at = Location::here()) const {
    return checked().shape[detail::wrap_dim(d, dim(), "size", at)];
  }
  DType dtype() const { return checked().dtype; }
  Device device() const { return checked().storage->device; }
  bool is_contiguous() const { return checked().contiguous; }
  std::uint32_t version() const { return checked().storage->version; }  ///< goes up with every in-place edit
  bool is_same(const TensorBase& other) const { return impl_ == other.impl_; }
  bool shares_storage(const TensorBase& other) const { return checked().storage == other.checked().storage; }

  bool requires_grad() const { return impl_ && (impl_->requires_grad || detail::node_of(*impl_)); }
  bool is_leaf() const { return !detail::node_of(checked()); }
  const Node* grad_fn() const { return detail::node_of(checked()).get(); }  ///< the op that made this value, or null
  void retain_grad(Location at = Location::here()) const;                   ///< keep .grad of a value that is no leaf

  /// Removes a hook by the number that register_hook gave.
  void remove_hook(std::int64_t id) const;

  detail::TensorImpl* impl() const { return &checked(); }
  const detail::ImplRef& share() const { return impl_; }

 protected:
  detail::TensorImpl& checked() const {
    if (!impl_) [[unlikely]]
      detail::fail_not_defined();
    return *impl_;
  }
  detail::ImplRef impl_;
};

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

[[gnu::noinline]] CHAINRULE_INLINE void drop(TensorImpl* impl) noexcept { delete impl; }

}  // namespace chainrule::detail
#endif

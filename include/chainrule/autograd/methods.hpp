#pragma once
// The methods of Tensor that say what takes part in gradients: requires_grad_, detach, hooks, zero_grad.

#include <chainrule/autograd/backward.hpp>
#include <chainrule/autograd/hooks.hpp>

namespace chainrule {

template <class T> const Tensor<T>& Tensor<T>::requires_grad_(bool on, Location at) const {
  if constexpr (!Real<T>)
    check(!on, at, "requires_grad_: only float and double tensors have gradients, this one is ", name_of(dtype()));
  check(is_leaf(), at, "requires_grad_: this tensor was computed by ", is_leaf() ? "" : grad_fn()->op,
        ", only leaves can be changed; use detach() for a copy outside of the graph");
  checked().requires_grad = on;
  if (on && impl_->base) impl_->base->leaf_views = true;
  return *this;
}
template <class T> void Tensor<T>::set_grad(const Tensor& g, Location at) const {
  check(!g.defined() || g.shape() == shape(), at, "set_grad: the gradient has shape ",
        g.defined() ? g.shape() : Shape{}, ", the tensor has ", shape());
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

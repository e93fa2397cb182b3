#pragma once
// In-place edits: x.add_(y), x += y, x[0] = 5. The values change under every view of x, and the version number goes up,
// so that autograd notices if it had saved the old ones. A leaf that requires grad may only be edited under no_grad.

#include <chainrule/ops/add.hpp>
#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/edit_view.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/sub.hpp>

namespace chainrule {
namespace detail {

template <class T> void check_editable(const Tensor<T>& x, const char* op, Location at) {
  check(x.defined(), at, op, ": this tensor is not defined");
  for (int d = 0; d < x.dim(); ++d)
    check(x.strides()[d] != 0 || x.shape()[d] <= 1, at, op, ": this tensor of shape ", x.shape(),
          " was expanded along dimension ", d,
          ", so several of its elements are one element in memory; clone() it first");
  if (!grad_enabled) return;
  check(!x.impl()->requires_grad, at, op, ": in-place edit of a leaf that requires grad (shape ", x.shape(),
        "): its gradient would be lost; edit it under `no_grad guard;`, or compute a new tensor");
  const TensorImpl& base = x.impl()->base ? *x.impl()->base : *x.impl();
  check(!base.requires_grad && !base.leaf_views, at, op, ": in-place edit of shape ", x.shape(),
        " in memory of a leaf that requires grad (a ",
        base.requires_grad ? "tensor that this one is a view of" : "view of it",
        "): its gradient would be lost; edit it under `no_grad guard;`, or compute a new tensor");
  check(!x.impl()->base || !base.node || x.requires_grad(), at, op, ": in-place edit of a view of shape ", x.shape(),
        " that was made under no_grad, of a tensor that ", base.node ? base.node->op : "",
        " made: that tensor's gradient would not know of "
        "the edit; make the view while recording, or edit it under `no_grad guard;`");
}

/// Whether an edit of x by `rest` becomes a part of a graph.
template <class T, class... Rest> bool recorded_edit(const Tensor<T>& x, const Tensor<Rest>&... rest) {
  return Real<T> && grad_enabled && (x.requires_grad() || ... || rest.requires_grad());
}

/// The one way to edit: `value(old, other)` gives the new values (broadcast to x's shape) as an ordinary op. Recorded
/// where something requires a gradient: x then becomes the result of that op, for everything that is computed from it
/// later.
template <class T, class Value>
const Tensor<T>& edit(const Tensor<T>& x, const char* op, Tensor<T> other, Location at, const Value& value) {
  check_editable(x, op, at);
  const bool recording = recorded_edit(x, other);
  Tensor<T> old = x;
  if (recording) {  // the rule may save the old values: give it a copy with the old place in the graph
    {
      no_grad guard;
      old = clone(x, at);
    }
    old.impl()->node = node_of(*x.impl());
    if (other.defined() && other.is_same(x)) other = old;
    else if (other.defined() && other.shares_storage(x)) other = clone(other, at);
  }
  Tensor<T> result = value(old, other);
  check(broadcast_shapes(x.shape(), result.shape(), op, at) == x.shape(), at, op, ": a result of shape ",
        result.shape(), " does not fit into ", x.shape());
  if (!result.is_same(x)) {
    no_grad guard;
    map_into(fn::Copy{}, at, x, result.defined() && result.shares_storage(x) ? clone(result, at) : result);
  }
  count_edit(*x.impl(), at);
  if (recording) give_history(x, result, op, at);
  return x;
}

/// After x was overwritten by values that do not depend on what it held: as PyTorch, x keeps its place in the graph,
/// and zeros go back from here to what it was; g goes to the source, if there is one. Under no_grad nothing changes but
/// the values.
template <class T> void overwritten(const Tensor<T>& x, const char* op, const Tensor<T>& source, Location at) {
  count_edit(*x.impl(), at);
  if (!recorded_edit(x, source)) return;
  const auto zeros_like = [](const Tensor<T>& g, Needs need) {
    if (!need[0]) return Tensor<T>();
    Tensor<T> zero = allocate<T>(g.shape(), g.device());
    zero.fill_(T{}, Location{});
    return zero;
  };
  const Tensor<T> made(alias(x));
  if (source.defined())
    record(
        op, made, {x, source},
        [=](const Tensor<T>& g, Needs need) {
          return Grads{zeros_like(g, need), g};
        },
        at);
  else
    record(
        op, made, {x}, [=](const Tensor<T>& g, Needs need) { return Grads{zeros_like(g, need)}; }, at);
  give_history(x, made, op, at);
}

/// x = f(x, rest...) straight into x. `note` records it, if anything is recorded: its rule must do without the old
/// values of x.
template <class F, class T, class Note, class... Rest>
const Tensor<T>& edit_straight(const Tensor<T>& x, const char* op, Location at, const F& f, const Note& note,
                               const Tensor<Rest>&... rest) {
  check_editable(x, op, at);
  check_same_device(op, at, x, rest...);
  (check(broadcast_shapes(x.shape(), rest.shape(), op, at) == x.shape(), at, op, ": shape ", rest.shape(),
         " does not fit into ", x.shape()),
   ...);
  map_into(f, at, x, x, rest...);
  count_edit(*x.impl(), at);
  note();
  return x;
}
inline constexpr auto unrecorded = [] {};

/// Whether a temporary is the only owner of its values: an op may write its result over them, and nobody will notice.
template <class T> bool is_uniquely_owned(const Tensor<T>& x) {
  return x.defined() && !observer && owned_alone(x, 1) && !x.impl()->base && !x.impl()->requires_grad;
}

/// Without a graph, and when the operands do not overlap by halves: straight into x, no temporary.
template <class F, class T, class Value>
const Tensor<T>& edit_binary(const F& f, const char* op, const Tensor<T>& x, const Tensor<T>& other, Location at,
                             const Value& value) {
  if (recorded_edit(x, other) || (other.shares_storage(x) && !other.is_same(x))) return edit(x, op, other, at, value);
  return edit_straight(x, op, at, f, unrecorded, other);
}

/// x = f(x, rest...), without a graph straight into x; `value(old)` is the same as a recorded op.
template <class F, class T, class Value, class... Rest>
const Tensor<T>& edit_map(const Tensor<T>& x, const char* op, Location at, const Value& value, const F& f,
                          const Tensor<Rest>&... rest) {
  if (recorded_edit(x) || (rest.shares_storage(x) || ...))
    return edit(x, op, Tensor<T>(), at, [&](const Tensor<T>& old, const Tensor<T>&) { return value(old); });
  return edit_straight(x, op, at, f, unrecorded, rest...);
}

struct Fill {
  static constexpr auto name = "fill_";
  template <class T> CHAINRULE_HD T operator()(T, T value) const { return value; }
};

}  // namespace detail

template <class T> const Tensor<T>& Tensor<T>::fill_(T value, Location at) const {
  detail::check_editable(*this, "fill_", at);
  if constexpr (std::same_as<
                    T,
                    bool>) {  // as bytes: fresh memory holds bytes that are no bool, and a map reads before it writes
    Tensor<std::uint8_t> bytes(detail::alias(*this));
    map_into(fn::BindRight{detail::Fill{}, static_cast<std::uint8_t>(value)}, at, bytes, bytes);
  } else {
    map_into(fn::BindRight{detail::Fill{}, value}, at, *this, *this);
  }
  detail::overwritten(*this, "fill_", Tensor(), at);
  return *this;
}
template <class T> const Tensor<T>& Tensor<T>::copy_(const Tensor& source, Location at) const {
  check(source.defined(), at, "copy_: the source: this tensor is not defined");
  detail::check_editable(*this, "copy_", at);
  check(detail::broadcast_shapes(shape(), source.shape(), "copy_", at) == shape(), at, "copy_: a source of shape ",
        source.shape(), " does not fit into ", shape());
  if (source.is_same(*this)) return *this;
  Tensor from = source.device() == device() ? source : source.to(device(), at);
  if (from.shares_storage(*this)) from = chainrule::clone(from, at);
  map_into(fn::Copy{}, at, *this, from);
  detail::overwritten(*this, "copy_", from, at);
  return *this;
}
template <class T> const Tensor<T>& Tensor<T>::add_(const Tensor& other, Location at) const {
  if (detail::recorded_edit(*this, other) && !impl_->base && !other.shares_storage(*this))  // its rule saves nothing
    return detail::edit_straight(
        *this, "add_", at, fn::Add{}, [&] { detail::record_add(*this, *this, other, at); }, other);
  return detail::edit_binary(fn::Add{}, "add_", *this, other, at, [&](const Tensor& old, const Tensor& by) {
    return chainrule::add(old, Operand<T>(by), at);
  });
}
template <class T> const Tensor<T>& Tensor<T>::mul_(const Tensor& other, Location at) const {
  return detail::edit_binary(fn::Mul{}, "mul_", *this, other, at, [&](const Tensor& old, const Tensor& by) {
    return chainrule::mul(old, Operand<T>(by), at);
  });
}
template <class T> const Tensor<T>& Tensor<T>::sub_(const Tensor& other, Location at) const {
  return detail::edit(*this, "sub_", other, at,
                      [&](const Tensor& old, const Tensor& by) { return chainrule::sub(old, Operand<T>(by), at); });
}
template <class T> const Tensor<T>& Tensor<T>::div_(const Tensor& other, Location at) const {
  static_assert(Real<T>, "div_ would make fractions of integers: x.to<float>() first");
  return detail::edit(*this, "div_", other, at,
                      [&](const Tensor& old, const Tensor& by) { return chainrule::div(old, Operand<T>(by), at); });
}
template <class T> const Tensor<T>& Tensor<T>::add_(const Tensor& other, AddOptions options, Location at) const {
  return add_(chainrule::mul(Operand<T>(other, at), Operand<T>(detail::alpha_of<T>(options, "add_", at), at), at), at);
}
template <class T> const Tensor<T>& Tensor<T>::sub_(const Tensor& other, AddOptions options, Location at) const {
  return sub_(chainrule::mul(Operand<T>(other, at), Operand<T>(detail::alpha_of<T>(options, "sub_", at), at), at), at);
}
template <class T> template <Arithmetic N> const Tensor<T>& Tensor<T>::add_(N v, Location at) const {
  return detail::edit(*this, "add_", Tensor(), at,
                      [&](const Tensor& old, const Tensor&) { return chainrule::add(old, Operand<T>(v), at); });
}
template <class T> template <Arithmetic N> const Tensor<T>& Tensor<T>::sub_(N v, Location at) const {
  return detail::edit(*this, "sub_", Tensor(), at,
                      [&](const Tensor& old, const Tensor&) { return chainrule::sub(old, Operand<T>(v), at); });
}
template <class T> template <Arithmetic N> const Tensor<T>& Tensor<T>::mul_(N v, Location at) const {
  return detail::edit(*this, "mul_", Tensor(), at,
                      [&](const Tensor& old, const Tensor&) { return chainrule::mul(old, Operand<T>(v), at); });
}
template <class T> template <Arithmetic N> const Tensor<T>& Tensor<T>::div_(N v, Location at) const {
  static_assert(Real<T>, "div_ would make fractions of integers: x.to<float>() first");
  return detail::edit(*this, "div_", Tensor(), at,
                      [&](const Tensor& old, const Tensor&) { return chainrule::div(old, Operand<T>(v), at); });
}
template <class T> const Tensor<T>& Tensor<T>::operator+=(Operand<T> o) const {
  return o.tensor ? add_(*o.tensor, o.at) : add_(o.scalar, o.at);
}
template <class T> const Tensor<T>& Tensor<T>::operator-=(Operand<T> o) const {
  return o.tensor ? sub_(*o.tensor, o.at) : sub_(o.scalar, o.at);
}
template <class T> const Tensor<T>& Tensor<T>::operator*=(Operand<T> o) const {
  return o.tensor ? mul_(*o.tensor, o.at) : mul_(o.scalar, o.at);
}
template <class T> const Tensor<T>& Tensor<T>::operator/=(Operand<T> o) const {
  return o.tensor ? div_(*o.tensor, o.at) : div_(o.scalar, o.at);
}

}  // namespace chainrule

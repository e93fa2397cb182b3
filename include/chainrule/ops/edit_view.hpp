#pragma once
// In-place edits and views: what happens to the history when one of several tensors over the same memory is edited.
//     y = x * 1;  v = y[0];  y.mul_(3);     v looks at what mul_ made of y: its history becomes "a part of mul_'s
//     result" y = x * 1;  v = y[0];  v.mul_(3);     y is what it was outside of v, and mul_'s result inside
// A view knows its base, the tensor (itself no view) over whose memory it was made. An edit that is recorded changes
// the node of the base and counts up; a view that finds another count than its own takes its node from the base again
// (node_of in core/tensor.hpp). No edit leaves a view with a history that its values no longer have. Source: the design
// of PyTorch's views.

#include <chainrule/ops/copy.hpp>

namespace chainrule {
namespace detail {

/// How a view lies in its base, both given by shape and strides over one memory; the offset counts from the base's
/// first element.
struct Window {
  Shape base_shape, base_strides;
  Shape shape, strides;
  std::int64_t offset;

  Window(const TensorImpl& base, const TensorImpl& view)
      : base_shape(base.shape),
        base_strides(base.strides),
        shape(view.shape),
        strides(view.strides),
        offset(view.offset - base.offset) {}

  /// Elements of memory from the base's first to its last one.
  std::int64_t extent() const {
    std::int64_t last = 0;
    for (int d = 0; d < base_shape.size(); ++d) last += (base_shape[d] - 1) * base_strides[d];
    return base_shape.numel() == 0 ? 0 : last + 1;
  }
};

/// x's values, laid out in memory as the base is.
template <class T> Tensor<T> laid_out(const Tensor<T>& x, const Window& w) {
  if (x.strides() == w.base_strides) return x;
  Tensor<T> flat = allocate<T>(w.extent(), x.device());
  const Tensor<T> same(alias(flat, w.base_shape, w.base_strides, 0));
  map_into(fn::Copy{}, {}, same, x);
  return same;
}
template <class T> Tensor<T> seen_through(const Tensor<T>& laid, const Window& w) {
  return Tensor<T>(alias(laid, w.shape, w.strides, laid.impl()->offset + w.offset));
}

template <class T> Tensor<T> window_grad(const Tensor<T>& g, const Window& w);

/// What the window shows of x, which has the base's shape. Gradient: zeros with g in the window, summed where the view
/// was expanded.
template <class T> Tensor<T> window(const Tensor<T>& x, const Window& w) {
  return record("as_strided", seen_through(laid_out(x, w), w), {x},
                [w](const Tensor<T>& g) { return Grads{window_grad(g, w)}; }, {});
}

/// Zeros of the base's shape with g in the window.
template <class T> Tensor<T> window_grad(const Tensor<T>& g, const Window& w) {
  Shape once = w.shape, strides = w.strides;  // without the repetitions of an expanded view
  for (int d = 0; d < once.size(); ++d)
    if (strides[d] == 0 && once[d] > 1) once[d] = 1;
  const Tensor<T> summed = sum_to(g, once);
  Tensor<T> flat;
  {
    no_grad guard;
    flat = allocate<T>(w.extent(), g.device());
    flat.fill_(T{}, Location{});
    map_into(fn::Copy{}, {}, Tensor<T>(alias(flat, once, strides, w.offset)), summed);
  }
  return record("as_strided_grad", Tensor<T>(alias(flat, w.base_shape, w.base_strides, 0)), {summed},
                [w, once](const Tensor<T>& gg) {
                  Window part = w;
                  part.shape = once;
                  return Grads{window(gg, part)};
                },
                {});
}

/// g with zeros in the window: the gradient of what an edit of the view left as it was.
template <class T> Tensor<T> outside_window(const Tensor<T>& g, const Window& w) {
  Tensor<T> rest;
  {
    no_grad guard;
    Tensor<T> flat = allocate<T>(w.extent(), g.device());
    rest = Tensor<T>(alias(flat, w.base_shape, w.base_strides, 0));
    map_into(fn::Copy{}, {}, rest, g);
    seen_through(rest, w).fill_(T{}, Location{});
  }
  return record("outside_window", rest, {g}, [w](const Tensor<T>& gg) { return Grads{outside_window(gg, w)}; }, {});
}

/// The node of a view whose base was edited: a window of what the base is now.
template <class T> void follow_base_as(TensorImpl& view) {
  const Tensor<T> base(view.base);
  const Window w(*view.base, view);
  const enable_grad recorded;
  const Tensor<T> seen = record(
      "as_strided", Tensor<T>(alias(base, view.shape, view.strides, view.offset)), {base},
      [w](const Tensor<T>& g) { return Grads{window_grad(g, w)}; }, base.impl()->node->at);
  give_node(view, NodeRef(seen.impl()->node));
}

/// After an edit of x whose result `made` is a recorded value: x is that value, for everything that is computed from it
/// later. Where x is a view, its base becomes the old base outside of x and `made` inside, and every view of the base
/// follows.
template <class T> void give_history(const Tensor<T>& x, const Tensor<T>& made, const char* op, Location at) {
  TensorImpl& impl = *x.impl();
  if (!impl.base) return give_node(impl, NodeRef(made.impl()->node));
  const Tensor<T> base(impl.base), after(alias(base));
  record(
      op, after, {base, made},
      [w = Window(*impl.base, impl)](const Tensor<T>& g, Needs need) {
        return Grads{need[0] ? outside_window(g, w) : Tensor<T>(), need[1] ? window(g, w) : Tensor<T>()};
      },
      at);
  give_node(*impl.base, NodeRef(after.impl()->node));
}

}  // namespace detail
}  // namespace chainrule

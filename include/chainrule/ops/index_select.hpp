#pragma once
// index_select: whole slices picked along one dimension.

#include <chainrule/ops/gather_loop.hpp>
#include <chainrule/ops/create.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule {

namespace detail {

template <class T>
Tensor<T> pick_slices(const Tensor<T>& x, int d, const Tensor<std::int64_t>& index, const char* op, Location at);

// For an index_select that was checked.
template <class T>
Tensor<T> index_select_grad_of(const Tensor<T>& g, const Shape& shape, int d, const Tensor<std::int64_t>& index,
                               Location at = {}) {
  Tensor<T> out = allocate<T>(shape, g.device(), "index_select_grad", at);
  out.fill_(T{}, at);
  auto* run = kernel<fn::ScatterAddKernel<T>>::on(g.device(), at);
  run(indexed_loop(g, out, d, index), out.strides()[d], g.data(), out.data(), index.data());
  return record(
      "index_select_grad", out, {g}, keep(index),
      [d](const Tensor<T>& gg, const Tensor<std::int64_t>& i) {
        return Grads{pick_slices(gg, d, i, "index_select", {})};
      },
      at);
}

// The index has one dimension and was checked.
template <class T>
Tensor<T> pick_slices(const Tensor<T>& x, int d, const Tensor<std::int64_t>& index, const char* op, Location at) {
  Shape shape = x.shape();
  shape[d] = index.numel();
  Tensor<T> out = allocate<T>(shape, x.device(), op, at);
  kernel<fn::GatherKernel<T>>::on(x.device(), at)(indexed_loop(out, x, d, index), x.strides()[d], out.data(), x.data(),
                                                  index.data());
  return record(
      op, out, {x}, keep(index),
      [from = x.shape(), d](const Tensor<T>& g, const Tensor<std::int64_t>& i) {
        return Grads{index_select_grad_of(g, from, d, i)};
      },
      at);
}

}  // namespace detail

/// Zeros of `shape` with every slice of g added at its index along `dim`: the gradient of index_select as an op of its
/// own. Its gradient is index_select. Throws when an index is not in [0, size of dim) or g is not what index_select
/// gives.
template <class T>
Tensor<T> index_select_grad(const Tensor<T>& g, const Shape& shape, std::int64_t dim, const Tensor<std::int64_t>& index,
                            Location at = Location::here()) {
  const int d = detail::wrap_dim(dim, shape.size(), "index_select_grad", at);
  check(index.dim() == 1, at, "index_select_grad: the index must have one dimension, got ", index.shape());
  Shape picked = shape;
  picked[d] = index.numel();
  check(g.shape() == picked, at, "index_select_grad: the gradient needs shape ", picked, ", got ", g.shape());
  detail::check_same_device("index_select_grad", at, g, index);
  detail::check_index(index, 0, shape[d], "index_select_grad", at, "of dimension ", d, " of the shape ", shape);
  return detail::index_select_grad_of(g, shape, d, index, at);
}

/// The slices of x with these indices along `dim`, in the order of the index (one dimension, indices may repeat). Of a
/// scalar, its one element.
/// Gradient: each slice of g is added where it came from, repeated ones in the order of the index. Source:
/// torch.index_select. Throws when an index is not in [0, size of dim), naming it and its position.
///     index_select(tensor({{1, 2}, {3, 4}}), 1, tensor<std::int64_t>({1, 1, 0}))   // {{2, 2, 1}, {4, 4, 3}}
template <class T>
Tensor<T> index_select(const Tensor<T>& x, std::int64_t dim, const Tensor<std::int64_t>& index,
                       Location at = Location::here()) {
  if (x.dim() == 0) {
    check(index.numel() == 1, at, "index_select: a scalar has one element, so the index must have one too, got ",
          index.shape());
    return reshape(index_select(reshape(x, {1}, at), dim, index, at), {}, at);
  }
  int d = detail::wrap_dim(dim, x.dim(), "index_select", at);
  check(index.dim() <= 1, at, "index_select: the index must have one dimension, got ", index.shape(),
        "; flatten it, or use gather or x[index]");
  detail::check_same_device("index_select", at, x, index);
  detail::check_index(index, 0, x.shape()[d], "index_select", at, "of dimension ", d, " of the tensor ", x.shape());
  return detail::pick_slices(x, d, index.dim() == 0 ? reshape(index, {1}, at) : index, "index_select", at);
}

/// An index of int32, as PyTorch takes it.
template <class T, detail::OtherIndex I>
Tensor<T> index_select(const Tensor<T>& x, std::int64_t dim, const Tensor<I>& index, Location at = Location::here()) {
  static_assert(std::same_as<I, std::int32_t>,
                "index_select: the index must be of int64 or int32; convert it: index.to<std::int64_t>()");
  return index_select(x, dim, cast<std::int64_t>(index, at), at);
}

template <class T>
template <detail::OtherIndex I>
Tensor<T> Tensor<T>::index_select(std::int64_t dim, const Tensor<I>& index, Location at) const {
  return chainrule::index_select(*this, dim, index, at);
}
template <class T>
Tensor<T> Tensor<T>::index_select(std::int64_t dim, const Tensor<std::int64_t>& index, Location at) const {
  return chainrule::index_select(*this, dim, index, at);
}

}  // namespace chainrule

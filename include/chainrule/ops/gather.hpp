#pragma once
// gather, and gather_grad, its gradient.

#include <chainrule/ops/gather_loop.hpp>
#include <chainrule/ops/create.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule {

namespace detail {

// The index has as many dimensions as x and fits into it everywhere but along d.
inline void check_gather_shapes(const Shape& x, const Shape& index, int d, const char* op, Location at) {
  check(index.size() == x.size(), at, op, ": the index must have as many dimensions as the tensor, got index ", index,
        " for ", x);
  for (int k = 0; k < x.size(); ++k)
    check(k == d || index[k] <= x[k], at, op, ": index ", index, " is larger than the tensor ", x, " in dimension ", k,
          "; only dimension ", d, " may be larger");
}

}  // namespace detail

template <class T>
Tensor<T> gather(const Tensor<T>& x, std::int64_t dim, const Tensor<std::int64_t>& index,
                 Location at = Location::here());

namespace detail {

// For a gather that was checked.
template <class T>
Tensor<T> gather_grad_of(const Tensor<T>& g, const Shape& shape, int d, const Tensor<std::int64_t>& index,
                         Location at = {}) {
  Tensor<T> out = allocate<T>(shape, g.device(), "gather_grad", at);
  out.fill_(T{}, at);
  auto* run = kernel<fn::ScatterAddKernel<T>>::on(g.device(), at);
  run(indexed_loop(g, out, d, index), out.strides()[d], g.data(), out.data(), index.data());
  return record(
      "gather_grad", out, {g}, keep(index),
      [d](const Tensor<T>& gg, const Tensor<std::int64_t>& i) { return Grads{gather(gg, d, i)}; }, at);
}

}  // namespace detail

/// Zeros of `shape` with every g added at its index along `dim`: the gradient of gather as an op of its own. Its
/// gradient is gather. Throws as gather does, and when g has another shape than the index.
template <class T>
Tensor<T> gather_grad(const Tensor<T>& g, const Shape& shape, std::int64_t dim, const Tensor<std::int64_t>& index,
                      Location at = Location::here()) {
  const int d = detail::wrap_dim(dim, shape.size(), "gather_grad", at);
  detail::check_gather_shapes(shape, index.shape(), d, "gather_grad", at);
  check(g.shape() == index.shape(), at, "gather_grad: the gradient needs the shape of the index, ", index.shape(),
        ", got ", g.shape());
  detail::check_same_device("gather_grad", at, g, index);
  detail::check_index(index, 0, shape[d], "gather_grad", at, "of dimension ", d, " of the shape ", shape);
  return detail::gather_grad_of(g, shape, d, index, at);
}

/// Picks along one dimension: out[i][j][k] = x[i][index[i][j][k]][k] for dim = 1. The result has the shape of the
/// index, which has as many dimensions as x and, except along `dim`, is not larger. A scalar counts as a tensor of
/// shape (1,). Gradient: each g is added at the position that its value came from; positions named twice get the sum,
/// in fixed order. Source: torch.gather.
/// Throws when an index is not in [0, size of dim), naming it and its position.
///     gather(tensor({{1, 2}, {3, 4}}), 1, tensor<std::int64_t>({{0, 0}, {1, 0}}))   // {{1, 1}, {4, 3}}
template <class T>
Tensor<T> gather(const Tensor<T>& x, std::int64_t dim, const Tensor<std::int64_t>& index, Location at) {
  if (x.dim() == 0 || index.dim() == 0) {
    const Tensor<T> picked =
        gather(x.dim() == 0 ? reshape(x, {1}, at) : x, dim, index.dim() == 0 ? reshape(index, {1}, at) : index, at);
    return index.dim() == 0 ? reshape(picked, {}, at) : picked;
  }
  int d = detail::wrap_dim(dim, x.dim(), "gather", at);
  detail::check_gather_shapes(x.shape(), index.shape(), d, "gather", at);
  detail::check_same_device("gather", at, x, index);
  detail::check_index(index, 0, x.shape()[d], "gather", at, "of dimension ", d, " of the tensor ", x.shape());
  Tensor<T> out = detail::allocate<T>(index.shape(), x.device(), "gather", at);
  kernel<fn::GatherKernel<T>>::on(x.device(), at)(detail::indexed_loop(out, x, d, index), x.strides()[d], out.data(),
                                                  x.data(), index.data());
  return record(
      "gather", out, {x}, keep(index),
      [shape = x.shape(), d](const Tensor<T>& g, const Tensor<std::int64_t>& i) {
        return Grads{detail::gather_grad_of(g, shape, d, i)};
      },
      at);
}

/// An index of int32, as PyTorch takes it.
template <class T, detail::OtherIndex I>
Tensor<T> gather(const Tensor<T>& x, std::int64_t dim, const Tensor<I>& index, Location at = Location::here()) {
  static_assert(std::same_as<I, std::int32_t>,
                "gather: the index must be of int64 or int32; convert it: index.to<std::int64_t>()");
  return gather(x, dim, cast<std::int64_t>(index, at), at);
}

template <class T>
template <detail::OtherIndex I>
Tensor<T> Tensor<T>::gather(std::int64_t dim, const Tensor<I>& index, Location at) const {
  return chainrule::gather(*this, dim, index, at);
}
template <class T> Tensor<T> Tensor<T>::gather(std::int64_t dim, const Tensor<std::int64_t>& index, Location at) const {
  return chainrule::gather(*this, dim, index, at);
}

}  // namespace chainrule

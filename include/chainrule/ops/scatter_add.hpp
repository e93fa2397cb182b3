#pragma once
// scatter_add: adds values at positions named by an index.

#include <chainrule/ops/gather.hpp>

namespace chainrule {

/// x with source[i][j][k] added at [i][index[i][j][k]][k] (for dim = 1). The index has as many dimensions as x and is
/// nowhere larger than the source, nor, except along `dim`, than x; of a larger source only the part under the index
/// counts. A scalar counts as a tensor of shape (1,).
/// Gradient: g for x, gather(g, dim, index) for the source. Numbers that land on one position are added in row-major
/// order of the source, whatever the number of threads. Source: torch.scatter_add.
/// Throws when an index is not in [0, size of dim), naming it and its position.
///     scatter_add(zeros({3}), 0, tensor<std::int64_t>({2, 0, 2}), tensor({1, 2, 4}))   // {2, 0, 5}
template <class T>
Tensor<T> scatter_add(const Tensor<T>& x, std::int64_t dim, const Tensor<std::int64_t>& index, const Tensor<T>& source,
                      Location at = Location::here()) {
  if (x.dim() == 0 || index.dim() == 0 || source.dim() == 0) {
    auto as_vector = [&](const auto& v) { return v.dim() == 0 ? reshape(v, {1}, at) : v; };
    return reshape(scatter_add(as_vector(x), dim, as_vector(index), as_vector(source), at), x.shape(), at);
  }
  int d = detail::wrap_dim(dim, x.dim(), "scatter_add", at);
  detail::check_gather_shapes(x.shape(), index.shape(), d, "scatter_add", at);
  detail::check_same_device("scatter_add", at, x, index, source);
  check(source.dim() == index.dim(), at, "scatter_add: source ", source.shape(), " and index ", index.shape(),
        " must have the same number of dimensions");
  Tensor<T> part = source;
  for (int k = 0; k < index.dim(); ++k) {
    check(index.shape()[k] <= source.shape()[k], at, "scatter_add: index ", index.shape(),
          " is larger than the source ", source.shape(), " in dimension ", k);
    if (index.shape()[k] < source.shape()[k]) part = slice(part, k, 0, index.shape()[k], 1, at);
  }
  detail::check_index(index, 0, x.shape()[d], "scatter_add", at, "of dimension ", d, " of the tensor ", x.shape());
  Tensor<T> out = map(fn::Copy{}, at, x);
  kernel<fn::ScatterAddKernel<T>>::on(x.device(), at)(detail::indexed_loop(part, out, d, index), out.strides()[d],
                                                      part.data(), out.data(), index.data());
  return record(
      "scatter_add", out, {x, part}, keep(index),
      [d](const Tensor<T>& g, Needs need, const Tensor<std::int64_t>& i) {
        return Grads{g, need[1] ? gather(g, d, i) : Tensor<T>()};
      },
      at);
}

template <class T>
Tensor<T> Tensor<T>::scatter_add(std::int64_t dim, const Tensor<std::int64_t>& index, const Tensor& source,
                                 Location at) const {
  return chainrule::scatter_add(*this, dim, index, source, at);
}

}  // namespace chainrule

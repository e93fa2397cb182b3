#pragma once
// cat and stack: tensors joined along a dimension that they have, or along a new one.

#include <chainrule/ops/view.hpp>

namespace chainrule {

/// The tensors one after the other along `dim`; their other sizes must agree. Tensors of shape (0,) are left out, as in
/// PyTorch. Gradient: each gets its part of g. Source: torch.cat. Throws for an empty list.
///     cat({tensor({1, 2}), tensor({3})})   // {1, 2, 3}
template <class T>
Tensor<T> cat(const std::vector<Tensor<T>>& tensors, std::int64_t dim = 0, Location at = Location::here()) {
  check(!tensors.empty(), at, "cat: the list of tensors is empty");
  auto skipped = [](const Tensor<T>& x) { return x.dim() == 1 && x.numel() == 0; };
  const Tensor<T>* first = nullptr;
  for (const auto& x : tensors) {
    check(x.defined(), at, "cat: tensor ", &x - tensors.data(), " is not defined");
    check(x.dim() > 0, at, "cat: tensor ", &x - tensors.data(), " is a scalar; use stack()");
    if (!first && !skipped(x)) first = &x;
  }
  if (!first) first = &tensors[0];
  const int d = detail::wrap_dim(dim, first->dim(), "cat", at);
  Shape shape = first->shape();
  shape[d] = 0;
  std::vector<std::int64_t> ends;
  for (const auto& x : tensors) {
    detail::check_same_device("cat", at, *first, x);
    if (!skipped(x) || first->dim() == 1) {
      bool fits = x.dim() == shape.size();
      for (int k = 0; k < shape.size() && fits; ++k) fits = k == d || x.shape()[k] == shape[k];
      check(fits, at, "cat: sizes must agree except in dimension ", d, ", but tensor ", &x - tensors.data(),
            " has shape ", x.shape(), " and the first has ", first->shape());
      shape[d] = detail::add_sizes(shape[d], x.shape()[d]);
    }
    ends.push_back(shape[d]);
  }
  Tensor<T> out = detail::allocate<T>(shape, first->device(), "cat", at);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < tensors.size(); begin = ends[i++]) {
    if (tensors[i].numel() == 0) continue;
    Shape part = shape;
    part[d] = ends[i] - begin;
    map_into(fn::Copy{}, at, detail::make_view(out, part, out.strides(), begin * out.strides()[d]), tensors[i]);
  }
  return record_list<T>(
      "cat", out, tensors,
      [d, ends](const Tensor<T>& g, Needs need) {
        Grads grads;
        std::int64_t from = 0;
        for (std::size_t i = 0; i < ends.size(); from = ends[i++])
          grads.push_back(need[static_cast<int>(i)] && ends[i] > from ? slice(g, d, from, ends[i]) : Tensor<T>());
        return grads;
      },
      at);
}
template <class T>
Tensor<T> cat(std::initializer_list<Tensor<T>> tensors, std::int64_t dim = 0, Location at = Location::here()) {
  return cat(std::vector<Tensor<T>>(tensors), dim, at);
}

/// The tensors side by side along a new dimension `dim`; their shapes must agree.
/// Gradient: each gets its part of g. Source: torch.stack. Throws for an empty list.
///     stack({tensor({1, 2}), tensor({3, 4})}, 1)   // {{1, 3}, {2, 4}}
template <class T>
Tensor<T> stack(const std::vector<Tensor<T>>& tensors, std::int64_t dim = 0, Location at = Location::here()) {
  check(!tensors.empty(), at, "stack: the list of tensors is empty");
  std::vector<Tensor<T>> rows;
  for (const auto& x : tensors) {
    check(x.defined(), at, "stack: tensor ", &x - tensors.data(), " is not defined");
    check(x.shape() == tensors[0].shape(), at, "stack: shapes must agree, but tensor ", &x - tensors.data(),
          " has shape ", x.shape(), " and the first has ", tensors[0].shape());
    rows.push_back(unsqueeze(x, dim, at));
  }
  return cat(rows, dim < 0 ? dim + rows[0].dim() : dim, at);
}
template <class T>
Tensor<T> stack(std::initializer_list<Tensor<T>> tensors, std::int64_t dim = 0, Location at = Location::here()) {
  return stack(std::vector<Tensor<T>>(tensors), dim, at);
}

/// The tensors one under the other, rows on rows; vectors count as one row each. cat along dimension 0. Source:
/// torch.vstack.
///     vstack({tensor({1, 2}), tensor({3, 4})})   // {{1, 2}, {3, 4}}
template <class T> Tensor<T> vstack(const std::vector<Tensor<T>>& tensors, Location at = Location::here()) {
  std::vector<Tensor<T>> rows;
  for (const auto& x : tensors) rows.push_back(x.dim() >= 2 ? x : reshape(x, {1, -1}, at));
  return cat(rows, 0, at);
}
/// The tensors next to each other: cat along dimension 1, of vectors along dimension 0. Source: torch.hstack.
///     hstack({tensor({1, 2}), tensor({3})})   // {1, 2, 3}
template <class T> Tensor<T> hstack(const std::vector<Tensor<T>>& tensors, Location at = Location::here()) {
  std::vector<Tensor<T>> columns;
  for (const auto& x : tensors) columns.push_back(x.dim() >= 1 ? x : reshape(x, {1}, at));
  return cat(columns, !columns.empty() && columns[0].dim() > 1 ? 1 : 0, at);
}
template <class T> Tensor<T> vstack(std::initializer_list<Tensor<T>> tensors, Location at = Location::here()) {
  return vstack(std::vector<Tensor<T>>(tensors), at);
}
template <class T> Tensor<T> hstack(std::initializer_list<Tensor<T>> tensors, Location at = Location::here()) {
  return hstack(std::vector<Tensor<T>>(tensors), at);
}

}  // namespace chainrule

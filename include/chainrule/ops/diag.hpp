#pragma once
// diag and trace: the diagonal of a matrix.

#include <chainrule/ops/create.hpp>
#include <chainrule/ops/gather.hpp>
#include <chainrule/ops/index_select.hpp>
#include <chainrule/ops/scatter_add.hpp>
#include <chainrule/ops/sum.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule {

/// Of a matrix: its diagonal, the elements (i, i + diagonal), as a vector. Of a vector: the matrix that has it there, 0
/// elsewhere. Made of other ops. Source: torch.diag.
///     diag(tensor({{1, 2}, {3, 4}}))   // {1, 4}
///     diag(tensor({1, 4}))             // {{1, 0}, {0, 4}}
template <class T> Tensor<T> diag(const Tensor<T>& x, std::int64_t diagonal = 0, Location at = Location::here()) {
  check(x.dim() == 1 || x.dim() == 2, at, "diag: expects a matrix or a vector, got shape ", x.shape());
  const std::int64_t down = diagonal < 0 ? detail::multiply_sizes(-1, diagonal) : 0,
                     right = diagonal > 0 ? diagonal : 0;  // where it begins
  const std::int64_t rows = x.dim() == 2 ? x.shape()[0] : detail::add_sizes(x.shape()[0], down + right),
                     columns = x.dim() == 2 ? x.shape()[1] : rows;
  if (x.dim() == 1) detail::checked_numel({rows, columns}, sizeof(T), "diag", at);
  const std::int64_t n = std::max<std::int64_t>(0, std::min(rows - down, columns - right)),
                     first = n > 0 ? down * columns + right : 0;
  const auto positions =
      arange<std::int64_t>(first, first + n * (columns + 1), columns + 1, {.device = x.device()}, at);
  if (x.dim() == 2) return index_select(reshape(x, {-1}, at), 0, positions, at);
  return reshape(scatter_add(zeros<T>(rows * columns, {.device = x.device()}, at), 0, positions, x, at),
                 {rows, columns}, at);
}

/// The sum of a matrix's diagonal. Made of other ops. Source: torch.trace.
///     trace(tensor({{1, 2}, {3, 4}}))   // 5
template <class T> Tensor<SumOf<T>> trace(const Tensor<T>& x, Location at = Location::here()) {
  check(x.dim() == 2, at, "trace: expects a matrix, got shape ", x.shape());
  return sum(diag(x, 0, at), at);
}

template <class T> Tensor<T> Tensor<T>::diag(std::int64_t diagonal, Location at) const {
  return chainrule::diag(*this, diagonal, at);
}
template <class T> Tensor<SumOf<T>> Tensor<T>::trace(Location at) const { return chainrule::trace(*this, at); }

}  // namespace chainrule

#pragma once
// tril and triu: the lower and the upper triangle of matrices.

#include <chainrule/ops/create.hpp>

namespace chainrule {

namespace fn {

template <bool lower> struct Triangle {
  static constexpr auto name = lower ? "tril" : "triu";
  std::int64_t diagonal;
  template <class T> CHAINRULE_HD T operator()(T x, std::int64_t row, std::int64_t column) const {
    return (lower ? column - row <= diagonal : column - row >= diagonal) ? x : T(0);
  }
};

}  // namespace fn

namespace detail {

template <bool lower, class T> Tensor<T> triangle(const Tensor<T>& x, std::int64_t diagonal, Location at) {
  constexpr auto op = fn::Triangle<lower>::name;
  check(x.dim() >= 2, at, op, ": expects a matrix or a batch of matrices, got shape ", x.shape());
  auto rows = to_device(counting(x.shape()[x.dim() - 2], op, at), x.device(), at),
       columns = to_device(counting(x.shape()[x.dim() - 1], op, at), x.device(), at);
  return record(
      op, map(fn::Triangle<lower>{diagonal}, at, x, unsqueeze(rows, 1, at), columns), {x},
      [diagonal](const Tensor<T>& g) { return Grads{triangle<lower>(g, diagonal, {})}; }, at);
}

}  // namespace detail

/// The lower triangle of the last two dimensions: element (i, j) where j - i <= diagonal, else 0. Gradient: the same
/// triangle of g. Source: torch.tril.
///     tril(tensor({{1, 2}, {3, 4}}))   // {{1, 0}, {3, 4}}
template <class T> Tensor<T> tril(const Tensor<T>& x, std::int64_t diagonal = 0, Location at = Location::here()) {
  return detail::triangle<true>(x, diagonal, at);
}
/// The upper triangle: element (i, j) where j - i >= diagonal, else 0. Gradient: the same triangle of g. Source:
/// torch.triu.
///     triu(tensor({{1, 2}, {3, 4}}), 1)   // {{0, 2}, {0, 0}}
template <class T> Tensor<T> triu(const Tensor<T>& x, std::int64_t diagonal = 0, Location at = Location::here()) {
  return detail::triangle<false>(x, diagonal, at);
}

template <class T> Tensor<T> Tensor<T>::tril(std::int64_t diagonal, Location at) const {
  return chainrule::tril(*this, diagonal, at);
}
template <class T> Tensor<T> Tensor<T>::triu(std::int64_t diagonal, Location at) const {
  return chainrule::triu(*this, diagonal, at);
}

}  // namespace chainrule

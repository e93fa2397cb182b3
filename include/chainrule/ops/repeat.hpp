#pragma once
// repeat and tile: copies of a tensor side by side.

#include <chainrule/ops/view.hpp>

namespace chainrule {

/// x laid out repeats[d] times along each dimension d; further repeats in front make new dimensions.
/// Gradient: the sum of g over the copies. Source: torch.Tensor.repeat.
///     repeat(tensor({1, 2}), {2, 2})   // {{1, 2, 1, 2}, {1, 2, 1, 2}}
template <class T> Tensor<T> repeat(const Tensor<T>& x, const Shape& repeats, Location at = Location::here()) {
  const int extra = repeats.size() - x.dim();
  check(extra >= 0, at, "repeat: needs a number for each of the ", x.dim(), " dimensions of ", x.shape(), ", got ",
        repeats);
  for (auto r : repeats) check(r >= 0, at, "repeat: the numbers must not be negative, got ", repeats);
  Shape all = repeats;
  for (int d = 0; d < x.dim(); ++d) all[d + extra] = detail::multiply_sizes(all[d + extra], x.shape()[d]);
  detail::checked_numel(all, sizeof(T), "repeat", at);
  Tensor<T> y = x;
  for (int d = x.dim() - 1; d >= 0; --d) {
    const std::int64_t times = repeats[d + extra];
    if (times == 1) continue;
    Tensor<T> many = unsqueeze(y, d, at);  // (.., 1, n, ..)
    Shape shape = many.shape();
    shape[d] = times;
    many = expand(many, shape, at);
    shape.erase(d);
    shape[d] *= times;
    y = reshape(many, shape, at);
  }
  Shape whole = y.shape();
  for (int d = extra - 1; d >= 0; --d) whole.insert(0, repeats[d]);
  if (extra > 0) y = expand(y, whole, at);
  return y.is_contiguous() && !y.shares_storage(x) ? y : clone(y, at);
}

/// repeat, but with fewer numbers than dimensions the first dimensions are not repeated. Source: torch.tile.
///     tile(tensor({{1}, {2}}), {2})   // {{1, 1}, {2, 2}}
template <class T> Tensor<T> tile(const Tensor<T>& x, const Shape& repeats, Location at = Location::here()) {
  Shape all = repeats;
  while (all.size() < x.dim()) all.insert(0, 1);
  return repeat(x, all, at);
}

template <class T> Tensor<T> Tensor<T>::repeat(const Shape& repeats, Location at) const {
  return chainrule::repeat(*this, repeats, at);
}
template <class T> Tensor<T> Tensor<T>::tile(const Shape& repeats, Location at) const {
  return chainrule::tile(*this, repeats, at);
}

}  // namespace chainrule

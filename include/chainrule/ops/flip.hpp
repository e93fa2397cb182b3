#pragma once
// flip: dimensions reversed; roll: elements moved along, around the end.

#include <chainrule/ops/cat.hpp>

namespace chainrule {

/// x with these dimensions reversed, copied. Gradient: g flipped back. Source: torch.flip.
///     flip(tensor({{1, 2}, {3, 4}}), 1)   // {{2, 1}, {4, 3}}
template <class T> Tensor<T> flip(const Tensor<T>& x, const Dims& dims, Location at = Location::here()) {
  Strides strides = x.strides();
  std::int64_t offset = x.impl()->offset;
  bool seen[Shape::max_dims] = {};
  for (auto dim : dims) {
    const int d = detail::wrap_dim(dim, std::max(1, x.dim()), "flip", at);
    check(!seen[d], at, "flip: dimension ", d, " stands twice in ", dims);
    seen[d] = true;
    if (x.dim() == 0 || x.shape()[d] == 0) continue;
    offset += (x.shape()[d] - 1) * x.strides()[d];
    strides[d] = -strides[d];
  }
  return record(
      "flip", map(fn::Copy{}, at, detail::make_view(x, x.shape(), strides, offset)), {x},
      [dims](const Tensor<T>& g) { return Grads{flip(g, dims)}; }, at);
}

/// x moved by `shift` positions along `dim`; what leaves at the end comes in at the beginning. Gradient: g moved back.
/// Source: torch.roll.
///     roll(tensor({1, 2, 3}), 1, 0)   // {3, 1, 2}
template <class T>
Tensor<T> roll(const Tensor<T>& x, std::int64_t shift, std::int64_t dim, Location at = Location::here()) {
  const int d = detail::wrap_dim(dim, x.dim(), "roll", at);
  const std::int64_t n = x.shape()[d];
  const std::int64_t moved = n == 0 ? 0 : shift % n, cut = moved > 0 ? n - moved : -moved;
  return cat({slice(x, d, cut, n, 1, at), slice(x, d, 0, cut, 1, at)}, d, at);
}

/// x read as one row of elements, moved by `shift` positions, in its own shape again.
///     roll(tensor({{1, 2}, {3, 4}}), 1)   // {{4, 1}, {2, 3}}
template <class T> Tensor<T> roll(const Tensor<T>& x, std::int64_t shift, Location at = Location::here()) {
  return reshape(roll(reshape(x, {x.numel()}, at), shift, 0, at), x.shape(), at);
}
/// Several dimensions, each by its own number of positions. Throws when there are not as many shifts as dimensions.
///     roll(tensor({{1, 2}, {3, 4}}), {1, 1}, {0, 1})   // {{4, 3}, {2, 1}}
template <class T>
Tensor<T> roll(const Tensor<T>& x, const Shape& shifts, const Dims& dims, Location at = Location::here()) {
  check(shifts.size() == dims.size(), at, "roll: needs one shift for each dimension, got shifts ", shifts,
        " and dimensions ", dims);
  Tensor<T> y = x;
  for (int i = 0; i < dims.size(); ++i) y = roll(y, shifts[i], dims[i], at);
  return y;
}

template <class T> Tensor<T> Tensor<T>::flip(const Dims& dims, Location at) const {
  return chainrule::flip(*this, dims, at);
}
template <class T> Tensor<T> Tensor<T>::roll(std::int64_t shift, std::int64_t dim, Location at) const {
  return chainrule::roll(*this, shift, dim, at);
}
template <class T> Tensor<T> Tensor<T>::roll(std::int64_t shift, Location at) const {
  return chainrule::roll(*this, shift, at);
}
template <class T> Tensor<T> Tensor<T>::roll(const Shape& shifts, const Dims& dims, Location at) const {
  return chainrule::roll(*this, shifts, dims, at);
}

}  // namespace chainrule

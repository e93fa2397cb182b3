#pragma once
// nonzero: where elements are not zero; masked_select: the elements under a mask.

#include <chainrule/ops/index_select.hpp>

namespace chainrule {

namespace fn {

/// Counts the elements of x that are not zero, and writes their positions unless `positions` is null. Gives the count.
template <class T> struct NonzeroKernel {
  static constexpr auto name = "nonzero";
  using fn = std::int64_t(std::int64_t n, std::int64_t* positions, const T* x);

  static std::int64_t cpu(std::int64_t n, std::int64_t* positions, const T* x) {
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      if (x[i] == T(0)) continue;
      if (positions) positions[count] = i;
      ++count;
    }
    return count;
  }
};

/// Which coordinate a position has in a dimension with this size and (row-major) stride.
struct Coordinate {
  static constexpr auto name = "nonzero";
  std::int64_t size, stride;
  CHAINRULE_HD std::int64_t operator()(std::int64_t position) const { return position / stride % size; }
};

}  // namespace fn

namespace detail {

/// Row-major positions of the elements that are not zero. Shape (count,).
template <class T> Tensor<std::int64_t> nonzero_positions(const Tensor<T>& x, Location at) {
  const Tensor<T> dense = x.is_contiguous() ? x : map(fn::Copy{}, at, x);
  auto* run = kernel<fn::NonzeroKernel<T>>::on(x.device(), at);
  Tensor<std::int64_t> positions =
      allocate<std::int64_t>(run(x.numel(), nullptr, dense.data()), x.device(), "nonzero", at);
  run(x.numel(), positions.data(), dense.data());
  return positions;
}

}  // namespace detail

/// The coordinates of all elements that are not zero, in row-major order: shape (count, number of dimensions). No
/// gradient. Source: torch.nonzero.
///     nonzero(tensor({{0, 5}, {7, 0}}))   // {{0, 1}, {1, 0}}
template <class T> Tensor<std::int64_t> nonzero(const Tensor<T>& x, Location at = Location::here()) {
  Tensor<std::int64_t> positions = detail::nonzero_positions(x, at);
  Tensor<std::int64_t> out = detail::allocate<std::int64_t>({positions.numel(), x.dim()}, x.device(), "nonzero", at);
  const Strides strides = detail::contiguous_strides(x.shape());
  for (int d = 0; d < x.dim() && positions.numel() > 0; ++d)
    map_into(fn::Coordinate{x.shape()[d], strides[d]}, at, detail::make_view(out, positions.numel(), x.dim(), d),
             positions);
  return out;
}

/// The elements of x under the mask, in row-major order, as a tensor with one dimension; x and mask broadcast.
/// Gradient: each g goes to the position its value came from. Source: torch.masked_select.
///     masked_select(tensor({1, 2, 3}), tensor<bool>({true, false, true}))   // {1, 3}
template <class T>
Tensor<T> masked_select(const Tensor<T>& x, const Tensor<bool>& mask, Location at = Location::here()) {
  const Shape shape = detail::broadcast_shapes(x.shape(), mask.shape(), "masked_select", at);
  detail::check_same_device("masked_select", at, x, mask);
  Tensor<std::int64_t> positions = detail::nonzero_positions(expand(mask, shape, at), at);
  Tensor<T> wide = x.shape() == shape ? x : expand(x, shape, at);
  return detail::pick_slices(reshape(wide, {-1}, at), 0, positions, "masked_select", at);
}

template <class T> Tensor<T> Tensor<T>::masked_select(const Tensor<bool>& mask, Location at) const {
  return chainrule::masked_select(*this, mask, at);
}
template <class T> Tensor<std::int64_t> Tensor<T>::nonzero(Location at) const { return chainrule::nonzero(*this, at); }

}  // namespace chainrule

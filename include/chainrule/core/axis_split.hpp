#pragma once
// AxisSplit: a tensor seen from one of its dimensions.

#include <chainrule/core/shape.hpp>

namespace chainrule {

namespace fn {

/// A contiguous tensor as (outer, n, inner): n entries of the dimension that an op works along; outer, the product of
/// the sizes before it; inner, of those behind it, which is also the distance from one entry to the next.
struct AxisSplit {
  std::int64_t outer = 1, n = 1, inner = 1;
};

}  // namespace fn

namespace detail {

inline fn::AxisSplit axis_split(const Shape& shape, int dim) {
  fn::AxisSplit split;
  for (int d = 0; d < shape.size(); ++d) (d < dim ? split.outer : d == dim ? split.n : split.inner) *= shape[d];
  return split;
}

}  // namespace detail

}  // namespace chainrule

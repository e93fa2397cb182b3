#pragma once
// Walking several tensors of one shape together, whatever their strides.

#include <chainrule/core/tensor.hpp>

namespace chainrule::detail {

/// How to walk N tensors of one (broadcast) shape together: operand 0 is the output. Neighbouring dimensions that every operand
/// walks in one stride are merged, so contiguous tensors give one dimension.
template <int N> struct Loop {
  int dims = 0;
  std::int64_t numel = 1;
  std::int64_t size[Shape::max_dims] = {};
  std::int64_t stride[N][Shape::max_dims] = {};  // in elements; 0 where an operand is broadcast
};

template <std::same_as<TensorBase>... X> Loop<static_cast<int>(sizeof...(X))> make_loop(const Shape& shape, const X&... operands) {
  constexpr int n = static_cast<int>(sizeof...(X));
  const TensorBase* all[n] = {&operands...};
  Loop<n> loop;
  loop.numel = shape.numel();
  for (int d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) continue;
    std::int64_t step[n];
    for (int k = 0; k < n; ++k) {
      int mine = d - (shape.size() - all[k]->dim());
      step[k] = mine < 0 || all[k]->shape()[mine] == 1 ? 0 : all[k]->strides()[mine];
    }
    bool merges = loop.dims > 0;
    for (int k = 0; k < n && merges; ++k) merges = loop.stride[k][loop.dims - 1] == step[k] * shape[d];
    int at = merges ? loop.dims - 1 : loop.dims++;
    loop.size[at] = merges ? loop.size[at] * shape[d] : shape[d];
    for (int k = 0; k < n; ++k) loop.stride[k][at] = step[k];
  }
  if (loop.dims == 0) {  // one element
    loop.dims = 1;
    loop.size[0] = loop.numel;
  }
  return loop;
}

template <int N> struct Cursor {  // where each operand stands at the beginning of a row
  std::int64_t index[Shape::max_dims] = {};
  std::int64_t offset[N] = {};

  Cursor(const Loop<N>& loop, std::int64_t row) {
    for (int d = loop.dims - 2; d >= 0; --d) {
      index[d] = row % loop.size[d];
      row /= loop.size[d];
      for (int k = 0; k < N; ++k) offset[k] += index[d] * loop.stride[k][d];
    }
  }
  void next(const Loop<N>& loop) {
    for (int d = loop.dims - 2; d >= 0; --d) {
      for (int k = 0; k < N; ++k) offset[k] += loop.stride[k][d];
      if (++index[d] < loop.size[d]) return;
      for (int k = 0; k < N; ++k) offset[k] -= loop.stride[k][d] * loop.size[d];
      index[d] = 0;
    }
  }
};

}  // namespace chainrule::detail

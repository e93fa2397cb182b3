#pragma once
// Walking several tensors of one shape together, whatever their strides.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/tensor.hpp>

namespace chainrule::detail {

/// How to walk N tensors of one (broadcast) shape together: operand 0 is the output. Neighbouring dimensions that every
/// operand walks in one stride are merged, so contiguous tensors give one dimension.
template <int N> struct Loop {
  static constexpr int operands = N;
  int dims = 0;
  std::int64_t numel = 1;
  std::int64_t size[Shape::max_dims];
  std::int64_t
      stride[N][Shape::max_dims];  // in elements; 0 where an operand is broadcast. (Neither is set beyond `dims`.)
};

/// A Loop whose number of operands is known at run time only: what walks tensors for an op whose functor does the
/// arithmetic is compiled once, not for each number of operands.
struct AnyLoop {
  int operands, dims;
  std::int64_t numel;
  const std::int64_t* size;
  const std::int64_t (*stride)[Shape::max_dims];

  template <int N>
  AnyLoop(const Loop<N>& loop)
      : operands(N), dims(loop.dims), numel(loop.numel), size(loop.size), stride(loop.stride) {}
};

// The dimensions of a loop over n operands; gives their number.
int plan_loop(const Shape& shape, const TensorBase* const* all, int n, std::int64_t* size,
              std::int64_t (*stride)[Shape::max_dims]);

template <std::same_as<TensorBase>... X>
Loop<static_cast<int>(sizeof...(X))> make_loop(const Shape& shape, const X&... operands) {
  const TensorBase* all[] = {&operands...};
  Loop<static_cast<int>(sizeof...(X))> loop;
  loop.numel = shape.numel();
  loop.dims = plan_loop(shape, all, static_cast<int>(sizeof...(X)), loop.size, loop.stride);
  return loop;
}

template <int N> struct Cursor {  // where each operand of a loop, N at most, stands at the beginning of a row
  std::int64_t index[Shape::max_dims] = {};
  std::int64_t offset[N] = {};

  template <class L> Cursor(const L& loop, std::int64_t row) {
    for (int d = loop.dims - 2; d >= 0; --d) {
      index[d] = row % loop.size[d];
      row /= loop.size[d];
      for (int k = 0; k < loop.operands; ++k) offset[k] += index[d] * loop.stride[k][d];
    }
  }
  template <class L> void next(const L& loop) {
    for (int d = loop.dims - 2; d >= 0; --d) {
      for (int k = 0; k < loop.operands; ++k) offset[k] += loop.stride[k][d];
      if (++index[d] < loop.size[d]) return;
      for (int k = 0; k < loop.operands; ++k) offset[k] -= loop.stride[k][d] * loop.size[d];
      index[d] = 0;
    }
  }
};

}  // namespace chainrule::detail

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

[[gnu::noinline]] CHAINRULE_INLINE int plan_loop(const Shape& shape, const TensorBase* const* all, int n,
                                                 std::int64_t* size, std::int64_t (*stride)[Shape::max_dims]) {
  int dims = 0;
  bool flat = true;  // all lie in memory in the order of the walk
  for (int k = 0; k < n && flat; ++k) flat = all[k]->is_contiguous() && all[k]->shape() == shape;
  if (flat) {
    size[0] = shape.numel();
    for (int k = 0; k < n; ++k) stride[k][0] = 1;
    return 1;
  }
  for (int d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) continue;
    bool merges = dims > 0;
    for (int k = 0; k < n; ++k) {
      const int mine = d - (shape.size() - all[k]->dim());
      const std::int64_t step = mine < 0 || all[k]->shape()[mine] == 1 ? 0 : all[k]->strides()[mine];
      merges = merges && stride[k][dims - 1] == step * shape[d];
      stride[k][dims] = step;
    }
    if (merges) {
      for (int k = 0; k < n; ++k) stride[k][dims - 1] = stride[k][dims];
      size[dims - 1] *= shape[d];
    } else {
      size[dims++] = shape[d];
    }
  }
  if (dims == 0) {  // one element
    size[0] = 1;
    for (int k = 0; k < n; ++k) stride[k][0] = 0;
    dims = 1;
  }
  return dims;
}

}  // namespace chainrule::detail
#endif

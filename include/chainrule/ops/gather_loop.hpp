#pragma once
// Reading and writing at positions that an index tensor names: what gather, index_select, scatter_add, x[index] and
// index_put_ stand on. A Loop<3> walks three tensors of one shape together: the values (0), the tensor that is indexed
// (1; it has stride 0 along the indexed dimension) and the index (2; stride 0 along all dimensions that it does not
// have):
//     values[a]  <->  base[b + step * index[c]]

#include <chainrule/ops/copy.hpp>

namespace chainrule {
namespace detail {

using IndexedLoop = Loop<3>;

/// Serial walk over a part of the loop.
template <class Body> void walk_rows(const IndexedLoop& loop, const std::int64_t* start, const Body& body) {
  const std::int64_t width = loop.size[loop.dims - 1];
  Cursor<3> at(loop, 0);
  for (std::int64_t r = 0; r < loop.numel / width; ++r, at.next(loop)) {
    const std::int64_t offset[3] = {start[0] + at.offset[0], start[1] + at.offset[1], start[2] + at.offset[2]};
    body(width, offset);
  }
}

/// A walk that writes into the base, where several elements may land on one position. Different coordinates along a
/// dimension in which the base itself moves never do: the widest such dimension is split into chunks, and each
/// position is written in row-major order of the values, however many chunks there are.
template <class Body> void scatter_rows(const IndexedLoop& loop, const Body& body) {
  if (loop.numel == 0) return;
  int widest = -1;
  for (int d = 0; d < loop.dims; ++d)
    if (loop.stride[1][d] != 0 && (widest < 0 || loop.size[d] > loop.size[widest])) widest = d;
  const std::int64_t zero[3] = {};
  const std::int64_t chunks = loop.numel / elementwise_grain;
  if (widest < 0 || chunks < 2) return walk_rows(loop, zero, body);
  const std::int64_t least = widest == loop.dims - 1 ? 16 : 1, size = loop.size[widest];
  const std::int64_t chunk = std::max(least, (size + chunks - 1) / chunks);
  parallel_for((size + chunk - 1) / chunk, [&](std::int64_t t) {
    IndexedLoop part = loop;
    part.size[widest] = std::min(chunk, size - t * chunk);
    part.numel = loop.numel / size * part.size[widest];
    std::int64_t start[3];
    for (int k = 0; k < 3; ++k) start[k] = t * chunk * loop.stride[k][widest];
    walk_rows(part, start, body);
  });
}

}  // namespace detail

namespace fn {

/// values = base[index]
template <class T> struct GatherKernel {
  static constexpr auto name = "gather";
  using fn = void(const detail::IndexedLoop& loop, std::int64_t step, T* values, const T* base,
                  const std::int64_t* index);

  static void cpu(const detail::IndexedLoop& loop, std::int64_t step, T* values, const T* base,
                  const std::int64_t* index) {
    const int last = loop.dims - 1;
    const std::int64_t sv = loop.stride[0][last], sb = loop.stride[1][last], si = loop.stride[2][last];
    detail::for_each_row(loop, [&](std::int64_t n, const std::int64_t* offset) {
      T* v = values + offset[0];
      const T* b = base + offset[1];
      const std::int64_t* i = index + offset[2];
      if (si == 0) {  // a whole row from one position
        b += step * *i;
        if (sv == 1 && sb == 1)
          for (std::int64_t k = 0; k < n; ++k) v[k] = b[k];
        else
          for (std::int64_t k = 0; k < n; ++k) v[k * sv] = b[k * sb];
      } else {
        for (std::int64_t k = 0; k < n; ++k) v[k * sv] = b[k * sb + step * i[k * si]];
      }
    });
  }
};

/// base[index] += values, each position in row-major order of the values
template <class T> struct ScatterAddKernel {
  static constexpr auto name = "scatter_add";
  using fn = void(const detail::IndexedLoop& loop, std::int64_t step, const T* values, T* base,
                  const std::int64_t* index);

  static void cpu(const detail::IndexedLoop& loop, std::int64_t step, const T* values, T* base,
                  const std::int64_t* index) {
    const int last = loop.dims - 1;
    const std::int64_t sv = loop.stride[0][last], sb = loop.stride[1][last], si = loop.stride[2][last];
    detail::scatter_rows(loop, [&](std::int64_t n, const std::int64_t* offset) {
      const T* v = values + offset[0];
      T* b = base + offset[1];
      const std::int64_t* i = index + offset[2];
      if (si == 0) {
        b += step * *i;
        if (sv == 1 && sb == 1)
          for (std::int64_t k = 0; k < n; ++k) b[k] = static_cast<T>(b[k] + v[k]);
        else
          for (std::int64_t k = 0; k < n; ++k) b[k * sb] = static_cast<T>(b[k * sb] + v[k * sv]);
      } else {
        for (std::int64_t k = 0; k < n; ++k) {
          T& position = b[k * sb + step * i[k * si]];
          position = static_cast<T>(position + v[k * sv]);
        }
      }
    });
  }
};

/// base[index] = values; of several values for one position the last in row-major order stays
template <class T> struct PutKernel {
  static constexpr auto name = "index_put_";
  using fn = void(const detail::IndexedLoop& loop, std::int64_t step, const T* values, T* base,
                  const std::int64_t* index);

  static void cpu(const detail::IndexedLoop& loop, std::int64_t step, const T* values, T* base,
                  const std::int64_t* index) {
    const int last = loop.dims - 1;
    const std::int64_t sv = loop.stride[0][last], sb = loop.stride[1][last], si = loop.stride[2][last];
    detail::scatter_rows(loop, [&](std::int64_t n, const std::int64_t* offset) {
      const std::int64_t* i = index + offset[2];
      for (std::int64_t k = 0; k < n; ++k) base[offset[1] + k * sb + step * i[k * si]] = values[offset[0] + k * sv];
    });
  }
};

/// *outside (in host memory) = the first position whose index is not in [low, high), or -1
struct IndexCheckKernel {
  static constexpr auto name = "index_check";
  using fn = void(const std::int64_t* index, std::int64_t n, std::int64_t low, std::int64_t high,
                  std::int64_t* outside);

  static void cpu(const std::int64_t* index, std::int64_t n, std::int64_t low, std::int64_t high,
                  std::int64_t* outside) {
    *outside = -1;
    for (std::int64_t i = 0; i < n && *outside < 0; ++i)
      if (index[i] < low || index[i] >= high) *outside = i;
  }
};

}  // namespace fn

namespace detail {

/// Throws unless every index lies in [low, high); `what` ends the message: "of dimension 1 (size 5)".
template <class... What>
void check_index(const Tensor<std::int64_t>& index, std::int64_t low, std::int64_t high, const char* op, Location at,
                 const What&... what) {
  const Tensor<std::int64_t> flat = contiguous(index, at);
  std::int64_t outside = -1;
  kernel<fn::IndexCheckKernel>::on(flat.device(), at)(flat.data(), flat.numel(), low, high, &outside);
  if (outside < 0) return;
  const std::int64_t value = Tensor<std::int64_t>(alias(flat, {}, {}, flat.impl()->offset + outside)).item(at);
  Shape position = flat.shape();
  for (int d = position.size() - 1; d >= 0; --d) {
    position[d] = outside % flat.shape()[d];
    outside /= flat.shape()[d];
  }
  fail(at, op, ": index ", value, " at position ", position, " of the index lies outside ", what...);
}

/// How to walk `values`, `base` and `index` together, where `index` counts along dimension d of `base`. The index
/// either has as many dimensions as base, or one (then it stands for dimension d).
inline IndexedLoop indexed_loop(const TensorBase& values, const TensorBase& base, int d, const TensorBase& index) {
  Strides strides = base.strides(), index_strides = index.strides();
  Shape index_shape = index.shape();
  strides[d] = 0;
  if (index.dim() == 1)
    for (int k = d + 1; k < base.dim(); ++k) {
      index_shape.push_back(1);
      index_strides.push_back(1);
    }
  return make_loop(values.shape(), values, TensorBase(alias(base, values.shape(), strides, 0)),
                   TensorBase(alias(index, index_shape, index_strides, 0)));
}

}  // namespace detail
}  // namespace chainrule

#pragma once
// Reductions: a functor (start, fold an element, join two partial results) applied over some dimensions of a tensor.
// Long rows are cut into stretches of fixed length whose partial results are joined in fixed order: the result does not depend
// on the number of threads, and rounding errors grow with the logarithm of the length rather than with the length.

#include <chainrule/core/elementwise.hpp>

namespace chainrule {
namespace detail {

/// Which dimensions go, and the shapes before and after.
struct Reduction {
  Shape from;    // the operand's shape
  Shape kept;    // with 1 for each reduced dimension
  Shape result;  // kept, or without those dimensions
  std::int64_t count = 1;  // elements reduced into one
  bool reduced[Shape::max_dims] = {};
};

inline Reduction plan_reduction(const TensorBase& x, const Dims& dims, bool keepdim, const char* op, Location at) {
  Reduction r;
  r.from = r.kept = x.shape();
  for (auto dim : dims) {
    int d = wrap_dim(dim, std::max(1, x.dim()), op, at);  // a scalar has dimension 0, as in PyTorch
    check(!r.reduced[d], at, op, ": dimension ", d, " stands twice in ", dims);
    r.reduced[d] = true;
  }
  for (int d = 0; d < x.dim(); ++d) {
    if (dims.empty()) r.reduced[d] = true;
    if (r.reduced[d]) {
      r.count *= x.shape()[d];
      r.kept[d] = 1;
      if (keepdim) r.result.push_back(1);
    } else {
      r.result.push_back(x.shape()[d]);
    }
  }
  return r;
}

/// The reduced and the kept dimensions as loops over (out, in), inner dimension last.
struct ReduceLoops {
  Loop<2> kept;     // walks the output and where each output's elements begin
  Loop<1> reduced;  // walks the elements of one output
};

inline ReduceLoops make_reduce_loops(const TensorBase& x, const Reduction& plan) {
  ReduceLoops loops;
  loops.kept.numel = loops.reduced.numel = 1;
  std::int64_t out_stride[Shape::max_dims];
  std::int64_t step = 1;
  for (int d = x.dim() - 1; d >= 0; --d) {
    out_stride[d] = step;
    step *= plan.kept[d];
  }
  auto push = [](auto& loop, std::int64_t size, auto... strides) {
    constexpr int n = static_cast<int>(sizeof...(strides));
    std::int64_t s[n] = {strides...};
    loop.numel *= size;
    if (size == 1) return;
    bool merges = loop.dims > 0;
    for (int k = 0; k < n && merges; ++k) merges = loop.stride[k][loop.dims - 1] == s[k] * size;
    int at = merges ? loop.dims - 1 : loop.dims++;
    loop.size[at] = merges ? loop.size[at] * size : size;
    for (int k = 0; k < n; ++k) loop.stride[k][at] = s[k];
  };
  for (int d = 0; d < x.dim(); ++d) {
    if (plan.reduced[d]) push(loops.reduced, x.shape()[d], x.strides()[d]);
    else push(loops.kept, x.shape()[d], out_stride[d], x.strides()[d]);
  }
  auto one = [](auto& loop) {
    if (loop.dims == 0) {
      loop.dims = 1;
      loop.size[0] = loop.numel;
    }
  };
  one(loops.kept);
  one(loops.reduced);
  return loops;
}

inline constexpr std::int64_t reduce_stretch = 1024;  // elements folded one after the other before partial results are joined

/// n elements `stride` apart: 8 running results, so that the compiler can use vectors, in stretches joined as a balanced tree.
template <class A, class F, class T> A fold_row(const F& f, const T* x, std::int64_t n, std::int64_t stride) {
  if (n > reduce_stretch) {
    std::int64_t half = (n / 2 + reduce_stretch - 1) / reduce_stretch * reduce_stretch;
    return f.join(fold_row<A>(f, x, half, stride), fold_row<A>(f, x + half * stride, n - half, stride));
  }
  A lane[8];
  for (A& l : lane) l = f.template start<A>();
  std::int64_t i = 0;
  if (stride == 1) for (; i + 8 <= n; i += 8) for (int k = 0; k < 8; ++k) lane[k] = f(lane[k], x[i + k]);
  else for (; i + 8 <= n; i += 8) for (int k = 0; k < 8; ++k) lane[k] = f(lane[k], x[(i + k) * stride]);
  for (; i < n; ++i) lane[i % 8] = f(lane[i % 8], x[i * stride]);
  for (int width = 4; width > 0; width /= 2) for (int k = 0; k < width; ++k) lane[k] = f.join(lane[k], lane[k + width]);
  return lane[0];
}

/// All elements of one output: rows of the innermost reduced dimension, joined in order.
template <class A, class F, class T> A fold_all(const F& f, const T* x, const Loop<1>& loop) {
  const int last = loop.dims - 1;
  const std::int64_t width = loop.size[last], rows = width > 0 ? loop.numel / width : 0;
  if (rows == 1) return fold_row<A>(f, x, width, loop.stride[0][last]);
  A total = f.template start<A>();
  Cursor<1> at(loop, 0);
  for (std::int64_t r = 0; r < rows; ++r, at.next(loop)) total = f.join(total, fold_row<A>(f, x + at.offset[0], width, loop.stride[0][last]));
  return total;
}

/// for_each_row where each element costs `work`: chunks are cut so that a task is worth a thread.
template <class Body> void for_each_output(const Loop<2>& loop, std::int64_t work, const Body& body) {
  const int last = loop.dims - 1;
  const std::int64_t width = loop.size[last], grain = std::max<std::int64_t>(1, elementwise_grain / std::max<std::int64_t>(1, work));
  if (loop.numel == 0) return;
  const std::int64_t cuts = (width + grain - 1) / grain, rows = loop.numel / width;
  if (loop.numel <= grain) {
    Cursor<2> at(loop, 0);
    for (std::int64_t r = 0; r < rows; ++r, at.next(loop)) body(width, at.offset);
    return;
  }
  parallel_for(rows * cuts, [&](std::int64_t t) {
    Cursor<2> at(loop, t / cuts);
    const std::int64_t from = t % cuts * grain;
    for (int k = 0; k < 2; ++k) at.offset[k] += from * loop.stride[k][last];
    body(std::min(grain, width - from), at.offset);
  });
}

}  // namespace detail

/// The slot of a reduction F from T to R.
template <class F, class R, class T> struct ReduceKernel {
  static constexpr auto name = F::name;
  using fn = void(const F& f, const detail::ReduceLoops& loops, R* out, const T* x);

  static void cpu(const F& f, const detail::ReduceLoops& loops, R* out, const T* x) {
    const auto& kept = loops.kept;
    const auto& reduced = loops.reduced;
    const int last = kept.dims - 1;
    if (reduced.numel == 0) {
      for (std::int64_t i = 0; i < kept.numel; ++i) out[i] = f.template start<R>();
      return;
    }
    if (kept.numel == 1 && reduced.dims == 1 && reduced.numel > 4 * detail::elementwise_grain) {  // one long row: fixed pieces, in parallel
      const std::int64_t piece = detail::elementwise_grain, pieces = (reduced.numel + piece - 1) / piece, stride = reduced.stride[0][0];
      std::unique_ptr<R[]> part(new R[static_cast<std::size_t>(pieces)]);  // no vector: vector<bool> packs bits, which threads must not share
      parallel_for(pieces, [&](std::int64_t p) {
        part[static_cast<std::size_t>(p)] = detail::fold_row<R>(f, x + p * piece * stride, std::min(piece, reduced.numel - p * piece), stride);
      });
      R total = part[0];
      for (std::int64_t p = 1; p < pieces; ++p) total = f.join(total, part[static_cast<std::size_t>(p)]);
      out[0] = total;
      return;
    }
    if (kept.stride[1][last] == 1 && kept.size[last] >= 8 && reduced.stride[0][reduced.dims - 1] != 1) {
      columns(f, loops, out, x);
      return;
    }
    detail::for_each_output(kept, reduced.numel, [&](std::int64_t n, const std::int64_t* offset) {
      for (std::int64_t i = 0; i < n; ++i)
        out[offset[0] + i * kept.stride[0][last]] = detail::fold_all<R>(f, x + offset[1] + i * kept.stride[1][last], reduced);
    });
  }

 private:
  // Outputs that lie side by side, as the columns of a matrix: whole rows are folded into a stretch of outputs at once.
  static void columns(const F& f, const detail::ReduceLoops& loops, R* out, const T* x) {
    const auto& kept = loops.kept;
    const auto& reduced = loops.reduced;
    const int last = kept.dims - 1;
    constexpr std::int64_t stretch = 256;
    const std::int64_t width = kept.size[last], cuts = (width + stretch - 1) / stretch, rows = kept.numel / width;
    auto task = [&](std::int64_t t) {
      detail::Cursor<2> at(kept, t / cuts);
      const std::int64_t from = t % cuts * stretch, n = std::min(stretch, width - from);
      R sum[stretch], total[stretch];  // of the current rows, joined into the total every reduce_stretch rows
      for (std::int64_t i = 0; i < n; ++i) sum[i] = total[i] = f.template start<R>();
      detail::Cursor<1> row(reduced, 0);
      const std::int64_t inner = reduced.size[reduced.dims - 1], step = reduced.stride[0][reduced.dims - 1];
      std::int64_t folded = 0;
      for (std::int64_t r = 0; r < reduced.numel / inner; ++r, row.next(reduced)) {
        const T* p = x + at.offset[1] + row.offset[0] + from;
        for (std::int64_t k = 0; k < inner; ++k, p += step) {
          for (std::int64_t i = 0; i < n; ++i) sum[i] = f(sum[i], p[i]);
          if (++folded % detail::reduce_stretch != 0) continue;
          for (std::int64_t i = 0; i < n; ++i) {
            total[i] = f.join(total[i], sum[i]);
            sum[i] = f.template start<R>();
          }
        }
      }
      for (std::int64_t i = 0; i < n; ++i) out[at.offset[0] + from + i] = f.join(total[i], sum[i]);
    };
    if (kept.numel * reduced.numel < detail::elementwise_grain) for (std::int64_t t = 0; t < rows * cuts; ++t) task(t);
    else parallel_for(rows * cuts, task);
  }
};

/// A fresh tensor: F over the dimensions of the plan. Not recorded.
template <class R, class F, class T> Tensor<R> reduce(const F& f, const Tensor<T>& x, const detail::Reduction& plan, Location at) {
  Tensor<R> out = detail::allocate<R>(plan.result, x.device());
  kernel<ReduceKernel<F, R, T>>::on(x.device(), at)(f, detail::make_reduce_loops(x, plan), out.data(), x.data());
  return out;
}

}  // namespace chainrule

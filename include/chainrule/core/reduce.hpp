#pragma once
// Reductions: a functor (start, fold an element, join two partial results) applied over some dimensions of a tensor.
// Long rows are split into blocks of fixed length, whose partial results are joined in fixed order: the result does not
// depend on the number of threads, and rounding errors grow with the logarithm of the length, not with the length.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/elementwise.hpp>
#include <memory>

namespace chainrule {
namespace detail {

/// Which dimensions go, and the shapes before and after.
struct Reduction {
  Shape from;              // the operand's shape
  Shape kept;              // with 1 for each reduced dimension
  Shape result;            // kept, or without those dimensions
  std::int64_t count = 1;  // elements reduced into one
  bool reduced[Shape::max_dims] = {};
};

Reduction plan_reduction(const TensorBase& x, const Dims& dims, bool keepdim, const char* op, Location at);

/// The reduced and the kept dimensions as loops over (out, in), inner dimension last.
struct ReduceLoops {
  Loop<2> kept;     // walks the output and where each output's elements begin
  Loop<1> reduced;  // walks the elements of one output
};

ReduceLoops make_reduce_loops(const TensorBase& x, const Reduction& plan);

inline constexpr std::int64_t fold_block = 4096;  // elements folded in running totals before those are joined

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed"  // a functor that calls pow stays a loop of calls
#endif

/// x[0], x[stride], ... (n of them) in blocks, whose results are joined as a balanced tree. For the body of
/// simd::run().
template <class A, class F, class T>
CHAINRULE_HD inline A fold_blocks(const F& f, const T* x, std::int64_t n, std::int64_t stride) {
  if (stride == 1 && n <= fold_block) return simd::fold<A>(f, x, n);
  A waiting[48],
      total{};  // results of 1, 2, 4, ... blocks that wait for their other half, as the digits of a binary counter
  int depth = 0;
  std::int64_t done = 0;
  for (std::int64_t i = 0; i < n; i += fold_block) {
    const std::int64_t count = n - i < fold_block ? n - i : fold_block;
    if (stride == 1) {
      total = simd::fold<A>(f, x + i, count);
    } else {
      A lane[4] = {f.template start<A>(), f.template start<A>(), f.template start<A>(), f.template start<A>()};
      const T* p = x + i * stride;
      std::int64_t k = 0;
      for (; k + 4 <= count; k += 4, p += 4 * stride)
        for (int j = 0; j < 4; ++j) lane[j] = f(lane[j], p[j * stride]);
      for (; k < count; ++k, p += stride) lane[0] = f(lane[0], *p);
      total = f.join(f.join(lane[0], lane[1]), f.join(lane[2], lane[3]));
    }
    for (std::int64_t t = done++; t % 2 != 0; t /= 2) total = f.join(waiting[--depth], total);
    waiting[depth++] = total;
  }
  if (depth == 0) return f.template start<A>();
  total = waiting[--depth];
  while (depth > 0) total = f.join(waiting[--depth], total);
  return total;
}

/// out[i * out_step] = row i of `count` rows folded, which begin x_step apart.
template <class A, class F, class T>
void fold_rows(F f, A* out, std::int64_t out_step, const T* x, std::int64_t x_step, std::int64_t count, std::int64_t n,
               std::int64_t stride) {
  simd::run([=] {
    for (std::int64_t i = 0; i < count; ++i) out[i * out_step] = fold_blocks<A>(f, x + i * x_step, n, stride);
  });
}

/// n elements `stride` apart, folded into one.
template <class A, class F, class T> A fold_row(F f, const T* x, std::int64_t n, std::int64_t stride) {
  A total;
  fold_rows(f, &total, 1, x, 0, 1, n, stride);
  return total;
}

/// Columns side by side: total[i] = f(total[i], x[r * step + i]) for `rows` rows.
template <class A, class F, class T>
void fold_columns(F f, A* total, const T* x, std::int64_t n, std::int64_t rows, std::int64_t step) {
  simd::run([=] {
    const T* p = x;
    std::int64_t r = 0;
    for (; r + 4 <= rows; r += 4, p += 4 * step) {
      const T *p1 = p + step, *p2 = p1 + step, *p3 = p2 + step;
      CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) total[i] =
          f(f(f(f(total[i], simd::load(p + i)), simd::load(p1 + i)), simd::load(p2 + i)), simd::load(p3 + i));
    }
    for (; r < rows; ++r, p += step) {
      CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) total[i] = f(total[i], simd::load(p + i));
    }
  });
}

template <class A, class F> void join_columns(F f, A* total, const A* part, std::int64_t n) {
  simd::run([=] { CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) total[i] = f.join(total[i], part[i]); });
}

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

/// for_each_row where each element costs `work`: a chunk is large enough to be worth a thread.
template <class Body> void for_each_output(const Loop<2>& loop, std::int64_t work, const Body& body) {
  const int last = loop.dims - 1;
  const std::int64_t width = loop.size[last],
                     grain = std::max<std::int64_t>(1, elementwise_grain / std::max<std::int64_t>(1, work));
  if (loop.numel == 0) return;
  const std::int64_t chunks = (width + grain - 1) / grain, rows = loop.numel / width;
  if (loop.numel <= grain) {
    Cursor<2> at(loop, 0);
    for (std::int64_t r = 0; r < rows; ++r, at.next(loop)) body(width, at.offset);
    return;
  }
  parallel_for(rows * chunks, [&](std::int64_t t) {
    Cursor<2> at(loop, t / chunks);
    const std::int64_t from = t % chunks * grain;
    for (int k = 0; k < 2; ++k) at.offset[k] += from * loop.stride[k][last];
    body(std::min(grain, width - from), at.offset);
  });
}

/// What a reduction does to arrays whose types the caller does not know.
struct FoldTable {
  int out_bytes, in_bytes;
  void (*start)(const void* f, void* out, std::int64_t n);
  void (*rows)(const void* f, void* out, std::int64_t out_step, const void* x, std::int64_t x_step, std::int64_t count,
               std::int64_t n, std::int64_t stride);
  void (*columns)(const void* f, void* total, const void* x, std::int64_t n, std::int64_t rows, std::int64_t step);
  void (*join)(const void* f, void* total, const void* part, std::int64_t n);
};

inline constexpr std::int64_t reduce_grain =
    65536;  // elements a task: more than elementwise_grain, for each costs a load alone
inline constexpr std::int64_t column_block = 1024;

/// Long rows into few outputs: each row is split into chunks.
void reduce_in_chunks(const FoldTable& table, const void* f, const ReduceLoops& loops, char* out, const char* x);

/// Outputs that lie side by side, as the columns of a matrix: rows are folded into a block of outputs at once, in
/// groups that are joined into the total. Where the outputs are few and the rows many, the rows are split into chunks.
void reduce_columns(const FoldTable& table, const void* f, const ReduceLoops& loops, char* out, const char* x);

/// Everything else: each output folds its rows of the innermost reduced dimension. Neighbouring outputs go together, so
/// that memory is read in order.
void reduce_rows(const FoldTable& table, const void* f, const ReduceLoops& loops, char* out, const char* x);

void reduce_untyped(const FoldTable& table, const void* f, const ReduceLoops& loops, char* out, const char* x);

}  // namespace detail

namespace fn {

/// The slot of a reduction F from T to R.
template <class F, class R, class T> struct ReduceKernel {
  static constexpr auto name = F::name;
  using fn = void(const F& f, const detail::ReduceLoops& loops, R* out, const T* x);

  static void cpu(const F& f, const detail::ReduceLoops& loops, R* out, const T* x) {
    static constexpr detail::FoldTable table{sizeof(R), sizeof(T), &start, &rows, &columns, &join};
    detail::reduce_untyped(table, &f, loops, reinterpret_cast<char*>(out), reinterpret_cast<const char*>(x));
  }

 private:
  static void start(const void* f, void* out, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) static_cast<R*>(out)[i] = static_cast<const F*>(f)->template start<R>();
  }
  static void rows(const void* f, void* out, std::int64_t out_step, const void* x, std::int64_t x_step,
                   std::int64_t count, std::int64_t n, std::int64_t stride) {
    detail::fold_rows(*static_cast<const F*>(f), static_cast<R*>(out), out_step, static_cast<const T*>(x), x_step,
                      count, n, stride);
  }
  static void columns(const void* f, void* total, const void* x, std::int64_t n, std::int64_t count,
                      std::int64_t step) {
    detail::fold_columns(*static_cast<const F*>(f), static_cast<R*>(total), static_cast<const T*>(x), n, count, step);
  }
  static void join(const void* f, void* total, const void* part, std::int64_t n) {
    detail::join_columns(*static_cast<const F*>(f), static_cast<R*>(total), static_cast<const R*>(part), n);
  }
};

}  // namespace fn

/// A fresh tensor: F over the dimensions of the plan. Not recorded.
template <class R, class F, class T>
Tensor<R> reduce(const F& f, const Tensor<T>& x, const detail::Reduction& plan, Location at) {
  Tensor<R> out = detail::allocate<R>(plan.result, x.device(), F::name, at);
  kernel<fn::ReduceKernel<F, R, T>>::on(x.device(), at)(f, detail::make_reduce_loops(x, plan), out.data(), x.data());
  return out;
}

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

CHAINRULE_INLINE Reduction plan_reduction(const TensorBase& x, const Dims& dims, bool keepdim, const char* op,
                                          Location at) {
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

CHAINRULE_INLINE ReduceLoops make_reduce_loops(const TensorBase& x, const Reduction& plan) {
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
      for (auto& stride : loop.stride) stride[0] = 0;
    }
  };
  one(loops.kept);
  one(loops.reduced);
  return loops;
}

CHAINRULE_INLINE void reduce_in_chunks(const FoldTable& table, const void* f, const ReduceLoops& loops, char* out,
                                       const char* x) {
  const std::int64_t n = loops.reduced.numel, stride = loops.reduced.stride[0][0],
                     chunks = (n + reduce_grain - 1) / reduce_grain, outputs = loops.kept.numel;
  const int last = loops.kept.dims - 1;
  std::unique_ptr<char[]> part(new char[static_cast<std::size_t>(outputs * chunks * table.out_bytes)]);
  parallel_for(outputs * chunks, [&](std::int64_t t) {
    const Cursor<2> at(loops.kept, t / chunks / loops.kept.size[last]);
    const std::int64_t begin = t % chunks * reduce_grain,
                       row = at.offset[1] + t / chunks % loops.kept.size[last] * loops.kept.stride[1][last];
    table.rows(f, part.get() + t * table.out_bytes, 1, x + (row + begin * stride) * table.in_bytes, 0, 1,
               std::min(reduce_grain, n - begin), stride);
  });
  for (std::int64_t o = 0; o < outputs; ++o) {
    const Cursor<2> at(loops.kept, o / loops.kept.size[last]);
    char* total = out + (at.offset[0] + o % loops.kept.size[last] * loops.kept.stride[0][last]) * table.out_bytes;
    table.start(f, total, 1);
    for (std::int64_t p = 0; p < chunks; ++p) table.join(f, total, part.get() + (o * chunks + p) * table.out_bytes, 1);
  }
}

CHAINRULE_INLINE void reduce_columns(const FoldTable& table, const void* f, const ReduceLoops& loops, char* out,
                                     const char* x) {
  constexpr std::int64_t group = 128, row_chunk = 8 * group;
  const auto& kept = loops.kept;
  const auto& reduced = loops.reduced;
  const int last = kept.dims - 1, inner = reduced.dims - 1, bytes = table.out_bytes;
  const std::int64_t width = kept.size[last], blocks_across = (width + column_block - 1) / column_block,
                     blocks = kept.numel / width * blocks_across;
  const std::int64_t count = reduced.size[inner], step = reduced.stride[0][inner], lines = reduced.numel / count,
                     row_chunks = (count + row_chunk - 1) / row_chunk;
  struct Block {
    std::int64_t out, in, size;  // where it begins, and how many outputs it has
  };
  auto block_at = [&](std::int64_t b) {
    const Cursor<2> at(kept, b / blocks_across);
    const std::int64_t from = b % blocks_across * column_block;
    return Block{at.offset[0] + from, at.offset[1] + from, std::min(column_block, width - from)};
  };
  auto fold = [&](char* total, const Block& block, std::int64_t begin,
                  std::int64_t end) {  // rows [begin, end) of each line
    alignas(64) char part[column_block * 8];
    std::int64_t folded = 0;  // rows in `part`
    table.start(f, total, block.size);
    Cursor<1> line(reduced, 0);
    for (std::int64_t l = 0; l < lines; ++l, line.next(reduced)) {
      for (std::int64_t r = begin; r < end; r += group) {
        const std::int64_t rows = std::min(group, end - r);
        if (folded == 0) table.start(f, part, block.size);
        table.columns(f, part, x + (block.in + line.offset[0] + r * step) * table.in_bytes, block.size, rows, step);
        folded += rows;
        if (folded < group && (l + 1 < lines || r + group < end)) continue;
        table.join(f, total, part, block.size);
        folded = 0;
      }
    }
  };
  if (lines == 1 && row_chunks > 1 && blocks < 16) {
    std::unique_ptr<char[]> part(new char[static_cast<std::size_t>(blocks * row_chunks * column_block * bytes)]);
    parallel_for(blocks * row_chunks, [&](std::int64_t t) {
      fold(part.get() + t * column_block * bytes, block_at(t / row_chunks), t % row_chunks * row_chunk,
           std::min(count, (t % row_chunks + 1) * row_chunk));
    });
    for (std::int64_t b = 0; b < blocks; ++b) {
      const Block block = block_at(b);
      table.start(f, out + block.out * bytes, block.size);
      for (std::int64_t r = 0; r < row_chunks; ++r)
        table.join(f, out + block.out * bytes, part.get() + (b * row_chunks + r) * column_block * bytes, block.size);
    }
    return;
  }
  auto task = [&](std::int64_t b) {
    const Block block = block_at(b);
    fold(out + block.out * bytes, block, 0, count);
  };
  if (kept.numel * reduced.numel < reduce_grain)
    for (std::int64_t b = 0; b < blocks; ++b) task(b);
  else parallel_for(blocks, task);
}

CHAINRULE_INLINE void reduce_rows(const FoldTable& table, const void* f, const ReduceLoops& loops, char* out,
                                  const char* x) {
  const auto& reduced = loops.reduced;
  const int last = loops.kept.dims - 1, inner = reduced.dims - 1;
  const std::int64_t n = reduced.size[inner], stride = reduced.stride[0][inner], out_step = loops.kept.stride[0][last],
                     x_step = loops.kept.stride[1][last];
  for_each_output(loops.kept, reduced.numel, [&](std::int64_t count, const std::int64_t* offset) {
    Cursor<1> line(reduced, 0);
    char part[256 * 8];
    for (std::int64_t from = 0; from < count; from += 256) {
      const std::int64_t some = std::min<std::int64_t>(256, count - from);
      char* total = out + (offset[0] + from * out_step) * table.out_bytes;
      for (std::int64_t r = 0; r < reduced.numel / n; ++r, line.next(reduced)) {
        const char* row = x + (offset[1] + from * x_step + line.offset[0]) * table.in_bytes;
        if (r == 0) table.rows(f, total, out_step, row, x_step, some, n, stride);
        else {
          table.rows(f, part, 1, row, x_step, some, n, stride);
          if (out_step == 1) table.join(f, total, part, some);
          else
            for (std::int64_t i = 0; i < some; ++i)
              table.join(f, total + i * out_step * table.out_bytes, part + i * table.out_bytes, 1);
        }
      }
    }
  });
}

CHAINRULE_INLINE void reduce_untyped(const FoldTable& table, const void* f, const ReduceLoops& loops, char* out,
                                     const char* x) {
  const auto& kept = loops.kept;
  const auto& reduced = loops.reduced;
  if (kept.numel == 0) return;
  if (reduced.numel == 0) return table.start(f, out, kept.numel);
  if (kept.numel <= 64 && reduced.dims == 1 && reduced.numel > 2 * reduce_grain)
    return reduce_in_chunks(table, f, loops, out, x);
  if (kept.stride[1][kept.dims - 1] == 1 && kept.size[kept.dims - 1] >= 8 && reduced.stride[0][reduced.dims - 1] != 1)
    return reduce_columns(table, f, loops, out, x);
  reduce_rows(table, f, loops, out, x);
}

}  // namespace chainrule::detail
#endif

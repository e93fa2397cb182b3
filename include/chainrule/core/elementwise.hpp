#pragma once
// Elementwise ops: the scalar functor is written once and mapped over tensors of any shape, strides and broadcast by every backend.
//     map(Relu{}, x)          one operand
//     map(Mul{}, a, b)        two, broadcast against each other
//     map(Select{}, c, a, b)  three

#include <chainrule/core/kernel.hpp>
#include <chainrule/core/parallel.hpp>
#include <chainrule/core/tensor.hpp>
#include <type_traits>
#include <utility>

namespace chainrule {
namespace detail {

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

// One row: out[i * so] = f(in[i * s]...). Unit and zero strides get loops of their own, which the compiler vectorises.
template <class F, class R, class A> void row(const F& f, std::int64_t n, R* out, std::int64_t so, const A* a, std::int64_t sa) {
  if (so == 1 && sa == 1) for (std::int64_t i = 0; i < n; ++i) out[i] = f(a[i]);
  else for (std::int64_t i = 0; i < n; ++i) out[i * so] = f(a[i * sa]);
}
template <class F, class R, class A, class B>
void row(const F& f, std::int64_t n, R* out, std::int64_t so, const A* a, std::int64_t sa, const B* b, std::int64_t sb) {
  if (so == 1 && sa == 1 && sb == 1) for (std::int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i]);
  else if (so == 1 && sa == 1 && sb == 0) for (std::int64_t i = 0, b0 = 0; i < n; ++i) out[i] = f(a[i], b[b0]);
  else if (so == 1 && sa == 0 && sb == 1) for (std::int64_t i = 0, a0 = 0; i < n; ++i) out[i] = f(a[a0], b[i]);
  else for (std::int64_t i = 0; i < n; ++i) out[i * so] = f(a[i * sa], b[i * sb]);
}
template <class F, class R, class A, class B, class C>
void row(const F& f, std::int64_t n, R* out, std::int64_t so, const A* a, std::int64_t sa, const B* b, std::int64_t sb, const C* c, std::int64_t sc) {
  if (so == 1 && sa == 1 && sb == 1 && sc == 1) for (std::int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i], c[i]);
  else for (std::int64_t i = 0; i < n; ++i) out[i * so] = f(a[i * sa], b[i * sb], c[i * sc]);
}

inline constexpr std::int64_t elementwise_grain = 16384;  // elements a task: a parallel region costs about as much as 4,000 cheap ones

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

/// Calls body(count, offset[N]) for every stretch of the innermost dimension, in parallel when there is enough work.
template <int N, class Body> void for_each_row(const Loop<N>& loop, const Body& body) {
  const int last = loop.dims - 1;
  const std::int64_t width = loop.size[last];
  if (loop.numel == 0) return;
  if (loop.dims == 1) {
    parallel_chunks(width, elementwise_grain, [&](std::int64_t begin, std::int64_t end) {
      std::int64_t offset[N];
      for (int k = 0; k < N; ++k) offset[k] = begin * loop.stride[k][0];
      body(end - begin, offset);
    });
    return;
  }
  const std::int64_t rows = loop.numel / width, rows_a_task = std::max<std::int64_t>(1, elementwise_grain / width);
  parallel_chunks(rows, rows_a_task, [&](std::int64_t begin, std::int64_t end) {
    Cursor<N> at(loop, begin);
    for (std::int64_t r = begin; r < end; ++r, at.next(loop)) body(width, at.offset);
  });
}

}  // namespace detail

/// The slot of functor F with result R and operands A...: map() calls it, backends enrol it.
template <class F, class R, class... A> struct MapKernel {
  static constexpr auto name = F::name;
  using Loop = detail::Loop<static_cast<int>(sizeof...(A)) + 1>;
  using fn = void(const F& f, const Loop& loop, R* out, const A*... in);

  static void cpu(const F& f, const Loop& loop, R* out, const A*... in) {
    detail::for_each_row(loop, [&](std::int64_t n, const std::int64_t* offset) {
      const int last = loop.dims - 1;
      [&]<int... K>(std::integer_sequence<int, K...>, auto... args) {
        std::apply([&](auto... flat) { detail::row(f, n, out + offset[0], loop.stride[0][last], flat...); },
                   std::tuple_cat(std::tuple(args + offset[K + 1], loop.stride[K + 1][last])...));
      }(std::make_integer_sequence<int, sizeof...(A)>{}, in...);
    });
  }
};

/// out = f(in...), element by element; `out` has the broadcast shape already and may be one of the operands.
template <class F, class R, class... A> void map_into(const F& f, Location at, const Tensor<R>& out, const Tensor<A>&... in) {
  using K = MapKernel<F, R, A...>;
  auto* run = kernel<K>::on(out.device(), at);
  run(f, detail::make_loop(out.shape(), static_cast<const TensorBase&>(out), static_cast<const TensorBase&>(in)...), out.data(), in.data()...);
}

/// A fresh contiguous tensor f(in...), operands broadcast against each other. Not recorded: see record() in core/record.hpp.
template <class F, class A, class... Rest> auto map(const F& f, Location at, const Tensor<A>& a, const Tensor<Rest>&... rest) {
  using R = std::remove_cvref_t<decltype(f(std::declval<A>(), std::declval<Rest>()...))>;
  Shape shape = a.shape();
  ((shape = rest.shape() == shape ? shape : detail::broadcast_shapes(shape, rest.shape(), F::name, at)), ...);
  detail::check_same_device(F::name, at, a, rest...);
  Tensor<R> out = detail::allocate<R>(shape, a.device());
  map_into(f, at, out, a, rest...);
  return out;
}

}  // namespace chainrule

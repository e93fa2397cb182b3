#pragma once
// Elementwise ops: the scalar functor is written once and mapped over tensors of any shape, strides and broadcast by
// every backend.
//     map(fn::Relu{}, at, x)          one operand
//     map(fn::Mul{}, at, a, b)        two, broadcast against each other
//     map(fn::Where{}, at, c, a, b)   three
// The library's functors, and the slots of its kernels (core/kernel.hpp), live in namespace fn: `using namespace
// chainrule` leaves their names, Add, Log, Square and so on, to the program.
// A functor is branch-free where it can be (core/math.hpp) and marked CHAINRULE_HD: then its loop is SIMD code. One
// that is simple only near zero, as sin, may add `bool near(x)` and `T at_near(x)`, which the CPU uses for blocks
// without a far x.

#include <chainrule/core/blocks.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/core/kernel.hpp>
#include <chainrule/core/simd.hpp>
#include <type_traits>
#include <utility>

namespace chainrule {
namespace detail {

/// Calls body(count, offset[N]) for every row (along the innermost dimension) or part of one, in parallel when there is
/// enough work.
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

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed"  // a functor that calls pow stays a loop of calls
#endif

/// out[i] = f(in[i]...). `out` may be one of the inputs.
template <class F, class R, class... A> void row(F f, std::int64_t n, R* out, const A*... in) {
  simd::run([=] { CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) out[i] = f(simd::load(in + i)...); });
}

/// The same for a functor with a near form.
template <class F, class R, class A>
requires requires(F f, A x) { f.at_near(x); }
void row(F f, std::int64_t n, R* out, const A* in) {
  constexpr std::int64_t block = 256;
  for (std::int64_t from = 0; from < n; from += block, out += block, in += block) {
    const std::int64_t count = std::min(block, n - from);
    const bool all_near = simd::run([=] {
      bool far[block] = {};
      CHAINRULE_SIMD for (std::int64_t i = 0; i < count; ++i) far[i] = !f.near(in[i]);
      bool any[16] = {};
      for (int i = 0; i < block; i += 16)
        for (int k = 0; k < 16; ++k) any[k] = any[k] | far[i + k];
      bool found = false;
      for (bool b : any) found = found | b;
      if (!found) CHAINRULE_SIMD for (std::int64_t i = 0; i < count; ++i) out[i] = f.at_near(in[i]);
      return !found;
    });
    if (!all_near)
      for (std::int64_t i = 0; i < count; ++i) out[i] = f(in[i]);
  }
}

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

/// row() for operands whose types the caller does not know.
template <class F, class R, class... A> void untyped_row(const void* f, std::int64_t n, char* const* data) {
  [&]<int... K>(std::integer_sequence<int, K...>) {
    row(*static_cast<const F*>(f), n, reinterpret_cast<R*>(data[0]), reinterpret_cast<const A*>(data[K + 1])...);
  }
  (std::make_integer_sequence<int, sizeof...(A)>{});
}

/// For the result of an op on these operands, broadcast against each other.
ImplRef allocate_result(const char* op, Location at, std::span<const TensorBase* const> in, DType dtype,
                        std::size_t element_size);

}  // namespace detail

namespace fn {

/// The slot of functor F with result R and operands A...: map() calls it, backends register it.
template <class F, class R, class... A> struct MapKernel {
  static constexpr auto name = F::name;
  using Loop = detail::Loop<static_cast<int>(sizeof...(A)) + 1>;
  using fn = void(const F& f, const Loop& loop, R* out, const A*... in);

  static void cpu(const F& f, const Loop& loop, R* out, const A*... in) {
    static_assert(sizeof...(A) < detail::most_operands);
    const detail::Stream streams[] = {{reinterpret_cast<char*>(out), sizeof(R)},
                                      {reinterpret_cast<char*>(const_cast<A*>(in)), sizeof(A)}...};
    detail::map_blocks(loop, streams, &detail::untyped_row<F, R, A...>, &f);
  }
};

}  // namespace fn

/// out = f(in...), element by element; `out` has the broadcast shape already and may be one of the operands.
template <class F, class R, class... A>
void map_into(const F& f, Location at, const Tensor<R>& out, const Tensor<A>&... in) {
  using K = fn::MapKernel<F, R, A...>;
  auto* run = kernel<K>::on(out.device(), at);
  run(f, detail::make_loop(out.shape(), static_cast<const TensorBase&>(out), static_cast<const TensorBase&>(in)...),
      out.data(), in.data()...);
}

/// A fresh contiguous tensor f(in...), operands broadcast against each other. Not recorded: see record() in
/// core/record.hpp.
template <class F, class A, class... Rest>
auto map(const F& f, Location at, const Tensor<A>& a, const Tensor<Rest>&... rest) {
  using R = std::remove_cvref_t<decltype(f(std::declval<A>(), std::declval<Rest>()...))>;
  const TensorBase* in[] = {&a, &rest...};
  Tensor<R> out(detail::allocate_result(F::name, at, in, dtype_of<R>, sizeof(R)));
  map_into(f, at, out, a, rest...);
  return out;
}

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

[[gnu::noinline]] CHAINRULE_INLINE ImplRef allocate_result(const char* op, Location at,
                                                           std::span<const TensorBase* const> in, DType dtype,
                                                           std::size_t element_size) {
  Shape shape = in[0]->shape();
  for (const TensorBase* x : in.subspan(1))
    if (!(x->shape() == shape)) shape = broadcast_shapes(shape, x->shape(), op, at);
  for (const TensorBase* x : in.subspan(1)) check_same_device(op, at, *in[0], *x);
  return allocate_untyped(shape, dtype, element_size, in[0]->device(), op, at);
}

}  // namespace chainrule::detail
#endif

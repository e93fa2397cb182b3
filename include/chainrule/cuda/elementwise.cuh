#pragma once
// Elementwise ops on the GPU: the functor that the CPU maps, mapped by a grid-stride loop over the same detail::Loop.

#include <chainrule/core/elementwise.hpp>
#include <chainrule/cuda/runtime.cuh>

namespace chainrule::cuda {

namespace detail {

using chainrule::detail::Loop;

/// Where each operand's element i of the loop lies.
template <int N> struct Offsets {
  std::int64_t at[N];
  __device__ Offsets(const Loop<N>& loop, std::int64_t i) {
    for (int k = 0; k < N; ++k) at[k] = 0;
    for (int d = loop.dims - 1; d > 0; --d) {
      const std::int64_t index = i % loop.size[d];
      i /= loop.size[d];
      for (int k = 0; k < N; ++k) at[k] += index * loop.stride[k][d];
    }
    for (int k = 0; k < N; ++k) at[k] += i * loop.stride[k][0];
  }
};

template <class F, class R, class... A, int... K>
__device__ void map_one(const F& f, const Offsets<sizeof...(A) + 1>& offsets, std::integer_sequence<int, K...>, R* out,
                        const A*... in) {
  out[offsets.at[0]] = f(in[offsets.at[K + 1]]...);
}

template <class F, class R, class... A>
__global__ void map_kernel(F f, Loop<sizeof...(A) + 1> loop, R* out, const A*... in) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < loop.numel; i += step)
    map_one(f, Offsets<sizeof...(A) + 1>(loop, i), std::make_integer_sequence<int, sizeof...(A)>{}, out, in...);
}

template <class F, class R, class... A>
void map(const F& f, const Loop<sizeof...(A) + 1>& loop, R* out, const A*... in) {
  if (loop.numel > 0) launch(F::name, &map_kernel<F, R, A...>, blocks_for(loop.numel), f, loop, out, in...);
}

}  // namespace detail

/// Registers functor F for operands of these types.
template <class F, class... A> void register_map() {
  using R = std::remove_cvref_t<decltype(std::declval<const F&>()(std::declval<A>()...))>;
  kernel<fn::MapKernel<F, R, A...>>::slot[Device::cuda.index()] = &detail::map<F, R, A...>;
}

}  // namespace chainrule::cuda

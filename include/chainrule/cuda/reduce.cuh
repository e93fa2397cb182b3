#pragma once
// Reductions on the GPU, in an order that depends on the shape alone: results are bitwise the same on every run.

#include <chainrule/core/reduce.hpp>
#include <chainrule/cuda/elementwise.cuh>

namespace chainrule::cuda {

namespace detail {

using chainrule::detail::ReduceLoops;

/// One thread for each output: for few elements each.
template <class F, class R, class T> __global__ void reduce_by_thread(F f, ReduceLoops loops, R* out, const T* x) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t o = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; o < loops.kept.numel;
       o += step) {
    const Offsets<2> at(loops.kept, o);
    R total = f.template start<R>();
    for (std::int64_t i = 0; i < loops.reduced.numel; ++i)
      total = f(total, x[at.at[1] + Offsets<1>(loops.reduced, i).at[0]]);
    out[at.at[0]] = total;
  }
}

/// One block for each output: thread t folds elements t, t + 256, ...; the threads' results are joined as a tree.
template <class F, class R, class T> __global__ void reduce_by_block(F f, ReduceLoops loops, R* out, const T* x) {
  __shared__ R part[block];
  for (std::int64_t o = blockIdx.x; o < loops.kept.numel; o += gridDim.x) {
    const Offsets<2> at(loops.kept, o);
    R total = f.template start<R>();
    for (std::int64_t i = threadIdx.x; i < loops.reduced.numel; i += block)
      total = f(total, x[at.at[1] + Offsets<1>(loops.reduced, i).at[0]]);
    part[threadIdx.x] = total;
    __syncthreads();
    for (int width = block / 2; width > 0; width /= 2) {
      if (threadIdx.x < width) part[threadIdx.x] = f.join(part[threadIdx.x], part[threadIdx.x + width]);
      __syncthreads();
    }
    if (threadIdx.x == 0) out[at.at[0]] = part[0];
    __syncthreads();
  }
}

template <class F, class R, class T> void reduce(const F& f, const ReduceLoops& loops, R* out, const T* x) {
  if (loops.kept.numel == 0) return;
  if (loops.reduced.numel <= 64)
    return launch(F::name, &reduce_by_thread<F, R, T>, blocks_for(loops.kept.numel), f, loops, out, x);
  const unsigned blocks = loops.kept.numel < 65535 ? static_cast<unsigned>(loops.kept.numel) : 65535u;
  launch(F::name, &reduce_by_block<F, R, T>, blocks, f, loops, out, x);
}

}  // namespace detail

/// Registers reduction F from T to R.
template <class F, class R, class T> void register_reduce() {
  kernel<fn::ReduceKernel<F, R, T>>::slot[Device::cuda.index()] = &detail::reduce<F, R, T>;
}

}  // namespace chainrule::cuda

#pragma once
// The marker macro of the library: a functor so marked also compiles for the GPU, and is inlined into every loop that
// maps it, which is what makes the loop SIMD code (core/simd.hpp). It changes attributes, never a body.

#ifdef __CUDACC__
#define CHAINRULE_HD __host__ __device__ __attribute__((always_inline))
#else
#define CHAINRULE_HD __attribute__((always_inline))
#endif

#pragma once
// The one marker macro of the library: a functor so marked also compiles for the GPU. It changes attributes, never a body.

#ifdef __CUDACC__
#define CHAINRULE_HD __host__ __device__
#else
#define CHAINRULE_HD
#endif

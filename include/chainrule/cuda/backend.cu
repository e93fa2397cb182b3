// The whole CUDA backend as one object: what the target chainrule::cuda adds to a program.

#include <chainrule/cuda.cuh>

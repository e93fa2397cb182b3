// An op of the program itself, registered for the GPU.

#include "support/softsign.hpp"
// [cuda]
#include <chainrule/cuda/elementwise.cuh>

const bool softsign_on_gpu = (chainrule::cuda::register_map<Softsign, float>(), true);
// [/cuda]

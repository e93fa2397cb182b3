// chainrule::compiled: the heavy CPU kernels, which kernels.inc names.

#include <chainrule/kernels.hpp>

// The linker is told to look for this name, so that it takes this file: the slots of ops refer to the kernels weakly.
extern "C" {
extern const int chainrule_compiled_kernels;
const int chainrule_compiled_kernels = 1;
}

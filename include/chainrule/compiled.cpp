// chainrule::compiled: the CPU kernels of the library, compiled once. Files that link it include <chainrule/api.hpp>
// only.

#include <chainrule/kernels.hpp>

// The linker is told to look for this name, so that it takes this file, which registers the kernels and is otherwise
// not referred to.
extern "C" {
extern const int chainrule_compiled_kernels;
const int chainrule_compiled_kernels = 1;
}

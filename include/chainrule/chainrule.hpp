#pragma once
// chainrule: tensors, reverse-mode autograd, layers and optimizers, header-only. A one-file program includes this.

#include <chainrule/api.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/data.hpp>
#include <chainrule/io.hpp>
#include <chainrule/train.hpp>
#if CHAINRULE_HEADER_ONLY  // else chainrule::compiled has the kernels
#include <chainrule/cpu.hpp>
#endif
#include <chainrule/compiled/extern_data.hpp>  // the last: it refers to all of the above

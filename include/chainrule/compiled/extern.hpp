#pragma once
// For whoever links chainrule::compiled: what the lists name is compiled there, and not again in each file. Does
// nothing in a header-only program.

#include <chainrule/core/compiled.hpp>

#if !CHAINRULE_HEADER_ONLY
#define CHAINRULE_INSTANCE extern template
#include <chainrule/compiled/tensors.inc>
#include <chainrule/compiled/ops_a_to_h.inc>
#include <chainrule/compiled/ops_i_to_z.inc>
#include <chainrule/compiled/optimizers.inc>
#include <chainrule/compiled/modules.inc>
#undef CHAINRULE_INSTANCE
#endif

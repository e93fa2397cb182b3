// chainrule::compiled: what ops_a_to_h.inc names.

#include <chainrule/api.hpp>

#define CHAINRULE_INSTANCE template
#include <chainrule/compiled/ops_a_to_h.inc>

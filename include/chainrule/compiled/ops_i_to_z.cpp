// chainrule::compiled: what ops_i_to_z.inc names.

#include <chainrule/api.hpp>

#define CHAINRULE_INSTANCE template
#include <chainrule/compiled/ops_i_to_z.inc>

// chainrule::compiled: what tensors.inc names.

#include <chainrule/api.hpp>

#define CHAINRULE_INSTANCE template
#include <chainrule/compiled/tensors.inc>

// chainrule::compiled: what optimizers.inc and modules.inc name.

#include <chainrule/api.hpp>

#define CHAINRULE_INSTANCE template
#include <chainrule/compiled/optimizers.inc>
#include <chainrule/compiled/modules.inc>

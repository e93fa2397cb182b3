// chainrule::compiled: what data.inc names.

#include <chainrule/chainrule.hpp>

#define CHAINRULE_INSTANCE template
#include <chainrule/compiled/data.inc>

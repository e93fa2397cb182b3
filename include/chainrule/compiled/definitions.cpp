// chainrule::compiled: the functions that are no templates.

#define CHAINRULE_COMPILING
#include <chainrule/chainrule.hpp>

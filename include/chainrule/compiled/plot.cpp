// chainrule::compiled: the functions of plot.hpp and of image/encode.hpp, which chainrule.hpp does not have. What they
// include of chainrule.hpp is compiled in definitions.cpp.

#include <chainrule/chainrule.hpp>

#undef CHAINRULE_DEFINITIONS
#define CHAINRULE_DEFINITIONS 1
#include <chainrule/plot.hpp>

// chainrule::compiled: the functions of image/decode.hpp, which chainrule.hpp does not have. What they include of
// chainrule.hpp is compiled in definitions.cpp; image/encode.hpp is compiled in plot.cpp.

#include <chainrule/chainrule.hpp>

#undef CHAINRULE_DEFINITIONS
#define CHAINRULE_DEFINITIONS 1
#include <chainrule/image/decode.hpp>

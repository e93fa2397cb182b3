#pragma once
// extern.hpp for what <chainrule/chainrule.hpp> has beside the API: data, files, training.

#include <chainrule/core/compiled.hpp>

#if !CHAINRULE_HEADER_ONLY
#define CHAINRULE_INSTANCE extern template
#include <chainrule/compiled/data.inc>
#undef CHAINRULE_INSTANCE
#endif

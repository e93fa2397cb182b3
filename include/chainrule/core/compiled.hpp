#pragma once
// Where the functions that are no templates are compiled: in each file that needs them (header-only), or once for the
// whole program, in chainrule::compiled (docs/decisions/0013). A header that has long ones declares them where they
// belong and defines them at its end, between `#if CHAINRULE_DEFINITIONS` and `#endif`, as `CHAINRULE_INLINE`. A
// virtual one is declared so too, or each file that sees it would compile its class's table.

#if defined(CHAINRULE_COMPILING)  // the one source file of chainrule::compiled that has them
#define CHAINRULE_HEADER_ONLY 0
#define CHAINRULE_DEFINITIONS 1
#define CHAINRULE_INLINE
#elif defined(CHAINRULE_COMPILED)  // set by CMake for whoever links chainrule::compiled: they are there already
#define CHAINRULE_HEADER_ONLY 0
#define CHAINRULE_DEFINITIONS 0
#define CHAINRULE_INLINE
#else
#define CHAINRULE_HEADER_ONLY 1
#define CHAINRULE_DEFINITIONS 1
#define CHAINRULE_INLINE inline
#endif

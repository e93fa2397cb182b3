#pragma once
// Where the functions that are no templates are compiled: in each file that needs them (header-only), or once for the
// whole program, in chainrule::compiled (docs/decisions/0013). A header that has long ones declares them where they
// belong and defines them at its end, between `#if CHAINRULE_DEFINITIONS` and `#endif`, as `CHAINRULE_INLINE`.
// A compiler compiles what an inline function names even where nobody calls it. A function that few programs call is
// therefore declared `CHAINRULE_ON_USE` and defined `CHAINRULE_INLINE_ON_USE`: a template where the program is
// header-only, and so compiled by those that call it.

#if defined(CHAINRULE_COMPILING)  // the one source file of chainrule::compiled that has them
#define CHAINRULE_HEADER_ONLY 0
#define CHAINRULE_DEFINITIONS 1
#define CHAINRULE_INLINE
#define CHAINRULE_ON_USE
#define CHAINRULE_INLINE_ON_USE
#elif defined(CHAINRULE_COMPILED)  // set by CMake for whoever links chainrule::compiled: they are there already
#define CHAINRULE_HEADER_ONLY 0
#define CHAINRULE_DEFINITIONS 0
#define CHAINRULE_INLINE
#define CHAINRULE_ON_USE
#else
#define CHAINRULE_HEADER_ONLY 1
#define CHAINRULE_DEFINITIONS 1
#define CHAINRULE_INLINE inline
#define CHAINRULE_ON_USE template <int = 0>
#define CHAINRULE_INLINE_ON_USE template <int> inline
#endif

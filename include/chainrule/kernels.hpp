#pragma once
// All heavy CPU kernels, for float and double. For projects of several files: one of them includes this, the others
// <chainrule/api.hpp>. (A file that includes <chainrule/chainrule.hpp> compiles the kernels that it names itself, and
// needs neither; nor does a program that links chainrule::compiled.)

#include <chainrule/chainrule.hpp>
#include <chainrule/cpu.hpp>

#define CHAINRULE_INSTANCE template
#include <chainrule/compiled/kernels.inc>
#undef CHAINRULE_INSTANCE

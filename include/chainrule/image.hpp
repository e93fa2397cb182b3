#pragma once
// Image files. Not part of chainrule.hpp: a program that reads pictures includes it.

#include <chainrule/image/decode.hpp>

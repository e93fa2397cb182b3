#pragma once
// Files: safetensors, gzip, JSON. Not part of chainrule.hpp: include it where files are read or written.

#include <chainrule/io/gzip.hpp>
#include <chainrule/io/json.hpp>
#include <chainrule/io/safetensors.hpp>
#include <chainrule/io/save.hpp>

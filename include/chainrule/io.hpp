#pragma once
// Files: safetensors, gzip, JSON. Part of chainrule.hpp, not of api.hpp.

#include <chainrule/io/gzip.hpp>
#include <chainrule/io/json.hpp>
#include <chainrule/io/safetensors.hpp>
#include <chainrule/io/save.hpp>

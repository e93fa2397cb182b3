#pragma once
// Modules, layers, initialisation and losses.

#include <chainrule/nn/init.hpp>
#include <chainrule/nn/linear.hpp>
#include <chainrule/nn/module.hpp>

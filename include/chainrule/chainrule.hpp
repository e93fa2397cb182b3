#pragma once
// chainrule: tensors, reverse-mode autograd, layers and optimizers, header-only. A one-file program includes this.

#include <chainrule/api.hpp>
#include <chainrule/cpu.hpp>
#include <chainrule/data.hpp>
#include <chainrule/io.hpp>
#include <chainrule/train.hpp>

#pragma once
// Every op. One line per file of ops/.

#include <chainrule/ops/add.hpp>
#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/create.hpp>
#include <chainrule/ops/inplace.hpp>
#include <chainrule/ops/linear.hpp>
#include <chainrule/ops/matmul.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/relu.hpp>
#include <chainrule/ops/sum.hpp>
#include <chainrule/ops/view.hpp>

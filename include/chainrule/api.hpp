#pragma once
// The whole API without the heavy CPU kernels: what all source files but one of a larger project include.
// One file includes <chainrule/chainrule.hpp> (or the program links chainrule::compiled), which has the kernels.
// Not in it, since they would nearly double the time that a file takes to compile: namespaces data
// (<chainrule/data.hpp>: data sets, transforms, DataLoader), io with save() and load() (<chainrule/io.hpp>), training
// (<chainrule/train.hpp>: metrics, progress, summary), models (<chainrule/models.hpp>), and <chainrule/eigen.hpp>.
// chainrule.hpp has the first three as well.

#include <chainrule/autograd/anomaly.hpp>
#include <chainrule/autograd/methods.hpp>
#include <chainrule/autograd/function.hpp>
#include <chainrule/autograd/gradcheck.hpp>
#include <chainrule/ops/print.hpp>
#include <chainrule/nn.hpp>
#include <chainrule/ops.hpp>
#include <chainrule/optim.hpp>
#include <chainrule/compiled/extern.hpp>  // the last: it refers to all of the above

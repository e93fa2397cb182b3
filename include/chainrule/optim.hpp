#pragma once
// Optimizers, gradient clipping and learning-rate schedulers.

#include <chainrule/optim/adagrad.hpp>
#include <chainrule/optim/adam.hpp>
#include <chainrule/optim/clip.hpp>
#include <chainrule/optim/cosine.hpp>
#include <chainrule/optim/plateau.hpp>
#include <chainrule/optim/rmsprop.hpp>
#include <chainrule/optim/scheduler.hpp>
#include <chainrule/optim/sgd.hpp>

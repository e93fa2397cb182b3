#pragma once
// Modules, layers, initialisation and losses.

#include <chainrule/nn/activation.hpp>
#include <chainrule/nn/batch_norm.hpp>
#include <chainrule/nn/conv2d.hpp>
#include <chainrule/nn/dropout.hpp>
#include <chainrule/nn/embedding.hpp>
#include <chainrule/nn/flatten.hpp>
#include <chainrule/nn/functional.hpp>
#include <chainrule/nn/init.hpp>
#include <chainrule/nn/layer_norm.hpp>
#include <chainrule/nn/linear.hpp>
#include <chainrule/nn/loss.hpp>
#include <chainrule/nn/module.hpp>
#include <chainrule/nn/pooling.hpp>
#include <chainrule/nn/relu_of.hpp>
#include <chainrule/nn/residual.hpp>
#include <chainrule/nn/sequential.hpp>

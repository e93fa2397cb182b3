#pragma once
// The heavy CPU kernels: matrix product, convolution, pooling, normalisation, losses. A file that includes this compiles those that it names.

#include <chainrule/cpu/avg_pool2d.hpp>
#include <chainrule/cpu/batch_norm.hpp>
#include <chainrule/cpu/conv2d.hpp>
#include <chainrule/cpu/cross_entropy.hpp>
#include <chainrule/cpu/dropout.hpp>
#include <chainrule/cpu/layer_norm.hpp>
#include <chainrule/cpu/matmul.hpp>
#include <chainrule/cpu/max_pool2d.hpp>
#include <chainrule/cpu/softmax.hpp>

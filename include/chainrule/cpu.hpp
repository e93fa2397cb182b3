#pragma once
// The heavy CPU kernels: matrix product, convolution, pooling, normalisation, losses. A file that includes this
// compiles those that it names.

#include <chainrule/cpu/pool/avg_pool2d.hpp>
#include <chainrule/cpu/norm/batch_norm.hpp>
#include <chainrule/cpu/conv/conv2d.hpp>
#include <chainrule/cpu/rowwise/cross_entropy.hpp>
#include <chainrule/cpu/dropout.hpp>
#include <chainrule/cpu/norm/layer_norm.hpp>
#include <chainrule/cpu/gemm/matmul.hpp>
#include <chainrule/cpu/pool/max_pool2d.hpp>
#include <chainrule/cpu/rowwise/softmax.hpp>

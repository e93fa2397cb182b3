#pragma once
// nn::functional: PyTorch's second name for the functions that layers and losses call. They are those of namespace
// chainrule.
//     namespace F = chainrule::nn::functional;
//     x = F::relu(F::max_pool2d(x, 2));

#include <chainrule/ops.hpp>

namespace chainrule::nn::functional {

using chainrule::adaptive_avg_pool2d;
using chainrule::avg_pool2d;
using chainrule::batch_norm;
using chainrule::binary_cross_entropy;
using chainrule::binary_cross_entropy_with_logits;
using chainrule::conv2d;
using chainrule::cross_entropy;
using chainrule::dropout;
using chainrule::elu;
using chainrule::embedding;
using chainrule::gelu;
using chainrule::l1_loss;
using chainrule::layer_norm;
using chainrule::leaky_relu;
using chainrule::linear;
using chainrule::log_softmax;
using chainrule::max_pool2d;
using chainrule::max_pool2d_with_indices;
using chainrule::mse_loss;
using chainrule::nll_loss;
using chainrule::one_hot;
using chainrule::pad;
using chainrule::relu;
using chainrule::sigmoid;
using chainrule::silu;
using chainrule::smooth_l1_loss;
using chainrule::softmax;
using chainrule::softplus;
using chainrule::tanh;

}  // namespace chainrule::nn::functional

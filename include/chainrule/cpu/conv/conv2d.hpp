#pragma once
// Registers the CPU kernels of conv2d and its gradients.

#include <chainrule/cpu/conv/forward.hpp>
#include <chainrule/cpu/conv/input_gradient.hpp>
#include <chainrule/cpu/conv/weight_gradient.hpp>
#include <chainrule/ops/conv2d.hpp>

namespace chainrule::fn {

template <class T> void register_cpu_kernel(Conv2d<T>* op, int) { compile_in<&cpu::conv2d_forward<T>>(op); }
template <class T> void register_cpu_kernel(Conv2dInput<T>* op, int) { compile_in<&cpu::conv2d_backward_input<T>>(op); }
template <class T> void register_cpu_kernel(Conv2dWeight<T>* op, int) {
  compile_in<&cpu::conv2d_backward_weight<T>>(op);
}

}  // namespace chainrule::fn

#pragma once
// Registers the CPU kernels of conv2d and its gradients.

#include <chainrule/cpu/conv/forward.hpp>
#include <chainrule/cpu/conv/input_gradient.hpp>
#include <chainrule/cpu/conv/weight_gradient.hpp>
#include <chainrule/ops/conv2d.hpp>

namespace chainrule::fn {

template <class T>
void Conv2d<T>::cpu(const cpu::ConvShape& shape, const T* x, const T* weight, const T* bias_or_null, T* y, bool exact) {
  chainrule::cpu::conv2d_forward<T>(shape, x, weight, bias_or_null, y, exact);
}
template <class T>
void Conv2dInput<T>::cpu(const cpu::ConvShape& shape, const T* g, const T* weight, T* gx, bool exact) {
  chainrule::cpu::conv2d_backward_input<T>(shape, g, weight, gx, exact);
}
template <class T> void Conv2dWeight<T>::cpu(const cpu::ConvShape& shape, const T* x, const T* g, T* gw, bool exact) {
  chainrule::cpu::conv2d_backward_weight<T>(shape, x, g, gw, exact);
}

}  // namespace chainrule::fn

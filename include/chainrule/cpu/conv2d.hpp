#pragma once
// Enrols the CPU kernels of conv2d and its gradients.

#include <chainrule/cpu/conv2d_kernels.hpp>
#include <chainrule/ops/conv2d.hpp>

namespace chainrule::cpu {

template <class T> struct EnrolConv2d {
  Enrol<Conv2d<T>> a{Device::cpu, &conv2d_forward<T>};
  Enrol<Conv2dInput<T>> b{Device::cpu, &conv2d_backward_input<T>};
  Enrol<Conv2dWeight<T>> c{Device::cpu, &conv2d_backward_weight<T>};
};
inline const EnrolConv2d<float> conv2d_float;
inline const EnrolConv2d<double> conv2d_double;

}  // namespace chainrule::cpu

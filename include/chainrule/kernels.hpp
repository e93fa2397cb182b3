#pragma once
// All heavy CPU kernels, for float and double. For projects of several files: one of them includes this, the others <chainrule/api.hpp>.
// (A file that includes <chainrule/chainrule.hpp> compiles the kernels that it names itself, and needs neither.)

#include <chainrule/chainrule.hpp>

namespace chainrule {

template <class... Ops> struct CompileIn {
  CompileIn() { (bring_cpu_kernel(static_cast<Ops*>(nullptr), 0), ...); }
};
template <class T> using HeavyKernels = CompileIn<AvgPool2d<T>,
                                           AvgPool2dGrad<T>,
                                           BatchNorm<T>,
                                           BatchNormGrad<T>,
                                           Conv2d<T>,
                                           Conv2dInput<T>,
                                           Conv2dWeight<T>,
                                           CrossEntropy<T>,
                                           CrossEntropyGrad<T>,
                                           Dropout<T>,
                                           LayerNorm<T>,
                                           LayerNormGrad<T>,
                                           Matmul<T>,
                                           MaxPool2d<T, std::uint8_t>,
                                           MaxPool2d<T, std::int32_t>,
                                           MaxPool2dGrad<T, std::uint8_t>,
                                           MaxPool2dGrad<T, std::int32_t>,
                                           MaxPool2dPick<T, std::uint8_t>,
                                           MaxPool2dPick<T, std::int32_t>,
                                           Softmax<T>,
                                           LogSoftmax<T>,
                                           LogSumExp<T>,
                                           SoftmaxGrad<T>,
                                           LogSoftmaxGrad<T>>;

inline const HeavyKernels<float> float_kernels;
inline const HeavyKernels<double> double_kernels;

}  // namespace chainrule

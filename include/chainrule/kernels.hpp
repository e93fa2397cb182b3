#pragma once
// All heavy CPU kernels, for float and double. For projects of several files: one of them includes this, the others
// <chainrule/api.hpp>. (A file that includes <chainrule/chainrule.hpp> compiles the kernels that it names itself, and
// needs neither.)

#include <chainrule/chainrule.hpp>

namespace chainrule::detail {

template <class... Ops> struct CompileIn {
  CompileIn() { (register_cpu_kernel(static_cast<Ops*>(nullptr), 0), ...); }
};
template <class T>
using HeavyKernels =
    CompileIn<fn::AvgPool2d<T>, fn::AvgPool2dGrad<T>, fn::BatchNorm<T>, fn::BatchNormGrad<T>, fn::Conv2d<T>,
              fn::Conv2dInput<T>, fn::Conv2dWeight<T>, fn::CrossEntropy<T>, fn::CrossEntropyGrad<T>, fn::Dropout<T>,
              fn::LayerNorm<T>, fn::LayerNormGrad<T>, fn::Matmul<T>, fn::MaxPool2d<T, std::uint8_t>,
              fn::MaxPool2d<T, std::int32_t>, fn::MaxPool2dGrad<T, std::uint8_t>, fn::MaxPool2dGrad<T, std::int32_t>,
              fn::MaxPool2dPick<T, std::uint8_t>, fn::MaxPool2dPick<T, std::int32_t>, fn::Softmax<T>, fn::LogSoftmax<T>,
              fn::LogSumExp<T>, fn::SoftmaxGrad<T>, fn::LogSoftmaxGrad<T>>;

inline const HeavyKernels<float> float_kernels;
inline const HeavyKernels<double> double_kernels;

}  // namespace chainrule::detail

#pragma once
// The CUDA backend. Include it in one .cu file of a program, compiled by nvcc, or link chainrule::cuda: ops then also run on the
// GPU. This is the backend's table of contents: one line for each op.

#include <chainrule/api.hpp>
#include <chainrule/cuda/matmul.cuh>
#include <chainrule/cuda/reduce.cuh>

namespace chainrule::cuda {

namespace detail {

/// a op b, and with a number on either side.
template <class F, class T> void enrol_binary() {
  enrol_map<F, T, T>();
  enrol_map<BindRight<F, T>, T>();
}
template <class F, class T> void enrol_binary_both_ways() {
  enrol_binary<F, T>();
  enrol_map<BindLeft<F, T>, T>();
}

/// Ops of every element type.
template <class T> void enrol_for_any() {
  enrol_map<Copy, T>();
  enrol_map<BindRight<chainrule::detail::Fill, T>, T>();
  enrol_map<Cast<float>, T>();
  enrol_map<Cast<double>, T>();
  enrol_map<Cast<std::int64_t>, T>();
  enrol_map<Cast<bool>, T>();
  enrol_binary<Eq, T>();
  enrol_binary<Ne, T>();
  enrol_binary<LogicalAnd, T>();
  enrol_binary<LogicalOr, T>();
  enrol_binary<LogicalXor, T>();
  enrol_map<LogicalNot, T>();
  enrol_map<MaskedFill<T>, T, bool>();
  enrol_map<Where, bool, T, T>();
  enrol_map<WhereThen<T>, bool, T>();
  enrol_map<WhereElse<T>, bool, T>();
  enrol_map<WhereNumbers<T>, bool>();
  enrol_reduce<Sum, SumOf<T>, T>();
  enrol_reduce<Any, bool, T>();
  enrol_reduce<All, bool, T>();
}

/// Ops of numbers.
template <class T> void enrol_for_numbers() {
  enrol_for_any<T>();
  enrol_binary<Add, T>();
  enrol_binary_both_ways<Sub, T>();
  enrol_binary<Mul, T>();
  enrol_binary_both_ways<Lt, T>();
  enrol_binary_both_ways<Le, T>();
  enrol_binary_both_ways<Gt, T>();
  enrol_binary_both_ways<Ge, T>();
  enrol_map<Neg, T>();
  enrol_map<Abs, T>();
  enrol_map<Sign, T>();
  enrol_map<Square, T>();
  enrol_map<Maximum, T, T>();
  enrol_map<Minimum, T, T>();
  enrol_map<Clamp<T>, T>();
  enrol_reduce<Prod, T, T>();
  enrol_reduce<Extreme<true>, T, T>();
  enrol_reduce<Extreme<false>, T, T>();
}

/// Ops of float and double.
template <class T> void enrol_for_reals() {
  enrol_for_numbers<T>();
  enrol_binary_both_ways<Div, T>();
  enrol_binary_both_ways<Pow, T>();
  enrol_map<Cube, T>();
  enrol_map<Reciprocal, T>();
  enrol_map<Sqrt, T>();
  enrol_map<Rsqrt, T>();
  enrol_map<Exp, T>();
  enrol_map<Log, T>();
  enrol_map<Log1p, T>();
  enrol_map<Sin, T>();
  enrol_map<Cos, T>();
  enrol_map<Tanh, T>();
  enrol_map<TanhGrad, T, T>();
  enrol_map<Sigmoid, T>();
  enrol_map<SigmoidGrad, T, T>();
  enrol_map<Relu, T>();
  enrol_map<ReluGrad, T, T>();
  enrol_map<LeakyRelu<T>, T>();
  enrol_map<LeakyReluGrad<T>, T, T>();
  enrol_map<Elu<T>, T>();
  enrol_map<EluGrad<T>, T, T>();
  enrol_map<Gelu, T>();
  enrol_map<GeluGrad, T, T>();
  enrol_map<GeluTanh, T>();
  enrol_map<GeluTanhGrad, T, T>();
  enrol_map<Silu, T>();
  enrol_map<SiluGrad, T, T>();
  enrol_map<Softplus<T>, T>();
  enrol_map<SoftplusGrad<T>, T, T>();
  enrol_map<Round, T>();
  enrol_map<Floor, T>();
  enrol_map<Ceil, T>();
  enrol_map<IsNan, T>();
  enrol_map<IsInf, T>();
  enrol_map<IsFinite, T>();
  enrol_map<IsClose, T, T>();
  enrol_map<MaximumGrad, T, T, T>();
  enrol_map<ClampGrad<T>, T, T>();
  enrol_map<Attains, T, T>();
  enrol_map<AttainsMagnitude, T, T>();
  enrol_map<NormTerm<T>, T>();
  enrol_map<NormRoot<T>, T>();
  enrol_map<DivideByCount<T>, T>();
  enrol_map<WithoutOffset<T>, T, T>();
  enrol_map<DivideByDegrees<T>, T>();
  enrol_map<RootOfVar<T>, T>();
  enrol_map<chainrule::detail::ExpSub, T, T>();
  enrol_map<Triangle<true>, T, std::int64_t, std::int64_t>();
  enrol_map<Triangle<false>, T, std::int64_t, std::int64_t>();
  enrol_reduce<SumOfSquares, T, T>();
  enrol_reduce<MaxMagnitude, T, T>();
  enrol_matmul<T>();
}

/// Ops of bits.
template <class T> void enrol_for_bits() {
  enrol_binary<BitwiseAnd, T>();
  enrol_binary<BitwiseOr, T>();
  enrol_binary<BitwiseXor, T>();
  enrol_map<BitwiseNot, T>();
}

}  // namespace detail

/// Fills the slots when the program starts.
inline const bool enrolled = [] {
  chainrule::detail::memory_of(Device::cuda) = detail::device_memory();
  detail::enrol_for_reals<float>();
  detail::enrol_for_reals<double>();
  detail::enrol_for_numbers<std::int64_t>();
  detail::enrol_for_any<bool>();
  detail::enrol_for_bits<std::int64_t>();
  detail::enrol_for_bits<bool>();
  enrol_map<Cast<float>, std::uint8_t>();  // images
  enrol_map<Copy, std::uint8_t>();
  return true;
}();

}  // namespace chainrule::cuda

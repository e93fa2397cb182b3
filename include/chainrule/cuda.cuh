#pragma once
// The CUDA backend. Include it in one .cu file of a program, compiled by nvcc, or link chainrule::cuda: ops then also
// run on the
// GPU. This is the backend's table of contents: one line for each op.

#include <chainrule/api.hpp>
#include <chainrule/cuda/matmul.cuh>
#include <chainrule/cuda/reduce.cuh>

namespace chainrule::cuda {

namespace detail {

/// a op b, and with a number on either side.
template <class F, class T> void enrol_binary() {
  enrol_map<F, T, T>();
  enrol_map<fn::BindRight<F, T>, T>();
}
template <class F, class T> void enrol_binary_both_ways() {
  enrol_binary<F, T>();
  enrol_map<fn::BindLeft<F, T>, T>();
}

/// Ops of every element type.
template <class T> void enrol_for_any() {
  enrol_map<fn::Copy, T>();
  enrol_map<fn::BindRight<chainrule::detail::Fill, T>, T>();
  enrol_map<fn::Cast<float>, T>();
  enrol_map<fn::Cast<double>, T>();
  enrol_map<fn::Cast<std::int64_t>, T>();
  enrol_map<fn::Cast<bool>, T>();
  enrol_binary<fn::Eq, T>();
  enrol_binary<fn::Ne, T>();
  enrol_binary<fn::LogicalAnd, T>();
  enrol_binary<fn::LogicalOr, T>();
  enrol_binary<fn::LogicalXor, T>();
  enrol_map<fn::LogicalNot, T>();
  enrol_map<fn::MaskedFill<T>, T, bool>();
  enrol_map<fn::Where, bool, T, T>();
  enrol_map<fn::WhereThen<T>, bool, T>();
  enrol_map<fn::WhereElse<T>, bool, T>();
  enrol_map<fn::WhereNumbers<T>, bool>();
  enrol_reduce<fn::Sum, SumOf<T>, T>();
  enrol_reduce<fn::Any, bool, T>();
  enrol_reduce<fn::All, bool, T>();
}

/// Ops of numbers.
template <class T> void enrol_for_numbers() {
  enrol_for_any<T>();
  enrol_binary<fn::Add, T>();
  enrol_binary_both_ways<fn::Sub, T>();
  enrol_binary<fn::Mul, T>();
  enrol_binary_both_ways<fn::Lt, T>();
  enrol_binary_both_ways<fn::Le, T>();
  enrol_binary_both_ways<fn::Gt, T>();
  enrol_binary_both_ways<fn::Ge, T>();
  enrol_map<fn::Neg, T>();
  enrol_map<fn::Abs, T>();
  enrol_map<fn::Sign, T>();
  enrol_map<fn::Square, T>();
  enrol_map<fn::Maximum, T, T>();
  enrol_map<fn::Minimum, T, T>();
  enrol_map<fn::Clamp<T>, T>();
  enrol_map<fn::Lerp, T, T, T>();
  enrol_map<fn::LerpBy<T>, T, T>();
  enrol_reduce<fn::Prod, T, T>();
  enrol_reduce<fn::Extreme<true>, T, T>();
  enrol_reduce<fn::Extreme<false>, T, T>();
}

/// Ops of float and double.
template <class T> void enrol_for_reals() {
  enrol_for_numbers<T>();
  enrol_binary_both_ways<fn::Div, T>();
  enrol_binary_both_ways<fn::Pow, T>();
  enrol_map<fn::Cube, T>();
  enrol_map<fn::Reciprocal, T>();
  enrol_map<fn::Sqrt, T>();
  enrol_map<fn::Rsqrt, T>();
  enrol_map<fn::Exp, T>();
  enrol_map<fn::Log, T>();
  enrol_map<fn::Log1p, T>();
  enrol_map<fn::Sin, T>();
  enrol_map<fn::Cos, T>();
  enrol_map<fn::Tan, T>();
  enrol_map<fn::Asin, T>();
  enrol_map<fn::Acos, T>();
  enrol_map<fn::ArcSlope, T>();
  enrol_map<fn::Atan, T>();
  enrol_map<fn::Sinh, T>();
  enrol_map<fn::Cosh, T>();
  enrol_map<fn::Exp2, T>();
  enrol_map<fn::Expm1, T>();
  enrol_map<fn::Log2, T>();
  enrol_map<fn::Log10, T>();
  enrol_map<fn::Erf, T>();
  enrol_map<fn::Trunc, T>();
  enrol_map<fn::Atan2, T, T>();
  enrol_map<fn::Atan2Scale, T, T>();
  enrol_binary<fn::Fmod, T>();
  enrol_binary<fn::Remainder, T>();
  enrol_map<fn::Quotient<fn::Fmod>, T, T>();
  enrol_map<fn::Quotient<fn::Remainder>, T, T>();
  enrol_map<fn::Tanh, T>();
  enrol_map<fn::TanhGrad, T, T>();
  enrol_map<fn::Sigmoid, T>();
  enrol_map<fn::SigmoidGrad, T, T>();
  enrol_map<fn::Relu, T>();
  enrol_map<fn::ReluGrad, T, T>();
  enrol_map<fn::LeakyRelu<T>, T>();
  enrol_map<fn::LeakyReluGrad<T>, T, T>();
  enrol_map<fn::Elu<T>, T>();
  enrol_map<fn::EluGrad<T>, T, T>();
  enrol_map<fn::Gelu, T>();
  enrol_map<fn::GeluGrad, T, T>();
  enrol_map<fn::GeluTanh, T>();
  enrol_map<fn::GeluTanhGrad, T, T>();
  enrol_map<fn::Silu, T>();
  enrol_map<fn::SiluGrad, T, T>();
  enrol_map<fn::Softplus<T>, T>();
  enrol_map<fn::SoftplusGrad<T>, T, T>();
  enrol_map<fn::Round, T>();
  enrol_map<fn::Floor, T>();
  enrol_map<fn::Ceil, T>();
  enrol_map<fn::IsNan, T>();
  enrol_map<fn::IsInf, T>();
  enrol_map<fn::IsFinite, T>();
  enrol_map<fn::IsClose, T, T>();
  enrol_map<fn::MaximumGrad, T, T, T>();
  enrol_map<fn::ClampGrad<T>, T, T>();
  enrol_map<fn::Attains, T, T>();
  enrol_map<fn::AttainsMagnitude, T, T>();
  enrol_map<fn::NormTerm<T>, T>();
  enrol_map<fn::NormRoot<T>, T>();
  enrol_map<fn::DivideByCount<T>, T>();
  enrol_map<fn::WithoutOffset<T>, T, T>();
  enrol_map<fn::DivideByDegrees<T>, T>();
  enrol_map<fn::RootOfVar<T>, T>();
  enrol_map<chainrule::detail::ExpSub, T, T>();
  enrol_map<fn::Triangle<true>, T, std::int64_t, std::int64_t>();
  enrol_map<fn::Triangle<false>, T, std::int64_t, std::int64_t>();
  enrol_reduce<fn::SumOfSquares, T, T>();
  enrol_reduce<fn::MaxMagnitude, T, T>();
  enrol_reduce<fn::MinMagnitude, T, T>();
  enrol_matmul<T>();
}

/// Ops of bits.
template <class T> void enrol_for_bits() {
  enrol_binary<fn::BitwiseAnd, T>();
  enrol_binary<fn::BitwiseOr, T>();
  enrol_binary<fn::BitwiseXor, T>();
  enrol_map<fn::BitwiseNot, T>();
}

}  // namespace detail

/// Fills the slots when the program starts.
inline const bool registered = [] {
  chainrule::detail::memory_of(Device::cuda) = detail::device_memory();
  detail::enrol_for_reals<float>();
  detail::enrol_for_reals<double>();
  detail::enrol_for_numbers<std::int64_t>();
  detail::enrol_for_any<bool>();
  detail::enrol_for_bits<std::int64_t>();
  detail::enrol_for_bits<bool>();
  enrol_map<fn::Cast<float>, std::uint8_t>();  // images
  enrol_map<fn::Copy, std::uint8_t>();
  return true;
}();

}  // namespace chainrule::cuda

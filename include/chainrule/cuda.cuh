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
template <class F, class T> void register_binary() {
  register_map<F, T, T>();
  register_map<fn::BindRight<F, T>, T>();
}
template <class F, class T> void register_binary_both_ways() {
  register_binary<F, T>();
  register_map<fn::BindLeft<F, T>, T>();
}

/// Ops of every element type.
template <class T> void register_for_any() {
  register_map<fn::Copy, T>();
  register_map<fn::BindRight<chainrule::detail::Fill, T>, T>();
  register_map<fn::Cast<float>, T>();
  register_map<fn::Cast<double>, T>();
  register_map<fn::Cast<std::int64_t>, T>();
  register_map<fn::Cast<bool>, T>();
  register_binary<fn::Eq, T>();
  register_binary<fn::Ne, T>();
  register_binary<fn::LogicalAnd, T>();
  register_binary<fn::LogicalOr, T>();
  register_binary<fn::LogicalXor, T>();
  register_map<fn::LogicalNot, T>();
  register_map<fn::MaskedFill<T>, T, bool>();
  register_map<fn::Where, bool, T, T>();
  register_map<fn::WhereThen<T>, bool, T>();
  register_map<fn::WhereElse<T>, bool, T>();
  register_map<fn::WhereNumbers<T>, bool>();
  register_reduce<fn::Sum, SumOf<T>, T>();
  register_reduce<fn::Any, bool, T>();
  register_reduce<fn::All, bool, T>();
}

/// Ops of numbers.
template <class T> void register_for_numbers() {
  register_for_any<T>();
  register_binary<fn::Add, T>();
  register_binary_both_ways<fn::Sub, T>();
  register_binary<fn::Mul, T>();
  register_binary_both_ways<fn::Lt, T>();
  register_binary_both_ways<fn::Le, T>();
  register_binary_both_ways<fn::Gt, T>();
  register_binary_both_ways<fn::Ge, T>();
  register_map<fn::Neg, T>();
  register_map<fn::Abs, T>();
  register_map<fn::Sign, T>();
  register_map<fn::Square, T>();
  register_map<fn::Maximum, T, T>();
  register_map<fn::Minimum, T, T>();
  register_map<fn::Clamp<T>, T>();
  register_map<fn::Lerp, T, T, T>();
  register_map<fn::LerpBy<T>, T, T>();
  register_reduce<fn::Prod, T, T>();
  register_reduce<fn::Extreme<true>, T, T>();
  register_reduce<fn::Extreme<false>, T, T>();
}

/// Ops of float and double.
template <class T> void register_for_reals() {
  register_for_numbers<T>();
  register_binary_both_ways<fn::Div, T>();
  register_binary_both_ways<fn::Pow, T>();
  register_map<fn::Cube, T>();
  register_map<fn::Reciprocal, T>();
  register_map<fn::Sqrt, T>();
  register_map<fn::Rsqrt, T>();
  register_map<fn::Exp, T>();
  register_map<fn::Log, T>();
  register_map<fn::Log1p, T>();
  register_map<fn::Sin, T>();
  register_map<fn::Cos, T>();
  register_map<fn::Tan, T>();
  register_map<fn::Asin, T>();
  register_map<fn::Acos, T>();
  register_map<fn::ArcSlope, T>();
  register_map<fn::Atan, T>();
  register_map<fn::Sinh, T>();
  register_map<fn::Cosh, T>();
  register_map<fn::Exp2, T>();
  register_map<fn::Expm1, T>();
  register_map<fn::Log2, T>();
  register_map<fn::Log10, T>();
  register_map<fn::Erf, T>();
  register_map<fn::Trunc, T>();
  register_map<fn::Atan2, T, T>();
  register_map<fn::Atan2Scale, T, T>();
  register_binary<fn::Fmod, T>();
  register_binary<fn::Remainder, T>();
  register_map<fn::Quotient<fn::Fmod>, T, T>();
  register_map<fn::Quotient<fn::Remainder>, T, T>();
  register_map<fn::Tanh, T>();
  register_map<fn::TanhGrad, T, T>();
  register_map<fn::Sigmoid, T>();
  register_map<fn::SigmoidGrad, T, T>();
  register_map<fn::Relu, T>();
  register_map<fn::ReluGrad, T, T>();
  register_map<fn::LeakyRelu<T>, T>();
  register_map<fn::LeakyReluGrad<T>, T, T>();
  register_map<fn::Elu<T>, T>();
  register_map<fn::EluGrad<T>, T, T>();
  register_map<fn::Gelu, T>();
  register_map<fn::GeluGrad, T, T>();
  register_map<fn::GeluTanh, T>();
  register_map<fn::GeluTanhGrad, T, T>();
  register_map<fn::Silu, T>();
  register_map<fn::SiluGrad, T, T>();
  register_map<fn::Softplus<T>, T>();
  register_map<fn::SoftplusGrad<T>, T, T>();
  register_map<fn::Round, T>();
  register_map<fn::Floor, T>();
  register_map<fn::Ceil, T>();
  register_map<fn::IsNan, T>();
  register_map<fn::IsInf, T>();
  register_map<fn::IsFinite, T>();
  register_map<fn::IsClose, T, T>();
  register_map<fn::MaximumGrad, T, T, T>();
  register_map<fn::ClampGrad<T>, T, T>();
  register_map<fn::Attains, T, T>();
  register_map<fn::AttainsMagnitude, T, T>();
  register_map<fn::NormTerm<T>, T>();
  register_map<fn::NormRoot<T>, T>();
  register_map<fn::DivideByCount<T>, T>();
  register_map<fn::WithoutOffset<T>, T, T>();
  register_map<fn::DivideByDegrees<T>, T>();
  register_map<fn::RootOfVar<T>, T>();
  register_map<chainrule::detail::ExpSub, T, T>();
  register_map<fn::Triangle<true>, T, std::int64_t, std::int64_t>();
  register_map<fn::Triangle<false>, T, std::int64_t, std::int64_t>();
  register_reduce<fn::SumOfSquares, T, T>();
  register_reduce<fn::MaxMagnitude, T, T>();
  register_reduce<fn::MinMagnitude, T, T>();
  register_matmul<T>();
}

/// Ops of bits.
template <class T> void register_for_bits() {
  register_binary<fn::BitwiseAnd, T>();
  register_binary<fn::BitwiseOr, T>();
  register_binary<fn::BitwiseXor, T>();
  register_map<fn::BitwiseNot, T>();
}

}  // namespace detail

/// Fills the slots when the program starts.
inline const bool registered = [] {
  chainrule::detail::memory_of(Device::cuda) = detail::device_memory();
  detail::register_for_reals<float>();
  detail::register_for_reals<double>();
  detail::register_for_numbers<std::int64_t>();
  detail::register_for_any<bool>();
  detail::register_for_bits<std::int64_t>();
  detail::register_for_bits<bool>();
  register_map<fn::Cast<float>, std::uint8_t>();  // images
  register_map<fn::Copy, std::uint8_t>();
  return true;
}();

}  // namespace chainrule::cuda

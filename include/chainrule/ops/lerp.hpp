#pragma once
// lerp: on the way from one tensor to another.

#include <chainrule/ops/add.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/sub.hpp>

namespace chainrule {

/// start + weight (end - start): start for weight 0, end for weight 1. The weight is a number or a tensor. Made of other ops. Source: torch.lerp.
///     lerp(tensor({0, 10}), tensor({10, 20}), 0.5)   // {5, 15}
template <class T> Tensor<T> lerp(const Tensor<T>& start, const Tensor<T>& end, std::type_identity_t<Operand<T>> weight, Location at = Location::here()) {
  return add(start, mul(sub(end, start, at), weight, at), at);
}

}  // namespace chainrule

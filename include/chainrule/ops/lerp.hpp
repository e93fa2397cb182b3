#pragma once
// lerp: on the way from one tensor to another.

#include <chainrule/core/binary.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/sub.hpp>

namespace chainrule {

namespace fn {

/// Counted from the nearer end, so that both ends are exact.
struct Lerp {
  static constexpr auto name = "lerp";
  template <class T> CHAINRULE_HD T operator()(T start, T end, T weight) const {
    const T way = static_cast<T>(end - start);
    if constexpr (Real<T>)
      return weight < T(0.5) && weight > T(-0.5) ? start + weight * way : end - way * (T(1) - weight);
    else return static_cast<T>(start + weight * way);
  }
};
template <class T> struct LerpBy {  // a number as weight
  static constexpr auto name = "lerp";
  T weight;
  CHAINRULE_HD T operator()(T start, T end) const { return Lerp{}(start, end, weight); }
};

}  // namespace fn

/// start + weight (end - start): start for weight 0, end for weight 1, exactly. From weight 0.5 on it is computed as
/// end - (end - start) (1 - weight). The weight is a number or a tensor; shapes broadcast. Any element type but bool.
/// Gradient: g (1 - weight) for start, g weight for end, g (end - start) for the weight. Source: torch.lerp.
///     lerp(tensor({0, 10}), tensor({10, 20}), 0.5)   // {5, 15}
template <class T>
Tensor<T> lerp(const Tensor<T>& start, const Tensor<T>& end, std::type_identity_t<Operand<T>> weight,
               Location at = Location::here()) {
  static_assert(!std::same_as<T, bool>, "lerp: expects numbers, not bool; convert first: x.to<float>()");
  if (!weight.tensor)
    return record(
        "lerp", map(fn::LerpBy<T>{weight.scalar}, at, start, end), {start, end},
        [w = weight.scalar](const Tensor<T>& g, Needs need) {
          return Grads{need[0] ? g * (T(1) - w) : Tensor<T>(), need[1] ? g * w : Tensor<T>()};
        },
        at);
  return record(
      "lerp", map(fn::Lerp{}, at, start, end, *weight.tensor), {start, end, *weight.tensor},
      keep(start, end, *weight.tensor),
      [](const Tensor<T>& g, Needs need, const Tensor<T>& a, const Tensor<T>& b, const Tensor<T>& w) {
        return Grads{need[0] ? g * (1 - w) : Tensor<T>(), need[1] ? g * w : Tensor<T>(),
                     need[2] ? g * (b - a) : Tensor<T>()};
      },
      at);
}

}  // namespace chainrule

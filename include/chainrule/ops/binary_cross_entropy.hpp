#pragma once
// binary_cross_entropy, of probabilities or of scores (logits).

#include <chainrule/core/math.hpp>
#include <chainrule/core/simd.hpp>
#include <chainrule/ops/clamp.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/log.hpp>
#include <chainrule/ops/pairwise_loss.hpp>
#include <chainrule/ops/sigmoid.hpp>
#include <chainrule/ops/sub.hpp>
#include <cmath>

namespace chainrule {

/// Options of binary_cross_entropy, as in PyTorch.
template <class T> struct BinaryCrossEntropyOptions {
  Tensor<T> weight = {};  ///< multiplies each term; broadcasts to the input
  Reduction reduction = Reduction::mean;
};
/// Options of binary_cross_entropy_with_logits, as in PyTorch.
template <class T> struct BinaryCrossEntropyWithLogitsOptions {
  Tensor<T> weight = {};  ///< multiplies each term; broadcasts to the input
  Reduction reduction = Reduction::mean;
  Tensor<T> pos_weight = {};  ///< multiplies the terms of positive targets; broadcasts to the input
};

namespace fn {

/// Folds to 1 where a value lies outside of [0, 1] or is NaN, else to 0.
struct NoProbability {
  template <class A> CHAINRULE_HD A start() const { return A(0); }
  template <class A> CHAINRULE_HD A operator()(A bad, A x) const { return ((x >= A(0)) & (x <= A(1))) ? bad : A(1); }
  template <class A> CHAINRULE_HD A join(A a, A b) const { return a > b ? a : b; }
};

/// The position of the first value that is no probability, or -1.
template <class T> struct FindNoProbability {
  static constexpr auto name = "find_no_probability";
  using fn = std::int64_t(const T* x, std::int64_t n);
  static std::int64_t cpu(const T* x, std::int64_t n) {
    const T bad = simd::run([=] { return simd::fold<T>(NoProbability{}, x, n); });
    if (bad != T(0)) [[unlikely]]
      for (std::int64_t i = 0; i < n; ++i)
        if (!(x[i] >= T(0) && x[i] <= T(1))) return i;
    return -1;
  }
};

}  // namespace fn

namespace detail {

struct BceTerm {
  static constexpr auto name = "binary_cross_entropy";
  template <class T> CHAINRULE_HD T operator()(T x, T y) const {
    const T low = T(-100), with = math::log(x), without = math::log1p(-x);  // log(0) counts as -100, as in PyTorch
    return -(y * (with > low ? with : low) + (1 - y) * (without > low ? without : low));
  }
};
struct BceGrad {
  static constexpr auto name = "binary_cross_entropy_grad";
  template <class T> CHAINRULE_HD T operator()(T g, T x, T y) const {
    const T spread = x * (1 - x), least = static_cast<T>(1e-12);
    return g * (x - y) / (spread > least ? spread : least);
  }
};
struct BceLogitsTerm {
  static constexpr auto name = "binary_cross_entropy_with_logits";
  template <class T> CHAINRULE_HD T operator()(T x, T y) const {
    return (1 - y) * x + math::log1p(math::exp(-std::abs(x))) + (x < 0 ? -x : T(0));
  }
};
struct BceLogitsGrad {
  static constexpr auto name = "binary_cross_entropy_with_logits_grad";
  template <class T> CHAINRULE_HD T operator()(T g, T x, T y) const { return g * (math::sigmoid(x) - y); }
};
struct LogSigmoid {
  static constexpr auto name = "logsigmoid";
  template <class T> CHAINRULE_HD T operator()(T x) const {
    return (x < 0 ? x : T(0)) - math::log1p(math::exp(-std::abs(x)));
  }
};

template <Real T>
Tensor<T> bce_grad(const Tensor<T>& g, const Tensor<T>& x, const Tensor<T>& y, Location at = Location::here()) {
  return record(
      "binary_cross_entropy_grad", map(BceGrad{}, at, g, x, y), {g, x, y}, keep(g, x, y),
      [](const Tensor<T>& u, Needs need, const Tensor<T>& up, const Tensor<T>& p, const Tensor<T>& q) {
        Tensor<T> to_g, to_x, to_y;
        if (need[0]) to_g = bce_grad(u, p, q);
        if (need[1] || need[2]) {
          const Tensor<T> spread = clamp(p * (1 - p), static_cast<T>(1e-12)), both = u * up;
          if (need[1]) to_x = both * (spread - (p - q) * (1 - 2 * p)) / (spread * spread);
          if (need[2]) to_y = neg(both / spread);
        }
        return Grads{to_g, to_x, to_y};
      },
      at);
}
template <Real T>
Tensor<T> bce_logits_grad(const Tensor<T>& g, const Tensor<T>& x, const Tensor<T>& y, Location at = Location::here()) {
  return record(
      "binary_cross_entropy_with_logits_grad", map(BceLogitsGrad{}, at, g, x, y), {g, x, y}, keep(g, x, y),
      [](const Tensor<T>& u, Needs need, const Tensor<T>& up, const Tensor<T>& p, const Tensor<T>& q) {
        const Tensor<T> both = u * up;
        return Grads{need[0] ? bce_logits_grad(u, p, q) : Tensor<T>(),
                     need[1] ? sigmoid_grad(both, sigmoid(p)) : Tensor<T>(), need[2] ? neg(both) : Tensor<T>()};
      },
      at);
}

template <Real T> void check_probabilities(const Tensor<T>& x, const char* what, const char* fix, Location at) {
  no_grad guard;
  const Tensor<T> in = contiguous(x, at);
  const std::int64_t bad = kernel<fn::FindNoProbability<T>>::on(in.device(), at)(in.data(), in.numel());
  if (bad >= 0) [[unlikely]]
    fail(at, "binary_cross_entropy: expects ", what, " between 0 and 1, got ",
         in.to_vector()[static_cast<std::size_t>(bad)], " at element ", bad, fix);
}

/// The terms of a loss, weighed and reduced, all of it recorded.
template <Real T>
Tensor<T> reduce_terms(const char* op, Tensor<T> terms, const Tensor<T>& weight, chainrule::Reduction reduction,
                       Location at) {
  if (weight.defined()) {
    check(broadcast_shapes(terms.shape(), weight.shape(), op, at) == terms.shape(), at, op, ": weight of shape ",
          weight.shape(), " is larger than the input, ", terms.shape());
    terms = mul(terms, weight, at);
  }
  if (reduction == chainrule::Reduction::none) return terms;
  const Tensor<T> total = sum(terms, at);
  return reduction == chainrule::Reduction::sum ? total : mul(total, 1 / static_cast<double>(terms.numel()), at);
}

}  // namespace detail

/// log(sigmoid(x)), precise for large |x|. Gradient: g sigmoid(-x). Source: torch.nn.functional.logsigmoid.
///     logsigmoid(tensor({0, -1000}))   // {-0.6931, -1000}
template <Real T> Tensor<T> logsigmoid(const Tensor<T>& x, Location at = Location::here()) {
  return record(
      "logsigmoid", map(detail::LogSigmoid{}, at, x), {x}, keep(x),
      [](const Tensor<T>& g, const Tensor<T>& v) { return Grads{g * sigmoid(neg(v))}; }, at);
}

/// -(target log(input) + (1 - target) log(1 - input)) of probabilities, averaged, summed, or for each element; a
/// logarithm below -100 counts as -100. Both have the same shape. float and double.
/// Gradient: (input - target) / (input (1 - input)) g for the input, (log(1 - input) - log(input)) g for the target,
/// divided by the number of elements for "mean". Throws for an input (use binary_cross_entropy_with_logits for scores)
/// or a target outside of [0, 1], and when the shapes differ, even if they would broadcast. Source:
/// torch.nn.functional.binary_cross_entropy.
///     binary_cross_entropy(tensor({0.5f}), tensor({1}))   // 0.6931
template <Real T>
Tensor<T> binary_cross_entropy(const Tensor<T>& input, const Tensor<T>& target,
                               std::type_identity_t<BinaryCrossEntropyOptions<T>> options = {},
                               Location at = Location::here()) {
  detail::check_same_shape("binary_cross_entropy", input, target, at);
  detail::check_probabilities(input, "probabilities",
                              "; take the sigmoid first, or use binary_cross_entropy_with_logits", at);
  detail::check_probabilities(target, "targets", "", at);
  Tensor<T> terms = record(
      "binary_cross_entropy", map(detail::BceTerm{}, at, input, target), {input, target}, keep(input, target),
      [](const Tensor<T>& g, Needs need, const Tensor<T>& x, const Tensor<T>& y) {
        Tensor<T> gx, gy;
        if (need[0]) gx = detail::bce_grad(g, x, y);
        if (need[1]) gy = g * (clamp(log1p(neg(x)), T(-100)) - clamp(log(x), T(-100)));
        return Grads{gx, gy};
      },
      at);
  return detail::reduce_terms("binary_cross_entropy", terms, options.weight, options.reduction, at);
}

/// binary_cross_entropy of sigmoid(input), precise for scores of any size:
///     (1 - target) x + (1 + (pos_weight - 1) target) log(1 + exp(-x)),
/// averaged, summed, or for each element. Both have the same shape. float and double.
/// Gradient: (sigmoid(x) - target) g without pos_weight, divided by the number of elements for "mean".
/// Throws when the shapes differ, even if they would broadcast. Source:
/// torch.nn.functional.binary_cross_entropy_with_logits.
///     binary_cross_entropy_with_logits(tensor({0, 1000}), tensor({1, 1}))   // 0.3466
template <Real T>
Tensor<T> binary_cross_entropy_with_logits(const Tensor<T>& input, const Tensor<T>& target,
                                           std::type_identity_t<BinaryCrossEntropyWithLogitsOptions<T>> options = {},
                                           Location at = Location::here()) {
  constexpr auto op = "binary_cross_entropy_with_logits";
  detail::check_same_shape(op, input, target, at);
  Tensor<T> terms;
  if (options.pos_weight.defined()) {
    check(detail::broadcast_shapes(input.shape(), options.pos_weight.shape(), op, at) == input.shape(), at, op,
          ": pos_weight of shape ", options.pos_weight.shape(), " is larger than the input, ", input.shape());
    terms = (1 - target) * input - ((options.pos_weight - 1) * target + 1) * logsigmoid(input, at);
  } else {
    terms = record(
        op, map(detail::BceLogitsTerm{}, at, input, target), {input, target}, keep(input, target),
        [](const Tensor<T>& g, Needs need, const Tensor<T>& x, const Tensor<T>& y) {
          return Grads{need[0] ? detail::bce_logits_grad(g, x, y) : Tensor<T>(), need[1] ? neg(g * x) : Tensor<T>()};
        },
        at);
  }
  return detail::reduce_terms(op, terms, options.weight, options.reduction, at);
}

}  // namespace chainrule

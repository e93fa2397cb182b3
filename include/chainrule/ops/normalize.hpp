#pragma once
// normalize and cosine_similarity: vectors of length one, and the angle between two.

#include <chainrule/ops/clamp.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/norm.hpp>
#include <chainrule/ops/sum.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule {

/// x / max(norm(x), eps), the p-norm taken along `dim`. float and double. Made of other ops. Source:
/// torch.nn.functional.normalize.
///     normalize(tensor({{3, 4}}))   // {{0.6, 0.8}}
template <Real T>
Tensor<T> normalize(const Tensor<T>& x, double p = 2, std::int64_t dim = 1, double eps = 1e-12,
                    Location at = Location::here()) {
  return div(x, clamp_min(norm(x, p, dim, true, at), static_cast<T>(eps), at), at);
}

namespace detail {

/// x / max(|x|, eps) along `dim`, where a norm below eps keeps its gradient.
template <Real T> Tensor<T> direction(const Tensor<T>& x, std::int64_t dim, double eps, Location at) {
  const Tensor<T> length = norm(x, 2, dim, true, at);
  const auto bounds = clamp_bounds<T>(static_cast<T>(eps), {}, "cosine_similarity", at);
  const auto rule = [](const Tensor<T>& g) { return Grads{g}; };
  return div(x, record("cosine_similarity", map(bounds, at, length), {length}, rule, at), at);
}

}  // namespace detail

/// The cosine of the angle between x1 and x2 along `dim`: sum(x1 x2) / (max(|x1|, eps) max(|x2|, eps)). Shapes
/// broadcast, before anything else: `dim` counts in the common shape. float and double. Made of other ops, but for a
/// norm below eps, whose gradient is that of the norm all the same, as in PyTorch. Source:
/// torch.nn.functional.cosine_similarity.
///     cosine_similarity(tensor({{1, 0}}), tensor({{1, 1}}))   // {0.7071}
template <Real T>
Tensor<T> cosine_similarity(const Tensor<T>& x1, const Tensor<T>& x2, std::int64_t dim = 1, double eps = 1e-8,
                            Location at = Location::here()) {
  const Shape shape = detail::broadcast_shapes(x1.shape(), x2.shape(), "cosine_similarity", at);
  detail::wrap_dim(dim, std::max(1, shape.size()), "cosine_similarity", at);
  const Tensor<T> a = x1.shape() == shape ? x1 : expand(x1, shape, at),
                  b = x2.shape() == shape ? x2 : expand(x2, shape, at);
  return sum(mul(detail::direction(a, dim, eps, at), detail::direction(b, dim, eps, at), at), dim, false, at);
}

}  // namespace chainrule

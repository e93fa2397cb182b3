#pragma once
// normalize and cosine_similarity: vectors of length one, and the angle between two.

#include <chainrule/ops/clamp.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/norm.hpp>
#include <chainrule/ops/sum.hpp>

namespace chainrule {

/// x / max(norm(x), eps), the p-norm taken along `dim`. float and double. Made of other ops. Source: torch.nn.functional.normalize.
///     normalize(tensor({{3, 4}}))   // {{0.6, 0.8}}
template <Real T> Tensor<T> normalize(const Tensor<T>& x, double p = 2, std::int64_t dim = 1, double eps = 1e-12, Location at = Location::here()) {
  return div(x, clamp_min(norm(x, p, dim, true, at), static_cast<T>(eps), at), at);
}

/// The cosine of the angle between x1 and x2 along `dim`: sum(x1 x2) / (max(|x1|, eps) max(|x2|, eps)); shapes broadcast. float and double.
/// Made of other ops. Source: torch.nn.functional.cosine_similarity.
///     cosine_similarity(tensor({{1, 0}}), tensor({{1, 1}}))   // {0.7071}
template <Real T> Tensor<T> cosine_similarity(const Tensor<T>& x1, const Tensor<T>& x2, std::int64_t dim = 1, double eps = 1e-8, Location at = Location::here()) {
  return sum(mul(normalize(x1, 2, dim, eps, at), normalize(x2, 2, dim, eps, at), at), dim, false, at);
}

}  // namespace chainrule

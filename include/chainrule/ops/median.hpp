#pragma once
// median: the element in the middle.

#include <chainrule/ops/gather.hpp>
#include <chainrule/ops/isfinite.hpp>
#include <chainrule/ops/max.hpp>
#include <chainrule/ops/sort.hpp>
#include <chainrule/ops/sum.hpp>
#include <chainrule/ops/where.hpp>

namespace chainrule {

/// The element in the middle of those along `dim`, of an even number the lower one, and its index. The first NaN among
/// them is the median. Gradient: g to the element that it came from. Source: torch.median. Throws when there is nothing
/// along `dim`.
///     auto [value, index] = median(tensor({{3, 1, 2}}), 1);   // {2}, {2}
template <class T>
ValueAndIndices<T> median(const Tensor<T>& x, std::int64_t dim, bool keepdim = false, Location at = Location::here()) {
  if (x.dim() == 0) {
    auto [value, index] = median(reshape(x, {1}, at), dim, false, at);
    return {value, index};
  }
  const int d = detail::wrap_dim(dim, x.dim(), "median", at);
  const std::int64_t n = x.shape()[d];
  check(n > 0, at, "median: there is no median of nothing: dimension ", d, " of ", x.shape(), " has size 0");
  auto [values, indices] = sort(x, d, false, at);
  const std::int64_t middle = (n - 1) / 2;
  Tensor<T> value;
  Tensor<std::int64_t> index;
  if constexpr (Real<T>) {  // NaN stand last in order, and the first of them is the median
    const Tensor<std::int64_t> bad = sum(isnan(values.detach(), at), d, true, at);
    const Tensor<std::int64_t> position = where(bad > 0, n - bad, middle, at);
    value = gather(values, d, position, at);
    index = gather(indices, d, position, at);
  } else {
    value = narrow(values, d, middle, 1, at);
    index = narrow(indices, d, middle, 1, at);
  }
  if (keepdim) return {value, index};
  return {squeeze(value, d, at), squeeze(index, d, at)};
}
/// The element in the middle of all; the rules of median(x, dim). Gradient: g, shared evenly by all elements that are
/// equal to it.
///     median(tensor({{4, 1}, {3, 2}}))   // 2
template <class T> Tensor<T> median(const Tensor<T>& x, Location at = Location::here()) {
  const Tensor<T> value = median(reshape(x.detach(), {x.numel()}, at), 0, false, at).values.detach();
  return record(
      "median", value, {x}, keep(x, this_value),
      [](const Tensor<T>& g, const Tensor<T>& v, const Tensor<T>& y) { return Grads{detail::share_evenly(g, v, y)}; },
      at);
}

template <class T> Tensor<T> Tensor<T>::median(Location at) const { return chainrule::median(*this, at); }
template <class T> ValueAndIndices<T> Tensor<T>::median(std::int64_t dim, bool keepdim, Location at) const {
  return chainrule::median(*this, dim, keepdim, at);
}

}  // namespace chainrule

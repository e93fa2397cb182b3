#pragma once
// count_nonzero: how many elements are not zero.

#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/sum.hpp>

namespace chainrule {

/// How many elements along `dims` (all of them if empty) are not zero; NaN is not zero. No gradient. Source:
/// torch.count_nonzero.
///     count_nonzero(tensor({{0, 2}, {0, 0}}), 1)   // {1, 0}
template <class T>
Tensor<std::int64_t> count_nonzero(const Tensor<T>& x, const Dims& dims = {}, Location at = Location::here()) {
  return sum(x.ne(T{}, at), dims, false, at);
}

template <class T> Tensor<std::int64_t> Tensor<T>::count_nonzero(const Dims& dims, Location at) const {
  return chainrule::count_nonzero(*this, dims, at);
}

}  // namespace chainrule

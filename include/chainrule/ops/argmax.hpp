#pragma once
// argmax and argmin, and the kernel that finds an extreme value and its position along one dimension.

#include <chainrule/core/reduce.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule {

namespace fn {

/// The extreme of each row and its position in the row: the first of several; a NaN, the first of them, beats every
/// number.
template <class T, bool largest> struct ArgExtremeKernel {
  static constexpr auto name = largest ? "max" : "min";
  using fn = void(const detail::ReduceLoops& loops, T* values, std::int64_t* indices,
                  const T* x);  // values may be null

  static void cpu(const detail::ReduceLoops& loops, T* values, std::int64_t* indices, const T* x) {
    const auto& kept = loops.kept;
    const std::int64_t n = loops.reduced.numel, step = loops.reduced.stride[0][0];
    const int last = kept.dims - 1;
    detail::for_each_output(kept, n, [&](std::int64_t count, const std::int64_t* offset) {
      for (std::int64_t i = 0; i < count; ++i) {
        const T* p = x + offset[1] + i * kept.stride[1][last];
        T best = p[0];
        std::int64_t where = 0;
        for (std::int64_t k = 1; k < n && best == best; ++k) {
          const T v = p[k * step];
          if ((largest ? v > best : v < best) || v != v) {
            best = v;
            where = k;
          }
        }
        const std::int64_t out = offset[0] + i * kept.stride[0][last];
        if (values) values[out] = best;
        indices[out] = where;
      }
    });
  }
};

}  // namespace fn

namespace detail {

template <bool largest, class T>
Tensor<std::int64_t> find_extreme(const Tensor<T>& x, std::optional<std::int64_t> dim, bool keepdim, const char* op,
                                  Location at) {
  check(x.numel() > 0 || (dim && x.dim() > 0 && x.shape()[wrap_dim(*dim, x.dim(), op, at)] > 0), at, op,
        ": there is no extreme of nothing (shape ", x.shape(), ")");
  if (!dim || x.dim() == 0) {
    if (dim) wrap_dim(*dim, 1, op, at);
    Tensor<T> flat = x.is_contiguous() ? make_view(x, x.numel(), 1, x.impl()->offset)
                                       : make_view(map(fn::Copy{}, at, x), x.numel(), 1, 0);
    Tensor<std::int64_t> where = find_extreme<largest>(flat, 0, false, op, at);
    return keepdim ? make_view(where, Shape::filled(x.dim(), 1), Shape::filled(x.dim(), 1), 0) : where;
  }
  auto plan = plan_reduction(x, *dim, keepdim, op, at);
  Tensor<std::int64_t> where = allocate<std::int64_t>(plan.result, x.device(), op, at);
  kernel<fn::ArgExtremeKernel<T, largest>>::on(x.device(), at)(make_reduce_loops(x, plan), nullptr, where.data(),
                                                               x.data());
  return where;
}

}  // namespace detail

/// Where the largest element stands along `dim`; without `dim`, its position among all elements in row-major order. Of
/// several largest ones the first; NaN counts as larger than any number. No gradient. Source: torch.argmax.
/// Throws when there is nothing to choose from.
///     argmax(tensor({{1, 5, 5}, {7, 2, 0}}), 1)   // {1, 0}
template <class T>
Tensor<std::int64_t> argmax(const Tensor<T>& x, std::optional<std::int64_t> dim = {}, bool keepdim = false,
                            Location at = Location::here()) {
  return detail::find_extreme<true>(x, dim, keepdim, "argmax", at);
}
/// Where the smallest element stands along `dim`; the rules of argmax (NaN counts as smaller than any number). Source:
/// torch.argmin.
///     argmin(tensor({{1, 5, 1}, {7, 2, 0}}), 1)   // {0, 2}
template <class T>
Tensor<std::int64_t> argmin(const Tensor<T>& x, std::optional<std::int64_t> dim = {}, bool keepdim = false,
                            Location at = Location::here()) {
  return detail::find_extreme<false>(x, dim, keepdim, "argmin", at);
}

template <class T>
Tensor<std::int64_t> Tensor<T>::argmax(std::optional<std::int64_t> dim, bool keepdim, Location at) const {
  return chainrule::argmax(*this, dim, keepdim, at);
}
template <class T>
Tensor<std::int64_t> Tensor<T>::argmin(std::optional<std::int64_t> dim, bool keepdim, Location at) const {
  return chainrule::argmin(*this, dim, keepdim, at);
}

}  // namespace chainrule

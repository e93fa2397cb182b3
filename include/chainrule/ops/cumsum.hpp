#pragma once
// cumsum: running sums.

#include <chainrule/ops/view.hpp>

namespace chainrule {

namespace fn {

/// Running sums along the middle of (outer, n, inner), forward or from the end.
template <class T> struct CumsumKernel {
  static constexpr auto name = "cumsum";
  using fn = void(std::int64_t outer, std::int64_t n, std::int64_t inner, bool from_end, T* out, const T* x);

  static void cpu(std::int64_t outer, std::int64_t n, std::int64_t inner, bool from_end, T* out, const T* x) {
    using Total = std::conditional_t<Real<T>, double, T>;  // a float's running sum would lose digits as it grows
    const std::int64_t columns = outer * inner, step = from_end ? -inner : inner;
    parallel_chunks(columns, std::max<std::int64_t>(1, detail::elementwise_grain / std::max<std::int64_t>(1, n)),
                    [&](std::int64_t begin, std::int64_t end) {
                      for (std::int64_t c = begin; c < end; ++c) {
                        std::int64_t at = c / inner * n * inner + c % inner + (from_end ? (n - 1) * inner : 0);
                        Total sum{};
                        for (std::int64_t i = 0; i < n; ++i, at += step)
                          out[at] = static_cast<T>(sum = static_cast<Total>(sum + static_cast<Total>(x[at])));
                      }
                    });
  }
};

}  // namespace fn

namespace detail {

template <class T> Tensor<T> running_sum(const Tensor<T>& x, int d, bool from_end, Location at) {
  const Tensor<T> dense = x.is_contiguous() ? x : map(fn::Copy{}, at, x);
  Tensor<T> out = allocate<T>(x.shape(), x.device(), "cumsum", at);
  std::int64_t outer = 1, inner = 1;
  for (int k = 0; k < x.dim(); ++k)
    if (k != d) (k < d ? outer : inner) *= x.shape()[k];
  if (x.numel() > 0)
    kernel<fn::CumsumKernel<T>>::on(x.device(), at)(outer, x.shape()[d], inner, from_end, out.data(), dense.data());
  return record(
      "cumsum", out, {x}, [d, from_end](const Tensor<T>& g) { return Grads{running_sum(g, d, !from_end, {})}; }, at);
}

}  // namespace detail

/// Running sums along `dim`: out[i] = x[0] + ... + x[i]. Integers give int64.
/// Gradient: the running sums of g from the end, g[i] + g[i+1] + ... Source: torch.cumsum.
///     cumsum(tensor({1, 2, 3}), 0)   // {1, 3, 6}
template <class T> Tensor<SumOf<T>> cumsum(const Tensor<T>& x, std::int64_t dim, Location at = Location::here()) {
  static_assert(!std::same_as<T, bool>, "cumsum: convert the mask first, mask.to<std::int64_t>().cumsum(0)");
  [[maybe_unused]] const int d = detail::wrap_dim(dim, std::max(1, x.dim()), "cumsum", at);
  if constexpr (!std::same_as<SumOf<T>, T>) return cumsum(cast<SumOf<T>>(x, at), dim, at);
  else return x.dim() == 0 ? clone(x, at) : detail::running_sum(x, d, false, at);
}

/// In another element type, PyTorch's dtype: cumsum<double>(x, 0), or as a method. x is converted first.
template <Element U, class T>
requires(!std::same_as<U, T>) Tensor<U> cumsum(const Tensor<T>& x, std::int64_t dim, Location at = Location::here()) {
  return cast<U>(cumsum(cast<U>(x, at), dim, at), at);
}

template <class T> template <Element U> Tensor<U> Tensor<T>::cumsum(std::int64_t dim, Location at) const {
  return cast<U>(chainrule::cumsum(cast<U>(*this, at), dim, at), at);
}
template <class T> Tensor<SumOf<T>> Tensor<T>::cumsum(std::int64_t dim, Location at) const {
  return chainrule::cumsum(*this, dim, at);
}

}  // namespace chainrule

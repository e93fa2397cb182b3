#pragma once
// split, chunk and unbind: a tensor cut along a dimension. All parts are views.

#include <chainrule/ops/view.hpp>

namespace chainrule {

/// Parts of these sizes along `dim`; together they must fill it. Views. Gradient: each part's g in its place. Source:
/// torch.split.
///     split(arange(6), {1, 2, 3})   // {0}, {1, 2}, {3, 4, 5}
template <class T>
std::vector<Tensor<T>> split(const Tensor<T>& x, const Shape& sizes, std::int64_t dim = 0,
                             Location at = Location::here()) {
  const int d = detail::wrap_dim(dim, x.dim(), "split", at);
  std::int64_t begin = 0;
  for (auto s : sizes) {
    check(s >= 0, at, "split: sizes must not be negative, got ", sizes);
    begin = detail::add_sizes(begin, s);
  }
  check(begin == x.shape()[d], at, "split: the sizes ", sizes, " make ", begin, ", but dimension ", d, " of ",
        x.shape(), " has size ", x.shape()[d]);
  std::vector<Tensor<T>> parts;
  begin = 0;
  for (auto s : sizes) {
    parts.push_back(slice(x, d, begin, begin + s, 1, at));
    begin += s;
  }
  return parts;
}
/// Parts of `split_size` along `dim`, the last one smaller if it does not divide. Views.
///     split(arange(5), 2)   // {0, 1}, {2, 3}, {4}
template <class T>
std::vector<Tensor<T>> split(const Tensor<T>& x, std::int64_t split_size, std::int64_t dim = 0,
                             Location at = Location::here()) {
  const int d = detail::wrap_dim(dim, x.dim(), "split", at);
  const std::int64_t n = x.shape()[d];
  check(split_size > 0 || (split_size == 0 && n == 0), at, "split: split_size must be positive, got ", split_size);
  std::vector<Tensor<T>> parts;
  for (std::int64_t begin = 0; begin < n || begin == 0;) {
    const std::int64_t end = n - begin > split_size ? begin + split_size : n;
    parts.push_back(slice(x, d, begin, end, 1, at));
    if (end == n) break;
    begin = end;
  }
  return parts;
}
/// At most `chunks` parts of equal size along `dim`, the last one smaller if it does not divide; fewer parts where that
/// fills it. Views. Source: torch.chunk.
///     chunk(arange(5), 3)   // {0, 1}, {2, 3}, {4}
template <class T>
std::vector<Tensor<T>> chunk(const Tensor<T>& x, std::int64_t chunks, std::int64_t dim = 0,
                             Location at = Location::here()) {
  const int d = detail::wrap_dim(dim, x.dim(), "chunk", at);
  check(chunks > 0, at, "chunk: the number of chunks must be positive, got ", chunks);
  const std::int64_t n = x.shape()[d];
  if (n == 0) {
    check(chunks <= 1 << 24, at, "chunk: ", chunks, " parts of a dimension of size 0 are more than a program can use");
    return std::vector<Tensor<T>>(static_cast<std::size_t>(chunks), x);
  }
  return split(x, detail::divide_up(n, chunks), d, at);
}
/// The slices along `dim`, without that dimension. Views. Source: torch.unbind.
///     auto rows = unbind(tensor({{1, 2}, {3, 4}}));   // {1, 2}, {3, 4}
template <class T>
std::vector<Tensor<T>> unbind(const Tensor<T>& x, std::int64_t dim = 0, Location at = Location::here()) {
  const int d = detail::wrap_dim(dim, x.dim(), "unbind", at);
  std::vector<Tensor<T>> parts;
  for (std::int64_t i = 0; i < x.shape()[d]; ++i) parts.push_back(select(x, d, i, at));
  return parts;
}

template <class T> std::vector<Tensor<T>> Tensor<T>::split(const Shape& sizes, std::int64_t dim, Location at) const {
  return chainrule::split(*this, sizes, dim, at);
}
template <class T>
std::vector<Tensor<T>> Tensor<T>::split(std::int64_t split_size, std::int64_t dim, Location at) const {
  return chainrule::split(*this, split_size, dim, at);
}
template <class T> std::vector<Tensor<T>> Tensor<T>::chunk(std::int64_t chunks, std::int64_t dim, Location at) const {
  return chainrule::chunk(*this, chunks, dim, at);
}
template <class T> std::vector<Tensor<T>> Tensor<T>::unbind(std::int64_t dim, Location at) const {
  return chainrule::unbind(*this, dim, at);
}

}  // namespace chainrule

#pragma once
// sort, argsort and topk: rows in order, and where each value stood.

#include <chainrule/ops/gather.hpp>
#include <vector>

namespace chainrule {

namespace detail {

template <class T> struct SortEntry {
  T value;
  std::int64_t index;
};

/// Whether a value comes before another; NaN counts as larger than any number.
template <class T> bool comes_before(T a, T b, bool descending) {
  if (descending) return a > b || (a != a && b == b);
  return a < b || (b != b && a == a);
}

/// Stable merge sort of n entries; `space` has room for as many. (std::stable_sort would bring 15,000 lines into every
/// program.)
template <class T> void merge_sort(SortEntry<T>* row, SortEntry<T>* space, std::int64_t n, bool descending) {
  constexpr std::int64_t run = 16;
  for (std::int64_t begin = 0; begin < n; begin += run) {  // runs by insertion
    const std::int64_t end = std::min(n, begin + run);
    for (std::int64_t i = begin + 1; i < end; ++i) {
      const SortEntry<T> entry = row[i];
      std::int64_t k = i;
      for (; k > begin && comes_before(entry.value, row[k - 1].value, descending); --k) row[k] = row[k - 1];
      row[k] = entry;
    }
  }
  SortEntry<T>*from = row, *to = space;
  for (std::int64_t width = run; width < n; width *= 2, std::swap(from, to)) {
    for (std::int64_t begin = 0; begin < n; begin += 2 * width) {
      const std::int64_t middle = std::min(n, begin + width), end = std::min(n, begin + 2 * width);
      std::int64_t a = begin, b = middle;
      for (std::int64_t i = begin; i < end; ++i) {
        const bool right = b < end && (a == middle || comes_before(from[b].value, from[a].value, descending));
        to[i] = from[right ? b++ : a++];
      }
    }
  }
  if (from != row) std::copy(from, from + n, row);
}

/// The first k in order of n entries that come one by one: kept in order, a new one pushes the last out.
template <class T> void keep_first(SortEntry<T>* kept, std::int64_t k, const T* x, std::int64_t n, bool descending) {
  std::int64_t size = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    if (size == k && !comes_before(x[i], kept[k - 1].value, descending)) continue;
    std::int64_t at = size < k ? size++ : k - 1;
    for (; at > 0 && comes_before(x[i], kept[at - 1].value, descending); --at) kept[at] = kept[at - 1];
    kept[at] = {x[i], i};
  }
}

}  // namespace detail

namespace fn {

/// The first k of each row of (rows, n) in ascending or descending order: values and positions, (rows, k). Equal values
/// stay in the order in which they stood; NaN counts as larger than any number.
template <class T> struct SortKernel {
  static constexpr auto name = "sort";
  using fn = void(std::int64_t rows, std::int64_t n, std::int64_t k, bool descending, T* values, std::int64_t* indices,
                  const T* x);

  static void cpu(std::int64_t rows, std::int64_t n, std::int64_t k, bool descending, T* values, std::int64_t* indices,
                  const T* x) {
    const bool few = k <= n / 8;
    parallel_chunks(rows, std::max<std::int64_t>(1, 2048 / std::max<std::int64_t>(1, n)),
                    [&](std::int64_t begin, std::int64_t end) {
                      std::vector<detail::SortEntry<T>> space(static_cast<std::size_t>(few ? k : 2 * n));
                      detail::SortEntry<T>* row = space.data();
                      for (std::int64_t r = begin; r < end; ++r) {
                        if (few) {
                          detail::keep_first(row, k, x + r * n, n, descending);
                        } else {
                          for (std::int64_t i = 0; i < n; ++i) row[i] = {x[r * n + i], i};
                          detail::merge_sort(row, row + n, n, descending);
                        }
                        for (std::int64_t i = 0; i < k; ++i) {
                          values[r * k + i] = row[i].value;
                          indices[r * k + i] = row[i].index;
                        }
                      }
                    });
  }
};

}  // namespace fn

namespace detail {

// Dimension d swapped with the last one, unrecorded; made contiguous if `dense`.
template <class T> Tensor<T> swap_last(const Tensor<T>& x, int d, bool dense, Location at) {
  Shape shape = x.shape(), strides = x.strides();
  std::swap(shape[d], shape[shape.size() - 1]);
  std::swap(strides[d], strides[strides.size() - 1]);
  Tensor<T> swapped = make_view(x, shape, strides, x.impl()->offset);
  return dense && !swapped.is_contiguous() ? map(fn::Copy{}, at, swapped) : swapped;
}

template <class T>
ValueAndIndices<T> first_in_order(const Tensor<T>& x, std::int64_t dim, std::optional<std::int64_t> first,
                                  bool descending, const char* op, Location at) {
  if (x.dim() == 0) {
    auto [value, index] = first_in_order(reshape(x, {1}, at), dim, first, descending, op, at);
    return first == 0 ? ValueAndIndices<T>{value, index}
                      : ValueAndIndices<T>{reshape(value, {}, at), reshape(index, {}, at)};
  }
  const int d = wrap_dim(dim, x.dim(), op, at);
  const std::int64_t n = x.shape()[d], k = first.value_or(n);
  check(k >= 0 && k <= n, at, op, ": k is ", k, ", but dimension ", d, " of ", x.shape(), " has ", n, " elements");
  const Tensor<T> rows = swap_last(x, d, true, at);
  Shape shape = rows.shape();
  shape[shape.size() - 1] = k;
  Tensor<T> values = allocate<T>(shape, x.device(), op, at);
  Tensor<std::int64_t> indices = allocate<std::int64_t>(shape, x.device(), op, at);
  if (values.numel() > 0)
    kernel<fn::SortKernel<T>>::on(x.device(), at)(rows.numel() / n, n, k, descending, values.data(), indices.data(),
                                                  rows.data());
  if (d != x.dim() - 1) {
    values = swap_last(values, d, true, at);
    indices = swap_last(indices, d, true, at);
  }
  values.impl()->base.reset();  // a result of its own, whatever it was made through
  values = record(
      op, values, {x}, keep(indices),
      [from = x.shape(), d](const Tensor<T>& g, const Tensor<std::int64_t>& i) {
        return Grads{gather_grad_of(g, from, d, i)};
      },
      at);
  return {values, indices};
}

}  // namespace detail

/// The elements in order along `dim`, and where they stood. Equal elements stay in the order in which they stood; NaN
/// counts as larger than any number. Gradient: each g goes to the position its value came from. Source: torch.sort
/// (with stable=True).
///     auto [values, indices] = sort(tensor({3, 1, 2}));   // {1, 2, 3}, {1, 2, 0}
template <class T>
ValueAndIndices<T> sort(const Tensor<T>& x, std::int64_t dim = -1, bool descending = false,
                        Location at = Location::here()) {
  return detail::first_in_order(x, dim, {}, descending, "sort", at);
}
/// The positions that sort(x, dim, descending) gives. No gradient.
template <class T>
Tensor<std::int64_t> argsort(const Tensor<T>& x, std::int64_t dim = -1, bool descending = false,
                             Location at = Location::here()) {
  return detail::first_in_order(x.detach(), dim, {}, descending, "argsort", at).indices;
}
/// The k largest (or smallest) elements along `dim` in order, and where they stood; of equal ones the first stand
/// first; NaN counts as larger than any number. Gradient: each g goes to the position its value came from. Source:
/// torch.topk. Throws when there are fewer than k.
///     auto [values, indices] = topk(tensor({3, 1, 2}), 2);   // {3, 2}, {0, 2}
template <class T>
ValueAndIndices<T> topk(const Tensor<T>& x, std::int64_t k, std::int64_t dim = -1, bool largest = true,
                        Location at = Location::here()) {
  return detail::first_in_order(x, dim, k, largest, "topk", at);
}

template <class T> ValueAndIndices<T> Tensor<T>::sort(std::int64_t dim, bool descending, Location at) const {
  return chainrule::sort(*this, dim, descending, at);
}
template <class T> Tensor<std::int64_t> Tensor<T>::argsort(std::int64_t dim, bool descending, Location at) const {
  return chainrule::argsort(*this, dim, descending, at);
}
template <class T>
ValueAndIndices<T> Tensor<T>::topk(std::int64_t k, std::int64_t dim, bool largest, Location at) const {
  return chainrule::topk(*this, k, dim, largest, at);
}

}  // namespace chainrule

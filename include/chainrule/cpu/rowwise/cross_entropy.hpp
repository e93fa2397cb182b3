#pragma once
// The CPU kernels of cross_entropy: one pass over the scores forward, one backward.

#include <chainrule/cpu/rowwise/softmax.hpp>
#include <chainrule/ops/cross_entropy.hpp>

namespace chainrule::cpu {
namespace detail {

/// From the maxima and sums of `width` slices, whose first elements are `apart`, to their terms.
template <class T>
void cross_entropy_terms(const fn::ClassLossArgs<T>& p, const fn::CrossEntropyRows<T>& rows, T* terms, std::int64_t at,
                         std::int64_t step, std::int64_t apart, std::int64_t width, std::int64_t row) {
  const std::int64_t n = p.split.n;
  const T smooth = static_cast<T>(p.smoothing), each = smooth / static_cast<T>(n);  // share of every class
  rows::log(rows.log_sum + row, width);
  for (std::int64_t j = 0; j < width; ++j) {
    const std::int64_t r = row + j, label = p.target[r];
    const T *x = p.x + at + j * apart, max = rows.max[r], log_sum = rows.log_sum[r];
    if (label == p.ignore_index) {
      rows.scale[r] = terms[r] = T(0);
      continue;
    }
    const T w = p.weight ? p.weight[label] : T(1);
    T term = (1 - smooth) * w * (log_sum - (x[label * step] - max));
    if (smooth > 0)
      for (std::int64_t c = 0; c < n; ++c)
        term += each * (p.weight ? p.weight[c] : T(1)) * (log_sum - (x[c * step] - max));
    terms[r] = term;
    rows.scale[r] = w;
  }
}

/// Rows of few classes, transposed into columns: one alone does not fill a vector.
template <class T>
void short_rows(const fn::ClassLossArgs<T>& p, const fn::CrossEntropyRows<T>& rows, T* terms, std::int64_t row,
                std::int64_t count) {
  const std::int64_t n = p.split.n;
  T transposed[64 * slices_together];
  std::fill(transposed, transposed + n * slices_together, T(0));
  for (std::int64_t j = 0; j < count; ++j)
    for (std::int64_t c = 0; c < n; ++c) transposed[c * slices_together + j] = p.x[(row + j) * n + c];
  SliceStats<T> s(transposed, n, slices_together, count);
  std::copy(s.max, s.max + count, rows.max + row);
  std::copy(s.sum, s.sum + count, rows.log_sum + row);
  cross_entropy_terms(p, rows, terms, row * n, 1, n, count, row);
}

}  // namespace detail

template <class T>
void cross_entropy(const fn::ClassLossArgs<T>& p, const fn::CrossEntropyRows<T>& rows, T* terms, T* loss) {
  const std::int64_t n = p.split.n, count = p.split.outer * p.split.inner;
  if (p.split.inner == 1 && n <= 64) {
    parallel_chunks(count, 16 * detail::slices_together, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; r += detail::slices_together)
        detail::short_rows(p, rows, terms, r, std::min(detail::slices_together, end - r));
    });
  } else {
    detail::for_each_slice(p.split, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t row) {
      detail::SliceStats<T> s(p.x + at, n, step, width);
      std::copy(s.max, s.max + width, rows.max + row);
      std::copy(s.sum, s.sum + width, rows.log_sum + row);
      detail::cross_entropy_terms(p, rows, terms, at, step, 1, width, row);
    });
  }

  T divisor = T(1);
  if (loss) {
    const double total = chainrule::detail::fold_row<double>(fn::Sum{}, terms, count, 1);
    const double weights =
        p.reduction == Reduction::mean ? chainrule::detail::fold_row<double>(fn::Sum{}, rows.scale, count, 1) : 1.0;
    *loss = static_cast<T>(total / weights);
    divisor = static_cast<T>(weights);
  }
  *rows.divisor = divisor;
  const T smooth = static_cast<T>(p.smoothing), each = smooth / static_cast<T>(n),
          all = p.weight ? chainrule::detail::fold_row<T>(fn::Sum{}, p.weight, n, 1) : static_cast<T>(n);
  for (std::int64_t r = 0; r < count; ++r)
    rows.scale[r] = p.target[r] == p.ignore_index ? T(0) : ((1 - smooth) * rows.scale[r] + each * all) / divisor;
}

template <class T> void cross_entropy_grad(const fn::ClassLossArgs<T>& p, const fn::CrossEntropyRows<T>& kept, T* gx) {
  const std::int64_t n = p.split.n;
  const T smooth = static_cast<T>(p.smoothing), divisor = *kept.divisor, each = smooth / static_cast<T>(n) / divisor;
  detail::for_each_slice(p.split, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t row) {
    T g[detail::slices_together], factor[detail::slices_together];
    for (std::int64_t j = 0; j < width; ++j) {
      g[j] = p.target[row + j] == p.ignore_index ? T(0) : p.reduction == Reduction::none ? p.g[row + j] : *p.g;
      factor[j] = g[j] * kept.scale[row + j];
    }
    if (step == 1) rows::exp(p.x + at, n, kept.max[row], kept.log_sum[row], factor[0], gx + at);
    else
      for (std::int64_t c = 0; c < n; ++c)
        rows::exp(p.x + at + c * step, width, kept.max + row, kept.log_sum + row, factor, gx + at + c * step);
    if (smooth > 0)
      for (std::int64_t c = 0; c < n; ++c)
        for (std::int64_t j = 0; j < width; ++j) gx[at + c * step + j] -= g[j] * each * (p.weight ? p.weight[c] : T(1));
    for (std::int64_t j = 0; j < width; ++j) {
      const std::int64_t label = p.target[row + j];
      if (label != p.ignore_index)
        gx[at + label * step + j] -= g[j] * (1 - smooth) * (p.weight ? p.weight[label] : T(1)) / divisor;
      else
        for (std::int64_t c = 0; c < n; ++c) gx[at + c * step + j] = T(0);  // also where the scores are infinite
    }
  });
}

}  // namespace chainrule::cpu

namespace chainrule::fn {

template <class T>
void CrossEntropy<T>::cpu(const ClassLossArgs<T>& args, const CrossEntropyRows<T>& rows, T* terms, T* loss) {
  chainrule::cpu::cross_entropy<T>(args, rows, terms, loss);
}
template <class T> void CrossEntropyGrad<T>::cpu(const ClassLossArgs<T>& args, const CrossEntropyRows<T>& rows, T* gx) {
  chainrule::cpu::cross_entropy_grad<T>(args, rows, gx);
}

}  // namespace chainrule::fn

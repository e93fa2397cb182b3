#pragma once
// The CPU kernels of cross_entropy: one pass over the scores forward, one backward.

#include <chainrule/cpu/softmax.hpp>
#include <chainrule/ops/cross_entropy.hpp>

namespace chainrule::cpu {

template <class T> void cross_entropy(const ClassLossArgs<T>& p, const CrossEntropyRows<T>& rows, T* terms, T* loss) {
  const std::int64_t n = p.along.n, count = p.along.outer * p.along.inner;
  const T smooth = static_cast<T>(p.smoothing), each = smooth / static_cast<T>(n);  // share of the classes that are not the label
  T all = static_cast<T>(n);
  if (p.weight) all = chainrule::detail::fold_row<T>(Sum{}, p.weight, n, 1);

  detail::for_each_slice(p.along, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t row) {
    detail::SliceStats<T> s(p.x + at, n, step, width);
    for (std::int64_t j = 0; j < width; ++j) {
      const T* x = p.x + at + j;
      const std::int64_t r = row + j, label = p.target[r];
      rows.max[r] = s.max[j];
      rows.log_sum[r] = std::log(s.sum[j]);
      if (label == p.ignore_index) {
        rows.scale[r] = terms[r] = T(0);
        continue;
      }
      const T w = p.weight ? p.weight[label] : T(1);
      T term = (1 - smooth) * w * (rows.log_sum[r] - (x[label * step] - s.max[j]));
      if (smooth > 0)
        for (std::int64_t c = 0; c < n; ++c) term += each * (p.weight ? p.weight[c] : T(1)) * (rows.log_sum[r] - (x[c * step] - s.max[j]));
      terms[r] = term;
      rows.scale[r] = w;
    }
  });

  T divisor = T(1);
  if (loss) {
    const double total = chainrule::detail::fold_row<double>(Sum{}, terms, count, 1);
    const double weights = p.reduction == Reduction::mean ? chainrule::detail::fold_row<double>(Sum{}, rows.scale, count, 1) : 1.0;
    *loss = static_cast<T>(total / weights);
    divisor = static_cast<T>(weights);
  }
  *rows.divisor = divisor;
  for (std::int64_t r = 0; r < count; ++r)
    rows.scale[r] = p.target[r] == p.ignore_index ? T(0) : ((1 - smooth) * rows.scale[r] + each * all) / divisor;
}

template <class T> void cross_entropy_grad(const ClassLossArgs<T>& p, const CrossEntropyRows<T>& rows, T* gx) {
  const std::int64_t n = p.along.n;
  const T smooth = static_cast<T>(p.smoothing), each = smooth / static_cast<T>(n) / *rows.divisor;
  detail::for_each_slice(p.along, [&](std::int64_t at, std::int64_t step, std::int64_t width, std::int64_t row) {
    T factor[detail::stretch], spread[detail::stretch];
    for (std::int64_t j = 0; j < width; ++j) {
      const T g = p.reduction == Reduction::none ? p.g[row + j] : *p.g;
      const bool ignored = p.target[row + j] == p.ignore_index;
      factor[j] = ignored ? T(0) : g * rows.scale[row + j];
      spread[j] = ignored ? T(0) : g * each;
    }
    for (std::int64_t c = 0; c < n; ++c) {
      const T w = p.weight ? p.weight[c] : T(1);
      const T* x = p.x + at + c * step;
      T* out = gx + at + c * step;
      for (std::int64_t j = 0; j < width; ++j) out[j] = factor[j] * std::exp(x[j] - rows.max[row + j] - rows.log_sum[row + j]) - spread[j] * w;
    }
    for (std::int64_t j = 0; j < width; ++j) {
      const std::int64_t label = p.target[row + j];
      if (label == p.ignore_index) {
        for (std::int64_t c = 0; c < n; ++c) gx[at + c * step + j] = T(0);  // also where the scores are infinite
        continue;
      }
      const T g = p.reduction == Reduction::none ? p.g[row + j] : *p.g, w = p.weight ? p.weight[label] : T(1);
      gx[at + label * step + j] -= g * (1 - smooth) * w / *rows.divisor;
    }
  });
}

template <class T> struct EnrolCrossEntropy {
  Enrol<CrossEntropy<T>> a{Device::cpu, &cross_entropy<T>};
  Enrol<CrossEntropyGrad<T>> b{Device::cpu, &cross_entropy_grad<T>};
};
inline const EnrolCrossEntropy<float> cross_entropy_float;
inline const EnrolCrossEntropy<double> cross_entropy_double;

}  // namespace chainrule::cpu

#pragma once
// The CPU kernels of layer_norm: a row at a time, twice while it is in the cache; sums over rows by stretches of columns.

#include <chainrule/cpu/moments.hpp>
#include <chainrule/ops/layer_norm.hpp>

namespace chainrule::cpu {

template <class T>
void layer_norm(std::int64_t rows, std::int64_t width, const T* x, const T* weight, const T* bias, double eps, T* mean, T* inv_std, T* y) {
  parallel_chunks(rows, std::max<std::int64_t>(1, 8192 / std::max<std::int64_t>(1, width)), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      detail::Moments m;
      m.add(x + r * width, 1, width, 0);
      const T middle = mean[r] = static_cast<T>(m.mean), scale = inv_std[r] = static_cast<T>(1 / std::sqrt(m.squares / m.count + eps));
      for (std::int64_t i = 0; i < width; ++i) y[r * width + i] = (x[r * width + i] - middle) * scale * weight[i] + bias[i];
    }
  });
}

template <class T>
void layer_norm_grad(std::int64_t rows, std::int64_t width, const T* g, const T* x, const T* weight, const T* mean, const T* inv_std, T* gx, T* gw, T* gb) {
  if (gx) {
    parallel_chunks(rows, std::max<std::int64_t>(1, 8192 / std::max<std::int64_t>(1, width)), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        const T *up = g + r * width, *in = x + r * width, middle = mean[r], scale = inv_std[r];
        double sum = 0, product = 0;
        for (std::int64_t from = 0; from < width; from += detail::piece) {
          const std::int64_t n = std::min(detail::piece, width - from);
          sum += static_cast<double>(detail::lane_sum<T>(n, [&](std::int64_t i) { return up[from + i] * weight[from + i]; }));
          product += static_cast<double>(detail::lane_sum<T>(n, [&](std::int64_t i) { return up[from + i] * weight[from + i] * (in[from + i] - middle); }));
        }
        const double wide = static_cast<double>(width), inv = static_cast<double>(scale);
        const T shift = static_cast<T>(sum / wide), slope = static_cast<T>(product * inv * inv / wide);
        for (std::int64_t i = 0; i < width; ++i) gx[r * width + i] = (up[i] * weight[i] - shift - (in[i] - middle) * slope) * scale;
      }
    });
  }
  if (!gw && !gb) return;
  constexpr std::int64_t stretch = 64;
  const std::int64_t cuts = (width + stretch - 1) / stretch;
  parallel_chunks(cuts, std::max<std::int64_t>(1, 8192 / std::max<std::int64_t>(1, rows * stretch)), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t s = begin; s < end; ++s) {
      const std::int64_t first = s * stretch, n = std::min(stretch, width - first);
      double product[stretch] = {}, sum[stretch] = {};
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t j = 0; j < n; ++j) {
          const std::int64_t at = r * width + first + j;
          product[j] += static_cast<double>(g[at] * ((x[at] - mean[r]) * inv_std[r]));
          sum[j] += static_cast<double>(g[at]);
        }
      for (std::int64_t j = 0; gw && j < n; ++j) gw[first + j] = static_cast<T>(product[j]);
      for (std::int64_t j = 0; gb && j < n; ++j) gb[first + j] = static_cast<T>(sum[j]);
    }
  });
}

template <class T> struct EnrolLayerNorm {
  Enrol<LayerNorm<T>> a{Device::cpu, &layer_norm<T>};
  Enrol<LayerNormGrad<T>> b{Device::cpu, &layer_norm_grad<T>};
};
inline const EnrolLayerNorm<float> layer_norm_float;
inline const EnrolLayerNorm<double> layer_norm_double;

}  // namespace chainrule::cpu

#pragma once
// The CPU kernels of layer_norm: a row at a time, twice while it is in the cache; sums over rows by blocks of
// columns.

#include <chainrule/cpu/norm/moments.hpp>
#include <chainrule/ops/layer_norm.hpp>

namespace chainrule::cpu {

template <class T>
void layer_norm(std::int64_t rows, std::int64_t width, const T* x, const T* weight, const T* bias, double eps, T* mean,
                T* inv_std, T* y) {
  parallel_chunks(rows, std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, width)),
                  [=](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t r = begin; r < end; ++r) {
                      const T* in = x + r * width;
                      T* out = y + r * width;
                      detail::Moments m;
                      m.add(in, 1, width, 0);
                      const T middle = mean[r] = static_cast<T>(m.mean),
                              scale = inv_std[r] = static_cast<T>(1 / std::sqrt(m.squares / m.count + eps));
                      run_best<T>([=] {
                        CHAINRULE_SIMD for (std::int64_t i = 0; i < width; ++i) out[i] =
                            (in[i] - middle) * scale * weight[i] + bias[i];
                      });
                    }
                  });
}

template <class T>
void layer_norm_grad(std::int64_t rows, std::int64_t width, const T* g, const T* x, const T* weight, const T* mean,
                     const T* inv_std, T* gx, T* gw, T* gb) {
  if (gx) {
    parallel_chunks(
        rows, std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, width)),
        [=](std::int64_t begin, std::int64_t end) {
          for (std::int64_t r = begin; r < end; ++r) {
            const T *up = g + r * width, *in = x + r * width, middle = mean[r], scale = inv_std[r];
            T* out = gx + r * width;  // g weight first
            run_best<T>([=] { CHAINRULE_SIMD for (std::int64_t i = 0; i < width; ++i) out[i] = up[i] * weight[i]; });
            double sum = 0, product = 0;
            detail::for_each_block(1, width, 0, [&](std::int64_t at, std::int64_t, std::int64_t n) {
              sum += detail::sum_of_rows(out + at, 1, n, 0);
              product += detail::coupling_of_rows(out + at, in + at, 1, n, 0, middle);
            });
            const double wide = static_cast<double>(width), inv = static_cast<double>(scale);
            const T shift = static_cast<T>(sum / wide), slope = static_cast<T>(product * inv * inv / wide);
            run_best<T>([=] {
              CHAINRULE_SIMD for (std::int64_t i = 0; i < width; ++i) out[i] =
                  (out[i] - shift - (in[i] - middle) * slope) * scale;
            });
          }
        });
  }
  if (!gw && !gb) return;
  constexpr std::int64_t block = 64;  // columns summed side by side
  const std::int64_t blocks = (width + block - 1) / block;
  parallel_chunks(blocks, std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, rows * block)),
                  [=](std::int64_t begin, std::int64_t end) {
                    run_best<T>([=] {
                      for (std::int64_t s = begin; s < end; ++s) {
                        const std::int64_t first = s * block, n = std::min(block, width - first);
                        double product[block] = {}, sum[block] = {};
                        for (std::int64_t r = 0; r < rows; ++r) {
                          const T *up = g + r * width + first, *in = x + r * width + first, middle = mean[r],
                                  scale = inv_std[r];
                          CHAINRULE_SIMD for (std::int64_t j = 0; j < n; ++j) {
                            product[j] += static_cast<double>(up[j] * ((in[j] - middle) * scale));
                            sum[j] += static_cast<double>(up[j]);
                          }
                        }
                        for (std::int64_t j = 0; gw && j < n; ++j) gw[first + j] = static_cast<T>(product[j]);
                        for (std::int64_t j = 0; gb && j < n; ++j) gb[first + j] = static_cast<T>(sum[j]);
                      }
                    });
                  });
}

}  // namespace chainrule::cpu

namespace chainrule::fn {

template <class T>
void LayerNorm<T>::cpu(std::int64_t rows, std::int64_t width, const T* x, const T* weight, const T* bias, double eps,
                       T* mean, T* inv_std, T* y) {
  chainrule::cpu::layer_norm<T>(rows, width, x, weight, bias, eps, mean, inv_std, y);
}
template <class T>
void LayerNormGrad<T>::cpu(std::int64_t rows, std::int64_t width, const T* g, const T* x, const T* weight,
                           const T* mean, const T* inv_std, T* gx, T* gw, T* gb) {
  chainrule::cpu::layer_norm_grad<T>(rows, width, g, x, weight, mean, inv_std, gx, gw, gb);
}

}  // namespace chainrule::fn

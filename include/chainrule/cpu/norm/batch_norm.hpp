#pragma once
// The CPU kernels of batch_norm. A channel is computed from beginning to end, so that the second pass finds it in the
// cache; where a channel has one value per sample (N, C), a block of 64 neighbouring channels is.

#include <chainrule/cpu/norm/moments.hpp>
#include <chainrule/cpu/norm/relu_mask.hpp>
#include <chainrule/ops/batch_norm.hpp>
#include <limits>
#include <type_traits>

namespace chainrule::cpu {
namespace detail {

inline constexpr std::int64_t channels_together = fn::mask_channels;  // a block

/// Calls one(channel) for each channel, or, if a sample has one value per channel, several(first channel, how many).
template <class One, class Several>
void for_each_channel(const fn::AxisSplit& a, const One& one, const Several& several) {
  const std::int64_t each = std::max<std::int64_t>(1, a.outer * a.inner);
  if (a.inner == 1) {
    parallel_chunks((a.n + channels_together - 1) / channels_together,
                    std::max<std::int64_t>(1, 16384 / (each * channels_together)),
                    [&](std::int64_t begin, std::int64_t end) {
                      for (std::int64_t s = begin; s < end; ++s)
                        several(s * channels_together, std::min(channels_together, a.n - s * channels_together));
                    });
  } else {
    parallel_chunks(a.n, std::max<std::int64_t>(1, 16384 / each), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t c = begin; c < end; ++c) one(c);
    });
  }
}

/// Turns a channel's moments into what the forward pass uses, and updates the running statistics.
template <class T>
void settle(const fn::BatchNormArgs<T>& p, std::int64_t c, double count, double mean, double squares) {
  if (!p.training && !p.running_mean) return;  // given
  if (p.training && p.running_mean) {
    p.running_mean[c] = static_cast<T>((1 - p.momentum) * static_cast<double>(p.running_mean[c]) + p.momentum * mean);
    p.running_var[c] =
        static_cast<T>((1 - p.momentum) * static_cast<double>(p.running_var[c]) + p.momentum * squares / (count - 1));
  }
  const double var = p.training ? squares / count : static_cast<double>(p.running_var[c]);
  p.mean[c] = p.training ? static_cast<T>(mean) : p.running_mean[c];
  p.inv_std[c] = static_cast<T>(1 / std::sqrt(var + p.eps));
}

/// A value of a channel, for the i-th element of a row: the row's own (C = T), or one for each (C = const T*).
template <class T, class C> CHAINRULE_HD inline T value_at(C c, std::int64_t i) {
  if constexpr (std::is_pointer_v<C>) return c[i];
  else return c;
}
/// y = (x - mean) scale + bias + skip, then no smaller than `floor`, for rows of n elements. relu is a floor of 0;
/// without, it is -infinity. (A NaN stays.) With a skip connection, the mask of y, if it is needed.
template <class T, class C>
void normalise_rows(std::int64_t rows, std::int64_t n, std::int64_t step, const T* x, C mean, C scale, C bias,
                    const T* skip, T floor, T* y, std::uint32_t* mask, std::int64_t mask_step) {
  run_best<T>([=] {
    for (std::int64_t r = 0; r < rows; ++r) {
      const T* from = x + r * step;
      T* to = y + r * step;
      if (skip) {
        const T* also = skip + r * step;
        CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) {
          const T v = (from[i] - value_at<T>(mean, i)) * value_at<T>(scale, i) + value_at<T>(bias, i) + also[i];
          to[i] = v <= floor ? floor : v;
        }
        if (mask) write_mask(to, n, mask + r * mask_step);
      } else {
        CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) {
          const T v = (from[i] - value_at<T>(mean, i)) * value_at<T>(scale, i) + value_at<T>(bias, i);
          to[i] = v <= floor ? floor : v;
        }
      }
    }
  });
}
/// masked = g where relu let its argument pass, else 0: by the mask, or, without, where what normalise_rows computes
/// is positive.
template <class T, class C>
void mask_rows(std::int64_t rows, std::int64_t n, std::int64_t step, const T* g, const T* x, C mean, C scale, C bias,
               const std::uint32_t* mask, std::int64_t mask_step, T* masked) {
  run_best<T>([=] {
    for (std::int64_t r = 0; r < rows; ++r) {
      const T *up = g + r * step, *from = x + r * step;
      T* to = masked + r * step;
      if (mask) {
        select_by_mask(up, mask + r * mask_step, n, to);
      } else {
        CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) to[i] =
            (from[i] - value_at<T>(mean, i)) * value_at<T>(scale, i) + value_at<T>(bias, i) <= T(0) ? T(0) : up[i];
      }
    }
  });
}
/// Where the mask of a row begins: of the pixels of a channel, or, where a sample has one value per channel, of a
/// block of channels.
struct MaskRows {
  std::int64_t words, step;  // of a row; from one sample's to the next
  explicit MaskRows(const fn::AxisSplit& a)
      : words(fn::mask_words(a.inner == 1 ? channels_together : a.inner)),
        step(a.outer > 0 ? fn::mask_words(a) / a.outer : 0) {}
  template <class W> W* find(W* mask, std::int64_t row) const { return mask ? mask + row * words : nullptr; }
};

}  // namespace detail

template <class T> void batch_norm(const fn::BatchNormArgs<T>& p) {
  const T floor = p.relu ? T(0) : -std::numeric_limits<T>::infinity();
  const std::int64_t samples = p.split.outer, channels = p.split.n, pixels = p.split.inner, step = channels * pixels;
  const detail::MaskRows rows(p.split);
  auto one = [&](std::int64_t c) {
    const T* from = p.x + c * pixels;
    detail::Moments m;
    if (p.training) m.add(from, samples, pixels, step);
    detail::settle(p, c, m.count, m.mean, m.squares);
    detail::normalise_rows<T, T>(samples, pixels, step, from, p.mean[c], p.inv_std[c] * p.weight[c], p.bias[c],
                                 p.skip ? p.skip + c * pixels : nullptr, floor, p.y + c * pixels, rows.find(p.mask, c),
                                 rows.step);
  };
  auto several = [&](std::int64_t first, std::int64_t count) {
    double sums[64] = {}, squares[64] = {};
    double *sum = sums, *square = squares;
    const T* from = p.x + first;
    if (p.training)
      run_best<T>([=] {
        const double share = 1 / static_cast<double>(samples);
        for (std::int64_t n = 0; n < samples; ++n) {
          const T* x = from + n * channels;
          CHAINRULE_SIMD for (std::int64_t j = 0; j < count; ++j) sum[j] += static_cast<double>(x[j]);
        }
        for (std::int64_t j = 0; j < count; ++j) sum[j] *= share;
        for (std::int64_t n = 0; n < samples; ++n) {
          const T* x = from + n * channels;
          CHAINRULE_SIMD for (std::int64_t j = 0; j < count; ++j) square[j] +=
              (static_cast<double>(x[j]) - sum[j]) * (static_cast<double>(x[j]) - sum[j]);
        }
      });
    T scales[64];
    for (std::int64_t j = 0; j < count; ++j) {
      detail::settle(p, first + j, static_cast<double>(samples), sum[j], square[j]);
      scales[j] = p.inv_std[first + j] * p.weight[first + j];
    }
    detail::normalise_rows<T, const T*>(samples, count, channels, from, p.mean + first, scales, p.bias + first,
                                        p.skip ? p.skip + first : nullptr, floor, p.y + first,
                                        rows.find(p.mask, first / detail::channels_together), rows.step);
  };
  detail::for_each_channel(p.split, one, several);
}

template <class T> void batch_norm_grad(const fn::BatchNormGradArgs<T>& p) {
  const std::int64_t samples = p.split.outer, channels = p.split.n, pixels = p.split.inner, step = channels * pixels;
  const double values = static_cast<double>(samples * pixels);
  const detail::MaskRows rows(p.split);
  constexpr std::int64_t mask_values = fn::mask_block / fn::mask_lanes;  // that one word stands for
  static_assert(detail::moments_block % fn::mask_block == 0);
  const bool needs_sums = p.training || p.gw || p.gb;
  // gx = (g - shift - (x - mean) slope) scale, with shift = average(g) and slope = average(g (x - mean)) / var
  struct Line {
    T mean, shift, slope, scale;
  };
  auto line = [&](std::int64_t c, double sum, double product) {
    const double inv = static_cast<double>(p.inv_std[c]);
    if (p.gw) p.gw[c] = static_cast<T>(product * inv);
    if (p.gb) p.gb[c] = static_cast<T>(sum);
    const double through = p.training ? 1 / values : 0;
    return Line{p.mean[c], static_cast<T>(sum * through), static_cast<T>(product * inv * inv * through),
                p.inv_std[c] * p.weight[c]};
  };
  auto one = [&](std::int64_t c) {
    double sum = 0, product = 0;
    const T mean = p.mean[c], *given = p.g + c * pixels, *x = p.x + c * pixels,
            *g = p.masked ? p.masked + c * pixels : given;
    if (needs_sums || p.masked)
      detail::for_each_block(samples, pixels, step, [&](std::int64_t at, std::int64_t count, std::int64_t width) {
        if (p.masked) {
          const std::uint32_t* mask = p.mask ? rows.find(p.mask, c) + at / step * rows.step + at % step / mask_values
                                             : nullptr;  // whole mask blocks
          detail::mask_rows<T, T>(count, width, step, given + at, x + at, mean, p.inv_std[c] * p.weight[c], p.bias[c],
                                  mask, rows.step, p.masked + c * pixels + at);
        }
        sum += detail::sum_of_rows(g + at, count, width, step);
        product += detail::coupling_of_rows(g + at, x + at, count, width, step, mean);
      });
    const Line l = line(c, sum, product);
    if (!p.gx) return;
    T* to = p.gx + c * pixels;
    run_best<T>([=] {
      const T shift = l.shift, slope = l.slope, scale = l.scale;
      for (std::int64_t n = 0; n < samples; ++n) {
        const T *up = g + n * step, *in = x + n * step;
        T* out = to + n * step;
        CHAINRULE_SIMD for (std::int64_t i = 0; i < pixels; ++i) out[i] =
            (up[i] - shift - (in[i] - mean) * slope) * scale;
      }
    });
  };
  auto several = [&](std::int64_t first, std::int64_t count) {
    double sums[64] = {}, products[64] = {};
    double *sum = sums, *product = products;
    const T *x = p.x + first, *mean = p.mean + first, *g = (p.masked ? p.masked : p.g) + first;
    if (p.masked) {
      T factors[64];
      for (std::int64_t j = 0; j < count; ++j) factors[j] = p.inv_std[first + j] * p.weight[first + j];
      detail::mask_rows<T, const T*>(samples, count, channels, p.g + first, x, mean, factors, p.bias + first,
                                     rows.find(p.mask, first / detail::channels_together), rows.step, p.masked + first);
    }
    if (needs_sums)
      run_best<T>([=] {
        for (std::int64_t n = 0; n < samples; ++n) {
          const T *up = g + n * channels, *in = x + n * channels;
          CHAINRULE_SIMD for (std::int64_t j = 0; j < count; ++j) {
            sum[j] += static_cast<double>(up[j]);
            product[j] += static_cast<double>(up[j]) * (static_cast<double>(in[j]) - static_cast<double>(mean[j]));
          }
        }
      });
    T shifts[64], slopes[64], scales[64];
    for (std::int64_t j = 0; j < count; ++j) {
      const Line l = line(first + j, sum[j], product[j]);
      shifts[j] = l.shift, slopes[j] = l.slope, scales[j] = l.scale;
    }
    if (!p.gx) return;
    const T *shift = shifts, *slope = slopes, *scale = scales;
    T* to = p.gx + first;
    run_best<T>([=] {
      for (std::int64_t n = 0; n < samples; ++n) {
        const T *up = g + n * channels, *in = x + n * channels;
        T* out = to + n * channels;
        CHAINRULE_SIMD for (std::int64_t j = 0; j < count; ++j) out[j] =
            (up[j] - shift[j] - (in[j] - mean[j]) * slope[j]) * scale[j];
      }
    });
  };
  detail::for_each_channel(p.split, one, several);
}

}  // namespace chainrule::cpu

namespace chainrule::fn {

template <class T> void BatchNorm<T>::cpu(const BatchNormArgs<T>& args) { chainrule::cpu::batch_norm<T>(args); }
template <class T> void BatchNormGrad<T>::cpu(const BatchNormGradArgs<T>& args) {
  chainrule::cpu::batch_norm_grad<T>(args);
}

}  // namespace chainrule::fn

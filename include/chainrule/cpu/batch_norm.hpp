#pragma once
// The CPU kernels of batch_norm. A channel is worked on from beginning to end, so that the second pass finds it in the cache; where a
// channel has one number per sample (N, C), a stretch of neighbouring channels is.

#include <chainrule/cpu/moments.hpp>
#include <chainrule/ops/batch_norm.hpp>

namespace chainrule::cpu {
namespace detail {

/// Calls one(channel) for each channel, or, if a sample has one number per channel, several(first channel, how many).
template <class One, class Several> void for_each_channel(const Along& a, const One& one, const Several& several) {
  constexpr std::int64_t stretch = 64;
  const std::int64_t each = std::max<std::int64_t>(1, a.outer * a.inner);
  if (a.inner == 1) {
    parallel_chunks((a.n + stretch - 1) / stretch, std::max<std::int64_t>(1, 16384 / (each * stretch)), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t s = begin; s < end; ++s) several(s * stretch, std::min(stretch, a.n - s * stretch));
    });
  } else {
    parallel_chunks(a.n, std::max<std::int64_t>(1, 16384 / each), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t c = begin; c < end; ++c) one(c);
    });
  }
}

/// Turns a channel's moments into what the forward pass uses, and updates the running statistics.
template <class T> void settle(const BatchNormArgs<T>& p, std::int64_t c, double count, double mean, double squares) {
  if (p.training && p.running_mean) {
    p.running_mean[c] = static_cast<T>((1 - p.momentum) * static_cast<double>(p.running_mean[c]) + p.momentum * mean);
    p.running_var[c] = static_cast<T>((1 - p.momentum) * static_cast<double>(p.running_var[c]) + p.momentum * squares / (count - 1));
  }
  const double var = p.training ? squares / count : static_cast<double>(p.running_var[c]);
  p.mean[c] = p.training ? static_cast<T>(mean) : p.running_mean[c];
  p.inv_std[c] = static_cast<T>(1 / std::sqrt(var + p.eps));
}

}  // namespace detail

template <class T> void batch_norm(const BatchNormArgs<T>& p) {
  const std::int64_t samples = p.along.outer, channels = p.along.n, places = p.along.inner, step = channels * places;
  auto one = [&](std::int64_t c) {
    detail::Moments m;
    if (p.training) m.add(p.x + c * places, samples, places, step);
    detail::settle(p, c, m.count, m.mean, m.squares);
    const T mean = p.mean[c], scale = p.inv_std[c] * p.weight[c], bias = p.bias[c];
    for (std::int64_t n = 0; n < samples; ++n) {
      const T* x = p.x + n * step + c * places;
      T* y = p.y + n * step + c * places;
      for (std::int64_t i = 0; i < places; ++i) y[i] = (x[i] - mean) * scale + bias;
    }
  };
  auto several = [&](std::int64_t first, std::int64_t count) {
    double sum[64] = {}, squares[64] = {};
    if (p.training) {
      for (std::int64_t n = 0; n < samples; ++n)
        for (std::int64_t j = 0; j < count; ++j) sum[j] += static_cast<double>(p.x[n * channels + first + j]);
      for (std::int64_t j = 0; j < count; ++j) sum[j] /= static_cast<double>(samples);
      for (std::int64_t n = 0; n < samples; ++n)
        for (std::int64_t j = 0; j < count; ++j) {
          const double d = static_cast<double>(p.x[n * channels + first + j]) - sum[j];
          squares[j] += d * d;
        }
    }
    T mean[64], scale[64], bias[64];
    for (std::int64_t j = 0; j < count; ++j) {
      const std::int64_t c = first + j;
      detail::settle(p, c, static_cast<double>(samples), sum[j], squares[j]);
      mean[j] = p.mean[c], scale[j] = p.inv_std[c] * p.weight[c], bias[j] = p.bias[c];
    }
    for (std::int64_t n = 0; n < samples; ++n)
      for (std::int64_t j = 0; j < count; ++j) p.y[n * channels + first + j] = (p.x[n * channels + first + j] - mean[j]) * scale[j] + bias[j];
  };
  detail::for_each_channel(p.along, one, several);
}

template <class T> void batch_norm_grad(const BatchNormGradArgs<T>& p) {
  const std::int64_t samples = p.along.outer, channels = p.along.n, places = p.along.inner, step = channels * places;
  const double values = static_cast<double>(samples * places);
  const bool needs_sums = p.training || p.gw || p.gb;
  // gx = (g - shift - (x - mean) slope) scale, with shift = average(g) and slope = average(g (x - mean)) / var
  struct Line { T mean, shift, slope, scale; };
  auto line = [&](std::int64_t c, double sum, double product) {
    const double inv = static_cast<double>(p.inv_std[c]);
    if (p.gw) p.gw[c] = static_cast<T>(product * inv);
    if (p.gb) p.gb[c] = static_cast<T>(sum);
    const double through = p.training ? 1 / values : 0;
    return Line{p.mean[c], static_cast<T>(sum * through), static_cast<T>(product * inv * inv * through), p.inv_std[c] * p.weight[c]};
  };
  auto one = [&](std::int64_t c) {
    double sum = 0, product = 0;
    const T mean = p.mean[c];
    for (std::int64_t n = 0; needs_sums && n < samples; ++n)
      for (std::int64_t from = 0; from < places; from += detail::piece) {
        const std::int64_t at = n * step + c * places + from, width = std::min(detail::piece, places - from);
        sum += static_cast<double>(detail::lane_sum<T>(width, [&](std::int64_t i) { return p.g[at + i]; }));
        product += static_cast<double>(detail::lane_sum<T>(width, [&](std::int64_t i) { return p.g[at + i] * (p.x[at + i] - mean); }));
      }
    const Line l = line(c, sum, product);
    for (std::int64_t n = 0; p.gx && n < samples; ++n) {
      const std::int64_t at = n * step + c * places;
      for (std::int64_t i = 0; i < places; ++i) p.gx[at + i] = (p.g[at + i] - l.shift - (p.x[at + i] - l.mean) * l.slope) * l.scale;
    }
  };
  auto several = [&](std::int64_t first, std::int64_t count) {
    double sum[64] = {}, product[64] = {};
    for (std::int64_t n = 0; needs_sums && n < samples; ++n)
      for (std::int64_t j = 0; j < count; ++j) {
        const std::int64_t at = n * channels + first + j;
        sum[j] += static_cast<double>(p.g[at]);
        product[j] += static_cast<double>(p.g[at]) * (static_cast<double>(p.x[at]) - static_cast<double>(p.mean[first + j]));
      }
    Line l[64];
    for (std::int64_t j = 0; j < count; ++j) l[j] = line(first + j, sum[j], product[j]);
    for (std::int64_t n = 0; p.gx && n < samples; ++n)
      for (std::int64_t j = 0; j < count; ++j) {
        const std::int64_t at = n * channels + first + j;
        p.gx[at] = (p.g[at] - l[j].shift - (p.x[at] - l[j].mean) * l[j].slope) * l[j].scale;
      }
  };
  detail::for_each_channel(p.along, one, several);
}

template <class T> struct EnrolBatchNorm {
  Enrol<BatchNorm<T>> a{Device::cpu, &batch_norm<T>};
  Enrol<BatchNormGrad<T>> b{Device::cpu, &batch_norm_grad<T>};
};
inline const EnrolBatchNorm<float> batch_norm_float;
inline const EnrolBatchNorm<double> batch_norm_double;

}  // namespace chainrule::cpu

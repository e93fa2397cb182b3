#pragma once
// The CPU kernels of avg_pool2d and adaptive_avg_pool2d.

#include <chainrule/core/reduce.hpp>
#include <chainrule/cpu/max_pool2d.hpp>
#include <chainrule/ops/avg_pool2d.hpp>
#include <chainrule/ops/sum.hpp>

namespace chainrule::cpu {

template <class T> void avg_pool2d(const AvgPoolShape& s, const T* x, T* y) {
  const std::int64_t in = s.rows.in * s.columns.in, out = s.rows.out * s.columns.out;
  detail::for_each_plane(s.planes, in, [&](std::int64_t p) {
    const T* image = x + p * in;
    T* to = y + p * out;
    for (std::int64_t i = 0; i < s.rows.out; ++i) {
      const std::int64_t top = s.rows.begin(i), bottom = s.rows.end(i);
      for (std::int64_t j = 0; j < s.columns.out; ++j) {
        const std::int64_t left = s.columns.begin(j), width = s.columns.end(j) - left;
        T sum = T(0);
        if (width == s.columns.in && bottom > top) sum = chainrule::detail::fold_row<T>(Sum{}, image + top * width, (bottom - top) * width, 1);  // whole rows
        else
          for (std::int64_t r = top; r < bottom; ++r)
            for (std::int64_t c = 0; c < width; ++c) sum += image[r * s.columns.in + left + c];
        to[i * s.columns.out + j] = sum / static_cast<T>(s.divisor_of(i, j));
      }
    }
  });
}

template <class T> void avg_pool2d_grad(const AvgPoolShape& s, const T* g, T* gx) {
  const std::int64_t in = s.rows.in * s.columns.in, out = s.rows.out * s.columns.out;
  detail::for_each_plane(s.planes, in, [&](std::int64_t p) {
    T* image = gx + p * in;
    std::fill(image, image + in, T(0));
    for (std::int64_t i = 0; i < s.rows.out; ++i)
      for (std::int64_t j = 0; j < s.columns.out; ++j) {
        const T part = g[p * out + i * s.columns.out + j] / static_cast<T>(s.divisor_of(i, j));
        for (std::int64_t r = s.rows.begin(i); r < s.rows.end(i); ++r)
          for (std::int64_t c = s.columns.begin(j); c < s.columns.end(j); ++c) image[r * s.columns.in + c] += part;
      }
  });
}

template <class T> struct EnrolAvgPool2d {
  Enrol<AvgPool2d<T>> a{Device::cpu, &avg_pool2d<T>};
  Enrol<AvgPool2dGrad<T>> b{Device::cpu, &avg_pool2d_grad<T>};
};
inline const EnrolAvgPool2d<float> avg_pool2d_float;
inline const EnrolAvgPool2d<double> avg_pool2d_double;

}  // namespace chainrule::cpu

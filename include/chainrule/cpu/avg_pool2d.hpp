#pragma once
// The CPU kernels of avg_pool2d and adaptive_avg_pool2d.

#include <chainrule/cpu/max_pool2d.hpp>
#include <chainrule/cpu/rows.hpp>
#include <chainrule/ops/avg_pool2d.hpp>

namespace chainrule::cpu {

template <class T> void avg_pool2d(const AvgPoolShape& s, const T* x, T* y) {
  const std::int64_t in = s.rows.in * s.columns.in, out = s.rows.out * s.columns.out;
  detail::for_each_plane(s.planes, in, [&](std::int64_t p) {
    for (std::int64_t i = 0; i < s.rows.out; ++i) {
      const std::int64_t top = s.rows.begin(i), height = s.rows.end(i) - top;
      const T* image = x + p * in + top * s.columns.in;
      for (std::int64_t j = 0; j < s.columns.out; ++j) {
        const std::int64_t left = s.columns.begin(j), width = s.columns.end(j) - left;
        T sum = T(0);
        if (width == s.columns.in) {  // whole rows: one stretch of memory
          sum = rows::sum(image, height * width);
        } else {
          for (std::int64_t r = 0; r < height; ++r)
            for (std::int64_t c = 0; c < width; ++c) sum += image[r * s.columns.in + left + c];
        }
        y[p * out + i * s.columns.out + j] = sum / static_cast<T>(s.divisor_of(i, j));
      }
    }
  });
}

template <class T> void avg_pool2d_grad(const AvgPoolShape& s, const T* g, T* gx) {
  const std::int64_t in = s.rows.in * s.columns.in, out = s.rows.out * s.columns.out;
  detail::for_each_plane(s.planes, in, [&](std::int64_t p) {
    T* image = gx + p * in;
    if (out == 1 && s.rows.begin(0) == 0 && s.rows.end(0) == s.rows.in && s.columns.begin(0) == 0 && s.columns.end(0) == s.columns.in) {  // the mean of the image
      std::fill(image, image + in, g[p] / static_cast<T>(s.divisor_of(0, 0)));
      return;
    }
    std::fill(image, image + in, T(0));
    for (std::int64_t i = 0; i < s.rows.out; ++i)
      for (std::int64_t j = 0; j < s.columns.out; ++j) {
        const T part = g[p * out + i * s.columns.out + j] / static_cast<T>(s.divisor_of(i, j));
        for (std::int64_t r = s.rows.begin(i); r < s.rows.end(i); ++r)
          for (std::int64_t c = s.columns.begin(j); c < s.columns.end(j); ++c) image[r * s.columns.in + c] += part;
      }
  });
}

}  // namespace chainrule::cpu

namespace chainrule {

template <class T> void bring_cpu_kernel(AvgPool2d<T>* op, int) { compile_in<&cpu::avg_pool2d<T>>(op); }
template <class T> void bring_cpu_kernel(AvgPool2dGrad<T>* op, int) { compile_in<&cpu::avg_pool2d_grad<T>>(op); }

}  // namespace chainrule

#pragma once
// 2-d convolution and its two gradients as seven loops: the oracles of the tests.

#include <chainrule/ops/conv_shape.hpp>
#include <algorithm>

namespace chainrule::cpu {

namespace detail {

/// visit(x index, weight index, y index) for every product that the convolution adds up.
template <class Visit> void for_each_product(const ConvShape& s, const Visit& visit) {
  std::int64_t in = s.c_in / s.groups, out = s.c_out / s.groups;  // channels of one group
  for (std::int64_t n = 0; n < s.n; ++n) {
    for (std::int64_t co = 0; co < s.c_out; ++co) {
      for (std::int64_t ci = 0; ci < in; ++ci) {
        std::int64_t channel = n * s.c_in + co / out * in + ci;
        for (std::int64_t ky = 0; ky < s.kh; ++ky) {
          for (std::int64_t kx = 0; kx < s.kw; ++kx) {
            for (std::int64_t oy = 0; oy < s.oh; ++oy) {
              std::int64_t iy = oy * s.stride_h + ky * s.dil_h - s.pad_h;
              if (iy < 0 || iy >= s.h) continue;
              for (std::int64_t ox = 0; ox < s.ow; ++ox) {
                std::int64_t ix = ox * s.stride_w + kx * s.dil_w - s.pad_w;
                if (ix < 0 || ix >= s.w) continue;
                visit((channel * s.h + iy) * s.w + ix, ((co * in + ci) * s.kh + ky) * s.kw + kx,
                      ((n * s.c_out + co) * s.oh + oy) * s.ow + ox);
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace detail

template <class T>
void conv2d_forward_plain(const ConvShape& s, const T* x, const T* weight, const T* bias_or_null, T* y) {
  for (std::int64_t i = 0; i < s.n * s.c_out * s.oh * s.ow; ++i) {
    y[i] = bias_or_null ? bias_or_null[i / (s.oh * s.ow) % s.c_out] : T(0);
  }
  detail::for_each_product(s, [&](std::int64_t xi, std::int64_t wi, std::int64_t yi) { y[yi] += x[xi] * weight[wi]; });
}

template <class T> void conv2d_backward_input_plain(const ConvShape& s, const T* dy, const T* weight, T* dx) {
  std::fill(dx, dx + s.n * s.c_in * s.h * s.w, T(0));
  detail::for_each_product(s,
                           [&](std::int64_t xi, std::int64_t wi, std::int64_t yi) { dx[xi] += dy[yi] * weight[wi]; });
}

template <class T> void conv2d_backward_weight_plain(const ConvShape& s, const T* x, const T* dy, T* dweight) {
  std::fill(dweight, dweight + s.c_out * (s.c_in / s.groups) * s.kh * s.kw, T(0));
  detail::for_each_product(s,
                           [&](std::int64_t xi, std::int64_t wi, std::int64_t yi) { dweight[wi] += x[xi] * dy[yi]; });
}

}  // namespace chainrule::cpu

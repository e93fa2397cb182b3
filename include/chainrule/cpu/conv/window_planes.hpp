#pragma once
// What the gradients of the weight read windows from: the planes of the image, or a copy with its padding.

#include <chainrule/ops/conv_shape.hpp>
#include <algorithm>
#include <cstdint>
#include <vector>

namespace chainrule::cpu::detail {

struct Planes {
  std::int64_t h, w, channel, image;  // sizes, and steps
  bool copy;
};

/// Where each row (channel, ky, kx) of dweight^T starts to read, from the first pixel of the planes.
inline std::vector<std::int64_t> window_offsets(const ConvShape& s, const Planes& planes) {
  std::vector<std::int64_t> offsets;
  offsets.reserve(static_cast<std::size_t>(s.c_in / s.groups * s.kh * s.kw));
  for (std::int64_t c = 0; c < s.c_in / s.groups; ++c) {
    for (std::int64_t ky = 0; ky < s.kh; ++ky) {
      for (std::int64_t kx = 0; kx < s.kw; ++kx)
        offsets.push_back(c * planes.channel + ky * s.dil_h * planes.w + kx * s.dil_w);
    }
  }
  return offsets;
}

/// Copies channels [c0, c1) of `images` images into planes with zeros around them.
template <class T>
void copy_planes(const ConvShape& s, const Planes& planes, const T* x, std::int64_t images, std::int64_t c0,
                 std::int64_t c1, T* to) {
  for (std::int64_t n = 0; n < images; ++n) {
    for (std::int64_t c = c0; c < c1; ++c) {
      T* plane = to + n * planes.image + c * planes.channel;
      const T* from = x + (n * s.c_in + c) * s.h * s.w;
      std::fill(plane, plane + s.pad_h * planes.w, T(0));
      for (std::int64_t y = 0; y < s.h; ++y) {
        T* line = plane + (y + s.pad_h) * planes.w;
        std::fill(line, line + s.pad_w, T(0));
        std::copy(from + y * s.w, from + (y + 1) * s.w, line + s.pad_w);
        std::fill(line + s.pad_w + s.w, line + planes.w, T(0));
      }
      std::fill(plane + (s.pad_h + s.h) * planes.w, plane + planes.h * planes.w, T(0));
    }
  }
}

}  // namespace chainrule::cpu::detail

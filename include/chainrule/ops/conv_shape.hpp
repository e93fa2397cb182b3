#pragma once
// The sizes of a 2-d convolution, as the raw kernels take them.

#include <cstdint>

namespace chainrule::cpu {

/// x (n, c_in, h, w), weight (c_out, c_in / groups, kh, kw), y (n, c_out, oh, ow), all contiguous.
/// oh = (h + 2 pad_h - dil_h (kh - 1) - 1) / stride_h + 1, and ow alike; the caller has checked all of it.
struct ConvShape {
  std::int64_t n = 0, c_in = 0, h = 0, w = 0, c_out = 0, kh = 1, kw = 1;
  std::int64_t stride_h = 1, stride_w = 1, pad_h = 0, pad_w = 0, dil_h = 1, dil_w = 1, groups = 1;
  std::int64_t oh = 0, ow = 0;
};

}  // namespace chainrule::cpu

#pragma once
// A batch of images as bytes (N, H, W, C), whatever it came as.

#include <chainrule/api.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/image/encode.hpp>
#include <chainrule/plot/values.hpp>
#include <cstdint>
#include <vector>

namespace chainrule::plot::detail {

struct Pixels {
  std::int64_t n = 0, height = 0, width = 0, channels = 1;
  std::vector<std::uint8_t> bytes = {};
  const std::uint8_t* image(std::int64_t i) const { return bytes.data() + i * height * width * channels; }
};

/// Floats (N, C, H, W) or (N, H, W): clamp(x, 0, 1) * 255, rounded, as torchvision's save_image; NaN becomes 0. With
/// `normalize`, the smallest finite value of all becomes 0 and the largest 255. Bytes (N, H, W), (N, H, W, C) or, where
/// the last size is no number of channels, (N, C, H, W). Throws for other types
/// and shapes, and for more than `at_most` images.
Pixels pixels_of(const TensorBase& images, bool normalize, std::int64_t at_most, const char* what, Location at);

}  // namespace chainrule::plot::detail

#if CHAINRULE_DEFINITIONS
#include <algorithm>
#include <cmath>

namespace chainrule::plot::detail {

[[gnu::cold]] CHAINRULE_INLINE bool is_channels(std::int64_t c) { return c == 1 || c == 3 || c == 4; }

[[gnu::cold]] CHAINRULE_INLINE std::vector<std::uint8_t> bytes_of_floats(const std::vector<double>& values,
                                                                         bool normalize) {
  double low = 0, high = 1;
  if (normalize) {
    low = high = std::numeric_limits<double>::quiet_NaN();
    for (const double v : values)
      if (std::fabs(v) <= 1e300) {
        low = v >= low ? low : v;
        high = v <= high ? high : v;
      }
    if (!(high > low)) high = low + 1;
  }
  std::vector<std::uint8_t> bytes(values.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const double share = (values[i] - low) / (high - low);
    bytes[i] = share >= 0 ? static_cast<std::uint8_t>(std::min(share, 1.) * 255 + 0.5) : std::uint8_t{0};
  }
  return bytes;
}

[[gnu::cold]] CHAINRULE_INLINE Pixels pixels_of(const TensorBase& images, bool normalize, std::int64_t at_most,
                                                const char* what, Location at) {
  check(images.defined(), at, what, ": the images are not defined; the tensor was never assigned");
  const bool floats = images.dtype() == DType::float32 || images.dtype() == DType::float64;
  check(floats || images.dtype() == DType::uint8, at, what, ": expects images of float, double or uint8, got ",
        name_of(images.dtype()));
  const auto& shape = images.shape();
  const int dims = images.dim();
  const bool last = !floats && dims == 4 && is_channels(shape[3]);  // the channels are
  check(dims == 3 || (dims == 4 && (last || is_channels(shape[1]))), at, what, ": expects images of shape ",
        floats ? "(N, C, H, W) or (N, H, W)" : "(N, H, W) or (N, H, W, C)", " with C = 1, 3 or 4, got ", shape,
        dims == 2 ? "; one image is x.unsqueeze(0)" : "");
  check(shape[0] > 0, at, what, ": there is nothing to draw in images of shape ", shape);
  check(shape[0] <= at_most, at, what, ": ", shape[0], " images are more than a picture shows, up to ", at_most,
        "; take some of them, images.narrow(0, 0, 25)");
  Pixels p{.n = shape[0]};
  p.channels = dims == 3 ? 1 : last ? shape[3] : shape[1];
  p.height = dims == 3 || last ? shape[1] : shape[2];
  p.width = dims == 3 || last ? shape[2] : shape[3];
  check(p.height > 0 && p.width > 0, at, what, ": images of shape ", shape, " have no pixels");
  check(p.height <= 16384 && p.width <= 16384, at, what, ": images of ", p.height, " x ", p.width,
        " pixels are too large; up to 16384 x 16384");
  const Values values(images, at);
  std::vector<std::uint8_t> bytes;
  if (floats) bytes = bytes_of_floats(values.numbers(), normalize);
  else
    for (const double v : values.numbers()) bytes.push_back(static_cast<std::uint8_t>(v));
  if (dims == 3 || last || p.channels == 1) {
    p.bytes = std::move(bytes);
    return p;
  }
  p.bytes.resize(bytes.size());
  const std::int64_t area = p.height * p.width;
  for (std::int64_t i = 0; i < p.n; ++i)
    for (std::int64_t c = 0; c < p.channels; ++c)
      for (std::int64_t k = 0; k < area; ++k)
        p.bytes[static_cast<std::size_t>((i * area + k) * p.channels + c)] =
            bytes[static_cast<std::size_t>((i * p.channels + c) * area + k)];
  return p;
}

}  // namespace chainrule::plot::detail
#endif

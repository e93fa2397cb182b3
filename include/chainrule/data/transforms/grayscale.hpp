#pragma once
// Colour images made grey.

#include <chainrule/data/transforms/image.hpp>
#include <chainrule/data/transforms/step.hpp>

namespace chainrule::data::transforms {

namespace detail {

ImplRef grey(const TensorBase& image, std::int64_t channels, const char* op, Location at);

template <ImageElement T>
Tensor<T> to_grey(const Tensor<T>& image, std::int64_t channels, const char* op, Location at) {
  return Tensor<T>(grey(with_rows(image, op, at), channels, op, at));
}
/// Channels of an image: C, or 1 of one without a dimension for them.
inline std::int64_t channels_of(const TensorBase& image) { return pixels_of(image).channels; }

}  // namespace detail

namespace functional {

/// The image in grey, with 1 channel or with 3 alike: bytes as PIL does, (19595 R + 38470 G + 7471 B + 32768) / 65536
/// without the fraction; floats as torchvision does, 0.2989 R + 0.587 G + 0.114 B. uint8 (H, W, 3) or float
/// (..., 3, H, W); an image of one channel keeps its values, and 1 channel of (H, W) stays (H, W).
///     to_grayscale(tensor<std::uint8_t>({{{255, 0, 0}}}))   // {{{76}}}
template <ImageElement T>
Tensor<T> to_grayscale(const Tensor<T>& image, std::int64_t num_output_channels = 1, Location at = Location::here()) {
  return detail::to_grey(image, num_output_channels, "to_grayscale", at);
}
/// torchvision's name of the same for its tensors.
template <ImageElement T>
Tensor<T> rgb_to_grayscale(const Tensor<T>& image, std::int64_t num_output_channels = 1,
                           Location at = Location::here()) {
  return detail::to_grey(image, num_output_channels, "rgb_to_grayscale", at);
}

}  // namespace functional

/// functional::to_grayscale as a transform.
class Grayscale {
 public:
  explicit Grayscale(std::int64_t num_output_channels = 1, Location at = Location::here())
      : channels_(num_output_channels), at_(at) {}
  template <ImageElement T> Tensor<T> operator()(const Tensor<T>& image) const {
    return detail::to_grey(image, channels_, "Grayscale", at_);
  }

 private:
  std::int64_t channels_;
  Location at_;
};

/// Makes the image grey with probability p, with as many channels as it had. Throws unless 0 <= p <= 1.
class RandomGrayscale {
 public:
  explicit RandomGrayscale(double p = 0.1, Location at = Location::here()) : p_(p), at_(at) {
    detail::check_probability(p, "RandomGrayscale", at);
  }
  template <ImageElement T> Tensor<T> operator()(const Tensor<T>& image, Generator& g = default_generator()) const {
    if (detail::draw_unit(g) >= p_) return image;
    const auto x = detail::with_rows(image, "RandomGrayscale", at_);
    return detail::to_grey(x, detail::channels_of(x), "RandomGrayscale", at_);
  }

 private:
  double p_;
  Location at_;
};

}  // namespace chainrule::data::transforms

#if CHAINRULE_DEFINITIONS
namespace chainrule::data::transforms::detail {

inline std::uint8_t grey_value(std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  return static_cast<std::uint8_t>((r * 19595u + g * 38470u + b * 7471u + 0x8000u) >> 16);
}
template <Real T> T grey_value(T r, T g, T b) { return T(0.2989) * r + T(0.587) * g + T(0.114) * b; }

/// For each pixel of each image: `channels` times the grey value of its `in_channels`, 1 or 3. Steps in elements.
template <class T> void grey_pixels(const TensorBase& image, const TensorBase& result, std::int64_t channels) {
  const Pixels in = pixels_of(image), out = pixels_of(result);
  constexpr auto size = static_cast<std::int64_t>(sizeof(T));
  const std::int64_t in_step = in.interleaved() ? size : in.plane_stride,
                     images = in.interleaved() ? 1 : in.planes / in.channels;
  for (std::int64_t n = 0; n < images; ++n)
    for (std::int64_t y = 0; y < in.height; ++y)
      for (std::int64_t x = 0; x < in.width; ++x) {
        const char* from = in.data + n * in.channels * in.plane_stride + y * in.row_stride + x * in.unit;
        T v[3];
        for (std::int64_t c = 0; c < in.channels; ++c) std::memcpy(v + c, from + c * in_step, sizeof(T));
        const T g = in.channels == 1 ? v[0] : grey_value(v[0], v[1], v[2]);
        for (std::int64_t c = 0; c < channels; ++c) {
          const bool together = out.interleaved();
          char* to = out.data + y * out.row_stride + x * out.unit +
                     (together ? c * size : (n * channels + c) * out.plane_stride);
          std::memcpy(to, &g, sizeof(T));
        }
      }
}

CHAINRULE_INLINE ImplRef grey(const TensorBase& image, std::int64_t channels, const char* op, Location at) {
  check(channels == 1 || channels == 3, at, op, ": num_output_channels is 1 or 3, got ", channels);
  const std::int64_t has = channels_of(image);
  check(has == 1 || has == 3, at, op, ": expects an image of 3 channels, or of 1, got shape ", image.shape());
  const bool bytes = image.dtype() == DType::uint8;
  Shape shape = image.shape();
  if (bytes && image.dim() == 3) shape[2] = channels;
  else if (bytes && channels == 3) shape.push_back(3);
  else if (!bytes && image.dim() > 2) shape[image.dim() - 3] = channels;
  else if (!bytes && channels == 3) shape.insert(0, 3);
  const TensorBase result(
      chainrule::detail::allocate_untyped(shape, image.dtype(), size_of(image.dtype()), Device::cpu, op, at));
  switch (image.dtype()) {
    case DType::uint8: grey_pixels<std::uint8_t>(image, result, channels); break;
    case DType::float32: grey_pixels<float>(image, result, channels); break;
    default: grey_pixels<double>(image, result, channels);
  }
  return result.share();
}

}  // namespace chainrule::data::transforms::detail
#endif

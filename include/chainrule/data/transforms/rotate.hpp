#pragma once
// Images rotated by any angle.

#include <chainrule/data/transforms/image.hpp>
#include <chainrule/data/transforms/step.hpp>
#include <optional>

namespace chainrule::data::transforms {

/// How a value between pixels is found, written as in torchvision, "bilinear", or as InterpolationMode::bilinear.
class InterpolationMode {
 public:
  enum Kind { nearest, bilinear };

  constexpr InterpolationMode(Kind kind) : kind_(kind) {}
  InterpolationMode(std::string_view word, Location at = Location::here());
  InterpolationMode(const char* word, Location at = Location::here()) : InterpolationMode(std::string_view(word), at) {}

  constexpr operator Kind() const { return kind_; }

 private:
  Kind kind_;
};

struct RotateOptions {
  InterpolationMode interpolation = InterpolationMode::nearest;
  bool expand = false;                                   ///< the result is as large as the whole rotated image
  std::optional<std::pair<double, double>> center = {};  ///< (x, y) from the top left corner; else the middle
  Fill fill = 0;                                         ///< where the result shows no pixel of the image
};

namespace detail {

ImplRef rotated(const TensorBase& image, double degrees, const RotateOptions& options, const char* op, Location at);

template <ImageElement T>
Tensor<T> rotate_image(const Tensor<T>& image, double degrees, const RotateOptions& options, const char* op,
                       Location at) {
  return Tensor<T>(rotated(with_rows(image, op, at), degrees, options, op, at));
}

}  // namespace detail

namespace functional {

/// The image rotated by `angle` degrees, counter-clockwise. uint8 (H, W) or (H, W, C), or float (..., C, H, W). A pixel
/// of the result shows the image at the place where its middle comes from: the nearest pixel there, or the four around
/// it, bilinear; `fill` where that place lies outside. Throws for an angle or a centre that is not finite. Source:
/// torchvision on PIL images; float images are rotated in the same way.
///     rotate(tensor({{1, 2}, {3, 4}}), 90)   // {{2, 4}, {1, 3}}
template <ImageElement T>
Tensor<T> rotate(const Tensor<T>& image, double angle, const RotateOptions& options = {},
                 Location at = Location::here()) {
  return detail::rotate_image(image, angle, options, "rotate", at);
}

}  // namespace functional

/// Rotates by an angle that is uniform in [-degrees, degrees], or in [min, max]. Options as for rotate.
///     RandomRotation(15), RandomRotation({0, 90}, {.interpolation = "bilinear", .fill = 128})
class RandomRotation {
 public:
  explicit RandomRotation(double degrees, RotateOptions options = {}, Location at = Location::here());
  explicit RandomRotation(std::pair<double, double> degrees, RotateOptions options = {},
                          Location at = Location::here());
  template <Arithmetic N>  // {0, 90}, which alone could be an angle and options, too
  explicit RandomRotation(const N (&degrees)[2], RotateOptions options = {}, Location at = Location::here())
      : RandomRotation(std::pair(static_cast<double>(degrees[0]), static_cast<double>(degrees[1])), std::move(options),
                       at) {}

  template <ImageElement T> Tensor<T> operator()(const Tensor<T>& image, Generator& g = default_generator()) const {
    return detail::rotate_image(image, detail::draw_between(min_, max_, g), options_, "RandomRotation", at_);
  }

 private:
  double min_, max_;
  RotateOptions options_;
  Location at_;
};

}  // namespace chainrule::data::transforms

#if CHAINRULE_DEFINITIONS
#include <cmath>
#include <numbers>

namespace chainrule::data::transforms {

CHAINRULE_INLINE InterpolationMode::InterpolationMode(std::string_view word, Location at)
    : kind_(word == "bilinear" ? bilinear : nearest) {
  check(kind_ != nearest || word == "nearest", at, "interpolation is \"nearest\" or \"bilinear\", got \"", word, "\"");
}

CHAINRULE_INLINE RandomRotation::RandomRotation(double degrees, RotateOptions options, Location at)
    : RandomRotation(std::pair(-degrees, degrees), std::move(options), at) {
  check(degrees >= 0, at,
        "RandomRotation: a single angle stands for [-degrees, degrees] and must not be negative, got ", degrees,
        "; or give two, {min, max}");
}
CHAINRULE_INLINE RandomRotation::RandomRotation(std::pair<double, double> degrees, RotateOptions options, Location at)
    : min_(degrees.first), max_(degrees.second), options_(std::move(options)), at_(at) {
  check(std::isfinite(min_) && std::isfinite(max_), at, "RandomRotation: angles must be finite, got ", min_, " and ",
        max_);
}

}  // namespace chainrule::data::transforms
namespace chainrule::data::transforms::detail {

/// From the middle of pixel (x, y) of the result to the place in the image: (a x + b y + c, d x + e y + f).
struct Affine {
  double a, b, c, d, e, f;
  std::pair<double, double> operator()(double x, double y) const { return {a * x + b * y + c, d * x + e * y + f}; }
};

/// The affine map of a rotation, and the size of its result.
inline std::pair<Affine, ImageSize> rotation(ImageSize size, double degrees, const RotateOptions& options) {
  const double angle = -std::fmod(degrees, 360.0) * std::numbers::pi / 180;
  const auto rounded = [](double v) { return std::round(v * 1e15) / 1e15; };  // quarter turns are exact
  const auto w = static_cast<double>(size.width), h = static_cast<double>(size.height);
  const auto [cx, cy] = options.center.value_or(std::pair(w / 2, h / 2));
  Affine to{rounded(std::cos(angle)),  rounded(std::sin(angle)), 0,
            rounded(-std::sin(angle)), rounded(std::cos(angle)), 0};
  const auto moved = to(-cx, -cy);
  to.c = moved.first + cx, to.f = moved.second + cy;
  if (!options.expand) return {to, size};
  double left = 0, right = 0, top = 0, bottom = 0;
  // A quarter turn about the middle fits exactly, though its corners may lie between pixels of the old frame.
  const bool quarter = !options.center && std::fmod(std::abs(degrees), 180.0) == 90;
  for (int corner = 0; corner < 4; ++corner) {
    const auto [x, y] = to(corner % 2 == 0 ? 0 : w, corner < 2 ? 0 : h);
    left = corner == 0 ? x : std::min(left, x), right = corner == 0 ? x : std::max(right, x);
    top = corner == 0 ? y : std::min(top, y), bottom = corner == 0 ? y : std::max(bottom, y);
  }
  const double width = quarter ? h : std::ceil(right) - std::floor(left),
               height = quarter ? w : std::ceil(bottom) - std::floor(top);
  const auto begin = to(-(width - w) / 2, -(height - h) / 2);
  to.c = begin.first, to.f = begin.second;
  return {to, {static_cast<std::int64_t>(height), static_cast<std::int64_t>(width)}};
}

/// Where a value of the result comes from: the nearest pixel, or four and how much the right and the lower ones weigh.
struct Sample {
  std::int64_t top_left, top_right, bottom_left, bottom_right;  // bytes from the first pixel of the plane
  double right, bottom;
  bool inside;
};

inline Sample sample_at(const Pixels& in, double x, double y, bool bilinear) {
  const auto w = static_cast<double>(in.width), h = static_cast<double>(in.height);
  if (!(x >= 0 && y >= 0 && x < w && y < h)) return {0, 0, 0, 0, 0, 0, false};
  if (!bilinear) {
    const std::int64_t at = static_cast<std::int64_t>(y) * in.row_stride + static_cast<std::int64_t>(x) * in.unit;
    return {at, at, at, at, 0, 0, true};
  }
  const double left = std::floor(x - 0.5), top = std::floor(y - 0.5);
  const auto column = [&](std::int64_t i) { return within(i, 0, in.width - 1) * in.unit; };
  const auto row = [&](std::int64_t i) { return within(i, 0, in.height - 1) * in.row_stride; };
  const auto i = static_cast<std::int64_t>(left), j = static_cast<std::int64_t>(top);
  return {row(j) + column(i),
          row(j) + column(i + 1),
          row(j + 1) + column(i),
          row(j + 1) + column(i + 1),
          x - 0.5 - left,
          y - 0.5 - top,
          true};
}

template <class T> T blend(const char* from, const Sample& s) {
  const auto value = [&](std::int64_t offset) {
    T v;
    std::memcpy(&v, from + offset, sizeof v);
    return static_cast<double>(v);
  };
  const double upper = value(s.top_left) * (1 - s.right) + value(s.top_right) * s.right,
               lower = value(s.bottom_left) * (1 - s.right) + value(s.bottom_right) * s.right,
               mixed = upper * (1 - s.bottom) + lower * s.bottom;
  return static_cast<T>(mixed);  // of bytes the fraction is cut off, as PIL does
}

template <class T>
void rotate_pixels(const Pixels& in, const Pixels& out, const Affine& to, bool bilinear, const std::vector<T>& fill) {
  const std::int64_t values = in.unit / static_cast<std::int64_t>(sizeof(T));  // of a pixel of a plane
  parallel_chunks(out.height, std::max<std::int64_t>(1, 8192 / (out.width * out.planes)),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t y = begin; y < end; ++y)
                      for (std::int64_t x = 0; x < out.width; ++x) {
                        const auto [from_x, from_y] = to(static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5);
                        const Sample sample = sample_at(in, from_x, from_y, bilinear);
                        for (std::int64_t p = 0; p < in.planes; ++p)
                          for (std::int64_t k = 0; k < values; ++k) {
                            const char* from = in.data + p * in.plane_stride + k * static_cast<std::int64_t>(sizeof(T));
                            char* at = out.data + p * out.plane_stride + y * out.row_stride + x * out.unit +
                                       k * static_cast<std::int64_t>(sizeof(T));
                            T v = fill[static_cast<std::size_t>((p + k) % in.channels)];
                            if (sample.inside && bilinear) v = blend<T>(from, sample);
                            else if (sample.inside) std::memcpy(&v, from + sample.top_left, sizeof v);
                            std::memcpy(at, &v, sizeof v);
                          }
                      }
                  });
}

template <class T> void rotate_as(const Pixels& in, const Pixels& out, const Affine& to, const RotateOptions& options) {
  std::vector<T> fill;
  for (std::int64_t c = 0; c < in.channels; ++c) fill.push_back(static_cast<T>(options.fill.of(c)));
  rotate_pixels<T>(in, out, to, options.interpolation == InterpolationMode::bilinear, fill);
}

CHAINRULE_INLINE ImplRef rotated(const TensorBase& image, double degrees, const RotateOptions& options, const char* op,
                                 Location at) {
  check(std::isfinite(degrees), at, op, ": the angle must be finite, got ", degrees);
  if (options.center)
    check(std::abs(options.center->first) < 1e9 && std::abs(options.center->second) < 1e9, at, op,
          ": the center (x, y) must lie near the image, got (", options.center->first, ", ", options.center->second,
          ')');
  const Pixels in = pixels_of(image);
  options.fill.check_for(in.channels, image.dtype(), op, at);
  const auto [to, size] = rotation(size_of_image(image), degrees, options);
  const TensorBase result(allocate_like(image, size.height, size.width, op, at));
  const Pixels out = pixels_of(result);
  switch (image.dtype()) {
    case DType::uint8: rotate_as<std::uint8_t>(in, out, to, options); break;
    case DType::float32: rotate_as<float>(in, out, to, options); break;
    default: rotate_as<double>(in, out, to, options);
  }
  return result.share();
}

}  // namespace chainrule::data::transforms::detail
#endif

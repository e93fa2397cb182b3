#pragma once
// Images of another size.

#include <chainrule/data/transforms/crop.hpp>
#include <chainrule/data/transforms/rotate.hpp>

namespace chainrule::data::transforms {

/// The size of a resized image: 40 makes the shorter side 40 and keeps the shape; {32, 48} is height and width.
struct ResizeSize {
  std::int64_t h, w;
  bool shorter_side;

  template <std::integral I>
  constexpr ResizeSize(I side) : h(static_cast<std::int64_t>(side)), w(h), shorter_side(true) {}
  template <std::integral I, std::integral J>
  constexpr ResizeSize(I rows, J columns)
      : h(static_cast<std::int64_t>(rows)), w(static_cast<std::int64_t>(columns)), shorter_side(false) {}
  constexpr ResizeSize(Size2d size) : h(size.h), w(size.w), shorter_side(false) {}
};

namespace detail {

ImplRef resized(const TensorBase& image, ResizeSize size, InterpolationMode interpolation,
                std::optional<std::int64_t> max_size, const char* op, Location at);

template <ImageElement T>
Tensor<T> resize_image(const Tensor<T>& image, ResizeSize size, InterpolationMode interpolation,
                       std::optional<std::int64_t> max_size, const char* op, Location at) {
  return Tensor<T>(resized(with_rows(image, op, at), size, interpolation, max_size, op, at));
}

}  // namespace detail

namespace functional {

/// The image in another size. Bilinear: each pixel is the mean of those around its place, weighted by a triangle that
/// grows with the reduction (antialiased, as PIL does it; bytes are rounded after the rows and after the columns).
/// Nearest: the pixel at its place. With a `size` of one number, `max_size` limits the longer side. uint8 (H, W) or
/// (H, W, C), or float (..., C, H, W). Source: torchvision on PIL images.
///     resize(tensor({{0, 2, 4, 6}}), {1, 2})   // {{1.43, 4.57}}
template <ImageElement T>
Tensor<T> resize(const Tensor<T>& image, ResizeSize size, InterpolationMode interpolation = InterpolationMode::bilinear,
                 std::optional<std::int64_t> max_size = {}, Location at = Location::here()) {
  return detail::resize_image(image, size, interpolation, max_size, "resize", at);
}

/// crop, then resize.
template <ImageElement T>
Tensor<T> resized_crop(const Tensor<T>& image, std::int64_t top, std::int64_t left, std::int64_t height,
                       std::int64_t width, ResizeSize size,
                       InterpolationMode interpolation = InterpolationMode::bilinear, Location at = Location::here()) {
  return detail::resize_image(crop(image, top, left, height, width, at), size, interpolation, {}, "resized_crop", at);
}

}  // namespace functional

/// functional::resize as a transform.
///     Resize(256), Resize({32, 48}), Resize(40, "nearest")
class Resize {
 public:
  explicit Resize(ResizeSize size, InterpolationMode interpolation = InterpolationMode::bilinear,
                  std::optional<std::int64_t> max_size = {}, Location at = Location::here())
      : size_(size), interpolation_(interpolation), max_size_(max_size), at_(at) {}
  template <ImageElement T> Tensor<T> operator()(const Tensor<T>& image) const {
    return detail::resize_image(image, size_, interpolation_, max_size_, "Resize", at_);
  }

 private:
  ResizeSize size_;
  InterpolationMode interpolation_;
  std::optional<std::int64_t> max_size_;
  Location at_;
};

/// A random part of the image, resized to `size` (or {height, width}): its part of the area is uniform in `scale`, its
/// width over its height log-uniform in `ratio`. After ten parts that do not fit, it is the largest in the middle whose
/// shape does. Source: torchvision.
///     RandomResizedCrop(224)
class RandomResizedCrop {
 public:
  explicit RandomResizedCrop(Size2d size, std::pair<double, double> scale = {0.08, 1},
                             std::pair<double, double> ratio = {3.0 / 4, 4.0 / 3},
                             InterpolationMode interpolation = InterpolationMode::bilinear,
                             Location at = Location::here());

  template <ImageElement T> Tensor<T> operator()(const Tensor<T>& image, Generator& g = default_generator()) const {
    const auto x = detail::with_rows(image, "RandomResizedCrop", at_);
    const auto part = detail::window_of(x, draw(detail::size_of_image(x), g), 0, "RandomResizedCrop", at_);
    return detail::resize_image(part, size_, interpolation_, {}, "RandomResizedCrop", at_);
  }

 private:
  detail::Window draw(detail::ImageSize size, Generator& g) const;

  Size2d size_;
  std::pair<double, double> scale_, ratio_;
  InterpolationMode interpolation_;
  Location at_;
};

}  // namespace chainrule::data::transforms

#if CHAINRULE_DEFINITIONS
#include <cmath>

namespace chainrule::data::transforms::detail {

/// The positions that make one position of the result, and their weights, which add up to 1.
struct Taps {
  std::int64_t first;
  std::vector<double> weights;
};

/// For each position of a side of `n` that becomes one of `wanted`.
inline std::vector<Taps> taps_of(std::int64_t n, std::int64_t wanted, bool bilinear) {
  std::vector<Taps> all;
  const double scale = static_cast<double>(n) / static_cast<double>(wanted), reach = std::max(scale, 1.0);
  double place = 0.5 * scale;  // a running sum for the nearest pixel, as in PIL: ties fall where its rounding puts them
  for (std::int64_t i = 0; i < wanted; ++i, place += scale) {
    if (!bilinear) {
      all.push_back({within(static_cast<std::int64_t>(place), 0, n - 1), {1.0}});
      continue;
    }
    const double middle = (static_cast<double>(i) + 0.5) * scale;
    const std::int64_t first = within(static_cast<std::int64_t>(middle - reach + 0.5), 0, n - 1),
                       end = within(static_cast<std::int64_t>(middle + reach + 0.5), first + 1, n);
    Taps taps{first, {}};
    double sum = 0;
    for (std::int64_t k = first; k < end; ++k) {
      const double weight = std::max(0.0, 1 - std::abs((static_cast<double>(k) + 0.5 - middle) / reach));
      taps.weights.push_back(weight);
      sum += weight;
    }
    for (double& w : taps.weights) w /= sum;
    all.push_back(std::move(taps));
  }
  return all;
}

template <class T> T rounded_to(double v) {
  if constexpr (std::same_as<T, std::uint8_t>) return static_cast<T>(std::min(255.0, std::max(0.0, v + 0.5)));
  else return static_cast<T>(v);
}
template <class T> T value_at(const char* from) {
  T v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

/// Rows in -> rows out, with columns as the taps say; then the same for columns of the result of that.
template <class T>
void resize_pixels(const Pixels& in, const Pixels& between, const Pixels& out, const std::vector<Taps>& rows,
                   const std::vector<Taps>& columns) {
  constexpr auto size = static_cast<std::int64_t>(sizeof(T));
  const std::int64_t values = in.unit / size;
  const auto pass = [&](const Pixels& from, const Pixels& to, const std::vector<Taps>& taps, bool along_rows) {
    const std::int64_t step = along_rows ? from.unit : from.row_stride;
    parallel_chunks(to.planes * to.height, std::max<std::int64_t>(1, 8192 / (to.width * values)),
                    [&](std::int64_t begin, std::int64_t end) {
                      for (std::int64_t line = begin; line < end; ++line) {
                        const std::int64_t plane = line / to.height, y = line % to.height;
                        char* target = to.data + plane * to.plane_stride + y * to.row_stride;
                        const char* source = from.data + plane * from.plane_stride;
                        for (std::int64_t x = 0; x < to.width; ++x) {
                          const Taps& t = taps[static_cast<std::size_t>(along_rows ? x : y)];
                          const char* first = source + (along_rows ? y : t.first) * from.row_stride +
                                              (along_rows ? t.first : x) * from.unit;
                          for (std::int64_t k = 0; k < values; ++k) {
                            double sum = 0;
                            for (std::size_t i = 0; i < t.weights.size(); ++i)
                              sum += t.weights[i] * static_cast<double>(value_at<T>(
                                                        first + static_cast<std::int64_t>(i) * step + k * size));
                            const T v = rounded_to<T>(sum);
                            std::memcpy(target + x * to.unit + k * size, &v, sizeof v);
                          }
                        }
                      }
                    });
  };
  pass(in, between, columns, true);
  pass(between, out, rows, false);
}

CHAINRULE_INLINE ImplRef resized(const TensorBase& image, ResizeSize size, InterpolationMode interpolation,
                                 std::optional<std::int64_t> max_size, const char* op, Location at) {
  constexpr std::int64_t most = std::int64_t{1} << 31;
  check(size.h > 0 && size.w > 0 && size.h < most && size.w < most, at, op,
        ": the size must be above 0, and that of an image, got ", Shape{size.h, size.w});
  check(!max_size || (size.shorter_side && *max_size > size.h), at, op,
        ": max_size goes with a size of one number and must be above it, got a size of ", Shape{size.h, size.w});
  const auto [h, w] = size_of_image(image);
  if (size.shorter_side) {
    const auto longer = static_cast<double>(std::max(h, w)), shorter = static_cast<double>(std::min(h, w));
    const double grown = std::min(static_cast<double>(size.h) * longer / shorter, static_cast<double>(most));
    std::int64_t new_short = size.h, new_long = static_cast<std::int64_t>(grown);
    if (max_size && new_long > *max_size) {
      new_short = static_cast<std::int64_t>(static_cast<double>(*max_size) * static_cast<double>(new_short) /
                                            static_cast<double>(new_long));
      new_long = *max_size;
    }
    check(new_short > 0 && new_long < most, at, op, ": a shorter side of ", size.h, " makes an image of ", h, " x ", w,
          " one of ", new_short, " x ", new_long);
    size.h = w <= h ? new_long : new_short;
    size.w = w <= h ? new_short : new_long;
  }
  const TensorBase result(allocate_like(image, size.h, size.w, op, at)),
      between(allocate_like(image, h, size.w, op, at));
  const bool bilinear = interpolation == InterpolationMode::bilinear;
  const auto rows = taps_of(h, size.h, bilinear), columns = taps_of(w, size.w, bilinear);
  const Pixels in = pixels_of(image), middle = pixels_of(between), out = pixels_of(result);
  switch (image.dtype()) {
    case DType::uint8: resize_pixels<std::uint8_t>(in, middle, out, rows, columns); break;
    case DType::float32: resize_pixels<float>(in, middle, out, rows, columns); break;
    default: resize_pixels<double>(in, middle, out, rows, columns);
  }
  return result.share();
}

}  // namespace chainrule::data::transforms::detail
namespace chainrule::data::transforms {

CHAINRULE_INLINE RandomResizedCrop::RandomResizedCrop(Size2d size, std::pair<double, double> scale,
                                                      std::pair<double, double> ratio, InterpolationMode interpolation,
                                                      Location at)
    : size_(size), scale_(scale), ratio_(ratio), interpolation_(interpolation), at_(at) {
  check(size.h > 0 && size.w > 0, at, "RandomResizedCrop: the size must be above 0, got ", size.str());
  check(scale.first >= 0 && scale.first <= scale.second && std::isfinite(scale.second), at,
        "RandomResizedCrop: scale is {min, max}, parts of the image's area, got {", scale.first, ", ", scale.second,
        '}');
  check(ratio.first > 0 && ratio.first <= ratio.second && std::isfinite(ratio.second), at,
        "RandomResizedCrop: ratio is {min, max}, width over height, above 0, got {", ratio.first, ", ", ratio.second,
        '}');
}

CHAINRULE_INLINE detail::Window RandomResizedCrop::draw(detail::ImageSize size, Generator& g) const {
  const auto height = static_cast<double>(size.height), width = static_cast<double>(size.width);
  double h = 0, w = 0;
  for (int tries = 0; tries < 10; ++tries) {
    const double area = height * width * detail::draw_between(scale_.first, scale_.second, g),
                 ratio = std::exp(detail::draw_between(std::log(ratio_.first), std::log(ratio_.second), g));
    w = std::nearbyint(std::sqrt(area * ratio));
    h = std::nearbyint(std::sqrt(area / ratio));
    if (!(w > 0 && w <= width && h > 0 && h <= height)) continue;
    const auto rows = static_cast<std::int64_t>(h), columns = static_cast<std::int64_t>(w);
    const std::int64_t top = detail::draw_below(size.height - rows + 1, g),
                       left = detail::draw_below(size.width - columns + 1, g);
    return {{top, rows}, {left, columns}};
  }
  const double shape = width / height;
  h = shape < ratio_.first ? std::nearbyint(width / ratio_.first) : height;
  w = shape > ratio_.second ? std::nearbyint(height * ratio_.second) : width;
  const std::int64_t rows = detail::within(static_cast<std::int64_t>(h), 1, size.height),
                     columns = detail::within(static_cast<std::int64_t>(w), 1, size.width);
  return {{(size.height - rows) / 2, rows}, {(size.width - columns) / 2, columns}};
}

}  // namespace chainrule::data::transforms
#endif

#pragma once
// Brightness, contrast, saturation and hue of images, and ColorJitter, which draws them.

#include <chainrule/data/transforms/grayscale.hpp>

namespace chainrule::data::transforms {

namespace detail {

enum class Adjustment { brightness, contrast, saturation, hue };

ImplRef adjusted(const TensorBase& image, Adjustment what, double factor, const char* op, Location at);

template <ImageElement T>
Tensor<T> adjust(const Tensor<T>& image, Adjustment what, double factor, const char* op, Location at) {
  return Tensor<T>(adjusted(with_rows(image, op, at), what, factor, op, at));
}

}  // namespace detail

namespace functional {

/// The image, `factor` times as bright: 0 is black, 1 the image itself. Of 1 or 3 channels, uint8 (H, W) or (H, W, C),
/// floats in [0, 1] (..., C, H, W); results stay in the range, and bytes lose their fraction. Throws for a factor that
/// is negative or not finite. Source: torchvision, as for the other three.
///     adjust_brightness(tensor<std::uint8_t>({{100, 200}}), 1.5)   // {{150, 255}}
template <ImageElement T>
Tensor<T> adjust_brightness(const Tensor<T>& image, double factor, Location at = Location::here()) {
  return detail::adjust(image, detail::Adjustment::brightness, factor, "adjust_brightness", at);
}
/// Each value `factor` times as far from the mean grey value of the image: 0 is grey, 1 the image itself.
template <ImageElement T>
Tensor<T> adjust_contrast(const Tensor<T>& image, double factor, Location at = Location::here()) {
  return detail::adjust(image, detail::Adjustment::contrast, factor, "adjust_contrast", at);
}
/// Each value `factor` times as far from the grey value of its pixel: 0 is a grey image, 1 the image itself.
template <ImageElement T>
Tensor<T> adjust_saturation(const Tensor<T>& image, double factor, Location at = Location::here()) {
  return detail::adjust(image, detail::Adjustment::saturation, factor, "adjust_saturation", at);
}
/// Every hue moved around the circle of hues by `factor` of it, from -0.5 to 0.5. An image of one channel stays as it
/// is. Bytes go by way of PIL's HSV bytes.
template <ImageElement T> Tensor<T> adjust_hue(const Tensor<T>& image, double factor, Location at = Location::here()) {
  return detail::adjust(image, detail::Adjustment::hue, factor, "adjust_hue", at);
}

}  // namespace functional

/// How far ColorJitter goes: a number a for factors in [max(0, 1 - a), 1 + a] (of the hue: [-a, a]), or {min, max}.
struct JitterRange {
  double a = 0, b = 0;
  bool two = false;

  template <Arithmetic N> JitterRange(N around) : a(static_cast<double>(around)) {}
  template <Arithmetic N, Arithmetic M>
  JitterRange(N min, M max) : a(static_cast<double>(min)), b(static_cast<double>(max)), two(true) {}
};
struct ColorJitterOptions {
  JitterRange brightness = 0, contrast = 0, saturation = 0, hue = 0;
};

/// Changes brightness, contrast, saturation and hue by random factors, in random order. Source: torchvision.
///     ColorJitter(0.4, 0.4, 0.4, 0.1), ColorJitter({.brightness = {0.8, 1.2}, .hue = 0.05})
class ColorJitter {
 public:
  explicit ColorJitter(ColorJitterOptions options, Location at = Location::here());
  explicit ColorJitter(JitterRange brightness, JitterRange contrast = 0, JitterRange saturation = 0,
                       JitterRange hue = 0, Location at = Location::here())
      : ColorJitter(ColorJitterOptions{brightness, contrast, saturation, hue}, at) {}

  template <ImageElement T> Tensor<T> operator()(const Tensor<T>& image, Generator& g = default_generator()) const {
    int order[4];
    double factors[4];
    draw(order, factors, g);
    Tensor<T> x = image;
    for (int i : order)
      if (used_[i]) x = detail::adjust(x, static_cast<detail::Adjustment>(i), factors[i], "ColorJitter", at_);
    return x;
  }

 private:
  void draw(int (&order)[4], double (&factors)[4], Generator& g) const;

  double min_[4], max_[4];  // by Adjustment
  bool used_[4];
  Location at_;
};

}  // namespace chainrule::data::transforms

#if CHAINRULE_DEFINITIONS
#include <cmath>

namespace chainrule::data::transforms::detail {

/// from + (to - from) * factor, kept in the range of the type.
inline std::uint8_t mixed(std::uint8_t from, std::uint8_t to, double factor) {
  const float v = static_cast<float>(from) + static_cast<float>(factor) * static_cast<float>(int{to} - int{from});
  return static_cast<std::uint8_t>(v <= 0 ? 0 : v >= 255 ? 255 : v);
}
template <Real T> T mixed(T from, T to, double factor) {
  const T v = static_cast<T>(factor) * to + static_cast<T>(1 - factor) * from;
  return v < 0 ? T(0) : v > 1 ? T(1) : v;
}

/// Hue, saturation and value, all in [0, 1], from values in [0, 1] or in 0..255.
struct Hsv {
  double h, s, v;
};
inline Hsv hsv_of(double r, double g, double b) {
  const double most = std::max(r, std::max(g, b)), least = std::min(r, std::min(g, b)), range = most - least;
  if (!(range > 0)) return {0, 0, most};
  const double rc = (most - r) / range, gc = (most - g) / range, bc = (most - b) / range;
  const double h = r == most ? bc - gc : g == most ? 2 + rc - bc : 4 + gc - rc;
  return {std::fmod(h / 6 + 1, 1.0), range / most, most};
}
inline void rgb_of(const Hsv& c, double (&rgb)[3]) {
  const double sector = std::floor(c.h * 6), f = c.h * 6 - sector;
  const double v = c.v, p = v * (1 - c.s), q = v * (1 - c.s * f), t = v * (1 - c.s * (1 - f));
  const double all[6][3] = {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}};
  for (int i = 0; i < 3; ++i) rgb[i] = all[static_cast<int>(sector) % 6][i];
}

inline void move_hue(std::uint8_t (&rgb)[3], double factor) {  // PIL: hue and saturation are bytes on the way
  const Hsv c = hsv_of(rgb[0], rgb[1], rgb[2]);
  const auto byte = [](double v) { return static_cast<std::uint8_t>(v * 255); };
  const auto moved = static_cast<std::uint8_t>(byte(c.h) + static_cast<int>(factor * 255));
  double to[3];
  rgb_of({moved / 255.0, byte(c.s) / 255.0, c.v}, to);
  for (int i = 0; i < 3; ++i) rgb[i] = static_cast<std::uint8_t>(std::round(to[i]));
}
template <Real T> void move_hue(T (&rgb)[3], double factor) {
  Hsv c = hsv_of(static_cast<double>(rgb[0]), static_cast<double>(rgb[1]), static_cast<double>(rgb[2]));
  c.h = c.h + factor - std::floor(c.h + factor);
  double to[3];
  rgb_of(c, to);
  for (int i = 0; i < 3; ++i) rgb[i] = static_cast<T>(std::min(1.0, std::max(0.0, to[i])));
}

template <class T> T grey_of(const T (&v)[3], std::int64_t channels) {
  return channels == 1 ? v[0] : grey_value(v[0], v[1], v[2]);
}
/// The mean grey value of one image: for bytes the nearest whole number.
template <class T> T mean_grey(double sum, std::int64_t pixels) {
  const double mean = sum / static_cast<double>(pixels);
  if constexpr (std::same_as<T, std::uint8_t>) return static_cast<T>(mean + 0.5);
  else return static_cast<T>(mean);
}

template <class T> void adjust_pixels(const Pixels& in, const Pixels& out, Adjustment what, double factor) {
  constexpr auto size = static_cast<std::int64_t>(sizeof(T));
  const bool together = in.interleaved();
  const std::int64_t images = together ? 1 : in.planes / in.channels, channels = in.channels;
  const auto at = [&](const Pixels& p, std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) {
    return p.data + (together ? c * size : (n * channels + c) * p.plane_stride) + y * p.row_stride + x * p.unit;
  };
  const auto load = [&](std::int64_t n, std::int64_t y, std::int64_t x, T(&v)[3]) {
    for (std::int64_t c = 0; c < channels; ++c) std::memcpy(v + c, at(in, n, y, x, c), sizeof(T));
  };
  for (std::int64_t n = 0; n < images; ++n) {
    T v[3] = {}, anchor{};
    if (what == Adjustment::contrast) {
      double sum = 0;
      for (std::int64_t y = 0; y < in.height; ++y)
        for (std::int64_t x = 0; x < in.width; ++x) load(n, y, x, v), sum += static_cast<double>(grey_of(v, channels));
      anchor = mean_grey<T>(sum, in.height * in.width);
    }
    for (std::int64_t y = 0; y < in.height; ++y)
      for (std::int64_t x = 0; x < in.width; ++x) {
        load(n, y, x, v);
        if (what == Adjustment::hue) {
          if (channels == 3) move_hue(v, factor);
        } else {
          if (what == Adjustment::saturation) anchor = grey_of(v, channels);
          for (T& value : v) value = mixed(anchor, value, factor);
        }
        for (std::int64_t c = 0; c < channels; ++c) std::memcpy(at(out, n, y, x, c), v + c, sizeof(T));
      }
  }
}

CHAINRULE_INLINE ImplRef adjusted(const TensorBase& image, Adjustment what, double factor, const char* op,
                                  Location at) {
  if (what == Adjustment::hue)
    check(factor >= -0.5 && factor <= 0.5, at, op, ": the hue's factor must lie in [-0.5, 0.5], got ", factor);
  else check(factor >= 0 && std::isfinite(factor), at, op, ": the factor must be 0 or more, got ", factor);
  const Pixels in = pixels_of(image);
  check(in.channels == 1 || in.channels == 3, at, op, ": expects an image of 1 or 3 channels, got shape ",
        image.shape());
  const TensorBase result(allocate_like(image, in.height, in.width, op, at));
  const Pixels out = pixels_of(result);
  switch (image.dtype()) {
    case DType::uint8: adjust_pixels<std::uint8_t>(in, out, what, factor); break;
    case DType::float32: adjust_pixels<float>(in, out, what, factor); break;
    default: adjust_pixels<double>(in, out, what, factor);
  }
  return result.share();
}

}  // namespace chainrule::data::transforms::detail
namespace chainrule::data::transforms {

CHAINRULE_INLINE ColorJitter::ColorJitter(ColorJitterOptions options, Location at) : at_(at) {
  const JitterRange* ranges[] = {&options.brightness, &options.contrast, &options.saturation, &options.hue};
  const char* names[] = {"brightness", "contrast", "saturation", "hue"};
  for (int i = 0; i < 4; ++i) {
    const JitterRange& r = *ranges[i];
    const bool hue = i == 3;
    const double middle = hue ? 0 : 1;
    check(r.two || r.a >= 0, at, "ColorJitter: ", names[i], " as a single number must not be negative, got ", r.a);
    min_[i] = r.two ? r.a : hue ? -r.a : std::max(0.0, 1 - r.a);
    max_[i] = r.two ? r.b : middle + r.a;
    check(min_[i] >= (hue ? -0.5 : 0) && min_[i] <= max_[i] && (hue ? max_[i] <= 0.5 : std::isfinite(max_[i])), at,
          "ColorJitter: ", names[i], " is {min, max} in ", hue ? "[-0.5, 0.5]" : "0 and above", ", got {", min_[i],
          ", ", max_[i], '}');
    used_[i] = !(min_[i] == middle && max_[i] == middle);
  }
}

CHAINRULE_INLINE void ColorJitter::draw(int (&order)[4], double (&factors)[4], Generator& g) const {
  for (int i = 0; i < 4; ++i) {
    order[i] = i;
    std::swap(order[i], order[detail::draw_below(i + 1, g)]);  // each order is equally likely
    factors[i] = detail::draw_between(min_[i], max_[i], g);
  }
}

}  // namespace chainrule::data::transforms
#endif

#pragma once
// Rectangles of an image erased, at random: "random erasing" (Zhong et al. 2017).

#include <chainrule/data/transforms/image.hpp>
#include <chainrule/data/transforms/step.hpp>
#include <cmath>

namespace chainrule::data::transforms {

namespace functional {

/// A copy of a float image (..., C, H, W) in which the h x w pixels from row i and column j on have the value v: one
/// for all channels, or one for each. Throws where the rectangle does not lie in the image. Source: torchvision.
///     erase(ones({1, 2, 3}), 0, 1, 1, 2, 0)   // {{{1, 0, 0}, {1, 1, 1}}}
template <Real T>
Tensor<T> erase(const Tensor<T>& image, std::int64_t i, std::int64_t j, std::int64_t h, std::int64_t w, const Fill& v,
                Location at = Location::here());
/// The same with a tensor of values, (C, h, w) or of a shape that broadcasts to it.
template <Real T>
Tensor<T> erase(const Tensor<T>& image, std::int64_t i, std::int64_t j, std::int64_t h, std::int64_t w,
                const Tensor<T>& v, Location at = Location::here());

}  // namespace functional

namespace detail {

/// The rectangle of a copy of the image; the copy is `whole`.
template <Real T> struct Rectangle {
  Tensor<T> whole, part;

  Rectangle(const Tensor<T>& image, std::int64_t i, std::int64_t j, std::int64_t h, std::int64_t w, const char* op,
            Location at) {
    check_image(image, op, at);
    const auto [height, width] = size_of_image(image);
    check(i >= 0 && j >= 0 && h >= 0 && w >= 0 && i <= height && j <= width && h <= height - i && w <= width - j, at,
          op, ": a rectangle of ", h, " x ", w, " pixels at row ", i, ", column ", j, " does not lie in an image of ",
          height, " x ", width);
    whole = clone(image.detach(), at);
    part = whole.slice(-2, i, i + h, 1, at).slice(-1, j, j + w, 1, at);
  }
};

}  // namespace detail

template <Real T>
Tensor<T> functional::erase(const Tensor<T>& image, std::int64_t i, std::int64_t j, std::int64_t h, std::int64_t w,
                            const Fill& v, Location at) {
  no_grad guard;
  const detail::Rectangle<T> r(image, i, j, h, w, "erase", at);
  const std::int64_t channels = image.dim() > 2 ? image.shape()[image.dim() - 3] : 1;
  v.check_for(channels, dtype_of<T>, "erase", at);
  if (image.dim() == 2) r.part.fill_(static_cast<T>(v.of(0)), at);
  else
    for (std::int64_t c = 0; c < channels; ++c) r.part.select(-3, c, at).fill_(static_cast<T>(v.of(c)), at);
  return r.whole;
}
template <Real T>
Tensor<T> functional::erase(const Tensor<T>& image, std::int64_t i, std::int64_t j, std::int64_t h, std::int64_t w,
                            const Tensor<T>& v, Location at) {
  no_grad guard;
  const detail::Rectangle<T> r(image, i, j, h, w, "erase", at);
  r.part.copy_(v.detach(), at);
  return r.whole;
}

/// The value of an erased rectangle: a Fill, or "random", normal numbers of mean 0 and variance 1.
struct EraseValue : Fill {
  bool random = false;

  using Fill::Fill;
  EraseValue(const char* word, Location at = Location::here()) : Fill(0), random(true) {
    check(std::string_view(word) == "random", at,
          "RandomErasing: value is a number, one for each channel, or "
          "\"random\", got \"",
          word, "\"");
  }
};

/// Erases, with probability p, a rectangle of a float image (..., C, H, W): its part of the image's area is uniform in
/// `scale`, its height over its width log-uniform in `ratio`. After ten rectangles that do not fit, nothing is erased.
/// Throws unless p and scale lie in [0, 1] and ratio is positive. Source: torchvision.
///     Compose(ToTensor(), RandomErasing(0.5, {0.02, 0.33}, {0.3, 3.3}, "random"))
class RandomErasing {
 public:
  explicit RandomErasing(double p = 0.5, std::pair<double, double> scale = {0.02, 0.33},
                         std::pair<double, double> ratio = {0.3, 3.3}, EraseValue value = 0,
                         Location at = Location::here());

  template <Real T> Tensor<T> operator()(const Tensor<T>& image, Generator& g = default_generator()) const {
    detail::check_image(image, "RandomErasing", at_);
    std::int64_t i = 0, j = 0, h = 0, w = 0;
    if (!draw(detail::size_of_image(image), g, i, j, h, w)) return image;
    if (!value_.random) return functional::erase(image, i, j, h, w, static_cast<const Fill&>(value_), at_);
    Shape shape{h, w};
    if (image.dim() > 2) shape.insert(0, image.shape()[image.dim() - 3]);
    return functional::erase(image, i, j, h, w, randn<T>(shape, {.generator = &g}, at_), at_);
  }

 private:
  bool draw(detail::ImageSize size, Generator& g, std::int64_t& i, std::int64_t& j, std::int64_t& h,
            std::int64_t& w) const;

  double p_;
  std::pair<double, double> scale_, ratio_;
  EraseValue value_;
  Location at_;
};

}  // namespace chainrule::data::transforms

#if CHAINRULE_DEFINITIONS
namespace chainrule::data::transforms {

CHAINRULE_INLINE RandomErasing::RandomErasing(double p, std::pair<double, double> scale,
                                              std::pair<double, double> ratio, EraseValue value, Location at)
    : p_(p), scale_(scale), ratio_(ratio), value_(std::move(value)), at_(at) {
  detail::check_probability(p, "RandomErasing", at);
  check(scale.first >= 0 && scale.second <= 1 && scale.first <= scale.second, at,
        "RandomErasing: scale is {min, max}, parts of the image's area in [0, 1], got {", scale.first, ", ",
        scale.second, '}');
  check(ratio.first > 0 && ratio.first <= ratio.second && std::isfinite(ratio.second), at,
        "RandomErasing: ratio is {min, max}, height over width, above 0, got {", ratio.first, ", ", ratio.second, '}');
}

CHAINRULE_INLINE bool RandomErasing::draw(detail::ImageSize size, Generator& g, std::int64_t& i, std::int64_t& j,
                                          std::int64_t& h, std::int64_t& w) const {
  if (detail::draw_unit(g) >= p_) return false;
  const double all = static_cast<double>(size.height) * static_cast<double>(size.width);
  for (int tries = 0; tries < 10; ++tries) {
    const double area = all * detail::draw_between(scale_.first, scale_.second, g),
                 ratio = std::exp(detail::draw_between(std::log(ratio_.first), std::log(ratio_.second), g)),
                 height = std::nearbyint(std::sqrt(area * ratio)), width = std::nearbyint(std::sqrt(area / ratio));
    if (!(height < static_cast<double>(size.height) && width < static_cast<double>(size.width))) continue;
    h = static_cast<std::int64_t>(height), w = static_cast<std::int64_t>(width);
    i = detail::draw_below(size.height - h + 1, g), j = detail::draw_below(size.width - w + 1, g);
    return true;
  }
  return false;
}

}  // namespace chainrule::data::transforms
#endif

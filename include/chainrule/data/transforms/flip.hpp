#pragma once
// Images flipped left to right, or upside down.

#include <chainrule/data/transforms/image.hpp>
#include <chainrule/data/transforms/step.hpp>

namespace chainrule::data::transforms {

namespace functional {

/// The image flipped left to right. uint8 (H, W) or (H, W, C), or float (..., C, H, W). Source: torchvision.
///     hflip(tensor({{1, 2}, {3, 4}}))   // {{2, 1}, {4, 3}}
template <ImageElement T> Tensor<T> hflip(const Tensor<T>& image, Location at = Location::here()) {
  const auto x = detail::with_rows(image, "hflip", at);
  const auto [h, w] = detail::size_of_image(x);
  return detail::window_of(x, {{0, h}, {w - 1, w, -1}}, 0, "hflip", at);
}

/// The image flipped upside down. uint8 (H, W) or (H, W, C), or float (..., C, H, W). Source: torchvision.
///     vflip(tensor({{1, 2}, {3, 4}}))   // {{3, 4}, {1, 2}}
template <ImageElement T> Tensor<T> vflip(const Tensor<T>& image, Location at = Location::here()) {
  const auto x = detail::with_rows(image, "vflip", at);
  const auto [h, w] = detail::size_of_image(x);
  return detail::window_of(x, {{h - 1, h, -1}, {0, w}}, 0, "vflip", at);
}

}  // namespace functional

/// Flips the image left to right with probability p, else leaves it as it is. Throws unless 0 <= p <= 1.
///     Compose(RandomHorizontalFlip(), ToTensor())   // half of the images
class RandomHorizontalFlip {
 public:
  explicit RandomHorizontalFlip(double p = 0.5, Location at = Location::here()) : p_(p), at_(at) {
    detail::check_probability(p, "RandomHorizontalFlip", at);
  }
  template <ImageElement T> Tensor<T> operator()(const Tensor<T>& image, Generator& g = default_generator()) const {
    return detail::draw_unit(g) < p_ ? functional::hflip(image, at_) : image;
  }

 private:
  double p_;
  Location at_;
};

/// Flips the image upside down with probability p, else leaves it as it is. Throws unless 0 <= p <= 1.
class RandomVerticalFlip {
 public:
  explicit RandomVerticalFlip(double p = 0.5, Location at = Location::here()) : p_(p), at_(at) {
    detail::check_probability(p, "RandomVerticalFlip", at);
  }
  template <ImageElement T> Tensor<T> operator()(const Tensor<T>& image, Generator& g = default_generator()) const {
    return detail::draw_unit(g) < p_ ? functional::vflip(image, at_) : image;
  }

 private:
  double p_;
  Location at_;
};

}  // namespace chainrule::data::transforms

#pragma once
// Parts of an image, and borders around it: crop, center_crop, pad, and the transforms that use them.

#include <chainrule/data/transforms/image.hpp>
#include <chainrule/data/transforms/step.hpp>
#include <chainrule/ops/size2d.hpp>

namespace chainrule::data::transforms {

/// How many columns and rows to add at each side: 4, or {left_and_right, top_and_bottom}, or {left, top, right,
/// bottom}, as in torchvision. Negative ones take away.
struct Padding {
  std::int64_t left, top, right, bottom;

  template <std::integral I> constexpr Padding(I all) : Padding(all, all, all, all) {}
  template <std::integral I, std::integral J> constexpr Padding(I x, J y) : Padding(x, y, x, y) {}
  template <std::integral I, std::integral J, std::integral K, std::integral L>
  constexpr Padding(I l, J t, K r, L b)
      : left(static_cast<std::int64_t>(l)),
        top(static_cast<std::int64_t>(t)),
        right(static_cast<std::int64_t>(r)),
        bottom(static_cast<std::int64_t>(b)) {}

  friend constexpr bool operator==(const Padding&, const Padding&) = default;
};

namespace detail {

/// The window of center_crop, and those of pads.
Window central_window(const TensorBase& image, Size2d size, const char* op, Location at);
Window padded_window(const TensorBase& image, const Padding& padding, PaddingMode mode);

template <ImageElement T> Tensor<T> center_cropped(const Tensor<T>& image, Size2d size, const char* op, Location at) {
  const auto x = with_rows(image, op, at);
  return window_of(x, central_window(x, size, op, at), 0, op, at);
}
template <ImageElement T>
Tensor<T> padded(const Tensor<T>& image, const Padding& padding, const Fill& fill, PaddingMode mode, const char* op,
                 Location at) {
  const auto x = with_rows(image, op, at);
  return window_of(x, padded_window(x, padding, mode), fill, op, at);
}

}  // namespace detail

namespace functional {

/// `height` rows from row `top` on and `width` columns from column `left` on; 0 where they lie outside of the image.
/// uint8 (H, W) or (H, W, C), or float (..., C, H, W). Throws where nothing is left. Source: torchvision.
///     crop(tensor({{1, 2}, {3, 4}}), 1, 0, 1, 3)   // {{3, 4, 0}}
template <ImageElement T>
Tensor<T> crop(const Tensor<T>& image, std::int64_t top, std::int64_t left, std::int64_t height, std::int64_t width,
               Location at = Location::here()) {
  return detail::window_of(image, {{top, height}, {left, width}}, 0, "crop", at);
}

/// The middle of the image, `size` or {height, width}; around a smaller image stand zeros. Where the border is odd, it
/// is as in torchvision: Python's round() of half of it goes to the top and left.
///     center_crop(tensor({{1, 2, 3}}), {1, 1})   // {{2}}
template <ImageElement T>
Tensor<T> center_crop(const Tensor<T>& image, Size2d output_size, Location at = Location::here()) {
  return detail::center_cropped(image, output_size, "center_crop", at);
}

/// The image with a border: of `fill`, or of its own pixels (see PaddingMode). Source: torchvision, numpy.pad.
///     pad(tensor({{1, 2}}), {1, 0})                  // {{0, 1, 2, 0}}
///     pad(tensor({{1, 2}}), {1, 0}, 0, "symmetric")   // {{1, 1, 2, 2}}
template <ImageElement T>
Tensor<T> pad(const Tensor<T>& image, Padding padding, const Fill& fill = 0,
              PaddingMode padding_mode = PaddingMode::constant, Location at = Location::here()) {
  return detail::padded(image, padding, fill, padding_mode, "pad", at);
}

}  // namespace functional

/// functional::center_crop as a transform.
///     CenterCrop(24), CenterCrop({24, 32})
class CenterCrop {
 public:
  explicit CenterCrop(Size2d size, Location at = Location::here()) : size_(size), at_(at) {}
  template <ImageElement T> Tensor<T> operator()(const Tensor<T>& image) const {
    return detail::center_cropped(image, size_, "CenterCrop", at_);
  }

 private:
  Size2d size_;
  Location at_;
};

/// functional::pad as a transform.
///     Pad(4), Pad({2, 0}, 0, "reflect")
class Pad {
 public:
  explicit Pad(Padding padding, Fill fill = 0, PaddingMode padding_mode = PaddingMode::constant,
               Location at = Location::here())
      : padding_(padding), fill_(std::move(fill)), mode_(padding_mode), at_(at) {}
  template <ImageElement T> Tensor<T> operator()(const Tensor<T>& image) const {
    return detail::padded(image, padding_, fill_, mode_, "Pad", at_);
  }

 private:
  Padding padding_;
  Fill fill_;
  PaddingMode mode_;
  Location at_;
};

struct RandomCropOptions {
  bool pad_if_needed = false;  ///< pad an image that is too small, at both sides, by what it lacks
  Fill fill = 0;
  PaddingMode padding_mode = PaddingMode::constant;
};

/// A part of `size` (or {height, width}) anywhere in the image, after a border of `padding` around it; each position is
/// equally likely. Throws where the image is too small. Source: torchvision.
///     RandomCrop(32, 4)   // CIFAR's usual one: moves the image by up to 4 pixels
///     RandomCrop({24, 32}, {2, 0}, {.pad_if_needed = true, .fill = {124, 116, 104}})
class RandomCrop {
 public:
  explicit RandomCrop(Size2d size, Padding padding = 0, RandomCropOptions options = {}, Location at = Location::here());
  template <std::integral I>  // {24, 32}, which alone could be a RandomCrop(24, 32), too
  explicit RandomCrop(const I (&size)[2], Padding padding = 0, RandomCropOptions options = {},
                      Location at = Location::here())
      : RandomCrop(Size2d(size[0], size[1]), padding, std::move(options), at) {}

  template <ImageElement T> Tensor<T> operator()(const Tensor<T>& image, Generator& g = default_generator()) const {
    auto x = detail::with_rows(image, "RandomCrop", at_);
    if (pads_twice(x)) {
      x = detail::padded(x, padding_, options_.fill, options_.padding_mode, "RandomCrop", at_);
      return detail::window_of(x, draw(x, 0, g), options_.fill, "RandomCrop", at_);
    }
    return detail::window_of(x, draw(x, padding_, g), options_.fill, "RandomCrop", at_);
  }

 private:
  /// Whether it reflects what is a reflection already: that is no window onto the image.
  bool pads_twice(const TensorBase& image) const;
  detail::Window draw(const TensorBase& image, const Padding& padding, Generator& g) const;

  Size2d size_;
  Padding padding_;
  RandomCropOptions options_;
  Location at_;
};

}  // namespace chainrule::data::transforms

#if CHAINRULE_DEFINITIONS
namespace chainrule::data::transforms::detail {

CHAINRULE_INLINE Window central_window(const TensorBase& image, Size2d size, const char* op, Location at) {
  const auto [h, w] = size_of_image(image);
  check(size.h > 0 && size.w > 0, at, op, ": the size must be above 0, got ", size.str());
  const auto lines = [](std::int64_t wanted, std::int64_t n) {
    if (wanted > n) return Lines{-((wanted - n) / 2), wanted};
    const std::int64_t half = (n - wanted) / 2;
    return Lines{(n - wanted) % 2 == 0 ? half : half + half % 2, wanted};  // half of an odd number goes to the even one
  };
  return {lines(size.h, h), lines(size.w, w)};
}

CHAINRULE_INLINE Window padded_window(const TensorBase& image, const Padding& p, PaddingMode mode) {
  constexpr std::int64_t most = std::int64_t{1} << 40;  // beyond it look_through() refuses the window anyway
  const auto [h, w] = size_of_image(image);
  const auto side = [](std::int64_t n) { return within(n, -most, most); };
  return {{-side(p.top), h + side(p.top) + side(p.bottom)}, {-side(p.left), w + side(p.left) + side(p.right)}, mode};
}

}  // namespace chainrule::data::transforms::detail
namespace chainrule::data::transforms {

CHAINRULE_INLINE RandomCrop::RandomCrop(Size2d size, Padding padding, RandomCropOptions options, Location at)
    : size_(size), padding_(padding), options_(std::move(options)), at_(at) {
  constexpr std::int64_t most = std::int64_t{1} << 31;
  check(size.h > 0 && size.w > 0 && size.h < most && size.w < most, at,
        "RandomCrop: the size must be above 0, and that of an image, got ", size.str());
}

CHAINRULE_INLINE bool RandomCrop::pads_twice(const TensorBase& image) const {
  const auto mode = options_.padding_mode;
  if (!options_.pad_if_needed || (mode != PaddingMode::reflect && mode != PaddingMode::symmetric)) return false;
  const auto window = detail::padded_window(image, padding_, mode);
  return !(padding_ == Padding(0)) && (window.rows.count < size_.h || window.columns.count < size_.w);
}

CHAINRULE_INLINE detail::Window RandomCrop::draw(const TensorBase& image, const Padding& padding, Generator& g) const {
  detail::Window window = detail::padded_window(image, padding, options_.padding_mode);
  const std::int64_t h = window.rows.count, w = window.columns.count;
  const auto place = [&](detail::Lines& l, std::int64_t size) {
    if (options_.pad_if_needed && l.count < size) {
      check(l.count > 0, at_, "RandomCrop: the padding takes away the whole image of shape ", image.shape());
      const std::int64_t lacks = size - l.count;
      l = {l.first - lacks, size + lacks};  // at both sides
    }
    check(l.count >= size, at_, "RandomCrop: the image of ", h, " x ", w,
          " pixels (with its padding) is smaller than the crop of ", size_.h, " x ", size_.w,
          "; give a smaller size, more padding, or {.pad_if_needed = true}");
    l = {l.first + detail::draw_below(l.count - size + 1, g), size};
  };
  place(window.rows, size_.h);
  place(window.columns, size_.w);
  return window;
}

}  // namespace chainrule::data::transforms
#endif

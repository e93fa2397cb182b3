#pragma once
// What happens to the values of pixels one by one: bytes to floats and back, normalisation and its inverse.

#include <chainrule/data/transforms/image.hpp>
#include <chainrule/data/transforms/step.hpp>

namespace chainrule::data::transforms {

/// A uint8 image (H, W) or (H, W, C) into floats in [0, 1] of shape (C, H, W): each byte over 255. Source:
/// torchvision's ToTensor.
struct ToTensor {
  float from_byte(std::uint8_t v, std::int64_t) const { return static_cast<float>(v) / 255.0f; }

  Tensor<> operator()(const Tensor<std::uint8_t>& image) const;
  Tensor<> operator()(const Tensor<>& image) const { return image; }  // is one already
};

/// x * std + mean by channel, for floats of shape (C, H, W): what Normalize{mean, std} did, undone. For showing images;
/// clamp(0, 1), or ToPILImage, follows.
///     Denormalize{{0.5f}, {0.25f}}(x)
struct Denormalize {
  std::vector<float> mean, std;

  Tensor<> operator()(const Tensor<>& image) const;
};

/// (x - mean) / std by channel, for floats of shape (C, H, W). One mean and std serve any number of channels.
///     Normalize{{0.1307f}, {0.3081f}}
struct Normalize {
  std::vector<float> mean, std;

  float value(float x, std::int64_t channel) const { return (x - of(mean, channel)) / of(std, channel); }

  Tensor<> operator()(const Tensor<>& image) const;
  /// What brings the pictures back: (C, H, W) in [0, 1], but for rounding.
  Denormalize inverse() const { return {mean, std}; }
  /// Throws unless it can be used for images of this shape (C, H, W).
  void check_for(const Shape& shape) const;

 private:
  static float of(const std::vector<float>& list, std::int64_t channel) {
    return list.size() == 1 ? list[0] : list[static_cast<std::size_t>(channel)];
  }
};

/// Floats in [0, 1] of shape (C, H, W) into a uint8 image (H, W, C), (H, W) into (H, W): 255 x, rounded to the nearest,
/// so that it undoes ToTensor; what lies outside of [0, 1] becomes 0 or 255, NaN becomes 0. (torchvision cuts the
/// fraction off.) Source: torchvision's ToPILImage.
///     ToPILImage{}(tensor({{0, 0.5, 1}}))   // {{0, 128, 255}}
struct ToPILImage {
  Tensor<std::uint8_t> operator()(const Tensor<>& image) const;
  Tensor<std::uint8_t> operator()(const Tensor<std::uint8_t>& image) const { return image; }  // is one already
};

namespace functional {

/// ToTensor as a function.
inline Tensor<> to_tensor(const Tensor<std::uint8_t>& image) { return ToTensor{}(image); }
/// Normalize as a function: (x - mean) / std by channel, for floats of shape (C, H, W).
inline Tensor<> normalize(const Tensor<>& image, std::vector<float> mean, std::vector<float> std) {
  return Normalize{std::move(mean), std::move(std)}(image);
}
/// ToPILImage as a function.
inline Tensor<std::uint8_t> to_pil_image(const Tensor<>& image) { return ToPILImage{}(image); }

}  // namespace functional

}  // namespace chainrule::data::transforms

#if CHAINRULE_DEFINITIONS
namespace chainrule::data::transforms::detail {

/// The lists must be those of the channels of an image (C, H, W).
inline void check_channels(const char* op, const std::vector<float>& mean, const std::vector<float>& std,
                           const Shape& shape) {
  check(shape.size() == 3, {}, op, ": expects an image of shape (C, H, W), got ", shape);
  for (const auto* list : {&mean, &std})
    check(list->size() == 1 || static_cast<std::int64_t>(list->size()) == shape[0], {}, op, ": ", mean.size(),
          " means and ", std.size(), " stds for images of ", shape[0], " channels");
}

}  // namespace chainrule::data::transforms::detail
namespace chainrule::data::transforms {

CHAINRULE_INLINE Tensor<> ToTensor::operator()(const Tensor<std::uint8_t>& image) const {
  static const std::vector<float> table = [] {
    std::vector<float> all;
    for (int v = 0; v < 256; ++v) all.push_back(ToTensor{}.from_byte(static_cast<std::uint8_t>(v), 0));
    return all;
  }();
  return detail::look_up_bytes(detail::with_rows(image, "ToTensor", {}), table.data(), 0, {});
}

CHAINRULE_INLINE Tensor<> Denormalize::operator()(const Tensor<>& image) const {
  detail::check_channels("Denormalize", mean, std, image.shape());
  return image * tensor(std).view({std.size(), 1, 1}) + tensor(mean).view({mean.size(), 1, 1});
}

CHAINRULE_INLINE Tensor<> Normalize::operator()(const Tensor<>& image) const {
  check_for(image.shape());
  return (image - tensor(mean).view({mean.size(), 1, 1})) / tensor(std).view({std.size(), 1, 1});
}

CHAINRULE_INLINE void Normalize::check_for(const Shape& shape) const {
  detail::check_channels("Normalize", mean, std, shape);
  for (float s : std) check(s != 0, {}, "Normalize: std must not be 0");
}

CHAINRULE_INLINE Tensor<std::uint8_t> ToPILImage::operator()(const Tensor<>& image) const {
  check(image.defined() && (image.dim() == 2 || image.dim() == 3), {},
        "ToPILImage: expects an image of shape (C, H, W) or (H, W), got ", image.shape());
  const auto x = image.detach().cpu();
  const auto last = contiguous(x.dim() == 3 ? x.permute({1, 2, 0}) : x);  // (H, W, C)
  auto bytes = chainrule::detail::allocate<std::uint8_t>(last.shape());
  const float* from = last.data();
  for (std::int64_t i = 0; i < last.numel(); ++i) {
    const float v = from[i] * 255.0f;
    bytes.data()[i] = static_cast<std::uint8_t>(v > 0 ? std::min(v, 255.0f) + 0.5f : 0.0f);  // NaN is not above 0
  }
  return bytes;
}

}  // namespace chainrule::data::transforms
#endif

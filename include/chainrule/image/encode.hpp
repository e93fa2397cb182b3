#pragma once
// Images as PNG and JPEG files, by stb_image_write (Debian and Ubuntu: libstb-dev).

#include <chainrule/api.hpp>
#include <chainrule/core/compiled.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace chainrule::image {

namespace detail {
/// Throws an Error that says what to install where stb_image_write.h was missing when this was compiled.
void need_encoder(const char* what, Location at);
/// An image of bytes, row by row, as a PNG; the sizes are checked before.
std::vector<std::uint8_t> png_of(const std::uint8_t* pixels, std::int64_t height, std::int64_t width,
                                 std::int64_t channels, Location at);
}  // namespace detail

/// The bytes of a PNG file. The image is (H, W), grey, or (H, W, C) with C = 1 (grey), 3 (RGB) or 4 (RGBA).
/// Throws for other shapes, for no pixels and for more than 2^31 bytes, and if the library was compiled without
/// stb_image_write.h.
///     auto file = image::encode_png(zeros<std::uint8_t>({28, 28}));   // a black square; file[1] == 'P'
[[nodiscard]] std::vector<std::uint8_t> encode_png(const Tensor<std::uint8_t>& image, Location at = Location::here());

/// The bytes of a JPEG file of quality 1 (small) to 100 (good). Shapes as for encode_png; JPEG knows no transparency:
/// the fourth channel is left out.
[[nodiscard]] std::vector<std::uint8_t> encode_jpeg(const Tensor<std::uint8_t>& image, int quality = 75,
                                                    Location at = Location::here());

/// Writes the image as its path ends: .png, .jpg or .jpeg. Writes to a file beside it first: if that fails, an older
/// file is still there.
///     image::write(picture, "picture.png");
void write(const Tensor<std::uint8_t>& image, const std::string& path, Location at = Location::here());

}  // namespace chainrule::image

#if CHAINRULE_DEFINITIONS
#include <chainrule/io/files.hpp>
#include <chainrule/image/stb_write.hpp>
#include <algorithm>
#include <cctype>

namespace chainrule::image {
namespace detail {

[[gnu::cold]] CHAINRULE_INLINE void need_encoder(const char* what, Location at) {
  check(has_stb_write, at, what, ": this program was compiled without stb_image_write.h, which writes PNG and JPEG; ",
        "install libstb-dev (Debian, Ubuntu: apt install libstb-dev) and compile again");
}

[[gnu::cold]] CHAINRULE_INLINE std::vector<std::uint8_t> png_of(const std::uint8_t* pixels, std::int64_t height,
                                                                std::int64_t width, std::int64_t channels,
                                                                Location at) {
  need_encoder("encode_png", at);
  std::vector<std::uint8_t> bytes =
      stb_png(pixels, static_cast<int>(height), static_cast<int>(width), static_cast<int>(channels));
  check(!bytes.empty(), at, "encode_png: there is not enough memory for an image of ", height, " x ", width, " pixels");
  return bytes;
}

/// The image as (H, W, C) in memory of the CPU, without gaps.
[[gnu::cold]] CHAINRULE_INLINE Tensor<std::uint8_t> checked_image(const Tensor<std::uint8_t>& image, const char* what,
                                                                  Location at) {
  check(image.defined(), at, what, ": the image is not defined; it was never assigned");
  const int dims = image.dim();
  const std::int64_t channels = dims == 3 ? image.shape()[2] : 1;
  check(dims == 2 || (dims == 3 && (channels == 1 || channels == 3 || channels == 4)), at, what,
        ": expects an image of shape (H, W) or (H, W, C) with C = 1, 3 or 4, got ", image.shape(),
        dims == 3 && (image.shape()[0] == 1 || image.shape()[0] == 3) ? "; x.permute({1, 2, 0}) puts the channels last"
                                                                      : "");
  const std::int64_t height = image.shape()[0], width = image.shape()[1];
  check(height > 0 && width > 0, at, what, ": an image of shape ", image.shape(), " has no pixels");
  constexpr std::int64_t most = (std::int64_t{1} << 31) - 1;
  check(width <= most / 8 && height <= most / (width * channels + 1), at, what, ": an image of shape ", image.shape(),
        " has more than 2^31 bytes, the most that stb_image_write takes");
  return image.cpu(at).contiguous(at).view({height, width, channels}, at);
}

}  // namespace detail

[[gnu::cold]] CHAINRULE_INLINE std::vector<std::uint8_t> encode_png(const Tensor<std::uint8_t>& image, Location at) {
  const auto x = detail::checked_image(image, "encode_png", at);
  return detail::png_of(x.data(), x.shape()[0], x.shape()[1], x.shape()[2], at);
}

[[gnu::cold]] CHAINRULE_INLINE std::vector<std::uint8_t> encode_jpeg(const Tensor<std::uint8_t>& image, int quality,
                                                                     Location at) {
  const auto x = detail::checked_image(image, "encode_jpeg", at);
  check(quality >= 1 && quality <= 100, at, "encode_jpeg: quality must be in 1..100, got ", quality);
  check(x.shape()[0] <= 65535 && x.shape()[1] <= 65535, at,
        "encode_jpeg: a JPEG has at most 65535 x 65535 pixels, got ", x.shape()[0], " x ", x.shape()[1]);
  detail::need_encoder("encode_jpeg", at);
  auto bytes = detail::stb_jpeg(x.data(), static_cast<int>(x.shape()[0]), static_cast<int>(x.shape()[1]),
                                static_cast<int>(x.shape()[2]), quality);
  check(!bytes.empty(), at, "encode_jpeg: there is not enough memory for an image of shape ", x.shape());
  return bytes;
}

[[gnu::cold]] CHAINRULE_INLINE void write(const Tensor<std::uint8_t>& image, const std::string& path, Location at) {
  const auto dot = path.rfind('.');
  std::string ending = dot == std::string::npos ? "" : path.substr(dot);
  for (char& c : ending) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  check(ending == ".png" || ending == ".jpg" || ending == ".jpeg", at, "image::write: ", path,
        " must end in .png, .jpg or .jpeg: the ending chooses the format");
  const auto bytes = ending == ".png" ? encode_png(image, at) : encode_jpeg(image, 75, at);
  io::detail::replace_file(path, bytes.data(), bytes.size(), at);
}

}  // namespace chainrule::image
#endif

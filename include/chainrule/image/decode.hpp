#pragma once
// Image files into tensors, by stb_image (Debian and Ubuntu: libstb-dev): JPEG, PNG, BMP, GIF, PPM and PGM.

#include <chainrule/api.hpp>
#include <chainrule/core/compiled.hpp>
#include <cstdint>
#include <span>
#include <string>

namespace chainrule::image {

/// What the pixels of a decoded image are.
enum class Mode {
  rgb,        ///< 3 channels; grey becomes R = G = B, transparency is left out
  gray,       ///< 1 channel, as PIL: (19595 R + 38470 G + 7471 B + 32768) / 65536
  unchanged,  ///< as in the file: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA
};

/// How to decode, and what to refuse: a small file may say that its image is enormous.
struct DecodeOptions {
  Mode mode = Mode::rgb;
  std::int64_t max_width = 32768, max_height = 32768;
  std::int64_t max_pixels = std::int64_t{1} << 27;  ///< width x height
  std::int64_t max_bytes = std::int64_t{1} << 28;   ///< of the file
};

/// The image in the bytes of a file, (H, W, C). JPEG, PNG (16 bits a channel become 8), BMP, GIF (its first picture),
/// PPM and PGM. Throws an Error with the decoder's reason: not an image, a format that cannot be read (and what to do),
/// truncated, corrupt, larger than the options allow (before memory is taken); and if the library was compiled without
/// stb_image.h.
///     auto picture = image::decode(bytes);                         // (H, W, 3)
///     auto grey = image::decode(bytes, {.mode = image::Mode::gray});   // (H, W, 1)
[[nodiscard]] Tensor<std::uint8_t> decode(std::span<const std::uint8_t> bytes, const DecodeOptions& options = {},
                                          Location at = Location::here());

/// The image in a file; errors name it.
///     auto picture = image::read("flowers/daisy.jpg");   // (240, 320, 3)
[[nodiscard]] Tensor<std::uint8_t> read(const std::string& path, const DecodeOptions& options = {},
                                        Location at = Location::here());

}  // namespace chainrule::image

#if CHAINRULE_DEFINITIONS
#include <chainrule/image/stb_read.hpp>
#include <chainrule/io/gzip.hpp>
#include <memory>
#include <string_view>

namespace chainrule::image {
namespace detail {

/// The name of a format that stb does not read, by the first bytes of the file; "" if they are of none known.
[[gnu::cold]] CHAINRULE_INLINE std::string foreign_format(std::span<const std::uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 64));
  const auto has = [&](std::size_t at, std::string_view magic) {
    return text.size() >= at + magic.size() && text.substr(at, magic.size()) == magic;
  };
  using namespace std::string_view_literals;
  if (has(0, "RIFF"sv) && has(8, "WEBP"sv)) return "WebP";
  if (has(0, "II*\0"sv) || has(0, "MM\0*"sv)) return "TIFF";
  if (has(4, "ftypavif"sv) || has(4, "ftypavis"sv)) return "AVIF";
  if (has(4, "ftyphei"sv) || has(4, "ftyphev"sv) || has(4, "ftypmif1"sv) || has(4, "ftypmsf1"sv)) return "HEIC";
  if (has(0, "\xFF\x0A"sv) || has(4, "JXL "sv)) return "JPEG XL";
  if (has(4, "jP  "sv) || has(0, "\xFF\x4F\xFF\x51"sv)) return "JPEG 2000";
  if (has(0, "8BPS"sv)) return "Photoshop";
  if (has(0, "%PDF"sv)) return "PDF";
  if (has(0, "\0\0\1\0"sv)) return "icon (ICO)";
  if (has(0, "#?RADIANCE"sv)) return "Radiance HDR";
  if (has(0, "\x76\x2F\x31\x01"sv)) return "OpenEXR";
  if (has(0, "<svg"sv) || (has(0, "<?xml"sv) && text.find("<svg") != text.npos)) return "SVG";
  for (char kind : {'1', '2', '3', '4', '7'})
    if (text.size() > 2 && text[0] == 'P' && text[1] == kind && (text[2] == '\n' || text[2] == ' '))
      return std::string("P") + kind + " (text or bit map) PNM";
  return "";
}

/// The name of a format that stb reads, by the first bytes of the file.
[[gnu::cold]] CHAINRULE_INLINE std::string own_format(std::span<const std::uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 4));
  return text.starts_with("\xFF\xD8")                       ? "JPEG"
         : text.starts_with("\x89PNG")                      ? "PNG"
         : text.starts_with("GIF8")                         ? "GIF"
         : text.starts_with("BM")                           ? "BMP"
         : text.starts_with("P5") || text.starts_with("P6") ? "PNM"
                                                            : "";
}

[[gnu::cold]] CHAINRULE_INLINE Tensor<std::uint8_t> decode_named(std::span<const std::uint8_t> bytes,
                                                                 const std::string& name, const DecodeOptions& options,
                                                                 Location at) {
  check(has_stb_read, at, name, ": this program was compiled without stb_image.h, which reads images; ",
        "install libstb-dev (Debian, Ubuntu: apt install libstb-dev) and compile again");
  check(!bytes.empty(), at, name, ": is empty");
  constexpr std::int64_t most = (std::int64_t{1} << 31) - 1;  // stb counts in int
  const std::int64_t allowed = std::min(options.max_bytes, most), size = static_cast<std::int64_t>(bytes.size());
  check(size <= allowed, at, name, ": has ", size, " bytes, more than the ", allowed, " that max_bytes allows");
  const ImageHeader header = stb_header(bytes);
  if (header.reason != nullptr) {
    const std::string foreign = foreign_format(bytes);
    check(foreign.empty(), at, name, ": its format is ", foreign,
          ", which cannot be read; JPEG, PNG, BMP, GIF, PPM and PGM can: convert it to PNG first, with ImageMagick's "
          "convert or an image editor");
    const std::string known = own_format(bytes);
    check(known.empty(), at, name, ": is a damaged ", known, " file, or its image is too large (", header.reason,
          "); copy or download the file again");
    fail(at, name, ": is no image that can be read; JPEG, PNG, BMP, GIF, PPM and PGM can");
  }
  const std::int64_t width = header.width, height = header.height;
  check(width > 0 && height > 0, at, name, ": says that its image has ", width, " x ", height, " pixels");
  check(width <= options.max_width && height <= options.max_height && width <= options.max_pixels / height, at, name,
        ": is an image of ", width, " x ", height, " pixels; max_width = ", options.max_width,
        ", max_height = ", options.max_height, " and max_pixels = ", options.max_pixels, " refuse it");

  const bool coloured = header.channels >= 3, to_grey = options.mode == Mode::gray && coloured;
  const int asked = options.mode == Mode::unchanged ? 0 : options.mode == Mode::rgb || coloured ? 3 : 1;
  const DecodedImage decoded = stb_decode(bytes, asked);
  const std::unique_ptr<std::uint8_t, void (*)(std::uint8_t*)> pixels(decoded.pixels, &free_pixels);
  check(!decoded.truncated, at, name, ": is truncated: the image of ", width, " x ", height,
        " pixels needs more than its ", bytes.size(), " bytes; copy or download the file again");
  check(pixels != nullptr, at, name, ": is a damaged image (", decoded.header.reason,
        "); copy or download the file again");
  check(decoded.header.width == width && decoded.header.height == height, at, name, ": is a damaged image (", width,
        " x ", height, " pixels in its header, ", decoded.header.width, " x ", decoded.header.height, " in its data)");
  const int has = asked == 0 ? decoded.header.channels : asked;
  auto image = chainrule::detail::allocate<std::uint8_t>({height, width, to_grey ? 1 : has}, Device::cpu, "decode", at);
  std::uint8_t* to = image.data();
  const std::uint8_t* from = pixels.get();
  if (!to_grey) std::memcpy(to, from, static_cast<std::size_t>(image.numel()));
  else
    for (std::int64_t i = 0; i < width * height; ++i, from += 3)
      to[i] = static_cast<std::uint8_t>((from[0] * 19595u + from[1] * 38470u + from[2] * 7471u + 0x8000u) >> 16);
  return image;
}

}  // namespace detail

[[gnu::cold]] CHAINRULE_INLINE Tensor<std::uint8_t> decode(std::span<const std::uint8_t> bytes,
                                                           const DecodeOptions& options, Location at) {
  return detail::decode_named(bytes, "image::decode", options, at);
}

[[gnu::cold]] CHAINRULE_INLINE Tensor<std::uint8_t> read(const std::string& path, const DecodeOptions& options,
                                                         Location at) {
  const std::uint64_t size = io::detail::is_folder(path) ? 0 : io::detail::size_of_file(path);
  check(options.max_bytes >= 0 && size <= static_cast<std::uint64_t>(options.max_bytes), at, path, ": has ", size,
        " bytes, more than the ", options.max_bytes, " that max_bytes allows");
  return detail::decode_named(io::read_file(path, at, static_cast<std::uint64_t>(options.max_bytes)), path, options,
                              at);
}

}  // namespace chainrule::image
#endif

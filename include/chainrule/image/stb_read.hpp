#pragma once
// stb_image in a namespace of its own, so that a program that has it too gets no name twice. Where the header is
// missing, has_stb_read is false and the functions give nothing.

#include <chainrule/core/compiled.hpp>
#include <cstdint>
#include <span>

namespace chainrule::image::detail {

/// What a file says of its image before anything of it is decoded.
struct ImageHeader {
  int width = 0, height = 0, channels = 0;
  const char* reason = nullptr;  // why it cannot be read; null if it can
};
/// A decoded image: pixels to be freed by free_pixels().
struct DecodedImage {
  std::uint8_t* pixels = nullptr;
  ImageHeader header;
  bool truncated = false;  // the decoder wanted more bytes than there are
};

ImageHeader stb_header(std::span<const std::uint8_t> bytes);
/// `channels`: what each pixel becomes, or 0 for those of the file.
DecodedImage stb_decode(std::span<const std::uint8_t> bytes, int channels);
void free_pixels(std::uint8_t* pixels);

}  // namespace chainrule::image::detail

#if CHAINRULE_DEFINITIONS
#if __has_include(<stb/stb_image.h>)
// What the header includes, before it is included in a namespace.
#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#if defined(__ARM_NEON)
#include <arm_neon.h>
#endif
#include <algorithm>
#pragma push_macro("STBI_INCLUDE_STB_IMAGE_H")
#pragma push_macro("STB_IMAGE_IMPLEMENTATION")
#pragma push_macro("STB_IMAGE_STATIC")
#pragma push_macro("STBI_NO_STDIO")
#pragma push_macro("STBI_ONLY_JPEG")
#pragma push_macro("STBI_ONLY_PNG")
#pragma push_macro("STBI_ONLY_BMP")
#pragma push_macro("STBI_ONLY_GIF")
#pragma push_macro("STBI_ONLY_PNM")
#pragma push_macro("STBIDEF")
#undef STBI_INCLUDE_STB_IMAGE_H
#undef STB_IMAGE_IMPLEMENTATION
#undef STB_IMAGE_STATIC
#undef STBI_NO_STDIO
#undef STBI_ONLY_JPEG
#undef STBI_ONLY_PNG
#undef STBI_ONLY_BMP
#undef STBI_ONLY_GIF
#undef STBI_ONLY_PNM
#undef STBIDEF
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_ONLY_GIF
#define STBI_ONLY_PNM
namespace chainrule_stb_read {  // outside of chainrule, whose abs() would hide the standard one
#include <stb/stb_image.h>
}
#pragma pop_macro("STBIDEF")
#pragma pop_macro("STBI_ONLY_PNM")
#pragma pop_macro("STBI_ONLY_GIF")
#pragma pop_macro("STBI_ONLY_BMP")
#pragma pop_macro("STBI_ONLY_PNG")
#pragma pop_macro("STBI_ONLY_JPEG")
#pragma pop_macro("STBI_NO_STDIO")
#pragma pop_macro("STB_IMAGE_STATIC")
#pragma pop_macro("STB_IMAGE_IMPLEMENTATION")
#pragma pop_macro("STBI_INCLUDE_STB_IMAGE_H")

namespace chainrule::image::detail {

inline constexpr bool has_stb_read = true;

/// The bytes as stb reads them: piece by piece, so that we notice when it wants more than there are. From memory it
/// would go on with zeros, and give half a picture.
struct StbSource {
  std::span<const std::uint8_t> rest;
  bool truncated = false;

  static int read(void* self, char* to, int size) {
    auto& source = *static_cast<StbSource*>(self);
    const std::size_t n = std::min(source.rest.size(), static_cast<std::size_t>(size));
    if (n > 0) std::memcpy(to, source.rest.data(), n);
    source.rest = source.rest.subspan(n);
    constexpr int buffer = 128;  // stb's own: it asks for so much even where it needs less
    if (n == 0 || (size != buffer && n < static_cast<std::size_t>(size))) source.truncated = true;
    return static_cast<int>(n);
  }
  static void skip(void* self, int n) {
    auto& source = *static_cast<StbSource*>(self);
    if (n < 0) return;  // stb goes back within its own buffer only
    if (static_cast<std::size_t>(n) > source.rest.size()) source.truncated = true;
    source.rest = source.rest.subspan(std::min(source.rest.size(), static_cast<std::size_t>(n)));
  }
  static int at_end(void* self) { return static_cast<StbSource*>(self)->rest.empty() ? 1 : 0; }
};

/// Whether the Huffman tables of a JPEG have no more codes than symbols, 256. stb_image 2.27 does not ask, and would
/// write behind its own table. True for other files.
[[gnu::cold]] CHAINRULE_INLINE bool huffman_tables_fit(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 2 || bytes[0] != 0xFF || bytes[1] != 0xD8) return true;
  const auto at = [&](std::size_t i) { return i < bytes.size() ? unsigned{bytes[i]} : 0u; };
  for (std::size_t i = 2; i + 4 <= bytes.size();) {
    const unsigned marker = at(i + 1);
    if (at(i) != 0xFF || marker == 0 || marker == 0xFF) {  // data of a scan, or padding: on to the next marker
      ++i;
      continue;
    }
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {  // has no segment
      i += 2;
      continue;
    }
    const std::size_t end = i + 2 + at(i + 2) * 256 + at(i + 3);
    for (std::size_t table = i + 4; marker == 0xC4 && table < end && table + 17 <= bytes.size();) {
      std::size_t codes = 0;
      for (std::size_t k = 1; k <= 16; ++k) codes += at(table + k);
      if (codes > 256) return false;
      table += 17 + codes;
    }
    i = end;
  }
  return true;
}

[[gnu::cold]] CHAINRULE_INLINE ImageHeader stb_header(std::span<const std::uint8_t> bytes) {
  ImageHeader h;
  if (!huffman_tables_fit(bytes)) h.reason = "a Huffman table with more than 256 codes";
  else if (chainrule_stb_read::stbi_info_from_memory(bytes.data(), static_cast<int>(bytes.size()), &h.width, &h.height,
                                                     &h.channels) == 0)
    h.reason = "its header cannot be read";  // stb only says that no format of its own took it
  return h;
}

[[gnu::cold]] CHAINRULE_INLINE DecodedImage stb_decode(std::span<const std::uint8_t> bytes, int channels) {
  DecodedImage image;
  StbSource source{bytes};
  const chainrule_stb_read::stbi_io_callbacks calls{&StbSource::read, &StbSource::skip, &StbSource::at_end};
  image.pixels = chainrule_stb_read::stbi_load_from_callbacks(&calls, &source, &image.header.width,
                                                              &image.header.height, &image.header.channels, channels);
  if (image.pixels == nullptr) image.header.reason = chainrule_stb_read::stbi_failure_reason();
  image.truncated = source.truncated;
  return image;
}

CHAINRULE_INLINE void free_pixels(std::uint8_t* pixels) { chainrule_stb_read::stbi_image_free(pixels); }

}  // namespace chainrule::image::detail
#else
namespace chainrule::image::detail {

inline constexpr bool has_stb_read = false;
[[gnu::cold]] CHAINRULE_INLINE ImageHeader stb_header(std::span<const std::uint8_t>) { return {}; }
[[gnu::cold]] CHAINRULE_INLINE DecodedImage stb_decode(std::span<const std::uint8_t>, int) { return {}; }
CHAINRULE_INLINE void free_pixels(std::uint8_t*) {}

}  // namespace chainrule::image::detail
#endif
#endif

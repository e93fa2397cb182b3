#pragma once
// stb_image_write in a namespace of its own, so that a program that has it too gets no name twice. Where the header is
// missing, has_stb_write is false and the functions give nothing.

#include <chainrule/core/compiled.hpp>
#include <cstdint>
#include <vector>

#if CHAINRULE_DEFINITIONS
#if __has_include(<stb/stb_image_write.h>)
// What the header includes, before it is included in a namespace.
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#pragma push_macro("INCLUDE_STB_IMAGE_WRITE_H")
#pragma push_macro("STB_IMAGE_WRITE_IMPLEMENTATION")
#pragma push_macro("STB_IMAGE_WRITE_STATIC")
#pragma push_macro("STBI_WRITE_NO_STDIO")
#pragma push_macro("STBIWDEF")
#undef INCLUDE_STB_IMAGE_WRITE_H
#undef STB_IMAGE_WRITE_IMPLEMENTATION
#undef STB_IMAGE_WRITE_STATIC
#undef STBI_WRITE_NO_STDIO
#undef STBIWDEF
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
namespace chainrule_stb_write {  // outside of chainrule, whose abs() would hide the standard one
#include <stb/stb_image_write.h>
}
#pragma pop_macro("STBIWDEF")
#pragma pop_macro("STBI_WRITE_NO_STDIO")
#pragma pop_macro("STB_IMAGE_WRITE_STATIC")
#pragma pop_macro("STB_IMAGE_WRITE_IMPLEMENTATION")
#pragma pop_macro("INCLUDE_STB_IMAGE_WRITE_H")

namespace chainrule::image::detail {

inline constexpr bool has_stb_write = true;

/// Where stb puts what it has written: behind the end of a std::vector.
[[gnu::cold]] CHAINRULE_INLINE void append_bytes(void* bytes, void* data, int size) {
  const auto* first = static_cast<const std::uint8_t*>(data);
  static_cast<std::vector<std::uint8_t>*>(bytes)->insert(static_cast<std::vector<std::uint8_t>*>(bytes)->end(), first,
                                                         first + size);
}

[[gnu::cold]] CHAINRULE_INLINE std::vector<std::uint8_t> stb_png(const std::uint8_t* pixels, int height, int width,
                                                                 int channels) {
  std::vector<std::uint8_t> bytes;
  chainrule_stb_write::stbi_write_png_to_func(&append_bytes, &bytes, width, height, channels, pixels, width * channels);
  return bytes;
}

[[gnu::cold]] CHAINRULE_INLINE std::vector<std::uint8_t> stb_jpeg(const std::uint8_t* pixels, int height, int width,
                                                                  int channels, int quality) {
  std::vector<std::uint8_t> bytes;
  chainrule_stb_write::stbi_write_jpg_to_func(&append_bytes, &bytes, width, height, channels, pixels, quality);
  return bytes;
}

}  // namespace chainrule::image::detail
#else
namespace chainrule::image::detail {

inline constexpr bool has_stb_write = false;
[[gnu::cold]] CHAINRULE_INLINE std::vector<std::uint8_t> stb_png(const std::uint8_t*, int, int, int) { return {}; }
[[gnu::cold]] CHAINRULE_INLINE std::vector<std::uint8_t> stb_jpeg(const std::uint8_t*, int, int, int, int) {
  return {};
}

}  // namespace chainrule::image::detail
#endif
#endif

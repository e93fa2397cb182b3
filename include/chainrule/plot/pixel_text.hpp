#pragma once
// Text as rectangles of pixels, by stb_easy_font (Debian and Ubuntu: libstb-dev), whose characters are 7 to 9 pixels
// high. In a namespace of its own, so that a program that has it too gets no name twice.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/error.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace chainrule::plot::detail {

struct PixelRect {
  int x, y, width, height;
};

inline constexpr std::int64_t pixel_line_height = 12;
/// Throws an Error that says what to install where stb_easy_font.h was missing when this was compiled.
void need_pixel_text(const char* what, Location at);
/// One line of ASCII; its upper left corner is (0, 0).
std::vector<PixelRect> pixel_text(std::string text);
std::int64_t pixel_text_width(std::string text);

}  // namespace chainrule::plot::detail

#if CHAINRULE_DEFINITIONS
#if __has_include(<stb/stb_easy_font.h>)
#include <math.h>
#include <stdlib.h>
#include <cstring>
#pragma push_macro("INCLUDE_STB_EASY_FONT_H")
#undef INCLUDE_STB_EASY_FONT_H
namespace chainrule_stb_font {  // outside of chainrule, whose ceil() would hide the standard one
#include <stb/stb_easy_font.h>
}
#pragma pop_macro("INCLUDE_STB_EASY_FONT_H")

namespace chainrule::plot::detail {

[[gnu::cold]] CHAINRULE_INLINE void need_pixel_text(const char*, Location) {}

[[gnu::cold]] CHAINRULE_INLINE std::vector<PixelRect> pixel_text(std::string text) {
  std::vector<char> corners(text.size() * 400 + 400);  // 16 bytes each, x and y first; four make a rectangle
  const int n = chainrule_stb_font::stb_easy_font_print(0, 0, text.data(), nullptr, corners.data(),
                                                        static_cast<int>(corners.size()));
  std::vector<PixelRect> rects;
  for (int i = 0; i < n; ++i) {
    float first[2], opposite[2];
    std::memcpy(first, corners.data() + i * 64, sizeof first);
    std::memcpy(opposite, corners.data() + i * 64 + 32, sizeof opposite);
    rects.push_back({static_cast<int>(first[0]), static_cast<int>(first[1]), static_cast<int>(opposite[0] - first[0]),
                     static_cast<int>(opposite[1] - first[1])});
  }
  return rects;
}

[[gnu::cold]] CHAINRULE_INLINE std::int64_t pixel_text_width(std::string text) {
  return chainrule_stb_font::stb_easy_font_width(text.data());
}

}  // namespace chainrule::plot::detail
#else
namespace chainrule::plot::detail {

[[gnu::cold]] CHAINRULE_INLINE void need_pixel_text(const char* what, Location at) {
  fail(at, what, ": this program was compiled without stb_easy_font.h, which draws titles into pixels; ",
       "install libstb-dev (Debian, Ubuntu: apt install libstb-dev) and compile again, or give no titles");
}
[[gnu::cold]] CHAINRULE_INLINE std::vector<PixelRect> pixel_text(std::string) { return {}; }
[[gnu::cold]] CHAINRULE_INLINE std::int64_t pixel_text_width(std::string) { return 0; }

}  // namespace chainrule::plot::detail
#endif
#endif

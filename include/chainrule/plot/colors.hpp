#pragma once
// The colours of a picture, each for a light and for a dark background. Series take those of Okabe and Ito ("Color
// universal design", 2008), which people with any kind of colour vision tell apart, made lighter for the dark
// background.

#include <algorithm>
#include <cstdint>

namespace chainrule::plot::detail {

/// 0xrrggbb, on a light and on a dark background.
struct Paint {
  std::uint32_t light, dark;
  bool operator==(const Paint&) const = default;
};

inline constexpr Paint no_paint{0xff000000, 0xff000000};
inline constexpr Paint background{0xffffff, 0x0d1117};
inline constexpr Paint ink{0x1f2328, 0xe6edf3};       // titles, names
inline constexpr Paint soft_ink{0x57606a, 0xa4adb8};  // tick labels
inline constexpr Paint axis_line{0x8c959f, 0x6e7681};
inline constexpr Paint grid_line{0xe4e8ec, 0x262c34};
inline constexpr Paint wrong_paint{0xc1440e, 0xff8a4c};  // vermilion, dark enough for text

inline constexpr Paint series_paints[] = {
    {0x0072b2, 0x4da6e8},  // blue
    {0xd55e00, 0xff8a4c},  // vermilion
    {0x009e73, 0x2cc295},  // bluish green
    {0xb8659b, 0xe59cc5},  // reddish purple
    {0xe69f00, 0xffc04d},  // orange
    {0x56b4e9, 0xa6dbff},  // sky blue
    {0x5c6670, 0xb4bcc6},  // grey
    {0xa08c00, 0xe6d84a},  // yellow, darker on white
};
inline constexpr int n_series_paints = 8;
constexpr Paint series_paint(int i) { return series_paints[i % n_series_paints]; }

/// share = 0 gives a, 1 gives b.
constexpr std::uint32_t mix(std::uint32_t a, std::uint32_t b, double share) {
  std::uint32_t mixed = 0;
  for (unsigned shift = 0; shift < 24; shift += 8) {
    const double x = a >> shift & 255, y = b >> shift & 255;
    mixed |= static_cast<std::uint32_t>(x + (y - x) * share + 0.5) << shift;
  }
  return mixed;
}
constexpr Paint mix(Paint a, Paint b, double share) {
  return {mix(a.light, b.light, share), mix(a.dark, b.dark, share)};
}
/// The ground of a region of class i.
constexpr Paint region_paint(int i) {
  const Paint p = series_paint(i);
  return {mix(p.light, background.light, 0.78), mix(p.dark, background.dark, 0.74)};
}

inline constexpr int n_levels = 48;  // of a colour map

/// The colour of `share` in [0, 1] on a map given by colours at equal distances.
template <int n> constexpr std::uint32_t on_map(const std::uint32_t (&stops)[n], double share) {
  const double at = std::clamp(share, 0., 1.) * (n - 1);
  const int i = std::min(static_cast<int>(at), n - 2);
  return mix(stops[i], stops[i + 1], at - i);
}
/// Small values close to the background, large ones far from it.
constexpr Paint sequential_paint(double share) {
  constexpr std::uint32_t light[] = {0xf3f7fb, 0xc6dcef, 0x85bbdf, 0x3d8cc4, 0x0b62a8, 0x083a72},
                          dark[] = {0x16202c, 0x123a5c, 0x14609a, 0x3391d0, 0x7fc1ee, 0xdff1ff};
  return {on_map(light, share), on_map(dark, share)};
}
/// Negative orange, positive blue, zero close to the background.
constexpr Paint diverging_paint(double share) {
  constexpr std::uint32_t light[] = {0x8f3a00, 0xd8751f, 0xf7c08a, 0xf6f6f4, 0x9fcbe8, 0x2f86c1, 0x0a4a86},
                          dark[] = {0xffd2a6, 0xf0914a, 0x8f4a14, 0x1a2029, 0x125081, 0x3f9cdc, 0xc4e6ff};
  return {on_map(light, share), on_map(dark, share)};
}
/// How light a colour is to the eye, 0 to 1 (ITU-R BT.709, linear in the stored values).
constexpr double lightness(std::uint32_t rgb) {
  return (0.2126 * (rgb >> 16 & 255) + 0.7152 * (rgb >> 8 & 255) + 0.0722 * (rgb & 255)) / 255;
}
/// What can be read on a ground of this colour.
constexpr Paint ink_on(Paint ground) {
  return {lightness(ground.light) > 0.5 ? ink.light : 0xffffffu, lightness(ground.dark) > 0.5 ? 0x0d1117u : ink.dark};
}

}  // namespace chainrule::plot::detail

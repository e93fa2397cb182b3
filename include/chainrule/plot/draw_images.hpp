#pragma once
// Draws a grid of images inside of a figure: pixels as PNG, titles as text.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/frame.hpp>

namespace chainrule::plot::detail {

/// How large the images are drawn, and their titles, in a panel of this width (and height, unless that is 0).
struct ImageLayout {
  double slot = 0;               ///< width of a field
  double width = 0, height = 0;  ///< of an image
  std::vector<std::vector<std::string>> titles;
  std::vector<double> tops;  ///< of the images of each row; above them are their titles
  double total = 0;          ///< height of all rows
};
ImageLayout lay_out_images(const ImageGrid& grid, double width, double height);
/// True where the images are of a size that one can see.
bool images_fit(const ImageGrid& grid, double width, double height);

void draw_images(Svg& svg, const ImageGrid& grid, const Frame& frame);

}  // namespace chainrule::plot::detail

#if CHAINRULE_DEFINITIONS
#include <chainrule/image/encode.hpp>
#include <chainrule/plot/text.hpp>
#include <algorithm>
#include <cmath>

namespace chainrule::plot::detail {

inline constexpr const char* wrong_sign = "× ";

[[gnu::cold]] CHAINRULE_INLINE ImageLayout lay_out_images(const ImageGrid& grid, double width, double height) {
  ImageLayout l;
  const double gap = 10, rows = std::ceil(static_cast<double>(grid.n) / static_cast<double>(grid.columns));
  l.slot = width / static_cast<double>(grid.columns);
  std::vector<std::size_t> lines(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < grid.titles.size(); ++i) {
    const bool wrong = !grid.wrong.empty() && grid.wrong[i];
    l.titles.push_back(wrap((wrong ? wrong_sign : "") + grid.titles[i], tick_size, l.slot - 6, 3, wrong));
    std::size_t& most = lines[i / static_cast<std::size_t>(grid.columns)];
    most = std::max(most, l.titles.back().size());
  }
  double titles = 0;
  for (const std::size_t n : lines) titles += n > 0 ? static_cast<double>(n) * tick_size * line_height + 3 : 0;
  const double h = static_cast<double>(grid.height), w = static_cast<double>(grid.width);
  double scale = std::min(l.slot - gap, 200.) / w;
  if (height > 0) scale = std::min(scale, (height - titles - gap * (rows - 1)) / rows / h);
  scale = std::max(scale, 6 / std::max(w, h));
  if (scale >= 2) scale = std::floor(scale + 1e-6);  // all pixels of one size
  l.width = w * scale;
  l.height = h * scale;
  for (const std::size_t n : lines) {
    l.tops.push_back(l.total + (n > 0 ? static_cast<double>(n) * tick_size * line_height + 3 : 0));
    l.total = l.tops.back() + l.height + gap;
  }
  l.total -= gap;
  return l;
}

[[gnu::cold]] CHAINRULE_INLINE bool images_fit(const ImageGrid& grid, double width, double height) {
  const ImageLayout l = lay_out_images(grid, width, height);
  return l.slot >= 20 && l.width <= l.slot && l.total <= height + 1;
}

[[gnu::cold]] CHAINRULE_INLINE void draw_images(Svg& svg, const ImageGrid& grid, const Frame& f) {
  const ImageLayout l = lay_out_images(grid, f.axes.width, f.axes.height);
  const std::int64_t bytes = grid.height * grid.width * grid.channels;
  for (std::int64_t i = 0; i < grid.n; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const double middle = f.axes.x + (static_cast<double>(i % grid.columns) + 0.5) * l.slot,
                 top = f.axes.y + l.tops[static_cast<std::size_t>(i / grid.columns)];
    const bool wrong = !grid.wrong.empty() && grid.wrong[index];
    const Rect place{middle - l.width / 2, top, l.width, l.height};
    svg.image(place, image::detail::png_of(grid.pixels.data() + i * bytes, grid.height, grid.width, grid.channels, {}));
    if (wrong) svg.rect({place.x - 1, place.y - 1, place.width + 2, place.height + 2}, no_paint, {wrong_paint, 2});
    if (l.titles.empty()) continue;
    const auto& lines = l.titles[index];
    for (std::size_t k = 0; k < lines.size(); ++k)  // the last line stands on the image
      svg.text(middle, place.y - 5 - static_cast<double>(lines.size() - 1 - k) * tick_size * line_height, lines[k],
               {.size = tick_size, .anchor = Anchor::middle, .bold = wrong, .paint = wrong ? wrong_paint : ink});
  }
}

}  // namespace chainrule::plot::detail
#endif

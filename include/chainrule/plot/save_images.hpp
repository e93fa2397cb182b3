#pragma once
// save_images: a grid of images as one PNG (or JPEG) file, each pixel enlarged, titles in a font of a few pixels.

#include <chainrule/api.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/image/encode.hpp>
#include <string>
#include <vector>

namespace chainrule::plot {

struct SaveImagesOptions {
  std::vector<std::string> titles = {};  ///< above the images; ASCII, other characters become "?"
  std::int64_t columns = 8;
  std::int64_t scale = 4;        ///< a pixel of an image becomes scale x scale pixels
  std::int64_t padding = 4;      ///< white pixels around each image
  std::vector<bool> wrong = {};  ///< whose titles are red and begin with a cross
  bool normalize = false;        ///< the smallest value of all becomes black, the largest white
};

/// Writes images as one picture: floats in [0, 1] (N, C, H, W) or (N, H, W), or bytes (N, H, W) or (N, H, W, C). The
/// name's ending chooses PNG or JPEG. torchvision's save_image with titles.
///     plot::save_images("grid.png", images, {.titles = {"cat", "dog"}, .columns = 2});
void save_images(const std::string& path, const TensorBase& images, const SaveImagesOptions& options = {},
                 Location at = Location::here());

/// The same picture as bytes (H, W, 3).
[[nodiscard]] Tensor<std::uint8_t> image_grid(const TensorBase& images, const SaveImagesOptions& options = {},
                                              Location at = Location::here());

}  // namespace chainrule::plot

#if CHAINRULE_DEFINITIONS
#include <chainrule/plot/pixel_text.hpp>
#include <chainrule/plot/pixels.hpp>
#include <algorithm>

namespace chainrule::plot {
namespace detail {

/// A canvas of RGB bytes, white at first.
struct Canvas {
  std::int64_t height, width;
  std::uint8_t* pixels;
  void set(std::int64_t x, std::int64_t y, int r, int g, int b) const {
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    std::uint8_t* p = pixels + (y * width + x) * 3;
    p[0] = static_cast<std::uint8_t>(r);
    p[1] = static_cast<std::uint8_t>(g);
    p[2] = static_cast<std::uint8_t>(b);
  }
};

/// Lines of at most `width` pixels; a word that is longer is cut.
[[gnu::cold]] CHAINRULE_INLINE std::vector<std::string> pixel_lines(const std::string& title, std::int64_t width) {
  std::vector<std::string> lines{""};
  std::string word;
  const auto flush = [&] {
    const std::string longer = lines.back().empty() ? word : lines.back() + ' ' + word;
    if (pixel_text_width(longer) <= width) lines.back() = longer;
    else if (lines.back().empty()) lines.back() = word;
    else lines.push_back(word);
    while (lines.back().size() > 1 && pixel_text_width(lines.back()) > width) lines.back().pop_back();
    word.clear();
  };
  for (const char c : title)
    if (c == ' ' || c == '\n') {
      if (!word.empty()) flush();
      if (c == '\n') lines.emplace_back();
    } else if ((static_cast<unsigned char>(c) >> 6) != 2) {  // a character of UTF-8 is one "?"
      word += c > 32 && c < 127 ? c : '?';
    }
  if (!word.empty()) flush();
  return lines;
}

}  // namespace detail

[[gnu::cold]] CHAINRULE_INLINE Tensor<std::uint8_t> image_grid(const TensorBase& images,
                                                               const SaveImagesOptions& options, Location at) {
  using namespace detail;
  check(options.columns > 0 && options.scale > 0 && options.scale <= 64 && options.padding >= 0 &&
            options.padding <= 1000,
        at, "save_images: columns must be above 0, scale in 1..64 and padding in 0..1000, got ", options.columns, ", ",
        options.scale, ", ", options.padding);
  const Pixels p = pixels_of(images, options.normalize, 100000, "save_images", at);
  check(options.titles.empty() || static_cast<std::int64_t>(options.titles.size()) == p.n, at, "save_images: ", p.n,
        " images, but ", options.titles.size(), " titles");
  check(options.wrong.empty() || static_cast<std::int64_t>(options.wrong.size()) == p.n, at, "save_images: ", p.n,
        " images, but .wrong has ", options.wrong.size(), " values");
  if (!options.titles.empty()) need_pixel_text("save_images", at);
  const std::int64_t columns = std::min(options.columns, p.n), rows = (p.n + columns - 1) / columns,
                     pad = options.padding, inner_width = p.width * options.scale;
  const auto title_of = [&](std::int64_t i) {
    const auto k = static_cast<std::size_t>(i);
    return (!options.wrong.empty() && options.wrong[k] ? "x " : "") + options.titles[k];
  };
  std::size_t lines = 0;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(options.titles.size()); ++i)
    lines = std::max(lines, pixel_lines(title_of(i), inner_width + pad).size());
  const std::int64_t title_height = static_cast<std::int64_t>(lines) * pixel_line_height + (lines > 0 ? 2 : 0);
  const std::int64_t cell_width = inner_width + 2 * pad,
                     cell_height = title_height + p.height * options.scale + 2 * pad;
  const std::int64_t width = columns * cell_width, height = rows * cell_height;
  check(width < (1 << 20) && height < (1 << 20) && width * height * 3 < (std::int64_t{1} << 31), at,
        "save_images: ", p.n, " images of ", p.height, " x ", p.width, " pixels in ", columns, " columns at scale ",
        options.scale, " make a picture of ", height, " x ", width, " pixels, which is too large");
  auto grid = chainrule::detail::allocate<std::uint8_t>({height, width, 3});
  std::fill_n(grid.data(), grid.numel(), std::uint8_t{255});
  const Canvas canvas{height, width, grid.data()};
  for (std::int64_t i = 0; i < p.n; ++i) {
    const std::int64_t x0 = i % columns * cell_width + pad, y0 = i / columns * cell_height + pad + title_height;
    const std::uint8_t* image = p.image(i);
    for (std::int64_t y = 0; y < p.height * options.scale; ++y)
      for (std::int64_t x = 0; x < inner_width; ++x) {
        const std::uint8_t* q = image + (y / options.scale * p.width + x / options.scale) * p.channels;
        const int r = q[0], g = p.channels >= 3 ? q[1] : r, b = p.channels >= 3 ? q[2] : r;
        const int alpha = p.channels == 4 ? q[3] : 255;
        const auto over_white = [alpha](int v) { return (v * alpha + 255 * (255 - alpha) + 127) / 255; };
        canvas.set(x0 + x, y0 + y, over_white(r), over_white(g), over_white(b));
      }
    if (options.titles.empty()) continue;
    const auto text = pixel_lines(title_of(i), inner_width + pad);
    const bool wrong = !options.wrong.empty() && options.wrong[static_cast<std::size_t>(i)];
    for (std::size_t k = 0; k < text.size(); ++k) {
      const std::int64_t x = i % columns * cell_width + (cell_width - pixel_text_width(text[k])) / 2;
      const std::int64_t up = static_cast<std::int64_t>(text.size() - k);
      for (const PixelRect& r : pixel_text(text[k]))
        for (int dy = 0; dy < r.height; ++dy)
          for (int dx = 0; dx < r.width; ++dx)
            canvas.set(x + r.x + dx, y0 - 2 - up * pixel_line_height + 2 + r.y + dy, wrong ? 193 : 31, wrong ? 68 : 35,
                       wrong ? 14 : 40);
    }
  }
  return grid;
}

[[gnu::cold]] CHAINRULE_INLINE void save_images(const std::string& path, const TensorBase& images,
                                                const SaveImagesOptions& options, Location at) {
  image::detail::need_encoder("save_images", at);
  image::write(image_grid(images, options, at), path, at);
}

}  // namespace chainrule::plot
#endif

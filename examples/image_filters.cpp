// Filters for pictures, made of convolutions and of windows: blur, sharpen, edges, emboss, weighted means, and the
// smallest, the largest and the middle value of a window. With --data it takes a picture of yours.

#include "arguments.hpp"

#include <chainrule/image/decode.hpp>
#include <chainrule/plot.hpp>

namespace cr = chainrule;
using cr::Tensor;

/// The picture with its outermost pixels repeated, so that a window of k x k fits around each pixel.
Tensor<> framed(const Tensor<>& x, std::int64_t k) {
  return cr::pad(x, {k / 2, k / 2, k / 2, k / 2}, {.mode = "replicate"});
}

// [filter]
/// Convolves each channel by itself with the same weights (k, k): as many groups as channels.
Tensor<> filtered(const Tensor<>& x, const Tensor<>& weights) {
  const auto k = weights.size(0), channels = x.size(1);
  const auto w = weights.expand({channels, 1, k, k});                    // (C, 1, k, k)
  return cr::conv2d(framed(x, k), w, {.groups = channels}).clamp(0, 1);  // (1, C, H, W)
}
// [/filter]

// [windows]
Tensor<> maximum(const Tensor<>& x, std::int64_t k) { return cr::max_pool2d(framed(x, k), k, {.stride = 1}); }
Tensor<> minimum(const Tensor<>& x, std::int64_t k) { return -maximum(-x, k); }
Tensor<> median(const Tensor<>& x, std::int64_t k) {
  const auto around = framed(x, k);
  std::vector<Tensor<>> moved;  // the picture k * k times: once for each position in the window
  for (std::int64_t i = 0; i < k * k; ++i)
    moved.push_back(around.narrow(2, i / k, x.size(2)).narrow(3, i % k, x.size(3)));
  return cr::stack(moved).median(0).values;  // (1, C, H, W)
}
// [/windows]

// [sizes]
/// The size of what a convolution gives: by the formula (n + 2 padding - k) / stride + 1, rounded down, and by trying.
void show_size(std::int64_t height, std::int64_t width, std::int64_t k, std::int64_t stride, std::int64_t padding) {
  const auto y = cr::conv2d(cr::zeros({3, height, width}), cr::zeros({1, 3, k, k}),
                            {.stride = stride, .padding = padding});  // (1, height, width)
  std::printf("  %ld x %ld, window %ldx%ld, stride %ld, padding %ld\n", height, width, k, k, stride, padding);
  for (const auto& [from, to] : {std::pair{height, y.size(1)}, std::pair{width, y.size(2)}}) {
    const std::int64_t size = (from + 2 * padding - k) / stride + 1;
    cr::check(size == to, {}, "the formula gives ", size, ", the convolution ", y.shape());
    std::printf("    (%ld + 2*%ld - %ld) / %ld + 1 = %ld\n", from, padding, k, stride, to);
  }
}
// [/sizes]

// [picture]
/// A sun over a hill and a fence: (1, 3, 160, 200), from 0 to 1.
Tensor<> drawn_picture() {
  const auto y = cr::arange(160.).unsqueeze(1), x = cr::arange(200.);
  const auto sun = (x - 150).square() + (y - 40).square() < 24 * 24;  // (160, 200)
  const auto hill = y > 95 + 18 * cr::sin(x / 28);
  const auto fence = hill & (y > 112) & (y < 142) & ((x % 16 < 6) | ((y > 118) & (y < 124)));
  const auto channel = [&](double sky, double at_sun, double grass, double wood) {
    return cr::where(fence, wood, cr::where(hill, grass, cr::where(sun, at_sun, sky + (1 - sky) * y / 160)));
  };
  const auto rgb = cr::stack({channel(.25, 1, .2, .55), channel(.5, .85, .55, .35), channel(.9, .3, .25, .2)});
  return (rgb + 0.02 * cr::randn(rgb.shape())).clamp(0, 1).unsqueeze(0);
}

Tensor<> picture_of(const Arguments& args) {
  if (args.text("data").empty()) return drawn_picture();
  try {
    auto x = cr::image::read(args.text("data")).to<float>().permute({2, 0, 1}).unsqueeze(0) / 255;  // (1, 3, H, W)
    const std::int64_t by = (std::max(x.size(2), x.size(3)) + 399) / 400;  // at most 400 pixels are left in a row
    return by > 1 ? cr::avg_pool2d(x, {std::min(by, x.size(2)), std::min(by, x.size(3))}) : x;
  } catch (const cr::Error& e) {
    args.refuse("--data is '" + args.text("data") + "'; it takes a picture: " + e.message());
  }
}
// [/picture]

int main(int argc, char** argv) {
  Arguments args(
      argc, argv, "Puts a picture through filters and writes a grid of the results.",
      {{"data", "", "a picture: JPEG, PNG, BMP, GIF or PPM; without it the program draws one", Takes::existing_file()},
       {"out", "out/image_filters", "folder for the grid; made if missing", Takes::folder_to_write()}});
  return run_example([&] {
    const auto x = picture_of(args);
    cr::print("How large is what a convolution gives? The formula, checked by convolutions:");
    show_size(50, 50, 3, 1, 0);
    show_size(1024, 768, 5, 2, 0);
    show_size(x.size(2), x.size(3), 3, 1, 1);  // as large as the picture

    // [grid]
    const auto binomial = cr::tensor({1, 4, 6, 4, 1}) / 16;
    const auto away = cr::arange(-2., 3.).abs();                       // {2, 1, 0, 1, 2}
    const auto diamond = (away.unsqueeze(1) + away <= 2).to<float>();  // 13 of 25
    const auto dice = cr::rand({x.size(2), x.size(3)});
    const auto noisy = cr::where(dice < 0.03, 0., cr::where(dice > 0.97, 1., x));
    const std::vector<std::pair<std::string, Tensor<>>> results{
        {"the picture", x},
        {"blur 3x3", filtered(x, cr::ones({3, 3}) / 9)},
        {"weighted 5x5", filtered(x, binomial.unsqueeze(1) * binomial)},
        {"diamond 5x5", filtered(x, diamond / diamond.sum())},
        {"sharpen", filtered(x, cr::tensor({{0, -1, 0}, {-1, 5, -1}, {0, -1, 0}}))},
        {"edges", filtered(x, cr::tensor({{-1, -1, -1}, {-1, 8, -1}, {-1, -1, -1}}))},
        {"emboss", filtered(x, cr::tensor({{-2, -1, 0}, {-1, 1, 1}, {0, 1, 2}}))},
        {"minimum 3x3", minimum(x, 3)},
        {"maximum 3x3", maximum(x, 3)},
        {"salt and pepper", noisy},
        {"its blur 3x3", filtered(noisy, cr::ones({3, 3}) / 9)},
        {"its median 3x3", median(noisy, 3)}};
    std::vector<std::string> titles;
    std::vector<Tensor<>> pictures;
    for (const auto& [title, picture] : results) titles.push_back(title), pictures.push_back(picture);
    const auto scale = std::clamp<std::int64_t>(160 / x.size(3), 1, 64);  // small pictures are enlarged
    const std::string file = args.text("out") + "/filters.png";
    cr::plot::save_images(file, cr::cat(pictures), {.titles = titles, .columns = 4, .scale = scale});
    // [/grid]
    cr::print("written:", file, "with", titles.size(), "pictures of", x.size(2), "x", x.size(3), "pixels");
  });
}

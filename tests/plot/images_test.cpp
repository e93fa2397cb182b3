// Pixels: a PNG read again has the same ones, grids put each image where it belongs, bytes and floats agree.

#include <chainrule/plot.hpp>
#include "support/figure.hpp"
#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/scratch_dir.hpp"
#include <cstdio>
#if __has_include(<stb/stb_image.h>)
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop
#define CHAINRULE_TEST_HAS_STB 1
#else
#define CHAINRULE_TEST_HAS_STB 0
#endif

using namespace chainrule;
using chainrule_test::has;
using chainrule_test::message_of;

#if CHAINRULE_TEST_HAS_STB
namespace {

struct Picture {
  int height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> bytes;
  int at(int y, int x, int c = 0) const { return bytes[static_cast<std::size_t>((y * width + x) * channels + c)]; }
};

Picture decoded(const std::vector<std::uint8_t>& file) {
  Picture p;
  auto* data = stbi_load_from_memory(file.data(), static_cast<int>(file.size()), &p.width, &p.height, &p.channels, 0);
  if (!data) return p;
  p.bytes.assign(data, data + p.width * p.height * p.channels);
  stbi_image_free(data);
  return p;
}

std::vector<std::uint8_t> bytes_of(const std::string& path) {
  const std::string text = chainrule_test::read_text(path);
  return {text.begin(), text.end()};
}

Tensor<std::uint8_t> noise(const Shape& shape) { return (rand(shape) * 255.f).to<std::uint8_t>(); }

}  // namespace

TEST_CASE("a PNG read again has the same pixels", "[plot][image]") {
  for (const Shape& shape : {Shape{1, 1}, Shape{5, 7}, Shape{4, 3, 1}, Shape{31, 2, 3}, Shape{8, 9, 4}}) {
    const auto image = noise(shape);
    const auto picture = decoded(image::encode_png(image));
    CAPTURE(shape.str());
    CHECK(picture.height == shape[0]);
    CHECK(picture.width == shape[1]);
    CHECK(picture.channels == (shape.size() == 3 ? shape[2] : 1));
    CHECK(picture.bytes == image.to_vector());
  }
  const auto wide = noise({6, 8}).transpose(0, 1);  // not contiguous
  CHECK(decoded(image::encode_png(wide)).bytes == wide.to_vector());
}

TEST_CASE("a JPEG read again has nearly the same pixels, nearer at higher quality", "[plot][image]") {
  auto image = zeros<std::uint8_t>({32, 48, 3});
  for (int i = 0; i < 32 * 48 * 3; ++i) image.data()[i] = static_cast<std::uint8_t>(i / (48 * 3) * 8);
  const auto difference = [&](int quality) {
    const auto picture = decoded(image::encode_jpeg(image, quality));
    CHECK(picture.height == 32);
    CHECK(picture.width == 48);
    int worst = 0;
    for (std::size_t i = 0; i < picture.bytes.size(); ++i)
      worst = std::max(worst, std::abs(picture.bytes[i] - image.data()[i]));
    return worst;
  };
  CHECK(difference(95) <= 6);
  CHECK(difference(95) <= difference(5));
  CHECK(image::encode_jpeg(image, 5).size() < image::encode_jpeg(image, 100).size());
  CHECK(decoded(image::encode_jpeg(noise({8, 8, 4}))).channels == 3);
}

TEST_CASE("write chooses the format by the name's ending, and leaves the old file if it fails", "[plot][image]") {
  chainrule_test::ScratchDir dir;
  const auto image = noise({4, 6, 3});
  image::write(image, dir.path("a.PNG"));
  CHECK(decoded(bytes_of(dir.path("a.PNG"))).bytes == image.to_vector());
  image::write(image, dir.path("a.jpeg"));
  CHECK(bytes_of(dir.path("a.jpeg"))[0] == 0xff);
  CHECK(has(message_of([&] { image::write(image, dir.path("a.gif")); }), "must end in .png, .jpg or .jpeg"));
  CHECK(has(message_of([&] { image::write(image, dir.path("none/a.png")); }), "does the folder exist?"));
  CHECK(has(message_of([&] { image::write(noise({3, 4, 6}), dir.path("a.PNG")); }), "permute({1, 2, 0})"));
  CHECK(decoded(bytes_of(dir.path("a.PNG"))).bytes == image.to_vector());
}

TEST_CASE("the pixels inside of a figure are those of the images", "[plot][image]") {
  auto images = zeros<float>({2, 3, 2, 2});
  images.data()[0] = 1;                                 // red of the first pixel
  images.data()[3 * 4 + 4] = 0.5f;                      // green of the first pixel of the second image
  images.data()[3 * 4 + 7] = -3, images.data()[1] = 9;  // clamped
  plot::Figure f;
  f.images(images, {"a", "b"}, {.columns = 2, .wrong = {false, true}});
  const std::string svg = f.svg();
  std::vector<Picture> pictures;
  const std::string mark = "data:image/png;base64,";
  for (auto at = svg.find(mark); at != std::string::npos; at = svg.find(mark, at + 1)) {
    std::vector<std::uint8_t> file;
    unsigned bits = 0, n = 0;
    const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (auto i = at + mark.size(); svg[i] != '"' && svg[i] != '='; ++i) {
      bits = bits << 6 | static_cast<unsigned>(digits.find(svg[i]));
      if (++n % 4 != 1) file.push_back(static_cast<std::uint8_t>(bits >> (6 - 2 * ((n - 1) % 4))));
    }
    pictures.push_back(decoded(file));
  }
  REQUIRE(pictures.size() == 2);
  CHECK(pictures[0].bytes == std::vector<std::uint8_t>{255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(pictures[1].bytes == std::vector<std::uint8_t>{0, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(has(svg, "image-rendering:pixelated"));
  CHECK(has(svg, ">× b</text>"));  // marked by a sign, not by its colour alone
  CHECK(has(svg, "2 images of 2 x 2 pixels. a. b (wrong)."));
}

TEST_CASE("save_images puts each image where it belongs", "[plot][image]") {
  chainrule_test::ScratchDir dir;
  auto images = zeros<std::uint8_t>({3, 2, 2});
  for (int i = 0; i < 12; ++i) images.data()[i] = static_cast<std::uint8_t>(20 * i);
  plot::save_images(dir.path("a.png"), images, {.columns = 2, .scale = 3, .padding = 1});
  const auto picture = decoded(bytes_of(dir.path("a.png")));
  CHECK(picture.width == 2 * (6 + 2));
  CHECK(picture.height == 2 * (6 + 2));
  CHECK(picture.channels == 3);
  CHECK(picture.at(0, 0) == 255);
  for (int y = 0; y < 6; ++y)
    for (int x = 0; x < 6; ++x) {
      CHECK(picture.at(1 + y, 1 + x) == 20 * (y / 3 * 2 + x / 3));
      CHECK(picture.at(1 + y, 9 + x, 2) == 20 * (4 + y / 3 * 2 + x / 3));
      CHECK(picture.at(9 + y, 1 + x) == 20 * (8 + y / 3 * 2 + x / 3));
      CHECK(picture.at(9 + y, 9 + x) == 255);  // no fourth image
    }
  const auto floats = images.to<float>() / 255;
  CHECK(plot::image_grid(floats).to_vector() == plot::image_grid(images).to_vector());
  CHECK(plot::image_grid(floats.unsqueeze(1)).to_vector() == plot::image_grid(images.unsqueeze(3)).to_vector());
  const auto normalized = plot::image_grid(floats * 7 - 3, {.scale = 1, .padding = 0, .normalize = true});
  CHECK(normalized.data()[0] == 0);
  CHECK(normalized.at({1, 5, 0}) == 255);
}

TEST_CASE("titles of save_images are drawn above their images, and not over them", "[plot][image]") {
  const auto white = full<float>({2, 1, 20, 20}, 1.f);
  const auto plain = plot::image_grid(white, {.columns = 2, .scale = 4});
  const auto titled = plot::image_grid(white, {.titles = {"cat", "dog, read as a cat"}, .columns = 2, .scale = 4});
  CHECK(titled.size(0) > plain.size(0));
  CHECK(titled.size(1) == plain.size(1));
  const auto ink_in = [&](std::int64_t from, std::int64_t to) {
    std::int64_t n = 0;
    for (std::int64_t i = from * titled.size(1) * 3; i < to * titled.size(1) * 3; ++i) n += titled.data()[i] < 200;
    return n;
  };
  const std::int64_t above = titled.size(0) - plain.size(0);
  CHECK(ink_in(0, above + 4) > 200);
  CHECK(ink_in(above + 4, titled.size(0)) == 0);
  const auto wrong = plot::image_grid(white, {.titles = {"cat", "dog"}, .columns = 2, .wrong = {true, false}});
  std::int64_t red = 0;
  for (std::int64_t i = 0; i < wrong.numel(); i += 3) red += wrong.data()[i] > wrong.data()[i + 1] + 50;
  CHECK(red > 30);
}
#else
TEST_CASE("images need stb", "[plot][image]") {
  std::printf("SKIPPED: stb_image.h is not there; install libstb-dev\n");
  CHECK(has(message_of([] { (void)image::encode_png(zeros<std::uint8_t>({2, 2})); }), "libstb-dev"));
}
#endif

TEST_CASE("a grid of images with long titles can be read", "[plot][boxes]") {
  if (!CHAINRULE_TEST_HAS_STB) return;
  for (const int width : {320, 640, 1200})
    for (const int height : {0, 500}) {
      plot::Figure f({.title = "Test images", .width = width, .height = height});
      std::vector<std::string> titles;
      for (int i = 0; i < 13; ++i) titles.push_back(i % 3 == 0 ? "cat" : "automobile, read as airplane");
      f.images(rand<float>({13, 3, 16, 24}), titles, {.columns = 5, .wrong = std::vector<bool>(13, true)});
      CAPTURE(width, height);
      chainrule_test::check_no_overlap(f.svg());
    }
}

TEST_CASE("images of another shape or type are refused by name", "[plot][image]") {
  plot::Figure f;
  const auto says = [&](const TensorBase& images, const std::vector<std::string>& titles = {},
                        plot::ImagesOptions o = {}) { return message_of([&] { f.images(images, titles, o); }); };
  CHECK(has(says(zeros({2, 5, 4, 4})), "(N, C, H, W) or (N, H, W) with C = 1, 3 or 4, got (2, 5, 4, 4)"));
  CHECK(has(says(zeros({4, 4})), "one image is x.unsqueeze(0)"));
  CHECK(has(says(zeros<std::int64_t>({2, 4, 4})), "expects images of float, double or uint8, got int64"));
  CHECK(has(says(zeros({0, 1, 4, 4})), "there is nothing to draw"));
  CHECK(has(says(zeros({2, 1, 0, 4})), "have no pixels"));
  CHECK(has(says(zeros({401, 1, 1, 1})), "401 images are more than a picture shows"));
  CHECK(has(says(zeros({2, 1, 4, 4}), {"a"}), "2 images, but 1 titles"));
  CHECK(has(says(zeros({2, 1, 4, 4}), {}, {.wrong = {true}}), ".wrong has 1 values"));
  CHECK(has(says(zeros({2, 1, 4, 4}), {}, {.columns = 0}), "columns must be above 0"));
  CHECK(has(says(Tensor<>{}), "not defined"));
  f.line({1, 2});
  CHECK(has(says(zeros({2, 1, 4, 4})), "needs a panel of its own"));
  CHECK(has(message_of([] { (void)image::encode_png(zeros<std::uint8_t>({0, 4})); }), "has no pixels"));
  CHECK(has(message_of([] { (void)image::encode_png(zeros<std::uint8_t>({4})); }), "got (4,)"));
  CHECK(has(message_of([] { (void)image::encode_jpeg(zeros<std::uint8_t>({4, 4}), 0); }), "quality must be in 1..100"));
  CHECK(has(message_of([] { (void)image::encode_png(Tensor<std::uint8_t>{}); }), "not defined"));
  CHECK(has(message_of([] {
              (void)image::encode_png(zeros<std::uint8_t>({1, 1}).expand({70000, 70000}));
            }),
            "more than 2^31 bytes"));
}

// Image files: small ones written here byte by byte, damaged ones, and photographs where they are.

#include <chainrule/image.hpp>
#include <chainrule/io/gzip.hpp>
#include <algorithm>
#include <filesystem>
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/scratch_dir.hpp"

namespace cr = chainrule;
namespace image = chainrule::image;
using chainrule_test::Contains;
using chainrule_test::message_of;
using Bytes = std::vector<std::uint8_t>;
using image::Mode;

namespace {

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Bytes text(const std::string& s) { return Bytes(s.begin(), s.end()); }
Bytes big_endian(std::uint32_t v) {
  return {static_cast<std::uint8_t>(v >> 24), static_cast<std::uint8_t>(v >> 16), static_cast<std::uint8_t>(v >> 8),
          static_cast<std::uint8_t>(v)};
}
Bytes little_endian(std::uint32_t v) {
  const Bytes b = big_endian(v);
  return Bytes(b.rbegin(), b.rend());
}

/// A PNG of 8 bits a channel, its pixels packed by not packing them. `type`: 0 grey, 2 RGB, 4 grey + alpha, 6 RGBA.
Bytes png(std::uint32_t width, std::uint32_t height, std::uint8_t type, const Bytes& rows) {
  const auto chunk = [](const char* name, const Bytes& content) {
    const Bytes body = text(name) + content;
    return big_endian(static_cast<std::uint32_t>(content.size())) + body + big_endian(cr::io::crc32(body));
  };
  std::uint32_t a = 1, b = 0;
  for (auto v : rows) a = (a + v) % 65521, b = (b + a) % 65521;
  const auto n = static_cast<std::uint8_t>(rows.size());
  const Bytes packed = Bytes{0x78, 1, 1, n, 0, static_cast<std::uint8_t>(~n), 0xFF} + rows + big_endian(b << 16 | a);
  return Bytes{0x89, 'P', 'N', 'G', 13, 10, 26, 10} +
         chunk("IHDR", big_endian(width) + big_endian(height) + Bytes{8, type, 0, 0, 0}) + chunk("IDAT", packed) +
         chunk("IEND", {});
}

const Bytes colours = png(2, 1, 2, {0, 255, 0, 0, 10, 20, 30});             // a red pixel, a dark one
const Bytes with_alpha = png(1, 2, 6, {0, 1, 2, 3, 128, 0, 4, 5, 6, 255});  // 2 rows
const Bytes grey = png(3, 1, 0, {0, 7, 8, 9});
const Bytes bmp = text("BM") + little_endian(54 + 16) + little_endian(0) + little_endian(54) + little_endian(40) +
                  little_endian(2) + little_endian(2) + Bytes{1, 0, 24, 0} + Bytes(24, 0) +
                  Bytes{1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0};  // 2 x 2, bottom row first, blue first
const Bytes gif{'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 50,   100, 150, 0,  0,
                0,   ',', 0,   0,   0,   0,   1, 0, 1, 0, 0,    2, 2, 0x44, 1,   0,   ';'};
/// 16 x 8 pixels of 12 x + 4 y, written by PIL with quality 80.
const Bytes jpeg{255, 216, 255, 219, 0,  67,  0,   6,  4,  5,  6,  5,  4,   6,  6,   5,  6,  7,  7,   6,   8,   10,
                 16,  10,  10,  9,   9,  10,  20,  14, 15, 12, 16, 23, 20,  24, 24,  23, 20, 22, 22,  26,  29,  37,
                 31,  26,  27,  35,  28, 22,  22,  32, 44, 32, 35, 38, 39,  41, 42,  41, 25, 31, 45,  48,  45,  40,
                 48,  37,  40,  41,  40, 255, 192, 0,  11, 8,  0,  8,  0,   16, 1,   1,  17, 0,  255, 196, 0,   21,
                 0,   1,   1,   0,   0,  0,   0,   0,  0,  0,  0,  0,  0,   0,  0,   0,  0,  7,  8,   255, 196, 0,
                 24,  16,  0,   2,   3,  0,   0,   0,  0,  0,  0,  0,  0,   0,  0,   0,  0,  0,  0,   4,   6,   33,
                 51,  255, 218, 0,   8,  1,   1,   0,  0,  63, 0,  31, 132, 33, 157, 20, 4,  33, 12,  232, 255, 217};

}  // namespace

TEST_CASE("PNG, BMP, GIF, PPM and PGM give their pixels", "[image]") {
  CHECK(image::decode(colours).shape() == cr::Shape{1, 2, 3});
  CHECK(image::decode(colours).to_vector() == Bytes{255, 0, 0, 10, 20, 30});
  CHECK(image::decode(bmp).to_vector() == Bytes{9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4});
  CHECK(image::decode(bmp).shape() == cr::Shape{2, 2, 3});
  CHECK(image::decode(gif).to_vector() == Bytes{50, 100, 150});
  CHECK(image::decode(text("P6 1 2 255\n") + Bytes{1, 2, 3, 4, 5, 6}).to_vector() == Bytes{1, 2, 3, 4, 5, 6});
  CHECK(image::decode(text("P5\n# by hand\n2 1\n255\n") + Bytes{9, 200}, {.mode = Mode::unchanged}).to_vector() ==
        Bytes{9, 200});
}

TEST_CASE("the mode says what the channels are", "[image]") {
  const auto shape = [](const Bytes& file, Mode mode) { return image::decode(file, {.mode = mode}).shape(); };
  CHECK(shape(grey, Mode::unchanged) == cr::Shape{1, 3, 1});
  CHECK(shape(with_alpha, Mode::unchanged) == cr::Shape{2, 1, 4});
  CHECK(shape(with_alpha, Mode::rgb) == cr::Shape{2, 1, 3});
  CHECK(shape(with_alpha, Mode::gray) == cr::Shape{2, 1, 1});
  CHECK(shape(png(1, 1, 4, {0, 5, 6}), Mode::unchanged) == cr::Shape{1, 1, 2});
  CHECK(image::decode(with_alpha).to_vector() == Bytes{1, 2, 3, 4, 5, 6});
  CHECK(image::decode(with_alpha, {.mode = Mode::unchanged}).to_vector() == Bytes{1, 2, 3, 128, 4, 5, 6, 255});
  CHECK(image::decode(grey).to_vector() == Bytes{7, 7, 7, 8, 8, 8, 9, 9, 9});
  CHECK(image::decode(grey, {.mode = Mode::gray}).to_vector() == Bytes{7, 8, 9});
  CHECK(image::decode(png(1, 1, 4, {0, 5, 6}), {.mode = Mode::gray}).to_vector() == Bytes{5});
  CHECK(image::decode(colours, {.mode = Mode::gray}).to_vector() == Bytes{76, 18});  // as PIL
}

TEST_CASE("a JPEG is decoded", "[image]") {
  const auto x = image::decode(jpeg, {.mode = Mode::unchanged});
  REQUIRE(x.shape() == cr::Shape{8, 16, 1});
  const Bytes first{0, 11, 25, 37, 47, 60, 74, 84, 96, 107, 121, 133, 143, 156, 170, 180};  // by PIL
  for (std::int64_t i = 0; i < 16; ++i)
    CHECK(std::abs(int{x.data()[i]} - int{first[static_cast<std::size_t>(i)]}) <= 2);  // decoders round differently
  CHECK(x.to<double>().mean().item() == Approx(104).margin(1));
}

TEST_CASE("read names the file in every error", "[image]") {
  chainrule_test::ScratchDir dir;
  CHECK(image::read(dir.write("a.png", colours)).shape() == cr::Shape{1, 2, 3});
  CHECK_THROWS_WITH(image::read(dir.path("none.png")), Contains("none.png: no such file"));
  CHECK_THROWS_WITH(image::read(dir.path()), Contains("is a folder"));
  CHECK_THROWS_WITH(image::read(dir.write("empty.png", {})), Contains("empty.png: is empty"));
  CHECK_THROWS_WITH(image::read(dir.write("notes.png", text("hello, this is text"))),
                    Contains("notes.png: is no image that can be read; JPEG, PNG"));
  CHECK_THROWS_WITH(image::read(dir.write("a.png", colours), {.max_bytes = 10}),
                    Contains("a.png: has 75 bytes, more than the 10 that max_bytes allows"));
  CHECK_THROWS_WITH(image::decode(text("hello")), Contains("image::decode: is no image"));
}

TEST_CASE("formats that cannot be read are named, with what to do", "[image]") {
  const std::pair<const char*, Bytes> files[] = {
      {"WebP", text("RIFF") + little_endian(20) + text("WEBPVP8 ")},
      {"TIFF", Bytes{'I', 'I', '*', 0, 8, 0, 0, 0}},
      {"TIFF", Bytes{'M', 'M', 0, '*', 0, 0, 0, 8}},
      {"HEIC", Bytes{0, 0, 0, 24} + text("ftypheic")},
      {"AVIF", Bytes{0, 0, 0, 24} + text("ftypavif")},
      {"JPEG XL", Bytes{0xFF, 0x0A, 1, 2, 3}},
      {"SVG", text("<svg xmlns=\"http://www.w3.org/2000/svg\"/>")},
      {"PDF", text("%PDF-1.7")},
      {"P3", text("P3\n1 1\n255\n1 2 3\n")},
  };
  for (const auto& [name, bytes] : files) {
    INFO(name);
    const auto message = message_of([&] { (void)image::decode(bytes); });
    CHECK_THAT(message, Contains(std::string("its format is ") + name));
    CHECK_THAT(message, Contains("convert it to PNG first"));
  }
}

TEST_CASE("a truncated image is never half a picture", "[image]") {
  for (const auto& file : {colours, with_alpha, grey, bmp, jpeg, text("P6 2 2 255\n") + Bytes(12, 7)}) {
    CHECK(image::decode(file).numel() > 0);
    for (std::size_t n = 0; n < file.size(); ++n) {
      INFO(n << " of " << file.size() << " bytes");
      CHECK_THROWS_AS(image::decode(std::span(file).first(n)), cr::Error);
    }
  }
  CHECK_THROWS_WITH(image::decode(std::span(jpeg).first(jpeg.size() - 3)), Contains("is truncated"));
}

TEST_CASE("damaged images are refused, or give an image of their size", "[image]") {
  cr::Generator g(7);
  for (const auto& file : {colours, bmp, gif, jpeg})
    for (int i = 0; i < 2000; ++i) {
      Bytes damaged = file;
      for (int k = 0; k < 3; ++k) damaged[g.next() % damaged.size()] = static_cast<std::uint8_t>(g.next());
      try {
        const auto x = image::decode(damaged, {.max_pixels = 1 << 20});
        CHECK(x.numel() > 0);
      } catch (const cr::Error& e) { CHECK(!e.message().empty()); }
    }
  Bytes wild = jpeg;  // a Huffman table of 16 * 255 codes
  const Bytes marker{255, 196};
  const auto table = std::search(wild.begin(), wild.end(), marker.begin(), marker.end());
  REQUIRE(table != wild.end());
  std::fill(table + 5, table + 21, std::uint8_t{255});
  CHECK_THROWS_WITH(image::decode(wild), Contains("a Huffman table with more than 256 codes"));
}

TEST_CASE("an image that is too large is refused before memory is taken", "[image]") {
  const Bytes huge = png(2000000, 2000000, 2, {0, 1, 2, 3});
  CHECK_THROWS_WITH(image::decode(huge), Contains("image::decode: is a damaged PNG file, or its image is too large"));
  const Bytes large = png(30000, 30000, 0, {0, 1, 2, 3});
  CHECK_THROWS_WITH(image::decode(large), Contains("is an image of 30000 x 30000 pixels") && Contains("max_pixels"));
  CHECK_THROWS_WITH(image::decode(colours, {.max_width = 1}), Contains("is an image of 2 x 1 pixels; max_width = 1"));
  CHECK_THROWS_WITH(image::decode(with_alpha, {.max_height = 1}), Contains("is an image of 1 x 2 pixels"));
  CHECK_THROWS_WITH(image::decode(colours, {.max_pixels = 1}), Contains("max_pixels = 1 refuse it"));
  CHECK_THROWS_WITH(image::decode(colours, {.max_bytes = -1}), Contains("max_bytes allows"));
}

TEST_CASE("photographs are read", "[image]") {
  const std::string folder = chainrule_test::data_dir() + "/flowers";
  if (!chainrule_test::present(folder)) return;
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/daisy")) {
    const auto x = image::read(entry.path().string());
    CHECK(x.shape()[2] == 3);
    CHECK(x.shape()[0] >= 177);
    CHECK(x.shape()[0] <= 289);
    CHECK(x.shape()[1] >= 152);
    CHECK(x.shape()[1] <= 320);
    if (++read == 10) break;
  }
  CHECK(read == 10);
}

TEST_CASE("max_bytes bounds what is read where no size is known: a device without an end", "[image]") {
  if (std::FILE* zero = std::fopen("/dev/zero", "rb")) {
    std::fclose(zero);
    CHECK_THROWS_WITH(cr::image::read("/dev/zero", {.max_bytes = 100000}),
                      Contains("/dev/zero: has more than the 100000 bytes that are allowed"));
  }
}

// The IDX reader: plain and packed files, and every kind of damage.

#include <chainrule/data/idx.hpp>
#include "support/catch.hpp"
#include "support/scratch_dir.hpp"
#include <cstdint>
#include <string>
#include <vector>

using Bytes = std::vector<std::uint8_t>;
using chainrule::data::parse_idx;
using chainrule::data::read_idx;
using chainrule_test::Contains;

namespace {

const Bytes images{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 20, 30, 40, 50, 60};  // 2 images of 1x3
const Bytes images_gz{31, 139, 8,   0,   0,  0,   0,   0,  2,   255, 99, 96, 224, 96, 102, 96, 96, 96, 2, 98,
                      70, 32,  102, 230, 18, 145, 211, 48, 178, 1,   0,  17, 152, 56, 190, 22, 0,  0,  0};

}  // namespace

TEST_CASE("an IDX array has its sizes and its values", "[idx]") {
  const auto array = parse_idx(images, "images");
  CHECK(array.shape == std::vector<std::int64_t>{2, 1, 3});
  CHECK(array.values == Bytes{10, 20, 30, 40, 50, 60});
  const auto labels = parse_idx({0, 0, 8, 1, 0, 0, 0, 2, 7, 9}, "labels");
  CHECK(labels.shape == std::vector<std::int64_t>{2});
  CHECK(labels.values == Bytes{7, 9});
}

TEST_CASE("an IDX size has its most significant byte first", "[idx]") {
  Bytes bytes{0, 0, 8, 1, 0, 0, 1, 2};
  bytes.resize(8 + 258, 5);
  CHECK(parse_idx(bytes, "labels").shape == std::vector<std::int64_t>{258});
}

TEST_CASE("an IDX array may be empty", "[idx]") {
  const auto array = parse_idx({0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 28}, "none");
  CHECK(array.shape == std::vector<std::int64_t>{0, 28});
  CHECK(array.values.empty());
}

TEST_CASE("read_idx takes the plain file, else name.gz", "[idx]") {
  chainrule_test::ScratchDir dir;
  dir.write("packed.gz", images_gz);
  dir.write("plain", images);
  dir.write("misnamed", images_gz);
  const auto expected = parse_idx(images, "images");
  for (const char* name : {"packed", "packed.gz", "plain", "misnamed"}) {
    INFO(name);
    const auto array = read_idx(dir.path(name));
    CHECK(array.shape == expected.shape);
    CHECK(array.values == expected.values);
  }
}

TEST_CASE("a missing IDX file is named, with the packed name that was tried", "[idx]") {
  chainrule_test::ScratchDir dir;
  CHECK_THROWS_WITH(read_idx(dir.path("t10k-labels-idx1-ubyte")), Contains("t10k-labels-idx1-ubyte: no such file") &&
                                                                      Contains("t10k-labels-idx1-ubyte.gz") &&
                                                                      Contains("check the folder"));
  CHECK_THROWS_AS(read_idx(dir.path("nothing")), chainrule::Error);
}

TEST_CASE("a damaged IDX file is refused with its name and the offset", "[idx]") {
  const auto damaged = [](std::size_t at, std::uint8_t value) {
    Bytes b = images;
    b.at(at) = value;
    return b;
  };
  CHECK_THROWS_WITH(parse_idx(damaged(0, 'P'), "i"), Contains("i: not an IDX file") && Contains("offset 0"));
  CHECK_THROWS_WITH(parse_idx(damaged(2, 13), "i"), Contains("i: IDX value type 13 at offset 2"));
  CHECK_THROWS_WITH(parse_idx(damaged(3, 0), "i"), Contains("without dimensions (offset 3)"));
  CHECK_THROWS_WITH(parse_idx(damaged(3, 200), "i"), Contains("i: truncated") && Contains("200 dimensions"));
  CHECK_THROWS_WITH(
      parse_idx(damaged(7, 3), "i"),
      Contains("i: truncated: its sizes 3x1x3 need 9 values from offset 16, but the data end at offset 22 (6 values)"));
  CHECK_THROWS_WITH(parse_idx(damaged(7, 1), "i"),
                    Contains("its sizes 1x1x3 need 3 values, but 3 more bytes follow at offset 19"));
  const Bytes huge{0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1};
  CHECK_THROWS_WITH(parse_idx(huge, "i"),
                    Contains("sizes at offset 4, 4294967295x4294967295x4294967295, are beyond any file"));
}

TEST_CASE("every shorter version of an IDX file is called truncated", "[idx]") {
  for (std::size_t n = 0; n < images.size(); ++n) {
    INFO("cut to " << n << " bytes");
    CHECK_THROWS_WITH(parse_idx(Bytes(images.begin(), images.begin() + static_cast<std::ptrdiff_t>(n)), "cut"),
                      Contains("cut: truncated"));
  }
}

TEST_CASE("a damaged packed IDX file is refused with the name of the packed file", "[idx]") {
  chainrule_test::ScratchDir dir;
  Bytes bad = images_gz;
  bad[bad.size() - 6] ^= 1u;
  dir.write("images.gz", bad);
  CHECK_THROWS_WITH(read_idx(dir.path("images")), Contains("images.gz: corrupt: the CRC-32 at byte"));
  bad = images_gz;
  bad.resize(20);
  dir.write("images.gz", bad);
  CHECK_THROWS_WITH(read_idx(dir.path("images")), Contains("images.gz: truncated") && Contains("byte 20"));
}

// The drawn digits: repeatable, balanced, inside the image, different from each other and yet recognisable.

#include <chainrule/data/drawn_digits.hpp>
#include "support/catch.hpp"
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

using chainrule::data::draw_digit;
using chainrule::data::drawn_digits_bytes;
using chainrule_test::Contains;
using Image = std::array<std::uint8_t, 784>;

namespace {

Image drawn(int digit, std::uint64_t seed) {
  Image image;
  image.fill(77);  // draw_digit must write every byte
  draw_digit(digit, seed, image.data());
  return image;
}

}  // namespace

TEST_CASE("the same digit and seed give the same image, another seed another one", "[drawn_digits]") {
  for (int digit = 0; digit < 10; ++digit) {
    std::set<Image> different;
    for (std::uint64_t seed = 0; seed < 200; ++seed) different.insert(drawn(digit, seed));
    CHECK(different.size() == 200);
    CHECK(drawn(digit, 3) == drawn(digit, 3));
  }
}

TEST_CASE("a drawn digit is dark ink on an empty background, inside the image", "[drawn_digits]") {
  for (int digit = 0; digit < 10; ++digit) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      const Image image = drawn(digit, 1000 * seed + 5);
      std::size_t ink = 0, rim = 0;
      for (std::size_t i = 0; i < 784; ++i) {
        ink += image[i] > 100;
        rim += image[i] > 0 && (i < 28 || i >= 756 || i % 28 == 0 || i % 28 == 27);
      }
      INFO("digit " << digit << ", seed " << 1000 * seed + 5);
      CHECK(ink >= 15);
      CHECK(ink <= 350);
      CHECK(rim <= 12);  // a thick pen may touch the rim, never more
      CHECK(*std::max_element(image.begin(), image.end()) > 150);
    }
  }
}

TEST_CASE("drawn_digits_bytes holds every digit equally often, in mixed order", "[drawn_digits]") {
  const auto set = drawn_digits_bytes(200, 7);
  REQUIRE(set.images.size() == 200 * 784);
  REQUIRE(set.labels.size() == 200);
  std::set<std::vector<std::uint8_t>> orders;
  for (std::size_t ten = 0; ten < 20; ++ten) {
    std::vector<std::uint8_t> order(set.labels.begin() + static_cast<std::ptrdiff_t>(10 * ten),
                                    set.labels.begin() + static_cast<std::ptrdiff_t>(10 * ten + 10));
    orders.insert(order);
    std::sort(order.begin(), order.end());
    CHECK(order == std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  }
  CHECK(orders.size() > 15);
}

TEST_CASE("drawn_digits_bytes depends on seed and index only", "[drawn_digits]") {
  const int threads_before = chainrule::get_num_threads();
  chainrule::set_num_threads(1);
  const auto one = drawn_digits_bytes(250, 9);
  chainrule::set_num_threads(3);
  const auto three = drawn_digits_bytes(250, 9);
  chainrule::set_num_threads(threads_before);
  CHECK(one.images == three.images);
  CHECK(one.labels == three.labels);

  const auto shorter = drawn_digits_bytes(123, 9);
  CHECK(std::equal(shorter.images.begin(), shorter.images.end(), one.images.begin()));
  CHECK(std::equal(shorter.labels.begin(), shorter.labels.end(), one.labels.begin()));
  CHECK(drawn_digits_bytes(250, 10).images != one.images);
  CHECK(drawn_digits_bytes(250, 10).labels != one.labels);
}

TEST_CASE("drawn digits can be told apart", "[drawn_digits]") {
  const auto known = drawn_digits_bytes(1000, 1), asked = drawn_digits_bytes(200, 2);
  int right = 0;
  for (std::size_t a = 0; a < 200; ++a) {  // by the nearest known image: pixels alone, no learning
    std::int64_t best = std::numeric_limits<std::int64_t>::max();
    std::uint8_t answer = 0;
    for (std::size_t k = 0; k < 1000; ++k) {
      std::int64_t distance = 0;
      for (std::size_t i = 0; i < 784; ++i) {
        const std::int64_t d = int{asked.images[784 * a + i]} - int{known.images[784 * k + i]};
        distance += d * d;
      }
      if (distance >= best) continue;
      best = distance;
      answer = known.labels[k];
    }
    right += answer == asked.labels[a];
  }
  CHECK(right >= 150);  // guessing gets 20
}

TEST_CASE("wrong arguments of the drawn digits are refused", "[drawn_digits]") {
  Image image{};
  CHECK_THROWS_WITH(draw_digit(10, 0, image.data()), Contains("digit must be in 0..9, got 10"));
  CHECK_THROWS_WITH(draw_digit(-1, 0, image.data()), Contains("got -1"));
  CHECK_THROWS_WITH(draw_digit(1, 0, nullptr), Contains("784 bytes"));
  CHECK_THROWS_WITH(drawn_digits_bytes(-1, 0), Contains("count must not be negative, got -1"));
  CHECK(drawn_digits_bytes(0, 0).images.empty());
}

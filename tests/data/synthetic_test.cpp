// The made-up data sets.

#include <chainrule/data/synthetic.hpp>
#include <cmath>
#include "support/catch.hpp"

namespace cr = chainrule;
namespace data = chainrule::data;

TEST_CASE("blobs lie around their centres", "[data][synthetic]") {
  auto [x, y] = data::make_blobs<double>(
      3000, {.centers = 3, .n_features = 4, .cluster_std = 0.5, .center_box = {-2, 6}, .seed = 7});
  CHECK(x.shape() == cr::Shape{3000, 4});
  double mean[3][4] = {}, square[3][4] = {};
  for (std::int64_t i = 0; i < 3000; ++i) {
    REQUIRE(y.at({i}) == i % 3);
    for (int f = 0; f < 4; ++f) {
      mean[i % 3][f] += x.at({i, f}) / 1000;
      square[i % 3][f] += x.at({i, f}) * x.at({i, f}) / 1000;
    }
  }
  for (auto c = 0; c < 3; ++c)
    for (auto f = 0; f < 4; ++f) {
      CHECK(mean[c][f] > -2.1);
      CHECK(mean[c][f] < 6.1);
      CHECK(std::sqrt(square[c][f] - mean[c][f] * mean[c][f]) == Approx(0.5).margin(0.05));  // of 1000 normal numbers
    }
  CHECK(mean[0][0] != Approx(mean[1][0]).margin(0.01));
}

TEST_CASE("moons are two half circles", "[data][synthetic]") {
  auto [x, y] = data::make_moons(9, {});
  CHECK(x.shape() == cr::Shape{9, 2});
  CHECK(y.to_vector() == std::vector<std::int64_t>{0, 0, 0, 0, 1, 1, 1, 1, 1});
  CHECK(x.at({0, 0}) == Approx(1));
  CHECK(x.at({3, 0}) == Approx(-1));
  CHECK(x.at({6, 0}) == Approx(1));  // the middle of the lower one
  CHECK(x.at({6, 1}) == Approx(-0.5));
  for (std::int64_t i = 0; i < 9; ++i) {
    const double u = x.at({i, 0}) - (i < 4 ? 0 : 1), v = x.at({i, 1}) - (i < 4 ? 0 : 0.5);
    CHECK(std::hypot(u, v) == Approx(1));
  }
  auto [noisy, labels] = data::make_moons<double>(2000, {.noise = 0.1, .seed = 3});
  auto [clean, same] = data::make_moons<double>(2000, {});
  double square = 0;
  for (std::size_t i = 0; i < 4000; ++i) square += std::pow(noisy.data()[i] - clean.data()[i], 2) / 4000;
  CHECK(std::sqrt(square) == Approx(0.1).margin(0.005));
  CHECK(labels.to_vector() == same.to_vector());
}

TEST_CASE("a spiral has K arms that turn", "[data][synthetic]") {
  auto [x, y] = data::make_spiral<double>(50, 4, {.noise = 0, .turn = 3});
  CHECK(x.shape() == cr::Shape{200, 2});
  for (std::int64_t i = 0; i < 200; ++i) {
    const double r = static_cast<double>(i % 50) / 49;
    CHECK(y.at({i}) == i / 50);
    CHECK(std::hypot(x.at({i, 0}), x.at({i, 1})) == Approx(r).margin(1e-12));
  }
  CHECK(x.at({49, 0}) == Approx(std::sin(3.0)));    // the end of arm 0
  CHECK(x.at({199, 1}) == Approx(std::cos(12.0)));  // the end of arm 3
}

TEST_CASE("the same seed gives the same points", "[data][synthetic]") {
  CHECK(data::make_spiral(20, 3, {.seed = 1}).first.to_vector() ==
        data::make_spiral(20, 3, {.seed = 1}).first.to_vector());
  CHECK(data::make_spiral(20, 3, {.seed = 1}).first.to_vector() !=
        data::make_spiral(20, 3, {.seed = 2}).first.to_vector());
  cr::Generator generator(1);
  CHECK(data::make_blobs(20, {.generator = &generator}).first.to_vector() ==
        data::make_blobs(20, {.seed = 1}).first.to_vector());
  CHECK(data::make_blobs(20, {.generator = &generator}).first.to_vector() !=
        data::make_blobs(20, {.seed = 1}).first.to_vector());
  CHECK_THROWS_AS(data::make_blobs(0), cr::Error);
  CHECK_THROWS_AS(data::make_moons(1), cr::Error);
  CHECK_THROWS_AS(data::make_spiral(10, 0), cr::Error);
}

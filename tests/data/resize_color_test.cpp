// Images resized, and their colours changed. Values by torchvision 0.29 on PIL images (bytes) and tensors (floats).

#include <chainrule/data.hpp>
#include <limits>
#include <set>
#include "support/catch.hpp"

namespace cr = chainrule;
namespace T = chainrule::transforms;
namespace F = chainrule::transforms::functional;
using chainrule_test::Contains;
using cr::Tensor;
using Bytes = std::vector<std::uint8_t>;
using Floats = std::vector<float>;

namespace {

const auto ramp = ((cr::arange(12) + 1) * 20).to<std::uint8_t>().view({3, 4});  // 20, 40, ..., 240
const auto colours =
    cr::tensor<std::uint8_t>({95, 130, 194, 217, 207, 235, 15, 163, 33, 215, 217, 130, 248, 189, 16, 69, 184, 232})
        .view({2, 3, 3});
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr auto most = std::numeric_limits<std::int64_t>::max();

bool close(const Tensor<>& x, const Floats& wanted) {
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (std::abs(x.to_vector()[i] - wanted[i]) > 2e-5f) return false;  // 5 decimals are given
  return x.numel() == static_cast<std::int64_t>(wanted.size());
}
/// The channels of (H, W, 3) bytes one after the other, as in (3, H, W).
Tensor<std::uint8_t> planar(const Tensor<std::uint8_t>& x) {
  return x.permute({2, 0, 1}).contiguous().permute({1, 2, 0});
}

}  // namespace

TEST_CASE("resize is torchvision's, antialiased", "[data][transforms]") {
  CHECK(F::resize(ramp, {2, 3}).to_vector() == Bytes{56, 80, 104, 156, 180, 204});
  CHECK(F::resize(ramp, {5, 2}).to_vector() == Bytes{34, 66, 66, 98, 114, 146, 162, 194, 194, 226});
  CHECK(F::resize(ramp, {2, 6}, "nearest").to_vector() == Bytes{20, 40, 40, 60, 60, 80, 180, 200, 200, 220, 220, 240});
  CHECK(F::resize(ramp, {3, 4}).to_vector() == ramp.to_vector());
  CHECK(close(F::resize(cr::tensor({{0, 2, 4, 6}}), {1, 2}), {1.428571f, 4.571429f}));
  CHECK(close(F::resize(cr::tensor({{{0, 2, 4, 6}}}), {1, 8}), {0, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6}));
  const auto grown = F::resize(colours, {7, 8});
  CHECK(F::resize(planar(colours), {7, 8}).to_vector() == grown.to_vector());
  for (int c = 0; c < 3; ++c)
    CHECK(F::resize(colours.select(2, c), {7, 8}).to_vector() == grown.select(2, c).to_vector());
  const auto batch = cr::stack({F::to_tensor(colours), F::to_tensor(colours) * 0}, 0);
  CHECK(F::resize(batch, {7, 8}).shape() == cr::Shape{2, 3, 7, 8});
  CHECK(F::resize(batch, {7, 8})[0].to_vector() == F::resize(batch[0], {7, 8}).to_vector());
}

TEST_CASE("one number is the size of the shorter side", "[data][transforms]") {
  CHECK(F::resize(ramp, 2).to_vector() == Bytes{64, 96, 164, 196});
  CHECK(T::Resize(10)(cr::zeros({30, 40})).shape() == cr::Shape{10, 13});
  CHECK(T::Resize(10)(cr::zeros({1, 40, 30})).shape() == cr::Shape{1, 13, 10});
  CHECK(T::Resize(10, "bilinear", 12)(cr::zeros({30, 40})).shape() == cr::Shape{9, 12});
  CHECK(T::Resize({10, 12})(cr::zeros({30, 40})).shape() == cr::Shape{10, 12});
  CHECK_THROWS_WITH(T::Resize(0)(ramp), Contains("Resize: the size must be above 0"));
  CHECK_THROWS_WITH(F::resize(ramp, {2, -1}), Contains("resize: the size must be above 0") && Contains("(2, -1)"));
  CHECK_THROWS_WITH(F::resize(ramp, most), Contains("resize: the size"));
  CHECK_THROWS_WITH(F::resize(ramp, (1 << 30)), Contains("resize: shape"));
  CHECK_THROWS_WITH(F::resize(cr::zeros({1, 4000}), 1 << 20), Contains("a shorter side of 1048576 makes an image"));
  CHECK_THROWS_WITH(F::resize(ramp, 10, "bilinear", 10), Contains("resize: max_size goes with"));
  CHECK_THROWS_WITH(F::resize(ramp, {2, 2}, "bilinear", 10), Contains("resize: max_size goes with"));
  CHECK_THROWS_WITH(F::resize(cr::zeros({100, 1}), 3, "bilinear", 4), Contains("makes an image of 100 x 1"));
}

TEST_CASE("RandomResizedCrop shows parts of the sizes asked for", "[data][transforms]") {
  cr::Generator g(3);
  const auto x = cr::arange(1024).to<float>().view({1, 32, 32});
  std::set<float> corners;
  for (int i = 0; i < 200; ++i) {
    const auto y = T::RandomResizedCrop({8, 8}, {0.25, 0.25}, {1, 1}, "nearest")(x, g);  // 16 x 16, every second one
    REQUIRE(y.shape() == cr::Shape{1, 8, 8});
    CHECK(y.at({0, 7, 7}) - y.at({0, 0, 0}) == 14 * 33);
    corners.insert(y.at({0, 0, 0}));
  }
  CHECK(corners.size() > 100);  // of 17 x 17
  CHECK(T::RandomResizedCrop(5)(colours, g).shape() == cr::Shape{5, 5, 3});
  // No part of a strip has this shape: the middle, 4 x 4.
  CHECK(
      T::RandomResizedCrop({4, 4}, {1, 1}, {1, 1}, "nearest")(cr::arange(40).to<float>().view({4, 10}), g).at({0, 0}) ==
      3);
  CHECK(F::resized_crop(x, 0, 0, 2, 2, {2, 2}).to_vector() == Floats{0, 1, 32, 33});
  CHECK_THROWS_WITH(T::RandomResizedCrop(0), Contains("RandomResizedCrop: the size must be above 0"));
  CHECK_THROWS_WITH(T::RandomResizedCrop(4, {1, 0}), Contains("scale is {min, max}"));
  CHECK_THROWS_WITH(T::RandomResizedCrop(4, {0, not_a_number}), Contains("scale is {min, max}"));
  CHECK_THROWS_WITH(T::RandomResizedCrop(4, {0, 1}, {0, 1}), Contains("ratio is {min, max}"));
}

TEST_CASE("brightness, contrast, saturation and hue are torchvision's", "[data][transforms]") {
  const Bytes brighter{123, 169, 252, 255, 255, 255, 19, 211, 42, 255, 255, 169, 255, 245, 20, 89, 239, 255},
      flatter{130, 147, 179, 191, 186, 200, 90, 164, 99, 190, 191, 147, 206, 177, 90, 117, 174, 198},
      stronger{63, 133, 255, 221, 201, 255, 0, 222, 0, 224, 228, 54, 255, 191, 0, 0, 213, 255},
      moved{194, 95, 184, 235, 207, 212, 15, 74, 163, 130, 217, 173, 17, 248, 66, 196, 69, 232};
  for (const auto& x : {colours, planar(colours)}) {
    CHECK(F::adjust_brightness(x, 1.3).to_vector() == brighter);
    CHECK(F::adjust_contrast(x, 0.5).to_vector() == flatter);
    CHECK(F::adjust_saturation(x, 2).to_vector() == stronger);
    CHECK(F::adjust_hue(x, 0.25).to_vector() == moved);
    for (int same = 0; same < 3; ++same)
      CHECK((same == 0   ? F::adjust_brightness(x, 1)
             : same == 1 ? F::adjust_contrast(x, 1)
                         : F::adjust_saturation(x, 1))
                .to_vector() == colours.to_vector());
    CHECK(F::adjust_brightness(x, 0).to_vector() == Bytes(18, 0));
  }
  const auto f = F::to_tensor(colours);
  const Floats flat{0.51057f, 0.74979f, 0.35371f, 0.74586f, 0.81057f, 0.45959f, 0.5792f, 0.73018f, 0.6439f,
                    0.74979f, 0.69488f, 0.68508f, 0.70469f, 0.78508f, 0.389f,   0.5792f, 0.35567f, 0.7792f},
      turned{0.76078f, 0.92157f, 0.05882f, 0.5098f,  0.06275f, 0.77843f, 0.37255f, 0.81176f, 0.27843f,
             0.85098f, 0.97255f, 0.27059f, 0.70392f, 0.82745f, 0.63922f, 0.68824f, 0.28627f, 0.9098f},
      strong{0.24776f, 0.86604f, 0,        0.87662f, 1, 0, 0.52227f, 0.78761f, 0.87088f,
             0.8923f,  0.74943f, 0.83498f, 1,        1, 0, 0.20995f, 0,        1};
  CHECK(close(F::adjust_contrast(f, 0.5), flat));
  CHECK(close(F::adjust_hue(f, 0.25), turned));
  CHECK(close(F::adjust_saturation(f, 2), strong));
  const auto two = F::adjust_contrast(cr::stack({f, f * 0.5}, 0), 0.5);
  CHECK(two[0].to_vector() == F::adjust_contrast(f, 0.5).to_vector());  // each image has its own mean
  CHECK(two[1].to_vector() == F::adjust_contrast(f * 0.5, 0.5).to_vector());
  CHECK(F::adjust_hue(ramp, 0.3).to_vector() == ramp.to_vector());
  CHECK(F::adjust_brightness(ramp, 2).at({0, 3}) == 160);
  CHECK_THROWS_WITH(F::adjust_brightness(ramp, -1),
                    Contains("adjust_brightness: the factor must be 0 or more, got -1"));
  CHECK_THROWS_WITH(F::adjust_contrast(ramp, not_a_number), Contains("adjust_contrast: the factor must be 0 or more"));
  CHECK_THROWS_WITH(F::adjust_hue(ramp, 0.6),
                    Contains("adjust_hue: the hue's factor must lie in [-0.5, 0.5], got 0.6"));
  CHECK_THROWS_WITH(F::adjust_saturation(cr::zeros({2, 4, 4}), 1), Contains("an image of 1 or 3 channels"));
}

TEST_CASE("ColorJitter stays in its ranges", "[data][transforms]") {
  cr::Generator g(5);
  const auto x = cr::full({3, 4, 4}, 0.5);
  double least = 1, largest = 0;
  for (int i = 0; i < 300; ++i) {
    const auto y = T::ColorJitter(0.4)(x, g).to_vector();
    least = std::min(least, static_cast<double>(y[0])), largest = std::max(largest, static_cast<double>(y[0]));
  }
  CHECK(least >= 0.3 - 1e-6);
  CHECK(least < 0.32);
  CHECK(largest <= 0.7 + 1e-6);
  CHECK(largest > 0.68);
  CHECK(T::ColorJitter(0)(colours, g).to_vector() == colours.to_vector());
  CHECK(T::ColorJitter({.brightness = {1.3, 1.3}})(colours, g).to_vector() ==
        F::adjust_brightness(colours, 1.3).to_vector());
  CHECK(T::ColorJitter({.hue = {0.25, 0.25}})(colours, g).to_vector() == F::adjust_hue(colours, 0.25).to_vector());
  // Two that do not commute come in both orders.
  std::set<Bytes> seen;
  for (int i = 0; i < 40; ++i)
    seen.insert(T::ColorJitter({.brightness = {1.3, 1.3}, .contrast = {0.5, 0.5}})(colours, g).to_vector());
  CHECK(seen == std::set<Bytes>{F::adjust_contrast(F::adjust_brightness(colours, 1.3), 0.5).to_vector(),
                                F::adjust_brightness(F::adjust_contrast(colours, 0.5), 1.3).to_vector()});
  CHECK_THROWS_WITH(T::ColorJitter(-1), Contains("ColorJitter: brightness as a single number must not be negative"));
  CHECK_THROWS_WITH(T::ColorJitter({.contrast = {2, 1}}), Contains("contrast is {min, max}") && Contains("got {2, 1}"));
  CHECK_THROWS_WITH(T::ColorJitter({.hue = 0.7}), Contains("hue is {min, max} in [-0.5, 0.5]"));
  CHECK_THROWS_WITH(T::ColorJitter({.saturation = not_a_number}), Contains("ColorJitter: saturation"));
}

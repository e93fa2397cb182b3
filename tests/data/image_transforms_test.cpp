// Rotations, grey images, erased rectangles, bytes and floats. Values by torchvision 0.29 unless they are by hand.

#include <chainrule/data.hpp>
#include <limits>
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
const auto pair =
    cr::tensor<std::uint8_t>({95, 130, 194, 217, 207, 235, 15, 163, 33, 215, 217, 130, 248, 189, 16, 69, 184, 232})
        .view({2, 3, 3});
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("rotate is torchvision's on PIL images", "[data][transforms]") {
  CHECK(F::rotate(ramp, 30).to_vector() == Bytes{0, 60, 60, 160, 20, 120, 140, 240, 100, 200, 200, 0});
  CHECK(F::rotate(ramp, 30, {.fill = 7}).to_vector() == Bytes{7, 60, 60, 160, 20, 120, 140, 240, 100, 200, 200, 7});
  const auto large = F::rotate(ramp, 30, {.expand = true});
  CHECK(large.shape() == cr::Shape{5, 6});
  CHECK(large.to_vector() == Bytes{0,   0,   0, 80, 0,   0,   0,   0, 60, 60, 160, 0,   0, 20, 120,
                                   140, 240, 0, 0,  100, 200, 200, 0, 0,  0,  0,   180, 0, 0,  0});
  const auto smooth = F::rotate(ramp, -100, {.interpolation = "bilinear", .expand = true, .fill = 9});
  CHECK(smooth.shape() == cr::Shape{5, 4});
  CHECK(smooth.to_vector() == Bytes{9, 167, 9, 9, 9, 165, 83, 25, 215, 171, 88, 44, 234, 176, 94, 9, 9, 9, 92, 9});
  CHECK(F::rotate(ramp, 45, {.center = {{0, 0}}}).to_vector() == Bytes{20, 100, 200, 220, 0, 180, 180, 0, 0, 0, 0, 0});
  CHECK(F::rotate(ramp, 45, {.interpolation = "bilinear", .expand = true, .center = {{1, 3}}}).to_vector() ==
        Bytes{0,  0,   0,   0, 0, 0, 0, 67,  138, 0, 0, 0, 39, 109, 180, 239, 0, 0,
              81, 152, 211, 0, 0, 0, 0, 182, 0,   0, 0, 0, 0,  0,   0,   0,   0, 0});
}

TEST_CASE("quarter turns are exact, nearest and bilinear", "[data][transforms]") {
  for (const char* interpolation : {"nearest", "bilinear"}) {
    const T::RotateOptions plain{.interpolation = interpolation},
        expand{.interpolation = interpolation, .expand = true};
    CHECK(F::rotate(ramp, 0, plain).to_vector() == ramp.to_vector());
    CHECK(F::rotate(ramp, 360, plain).to_vector() == ramp.to_vector());
    CHECK(F::rotate(ramp, 180, plain).to_vector() == ramp.flip({0, 1}).to_vector());
    for (double turns : {0.0, 360.0, -720.0}) {
      const auto left = F::rotate(ramp, 90 + turns, expand), right = F::rotate(ramp, 270 + turns, expand);
      CHECK(left.shape() == cr::Shape{4, 3});
      CHECK(left.to_vector() == ramp.t().flip(0).to_vector());
      CHECK(right.to_vector() == ramp.t().flip(1).to_vector());
    }
    CHECK(F::rotate(cr::tensor({{1, 2}, {3, 4}}), 90, plain).to_vector() == Floats{2, 4, 1, 3});
  }
  CHECK(F::rotate(ramp, 90).to_vector() == Bytes{80, 160, 240, 0, 60, 140, 220, 0, 40, 120, 200, 0});
}

TEST_CASE("every layout of an image is rotated alike", "[data][transforms]") {
  cr::Generator g(8);
  const auto image = cr::randint<std::uint8_t>(256, {9, 6, 3}, {.generator = &g});  // (H, W, C)
  const auto planar = image.permute({2, 0, 1}).contiguous().permute({1, 2, 0});
  const auto floats = image.permute({2, 0, 1}).to<float>();
  for (const T::RotateOptions& options : {T::RotateOptions{.expand = true, .fill = {1, 2, 3}},
                                          T::RotateOptions{.interpolation = "bilinear", .fill = 200}}) {
    const auto wanted = F::rotate(image, 33, options);
    CHECK(F::rotate(planar, 33, options).to_vector() == wanted.to_vector());
    const auto rotated = F::rotate(floats, 33, options);
    CHECK(rotated.permute({1, 2, 0}).to<std::uint8_t>().to_vector() == wanted.to_vector());
    const auto batch = F::rotate(cr::stack({floats, floats * 0}, 0), 33, options);
    CHECK(batch[0].to_vector() == rotated.to_vector());
    CHECK(F::rotate(image.select(2, 1), 33).to_vector() == F::rotate(image, 33).select(2, 1).to_vector());
  }
}

TEST_CASE("RandomRotation draws its angle from the whole range", "[data][transforms]") {
  cr::Generator g(1), h(1);
  const T::RandomRotation turn({90, 90}), small(20, {.interpolation = "bilinear"});
  CHECK(turn(ramp.slice(1, 0, 3), g).to_vector() == F::rotate(ramp.slice(1, 0, 3), 90).to_vector());
  // One bright pixel on the right of the middle tells the angle by its row: up to 20 degrees up or down.
  auto dot = cr::zeros({41, 41});
  dot.index_put_({20, 40}, 1);
  int up = 0, down = 0;
  for (int i = 0; i < 200; ++i) {
    const auto y = small(dot, g);
    const auto rows = y.sum(1).argmax(0).item();
    CHECK(rows >= 20 - 8);
    CHECK(rows <= 20 + 8);
    up += rows<20, down += rows> 20;
  }
  CHECK(up > 60);
  CHECK(down > 60);
  (void)turn(ramp, h);
  CHECK(small(dot, h).to_vector() != small(dot, h).to_vector());
  CHECK_THROWS_WITH(T::RandomRotation(-3), Contains("must not be negative, got -3") && Contains("{min, max}"));
  CHECK_THROWS_WITH(T::RandomRotation(not_a_number), Contains("must be finite"));
  CHECK_THROWS_WITH(T::RandomRotation({0, inf}), Contains("must be finite"));
  CHECK_THROWS_WITH(T::RandomRotation(3, {.interpolation = "cubic"}), Contains("got \"cubic\""));
  CHECK_THROWS_WITH(F::rotate(ramp, inf), Contains("rotate: the angle must be finite, got inf"));
  CHECK_THROWS_WITH(F::rotate(ramp, 3, {.center = {{not_a_number, 0}}}), Contains("rotate: the center (x, y)"));
  CHECK_THROWS_WITH(F::rotate(ramp, 3, {.fill = 999}), Contains("rotate: 999 is no value of uint8"));
  CHECK_THROWS_WITH(F::rotate(ramp, 3, {.fill = {1, 2}}), Contains("rotate: fill has 2 values, the image 1 channels"));
}

TEST_CASE("grey images are PIL's for bytes and torchvision's for floats", "[data][transforms]") {
  const Bytes grey{127, 213, 104, 206, 187, 155};
  CHECK(F::to_grayscale(pair).shape() == cr::Shape{2, 3, 1});
  CHECK(F::to_grayscale(pair).to_vector() == grey);
  CHECK(F::to_grayscale(pair.permute({2, 0, 1}).contiguous().permute({1, 2, 0})).to_vector() == grey);
  const auto three = T::Grayscale(3)(pair);
  CHECK(three.shape() == cr::Shape{2, 3, 3});
  for (int c = 0; c < 3; ++c) CHECK(three.select(2, c).to_vector() == grey);
  const auto floats = F::rgb_to_grayscale(F::to_tensor(pair));
  CHECK(floats.shape() == cr::Shape{1, 2, 3});
  const Floats wanted{0.49733925f, 0.83592278f, 0.40755495f, 0.80965686f, 0.73291844f, 0.60815728f};
  for (std::size_t i = 0; i < 6; ++i) CHECK(floats.data()[i] == Approx(wanted[i]).margin(1e-6));
  const auto batch = F::to_grayscale(cr::stack({F::to_tensor(pair), F::to_tensor(pair) * 0}, 0), 3);
  CHECK(batch.shape() == cr::Shape{2, 3, 2, 3});
  CHECK(batch[0][2].to_vector() == floats[0].to_vector());
  CHECK(batch[1].to_vector() == Floats(18, 0));
  CHECK(F::to_grayscale(ramp).to_vector() == ramp.to_vector());  // is grey
  CHECK(F::to_grayscale(ramp).shape() == cr::Shape{3, 4});
  CHECK(F::to_grayscale(ramp, 3).shape() == cr::Shape{3, 4, 3});
  CHECK(F::to_grayscale(cr::ones({4, 5}), 3).shape() == cr::Shape{3, 4, 5});
  cr::Generator g(2);
  int changed = 0;
  for (int i = 0; i < 1000; ++i) changed += T::RandomGrayscale()(pair, g).at({0, 0, 0}) == 127;
  CHECK(std::abs(changed - 100) < 50);
  CHECK(T::RandomGrayscale(1)(pair, g).shape() == pair.shape());
  CHECK(T::RandomGrayscale(1)(ramp, g).shape() == ramp.shape());
  CHECK_THROWS_WITH(F::to_grayscale(pair, 2), Contains("num_output_channels is 1 or 3, got 2"));
  CHECK_THROWS_WITH(T::Grayscale()(cr::zeros({2, 5, 5})),
                    Contains("Grayscale: expects an image of 3 channels, or of 1"));
  CHECK_THROWS_WITH(T::RandomGrayscale(2), Contains("RandomGrayscale: the probability"));
}

TEST_CASE("erase writes into a copy", "[data][transforms]") {
  const auto x = cr::ones({2, 3, 4});
  const auto y = F::erase(x, 1, 2, 2, 1, {5, 6});
  CHECK(x.to_vector() == Floats(24, 1));
  CHECK(y.sum().item() == 24 + 2 * 4 + 2 * 5);
  CHECK(y.at({0, 1, 2}) == 5);
  CHECK(y.at({1, 2, 2}) == 6);
  CHECK(F::erase(cr::ones({1, 2, 3}), 0, 1, 1, 2, 0).to_vector() == Floats{1, 0, 0, 1, 1, 1});
  CHECK(F::erase(cr::ones({2, 3}), 0, 0, 2, 3, 4).to_vector() == Floats(6, 4));
  CHECK(F::erase(cr::zeros({1, 2, 2}), 0, 0, 1, 2, cr::tensor({{{3, 4}}})).to_vector() == Floats{3, 4, 0, 0});
  CHECK(F::erase(cr::zeros({5, 2, 3, 3}), 0, 0, 1, 1, 7).sum().item() == 70);
  CHECK_THROWS_WITH(F::erase(x, 2, 0, 2, 1, 0),
                    Contains("erase: a rectangle of 2 x 1 pixels at row 2, column 0 does not "
                             "lie in an image of 3 x 4"));
  CHECK_THROWS_WITH(F::erase(x, -1, 0, 2, 1, 0), Contains("does not lie in"));
  CHECK_THROWS_WITH(F::erase(x, 0, 1, 1, std::numeric_limits<std::int64_t>::max(), 0), Contains("does not lie in"));
  CHECK_THROWS_WITH(F::erase(x, 0, 0, 1, 1, {1, 2, 3}), Contains("erase: fill has 3 values, the image 2 channels"));
}

TEST_CASE("RandomErasing erases areas of the sizes asked for", "[data][transforms]") {
  const auto x = cr::ones({3, 32, 32});
  cr::Generator g(4);
  const T::RandomErasing half, random(1, {0.1, 0.2}, {0.5, 2}, "random"), coloured(1, {0.1, 0.2}, {1, 1}, {1, 2, 3});
  int erased = 0;
  for (int i = 0; i < 400; ++i) {
    const auto y = half(x, g);
    const double part = 1 - y.mean().item<double>();
    erased += part > 0;
    CHECK((part == 0 || (part > 0.015 && part < 0.36)));
    const auto z = coloured(x, g);
    CHECK(z[0].to_vector() == x[0].to_vector());
    const double area = (z[2].sum().item<double>() - 1024) / 2;
    CHECK(area >= 100);  // 10 x 10, of 0.1 * 1024
    CHECK(area <= 196);  // 14 x 14
    CHECK(z[1].sum().item<double>() - 1024 == area);
  }
  CHECK(std::abs(erased - 200) < 50);
  const auto noise = random(x, g);
  CHECK(noise.to_vector() != x.to_vector());
  CHECK(noise.min().item() < -1);
  CHECK(T::RandomErasing(1, {1, 1}, {1, 1})(x, g).to_vector() == x.to_vector());  // the whole image never fits
  CHECK(T::RandomErasing(0)(x, g).to_vector() == x.to_vector());
  CHECK_THROWS_WITH(T::RandomErasing(1.1), Contains("RandomErasing: the probability"));
  CHECK_THROWS_WITH(T::RandomErasing(1, {0.5, 0.2}), Contains("scale is {min, max}") && Contains("got {0.5, 0.2}"));
  CHECK_THROWS_WITH(T::RandomErasing(1, {0, not_a_number}), Contains("scale is {min, max}"));
  CHECK_THROWS_WITH(T::RandomErasing(1, {0, 1}, {0, 1}), Contains("ratio is {min, max}"));
  CHECK_THROWS_WITH(T::RandomErasing(1, {0, 1}, {1, inf}), Contains("ratio is {min, max}"));
  CHECK_THROWS_WITH(T::RandomErasing(1, {0, 1}, {1, 1}, "noise"), Contains("got \"noise\""));
}

TEST_CASE("ToPILImage undoes ToTensor, and Denormalize undoes Normalize", "[data][transforms]") {
  const auto all = cr::arange(256).to<std::uint8_t>().view({8, 8, 4});
  const auto back = T::ToPILImage{}(T::ToTensor{}(all));
  CHECK(back.shape() == all.shape());
  CHECK(back.to_vector() == all.to_vector());
  const auto odd = cr::tensor(
      {{-1, 0.5, 2}, {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 0.998f}});
  CHECK(F::to_pil_image(odd).to_vector() == Bytes{0, 128, 255, 0, 255, 254});
  CHECK(F::to_pil_image(odd).shape() == cr::Shape{2, 3});
  CHECK(T::ToPILImage{}(cr::zeros({1, 2, 3})).shape() == cr::Shape{2, 3, 1});
  CHECK_THROWS_WITH(T::ToPILImage{}(cr::zeros({2, 1, 2, 3})), Contains("(C, H, W) or (H, W), got (2, 1, 2, 3)"));

  const T::Normalize normalize{{0.4914f, 0.4822f, 0.4465f, 0.5f}, {0.247f, 0.2435f, 0.2616f, 0.25f}};
  const T::Compose showing{T::ToTensor{}, normalize, normalize.inverse(), T::ToPILImage{}};
  CHECK(showing(all).to_vector() == all.to_vector());
  CHECK(T::Denormalize{{1, 2}, {3, 4}}(cr::ones({2, 1, 2})).to_vector() == Floats{4, 4, 6, 6});
  CHECK_THROWS_WITH((T::Denormalize{{1, 2}, {3, 4}}(cr::ones({3, 1, 2}))), Contains("Denormalize: 2 means and 2 stds"));
  CHECK_THROWS_WITH(F::normalize(cr::ones({3, 1, 2}), {0}, {0}), Contains("Normalize: std must not be 0"));
}

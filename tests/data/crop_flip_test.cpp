// Crops, pads and flips of images of every layout, and the randomness of those that draw.

#include <chainrule/data.hpp>
#include <limits>
#include <algorithm>
#include <set>
#include "support/catch.hpp"

namespace cr = chainrule;
namespace data = chainrule::data;
namespace T = chainrule::transforms;
namespace F = chainrule::transforms::functional;
using chainrule_test::Contains;
using cr::Tensor;
using Bytes = Tensor<std::uint8_t>;

namespace {

/// The same pictures, 5 rows by 7 columns, in every layout that a transform takes.
const Bytes interleaved = cr::arange(105).to<std::uint8_t>().view({5, 7, 3});
Bytes planar() { return interleaved.permute({2, 0, 1}).contiguous().permute({1, 2, 0}); }   // strides (7, 1, 35)
Bytes cut() { return F::pad(interleaved, 1, 200).slice(0, 1, 6).slice(1, 1, 8); }           // rows with gaps
Bytes odd() { return interleaved.permute({1, 2, 0}).contiguous().permute({2, 0, 1}); }      // strides (1, 15, 5)
Tensor<> floats() { return interleaved.permute({2, 0, 1}).to<float>(); }                    // (3, 5, 7)
Tensor<> many() { return cr::stack({floats(), floats() + 200}, 0).view({2, 1, 3, 5, 7}); }  // (2, 1, 3, 5, 7)
Tensor<> columns() { return floats().permute({0, 2, 1}).contiguous().permute({0, 2, 1}); }  // strides (35, 1, 5)

/// The values of an image (H, W, C) channel by channel, as floats.
template <class X> std::vector<float> values(const Tensor<X>& x) {
  if constexpr (std::same_as<X, std::uint8_t>)
    return (x.dim() == 3 ? x.permute({2, 0, 1}) : x).template to<float>().to_vector();
  else return x.template to<float>().to_vector();
}
/// f does the same for every layout.
template <class G> void check_layouts(const G& f) {
  const auto wanted = values(f(floats()));
  CHECK(values(f(interleaved)) == wanted);
  CHECK(values(f(planar())) == wanted);
  CHECK(values(f(cut())) == wanted);
  CHECK(values(f(odd())) == wanted);
  CHECK(values(f(columns())) == wanted);
  CHECK(values(f(floats().to<double>())) == wanted);
  CHECK(values(f(many()).select(0, 0).select(0, 0)) == wanted);
  const auto grey = values(f(floats()[0]));
  CHECK(values(f(interleaved.select(2, 0).contiguous())) == grey);
  CHECK(values(f(interleaved.select(2, 0))) == grey);  // columns lie 3 bytes apart
  CHECK(f(interleaved).shape().size() == 3);
  CHECK(f(interleaved.select(2, 0)).shape().size() == 2);
  CHECK(f(many()).shape().size() == 5);
}

struct Pictures {  // 60 pictures of one class
  Bytes images = cr::randint<std::uint8_t>(256, {60, 3, 8, 8}, {.generator = &generator()});
  static cr::Generator& generator() {
    static cr::Generator g(4);
    return g;
  }
};

}  // namespace

TEST_CASE("flips agree with flip() for every layout", "[data][transforms]") {
  CHECK(F::hflip(floats()).to_vector() == floats().flip(2).to_vector());
  CHECK(F::vflip(floats()).to_vector() == floats().flip(1).to_vector());
  CHECK(F::hflip(many()).to_vector() == many().flip(4).to_vector());
  check_layouts([](const auto& x) { return F::hflip(x); });
  check_layouts([](const auto& x) { return F::vflip(x); });
  const auto wide = cr::arange(3 * 29).to<std::uint8_t>().view({3, 29});  // more than eight bytes at a time
  CHECK(F::hflip(wide).to_vector() == wide.flip(1).to_vector());
  CHECK(F::hflip(cr::tensor({{1, 2}, {3, 4}})).to_vector() == std::vector<float>{2, 1, 4, 3});
}

TEST_CASE("crop takes a part, with zeros from outside", "[data][transforms]") {
  const auto x = floats();
  CHECK(F::crop(x, 1, 2, 3, 4).to_vector() == x.slice(1, 1, 4).slice(2, 2, 6).to_vector());
  CHECK(F::crop(cr::tensor({{1, 2}, {3, 4}}), 1, 0, 1, 3).to_vector() == std::vector<float>{3, 4, 0});
  CHECK(F::crop(cr::tensor({{1, 2}, {3, 4}}), -1, -1, 4, 4).to_vector() ==
        std::vector<float>{0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0});
  CHECK(F::crop(cr::tensor({{1, 2}, {3, 4}}), 5, 5, 1, 2).to_vector() == std::vector<float>{0, 0});
  check_layouts([](const auto& y) { return F::crop(y, 1, 2, 3, 4); });
  check_layouts([](const auto& y) { return F::crop(y, -2, 4, 9, 9); });
  check_layouts([](const auto& y) { return F::crop(y, 0, 6, 5, 1); });
}

TEST_CASE("center_crop is torchvision's, odd borders and small images included", "[data][transforms]") {
  const auto x = cr::arange(35).to<float>().view({1, 5, 7});
  const auto first = [&](cr::Size2d size) { return F::center_crop(x, size).data()[0]; };  // by torchvision 0.29
  CHECK(first({2, 2}) == 16);
  CHECK(first({4, 4}) == 2);
  CHECK(first({2, 4}) == 16);
  CHECK(first({5, 7}) == 0);
  CHECK(first({3, 2}) == 9);
  CHECK(F::center_crop(x, {1, 9}).to_vector() == std::vector<float>{0, 14, 15, 16, 17, 18, 19, 20, 0});
  const auto large = F::center_crop(x, {8, 10});
  CHECK(large.shape() == cr::Shape{1, 8, 10});
  CHECK(large.at({0, 1, 1}) == 0);
  CHECK(large.at({0, 1, 2}) == 1);
  CHECK(large.at({0, 1, 7}) == 6);
  CHECK(large.at({0, 5, 7}) == 34);
  CHECK(large.at({0, 6, 7}) == 0);
  check_layouts([](const auto& y) { return T::CenterCrop({3, 4})(y); });
}

TEST_CASE("pad knows torchvision's four modes", "[data][transforms]") {
  const auto x = cr::tensor({{1, 2, 3}, {4, 5, 6}});
  using Values = std::vector<float>;
  const T::Padding sides{1, 1, 2, 0};  // by torchvision 0.29, as all of these
  CHECK(F::pad(x, sides, 9).to_vector() == Values{9, 9, 9, 9, 9, 9, 9, 1, 2, 3, 9, 9, 9, 4, 5, 6, 9, 9});
  CHECK(F::pad(x, sides, 9, "edge").to_vector() == Values{1, 1, 2, 3, 3, 3, 1, 1, 2, 3, 3, 3, 4, 4, 5, 6, 6, 6});
  CHECK(F::pad(x, sides, 9, "reflect").to_vector() == Values{5, 4, 5, 6, 5, 4, 2, 1, 2, 3, 2, 1, 5, 4, 5, 6, 5, 4});
  CHECK(F::pad(x, sides, 9, "symmetric").to_vector() == Values{1, 1, 2, 3, 3, 2, 1, 1, 2, 3, 3, 2, 4, 4, 5, 6, 6, 5});
  // More than the image has: reflected again.
  CHECK(F::pad(x, {4, 0, 0, 3}, 0, "reflect").slice(1, 0, 4).to_vector() ==
        Values{1, 2, 3, 2, 4, 5, 6, 5, 1, 2, 3, 2, 4, 5, 6, 5, 1, 2, 3, 2});
  CHECK(F::pad(x, {4, 0, 0, 3}, 0, "symmetric").slice(1, 0, 4).to_vector() ==
        Values{3, 3, 2, 1, 6, 6, 5, 4, 6, 6, 5, 4, 3, 3, 2, 1, 3, 3, 2, 1});
  CHECK(F::pad(x, {-1, 0, 1, 0}).to_vector() == Values{2, 3, 0, 5, 6, 0});
  CHECK(F::pad(cr::tensor({{7}}), 1, 0, "reflect").to_vector() == Values(9, 7));
  CHECK(F::pad(x, {2, 1}).shape() == cr::Shape{4, 7});
  for (const char* mode : {"constant", "edge", "reflect", "symmetric"}) {
    check_layouts([&](const auto& y) { return T::Pad({3, 1, 8, 2}, 77, mode)(y); });
    check_layouts([&](const auto& y) { return F::pad(y, -1, 0, mode); });
  }
  CHECK(F::pad(interleaved, {1, 0, 0, 0}, {10, 20, 30}).slice(1, 0, 1).slice(0, 0, 2).to_vector() ==
        std::vector<std::uint8_t>{10, 20, 30, 10, 20, 30});
  CHECK(F::pad(planar(), {1, 0, 0, 0}, {10, 20, 30}).slice(1, 0, 1).slice(0, 0, 2).to_vector() ==
        std::vector<std::uint8_t>{10, 20, 30, 10, 20, 30});
  CHECK(F::pad(floats(), {1, 0, 0, 0}, {0.5, 1, 2}).slice(2, 0, 1).slice(1, 0, 1).to_vector() == Values{0.5, 1, 2});
}

TEST_CASE("RandomCrop shows every position, and only those", "[data][transforms]") {
  const auto x = cr::arange(12).to<float>().view({3, 4});
  const T::RandomCrop crop({2, 2});
  cr::Generator g(1);
  std::set<float> seen;
  for (int i = 0; i < 500; ++i) {
    const auto y = crop(x, g);
    REQUIRE(y.shape() == cr::Shape{2, 2});
    CHECK(y.at({1, 1}) == y.at({0, 0}) + 5);
    seen.insert(y.at({0, 0}));
  }
  CHECK(seen == std::set<float>{0, 1, 2, 4, 5, 6});
  // With a border of 1 the image itself may lie at 9 places; every one comes up about as often.
  int counts[9] = {};
  const auto one = cr::tensor<std::uint8_t>({{9, 9, 9}, {9, 1, 9}, {9, 9, 9}});
  for (int i = 0; i < 9000; ++i) {
    const auto y = T::RandomCrop(3, 1)(one, g).to_vector();
    ++counts[std::find(y.begin(), y.end(), 1) - y.begin()];
  }
  for (int c : counts) CHECK(std::abs(c - 1000) < 150);  // 5 standard deviations
}

TEST_CASE("RandomCrop pads as it is told", "[data][transforms]") {
  cr::Generator g(2);
  const auto x = cr::tensor({{1, 2}, {3, 4}});
  CHECK_THROWS_WITH(T::RandomCrop(3)(x, g), Contains("RandomCrop: the image of 2 x 2 pixels") &&
                                                Contains("smaller than the crop of 3 x 3") &&
                                                Contains(".pad_if_needed = true"));
  for (int i = 0; i < 50; ++i) {
    const auto y = T::RandomCrop(3, 0, {.pad_if_needed = true, .fill = 7})(x, g);
    CHECK(y.shape() == cr::Shape{3, 3});
    for (float v : y.to_vector()) CHECK((v == 7 || (v >= 1 && v <= 4)));
    const auto wide = T::RandomCrop({2, 5}, {1, 0}, {.pad_if_needed = true, .padding_mode = "symmetric"})(x, g);
    CHECK(wide.shape() == cr::Shape{2, 5});
    const auto edge = T::RandomCrop({2, 2}, {0, 0, 9, 9}, {.padding_mode = "edge"})(x, g);
    for (float v : edge.to_vector()) CHECK((v >= 1 && v <= 4));
  }
  // Padded to (1 1 2 2), then by 1 at both sides: the crop of 5 out of 6 begins with either.
  const auto row = cr::tensor({{1, 2}});
  std::set<std::vector<float>> seen;
  for (int i = 0; i < 50; ++i)
    seen.insert(
        T::RandomCrop({1, 5}, {1, 0}, {.pad_if_needed = true, .padding_mode = "symmetric"})(row, g).to_vector());
  CHECK(seen == std::set<std::vector<float>>{{1, 1, 1, 2, 2}, {1, 1, 2, 2, 2}});
}

TEST_CASE("random flips flip with their probability", "[data][transforms]") {
  const auto x = cr::tensor({{1, 2}, {3, 4}});
  cr::Generator g(3);
  int across = 0, down = 0;
  for (int i = 0; i < 2000; ++i) {
    across += T::RandomHorizontalFlip(0.25)(x, g).at({0, 0}) == 2;
    down += T::RandomVerticalFlip()(x, g).at({0, 0}) == 3;
    CHECK(T::RandomHorizontalFlip(1)(x, g).at({0, 0}) == 2);
    CHECK(T::RandomVerticalFlip(0)(x, g).at({0, 0}) == 1);
  }
  CHECK(std::abs(across - 500) < 100);  // 5 standard deviations
  CHECK(std::abs(down - 1000) < 112);
  cr::manual_seed(5);
  const auto first = T::RandomCrop(1)(x).item(), second = T::RandomCrop(1)(x).item(),
             third = T::RandomCrop(1)(x).item();
  cr::manual_seed(5);
  CHECK(T::RandomCrop(1)(x).item() == first);  // without a generator: the default one
  CHECK(T::RandomCrop(1)(x).item() == second);
  CHECK(T::RandomCrop(1)(x).item() == third);
  cr::manual_seed(0);
}

TEST_CASE("a chain on bytes gives the same bits in one pass and step by step", "[data][transforms]") {
  const T::Normalize normalize{{0.4914f, 0.4822f, 0.4465f}, {0.2470f, 0.2435f, 0.2616f}};
  const T::Compose chain{T::CenterCrop({3, 4}), T::ToTensor{}, normalize, T::Pad(1)};
  for (const auto& image : {interleaved, planar(), cut(), odd()}) {
    const auto steps = F::pad(normalize(T::ToTensor{}(F::center_crop(image, {3, 4}))), 1);
    CHECK(chain(image).to_vector() == steps.to_vector());
  }
  CHECK_THROWS_WITH((T::Compose{T::Pad(1), T::ToTensor{}, T::Normalize{{0, 0}, {1, 1}}}(interleaved)),
                    Contains("Normalize: 2 means and 2 stds for images of 3 channels"));
}

TEST_CASE("augmented images are the same for 0, 1, 2 and 4 workers, and others in each epoch", "[data][transforms]") {
  const T::Compose augment{T::RandomCrop(8, 2),
                           T::RandomHorizontalFlip(),
                           T::RandomVerticalFlip(0.3),
                           T::RandomApply(T::Pad({1, 0, -1, 0}), 0.5),
                           T::ToTensor{},
                           T::Normalize{{0.5f, 0.4f, 0.3f}, {0.2f, 0.3f, 0.4f}}};
  const data::ByteImages set(Pictures{}.images, cr::arange(60), augment);
  auto epochs = [&](int workers, std::int64_t batch, std::uint64_t seed) {
    std::vector<std::vector<float>> both;
    data::DataLoader loader(set, {.batch_size = batch, .num_workers = workers, .seed = seed});
    for (int epoch = 0; epoch < 2; ++epoch) {
      both.emplace_back();
      for (auto& [x, y] : loader)
        for (float v : x.to_vector()) both.back().push_back(v);
    }
    return both;
  };
  const auto pictures = epochs(0, 16, 1);
  CHECK(pictures[0].size() == 60 * 3 * 8 * 8);
  CHECK(pictures[0] != pictures[1]);
  for (int workers : {1, 2, 4}) CHECK(epochs(workers, 16, 1) == pictures);
  CHECK(epochs(2, 7, 1) == pictures);
  CHECK(epochs(0, 16, 2) != pictures);
  // Shuffled, sample i is still the same picture.
  data::DataLoader shuffled(set, {.batch_size = 60, .shuffle = true, .num_workers = 2, .seed = 9});
  data::DataLoader again(set, {.batch_size = 10, .shuffle = true, .seed = 9});
  std::vector<float> one, two;
  for (auto& [x, y] : shuffled) one = x.to_vector();
  for (auto& [x, y] : again)
    for (float v : x.to_vector()) two.push_back(v);
  CHECK(one == two);
}

TEST_CASE("RandomApply, RandomChoice and Lambda", "[data][transforms]") {
  const auto x = cr::tensor({{1, 2}, {3, 4}});
  cr::Generator g(6);
  int flipped = 0, kinds[3] = {};
  for (int i = 0; i < 900; ++i) {
    const auto y = T::RandomApply(T::Compose(T::RandomHorizontalFlip(1), T::RandomVerticalFlip(1)), 0.3)(x, g);
    flipped += y.at({0, 0}) == 4;
    CHECK((y.at({0, 0}) == 4 || y.at({0, 0}) == 1));
    const T::RandomChoice choice(
        T::RandomHorizontalFlip(1), [](const Tensor<>& z) { return z + 8; }, T::Pad(0));
    ++kinds[static_cast<int>(choice(x, g).at({0, 0}) == 2 ? 0 : choice(x, g).at({0, 0}) == 9 ? 1 : 2)];
  }
  CHECK(std::abs(flipped - 270) < 70);
  CHECK(kinds[0] > 200);
  const T::Lambda noise([](const Tensor<>& z, cr::Generator& r) { return z + cr::rand({2, 2}, {.generator = &r}); });
  cr::Generator a(1), b(1);
  CHECK(noise(x, a).to_vector() == noise(x, b).to_vector());
  CHECK(T::Lambda([](const Tensor<>& z) { return z * 2; })(x).at({1, 1}) == 8);
}

TEST_CASE("bad arguments of crops, pads and flips are refused by name", "[data][transforms]") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max(), least = std::numeric_limits<std::int64_t>::min();
  const auto x = floats();
  cr::Generator g;
  CHECK_THROWS_WITH(F::hflip(cr::zeros({3})),
                    Contains("hflip: expects an image of shape (..., C, H, W) or (H, W), got"));
  CHECK_THROWS_WITH(F::hflip(cr::zeros<std::uint8_t>({1, 2, 3, 4})),
                    Contains("hflip: expects an image of shape (H, W) or (H, W, C), got (1, 2, 3, 4) of uint8"));
  CHECK_THROWS_WITH(F::vflip(cr::zeros({3, 0, 5})), Contains("vflip: an image of shape (3, 0, 5) has no pixels"));
  CHECK_THROWS_WITH(F::vflip(Tensor<>()), Contains("vflip: the image is not defined"));
  CHECK_THROWS_WITH(F::crop(x, 0, 0, 0, 3), Contains("crop: the result would have 0 rows"));
  CHECK_THROWS_WITH(F::crop(x, 0, 0, -2, 3), Contains("crop: the result would have -2 rows"));
  CHECK_THROWS_WITH(F::crop(x, least, most, 2, 3), Contains("crop: the result would have"));
  CHECK_THROWS_WITH(F::crop(x, 0, 0, most, most), Contains("crop: the result would have"));
  CHECK_THROWS_WITH(F::crop(x, 0, 0, 1 << 30, 1 << 30), Contains("crop: shape (3, 1073741824, 1073741824)"));
  CHECK_THROWS_WITH(F::center_crop(x, 0), Contains("center_crop: the size must be above 0, got 0"));
  CHECK_THROWS_WITH(T::CenterCrop({-1, 2})(x), Contains("CenterCrop: the size must be above 0, got (-1, 2)"));
  CHECK_THROWS_WITH(F::center_crop(x, most), Contains("center_crop: the result would have"));
  for (auto n : {most, least, std::int64_t{-3}})
    CHECK_THROWS_WITH(F::pad(x, n), Contains("pad: the result would have"));
  CHECK_THROWS_WITH(F::pad(x, 1, {1, 2}), Contains("pad: fill has 2 values, the image 3 channels"));
  CHECK_THROWS_WITH(F::pad(interleaved, 1, 256), Contains("pad: 256 is no value of uint8"));
  CHECK_THROWS_WITH(F::pad(interleaved, 1, -1), Contains("pad: -1 is no value of uint8"));
  CHECK_THROWS_WITH(F::pad(x, 1, 1e300), Contains("beyond the largest float32"));
  CHECK_THROWS_WITH(F::pad(x, 1, 0, "mirror"),
                    Contains("\"constant\", \"edge\", \"reflect\" or \"symmetric\", got \"mirror\""));
  CHECK_THROWS_WITH(T::RandomCrop(0), Contains("RandomCrop: the size must be above 0"));
  CHECK_THROWS_WITH(T::RandomCrop(most), Contains("RandomCrop: the size"));
  CHECK_THROWS_WITH(T::RandomCrop(2, -3, {.pad_if_needed = true})(x, g), Contains("takes away the whole image"));
  CHECK_THROWS_WITH(T::RandomCrop(2, least)(x, g), Contains("smaller than the crop"));
  for (double p : {-0.1, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_WITH(T::RandomHorizontalFlip(p), Contains("RandomHorizontalFlip: the probability p must lie"));
    CHECK_THROWS_WITH(T::RandomVerticalFlip(p), Contains("RandomVerticalFlip: the probability p must lie"));
    CHECK_THROWS_WITH(T::RandomApply(T::Pad(1), p), Contains("RandomApply: the probability p must lie"));
  }
  auto leaf = floats().clone();
  leaf.requires_grad_();
  CHECK_THROWS_WITH(F::hflip(leaf), Contains("transforms have no gradient") && Contains(".detach()"));
  CHECK(F::hflip(leaf.detach()).shape() == leaf.shape());
}

// pad with the modes reflect, replicate and circular. Expected numbers: PyTorch 2.15.

#include "support/catch.hpp"
#include <chainrule/api.hpp>

namespace cr = chainrule;
using chainrule_test::Contains;
using cr::tensor;
using Values = std::vector<double>;
using Double = cr::Tensor<double>;

namespace {

Double image() { return tensor<double>({{1, 2, 3}, {4, 5, 6}}, {.requires_grad = true}); }
/// pad(image) and the gradient of sum(w pad(image)) for w = 1, 2, 3, ...
void check_pad(const cr::Shape& pads, cr::PadMode mode, const Values& values, const Values& gradient) {
  INFO(mode.str() << " " << pads.str());
  const auto x = image();
  const auto y = pad(x, pads, mode);
  CHECK(y.to_vector() == values);
  const auto g = cr::autograd::grad({y}, {x}, {cr::arange<double>(1, y.numel() + 1).view(y.shape())});
  CHECK(g[0].to_vector() == gradient);
}

}  // namespace

TEST_CASE("pad mirrors, repeats the edge and wraps around", "[ops][habits]") {
  check_pad({2, 1}, "reflect", {3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5}, {3, 12, 6, 9, 30, 18});
  check_pad({1, 2, 1, 0}, "reflect", {5, 4, 5, 6, 5, 4, 2, 1, 2, 3, 2, 1, 5, 4, 5, 6, 5, 4}, {20, 27, 10, 40, 54, 20});
  check_pad({2, 1}, "replicate", {1, 1, 1, 2, 3, 3, 4, 4, 4, 5, 6, 6}, {6, 4, 11, 24, 10, 23});
  check_pad({1, 2, 1, 0}, "replicate", {1, 1, 2, 3, 3, 3, 1, 1, 2, 3, 3, 3, 4, 4, 5, 6, 6, 6},
            {18, 12, 48, 27, 15, 51});
  check_pad({2, 1}, "circular", {2, 3, 1, 2, 3, 1, 5, 6, 4, 5, 6, 4}, {9, 5, 7, 21, 17, 19});
  check_pad({1, 2, 1, 0}, "circular", {6, 4, 5, 6, 4, 5, 3, 1, 2, 3, 1, 2, 6, 4, 5, 6, 4, 5}, {19, 21, 17, 38, 42, 34});
}

TEST_CASE("negative pads cut off in every mode", "[ops][habits]") {
  check_pad({-1, 2, 1, 0}, "reflect", {5, 6, 5, 4, 2, 3, 2, 1, 5, 6, 5, 4}, {8, 12, 6, 16, 24, 12});
  check_pad({-1, 2, 1, 0}, "replicate", {2, 3, 3, 3, 2, 3, 3, 3, 5, 6, 6, 6}, {0, 6, 30, 0, 9, 33});
  check_pad({-1, 2, 1, 0}, "circular", {5, 6, 5, 6, 2, 3, 2, 3, 5, 6, 5, 6}, {0, 12, 14, 0, 24, 28});
}

TEST_CASE("pad has second derivatives in every mode, and a constant's value by position or by name", "[ops][habits]") {
  for (cr::PadMode mode :
       {cr::PadMode::constant, cr::PadMode::reflect, cr::PadMode::replicate, cr::PadMode::circular}) {
    auto f = [=](const Double& x) { return square(pad(square(x), {1, 2, 1, -1}, {.mode = mode})); };
    CHECK(cr::gradcheck(f, {image()}));
    CHECK(cr::gradgradcheck(f, {image()}));
  }
  const auto x = tensor<int>({1, 2, 3});
  CHECK(pad(x, {1, 1}, "constant", 9).to_vector() == std::vector<int>{9, 1, 2, 3, 9});
  CHECK(pad(x, {1, 1}, {.mode = "constant", .value = 8}).to_vector() == std::vector<int>{8, 1, 2, 3, 8});
  CHECK(pad(x, {2, 0}, "reflect").to_vector() == std::vector<int>{3, 2, 1, 2, 3});
}

TEST_CASE("pad refuses what a mode cannot fill", "[ops][habits]") {
  const auto x = tensor({1, 2, 3});
  constexpr auto far = std::numeric_limits<std::int64_t>::max();
  CHECK_THROWS_WITH(pad(x, {3, 0}, "reflect"),
                    Contains("reflect can add at most 2 elements on each side of a dimension of size 3, got 3 and 0"));
  CHECK_THROWS_WITH(pad(x, {0, 4}, "circular"), Contains("circular can add at most 3 elements"));
  CHECK(pad(x, {0, 3}, "circular").numel() == 6);
  CHECK_THROWS_WITH(pad(cr::zeros({0}), {1, 0}, "replicate"), Contains("replicate can add at most 0"));
  CHECK_THROWS_WITH(pad(x, {-2, -2}, "reflect"), Contains("would cut more"));
  CHECK_THROWS_WITH(pad(x, {std::numeric_limits<std::int64_t>::min(), 0}, "circular"), Contains("would cut more"));
  CHECK_THROWS_WITH(pad(x, {far, 0}, "replicate"), Contains("is too large"));
  CHECK_THROWS_WITH(pad(x, {1, 1}, "mirror"), Contains("got \"mirror\""));
  CHECK_THROWS_WITH(pad(x, {1, 1, 1, 1}, "reflect"), Contains("needs two numbers for each padded dimension"));
}

// Ops with sizes, strides, counts and shifts at the ends of their ranges: PyTorch's result, or an error before any
// memory is touched.
#include "support/catch.hpp"

#include <chainrule/chainrule.hpp>
#include <limits>

using namespace chainrule;
using chainrule_test::Contains;

namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max(),
                       int64_min = std::numeric_limits<std::int64_t>::min();

std::int64_t power(int exponent) { return std::int64_t{1} << exponent; }

template <class T> std::vector<double> values_of(const Tensor<T>& x) {
  std::vector<double> all;
  for (auto v : x.to_vector()) all.push_back(static_cast<double>(v));
  return all;
}
using Values = std::vector<double>;

}  // namespace

TEST_CASE("joined, repeated and padded tensors that are too large are refused", "[ops][sizes]") {
  const auto x = tensor({1, 2, 3});
  CHECK_THROWS_WITH(repeat(x, {int64_max}), Contains("repeat: shape"));
  CHECK_THROWS_WITH(repeat(x, {power(40), power(40)}), Contains("repeat: shape"));
  CHECK_THROWS_WITH(tile(x, {power(62)}), Contains("repeat: shape"));
  CHECK_THROWS_WITH(repeat(x, {int64_min}), Contains("must not be negative"));
  CHECK_THROWS_WITH(repeat(x, {power(42)}), Contains("TiB"));
  const auto wide = x.select(0, 0).expand({power(59)});
  const auto flat = zeros<std::uint8_t>({1}).expand({power(61)});
  CHECK_THROWS_WITH(cat({wide, wide, wide}), Contains("cat: shape"));
  CHECK_THROWS_WITH(cat({flat, flat, flat, flat}), Contains("cat: shape"));
  CHECK_THROWS_WITH(stack({wide, wide, wide}), Contains("cat: shape"));
  CHECK_THROWS_WITH(pad(x, {int64_max, int64_max}), Contains("pad: shape"));
  CHECK_THROWS_WITH(pad(x, {int64_max, int64_min}), Contains("would cut more from dimension 0"));
  CHECK_THROWS_WITH(pad(x, {int64_min, int64_min}), Contains("would cut more"));
  CHECK_THROWS_WITH(pad(x, {power(62), 1}), Contains("pad: shape"));
  CHECK_THROWS_WITH(pad(x, {power(45), 1}), Contains("pad: shape") && Contains("TiB"));
  CHECK_THROWS_WITH(pad(x, {1, 1}, {.value = 1e300}), Contains("pad: 1e+300 is beyond the largest float32"));
  CHECK_THROWS_WITH(pad(tensor<std::uint8_t>({1}), {1, 1}, {.value = -1}), Contains("pad: -1 is no value of uint8"));
  CHECK(values_of(pad(x, {-1, 1})) == Values{2, 3, 0});
}

TEST_CASE("products and one_hot of too many elements are refused", "[ops][sizes]") {
  const auto column = ones({1, 1}).expand({power(40), 1}), row = ones({1, 1}).expand({1, power(40)});
  CHECK_THROWS_WITH(matmul(column, row), Contains("matmul: shape (1099511627776, 1099511627776) is too large"));
  CHECK_THROWS_WITH(mm(ones({power(20), 1}), ones({1, 1}).expand({1, power(42)})), Contains("mm: shape"));
  const auto v = ones({1}).expand({power(40)});
  CHECK_THROWS_WITH(outer(v, v), Contains("outer: shape"));
  CHECK_THROWS_WITH(column * row, Contains("mul: shape"));
  CHECK_THROWS_WITH(bmm(ones({2, 1, 1}).expand({2, power(40), 1}), ones({2, 1, 1}).expand({2, 1, power(40)})),
                    Contains("bmm: shape"));
  const auto labels = tensor<std::int64_t>({0, 1});
  CHECK_THROWS_WITH(one_hot(labels, power(62)), Contains("one_hot: shape (2, 4611686018427387904) is too large"));
  CHECK_THROWS_WITH(one_hot(labels, power(44)), Contains("one_hot: shape"));
  CHECK_THROWS_WITH(one_hot(labels, int64_min), Contains("num_classes must be positive"));
  CHECK_THROWS_WITH(one_hot(tensor<std::int64_t>({int64_max})), Contains("there is no number of classes above it"));
}

TEST_CASE("convolutions with steps at the ends of 64 bits", "[ops][sizes]") {
  const auto x = arange<float>(9).view({1, 1, 3, 3});
  auto w = ones({1, 1, 2, 2}, {.requires_grad = true}), in = x.clone().requires_grad_();
  const auto y = conv2d(in, w, {.stride = int64_max});
  CHECK(y.shape() == Shape{1, 1, 1, 1});
  CHECK(y.item() == 8);
  y.sum().backward();
  CHECK(values_of(w.grad()) == Values{0, 1, 3, 4});
  CHECK(values_of(in.grad()) == Values{1, 1, 0, 1, 1, 0, 0, 0, 0});
  CHECK(values_of(conv2d(x, ones({1, 1, 1, 1}), {.dilation = int64_max})) == values_of(x));
  CHECK(values_of(conv2d(x, ones({1, 1, 1, 2}), {.stride = {int64_max, 1}, .dilation = {int64_max, 2}})) == Values{2});
  CHECK(values_of(conv2d(x, ones({1, 1, 1, 1}), {.stride = {1, power(62)}, .padding = {0, 1}})) == Values{0, 0, 0});
  CHECK_THROWS_WITH(conv2d(x, w, {.dilation = int64_max}), Contains("does not fit into an image of 3 x 3"));
  CHECK_THROWS_WITH(conv2d(x, w, {.dilation = power(62) + 2}), Contains("does not fit"));
  CHECK_THROWS_WITH(conv2d(x, w, {.padding = int64_max}), Contains("conv2d: the padding"));
  CHECK_THROWS_WITH(conv2d(x, w, {.stride = int64_max, .padding = int64_max}), Contains("conv2d: the padding"));
  CHECK_THROWS_WITH(conv2d(x, w, {.stride = power(30), .padding = power(30)}), Contains("conv2d: the padding"));
  CHECK_THROWS_WITH(conv2d(x, w, {.dilation = int64_max, .groups = int64_max}), Contains("groups"));
  CHECK_THROWS_WITH(conv2d(x, w, {.stride = int64_min}), Contains("stride must be positive"));
  CHECK_THROWS_WITH(conv2d_input({1, 1, power(32), power(32)}, w, ones({1, 1, 1, 1}), {.stride = int64_max}),
                    Contains("conv2d_input: shape"));
  CHECK_THROWS_WITH(conv2d_input({-1, 1, 3, 3}, w, ones({1, 1, 2, 2})),
                    Contains("conv2d_input: sizes must not be negative"));
  CHECK_THROWS_WITH(conv2d_weight(x, {power(40), 1, power(40), 1}, ones({1, 1, 1, 1})),
                    Contains("conv2d_weight: shape"));
}

TEST_CASE("pools with windows and steps at the ends of 64 bits", "[ops][sizes]") {
  const auto x = arange<float>(9).view({1, 3, 3});
  CHECK(values_of(max_pool2d(x, 2, int64_max)) == Values{4});
  CHECK(values_of(max_pool2d(x, 2, int64_max, {.ceil_mode = true})) == Values{4});
  CHECK(values_of(max_pool2d(x, 1, {.stride = 1, .dilation = int64_max})) == values_of(x));
  CHECK(values_of(avg_pool2d(x, 2, int64_max)) == Values{2});
  CHECK(values_of(max_pool2d(x, {3, 1}, {int64_max, 2})) == Values{6, 8});
  for (std::int64_t window :
       {std::int64_t{4}, power(20), int64_max}) {  // larger than the image: what is inside of it counts
    auto in = x.clone().requires_grad_();
    max_pool2d(in, window, int64_max, {.ceil_mode = true}).sum().backward();
    CHECK(values_of(in.grad()) == Values{0, 0, 0, 0, 0, 0, 0, 0, 1});
    auto mean = x.clone().requires_grad_();
    auto y = avg_pool2d(mean, window, int64_max, {.ceil_mode = true});
    CHECK(values_of(y) == Values{4});
    y.sum().backward();
    CHECK(mean.grad().sum().item() == Approx(1));
  }
  auto missed = x.clone().requires_grad_();  // the window's elements lie in the padding and far beyond the image
  auto none = max_pool2d(missed, 2, int64_max, {.padding = 1, .dilation = power(62), .ceil_mode = true});
  CHECK(values_of(none) == Values{-std::numeric_limits<double>::infinity()});
  none.sum().backward();
  CHECK(values_of(missed.grad()) == Values{0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK_THROWS_WITH(max_pool2d(x, int64_max), Contains("a window of 9223372036854775807 does not fit"));
  CHECK_THROWS_WITH(max_pool2d(x, {power(32), power(32)}), Contains("does not fit"));
  CHECK_THROWS_WITH(max_pool2d(x, 2, 1, {.dilation = int64_max}), Contains("does not fit"));
  CHECK_THROWS_WITH(max_pool2d(x, 2, 1, {.padding = int64_max}), Contains("at most half of the window"));
  CHECK_THROWS_WITH(max_pool2d(x, int64_max, 1, {.padding = int64_max / 2}), Contains("max_pool2d"));
  CHECK_THROWS_WITH(max_pool2d(x, power(20), power(20), {.padding = power(19)}),
                    Contains("has more than 2^31 elements"));
  CHECK_THROWS_WITH(avg_pool2d(x, int64_max, 1, {.padding = int64_max / 2}), Contains("avg_pool2d"));
  CHECK_THROWS_WITH(adaptive_avg_pool2d(x, int64_max), Contains("adaptive_avg_pool2d: shape"));
  CHECK_THROWS_WITH(adaptive_avg_pool2d(zeros({0, 3, 3}), power(40)), Contains("adaptive_avg_pool2d: shape"));
}

TEST_CASE("splits, shifts and diagonals at the ends of 64 bits", "[ops][sizes]") {
  const auto x = arange(5);
  CHECK(split(x, int64_max).size() == 1);
  CHECK(split(x, int64_max - 1)[0].numel() == 5);
  CHECK(chunk(x, int64_max).size() == 5);
  CHECK(chunk(arange(0), 3).size() == 3);
  CHECK_THROWS_WITH(chunk(arange(0), int64_max), Contains("chunk: 9223372036854775807 parts"));
  CHECK_THROWS_WITH(split(x, Shape{int64_max, int64_max, 7}), Contains("split: the sizes"));  // the sum wraps to 5
  CHECK(values_of(roll(x, int64_max, 0)) == Values{3, 4, 0, 1, 2});
  CHECK(values_of(roll(x, int64_min, 0)) == Values{3, 4, 0, 1, 2});
  CHECK(values_of(roll(x, -1, 0)) == Values{1, 2, 3, 4, 0});
  CHECK(values_of(roll(x, -5, 0)) == values_of(x));
  const auto m = ones({2, 2});
  CHECK(values_of(tril(m, int64_min)) == Values{0, 0, 0, 0});
  CHECK(values_of(tril(m, int64_max)) == Values{1, 1, 1, 1});
  CHECK(values_of(triu(m, int64_min)) == Values{1, 1, 1, 1});
  CHECK(values_of(triu(m, int64_max)) == Values{0, 0, 0, 0});
  for (std::int64_t d : {int64_max, int64_min, std::int64_t{2}, std::int64_t{-2}}) CHECK(diag(m, d).numel() == 0);
  CHECK(values_of(diag(m, -1)) == Values{1});
  for (std::int64_t d : {int64_max, int64_min, power(40)})
    CHECK_THROWS_WITH(diag(ones({2}), d), Contains("diag: shape"));
  CHECK(values_of(diag(tensor({5}), -1)) == Values{0, 0, 5, 0});
  CHECK_THROWS_WITH(topk(tensor({1, 2}), int64_max), Contains("topk"));
  CHECK_THROWS_WITH(x.flip(int64_min), Contains("flip"));
  CHECK_THROWS_WITH(x.cumsum(int64_min), Contains("cumsum"));
  CHECK_THROWS_WITH(gather(x, 0, tensor<std::int64_t>({int64_min})), Contains("gather"));
  CHECK_THROWS_WITH(index_select(x, 0, tensor<std::int64_t>({int64_max})), Contains("index_select"));
  CHECK_THROWS_WITH(x[tensor<std::int64_t>({int64_min})], Contains("index"));
}

TEST_CASE("a scalar has the dimensions 0 and -1 for flatten, and no other", "[ops]") {
  const Tensor<> x = tensor(2.0f);
  CHECK(x.flatten(0, -1).shape() == Shape{1});
  CHECK(x.flatten(-1, 0).shape() == Shape{1});
  CHECK_THROWS_WITH(x.flatten(0, -2), Contains("flatten: dimension -2 does not exist"));
  CHECK_THROWS_WITH(x.flatten(1, 0), Contains("flatten: dimension 1 does not exist"));
}

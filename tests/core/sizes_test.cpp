// Sizes, counts and values at the ends of their ranges: the right result, or an error before any memory is touched.
#include "support/catch.hpp"

#include <chainrule/chainrule.hpp>
#include <cmath>
#include <limits>

using namespace chainrule;
using chainrule_test::Contains;

namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max(),
                       int64_min = std::numeric_limits<std::int64_t>::min();
constexpr double infinity = std::numeric_limits<double>::infinity(),
                 nan_value = std::numeric_limits<double>::quiet_NaN();

std::int64_t power(int exponent) { return std::int64_t{1} << exponent; }

template <class T> std::vector<double> values_of(const Tensor<T>& x) {
  std::vector<double> all;
  for (auto v : x.to_vector()) all.push_back(static_cast<double>(v));
  return all;
}
using Values = std::vector<double>;

}  // namespace

TEST_CASE("sums and products of sizes stop at the ends of 64 bits", "[core][sizes]") {
  using namespace chainrule::detail;
  CHECK(add_sizes(2, 3) == 5);
  CHECK(add_sizes(int64_max, 1) == int64_max);
  CHECK(add_sizes(int64_min, -1) == int64_min);
  CHECK(multiply_sizes(power(32), power(32)) == int64_max);  // wraps to 0
  CHECK(multiply_sizes(power(33), power(31)) == int64_max);  // wraps to 0
  CHECK(multiply_sizes(-power(32), power(32)) == int64_min);
  CHECK(multiply_sizes(-1, int64_min) == int64_max);
  CHECK(multiply_sizes(-3, 4) == -12);
  CHECK(divide_up(7, 2) == 4);
  CHECK(divide_up(0, int64_max) == 0);
  CHECK(divide_up(int64_max, int64_max - 1) == 2);
  CHECK(bytes_text(1000) == "1000 B");
  CHECK(bytes_text(1536) == "1.5 KiB");
  CHECK(bytes_text(std::uint64_t{64} << 40) == "64 TiB");
}

TEST_CASE("a tensor with more bytes than 64 bits can count is refused", "[core][sizes]") {
  CHECK_THROWS_WITH(zeros({power(33), power(33)}), Contains("zeros: shape (8589934592, 8589934592) is too large"));
  CHECK_THROWS_WITH(zeros({power(33), power(33)}), Contains("sizes_test.cpp:"));
  CHECK_THROWS_WITH(zeros({power(62)}), Contains("zeros: shape (4611686018427387904,) is too large"));
  CHECK_THROWS_WITH(ones({power(32), power(32)}), Contains("ones: shape"));
  CHECK_THROWS_WITH(empty<std::uint8_t>({int64_max}), Contains("empty: shape"));
  CHECK_THROWS_WITH(full({int64_max, int64_max}, 1), Contains("full: shape"));
  CHECK_THROWS_WITH(rand({power(21), power(21), power(21)}), Contains("rand: shape"));
  CHECK_THROWS_WITH(randn({power(61)}), Contains("randn: shape"));
  CHECK_THROWS_WITH(randint(5, {power(61)}), Contains("randint: shape"));
  CHECK_THROWS_WITH(zeros({power(40), power(40), 0}),
                    Contains("is too large"));  // as PyTorch: its strides could not be written down
  CHECK_THROWS_WITH(zeros({0, int64_min}),
                    Contains("zeros: sizes must not be negative, got (0, -9223372036854775808)"));
  CHECK(zeros({power(40), 0}).numel() == 0);
}

TEST_CASE("memory that the system does not give is an error that says how much and where", "[core][sizes]") {
  CHECK_THROWS_WITH(zeros({power(44)}), Contains("zeros: shape (17592186044416,) of float32 asks for 64 TiB") &&
                                            Contains("sizes_test.cpp:"));
  CHECK_THROWS_WITH(arange(power(44)), Contains("arange: shape") && Contains("128 TiB"));
  CHECK_THROWS_WITH(eye(power(23)), Contains("eye: shape") && Contains("256 TiB"));
  CHECK_THROWS_WITH(randperm(power(44)), Contains("randperm: shape"));
  CHECK_THROWS_WITH(linspace(0, 1, power(44)), Contains("linspace: shape"));
  const auto wide = tensor({1}).expand({power(50)});
  CHECK_THROWS_AS(wide.clone(), Error);
  CHECK_THROWS_AS(wide + 1, Error);
  CHECK_THROWS_AS(wide.to_vector(), Error);
  CHECK_THROWS_AS(wide.to<std::int64_t>(), Error);
  const auto before = memory_stats();
  CHECK_THROWS_AS(zeros({power(50)}), Error);
  CHECK(memory_stats().live_bytes == before.live_bytes);
  CHECK(memory_stats().peak_bytes == before.peak_bytes);
}

TEST_CASE("views cannot be given more elements than 64 bits can count", "[core][sizes]") {
  const auto x = ones({2, 1, 1});
  CHECK_THROWS_WITH(x.expand({2, power(40), power(40)}),
                    Contains("expand: shape (2, 1099511627776, 1099511627776) is too large"));
  CHECK_THROWS_WITH(x.expand({2, power(31), power(31)}), Contains("is too large"));
  CHECK_THROWS_WITH(x.expand({2, 1, int64_min}), Contains("expand"));
  CHECK(x.expand({2, power(20), power(20)}).numel() == power(41));
  CHECK_THROWS_WITH(x.view({power(32), power(32)}), Contains("view: shape (2, 1, 1) has 2 elements"));
  CHECK_THROWS_WITH(zeros({0}).view({power(32), power(32)}),
                    Contains("view: shape (0,) has 0 elements"));  // wraps to 0
  CHECK_THROWS_WITH(x.view({-1, power(32), power(32)}), Contains("does not fit"));
  CHECK_THROWS_WITH(zeros({0}).reshape({0, power(40), power(40)}), Contains("is too large"));
  CHECK_THROWS_WITH(arange(4).unflatten(0, {power(33), power(31) + 4}), Contains("unflatten"));
  CHECK_THROWS_WITH(x.view({2, int64_min}), Contains("sizes must not be negative"));
  CHECK_THROWS_WITH(x.sum(Dims{int64_min}), Contains("does not exist"));
  CHECK_THROWS_WITH(x.unsqueeze(int64_max), Contains("does not exist"));
}

TEST_CASE("positions at the ends of 64 bits select what Python's would", "[core][sizes]") {
  const auto x = arange(5);
  CHECK_THROWS_WITH(x.narrow(0, 2, int64_max),
                    Contains("narrow: 9223372036854775807 elements from 2 on do not lie in dimension 0 of size 5"));
  CHECK_THROWS_WITH(x.narrow(0, int64_min, 1), Contains("narrow"));
  CHECK_THROWS_WITH(x.narrow(0, int64_max, int64_max), Contains("narrow"));
  CHECK_THROWS_WITH(x.select(0, int64_min), Contains("index -9223372036854775808 does not exist"));
  CHECK_THROWS_WITH(x.select(0, int64_max), Contains("does not exist"));
  CHECK(values_of(x.slice(0, int64_min, int64_max, 1)) == Values{0, 1, 2, 3, 4});
  CHECK(values_of(x.slice(0, 1, int64_max, 3)) == Values{1, 4});
  CHECK(values_of(x.slice(0, 2, int64_max, int64_max)) == Values{2});
  CHECK(values_of(x.slice(0, int64_max, int64_max, int64_max)).empty());
  CHECK(values_of(arange(6).view({3, 2}).slice(0, 1, 3, int64_max)) == Values{2, 3});
  CHECK_THROWS_WITH(x.slice(0, 0, 5, int64_min), Contains("step must be positive"));
  CHECK(values_of(x.index({Slice(int64_min, int64_max, int64_max)})) == Values{0});
  CHECK_THROWS_WITH(x.index({int64_min}), Contains("does not exist"));
  auto leaf = ones({3}, {.requires_grad = true});
  leaf.slice(0, 1, int64_max, int64_max).sum().backward();
  CHECK(values_of(leaf.grad()) == Values{0, 1, 0});
}

TEST_CASE("from_blob takes sizes, strides and addresses that can be", "[core][sizes]") {
  float data[6] = {0, 1, 2, 3, 4, 5};
  CHECK_THROWS_WITH(Tensor<>::from_blob(data, {power(32), power(32)}), Contains("from_blob: shape"));
  CHECK_THROWS_WITH(Tensor<>::from_blob(data, {-1}), Contains("from_blob: sizes must not be negative"));
  CHECK_THROWS_WITH(Tensor<>::from_blob(data, {2, 2}, {int64_max, 1}),
                    Contains("reach beyond any memory") && Contains("sizes_test.cpp:"));
  CHECK_THROWS_WITH(Tensor<>::from_blob(data, {3}, Strides{power(62)}), Contains("reach beyond any memory"));
  CHECK_THROWS_WITH(Tensor<>::from_blob(data + 5, {6}, Strides{-1}), Contains("strides must not be negative"));
  CHECK_THROWS_WITH(Tensor<>::from_blob(nullptr, {6}), Contains("the address is null"));
  CHECK(Tensor<>::from_blob(nullptr, {0}).numel() == 0);
  CHECK(values_of(Tensor<>::from_blob(data, {2, 2}, {3, 2})) == Values{0, 2, 3, 5});
}

TEST_CASE("arange is exact in int64, and refuses what it cannot hold", "[core][sizes]") {
  const std::int64_t big = power(53);
  CHECK(arange(big + 1, big + 5).to_vector() == std::vector<std::int64_t>{big + 1, big + 2, big + 3, big + 4});
  CHECK(arange(int64_max - 2, int64_max).to_vector() == std::vector<std::int64_t>{int64_max - 2, int64_max - 1});
  CHECK(arange(int64_min, int64_max, power(62)).to_vector() ==
        std::vector<std::int64_t>{int64_min, -power(62), 0, power(62)});
  CHECK(arange(int64_max, int64_min, int64_min).to_vector() == std::vector<std::int64_t>{int64_max, -1});
  CHECK(arange(5, 0, -2).to_vector() == std::vector<std::int64_t>{5, 3, 1});
  CHECK(arange(5, 5, -2).numel() == 0);
  CHECK(arange<std::uint8_t>(0, 256).to_vector().back() == 255);
  CHECK(arange<float>(0, 3).to_vector() == std::vector<float>{0, 1, 2});
  CHECK_THROWS_WITH(arange(int64_min, int64_max), Contains("too many"));
  CHECK_THROWS_WITH(arange(0, 5, -1), Contains("arange: cannot get from 0 to 5 in steps of -1"));
  CHECK_THROWS_WITH(arange(0, 5, 0), Contains("in steps of 0"));
  CHECK_THROWS_WITH(arange(std::numeric_limits<std::uint64_t>::max()),
                    Contains("18446744073709551615 is no value of int64"));
  CHECK_THROWS_WITH(arange<std::uint8_t>(0, 300),
                    Contains("arange: 299 is no value of uint8, which holds integers from 0 to 255"));
  CHECK_THROWS_WITH(arange<std::uint8_t>(5, -5, -1), Contains("-4 is no value of uint8"));
  CHECK_THROWS_WITH(arange<std::int32_t>(0., 4e9, 1e9), Contains("3000000000 is no value of int32"));
  CHECK_THROWS_WITH(arange(0., infinity), Contains("must be finite, got 0, inf and 1"));
  CHECK_THROWS_WITH(arange<std::int64_t>(0, infinity, 2), Contains("must be finite, got 0, inf and 2"));
  CHECK_THROWS_WITH(arange(0., nan_value), Contains("got 0, nan and 1"));
  CHECK_THROWS_WITH(arange(0., 1., nan_value), Contains("nan"));
  CHECK_THROWS_WITH(arange(0., 1., 1e-30), Contains("1e+30 elements: too many"));
}

TEST_CASE("linspace, eye and the random fills refuse what they cannot hold", "[core][sizes]") {
  CHECK_THROWS_WITH(linspace(0, infinity, 3), Contains("linspace: start and end must be finite, got 0 and inf"));
  CHECK_THROWS_WITH(linspace(nan_value, 1, 3), Contains("got nan and 1"));
  CHECK_THROWS_WITH(linspace(0, 1, int64_min), Contains("steps must not be negative"));
  CHECK_THROWS_WITH(linspace<float>(0, 1e300, 3), Contains("1e+300 is beyond the largest float32"));
  CHECK(values_of(linspace<double>(-1.5e308, 1.5e308, 3)) == Values{-1.5e308, 0, 1.5e308});
  CHECK_THROWS_WITH(eye(2, -3), Contains("eye: sizes must not be negative, got (2, -3)"));
  CHECK_THROWS_WITH(eye(2, -1), Contains("eye: sizes must not be negative"));
  CHECK(eye(2, 0).shape() == Shape{2, 0});
  CHECK_THROWS_WITH(randint<std::uint8_t>(0, 1000, {4}), Contains("randint: 999 is no value of uint8"));
  CHECK_THROWS_WITH(randint<std::uint8_t>(-1, 10, {4}), Contains("randint: -1 is no value of uint8"));
  CHECK_THROWS_WITH(randint<std::int32_t>(0, power(40), {4}), Contains("is no value of int32"));
  CHECK_THROWS_WITH(randint<bool>(0, 5, {4}), Contains("a bool is 0 or 1"));
  for (auto v : randint(int64_max - 2, int64_max, {64}).to_vector()) CHECK(v >= int64_max - 2);
  bool low = false, high = false;
  for (auto v : randint(int64_min, int64_max, {64}).to_vector()) low = low || v < 0, high = high || v > 0;
  CHECK((low && high));
  CHECK_THROWS_WITH(randperm(-1), Contains("randperm: n must not be negative"));
  CHECK(randperm(0).numel() == 0);
  auto x = zeros({3});
  CHECK_THROWS_WITH(x.uniform_(0, infinity), Contains("uniform_: 0 to inf is too wide for float32"));
  CHECK_THROWS_WITH(x.uniform_(-3e38, 3e38), Contains("is too wide for float32"));
  CHECK_THROWS_WITH(x.uniform_(nan_value, 1), Contains("needs low <= high"));
}

TEST_CASE("values that an element type cannot hold are refused", "[core][sizes]") {
  CHECK_THROWS_WITH(
      full<std::uint8_t>({2}, 300),
      Contains("full: 300 is no value of uint8, which holds integers from 0 to 255") && Contains("sizes_test.cpp:"));
  CHECK_THROWS_WITH(full<std::uint8_t>({2}, -1), Contains("full: -1 is no value of uint8"));
  CHECK_THROWS_WITH(full<std::int64_t>({2}, nan_value), Contains("full: nan is no value of int64"));
  CHECK_THROWS_WITH(full<std::int64_t>({2}, 0x1p63), Contains("is no value of int64"));
  CHECK_THROWS_WITH(full({2}, 1e300), Contains("full: 1e+300 is beyond the largest float32; use double"));
  CHECK_THROWS_WITH(zeros<std::int32_t>({2}).fill_(power(31)), Contains("fill_: 2147483648 is no value of int32"));
  CHECK_THROWS_WITH(zeros<std::uint8_t>({2}).fill_(300), Contains("fill_: 300 is no value of uint8"));
  auto bytes = zeros<std::uint8_t>({2});
  CHECK_THROWS_WITH(bytes[0] = 256, Contains("256 is no value of uint8"));
  CHECK_THROWS_WITH(tensor<std::uint8_t>({1, 300}),
                    Contains("tensor: 300 is no value of uint8") && Contains("sizes_test.cpp:"));
  CHECK_THROWS_WITH(tensor<std::int64_t>({{1.5, infinity}}), Contains("tensor: inf is no value of int64"));
  CHECK(values_of(bytes) == Values{0, 0});
  bytes[1] = 255;
  CHECK(values_of(bytes) == Values{0, 255});
  CHECK(values_of(full({1}, infinity)) == Values{infinity});
  CHECK(std::isnan(full({1}, nan_value).item()));
  CHECK(values_of(full<std::int64_t>({1}, 1.5)) == Values{1});  // cut off, as in PyTorch
  CHECK(values_of(full<std::int64_t>({1}, -0x1p63)) == Values{-0x1p63});
  CHECK(values_of(full<bool>({1}, 2)) == Values{1});
  CHECK(values_of(full<float>({1}, int64_max)) == Values{0x1p63});
}

// max_pool2d_with_indices and adaptive_avg_pool2d with a size left open. Expected numbers: PyTorch 2.15.

#include "support/catch.hpp"
#include <chainrule/api.hpp>

namespace cr = chainrule;
using cr::Shape;
using Values = std::vector<double>;
using Ints = std::vector<std::int64_t>;
using Image = cr::Tensor<double>;

namespace {

Image image() { return (cr::arange<double>(1, 21) * 7).remainder(11).view({1, 1, 4, 5}); }

}  // namespace

TEST_CASE("max_pool2d_with_indices tells where each value stood", "[ops][habits]") {
  const auto x = image();
  auto [values, indices] = max_pool2d_with_indices(x, 2);
  CHECK(values.to_vector() == Values{9, 10, 9, 10});
  CHECK(indices.to_vector() == Ints{5, 2, 16, 13});
  CHECK(max_pool2d_with_indices(x, 3, {.stride = 2, .padding = 1}).indices.to_vector() == Ints{5, 2, 8, 5, 13, 13});
  CHECK(max_pool2d_with_indices(x, 2, {.stride = 1, .dilation = 2}).indices.to_vector() == Ints{2, 13, 2, 5, 16, 19});
  const auto uneven = max_pool2d_with_indices(x, {3, 2}, {.stride = {{1, 2}}, .padding = {1, 0}, .ceil_mode = true});
  CHECK(uneven.values.to_vector() == Values{9, 10, 4, 9, 10, 6, 9, 10, 8, 9, 10, 8});
  CHECK(uneven.indices.to_vector() == Ints{5, 2, 9, 5, 2, 14, 5, 13, 19, 16, 13, 19});
  CHECK(max_pool2d_with_indices(cr::zeros({2, 20, 20}), 17).indices.to_vector() ==
        Ints{0, 0});  // places of more than a byte
  CHECK(max_pool2d_with_indices(cr::zeros({0, 1, 4, 4}), 2).indices.shape() == Shape{0, 1, 2, 2});
}

TEST_CASE("the values of max_pool2d_with_indices have the gradient of max_pool2d", "[ops][habits]") {
  const auto x = image().requires_grad_(), y = image().requires_grad_();
  max_pool2d_with_indices(x, 3, {.stride = 2, .padding = 1}).values.square().sum().backward();
  max_pool2d(y, 3, {.stride = 2, .padding = 1}).square().sum().backward();
  CHECK(equal(x.grad(), y.grad()));
}

TEST_CASE("adaptive_avg_pool2d keeps a size that is left open", "[ops][habits]") {
  const auto x = image();
  const auto rows = adaptive_avg_pool2d(x, {std::nullopt, 2});
  CHECK(rows.shape() == Shape{1, 1, 4, 2});
  CHECK(allclose(rows.flatten(), cr::tensor<double>({20.0 / 3, 6, 5, 13.0 / 3, 10.0 / 3, 19.0 / 3, 16.0 / 3, 14.0 / 3}),
                 1e-14));
  CHECK(adaptive_avg_pool2d(x, {2, std::nullopt}).shape() == Shape{1, 1, 2, 5});
  CHECK(equal(adaptive_avg_pool2d(x, std::nullopt), x));
  CHECK(equal(adaptive_avg_pool2d(x, cr::Size2d(2, 3)), adaptive_avg_pool2d(x, {2, 3})));
  CHECK(cr::nn::AdaptiveAvgPool2d({std::nullopt, 7}).str() == "AdaptiveAvgPool2d(output_size=(None, 7))");
  CHECK(cr::nn::AdaptiveAvgPool2d(1).str() == "AdaptiveAvgPool2d(output_size=1)");
}

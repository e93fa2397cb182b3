// conv2d's padding by a word, and nn::Conv2d's padding modes. Expected numbers: PyTorch 2.15.

#include "support/catch.hpp"
#include <chainrule/nn/conv2d.hpp>
#include <chainrule/api.hpp>

namespace cr = chainrule;
using chainrule_test::Contains;
using cr::tensor;
using Values = std::vector<double>;
using Double = cr::Tensor<double>;

namespace {

Double image() { return tensor<double>({1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2}, {.requires_grad = true}); }
Double window() { return tensor<double>({0, 1, 2, -1, 0, 1}, {.requires_grad = true}); }

void check_conv(const cr::Conv2dFuncOptions& options, const Values& values, const Values& to_image,
                const Values& to_window) {
  const auto x = image(), w = window();
  const auto y = conv2d(x.view({1, 1, 3, 4}), w.view({1, 1, 2, 3}), options);
  CHECK(y.to_vector() == values);
  const auto g = cr::autograd::grad({y}, {x, w}, {cr::arange<double>(1, y.numel() + 1).view(y.shape())});
  CHECK(g[0].to_vector() == to_image);
  CHECK(g[1].to_vector() == to_window);
}
Values layer(cr::nn::Conv2dOptions options) {
  options.bias = false;
  cr::nn::BasicConv2d<double> conv(1, 1, {2, 3}, options);
  cr::no_grad guard;
  conv.weight.copy_(window().view({1, 1, 2, 3}));
  return conv(image().view({1, 1, 3, 4})).to_vector();
}

}  // namespace

TEST_CASE("conv2d with padding \"same\" keeps the size, with one more on the right and below", "[ops][habits]") {
  check_conv({.padding = "same"}, {6, 10, 13, 2, 2, 2, 10, 2, 4, 2, 5, 2}, {1, 4, 7, 10, 3, 14, 17, 25, 3, 26, 29, 41},
             {95, 145, 90, 43, 63, 34});
  check_conv({.padding = "same", .dilation = {1, 2}}, {9, 13, 3, 3, 5, 9, -2, 3, 6, 4, 1, 2},
             {1, 2, 5, 8, 2, 2, 18, 22, 2, 2, 34, 38}, {63, 145, 68, 32, 63, 25});
  check_conv({.padding = "same", .dilation = {3, 1}}, {0, -3, 2, -1, 5, 8, 11, 4, 2, 5, 8, 3},
             {5, 16, 19, 22, 9, 28, 31, 34, -2, -2, -2, 3}, {79, 138, 118, 12, 15, 8});
  check_conv({.padding = "valid"}, {10, 13, 2, 10}, {0, 1, 4, 4, -1, 1, 11, 10, -3, -4, 3, 4}, {9, 19, 29, 14, 9, 19});
  auto f = [](const std::vector<Double>& in) {
    return square(conv2d(in[0].view({1, 3, 4}), in[1].view({1, 1, 2, 3}), in[2], {.padding = "same"}));
  };
  CHECK(cr::gradcheck(f, {image(), window(), tensor<double>({0.5}, {.requires_grad = true})}));
  CHECK(cr::gradgradcheck(f, {image(), window(), tensor<double>({0.5}, {.requires_grad = true})}));
}

TEST_CASE("conv2d refuses \"same\" with a stride, and other words", "[ops][habits]") {
  const auto x = cr::zeros({1, 1, 4, 4}), w = cr::zeros({1, 1, 2, 2});
  CHECK_THROWS_WITH(conv2d(x, w, {.stride = 2, .padding = "same"}),
                    Contains("conv2d: padding \"same\" needs stride 1, got stride 2"));
  CHECK_THROWS_WITH(cr::nn::Conv2d(1, 1, 3, {.stride = 2, .padding = "same"}),
                    Contains("Conv2d: padding \"same\" needs stride 1"));
  CHECK_THROWS_WITH(conv2d(x, w, {.padding = "full"}),
                    Contains("padding is a size, \"same\" or \"valid\", got \"full\""));
  CHECK_THROWS_WITH(cr::nn::Conv2d(1, 1, 3, {.padding_mode = "mirror"}), Contains("got \"mirror\""));
}

TEST_CASE("Conv2d pads with what its padding_mode says", "[nn][habits]") {
  CHECK(layer({.padding = "same"}) == Values{6, 10, 13, 2, 2, 2, 10, 2, 4, 2, 5, 2});
  CHECK(layer({.padding = {1, 2}, .padding_mode = "reflect"}) ==
        Values{-1, 2, 7, 10, 7, 2, 2, 5, 10, 13, 10, 5, 4, 2, 2, 10, 7, 2, 6, 4, 4, 7, 4, -1});
  CHECK(layer({.padding = "same", .padding_mode = "reflect"}) == Values{5, 10, 13, 10, 2, 2, 10, 7, 4, 4, 7, 4});
  CHECK(layer({.padding = "same", .padding_mode = "replicate"}) == Values{6, 10, 13, 13, -2, 2, 10, 10, 0, -1, 7, 7});
  CHECK(layer({.padding = {1, 2}, .padding_mode = "circular"}) ==
        Values{8, 2, 4, 7, 8, 2, 4, 3, 10, 13, 4, 3, 6, 0, 2, 10, 6, 0, 8, 2, 4, 7, 8, 2});
  CHECK(layer({.padding = "same", .padding_mode = "circular"}) == Values{3, 10, 13, 4, 0, 2, 10, 6, 2, 4, 7, 8});
  CHECK(cr::nn::Conv2d(1, 1, 3, 1, "same").extra_repr() == "1, 1, kernel_size=(3, 3), stride=(1, 1), padding=same");
  CHECK(cr::nn::Conv2d(1, 1, 3, {.padding = {1, 2}, .bias = false, .padding_mode = "circular"}).extra_repr() ==
        "1, 1, kernel_size=(3, 3), stride=(1, 1), padding=(1, 2), bias=False, padding_mode=circular");
}

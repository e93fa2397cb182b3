// Layers and losses with PyTorch's positional arguments. What they print shows where each argument went; losses are
// PyTorch's values.

#include <chainrule/nn.hpp>
#include <chainrule/ops.hpp>
#include "support/catch.hpp"
#include <cmath>

namespace cr = chainrule;
namespace nn = chainrule::nn;

TEST_CASE("layers by position print as PyTorch prints them", "[habits][nn]") {
  CHECK(nn::Linear(2, 3, false).str() == "Linear(in_features=2, out_features=3, bias=False)");
  CHECK(nn::Linear(2, 3, true).str() == nn::Linear(2, 3).str());
  CHECK(nn::BatchNorm1d(8, 1e-3, 0.2).str() ==
        "BatchNorm1d(8, eps=0.001, momentum=0.2, affine=True, bias=True, track_running_stats=True)");
  CHECK(nn::BatchNorm2d(8, 1e-5, std::nullopt, false, false).str() ==
        "BatchNorm2d(8, eps=1e-05, momentum=None, affine=False, bias=False, track_running_stats=False)");
  CHECK(nn::LayerNorm({4, 5}, 1e-3).str() == "LayerNorm((4, 5), eps=0.001, elementwise_affine=True, bias=True)");
  CHECK(nn::LayerNorm(5, 1e-5, true, false).str() == "LayerNorm((5,), eps=1e-05, elementwise_affine=True, bias=False)");
  CHECK(nn::LayerNorm({4, 5}).str() == "LayerNorm((4, 5), eps=1e-05, elementwise_affine=True, bias=True)");
  CHECK(nn::Dropout(0.25, true).str() == "Dropout(p=0.25, inplace=True)");
  CHECK(nn::ReLU(true).str() == "ReLU(inplace=True)");
  CHECK(nn::LeakyReLU(0.2, true).str() == "LeakyReLU(negative_slope=0.2, inplace=True)");
  CHECK(nn::ELU(0.5, {.inplace = true}).str() == "ELU(alpha=0.5, inplace=True)");
  CHECK(nn::GELU("tanh").str() == "GELU(approximate='tanh')");
  CHECK(nn::Embedding(10, 3).str() == "Embedding(10, 3)");
  CHECK(nn::Softmax(1).str() == "Softmax(dim=1)");
  CHECK(nn::Flatten(1).str() == "Flatten(start_dim=1, end_dim=-1)");
  CHECK(nn::Embedding(10, 3, 0).str() == "Embedding(10, 3, padding_idx=0)");
  CHECK(nn::Conv2d(3, 16, 3, 2, 1).str() == "Conv2d(3, 16, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))");
  CHECK(nn::Conv2d(8, 16, {3, 5}, 1, 2, {2, 1}, 4, false).str() ==
        "Conv2d(8, 16, kernel_size=(3, 5), stride=(1, 1), padding=(2, 2), dilation=(2, 1), groups=4, bias=False)");
  // A tuple by position is a stride, never options.
  CHECK(nn::Conv2d(3, 16, 3, {2, 1}).str() == "Conv2d(3, 16, kernel_size=(3, 3), stride=(2, 1))");
  CHECK(nn::Conv2d(3, 16, 3, {2, 1}, {1, 0}).str() ==
        "Conv2d(3, 16, kernel_size=(3, 3), stride=(2, 1), padding=(1, 0))");
  CHECK(nn::Conv2d(3, 16, 3, 1, "same").str() == "Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=same)");
  CHECK(nn::MaxPool2d(3, {2, 1}).str() ==
        "MaxPool2d(kernel_size=3, stride=(2, 1), padding=0, dilation=1, ceil_mode=False)");
  CHECK(nn::AvgPool2d(3, {2, 1}, 1).str() == "AvgPool2d(kernel_size=3, stride=(2, 1), padding=1)");
  const auto x = cr::ones({1, 3, 8, 8}), w = cr::ones({4, 3, 3, 3});
  CHECK(cr::conv2d(x, w, {}, 2, 1).shape() == cr::Shape{1, 4, 4, 4});
  CHECK(nn::MaxPool2d(3, 2, 1, 2).str() ==
        "MaxPool2d(kernel_size=3, stride=2, padding=1, dilation=2, ceil_mode=False)");
  CHECK(nn::AvgPool2d(3, 2, 1, true, false).options.ceil_mode);
  CHECK_FALSE(nn::AvgPool2d(3, 2, 1, true, false).options.count_include_pad);
  CHECK(nn::MaxPool2d(2, 2).str() == nn::MaxPool2d(2, {.stride = 2}).str());
}

TEST_CASE("named options go on working beside positional ones", "[habits][nn]") {
  CHECK_FALSE(nn::Linear(2, 3, {.bias = false}).bias.defined());
  CHECK(nn::ReLU({.inplace = true}).inplace);
  CHECK(nn::MSELoss({.reduction = "sum"}).options.reduction == cr::Reduction::sum);
  CHECK_FALSE(nn::BatchNorm1d(4, {.affine = false, .track_running_stats = false}).weight.defined());
  CHECK(nn::BatchNorm1d(4, {.momentum = std::nullopt, .bias = false}).weight.defined());
}

TEST_CASE("losses by position: a weight of classes, a reduction", "[habits][nn][loss]") {
  const auto scores = cr::tensor({{1, 2, 0.5}, {0, 0, 3}}), weight = cr::tensor({1, 2, 0.5});
  const auto labels = cr::tensor<std::int64_t>({1, 2});
  CHECK(nn::CrossEntropyLoss(weight)(scores, labels).item() == Approx(0.39047962).epsilon(1e-6));
  const nn::CrossEntropyLoss by_name({.weight = weight});
  CHECK(nn::CrossEntropyLoss(weight)(scores, labels).item() == by_name(scores, labels).item());
  CHECK(nn::NLLLoss(weight)(scores, labels).item() == Approx(-2.2));
  const auto a = cr::tensor({1, 2, 4}), b = cr::tensor({1, 1, 1});
  CHECK(nn::MSELoss("sum")(a, b).item() == 10);
  CHECK(nn::L1Loss("none")(a, b).to_vector() == std::vector<float>{0, 1, 3});
  CHECK(nn::SmoothL1Loss("sum", 0.5)(a, b).item() == 3.5);
  const auto p = cr::tensor({0.5, 0.5}), t = cr::tensor({1, 0});
  const auto half = cr::tensor({2, 0});
  CHECK(nn::BCELoss(half)(p, t).item() == Approx(std::log(2.0)));
  CHECK(nn::BCEWithLogitsLoss(half)(cr::zeros({2}), t).item() == Approx(std::log(2.0)));
}

TEST_CASE("a reduction that is no word of PyTorch's throws", "[habits][nn][loss]") {
  CHECK_THROWS_WITH(nn::MSELoss("summe"),
                    chainrule_test::Contains("expected \"mean\", \"sum\" or \"none\", got \"summe\""));
}

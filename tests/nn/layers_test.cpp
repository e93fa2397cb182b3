// Layers: what they print, what they hold, what they compute from hand-made weights, and what they refuse.
// Their arithmetic is tested with the ops.

#include <chainrule/api.hpp>
#include "support/catch.hpp"

using namespace chainrule;
using chainrule_test::Contains;

namespace {

template <class Named> std::vector<std::string> names(const Named& list) {
  std::vector<std::string> all;
  for (const auto& [name, value] : list) all.push_back(name);
  return all;
}
using Names = std::vector<std::string>;

Tensor<> iota(const Shape& shape) { return arange(shape.numel()).to<float>().reshape(shape); }

}  // namespace

TEST_CASE("layers print as PyTorch 2.15 prints them", "[nn][layers][print]") {
  CHECK(nn::Linear(5, 3).str() == "Linear(in_features=5, out_features=3, bias=True)");
  CHECK(nn::Conv2d(1, 32, 3).str() == "Conv2d(1, 32, kernel_size=(3, 3), stride=(1, 1))");
  CHECK(nn::Conv2d(4, 8, {3, 5}, {.stride = 2, .padding = 1, .dilation = 2, .groups = 2, .bias = false}).str() ==
        "Conv2d(4, 8, kernel_size=(3, 5), stride=(2, 2), padding=(1, 1), dilation=(2, 2), groups=2, bias=False)");
  CHECK(nn::Conv2d(3, 64, 7, 2, 3).str() == "Conv2d(3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3))");
  CHECK(nn::BatchNorm1d(4).str() ==
        "BatchNorm1d(4, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)");
  CHECK(nn::BatchNorm2d(4, {.momentum = std::nullopt, .affine = false, .track_running_stats = false}).str() ==
        "BatchNorm2d(4, eps=1e-05, momentum=None, affine=False, bias=False, track_running_stats=False)");
  CHECK(nn::LayerNorm(5).str() == "LayerNorm((5,), eps=1e-05, elementwise_affine=True, bias=True)");
  CHECK(nn::LayerNorm({3, 4}, {.elementwise_affine = false}).str() ==
        "LayerNorm((3, 4), eps=1e-05, elementwise_affine=False, bias=False)");
  CHECK(nn::Dropout(0.25).str() == "Dropout(p=0.25, inplace=False)");
  CHECK(nn::MaxPool2d(2).str() == "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)");
  CHECK(nn::MaxPool2d(3, 2, 1).str() == "MaxPool2d(kernel_size=3, stride=2, padding=1, dilation=1, ceil_mode=False)");
  CHECK(nn::MaxPool2d({3, 2}, {.stride = 2, .padding = 1}).str() ==
        "MaxPool2d(kernel_size=(3, 2), stride=2, padding=1, dilation=1, ceil_mode=False)");
  CHECK(nn::MaxPool2d({2, 2}).str() ==
        "MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=0, dilation=1, ceil_mode=False)");
  CHECK(nn::AvgPool2d({3, 2}).str() == "AvgPool2d(kernel_size=(3, 2), stride=(3, 2), padding=0)");
  CHECK(nn::AvgPool2d(2).str() == "AvgPool2d(kernel_size=2, stride=2, padding=0)");
  CHECK(nn::AvgPool2d({3, 2}, 1).str() == "AvgPool2d(kernel_size=(3, 2), stride=1, padding=0)");
  CHECK(nn::AdaptiveAvgPool2d(1).str() == "AdaptiveAvgPool2d(output_size=1)");
  CHECK(nn::AdaptiveAvgPool2d({4, 4}).str() == "AdaptiveAvgPool2d(output_size=(4, 4))");
  CHECK(nn::Flatten().str() == "Flatten(start_dim=1, end_dim=-1)");
  CHECK(nn::Unflatten(1, {2, 5}).str() == "Unflatten(dim=1, unflattened_size=(2, 5))");
  CHECK(nn::ReLU().str() == "ReLU()");
  CHECK(nn::ReLU({.inplace = true}).str() == "ReLU(inplace=True)");
  CHECK(nn::LeakyReLU(0.2).str() == "LeakyReLU(negative_slope=0.2)");
  CHECK(nn::ELU().str() == "ELU(alpha=1.0)");
  CHECK(nn::GELU().str() == "GELU(approximate='none')");
  CHECK(nn::GELU({.approximate = "tanh"}).str() == "GELU(approximate='tanh')");
  CHECK(nn::Softplus().str() == "Softplus(beta=1.0, threshold=20.0)");
  CHECK(nn::SiLU().str() == "SiLU()");
  CHECK(nn::Sigmoid().str() == "Sigmoid()");
  CHECK(nn::Tanh().str() == "Tanh()");
  CHECK(nn::Softmax(1).str() == "Softmax(dim=1)");
  CHECK(nn::LogSoftmax(-1).str() == "LogSoftmax(dim=-1)");
  CHECK(nn::Identity().str() == "Identity()");
  CHECK(nn::Embedding(10, 3).str() == "Embedding(10, 3)");
  CHECK(nn::Embedding(10, 3, {.padding_idx = -1}).str() == "Embedding(10, 3, padding_idx=9)");
  CHECK(nn::CrossEntropyLoss().str() == "CrossEntropyLoss()");
}

TEST_CASE("Linear and Conv2d compute with their weights", "[nn][layers]") {
  no_grad guard;
  nn::Linear linear(2, 2);
  linear.weight.copy_(tensor({{1, 2}, {3, 4}}));
  linear.bias.copy_(tensor({10, 20}));
  CHECK(linear(tensor({{1, 1}, {0, 2}})).to_vector() == std::vector<float>{13, 27, 14, 28});
  CHECK(linear(tensor({1, 1})).shape() == Shape{2});

  nn::Conv2d conv(1, 2, 2, {.stride = 2, .bias = false});
  conv.weight.copy_(tensor({{{{1, 0}, {0, 0}}}, {{{0, 0}, {0, 1}}}}));
  Tensor<> y = conv(iota({1, 1, 4, 4}));
  CHECK(y.shape() == Shape{1, 2, 2, 2});
  CHECK(y.to_vector() == std::vector<float>{0, 2, 8, 10, 5, 7, 13, 15});
  CHECK_FALSE(conv.bias.defined());
  CHECK(names(conv.state_dict()) == Names{"weight"});
  CHECK(nn::Conv2d(4, 6, {3, 2}, {.groups = 2}).weight.shape() == Shape{6, 2, 3, 2});
}

TEST_CASE("pooling, flattening and activations pass on what their functions compute", "[nn][layers]") {
  Tensor<> x = iota({1, 1, 4, 4}) - 8;
  CHECK(nn::MaxPool2d(2)(x).to_vector() == std::vector<float>{-3, -1, 5, 7});
  CHECK(nn::AvgPool2d(2)(x).to_vector() == std::vector<float>{-5.5, -3.5, 2.5, 4.5});
  CHECK(nn::AdaptiveAvgPool2d(1)(x).to_vector() == std::vector<float>{-0.5});
  CHECK(nn::Flatten()(x).shape() == Shape{1, 16});
  CHECK(nn::Unflatten(3, {2, -1})(x).shape() == Shape{1, 1, 4, 2, 2});
  CHECK(nn::Identity()(x).is_same(x));
  Tensor<double> v = tensor<double>({-2, 0, 3});
  CHECK(nn::ReLU()(v).to_vector() == relu(v).to_vector());
  CHECK(nn::LeakyReLU(0.5)(v).to_vector() == std::vector<double>{-1, 0, 3});
  CHECK(nn::ELU(2)(v).to_vector() == elu(v, 2).to_vector());
  CHECK(nn::GELU({.approximate = "tanh"})(v).to_vector() == gelu(v, {.approximate = "tanh"}).to_vector());
  CHECK(nn::SiLU()(v).to_vector() == silu(v).to_vector());
  CHECK(nn::Softplus(2, 4)(v).to_vector() == softplus(v, 2, 4).to_vector());
  CHECK(nn::Sigmoid()(v).to_vector() == sigmoid(v).to_vector());
  CHECK(nn::Tanh()(v).to_vector() == tanh(v).to_vector());
  CHECK(nn::Softmax(0)(v).to_vector() == softmax(v, 0).to_vector());
  CHECK(nn::LogSoftmax(-1)(v).to_vector() == log_softmax(v, 0).to_vector());
}

TEST_CASE("batch-norm keeps running statistics as PyTorch does", "[nn][layers][batch_norm]") {
  nn::BatchNorm1d bn(2);
  CHECK(names(bn.state_dict()) == Names{"weight", "bias", "running_mean", "running_var", "num_batches_tracked"});
  CHECK(names(bn.named_parameters()) == Names{"weight", "bias"});
  Tensor<> x = tensor({{1, 10}, {3, 30}});  // mean 2, 20; biased variance 1, 100; unbiased 2, 200
  Tensor<> y = bn(x);
  CHECK(y.at({0, 0}) == Approx(-1).margin(1e-4));
  CHECK(y.at({1, 1}) == Approx(1).margin(1e-4));
  CHECK(bn.running_mean.at({1}) == Approx(2));
  CHECK(bn.running_var.at({1}) == Approx(0.9 + 20));
  CHECK(bn.num_batches_tracked.item() == 1);
  bn.eval();
  CHECK(bn(x).at({0, 1}) == Approx((10 - 2) / std::sqrt(20.9)).epsilon(1e-4));
  CHECK(bn.num_batches_tracked.item() == 1);

  nn::BatchNorm1d average(2, {.momentum = std::nullopt});  // all batches count alike
  average(x);
  average(x + 2);
  CHECK(average.running_mean.at({0}) == Approx(3));
  nn::BatchNorm1d plain(2, {.affine = false, .track_running_stats = false});
  CHECK(plain.state_dict().empty());
  plain.eval();
  CHECK(plain(x).at({0, 0}) == Approx(-1).margin(1e-4));

  nn::BatchNorm1d copy = bn;
  copy.train();
  copy(x);
  CHECK(bn.num_batches_tracked.item() == 1);
  CHECK(copy.num_batches_tracked.item() == 2);

  nn::StateDict old = bn.state_dict();  // files of PyTorch before 0.4.1 have no counter
  old.pop_back();
  CHECK_NOTHROW(copy.load_state_dict(old));
}

TEST_CASE("dropout acts in training only, and repeats with its seed", "[nn][layers][dropout]") {
  Generator a(5), b(5);
  nn::Dropout drop(0.5, {.generator = &a}), same(0.5, {.generator = &b});
  Tensor<> x = ones({1000});
  const auto y = drop(x).to_vector();
  CHECK(y == same(x).to_vector());
  int zeros = 0;
  for (float v : y) {
    CHECK((v == 0 || v == 2));
    zeros += v == 0;
  }
  CHECK(zeros > 420);
  CHECK(zeros < 580);
  drop.eval();
  CHECK(drop(x).to_vector() == x.to_vector());
  CHECK_THROWS_WITH(nn::Dropout(1.5), Contains("p is a probability, from 0 to 1, got 1.5"));
}

TEST_CASE("layer-norm normalises the last dimensions", "[nn][layers]") {
  nn::LayerNorm norm({2, 2});
  Tensor<> y = norm(iota({3, 2, 2}));
  CHECK(y.sum({1, 2}).to_vector() == std::vector<float>{0, 0, 0});
  CHECK(y.at({2, 1, 1}) == Approx(1.3416).epsilon(1e-4));
  CHECK_THROWS_WITH(norm(ones({2, 3})),
                    Contains("LayerNorm: expects the last dimensions to be (2, 2), got shape (2, 3)"));
}

TEST_CASE("layers refuse wrong shapes with the likely fix", "[nn][layers][error]") {
  nn::Conv2d conv(3, 8, 3);
  CHECK_THROWS_WITH(conv(ones({2, 1, 8, 8})),
                    Contains("Conv2d: expects 3 input channels, got 1 (input (2, 1, 8, 8)); use Conv2d(1, 8, ...)"));
  CHECK_THROWS_WITH(conv(ones({2, 8, 8, 3})), Contains("permute({0, 3, 1, 2}) if the channels stand last"));
  CHECK_THROWS_WITH(conv(ones({2, 192})),
                    Contains("expects images of shape (N, 3, H, W), got shape (2, 192); unflatten"));
  CHECK_THROWS_WITH(nn::Conv2d(3, 4, 3, {.groups = 2}),
                    Contains("3 input and 4 output channels do not divide into 2 groups"));
  CHECK_THROWS_WITH(nn::Conv2d(3, 4, 3, {.stride = 0}), Contains("stride 0 and dilation 1 must be positive"));
  nn::BatchNorm2d bn(4);
  CHECK_THROWS_WITH(bn(ones({2, 3, 2, 2})),
                    Contains("BatchNorm2d: expects 4 channels, got 3 (input (2, 3, 2, 2)); use BatchNorm2d(3)"));
  CHECK_THROWS_WITH(bn(ones({2, 4})), Contains("expects shape (N, C, H, W), got (2, 4); rows take BatchNorm1d"));
  CHECK_THROWS_WITH(nn::BatchNorm1d(4)(ones({1, 4})), Contains("expects more than one value per channel in training"));
  CHECK(bn.num_batches_tracked.item() == 0);  // a refused batch does not count
  CHECK_THROWS_WITH(nn::BatchNorm1d(0), Contains("needs a positive number of channels, got 0"));
}

TEST_CASE("loss modules pass their options on to their functions", "[nn][layers][loss]") {
  Tensor<> scores = tensor({{1, 2, 0}, {0, -1, 3}});
  Tensor<std::int64_t> labels = tensor<std::int64_t>({1, 0});
  Tensor<> weight = tensor({1, 2, 3});
  CHECK(nn::CrossEntropyLoss()(scores, labels).item() == cross_entropy(scores, labels).item());
  nn::CrossEntropyLoss weighted(
      {.weight = weight, .ignore_index = 0, .reduction = Reduction::sum, .label_smoothing = 0.1});
  CHECK(weighted(scores, labels).item() ==
        cross_entropy(scores, labels,
                      {.weight = weight, .ignore_index = 0, .reduction = Reduction::sum, .label_smoothing = 0.1})
            .item());
  CHECK(weighted(scores, labels).item() != nn::CrossEntropyLoss()(scores, labels).item());
  CHECK(nn::CrossEntropyLoss()(scores, softmax(scores, 1)).item() == cross_entropy(scores, softmax(scores, 1)).item());
  CHECK(names(weighted.state_dict()) == Names{"weight"});
  CHECK(names(nn::CrossEntropyLoss().state_dict()).empty());

  Tensor<> log_p = log_softmax(scores, 1);
  CHECK(nn::NLLLoss({.weight = weight})(log_p, labels).item() == nll_loss(log_p, labels, {.weight = weight}).item());

  Tensor<> p = tensor({0.2f, 0.9f}), y = tensor({0, 1}), w = tensor({2, 3});
  CHECK(nn::BCELoss({.weight = w})(p, y).item() == binary_cross_entropy(p, y, {.weight = w}).item());
  CHECK(nn::BCEWithLogitsLoss({.pos_weight = w})(p, y).item() ==
        binary_cross_entropy_with_logits(p, y, {.pos_weight = w}).item());
  CHECK(nn::BCEWithLogitsLoss({.pos_weight = w})(p, y).item() != nn::BCEWithLogitsLoss()(p, y).item());
  CHECK(nn::MSELoss({.reduction = Reduction::sum})(p, y).item() == Approx(0.05));
  CHECK(nn::L1Loss()(p, y).item() == Approx(0.15));
  CHECK(nn::SmoothL1Loss({.beta = 0.1})(p, y).item() == Approx((0.15 + 0.05) / 2));
  CHECK_THROWS_WITH(nn::MSELoss()(p, ones({2, 1})), Contains("MSELoss: mse_loss"));
}

TEST_CASE("nn::functional is a second name for the functions", "[nn][functional]") {
  namespace F = nn::functional;
  auto x = tensor({{-1, 2}});
  CHECK(F::relu(x).to_vector() == std::vector<float>{0, 2});
  CHECK(F::cross_entropy(x, tensor<std::int64_t>({1})).item() == cross_entropy(x, tensor<std::int64_t>({1})).item());
}

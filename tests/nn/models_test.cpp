// Ready-made networks: the names PyTorch and torchvision give their tensors, their sizes, and the shapes they compute.

#include <chainrule/api.hpp>
#include <chainrule/models.hpp>
#include "support/catch.hpp"

using namespace chainrule;
using namespace chainrule::models;
using chainrule_test::Contains;

namespace {

template <class Named> std::vector<std::string> names(const Named& list) {
  std::vector<std::string> all;
  for (const auto& [name, value] : list) all.push_back(name);
  return all;
}
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("the small networks: names, sizes, shapes", "[nn][models]") {
  SimpleNet simple;
  CHECK(names(simple.state_dict()) == Names{"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"});
  CHECK(simple.num_parameters() == 101770);
  CHECK(simple(ones({2, 1, 28, 28})).shape() == Shape{2, 10});
  CHECK(SimpleNet({.hidden = 5, .activation = "tanh"})(ones({2, 784})).shape() == Shape{2, 10});
  CHECK_THROWS_WITH(SimpleNet({.activation = "swish"}), Contains("unknown name \"swish\"; known are relu, tanh"));
  CHECK_THROWS_WITH(simple(ones({2, 100})), Contains("fc1 (Linear): expects 784 input features, got 100"));

  BetterNet better;
  CHECK(better.num_parameters() == 243658);
  CHECK(names(better.state_dict())[2] == "bn1.weight");
  CHECK(names(better.state_dict())[6] == "bn1.num_batches_tracked");
  CHECK(names(better.state_dict()).back() == "out.bias");
  CHECK(better(ones({2, 784})).shape() == Shape{2, 10});

  CHECK(BlobNet().num_parameters() == 9);
  CHECK(BlobNet()(ones({5, 2})).shape() == Shape{5, 1});
  CHECK(SpiralNet().num_parameters() == 603);
  CHECK(SpiralNet()(ones({5, 2})).shape() == Shape{5, 3});
}

TEST_CASE("activations by name compute what their functions compute", "[nn][models]") {
  Tensor<> x = tensor({-1.5f, 0.5f});
  CHECK(Activation("relu")(x).to_vector() == relu(x).to_vector());
  CHECK(Activation("tanh")(x).to_vector() == tanh(x).to_vector());
  CHECK(Activation("sigmoid")(x).to_vector() == sigmoid(x).to_vector());
  CHECK(Activation("leaky_relu")(x).to_vector() == leaky_relu(x).to_vector());
  CHECK(Activation("elu")(x).to_vector() == elu(x).to_vector());
  CHECK(Activation("gelu")(x).to_vector() == gelu(x).to_vector());
  CHECK(Activation("silu")(x).to_vector() == silu(x).to_vector());
  CHECK(Activation("softplus")(x).to_vector() == softplus(x).to_vector());
  CHECK(Activation("identity")(x).is_same(x));
  CHECK(Activation("gelu").name() == "gelu");
}

TEST_CASE("the convolutional networks: names, sizes, shapes", "[nn][models]") {
  no_grad guard;
  MnistCnn mnist;
  CHECK(names(mnist.state_dict()) == Names{"conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "fc1.weight",
                                           "fc1.bias", "fc2.weight", "fc2.bias"});
  CHECK(mnist.num_parameters() == 1199882);
  CHECK(mnist(ones({2, 1, 28, 28})).shape() == Shape{2, 10});
  CHECK_THROWS_WITH(mnist(ones({2, 1, 30, 30})),
                    Contains("fc1 (Linear): expects 9216 input features, got 10816; use Linear(10816, 128)"));

  CHECK(LeNet().num_parameters() == 44426);
  CHECK(LeNet()(ones({2, 1, 28, 28})).shape() == Shape{2, 10});
  CHECK(MyConvNet().num_parameters() == 677578);
  CHECK(MyConvNet()(ones({2, 3, 32, 32})).shape() == Shape{2, 10});
  CHECK(BetterConvNet().num_parameters() == 652426);
  CHECK(BetterConvNet()(ones({2, 3, 32, 32})).shape() == Shape{2, 10});

  EnhancedCNN enhanced;
  CHECK(enhanced.num_parameters() == 22352389);
  CHECK(names(enhanced.features.named_children()).size() == 22);
  CHECK(names(enhanced.state_dict())[0] == "features.0.weight");
  CHECK(names(enhanced.features[7].as<ResidualBlock>()->state_dict())[0] == "conv1.weight");
  CHECK(enhanced.eval()(ones({1, 3, 64, 64})).shape() == Shape{1, 5});
}

TEST_CASE("ResNets have torchvision's names and sizes", "[nn][models][resnet]") {
  no_grad guard;
  ResNet net = resnet18();
  CHECK(net.num_parameters() == 11689512);
  const auto all = names(net.state_dict());
  CHECK(all.size() == 122);
  CHECK(Names(all.begin(), all.begin() + 8) == Names{"conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean",
                                                     "bn1.running_var", "bn1.num_batches_tracked",
                                                     "layer1.0.conv1.weight", "layer1.0.bn1.weight"});
  CHECK(net.state_dict().contains("layer2.0.downsample.0.weight"));
  CHECK(net.state_dict().contains("layer2.0.downsample.1.running_var"));
  CHECK_FALSE(net.state_dict().contains("layer1.0.downsample.0.weight"));
  CHECK(all.back() == "fc.bias");
  CHECK(net.eval()(ones({1, 3, 64, 64})).shape() == Shape{1, 1000});

  CHECK(resnet34().num_parameters() == 21797672);
  ResNet big = resnet50();
  CHECK(big.num_parameters() == 25557032);
  CHECK(big.state_dict().size() == 320);
  CHECK(big.state_dict().get("layer1.0.downsample.0.weight").shape() == Shape{256, 64, 1, 1});
  CHECK(big.state_dict().get("layer4.2.conv3.weight").shape() == Shape{2048, 512, 1, 1});
  CHECK(big.layer2[0].as<resnet::Bottleneck<float>>()->conv2.options.stride == Size2d(2));
  CHECK(big.eval()(ones({1, 3, 32, 32})).shape() == Shape{1, 1000});
}

TEST_CASE("a ResNet prints as torchvision's", "[nn][models][resnet][print]") {
  const std::string text = resnet18({.num_classes = 5}).str();
  CHECK(text.starts_with(R"(ResNet(
  (conv1): Conv2d(3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3), bias=False)
  (bn1): BatchNorm2d(64, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
  (relu): ReLU(inplace=True)
  (maxpool): MaxPool2d(kernel_size=3, stride=2, padding=1, dilation=1, ceil_mode=False)
  (layer1): Sequential(
    (0): BasicBlock(
      (conv1): Conv2d(64, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)
      (bn1): BatchNorm2d(64, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
      (relu): ReLU(inplace=True)
      (conv2): Conv2d(64, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)
      (bn2): BatchNorm2d(64, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    )
)"));
  CHECK_THAT(text, Contains(R"(      (downsample): Sequential(
        (0): Conv2d(64, 128, kernel_size=(1, 1), stride=(2, 2), bias=False)
        (1): BatchNorm2d(128, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
      )
)"));
  CHECK(
      text.ends_with("  (avgpool): AdaptiveAvgPool2d(output_size=(1, 1))\n  (fc): Linear(in_features=512, "
                     "out_features=5, bias=True)\n)"));
}

TEST_CASE("ResNet begins as torchvision's: He's normal for convolutions, blocks as the identity if asked",
          "[nn][models][resnet]") {
  manual_seed(1);
  ResNet net = resnet18({.num_classes = 2, .zero_init_residual = true});
  auto& block = net.layer3.get<resnet::BasicBlock<float>>(1);
  CHECK(block.bn2.weight.to_vector() == std::vector<float>(256, 0));
  CHECK(block.bn1.weight.to_vector() == std::vector<float>(256, 1));
  CHECK(block.conv1.weight.std().item() == Approx(std::sqrt(2.0 / (256 * 9))).epsilon(0.01));
  ResNet copy = net;
  CHECK_FALSE(copy.layer3.get<resnet::BasicBlock<float>>(1).conv1.weight.shares_storage(block.conv1.weight));
}

// The table of layers.

#include <chainrule/models.hpp>
#include <chainrule/train/summary.hpp>
#include "support/catch.hpp"

namespace cr = chainrule;
namespace nn = chainrule::nn;
namespace training = chainrule::training;

namespace {

struct Block : nn::Module<Block> {
  nn::Linear fc{4, 4};
  bool training = true;
  int seen_training = -1;
  cr::Tensor<> forward(cr::Tensor<> x) {
    seen_training = training;
    return fc(x) + x;
  }
};
struct Net : nn::Module<Net> {
  nn::Linear in{3, 4};
  Block block;
  nn::Linear out{4, 1000};
  cr::Tensor<> forward(cr::Tensor<> x) { return out(block(block(in(x)))); }
};

}  // namespace

TEST_CASE("summary lists every call of a module", "[train][summary]") {
  Net net;
  net.in.weight.requires_grad_(false);
  const auto s = training::summary(net, {2, 3});
  CHECK(s.str() ==
        "Layer (type)            Output shape   Parameters\n"
        "-------------------------------------------------\n"
        "Net                     (2, 1000)               -\n"
        "  in (Linear)           (2, 4)                 16\n"
        "  block (Block)         (2, 4)                  -\n"
        "    block.fc (Linear)   (2, 4)                 20\n"
        "  block (Block)         (2, 4)            (again)\n"
        "    block.fc (Linear)   (2, 4)            (again)\n"
        "  out (Linear)          (2, 1000)           5,000\n"
        "-------------------------------------------------\n"
        "Total params: 5,036\n"
        "Trainable params: 5,024\n"
        "Non-trainable params: 12\n"
        "-------------------------------------------------\n"
        "Input size (MB): 0.00\n"
        "Forward/backward pass size (MB): 0.02\n"
        "Params size (MB): 0.02\n"
        "Estimated Total Size (MB): 0.03");
  CHECK(s.input_bytes == 4 * 2 * 3);
  CHECK(s.parameters == 16 + 20 + 5000);
  CHECK(s.trainable == 4 + 20 + 5000);
  CHECK(s.parameter_bytes == 4 * s.parameters);
  CHECK(s.output_bytes == 4 * 2 * (4 + 4 + 4 + 1000));
  REQUIRE(s.rows.size() == 7);
  CHECK(s.rows[5].name == "block.fc");
  CHECK(s.rows[5].again);
  CHECK_FALSE(s.rows[3].again);
}

TEST_CASE("summary runs in evaluation mode and leaves the network as it was", "[train][summary]") {
  Net net;
  training::summary(net, {1, 3});
  CHECK(net.block.seen_training == 0);
  CHECK(net.block.training);
  CHECK(cr::is_grad_enabled());
  CHECK_FALSE(net.out.weight.grad().defined());
  CHECK_THROWS_AS(training::summary(net, {1, 5}), cr::Error);
  CHECK(net.block.training);
}

TEST_CASE("summary's figures are torchsummary's", "[train][summary]") {
  // torchsummary 1.5.1 of the same networks, whose pooling and activations are functions, for one image.
  cr::models::LeNet lenet;
  const auto small = training::summary(lenet, {1, 1, 28, 28});
  CHECK_THAT(small.str(), chainrule_test::Contains("Total params: 44,426\n"
                                                   "Trainable params: 44,426\n"
                                                   "Non-trainable params: 0\n") &&
                              chainrule_test::Contains("Input size (MB): 0.00\n"
                                                       "Forward/backward pass size (MB): 0.04\n"
                                                       "Params size (MB): 0.17\n"
                                                       "Estimated Total Size (MB): 0.21"));
  cr::models::MnistCnn cnn;
  const auto large = training::summary(cnn, {1, 1, 28, 28});
  CHECK_THAT(large.str(), chainrule_test::Contains("Total params: 1,199,882\n") &&
                              chainrule_test::Contains("Input size (MB): 0.00\n"
                                                       "Forward/backward pass size (MB): 0.52\n"
                                                       "Params size (MB): 4.58\n"
                                                       "Estimated Total Size (MB): 5.10"));
}

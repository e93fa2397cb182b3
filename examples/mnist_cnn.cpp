// Trains a small CNN on MNIST: two convolutions, max-pooling, dropout, two linear layers; Adam. The loop is in
// digits.hpp.

#include "digits.hpp"

namespace {

struct MnistCnn : cr::nn::Module<MnistCnn> {  // the members are the registration
  cr::nn::Conv2d conv1{1, 32, 3}, conv2{32, 64, 3};
  cr::nn::Dropout drop1{0.25}, drop2{0.5};
  cr::nn::Linear fc1{9216, 128}, fc2{128, 10};

  cr::Tensor<> forward(cr::Tensor<> x) {
    x = cr::relu(conv1(x));                // (N, 32, 26, 26)
    x = cr::relu(conv2(x));                // (N, 64, 24, 24)
    x = drop1(cr::max_pool2d(x, 2));       // (N, 64, 12, 12)
    x = cr::relu(fc1(cr::flatten(x, 1)));  // (N, 128)
    return fc2(drop2(x));                  // (N, 10) logits
  }
};

}  // namespace

int main(int argc, char** argv) {
  Arguments args(argc, argv, "Trains a CNN on MNIST and shows its layers, its accuracy and its confusion matrix.",
                 digit_options("3", "100"));
  return run_example([&] {
    MnistCnn net;
    train_on_digits(net, load_digits(args), args, 1e-3);
  });
}

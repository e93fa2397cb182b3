// Trains a deeper network, 784-256-128-64-10 with batch normalisation and dropout, on MNIST for 100 epochs; compare its
// curves with those of simple_net. The loop is in digits.hpp.

#include "digits.hpp"

#include <chainrule/models.hpp>

int main(int argc, char** argv) {
  auto options = digit_options("100", "64");
  options.push_back(activation_option());
  Arguments args(argc, argv, "Trains a network with three hidden layers, batch normalisation and dropout on MNIST.",
                 options);
  return run_example([&] {
    // [net]
    using cr::models::BetterNet;  // three times Linear, BatchNorm1d, activation, Dropout; then Linear
    const cr::models::BetterNetOptions settings{.activation = args.text("activation"), .dropout = 0.2};
    BetterNet net(settings);
    // [/net]
    train_with_log(net, load_digits(args), args, BetterNet(settings));
  });
}

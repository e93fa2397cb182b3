// Trains a deeper network, 784-256-128-64-10 with batch normalisation and dropout, on MNIST.

#include "digits.hpp"

#include <chainrule/models.hpp>

int main(int argc, char** argv) {
  auto options = digit_options("5", "64");
  options.push_back(activation_option());
  Arguments args(argc, argv, "Trains a network with three hidden layers, batch normalisation and dropout on MNIST.",
                 options);
  return run_example([&] {
    cr::models::BetterNet net({.activation = args.text("activation"), .dropout = 0.2});
    train_on_digits(net, load_digits(args), args, 1e-3);
  });
}

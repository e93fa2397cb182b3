// Trains a network with one hidden layer, 784-128-10, on MNIST; its activation is chosen on the command line.

#include "digits.hpp"

#include <chainrule/models.hpp>

int main(int argc, char** argv) {
  auto options = digit_options("5", "64");
  options.push_back(activation_option());
  Arguments args(argc, argv, "Trains a network with one hidden layer on MNIST.", options);
  return run_example([&] {
    cr::models::SimpleNet net({.activation = args.text("activation")});
    train_on_digits(net, load_digits(args), args, 1e-3);
  });
}

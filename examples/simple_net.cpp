// Trains a network with one hidden layer, 784-128-10, on MNIST for 100 epochs and writes down how it goes: the log of
// every epoch, curves, the confusion matrix, and whether it over-fits. The loop is in digits.hpp.

#include "digits.hpp"

#include <chainrule/models.hpp>

int main(int argc, char** argv) {
  auto options = digit_options("100", "64");
  options.push_back(activation_option());
  Arguments args(argc, argv, "Trains a network with one hidden layer on MNIST.", options);
  return run_example([&] {
    // [net]
    using cr::models::SimpleNet;  // fc2(activation(fc1(x))): 784 -> 128 -> 10
    SimpleNet net({.activation = args.text("activation")});
    // [/net]
    train_with_log(net, load_digits(args), args, SimpleNet({.activation = args.text("activation")}));
  });
}

#pragma once
// What the digit examples share: the data, one training loop, one test.

#include "arguments.hpp"

#include <chainrule/chainrule.hpp>
#include <chrono>
#include <filesystem>

namespace cr = chainrule;

using Normalised = cr::transforms::Compose<cr::transforms::ToTensor, cr::transforms::Normalize>;

/// Training and test digits, normalised to about mean 0 and standard deviation 1.
struct Digits {
  cr::data::ByteImages<Normalised> train, test;
};

/// --data: the folder that holds the four files of MNIST; "drawn" draws 20,000 training and 4,000 test digits instead.
inline Digits load_digits(const Arguments& args) {
  using namespace cr::data;
  const std::string& folder = args.text("data");
  std::error_code ignored;
  const auto has = [&](const std::string& file) {
    return std::filesystem::exists(folder + '/' + file, ignored) ||
           std::filesystem::exists(folder + '/' + file + ".gz", ignored);
  };
  for (const char* file :
       {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"})
    if (folder != "drawn" && !has(file))
      args.refuse("--data is '" + folder + "'; it takes a folder with the four files of MNIST (" + file +
                  " is not there), or drawn for drawn digits");
  const Normalised normalised{cr::transforms::ToTensor{}, cr::transforms::Normalize{{0.1307f}, {0.3081f}}};
  if (folder == "drawn") return {DrawnDigits(20000, 1, normalised), DrawnDigits(4000, 2, normalised)};
  return {MNIST(folder, Split::train, normalised), MNIST(folder, Split::test, normalised)};
}

/// The options that every digit example takes.
inline std::vector<Option> digit_options(const char* epochs, const char* batch_size) {
  return {{"epochs", epochs, "passes over the training set", Takes::number(1, 1'000'000)},
          {"batch-size", batch_size, "images a step", Takes::number(1, 1'000'000)},
          {"workers", "0", "threads that prepare batches ahead (these data sets are faster than any step)",
           Takes::number(0, 1024)},
          {"data", "data/mnist", "folder with MNIST, or 'drawn' for drawn digits"},
          {"save", "", "write the trained weights to this .safetensors file", Takes::new_file()}};
}
/// --activation of the networks that take one.
inline Option activation_option() {
  return {"activation", "relu", "the nonlinearity",
          Takes::one_of({"relu", "tanh", "sigmoid", "leaky_relu", "elu", "gelu", "silu", "softplus", "identity"})};
}

/// Accuracy on the test digits in [0, 1], with the table of what was taken for what.
template <class Net> cr::training::ConfusionMatrix test(Net& net, const Digits& digits) {
  net.eval();
  cr::no_grad guard;
  cr::training::ConfusionMatrix matrix(10);
  for (auto& [images, labels] : cr::data::DataLoader(digits.test, {.batch_size = 500})) matrix.add(net(images), labels);
  net.train();
  return matrix;
}

/// Trains with Adam, shows the layers, the progress and what came of it.
template <class Net> void train_on_digits(Net& net, const Digits& digits, const Arguments& args, double learning_rate) {
  cr::print(cr::training::summary(net, {1, 1, 28, 28}));
  cr::optim::Adam optimizer(net.parameters(), {.lr = learning_rate});
  cr::optim::ExponentialLR scheduler(optimizer, 0.5);  // half the learning rate with each epoch
  cr::data::DataLoader loader(digits.train, {.batch_size = args.integer("batch-size"),
                                             .shuffle = true,
                                             .num_workers = static_cast<int>(args.integer("workers"))});
  const auto start = std::chrono::steady_clock::now();

  for (long epoch = 1; epoch <= args.integer("epochs"); ++epoch) {
    cr::training::ProgressBar bar(loader.size(), cr::training::label("epoch", epoch));
    cr::training::ValueMeter losses;
    for (auto& [images, labels] : loader) {
      optimizer.zero_grad();
      auto loss = cr::cross_entropy(net(images), labels);
      loss.backward();
      optimizer.step();
      losses.add(loss.item());
      bar.advance({{"loss", losses.mean()}});
    }
    bar.close();
    scheduler.step();
    std::printf("epoch %ld  test accuracy %.2f %%\n", epoch, 100 * test(net, digits).accuracy());
  }

  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto matrix = test(net, digits);
  cr::print(matrix);
  std::printf("test accuracy %.2f %%, %ld epochs in %.1f s\n", 100 * matrix.accuracy(), args.integer("epochs"),
              seconds);
  if (!args.text("save").empty()) {
    cr::save(net.state_dict(), args.text("save"));
    std::printf("weights written to %s\n", args.text("save").c_str());
  }
}

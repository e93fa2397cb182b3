#pragma once
// What the digit programs share: the data behind --data, their options, and a run with a log of every epoch.

#include "training.hpp"

using Plain = cr::transforms::Compose<cr::transforms::ToTensor, cr::transforms::Normalize>;
/// What becomes of a digit: floats of about mean 0 and standard deviation 1.
inline Plain plain() { return {cr::transforms::ToTensor{}, cr::transforms::Normalize{{0.1307f}, {0.3081f}}}; }

/// Training and test digits.
template <class Train> struct Digits {
  cr::data::ByteImages<Train> train;
  cr::data::ByteImages<Plain> test;
};

/// --data: the folder that holds the four files of MNIST; "drawn" draws 20,000 training and 4,000 test digits instead.
template <class Train = Plain> Digits<Train> load_digits(const Arguments& args, const Train& for_training = plain()) {
  using namespace cr::data;
  const std::string& folder = args.text("data");
  const auto has = [&](const std::string& file) {
    return file_exists(folder + '/' + file) || file_exists(folder + '/' + file + ".gz");
  };
  for (const char* file :
       {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"})
    if (folder != "drawn" && !has(file))
      args.refuse("--data is '" + folder + "'; it takes a folder with the four files of MNIST (" + file +
                  " is not there; examples/quickstart.sh fetches them), or drawn for drawn digits");
  if (folder == "drawn") return {DrawnDigits(20000, 1, for_training), DrawnDigits(4000, 2, plain())};
  return {MNIST(folder, true, for_training), MNIST(folder, false, plain())};
}

/// The options that every digit program takes.
inline std::vector<Option> digit_options(const char* epochs, const char* batch_size) {
  return {{"epochs", epochs, "passes over the training set", Takes::number(1, 1'000'000)},
          {"batch-size", batch_size, "images a step", Takes::number(1, 1'000'000)},
          {"workers", "0", "threads that prepare batches ahead", Takes::number(0, 1024)},
          {"data", "data/mnist", "folder with MNIST, or 'drawn' for drawn digits"},
          {"out", "out", "folder for logs, pictures and weights; made if it is missing", Takes::folder_to_write()}};
}
/// --activation of the networks that take one.
inline Option activation_option() {
  return {"activation", "relu", "the nonlinearity",
          Takes::one_of({"relu", "tanh", "sigmoid", "leaky_relu", "elu", "gelu", "silu", "softplus", "identity"})};
}

// [log]
/// The first and the last ten test digits: what they are, and what the network takes them for.
inline std::string ten_and_ten(const Test& result) {
  std::string text;
  const std::size_t n = result.labels.size();
  for (std::size_t from : {std::size_t{0}, n - std::min<std::size_t>(10, n)}) {
    text += from == 0 ? "    first ten (true, predicted):" : "    last ten  (true, predicted):";
    for (std::size_t i = from; i < std::min(n, from + 10); ++i)
      text += " (" + std::to_string(result.labels[i]) + ", " + std::to_string(result.predicted[i]) + ")";
    text += '\n';
  }
  return text;
}
// [/log]

/// Trains with Adam and writes train_log.txt, history.csv, curves.svg, confusion.svg and the weights into --out.
template <class Net, class Sets> void train_with_log(Net& net, const Sets& digits, const Arguments& args, Net fresh) {
  const std::string out = args.text("out") + '/';
  const auto& classes = digits.test.classes();
  cr::print(cr::training::summary(net, {1, 1, 28, 28}));
  // [loop]
  cr::optim::Adam optimizer(net.parameters(), 1e-3);
  cr::data::DataLoader loader(digits.train, args.integer("batch-size"), true,
                              {.num_workers = static_cast<int>(args.integer("workers"))});
  History history;
  std::string log;
  const long epochs = args.integer("epochs");
  const Stopwatch clock;
  for (long epoch = 1; epoch <= epochs; ++epoch) {
    const Pass train = train_epoch(net, loader, optimizer, [](auto...) {});
    const Test result = test(net, digits.test, classes);
    const std::string line = log_epoch(history, epoch, train, result);
    log += line + '\n';
    if (epoch <= 3 || epoch % 10 == 0) log += ten_and_ten(result);
    if (epoch <= 3 || epoch % 10 == 0 || epoch == epochs) cr::print(line);
  }
  // [/loop]
  const double seconds = clock.seconds();
  const Test last = test(net, digits.test, classes);
  cr::print(last.matrix);
  cr::print(diagnosis(history));

  // [saving]
  cr::save(net.state_dict(), out + "weights.safetensors");
  fresh.load_state_dict(cr::load(out + "weights.safetensors"));
  const Test again = test(fresh, digits.test, classes);
  // [/saving]
  std::printf("test accuracy %.2f %%, %ld epochs in %.1f s; %.2f %% with the weights read back from a file\n",
              100 * last.accuracy, epochs, seconds, 100 * again.accuracy);
  cr::check(again.predicted == last.predicted, {}, "the weights read back predict other classes");

  write_text(out + "train_log.txt", log + diagnosis(history) + '\n');
  history.save_csv(out + "history.csv");
  save_curves(history, out + "curves.svg");
  plot::Figure figure({.title = "Test digits: true and predicted", .width = 560, .height = 520});
  figure.confusion_matrix(last.matrix, classes);
  figure.save(out + "confusion.svg");
  cr::print("written: train_log.txt, history.csv, curves.svg, confusion.svg, weights.safetensors in " +
            args.text("out"));
}

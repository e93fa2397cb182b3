// Trains a small CNN on MNIST: two convolutions, max-pooling, dropout, two linear layers; Adam. --augment turns each
// training digit a little, anew in every epoch. Shows the digits that it still reads wrongly.

#include "digits.hpp"

namespace {

// [net]
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
// [/net]

// [wrong]
/// The first 24 digits that were read wrongly, each with what it is and what it was taken for.
void save_wrong(const Test& result, const cr::Tensor<std::uint8_t>& images, const std::string& path) {
  std::vector<std::int64_t> rows;
  std::vector<std::string> titles;
  for (std::size_t i = 0; i < result.labels.size() && rows.size() < 24; ++i) {
    if (result.labels[i] == result.predicted[i]) continue;
    rows.push_back(static_cast<std::int64_t>(i));
    titles.push_back(std::to_string(result.labels[i]) + " read as " + std::to_string(result.predicted[i]));
  }
  if (rows.empty()) return;
  plot::Figure figure({.title = "Digits read wrongly", .width = 800, .height = 375});
  figure.images(images.index_select(0, cr::tensor(rows)), titles, {.columns = 8});
  figure.save(path);
}
// [/wrong]

// [augment]
/// What becomes of a training digit: turned by up to 10 degrees, anew in every epoch, or left as it is.
struct ForTraining {
  bool augment;
  cr::transforms::RandomRotation turn{10};
  Plain to_floats = plain();
  cr::Tensor<> operator()(const cr::Tensor<std::uint8_t>& image, cr::Generator& generator) const {
    return to_floats(augment ? turn(image, generator) : image);
  }
};
// [/augment]

void train(MnistCnn& net, const Arguments& args) {
  const auto digits = load_digits(args, ForTraining{args.on("augment")});
  const std::string out = args.text("out") + '/';
  cr::print(cr::training::summary(net, {1, 1, 28, 28}));
  // [loop]
  cr::optim::Adam optimizer(net.parameters(), 1e-3);
  cr::optim::ExponentialLR scheduler(optimizer, 0.5);  // half the learning rate with each epoch
  cr::data::DataLoader loader(digits.train, args.integer("batch-size"), true,
                              {.num_workers = static_cast<int>(args.integer("workers"))});
  History history;
  const Stopwatch clock;
  for (long epoch = 1; epoch <= args.integer("epochs"); ++epoch) {
    cr::training::ProgressBar bar(loader.size(), cr::training::label("epoch", epoch));
    const Pass train = train_epoch(net, loader, optimizer, [&](auto, double loss) { bar.advance({{"loss", loss}}); });
    bar.close();
    scheduler.step();
    cr::print(log_epoch(history, epoch, train, test(net, digits.test, digits.test.classes())));
  }
  // [/loop]
  const double seconds = clock.seconds();
  const Test last = test(net, digits.test, digits.test.classes());
  cr::print(last.matrix);
  std::printf("test accuracy %.2f %%, %ld epochs in %.1f s\n", 100 * last.accuracy, args.integer("epochs"), seconds);
  save_curves(history, out + "curves.svg");
  save_wrong(last, digits.test.images(), out + "wrong.svg");
  history.save_csv(out + "history.csv");
  cr::save(net.state_dict(), out + "mnist_cnn.safetensors");
  cr::print("written: curves.svg, wrong.svg, history.csv, mnist_cnn.safetensors in " + args.text("out"));
}

}  // namespace

int main(int argc, char** argv) {
  auto options = digit_options("3", "100");
  options.push_back({"augment", "no", "turns the training digits by up to 10 degrees", Takes::flag()});
  Arguments args(argc, argv, "Trains a CNN on MNIST and shows its layers, its accuracy and what it reads wrongly.",
                 options);
  return run_example([&] {
    MnistCnn net;
    train(net, args);
  });
}

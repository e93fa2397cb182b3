// Trains a convolutional network on CIFAR-10: --net my_conv_net (two convolutions) or better_conv_net (three blocks
// with batch normalisation, and dropout); --augment crops and flips the training images anew in every epoch.

#include "training.hpp"

#include <chainrule/models.hpp>

namespace {

// [transforms]
using namespace cr::transforms;
const ToTensor to_tensor;
const Normalize normalise{{0.4914f, 0.4822f, 0.4465f}, {0.2470f, 0.2435f, 0.2616f}};  // of the training images
const Compose plain(to_tensor, normalise);
const Compose augmented(RandomCrop(32, 4), RandomHorizontalFlip(), to_tensor, normalise);

/// What becomes of a training image: cropped and flipped anew in every epoch, or left as it is.
struct ForTraining {
  bool augment;
  cr::Tensor<> operator()(const cr::Tensor<std::uint8_t>& image, cr::Generator& generator) const {
    return augment ? augmented(image, generator) : plain(image);
  }
};
// [/transforms]

/// The first 20 test images, each with its name and, where it differs, the predicted one.
void save_predictions(const Test& result, const cr::data::CIFAR10<Compose<ToTensor, Normalize>>& set,
                      const std::string& path) {
  std::vector<std::string> titles;
  std::vector<bool> wrong;
  for (std::size_t i = 0; i < 20 && i < result.labels.size(); ++i) {
    const auto name = [&](std::int64_t c) { return set.classes()[static_cast<std::size_t>(c)]; };
    wrong.push_back(result.labels[i] != result.predicted[i]);
    titles.push_back(name(result.labels[i]) + (wrong[i] ? " (read as " + name(result.predicted[i]) + ")" : ""));
  }
  plot::Figure figure({.title = "Test images: true name, and what it was taken for", .width = 860, .height = 700});
  const auto first = set.images().slice(0, 0, static_cast<std::int64_t>(titles.size()));  // (20, 3, 32, 32)
  figure.images(first.permute({0, 2, 3, 1}), titles, {.columns = 5, .wrong = wrong});
  figure.save(path);
}

/// The training or the test images in --data.
template <class Transform> auto load(const Arguments& args, bool train, const Transform& transform) {
  try {
    return cr::data::CIFAR10(args.text("data"), train, transform);
  } catch (const cr::Error& e) {
    args.refuse("--data is '" + args.text("data") + "': " + e.message() +
                "; `sh examples/quickstart.sh cifar10` fetches CIFAR-10");
  }
}

template <class Net> void run(Net net, const Arguments& args) {
  const auto train_set = load(args, true, ForTraining{args.on("augment")});
  const auto test_set = load(args, false, plain);
  const bool better = args.text("net") == "better_conv_net", cycle = args.text("schedule") == "onecycle";
  const std::string out = args.text("out") + '/';
  cr::print(cr::training::summary(net, {128, 3, 32, 32}));
  // [loop]
  const long epochs = args.integer("epochs") > 0 ? args.integer("epochs") : better ? 20 : 10;
  cr::optim::Adam optimizer(net.parameters(), better ? 1e-3 : 1e-4, {.weight_decay = better ? 1e-4 : 0});
  cr::data::DataLoader loader(train_set, 128, true, {.num_workers = static_cast<int>(args.integer("workers"))});
  std::optional<cr::optim::OneCycleLR> schedule;
  if (cycle) schedule.emplace(optimizer, 5e-3, cr::optim::OneCycleLROptions{.total_steps = epochs * loader.size()});
  History history;
  const Stopwatch clock;
  for (long epoch = 1; epoch <= epochs; ++epoch) {
    cr::training::ProgressBar bar(loader.size(), cr::training::label("epoch", epoch));
    const Pass train = train_epoch(net, loader, optimizer, [&](auto, double loss) {
      if (schedule) schedule->step();
      bar.advance({{"loss", loss}});
    });
    bar.close();
    cr::print(log_epoch(history, epoch, train, test(net, test_set, test_set.classes())));
  }
  // [/loop]
  const double seconds = clock.seconds();
  // [report]
  const Test last = test(net, test_set, test_set.classes());
  for (std::int64_t c = 0; c < 10; ++c)
    std::printf("accuracy of %-10s %6.2f %%\n", test_set.classes()[static_cast<std::size_t>(c)].c_str(),
                100 * last.matrix.recall(c));
  std::printf("test accuracy %.2f %%, %ld epochs in %.1f s\n", 100 * last.accuracy, epochs, seconds);
  cr::print(diagnosis(history));
  save_curves(history, out + "curves.svg");
  save_predictions(last, test_set, out + "predictions.svg");
  plot::Figure figure({.title = "CIFAR-10: true and predicted", .width = 640, .height = 560});
  figure.confusion_matrix(last.matrix, test_set.classes());
  figure.save(out + "confusion.svg");
  history.save_csv(out + "history.csv");
  cr::save(net.state_dict(), out + args.text("net") + ".safetensors");
  // [/report]
  cr::print("written: curves.svg, predictions.svg, confusion.svg, history.csv, " + args.text("net") +
            ".safetensors in " + args.text("out"));
}

}  // namespace

int main(int argc, char** argv) {
  Arguments args(argc, argv, "Trains a convolutional network on CIFAR-10.",
                 {{"net", "better_conv_net", "the network", Takes::one_of({"my_conv_net", "better_conv_net"})},
                  {"augment", "no", "crops and flips the training images", Takes::flag()},
                  {"schedule", "constant", "the learning rate", Takes::one_of({"constant", "onecycle"})},
                  {"epochs", "0", "passes over the training set; 0: 10 for my_conv_net, 20 for better_conv_net",
                   Takes::number(0, 100000)},
                  {"workers", "2", "threads that prepare batches ahead", Takes::number(0, 1024)},
                  {"data", "data/cifar-10-batches-bin", "folder with the six .bin files of CIFAR-10"},
                  {"out", "out", "folder for pictures and weights; made if it is missing", Takes::folder_to_write()}});
  return run_example([&] {
    if (args.text("net") == "my_conv_net") run(cr::models::MyConvNet(), args);
    else run(cr::models::BetterConvNet({.dropout = 0.25}), args);
  });
}

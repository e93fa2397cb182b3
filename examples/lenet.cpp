// Trains LeNet on MNIST the way PyTorch's first tutorial trains its network: batches of 4, the mean loss of each 2000
// batches, the accuracy of each class at the end.

#include "digits.hpp"

#include <chainrule/models.hpp>

namespace {

// [classes]
/// The accuracy of each class: the share of its samples that was recognised.
void print_classes(const cr::training::ConfusionMatrix& matrix, const std::vector<std::string>& classes) {
  for (std::size_t c = 0; c < classes.size(); ++c)
    std::printf("accuracy of %-10s %6.2f %%\n", classes[c].c_str(), 100 * matrix.recall(static_cast<std::int64_t>(c)));
}
// [/classes]

}  // namespace

int main(int argc, char** argv) {
  auto options = digit_options("2", "4");
  for (auto& o : options)
    if (o.name == "workers") o.value = "2";
  Arguments args(argc, argv, "Trains LeNet on MNIST and shows its loss and the accuracy of each class.", options);
  return run_example([&] {
    const auto digits = load_digits(args);
    const std::string out = args.text("out") + '/';
    // [net]
    cr::models::LeNet net;
    cr::print(cr::training::summary(net, {args.integer("batch-size"), 1, 28, 28}));
    // [/net]

    // [loop]
    cr::optim::Adam optimizer(net.parameters(), 1e-4);
    cr::data::DataLoader loader(digits.train, args.integer("batch-size"), true,
                                {.num_workers = static_cast<int>(args.integer("workers"))});
    const std::int64_t every = std::min<std::int64_t>(2000, loader.size());
    std::vector<double> batches, running;
    const Stopwatch clock;
    for (long epoch = 1; epoch <= args.integer("epochs"); ++epoch) {
      cr::training::ValueMeter losses;
      train_epoch(net, loader, optimizer, [&](std::int64_t step, double loss) {
        losses.add(loss);
        if (step % every != 0) return;
        std::printf("[%ld, %5lld] loss: %.3f\n", epoch, static_cast<long long>(step), losses.mean());
        batches.push_back(static_cast<double>((epoch - 1) * loader.size() + step));
        running.push_back(losses.mean());
        losses.reset();
      });
    }
    // [/loop]
    const double seconds = clock.seconds();

    // [report]
    const Test result = test(net, digits.test, digits.test.classes());
    print_classes(result.matrix, digits.test.classes());
    std::printf("test accuracy %.2f %%, %ld epochs in %.1f s\n", 100 * result.accuracy, args.integer("epochs"),
                seconds);
    plot::Figure figure({.title = "LeNet: mean loss of " + std::to_string(every) + " batches"});
    figure.line(batches, running, {.marker = "o"});
    figure.xlabel("batch");
    figure.ylabel("loss");
    figure.grid(true);
    figure.save(out + "loss.svg");
    cr::save(net.state_dict(), out + "lenet.safetensors");
    // [/report]
    cr::print("written: loss.svg, lenet.safetensors in " + args.text("out"));
  });
}

// Two clouds of points and a very small network, 2-2-1 with sigmoids, that tells them apart. It is trained three times
// from the same weights: twice with a learning rate that is far too small, then with one that learns.

#include "arguments.hpp"

#include <chainrule/models/blob_net.hpp>
#include <chainrule/plot.hpp>

namespace cr = chainrule;
using Labels = cr::Tensor<std::int64_t>;
using Net = cr::models::BlobNet;

// [data]
/// Points (n, 2) and their classes (n,): class 0 lies around (-2, 0.5), class 1 around (3, -0.5).
std::pair<cr::Tensor<>, Labels> two_clouds(std::int64_t n) {
  const auto centers = cr::tensor({{-2, 0.5}, {3, -0.5}});
  const auto labels = cr::arange(n) % 2;
  return {centers[labels] + 0.8 * cr::randn({n, 2}), labels};
}
// [/data]

// [train]
struct Run {
  const char *name, *title;
  std::int64_t batch;
  double lr;
  long epochs;
};

/// Trains by SGD. The mean loss of each epoch goes into the history; a few of them are printed.
cr::training::History train(Net& net, const cr::Tensor<>& x, const Labels& labels, const Run& run) {
  const auto y = labels.to<float>().unsqueeze(1);  // (N, 1), as the network's probabilities
  cr::data::DataLoader loader(cr::data::TensorDataset(x, y), {.batch_size = run.batch, .shuffle = true});
  cr::optim::SGD optimizer(net.parameters(), {.lr = run.lr});
  cr::nn::BCELoss criterion;
  cr::training::History history;
  std::printf("\n%s: %ld epochs, %ld steps\n", run.title, run.epochs, run.epochs * long(loader.size()));
  for (long epoch = 1; epoch <= run.epochs; ++epoch) {
    cr::training::ValueMeter losses;
    for (auto& [points, targets] : loader) {
      optimizer.zero_grad();
      auto loss = criterion(net(points), targets);
      loss.backward();
      optimizer.step();
      losses.add(loss.item(), points.size(0));
    }
    history.add({{"epoch", double(epoch)}, {"loss", losses.mean()}});
    if (epoch == 1 || epoch == run.epochs || epoch % std::max(1L, run.epochs / 5) == 0)
      std::printf("  epoch %4ld   mean loss %.4f\n", epoch, losses.mean());
  }
  return history;
}
// [/train]

int main(int argc, char** argv) {
  Arguments args(
      argc, argv, "Tells two clouds of points apart with a network of nine parameters.",
      {{"epochs", "350", "of the longest run; the others take at most 150 and 50", Takes::number(1, 100'000)},
       {"data", "", "not used: the program draws its points"},
       {"out", "out/blobs", "folder for pictures and tables; made if missing", Takes::folder_to_write()}});
  return run_example([&] {
    const std::string out = args.text("out") + '/';
    const long epochs = args.integer("epochs");
    // [net]
    const auto [points, labels] = two_clouds(1200);
    const auto x = points.narrow(0, 0, 1000), test_x = points.narrow(0, 1000, 200);
    const auto y = labels.narrow(0, 0, 1000), test_y = labels.narrow(0, 1000, 200);
    cr::print("1000 points to learn from, 200 to test with; the network:");
    Net net;
    cr::print(net);
    // [/net]

    // [evaluation]
    const std::vector<std::string> classes{"class 0", "class 1"};
    cr::plot::Figure curves({.title = "Mean loss of each epoch"}), borders({.width = 900, .rows = 2, .columns = 2});
    const auto predict = [&](const cr::Tensor<>& at) { return (net(at) > 0.5).to<std::int64_t>().flatten(); };
    const Net untrained = net;  // a deep copy: every run begins there
    const auto test = [&](const char* when, int place) {
      const double right = (predict(test_x) == test_y).to<float>().mean().item(),
                   moved = (net.fc2.weight - untrained.fc2.weight).abs().max().item();
      std::printf("  %.1f %% of the test points are right; fc2.weight moved by %.3f; the five:\n  ", 100 * right,
                  moved);
      cr::print(net(test_x).narrow(0, 0, 5).flatten().detach());
      auto& panel = borders.panel(place / 2, place % 2);
      panel.title(when);
      panel.decision_boundary(predict, test_x, test_y, {.classes = classes});
    };
    cr::print("\nuntrained: the probability of class 1 for five test points of the classes", test_y.narrow(0, 0, 5));
    test("untrained", 0);
    // [/evaluation]

    // [runs]
    const Run runs[] = {{"full_batch", "all points a step, lr 0.001", 1000, 1e-3, std::min(epochs, 150L)},
                        {"mini_batch", "64 points a step, lr 0.001", 64, 1e-3, epochs},
                        {"fast", "64 points a step, lr 1", 64, 1, std::min(epochs, 50L)}};
    for (int place = 1; const Run& run : runs) {
      net = untrained;
      const auto history = train(net, x, y, run);
      test(run.title, place++);
      curves.line(history.column("epoch"), history.column("loss"), {.label = run.title});
      history.save_csv(out + run.name + ".csv");
    }
    // [/runs]
    cr::print(
        "\nWhy is lr 0.001 so slow? A step moves a weight by 0.001 times its gradient, and the good weights are\n"
        "several units away: compare how far fc2.weight moved in each run.\n");
    // [pictures]
    cr::plot::Figure clouds({.title = "1000 points of two classes"});
    clouds.scatter(x, y, {.classes = classes});
    clouds.save(out + "points.svg");
    curves.xlabel("epoch");
    curves.ylabel("binary cross entropy");
    curves.save(out + "loss.svg");
    borders.save(out + "borders.svg");
    // [/pictures]
    cr::print("written: points.svg, loss.svg, borders.svg, full_batch.csv, mini_batch.csv, fast.csv in",
              args.text("out"));
  });
}

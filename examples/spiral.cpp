// Three arms of a spiral, and a network with one wide hidden layer that tells them apart: 2-100-3, Adam, 100 steps.

#include "arguments.hpp"

#include <chainrule/models/spiral_net.hpp>
#include <chainrule/plot.hpp>

namespace cr = chainrule;
namespace plot = cr::plot;

int main(int argc, char** argv) {
  Arguments args(
      argc, argv, "Tells the three arms of a spiral apart.",
      {{"epochs", "100", "steps, each with all points", Takes::number(1, 100'000)},
       {"data", "", "not used: the program draws its points"},
       {"out", "out/spiral", "folder for pictures and the table; made if missing", Takes::folder_to_write()}});
  return run_example([&] {
    const std::string out = args.text("out") + '/';
    // [data]
    const auto spiral = cr::data::make_spiral(100, 3);
    const auto& points = spiral.first;   // (300, 2)
    const auto& labels = spiral.second;  // (300,): arm 0, arm 1, arm 2
    const std::vector<std::string> arms{"arm 0", "arm 1", "arm 2"};
    // [/data]
    std::printf("%ld points on 3 arms; ", long(points.size(0)));

    // [net]
    cr::models::SpiralNet net;  // Linear(2, 100), ReLU, Linear(100, 3)
    const auto predict = [&](const cr::Tensor<>& x) { return net(x).argmax(1); };
    // [/net]
    std::printf("the network has %ld parameters:\n", long(net.num_parameters()));
    cr::print(net);

    // [border]
    plot::Figure borders({.title = "Which arm the network takes each place for", .width = 900, .columns = 2});
    const auto draw = [&](int column, const std::string& title) {
      auto& panel = borders.panel(0, column);
      panel.decision_boundary(predict, points, labels, {.classes = arms});
      panel.title(title);
    };
    draw(0, "before training");
    // [/border]

    // [loop]
    cr::optim::Adam optimizer(net.parameters(), {.lr = 1e-1});
    cr::nn::CrossEntropyLoss criterion;
    cr::training::History history;
    const long steps = args.integer("epochs");
    std::printf("\n  step     loss   right\n");
    for (long step = 1; step <= steps; ++step) {
      optimizer.zero_grad();
      auto scores = net(points);  // (300, 3)
      auto loss = criterion(scores, labels);
      loss.backward();
      optimizer.step();
      const double right = cr::training::accuracy(scores, labels);  // before this step
      history.add({{"step", double(step)}, {"loss", loss.item()}, {"accuracy", right}});
      if (step == 1 || step % 10 == 0 || step == steps)
        std::printf("  %4ld   %.4f   %4.1f %%\n", step, loss.item(), 100 * right);
    }
    // [/loop]

    // [evaluation]
    const double right = cr::training::accuracy(net(points), labels);
    std::printf("\nafter %ld steps: %.1f %% of the points are on the side of their arm\n", steps, 100 * right);
    // [/evaluation]

    // [pictures]
    draw(1, "after " + std::to_string(steps) + " steps");
    borders.save(out + "borders.svg");
    plot::Figure curve({.title = "Loss of each step"});
    curve.line(history.column("step"), history.column("loss"));
    curve.xlabel("step");
    curve.ylabel("cross entropy");
    curve.save(out + "loss.svg");
    history.save_csv(out + "history.csv");
    // [/pictures]
    cr::print("written: borders.svg, loss.svg, history.csv in", args.text("out"));
  });
}

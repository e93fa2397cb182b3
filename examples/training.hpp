#pragma once
// What the programs that train on images share: one pass over a data set with and without training, the log of a run,
// its curves, and in words whether the network has over-fitted.

#include "arguments.hpp"

#include <chainrule/chainrule.hpp>
#include <chainrule/plot.hpp>
#include <chrono>

namespace cr = chainrule;
namespace plot = chainrule::plot;
using cr::training::History;

/// What one pass over a data set gave.
struct Pass {
  double loss = 0, accuracy = 0;
};

/// What a test gave, and which class was predicted for each sample.
struct Test : Pass {
  cr::training::ConfusionMatrix matrix;
  std::vector<std::int64_t> predicted, labels;
};

// [train]
/// One epoch of training. after_step(step, loss) is called after each step of the optimizer.
template <class Net, class Loader, class AfterStep>
Pass train_epoch(Net& net, Loader& loader, cr::optim::Optimizer& optimizer, const AfterStep& after_step) {
  net.train();
  cr::training::ValueMeter losses;
  cr::training::Accuracy accuracy;
  for (std::int64_t step = 1; auto& [images, labels] : loader) {
    optimizer.zero_grad();
    auto scores = net(images);                      // (N, 10)
    auto loss = cr::cross_entropy(scores, labels);  // ()
    loss.backward();
    optimizer.step();
    losses.add(loss.item(), labels.numel());
    accuracy.add(scores, labels);
    after_step(step++, loss.item());
  }
  return {losses.mean(), accuracy.value()};
}
// [/train]

// [test]
/// Loss, accuracy and predictions on a data set, without training.
template <class Net, class Set> Test test(Net& net, const Set& set, const std::vector<std::string>& classes) {
  net.eval();
  cr::no_grad guard;
  cr::training::ValueMeter losses;
  Test result{{}, cr::training::ConfusionMatrix(classes), {}, {}};
  for (auto& [images, labels] : cr::data::DataLoader(set, {.batch_size = 500})) {
    auto scores = net(images);
    losses.add(cr::cross_entropy(scores, labels).item(), labels.numel());
    auto predicted = scores.argmax(1);
    result.matrix.add(predicted, labels);
    for (auto p : predicted.to_vector()) result.predicted.push_back(p);
    for (auto l : labels.to_vector()) result.labels.push_back(l);
  }
  result.loss = losses.mean();
  result.accuracy = result.matrix.accuracy();
  net.train();
  return result;
}
// [/test]

/// "train loss 0.1234 accuracy 96.12 %   test loss 0.1034 accuracy 97.01 %", also a row of the history.
inline std::string log_epoch(History& history, long epoch, const Pass& train, const Pass& test) {
  history.add({{"epoch", static_cast<double>(epoch)},
               {"train_loss", train.loss},
               {"train_accuracy", train.accuracy},
               {"test_loss", test.loss},
               {"test_accuracy", test.accuracy}});
  char line[160];
  std::snprintf(line, sizeof line, "epoch %3ld   train loss %.4f accuracy %6.2f %%   test loss %.4f accuracy %6.2f %%",
                epoch, train.loss, 100 * train.accuracy, test.loss, 100 * test.accuracy);
  return line;
}

// [diagnosis]
/// Whether the network over-fits, and since when: from the epoch with the lowest test loss on, the training loss goes
/// on falling while the test loss rises.
inline std::string diagnosis(const History& history) {
  const auto train = history.column("train_loss"), tests = history.column("test_loss");
  const auto best = static_cast<std::size_t>(std::min_element(tests.begin(), tests.end()) - tests.begin());
  const double gap = 100 * (history.column("train_accuracy").back() - history.column("test_accuracy").back());
  char text[400];
  if (tests.back() > 1.05 * tests[best] && train.back() < train[best])
    std::snprintf(text, sizeof text,
                  "over-fitting since epoch %zu: since then the training loss fell from %.4f to %.4f, while the test "
                  "loss rose from %.4f to %.4f; the gap in accuracy is %.2f points",
                  best + 1, train[best], train.back(), tests[best], tests.back(), gap);
  else
    std::snprintf(text, sizeof text,
                  "no over-fitting: the test loss is %.4f, its lowest was %.4f in epoch %zu; the gap in accuracy is "
                  "%.2f points",
                  tests.back(), tests[best], best + 1, gap);
  return text;
}
// [/diagnosis]

/// Loss and accuracy of every epoch side by side, for training and test.
inline void save_curves(const History& history, const std::string& path) {
  plot::Figure figure({.width = 960, .height = 380, .columns = 2});
  const auto epochs = history.column("epoch");
  for (int column = 0; column < 2; ++column) {
    const std::string what = column == 0 ? "loss" : "accuracy";
    auto& panel = figure.panel(0, column);
    panel.line(epochs, history.column("train_" + what), {.label = "training"});
    panel.line(epochs, history.column("test_" + what), {.label = "test", .dashed = true});
    panel.title(what);
    panel.xlabel("epoch");
    panel.grid(true);
  }
  figure.save(path);
}

/// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

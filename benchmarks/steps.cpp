// One network of the tutorials as a process that is told what to do, so that compare.py can let it and PyTorch take
// turns:
//     steps LeNet-b64 2          a network and a number of threads; then, from standard input, one command a line:
//     train 100                  100 training steps (zero_grad, forward, loss, backward, optimizer) -> seconds for all
//     infer 100                  100 forward passes in eval mode, nothing recorded                  -> seconds
//     memory                     -> MB that the process has grown by since it started, at its peak
//     flops                      -> GFLOP of the convolutions and products of a training step, and of a forward pass
// Random data in memory; the optimizers and their numbers are those of torch_steps.py.

#include <chainrule/chainrule.hpp>
#include <chainrule/models.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>

namespace cr = chainrule;

namespace {

// The most memory this process ever held. (getrusage would count the process that started it, too.)
double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  return 0;
}

/// Counts what a forward pass and its backward pass multiply: 2 operations for each product, no gradient for the input
/// itself.
class FlopCounter : public cr::Observer {
 public:
  void forward(const cr::ForwardEvent& e) override {
    if (std::strcmp(e.op, "conv2d") != 0 && std::strcmp(e.op, "linear") != 0) return;
    const auto& weight = *e.inputs[1];
    const double each =
        2.0 * static_cast<double>(weight.numel() / weight.shape()[0]) * static_cast<double>(e.output.numel());
    forward_ += each;
    step_ += each * (e.inputs[0]->requires_grad() ? 3 : 2);
  }
  double forward_ = 0, step_ = 0;
};

/// What the commands run.
struct Program {
  std::function<void()> train, infer;
};

template <class Net, class Target, class Loss, class Optimizer>
Program program(Net&& given, cr::Tensor<> x, Target target, Loss loss_of, Optimizer&& make_optimizer) {
  auto net = std::make_shared<std::decay_t<Net>>(std::forward<Net>(given));
  auto optimizer = std::shared_ptr(make_optimizer(net->parameters()));
  return {[=] {
            net->train();
            optimizer->zero_grad();
            auto loss = loss_of((*net)(x), target);
            loss.backward();
            optimizer->step();
          },
          [=] {
            net->eval();
            cr::no_grad guard;
            (*net)(x);
          }};
}

auto adam(double lr = 1e-3, double weight_decay = 0) {
  return [=](std::vector<cr::Tensor<>> params) {
    return std::make_unique<cr::optim::Adam<>>(params, cr::optim::AdamOptions{.lr = lr, .weight_decay = weight_decay});
  };
}

template <class Net, class Optimizer>
Program classifier(Net&& net, const cr::Shape& input, std::int64_t classes, Optimizer&& optimizer) {
  auto cross_entropy = [](const cr::Tensor<>& scores, const cr::Tensor<std::int64_t>& labels) {
    return cr::cross_entropy(scores, labels);
  };
  return program(std::forward<Net>(net), cr::randn(input), cr::randint(0, classes, {input[0]}), cross_entropy,
                 optimizer);
}

Program make(const std::string& name) {
  using namespace cr::models;
  const auto dash = name.find("-b");
  const std::string net = name.substr(0, dash);
  const std::int64_t batch = dash == std::string::npos ? 0 : std::stol(name.substr(dash + 2));
  if (net == "BlobNet") {
    auto labels = cr::randint(0, 2, {64, 1}).to<float>();
    auto bce = [](const cr::Tensor<>& p, const cr::Tensor<>& y) { return cr::binary_cross_entropy(p, y); };
    auto sgd = [](std::vector<cr::Tensor<>> params) {
      return std::make_unique<cr::optim::SGD<>>(params, cr::optim::SGDOptions{.lr = 1e-3});
    };
    return program(BlobNet(), cr::randn({64, 2}), labels, bce, sgd);
  }
  if (net == "SpiralNet") return classifier(SpiralNet(), {300, 2}, 3, adam(0.1));
  if (net == "SimpleNet") return classifier(SimpleNet(), {64, 784}, 10, adam());
  if (net == "BetterNet") return classifier(BetterNet(), {64, 784}, 10, adam());
  if (net == "LeNet") return classifier(LeNet(), {batch, 1, 28, 28}, 10, adam());
  if (net == "MnistCnn") return classifier(MnistCnn(), {100, 1, 28, 28}, 10, adam());
  if (net == "MyConvNet") return classifier(MyConvNet(), {128, 3, 32, 32}, 10, adam());
  if (net == "BetterConvNet") return classifier(BetterConvNet(), {128, 3, 32, 32}, 10, adam(1e-3, 1e-4));
  if (net == "EnhancedCNN") return classifier(EnhancedCNN(), {batch, 3, 224, 224}, 5, adam(1e-3, 1e-4));
  if (net == "ResNet18") return classifier(resnet18(), {batch, 3, 224, 224}, 1000, adam());
  if (net == "ResNet50") return classifier(resnet50(), {batch, 3, 224, 224}, 1000, adam());
  cr::fail({}, "steps: no network ", name);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: steps NETWORK THREADS, then train N, infer N, memory and flops on standard input\n");
    return 2;
  }
  const double at_start = peak_megabytes();
  try {
    cr::set_num_threads(std::stoi(argv[2]));
    cr::manual_seed(0);
    const Program net = make(argv[1]);
    std::string command;
    while (std::cin >> command) {
      if (command == "memory") {
        std::printf("%.1f\n", peak_megabytes() - at_start);
      } else if (command == "flops") {
        FlopCounter counter;
        cr::Observe watch(counter);
        net.train();
        std::printf("%.6f %.6f\n", counter.step_ / 1e9, counter.forward_ / 1e9);
      } else {
        long count = 0;
        std::cin >> count;
        const auto& run = command == "infer" ? net.infer : net.train;
        const auto start = std::chrono::steady_clock::now();
        for (long i = 0; i < count; ++i) run();
        std::printf("%.9f\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      }
      std::fflush(stdout);
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return 1;
  }
}

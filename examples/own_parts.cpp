// Parts of your own beside the library's: a data set, a transform, a layer with a buffer, a loss, an op, an optimizer
// and a scheduler. docs/own-parts.md explains each; the program trains with all of them.

#include <chainrule/chainrule.hpp>
namespace cr = chainrule;

// [dataset]
struct Waves {  // sines (class 0) and squares (class 1) of random phase, 32 points each
  std::int64_t size() const { return 400; }
  std::pair<cr::Tensor<>, std::int64_t> get(std::int64_t i, cr::Generator& generator) const {
    auto t = cr::arange(0.0, 12.8, 0.4) + cr::rand({1}, {.generator = &generator}) * 6;
    return {i % 2 == 0 ? cr::sin(t) : cr::sign(cr::sin(t)), i % 2};
  }
};
// [/dataset]

// [transform]
struct AddNoise {
  double size = 0.1;
  cr::Tensor<> operator()(const cr::Tensor<>& x, cr::Generator& generator) const {
    return x + size * cr::randn(x.shape(), {.generator = &generator});
  }
};
// [/transform]

// [transformed]
template <class Set, class Transform> struct Transformed {
  Set set;
  Transform transform;
  auto size() const { return set.size(); }
  auto get(std::int64_t i, cr::Generator& generator) const {
    auto [x, label] = set.get(i, generator);
    return std::pair(transform(x, generator), label);
  }
};
// [/transformed]

// [op]
/// x^2 where x > 0, else 0. Gradient: 2 x g there.
cr::Tensor<> squared_relu(const cr::Tensor<>& x, cr::Location at = cr::Location::here()) {
  auto rule = [](const cr::Tensor<>& g, const cr::Tensor<>& kept) { return cr::Grads{2 * cr::relu(kept) * g}; };
  return cr::record("squared_relu", cr::square(cr::relu(x.detach())), {x}, cr::keep(x), rule, at);
}
// [/op]

// [layer]
struct Center : cr::nn::Module<Center> {  // takes the running mean away
  cr::nn::Buffer mean;
  bool training = true;
  explicit Center(std::int64_t features) : mean(cr::zeros({features})) {}
  cr::Tensor<> forward(const cr::Tensor<>& x) {
    if (training) mean = 0.9 * mean + 0.1 * x.detach().mean(0);
    return x - mean;
  }
  using parts = cr::nn::members<&Center::mean>;
  using others = cr::nn::members<&Center::training>;
};
// [/layer]

// [loss]
struct FocalLoss : cr::nn::Module<FocalLoss> {  // cross entropy that counts easy samples less
  double gamma = 2;
  cr::Tensor<> forward(const cr::Tensor<>& scores, const cr::Tensor<std::int64_t>& labels) const {
    auto losses = cr::cross_entropy(scores, labels, {.reduction = "none"});
    return (cr::pow(1 - cr::exp(-losses), gamma) * losses).mean();
  }
};
// [/loss]

// [optimizer]
struct SignSGDOptions {
  double lr = 1e-3, momentum = 0.9;
};
struct SignSGD : cr::optim::OptimizerOf<float, SignSGDOptions, 1> {  // 1: one tensor of state for each parameter
  static constexpr const char* states[] = {"momentum_buffer"};
  explicit SignSGD(std::vector<cr::Tensor<>> params, SignSGDOptions options = {})
      : OptimizerOf("SignSGD", states, std::move(params), options) {}
  void update(cr::Location) override {
    for_each_grad([&](const auto& group, const auto& p, auto& memory) {
      const auto& m = state_of(p, memory);
      m.mul_(group.momentum).add_((1 - group.momentum) * p.grad());
      p.sub_(group.lr * cr::sign(m));
    });
  }
};
// [/optimizer]

// [scheduler]
struct InverseSqrtLR : cr::optim::Scheduler {
  explicit InverseSqrtLR(cr::optim::Optimizer& optimizer) : Scheduler("InverseSqrtLR", optimizer) {}
  double rate(std::size_t group, double /*now*/) override {
    return base_lr(group) / std::sqrt(1.0 + static_cast<double>(last_epoch()));
  }
};
// [/scheduler]

// [program]
struct Net : cr::nn::Module<Net> {
  Center center{32};
  cr::nn::Linear fc1{32, 16}, fc2{16, 2};
  cr::Tensor<> forward(const cr::Tensor<>& x) { return fc2(squared_relu(fc1(center(x)))); }
};

int main() {
  cr::manual_seed(0);
  Transformed<Waves, AddNoise> waves;
  cr::data::DataLoader loader(waves, {.batch_size = 50, .shuffle = true});
  Net net;
  FocalLoss focal;
  SignSGD optimizer(net.parameters(), {.lr = 3e-3});
  InverseSqrtLR scheduler(optimizer);
  for (int epoch = 1; epoch <= 10; ++epoch, scheduler.step()) {
    cr::training::ValueMeter losses, accuracy;
    for (auto& [x, labels] : loader) {
      optimizer.zero_grad();
      auto scores = net(x);
      auto loss = focal(scores, labels);
      loss.backward();
      optimizer.step();
      losses.add(loss.item());
      accuracy.add((scores.argmax(1) == labels).to<float>().mean().item());
    }
    if (epoch % 5 == 0)
      cr::print("epoch", epoch, "lr", optimizer.lr(), "loss", losses.mean(), "right", accuracy.mean());
  }
}
// [/program]

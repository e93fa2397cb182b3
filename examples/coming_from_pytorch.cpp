// What PyTorch users write, here: indexing, modules with a constructor, loaders, training, saving, schedulers.
// docs/coming-from-pytorch.md explains the pieces; the program runs all of them.

#include <chainrule/chainrule.hpp>
#include <filesystem>
namespace cr = chainrule;
namespace nn = chainrule::nn;
namespace data = chainrule::data;
namespace optim = chainrule::optim;

void indexing() {
  // [indexing]
  using cr::None, cr::Slice;
  auto x = cr::arange(12).to<float>().view(3, 4);
  auto rows = cr::tensor<std::int64_t>({2, 0});
  cr::print(x[0], x[{1, 2}]);                     // x[0], x[1, 2]
  cr::print(x[Slice(1, 3)], x[{Slice(), 1}]);     // x[1:3], x[:, 1]
  cr::print(x[{"...", Slice(None, None, 2)}]);    // x[..., ::2]
  cr::print(x[rows], x[x > 8], x[None].shape());  // x[rows], x[x > 8], x[None].shape
  x[{Slice(), 0}] = -1;                           // x[:, 0] = -1
  x[x > 8] = 0;                                   // x[x > 8] = 0
  x[rows] += 10;                                  // x[rows] += 10
  cr::print(x);
  // [/indexing]
}

// [small]
struct Small : nn::Module<Small> {
  nn::Linear fc1{2, 100}, fc2{100, 3};
  cr::Tensor<> forward(const cr::Tensor<>& x) { return fc2(cr::relu(fc1(x))); }
};
// [/small]

// [module]
struct Net : nn::Module<Net> {
  nn::Linear in, out;
  nn::Dropout drop;
  double slope = 0.1;

  explicit Net(int hidden, double p = 0.2) : in(2, hidden), out(hidden, 3), drop(p) {}
  using parts = nn::members<&Net::in, &Net::out, &Net::drop>;  // Python's __init__ registers what is assigned to self
  using others = nn::members<&Net::slope>;                     // the rest; forgetting a member is an error

  cr::Tensor<> forward(const cr::Tensor<>& x) { return out(drop(cr::leaky_relu(in(x), slope))); }
};
// [/module]

// [dataset]
struct Arms {
  cr::Tensor<> points;
  cr::Tensor<std::int64_t> labels;
  std::size_t size() const { return static_cast<std::size_t>(labels.numel()); }            // __len__
  auto operator[](std::size_t i) const { return std::pair(points[i], labels[i].item()); }  // __getitem__
};
// [/dataset]

void training() {
  cr::manual_seed(0);
  auto [points, labels] = data::make_spiral(100, 3);
  // [loop]
  auto [train, test] = data::random_split(Arms{points, labels}, {0.8, 0.2});
  data::DataLoader loader(train, {.batch_size = 32, .shuffle = true}), test_loader(test, {.batch_size = 60});

  Net net(64);
  optim::Adam optimizer(net.parameters(), 1e-2);
  optim::StepLR scheduler(optimizer, 20, 0.5);
  nn::CrossEntropyLoss criterion;

  for (int epoch = 0; epoch < 60; ++epoch) {
    net.train();
    for (auto& [x, y] : loader) {
      optimizer.zero_grad();
      auto loss = criterion(net(x), y);
      loss.backward();
      optimizer.step();
    }
    scheduler.step();
  }

  net.eval();
  cr::NoGradGuard no_grad;
  std::int64_t right = 0;
  for (auto& [x, y] : test_loader) right += (net(x).argmax(1) == y).sum().item();
  cr::print("right", right, "of", test.size());
  // [/loop]

  const std::string folder = std::filesystem::temp_directory_path().string();
  // [saving]
  cr::save(net.state_dict(), folder + "/net.safetensors");
  Net again(64);
  again.load_state_dict(cr::load(folder + "/net.safetensors"));
  cr::print(again.state_dict()["in.weight"].shape());
  // [/saving]
  std::filesystem::remove(folder + "/net.safetensors");
}

void gradients() {
  // [gradients]
  auto x = cr::tensor({1, 2, 3}, {.requires_grad = true});
  auto y = (x * x).sum();
  y.backward();
  cr::print(x.grad());  // x.grad
  auto dy = cr::autograd::grad((x * x * x).sum(), x, {.create_graph = true})[0];
  cr::print(cr::autograd::grad(dy.sum(), x)[0]);  // 6 x
  {
    cr::NoGradGuard guard;  // with torch.no_grad():
    x -= 0.1 * x.grad();
  }
  cr::print(x, x.detach().requires_grad(), x.sum().item<double>());
  // [/gradients]
}

int main() {
  indexing();
  gradients();
  cr::print(Small());
  training();
}

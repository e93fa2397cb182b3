// Modules from the beginning: a layer and its weight, activations, Sequential, networks of your own, lists and
// dictionaries of layers, and why a parameter cannot be forgotten here.

#include "arguments.hpp"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::print, cr::Tensor;

// [branches]
struct TwoBranches : nn::Module<TwoBranches> {  // two views of one input, joined
  nn::Linear few{4, 2}, many{4, 6}, out{8, 1};
  Tensor<> forward(const Tensor<>& x) {
    auto a = cr::relu(few(x));       // (N, 2)
    auto b = cr::tanh(many(x));      // (N, 6)
    return out(cr::cat({a, b}, 1));  // (N, 8) -> (N, 1)
  }
};
// [/branches]

// [mode]
enum class Way { left, right };
struct Fork : nn::Module<Fork> {  // forward takes what you like: here which way to go
  nn::Linear left{4, 3}, right{4, 5};
  Tensor<> forward(const Tensor<>& x, Way way) { return way == Way::left ? left(x) : right(x); }
};
// [/mode]

// [containers]
struct Heads : nn::Module<Heads> {
  nn::ModuleList body{nn::Linear(4, 4), nn::Tanh()};
  nn::ModuleDict heads{{"digit", nn::Linear(4, 10)}, {"parity", nn::Linear(4, 2)}};
  nn::ParameterList scales{nn::Parameter(cr::ones({1})), nn::Parameter(cr::zeros({1}))};
  Tensor<> forward(Tensor<> x, const std::string& head) {
    for (auto& layer : body) x = layer(x);
    return heads[head](x) * scales[0] + scales[1];
  }
};
// [/containers]

// [registered]
struct Stack : nn::Module<Stack> {  // in PyTorch, layers in a plain list and a plain tensor would be forgotten
  std::vector<nn::Linear> layers;
  nn::Parameter gain;
  explicit Stack(int depth) : layers(static_cast<std::size_t>(depth), nn::Linear(4, 4)), gain(cr::ones({4})) {}
  using parts = nn::members<&Stack::layers, &Stack::gain>;  // without &Stack::gain this file does not compile
  Tensor<> forward(Tensor<> x) {
    for (auto& layer : layers) x = cr::tanh(layer(x));
    return x * gain;
  }
};
// [/registered]

int main(int argc, char** argv) {
  Arguments args(argc, argv, "Shows what modules are made of.",
                 {{"epochs", "50", "training steps at the end", Takes::number(1, 100'000)},
                  {"data", "", "not used: this program needs no data"},
                  {"out", "out/module_basics", "folder for the weights; made if missing", Takes::folder_to_write()}});
  return run_example([&] {
    // [linear]
    print("-- a layer: y = x W^T + b");
    nn::Linear fc(4, 2);
    const auto x = cr::tensor({{1, 2, 3, 4}});
    print(fc);
    print(fc.weight);  // (out, in)
    print(fc.bias);
    print("layer  ", fc(x));
    print("by hand", cr::matmul(x, fc.weight.t()) + fc.bias);
    // [/linear]

    // [activations]
    print("\n-- activations: functions, and layers without parameters");
    const auto z = cr::tensor({-2, -1, 0, 1, 2});
    print("relu   ", cr::relu(z));
    print("sigmoid", cr::sigmoid(z));
    print("tanh   ", cr::tanh(z));
    print("layer  ", nn::Tanh()(z));
    // [/activations]

    // [sequential]
    print("\n-- layers in a row");
    nn::Sequential net{nn::Linear(4, 8), nn::ReLU(), nn::Linear(8, 1)};
    print(net);
    print("gives", net(x).shape(), "and has a first weight of", net[0].as<nn::Linear>()->weight.shape());
    // [/sequential]

    print("\n-- a network of your own: two branches, joined by cat");
    TwoBranches branches;
    print(cr::training::summary(branches, {1, 4}));
    print("\n-- forward with a mode");
    Fork fork;
    print("left gives", fork(x, Way::left).shape(), "and right gives", fork(x, Way::right).shape());

    print("\n-- ModuleList, ModuleDict and ParameterList are members like any other");
    Heads heads;
    print("digit gives", heads(x, "digit").shape(), "and parity gives", heads(x, "parity").shape());
    for (const auto& [name, p] : heads.named_parameters()) print(" ", name, p.shape());

    // [lesson]
    print("\n-- the parameter that was not registered: it cannot happen");
    Stack stack(2);
    const Stack before = stack;  // a deep copy
    cr::optim::SGD optimizer(stack.parameters(), {.lr = 0.1});
    for (long step = 1; step <= args.integer("epochs"); ++step) {
      optimizer.zero_grad();
      cr::mse_loss(stack(x), cr::tensor({{1, -1, 1, -1}})).backward();
      optimizer.step();
    }
    for (std::size_t i = 0; const auto& [name, p] : stack.named_parameters())
      print(" ", name, (p - before.parameters()[i++]).abs().max().item() > 0 ? "was trained" : "was NOT trained");
    print(
        "The members are the registration, those of a vector too. A module with a constructor lists its members,\n"
        "and leaving one out does not compile. What is to be trained is a Parameter; a plain Tensor is data.");
    // [/lesson]

    cr::save(stack.state_dict(), args.text("out") + "/stack.safetensors");
    print("written: stack.safetensors in", args.text("out"));
  });
}

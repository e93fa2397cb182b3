// The program of the README: a two-layer network learns to tell the arms of a spiral apart.

// [program]
#include <chainrule/chainrule.hpp>
namespace cr = chainrule;

struct Net : cr::nn::Module<Net> {  // the members are the registration
  cr::nn::Linear fc1{2, 100}, fc2{100, 3};
  cr::Tensor<> forward(cr::Tensor<> x) { return fc2(cr::relu(fc1(x))); }
};

int main() {
  cr::manual_seed(0);
  auto [points, labels] = cr::data::make_spiral(100, 3);  // 100 points on each of 3 arms
  Net net;
  cr::optim::Adam optimizer(net.parameters(), {.lr = 0.1});
  for (int step = 0; step < 200; ++step) {
    optimizer.zero_grad();
    auto loss = cr::cross_entropy(net(points), labels);
    loss.backward();
    optimizer.step();
    if (step % 50 == 49) cr::print("step", step + 1, "loss", loss.item());
  }
  auto right = (net(points).argmax(1) == labels).to<float>().mean().item();
  cr::print("accuracy", right);
}
// [/program]

// Tensors and gradients from the beginning: making them, looking into them, computing with them, and asking for a
// slope.

#include "arguments.hpp"

namespace cr = chainrule;
using cr::print;

int main(int argc, char** argv) {
  Arguments args(
      argc, argv, "Shows what tensors and gradients do.",
      {{"epochs", "20", "steps of gradient descent at the end"}, {"data", "", "not used: this example needs no data"}});
  return run_example([&] {
    print("-- making them");
    auto a = cr::tensor({{1, 2, 3}, {4, 5, 6}});
    print(a, a.shape(), a.dim(), a.numel());
    print(cr::zeros({2, 2}), cr::arange(5), cr::linspace(0, 1, 3));
    print(cr::rand({2, 3}));

    print("-- looking into them: views share memory");
    print(a[0], a[1][2], a.t());
    print(a.index({cr::Slice(), cr::Slice(0, 2)}));
    print(a.view({3, 2}));
    auto first_row = a[0];
    first_row[1] = 20;  // seen in a, too
    print(a);

    print("-- computing: shapes are broadcast");
    print(a + 10, a * cr::tensor({1, 0, -1}));
    print(a.sum(), a.mean(1), a.argmax(1));
    print(cr::matmul(a, a.t()));
    print(a > 4);

    print("-- a slope: d(x^3 + 2x)/dx at 3 is 29");
    auto x = cr::tensor(3.0, {.requires_grad = true});
    auto y = x.pow(3) + 2 * x;
    y.backward();
    print(y, x.grad());

    print("-- gradient descent: which line goes through these points?");
    auto inputs = cr::tensor({0, 1, 2, 3}), targets = cr::tensor({1, 3, 5, 7});  // y = 2x + 1
    auto slope = cr::zeros({1}, {.requires_grad = true}), offset = cr::zeros({1}, {.requires_grad = true});
    for (long step = 1; step <= args.integer("epochs"); ++step) {
      auto loss = (slope * inputs + offset - targets).pow(2).mean();
      slope.zero_grad();
      offset.zero_grad();
      loss.backward();
      cr::no_grad guard;
      slope -= 0.1 * slope.grad();
      offset -= 0.1 * offset.grad();
      if (step % 5 == 0) print("step", step, "loss", loss.item(), "slope", slope.item(), "offset", offset.item());
    }
  });
}

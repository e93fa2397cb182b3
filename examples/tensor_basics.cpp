// Tensors and gradients from the beginning: making them, printing them, looking into them, computing with them, and
// asking for a slope.

#include "arguments.hpp"

#include <chainrule/plot.hpp>

namespace cr = chainrule;
using cr::print;

int main(int argc, char** argv) {
  Arguments args(argc, argv, "Shows what tensors and gradients do.",
                 {{"epochs", "20", "steps of gradient descent at the end", Takes::number(1, 100'000)},
                  {"data", "", "not used: this example needs no data"},
                  {"out", "out/tensor_basics", "folder for the picture; made if missing", Takes::folder_to_write()}});
  return run_example([&] {
    // [making]
    print("-- making them");
    auto a = cr::tensor({{1, 2, 3}, {4, 5, 6}});
    print(a);
    print("shape", a.shape(), "dimensions", a.dim(), "elements", a.numel());
    print("zeros   ", cr::zeros({3}));
    print("full    ", cr::full({3}, 7));
    print("arange  ", cr::arange(5));
    print("linspace", cr::linspace(0, 1, 3));
    print("rand    ", cr::rand({3}));   // uniform in [0, 1)
    print("randn   ", cr::randn({3}));  // normal: mean 0, standard deviation 1
    print(cr::eye(3));
    // [/making]

    // [types]
    print("\n-- types: float32, unless you say otherwise");
    auto counts = cr::tensor<std::int64_t>({3, 1, 2});
    print(counts, "is of", counts.dtype());
    print(counts.to<float>(), "is of", counts.to<float>().dtype());
    print(a[0] > 1, "is of", (a[0] > 1).dtype());
    // [/types]

    // [printing]
    print("\n-- printing: as PyTorch does");
    print(cr::tensor({0.5, 10, 1.0 / 3}));
    cr::set_printoptions({.precision = 2});
    print(cr::tensor({0.5, 10, 1.0 / 3}), "with two digits");
    cr::set_printoptions({});
    print(cr::arange(10000), "is shortened");
    // [/printing]

    // [views]
    print("\n-- looking into them: views share memory");
    print("a[0]   ", a[0]);
    print("a[1][2]", a[1][2]);
    print("the first two columns:");
    print(a[{cr::Slice(), cr::Slice(0, 2)}]);
    print("transposed:");
    print(a.t());
    auto first_row = a[0];
    first_row[1] = 20;
    print("after first_row[1] = 20, a has it, too:");
    print(a);
    // [/views]

    // [computing]
    print("\n-- computing: shapes are broadcast");
    print(a + 10);
    print(a * cr::tensor({1, 0, -1}));
    print("sum", a.sum(), "mean of each row", a.mean(1), "largest at", a.argmax(1));
    print(cr::matmul(a, a.t()));
    print(a > 4);
    print("two of them: cat", cr::cat({a, a}, 0).shape(), "or", cr::cat({a, a}, 1).shape(), "and stack",
          cr::stack({a, a}).shape());
    // [/computing]

    // [slope]
    print("\n-- a slope: d(x^3 + 2x)/dx at 3 is 29");
    auto x = cr::tensor(3.0, {.requires_grad = true});
    auto y = x.pow(3) + 2 * x;
    y.backward();
    print(y, x.grad());
    // [/slope]

    // [descent]
    print("\n-- gradient descent: which line goes through these points?");
    auto inputs = cr::tensor({0, 1, 2, 3}), targets = cr::tensor({1, 3, 5, 7});  // y = 2x + 1
    auto slope = cr::zeros({1}, {.requires_grad = true}), offset = cr::zeros({1}, {.requires_grad = true});
    const long steps = args.integer("epochs");
    for (long step = 1; step <= steps; ++step) {
      auto loss = (slope * inputs + offset - targets).pow(2).mean();
      slope.zero_grad();
      offset.zero_grad();
      loss.backward();
      cr::no_grad guard;
      slope -= 0.1 * slope.grad();
      offset -= 0.1 * offset.grad();
      if (step % 5 == 0 || step == steps)
        std::printf("step %3ld   loss %.4f   slope %.3f   offset %.3f\n", step, loss.item(), slope.item(),
                    offset.item());
    }
    // [/descent]

    // [picture]
    cr::plot::Figure figure({.title = "The line that gradient descent found"});
    figure.line(inputs, (slope * inputs + offset).detach(), {.label = "found", .marker = "none"});
    figure.scatter(inputs, targets, {.label = "points"});
    figure.xlabel("x");
    figure.ylabel("y");
    figure.save(args.text("out") + "/line.svg");
    // [/picture]
    print("written: line.svg in", args.text("out"));
  });
}

// A program that opens both namespaces and has names of its own, as tutorials have them: nothing here may be ambiguous.

#include CONSUMER_HEADER
#include <cstdio>

using namespace chainrule;
using namespace chainrule::nn;

struct Square {
  Tensor<> operator()(Tensor<> x) const { return x * x; }
};
struct Add {
  float a, b;
};
struct Log {
  int lines = 0;
};
struct Pair {
  int first, second;
};
struct Edge {
  Pair ends;
};
struct Copy {};
struct Sum {};
struct Any {};
struct Exp {};

struct Net : Module<Net> {
  Conv2d conv{1, 4, 3, Conv2dOptions{.padding = 1}};
  MaxPool2d pool{2};
  AvgPool2d mean{2};
  Dropout drop{0.1};
  LayerNorm norm{{4, 2, 2}};
  Sigmoid sigmoid;
  Tanh tanh;
  Softplus softplus;
  Linear out{16, 3};
  Softmax softmax{1};
  LogSoftmax log_softmax{1};
  Tensor<> forward(Tensor<> x) {
    x = tanh(norm(mean(pool(drop(sigmoid(conv(x)))))));
    x = softplus(out(x.flatten(1)));
    return softmax(x) + log_softmax(x);
  }
};

void train(Net& net) {
  net.train();
  net(randn({2, 1, 8, 8})).sum().backward();
}
int test(Net& net) {
  net.eval();
  return static_cast<int>(net(ones({5, 1, 8, 8})).shape()[0]);
}

int main() {
  manual_seed(0);
  Net net;
  train(net);
  Log log;
  log.lines = test(net);
  const Add add{1, 2};
  const Edge edge{{1, 2}};
  std::printf("%d images, %g, %g, %d\n", log.lines, static_cast<double>(Square{}(tensor({3})).item()),
              static_cast<double>(add.a + add.b), edge.ends.second);
  return log.lines == 5 ? 0 : 1;
}

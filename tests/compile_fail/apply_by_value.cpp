// expected: apply: take the module by reference, [](nn::Linear& layer) {...}
#include <chainrule/api.hpp>
namespace nn = chainrule::nn;

struct Net : nn::Module<Net> {
  nn::Linear fc{4, 2};
};

int main() {
  Net net;
  net.apply([](nn::Linear layer) { nn::init::zeros_(layer.weight); });
}

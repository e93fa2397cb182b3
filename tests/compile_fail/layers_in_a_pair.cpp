// expected: this member holds layers or parameters in a container that is not looked into
#include <chainrule/api.hpp>
namespace cr = chainrule;

struct Net : cr::nn::Module<Net> {
  std::pair<cr::nn::Linear, int> branch{cr::nn::Linear(2, 2), 1};
  cr::Tensor<> forward(const cr::Tensor<>& x) { return branch.first(x); }
};

int main() { Net().parameters(); }

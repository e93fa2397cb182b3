// expected: this member holds layers or parameters in a container that is not looked into
#include <map>
#include <chainrule/api.hpp>
namespace cr = chainrule;

struct Net : cr::nn::Module<Net> {
  std::map<int, cr::nn::Linear> branch;
  cr::Tensor<> forward(const cr::Tensor<>& x) { return x; }
};

int main() { Net().parameters(); }

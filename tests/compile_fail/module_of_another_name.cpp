// expected: this module derives from another module, whose forward and parameters it would have
#include <chainrule/api.hpp>
namespace nn = chainrule::nn;

struct First : nn::Module<First> {
  nn::Linear fc{4, 2};
};
struct Second : nn::Module<First> {  // a copy of the line above
  nn::Parameter scale;
};
struct Net : nn::Module<Net> {
  std::vector<Second> inner{1};
};

int main() { Net().parameters(); }

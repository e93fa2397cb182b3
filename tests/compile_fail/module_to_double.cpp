// expected: to<T>: a module has its element type for life
// lines of g++: 10
#include <chainrule/api.hpp>
namespace nn = chainrule::nn;

struct Net : nn::Module<Net> {
  nn::Linear fc{4, 2};
};

int main() { Net().to<double>(); }

// expected: derive from nn::Module<Derived> and hold the other module as a member
#include <chainrule/api.hpp>
namespace nn = chainrule::nn;

struct Base : nn::Module<Base> {
  nn::Linear fc{4, 2};
};
struct Derived : Base {
  nn::Linear more{2, 2};
};
struct Net : nn::Module<Net> {
  Derived inner;
};

int main() { Net().parameters(); }

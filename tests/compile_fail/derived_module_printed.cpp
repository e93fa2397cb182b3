// expected: derive from nn::Module<Derived> and hold the other module as a member
#include <chainrule/api.hpp>
#include <iostream>
namespace nn = chainrule::nn;

struct Base : nn::Module<Base> {
  nn::Linear fc{4, 2};
};
struct Derived : Base {
  nn::Linear more{2, 2};
};

int main() { std::cout << Derived(); }

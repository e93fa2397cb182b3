// expected: derive from nn::Module<Derived> and hold the other module as a member
#include <chainrule/api.hpp>
namespace nn = chainrule::nn;

struct Base : nn::Module<Base> {
  nn::Linear fc{4, 2};
  chainrule::Tensor<> forward(const chainrule::Tensor<>& x) const { return fc(x); }
};
struct Derived : Base {
  nn::Linear more{2, 2};
  chainrule::Tensor<> forward(const chainrule::Tensor<>& x) const { return more(fc(x)); }
};

int main() { nn::Sequential net{Derived(), nn::ReLU()}; }

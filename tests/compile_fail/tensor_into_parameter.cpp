// expected: a tensor is not assigned to a Parameter, which would lose its optimizer: weight.copy_(values) under no_grad writes the values, weight = nn::Parameter(values) makes a new one
#include <chainrule/api.hpp>

int main() {
  chainrule::nn::Linear fc(2, 2);
  fc.weight = chainrule::ones({2, 2});
}

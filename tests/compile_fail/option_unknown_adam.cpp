// expected: learning_rate
// expected of g++: name 'learning_rate' used in a GNU-style designated initializer
// lines of g++: 9
#include <chainrule/api.hpp>
namespace optim = chainrule::optim;

int main() {
  chainrule::nn::Linear fc(2, 2);
  optim::Adam adam(fc.parameters(), {.learning_rate = 1e-3});
}

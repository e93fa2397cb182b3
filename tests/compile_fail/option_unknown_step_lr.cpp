// expected: gama
// expected of g++: name 'gama' used in a GNU-style designated initializer
// lines of g++: 9
#include <chainrule/api.hpp>
namespace optim = chainrule::optim;

int main() {
  chainrule::nn::Linear fc(2, 2);
  optim::SGD sgd(fc.parameters(), 0.1);
  optim::StepLR scheduler(sgd, 20, {.gama = 0.5});
}

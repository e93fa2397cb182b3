// expected: lr
// expected of g++: designator order for field 'chainrule::optim::AdamOptions::lr'
// lines of g++: 9
#include <chainrule/api.hpp>
namespace optim = chainrule::optim;

int main() {
  chainrule::nn::Linear fc(2, 2);
  optim::Adam adam(fc.parameters(), {.weight_decay = 1, .lr = 1});
}

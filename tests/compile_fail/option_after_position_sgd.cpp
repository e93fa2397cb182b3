// expected: momentun
// expected of g++: name 'momentun' used in a GNU-style designated initializer
// lines of g++: 9
#include <chainrule/api.hpp>

int main() { chainrule::optim::SGD optimizer(std::vector{chainrule::ones({2})}, 0.1, {.momentun = 0.9}); }

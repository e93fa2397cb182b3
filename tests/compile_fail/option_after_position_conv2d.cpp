// expected: bia
// expected of g++: name 'bia' used in a GNU-style designated initializer
// lines of g++: 9
#include <chainrule/api.hpp>

int main() { chainrule::nn::Conv2d conv(2, 3, 3, 1, 1, {.bia = false}); }

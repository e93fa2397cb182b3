// expected: paddings
// expected of g++: name 'paddings' used in a GNU-style designated initializer
// lines of g++: 9
#include <chainrule/api.hpp>

int main() { chainrule::nn::Conv2d conv(2, 3, 3, {.paddings = 1}); }

// expected: biass
// expected of g++: name 'biass' used in a GNU-style designated initializer
// lines of g++: 9
#include <chainrule/api.hpp>

int main() { chainrule::nn::Linear fc(2, 3, {.biass = false}); }

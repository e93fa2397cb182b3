// expected: shufle
// expected of g++: name 'shufle' used in a GNU-style designated initializer
// lines of g++: 9
#include <chainrule/data.hpp>

int main() { chainrule::data::DataLoader loader(std::vector<float>(4), 2, {.shufle = true}); }

// expected: no matching
#include <chainrule/api.hpp>

int main() { chainrule::ones({2, 3}).sum({.keep = true}); }

// expected: a tensor of fractions is no index: compare it for a mask, x[y > 0], or convert it, x[y.to<std::int64_t>()]
// lines of g++: 12
#include <chainrule/api.hpp>

int main() {
  auto x = chainrule::ones({3});
  auto y = x[x];
}

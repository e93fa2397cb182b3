// expected: the two tensors have different element types: convert one of them, for example b.to<float>()
#include <chainrule/api.hpp>

int main() {
  auto a = chainrule::ones({2});
  auto b = chainrule::ones<double>({2});
  auto c = a + b;
}

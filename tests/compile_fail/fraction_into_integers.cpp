// expected: an integer tensor meets a fraction: convert the tensor first, x.to<float>() * 0.5
#include <chainrule/api.hpp>

int main() {
  auto a = chainrule::arange(3);
  auto b = a * 0.5;
}

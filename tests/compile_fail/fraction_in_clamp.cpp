// expected: an integer tensor meets a fraction: convert the tensor first
#include <chainrule/api.hpp>

int main() {
  auto labels = chainrule::ones<std::int64_t>({2});
  auto cut = labels.clamp(0.5);
}

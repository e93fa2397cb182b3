// expected: an integer tensor meets a fraction: convert the tensor first
#include <chainrule/api.hpp>

int main() {
  auto labels = chainrule::ones<std::int64_t>({2});
  labels.masked_fill_(labels > 1, 2.7);
}

// expected: index_select: the index must be of int64 or int32
#include <chainrule/api.hpp>

int main() {
  auto x = chainrule::ones({2, 3});
  auto y = x.index_select(0, chainrule::ones<std::uint8_t>({1}));
}

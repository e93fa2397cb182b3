// expected: apply: write the type of the module instead of auto, [](nn::Linear& layer) {...}
#include <chainrule/api.hpp>
namespace nn = chainrule::nn;

struct Net : nn::Module<Net> {
  nn::Linear fc{4, 2};
};

int main() {
  Net net;
  net.apply([](auto& m) {
    if constexpr (std::is_same_v<decltype(m), nn::Linear&>) nn::init::zeros_(m.weight);
  });
}

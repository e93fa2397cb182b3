// expected: it would be neither trained nor saved: add it there, or name it in `using others = nn::members<&M::count>
#include <chainrule/api.hpp>
namespace nn = chainrule::nn;

struct Net : nn::Module<Net> {
  nn::Linear in;
  double rate = 0.5;
  explicit Net(int hidden) : in(4, hidden) {}
  using parts = nn::members<&Net::in>;
};

int main() { Net(8).parameters(); }

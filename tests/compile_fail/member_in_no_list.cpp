// expected: a data member is missing in `using parts`, it would be neither trained nor saved: add it there
#include <chainrule/api.hpp>
namespace nn = chainrule::nn;

struct Net : nn::Module<Net> {
  nn::Linear in, out;
  nn::Parameter scale;
  bool residual = true;
  explicit Net(int hidden) : in(4, hidden), out(hidden, 2) {}
  using parts = nn::members<&Net::in, &Net::out>;
  using others = nn::members<&Net::residual>;
};

int main() { Net(8).parameters(); }

// Every op and loss against PyTorch: outputs, gradients for given cotangents, running statistics. The rows are in
// parts/.

#include "parity/parts/rows.hpp"
#include "support/catch.hpp"

namespace chainrule_test {
namespace {

const ParityTable& rows() {
  static const ParityTable table = [] {
    ParityTable t;
    add_elementwise_rows(t);
    add_reduction_rows(t);
    add_shape_rows(t);
    add_layer_rows(t);
    add_loss_rows(t);
    return t;
  }();
  return table;
}

struct Count {
  int cases = 0, tensors = 0;
};

void compare(const ParityCase& c, const std::string& what, const TensorBase& ours, const std::string& role,
             Count& count) {
  INFO(c.name << ": " << what);
  CHECK(disagreement(ours, c.stored(role), c.rtol(), c.atol()) == "");
  ++count.tensors;
}

void run(ParityCase& c, Count& count) {
  auto row = rows().find(c.op);
  if (row == rows().end()) {
    FAIL_CHECK("op '" << c.op << "' of case " << c.name << " has no row in tests/parity/parts/");
    return;
  }
  ++count.cases;
  const ParityOutputs outputs = row->second(c);
  const auto names = c.list("outputs");
  REQUIRE(outputs.size() == names.size());
  std::vector<Tensor<double>> roots, cotangents, inputs;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    compare(c, names[k], outputs[k], names[k], count);
    const auto role = "cotangent" + std::to_string(k);
    if (!c.has(role)) continue;
    roots.emplace_back(outputs[k].share());
    cotangents.push_back(c.stored_as<double>(role));
  }
  for (const auto& [role, ours] : c.others()) compare(c, role, ours, role, count);
  const auto wanted = c.list("grads");
  if (wanted.empty()) return;
  for (const auto& input : wanted) inputs.push_back(c.real(input));
  const auto grads = chainrule::autograd::grad(roots, inputs, cotangents);
  for (std::size_t k = 0; k < wanted.size(); ++k)
    compare(c, "gradient of " + wanted[k], grads[k], "grad." + wanted[k], count);
}

TEST_CASE("ops and losses agree with PyTorch", "[parity][data]") {
  if (!parity_present("ops")) return;
  const ParityGroup group("ops");
  Count count;
  for (const auto& json : group.cases()) {
    ParityCase c(group, json);
    try {
      run(c, count);
    } catch (const std::exception& e) { FAIL_CHECK(c.name << ": " << e.what()); }
  }
  std::printf("REPORT: parity: %d of %zu cases of ops ran, %d tensors compared\n", count.cases, group.cases().size(),
              count.tensors);
  CHECK(count.cases == static_cast<int>(group.cases().size()));
  CHECK(count.cases > 0);
}

}  // namespace
}  // namespace chainrule_test

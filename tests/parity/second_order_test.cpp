// Gradients of gradients against PyTorch: grad2.I is the gradient of the sum of u.I * grad.I for the given u.

#include "support/catch.hpp"
#include "support/parity.hpp"

namespace chainrule_test {
namespace {

using X = std::vector<Tensor<double>>;
using Function = Tensor<double> (*)(const X&);

// The files give no arguments for this group: they are part of the case's name.
const std::map<std::string, Function> functions = {
    {"mul", [](const X& in) { return in[0] * in[1]; }},
    {"div", [](const X& in) { return in[0] / in[1]; }},
    {"exp", [](const X& in) { return cr::exp(in[0]); }},
    {"tanh", [](const X& in) { return cr::tanh(in[0]); }},
    {"sigmoid", [](const X& in) { return cr::sigmoid(in[0]); }},
    {"matmul", [](const X& in) { return cr::matmul(in[0], in[1]); }},
    {"softmax", [](const X& in) { return cr::softmax(in[0], 1); }},
    {"log_softmax", [](const X& in) { return cr::log_softmax(in[0], 1); }},
    {"conv2d", [](const X& in) { return cr::conv2d(in[0], in[1], in[2], {.padding = 1}); }},
    {"batch_norm",
     [](const X& in) { return cr::batch_norm(in[0], Tensor<double>(), Tensor<double>(), in[1], in[2], true); }},
    {"relu", [](const X& in) { return cr::relu(in[0]); }},
    {"sum", [](const X& in) { return in[0].sum(1); }},
    {"pow", [](const X& in) { return cr::pow(in[0], 3); }},
    {"max_pool2d", [](const X& in) { return cr::max_pool2d(in[0], 2); }},
    {"cross_entropy",
     [](const X& in) {
       return cr::cross_entropy(in[0], cr::tensor<std::int64_t>({1, 0, 3}));
     }},
    {"gelu", [](const X& in) { return cr::gelu(in[0]); }},
    {"sqrt", [](const X& in) { return cr::sqrt(in[0]); }},
    {"logsumexp", [](const X& in) { return cr::logsumexp(in[0], 1); }},
    {"linear", [](const X& in) { return cr::linear(in[0], in[1], in[2]); }},
    {"var", [](const X& in) { return in[0].var(1); }},
};

void run(ParityCase& c, int& ran) {
  auto f = functions.find(c.op);
  if (f == functions.end()) {
    FAIL_CHECK("op '" << c.op << "' is not known to this test");
    return;
  }
  ++ran;
  X inputs;
  for (const auto& name : c.list("inputs")) inputs.push_back(c.real(name));
  const auto first = cr::autograd::grad<double>({f->second(inputs)}, inputs, X{c.stored_as<double>("cotangent0")},
                                                {.create_graph = true});
  X roots, us;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto index = std::to_string(i);
    INFO(c.name << ": gradient of input " << i);
    CHECK(disagreement(first[i], c.stored("grad." + index), c.rtol(), c.atol()) == "");
    if (!first[i].requires_grad()) continue;  // does not depend on the inputs: its gradient is 0
    roots.push_back(first[i]);
    us.push_back(c.stored_as<double>("u." + index));
  }
  X second(inputs.size());
  if (!roots.empty()) second = cr::autograd::grad<double>(roots, inputs, us, {.allow_unused = true});
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    INFO(c.name << ": second gradient of input " << i);
    const auto ours = second[i].defined() ? second[i] : cr::zeros_like(inputs[i]);
    CHECK(disagreement(ours, c.stored("grad2." + std::to_string(i)), c.rtol(), c.atol()) == "");
  }
}

TEST_CASE("second derivatives agree with PyTorch", "[parity][data]") {
  if (!parity_present("second_order")) return;
  const ParityGroup group("second_order");
  int ran = 0;
  for (const auto& json : group.cases()) {
    ParityCase c(group, json);
    try {
      run(c, ran);
    } catch (const std::exception& e) { FAIL_CHECK(c.name << ": " << e.what()); }
  }
  std::printf("REPORT: parity: %d of %zu cases of second_order ran\n", ran, group.cases().size());
  CHECK(ran == static_cast<int>(group.cases().size()));
  CHECK(ran > 0);
}

}  // namespace
}  // namespace chainrule_test

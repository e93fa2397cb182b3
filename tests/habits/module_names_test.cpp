// PyTorch's names around modules: ModuleList, ModuleDict, ParameterList, training(), to<T>(),
// state_dict()["fc.weight"].

#include <chainrule/nn.hpp>
#include <chainrule/ops/print.hpp>
#include <chainrule/ops.hpp>
#include "support/catch.hpp"
#include "support/message_of.hpp"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using chainrule_test::Contains;
using chainrule_test::message_of;

namespace {

struct Heads : nn::Module<Heads> {
  nn::ModuleList body{nn::Linear(3, 4), nn::ReLU()};
  nn::ModuleDict heads{{"digit", nn::Linear(4, 10)}, {"parity", nn::Linear(4, 2, false)}};
  nn::ParameterList scales{nn::Parameter(cr::ones({1})), nn::Parameter(cr::ones({2}))};
  nn::ParameterDict shifts{{"z", nn::Parameter(cr::zeros({1}))}};
  cr::Tensor<> forward(cr::Tensor<> x, const std::string& head) const {
    for (const auto& layer : body) x = layer(x);
    return heads[head](x) * scales[0] + shifts["z"];
  }
};

struct Plain : nn::Module<Plain> {
  nn::Linear fc{3, 2};
  nn::BatchNorm1d bn{2};
};

}  // namespace

TEST_CASE("ModuleList, ModuleDict and ParameterList are members like any other", "[habits][nn]") {
  Heads net;
  std::vector<std::string> names;
  for (const auto& [name, tensor] : net.named_parameters()) names.push_back(name);
  // A module's parameters come before its children's; what stands in a list or a dictionary counts as a child.
  CHECK(names == std::vector<std::string>{"body.0.weight", "body.0.bias", "heads.digit.weight", "heads.digit.bias",
                                          "heads.parity.weight", "scales.0", "scales.1", "shifts.z"});
  CHECK(net(cr::ones({5, 3}), "parity").shape() == cr::Shape{5, 2});
  CHECK(net.heads.size() == 2);
  CHECK(net.heads.contains("digit"));
  CHECK_THAT(message_of([&] {
               net(cr::ones({5, 3}), "colour");
             }),
             Contains("no \"colour\" here, it holds digit, parity; set(\"colour\", ...) adds one"));
  CHECK_THAT(net.str(), Contains("(heads): ModuleDict(") &&
                            Contains("(parity): Linear(in_features=4, out_features=2, bias=False)"));
}

TEST_CASE("a copy of a module with a ModuleDict is deep", "[habits][nn]") {
  Heads net, other = net;
  net.heads["digit"].as<nn::Linear>()->weight.data()[0] = 7;
  CHECK(other.heads["digit"].as<nn::Linear>()->weight.data()[0] != 7);
  net.heads.set("digit", nn::Linear(4, 3));
  CHECK(net(cr::ones({5, 3}), "digit").shape() == cr::Shape{5, 3});
}

TEST_CASE("training() says what train() and eval() said", "[habits][nn]") {
  Plain net;
  CHECK(net.training());
  net.eval();
  CHECK_FALSE(net.training());
  CHECK_FALSE(net.fc.training());
  CHECK_FALSE(net.bn.training);  // its own member
  net.train();
  CHECK(net.training());
}

TEST_CASE("to<T>() of a module's own type is the module", "[habits][nn]") {
  Plain net;
  CHECK(&net.to<float>() == &net);
  nn::BasicLinear<double> fc(2, 2);
  CHECK(&fc.to<double>() == &fc);
}

TEST_CASE("state_dict()[name] is the tensor of that name", "[habits][nn][state]") {
  Plain net;
  const auto state = net.state_dict();
  CHECK(state["fc.weight"].is_same(net.fc.weight) == false);  // another handle
  CHECK(state["fc.weight"].shares_storage(net.fc.weight));
  CHECK(net.state_dict()["fc.bias"].shape() == cr::Shape{2});
  CHECK(state[0].first == "fc.weight");
  CHECK_THAT(message_of([&] { state["fc.wieght"]; }),
             Contains("no tensor is called \"fc.wieght\"; the nearest name is \"fc.weight\"") &&
                 Contains("module_names_test.cpp"));
  CHECK_THAT(message_of([&] { state["bn.num_batches_tracked"]; }),
             Contains("is int64, not float32; get<std::int64_t>(\"bn.num_batches_tracked\") gives it"));
  CHECK_THAT(message_of([&] { nn::StateDict()["x"]; }), Contains("no tensor is called \"x\": it is empty"));
}

namespace {
struct Scaler : cr::nn::Module<Scaler> {
  cr::nn::Buffer mean = cr::zeros({2});
  cr::nn::Parameter gain = cr::ones({2});
};
}  // namespace

TEST_CASE("nn::Buffer mean = zeros(...), nn::Parameter gain = ones(...), and buffers are printed", "[habits][nn]") {
  Scaler s;
  CHECK(s.gain.requires_grad());
  CHECK_FALSE(s.mean.requires_grad());
  for (auto& [name, buffer] : s.named_buffers()) {
    CHECK(name == "mean");
    CHECK(cr::detail::str_of(buffer) == s.mean.str());
  }
}

// Activations: values by hand or by PyTorch, derivatives by differences, kinks, large arguments, the backward ops in
// one pass.

#include "ops/values.hpp"

namespace chainrule_test {
namespace {

using X = std::vector<Tensor<double>>;

struct Activation {
  const char* name;
  Function f;
  std::vector<double> y;  // at -2, -0.5, 0.5, 3
  double at_zero, slope_at_zero;
};

// At 0 itself leaky_relu and elu(alpha) take the slope below, relu 0.
const std::vector<Activation> activations = {
    {"relu", [](const X& in) { return in[0].relu(); }, {0, 0, 0.5, 3}, 0, 0},
    {"tanh", [](const X& in) { return in[0].tanh(); }, {-0.964027580, -0.462117157, 0.462117157, 0.995054754}, 0, 1},
    {"sigmoid",
     [](const X& in) { return in[0].sigmoid(); },
     {0.119202922, 0.377540669, 0.622459331, 0.952574127},
     0.5,
     0.25},
    {"leaky_relu", [](const X& in) { return cr::leaky_relu(in[0]); }, {-0.02, -0.005, 0.5, 3}, 0, 0.01},
    {"leaky_relu 0.2", [](const X& in) { return cr::leaky_relu(in[0], 0.2); }, {-0.4, -0.1, 0.5, 3}, 0, 0.2},
    {"elu", [](const X& in) { return cr::elu(in[0]); }, {-0.864664717, -0.393469340, 0.5, 3}, 0, 1},
    {"elu 2", [](const X& in) { return cr::elu(in[0], 2); }, {-1.729329434, -0.786938681, 0.5, 3}, 0, 2},
    {"gelu",
     [](const X& in) { return cr::gelu(in[0]); },
     {-0.045500264, -0.154268770, 0.345731230, 2.995950306},
     0,
     0.5},
    {"gelu tanh",
     [](const X& in) { return cr::gelu(in[0], {.approximate = "tanh"}); },
     {-0.045402306, -0.154285988, 0.345714012, 2.996362607},
     0,
     0.5},
    {"silu",
     [](const X& in) { return cr::silu(in[0]); },
     {-0.238405844, -0.188770334, 0.311229666, 2.857722381},
     0,
     0.5},
    {"softplus",
     [](const X& in) { return cr::softplus(in[0]); },
     {0.126928011, 0.474076984, 0.974076984, 3.048587352},
     0.693147181,
     0.5},
    {"softplus 2 5",
     [](const X& in) { return cr::softplus(in[0], 2, 5); },
     {0.009074964, 0.156630844, 0.656630844, 3},
     0.346573590,
     0.5},
};

TEST_CASE("activations: values, layouts, sizes 0 and 1, first and second derivatives", "[ops][activation]") {
  for (const auto& a : activations) {
    INFO(a.name);
    const std::vector<double> x = {-2, -0.5, 0.5, 3};
    CHECK(differs(a.f({tensor(x)}), a.y) == "");
    CHECK(differs(a.f({tensor<double>({{-2, 0.5}, {-0.5, 3}}).t()}), a.y) == "");
    CHECK(a.f({cr::zeros<double>({0, 3})}).shape() == Shape{0, 3});
    CHECK(differs(a.f({tensor<double>(0)}), {a.at_zero}) == "");
    CHECK(differs(gradient(a.f, {0}), {a.slope_at_zero}) == "");
    CHECK(std::isnan(a.f({tensor<double>(nan)}).item()));
    check_derivatives(a.f, {leaf(x)});
    check_derivatives(a.f, {leaf({1.25})});
  }
}

TEST_CASE("the second derivative of an activation can be differentiated again", "[ops][activation]") {
  // d3/dx3 by differences of the second derivative, which the graph gives.
  for (const auto& a : activations) {
    INFO(a.name);
    auto second = [&](double at, bool third) {
      auto x = leaf({at});
      auto first = cr::autograd::grad({a.f({x})}, {x}, {tensor<double>({1})}, {.create_graph = true})[0];
      if (!first.requires_grad()) return 0.0;
      auto g = cr::autograd::grad({first}, {x}, {tensor<double>({1})}, {.create_graph = true, .allow_unused = true})[0];
      if (!g.defined() || !third) return g.defined() ? g.item() : 0.0;
      if (!g.requires_grad()) return 0.0;
      auto h = cr::autograd::grad({g}, {x}, {tensor<double>({1})}, {.allow_unused = true})[0];
      return h.defined() ? h.item() : 0.0;
    };
    for (double at : {-0.7, 0.4})
      CHECK(second(at, true) == Approx((second(at + 1e-5, false) - second(at - 1e-5, false)) / 2e-5).margin(1e-6));
  }
}

TEST_CASE("large arguments neither overflow nor give NaN", "[ops][activation]") {
  const std::vector<double> x = {-800, 800};
  CHECK(differs(tensor(x).sigmoid(), {0, 1}) == "");
  CHECK(differs(tensor(x).tanh(), {-1, 1}) == "");
  CHECK(differs(cr::silu(tensor(x)), {0, 800}) == "");
  CHECK(differs(cr::softplus(tensor(x)), {0, 800}) == "");
  CHECK(differs(cr::elu(tensor(x)), {-1, 800}) == "");
  CHECK(differs(cr::gelu(tensor(x)), {0, 800}) == "");
  CHECK(differs(gradient([](const X& in) { return in[0].sigmoid(); }, x), {0, 0}) == "");
  CHECK(differs(gradient([](const X& in) { return cr::silu(in[0]); }, x), {0, 2}) == "");
  CHECK(differs(gradient([](const X& in) { return cr::softplus(in[0]); }, x), {0, 2}) == "");
  CHECK(differs(gradient([](const X& in) { return cr::elu(in[0]); }, x), {0, 2}) == "");
  CHECK(differs(gradient([](const X& in) { return cr::gelu(in[0]); }, x), {0, 2}) == "");
  CHECK(differs(tensor({-100, 100}).sigmoid() + cr::silu(tensor({-100, 100})), {0, 101}) == "");
  // second derivatives beyond the kink, where the other branch would overflow
  for (Function f : {Function([](const X& in) { return cr::elu(in[0]); }),
                     Function([](const X& in) { return cr::softplus(in[0]); })}) {
    auto v = leaf({800});
    auto g = cr::autograd::grad({f({v})}, {v}, {tensor<double>({1})}, {.create_graph = true})[0];
    CHECK(cr::autograd::grad({g}, {v}, {tensor<double>({1})})[0].item() == 0);
  }
}

TEST_CASE("relu does not multiply infinity by zero", "[ops][activation]") {
  auto x = leaf({-1, 2});
  x.relu().backward(tensor<double>({inf, inf}));
  CHECK(differs(x.grad(), {0, inf}) == "");
}

TEST_CASE("tanh and sigmoid keep their result, so editing it is noticed", "[ops][activation]") {
  auto x = leaf({0.5});
  auto y = x.tanh();
  y.detach().zero_();
  CHECK(contains(message_of([&] { y.backward(tensor<double>({1})); }), "tanh"));
}

TEST_CASE("bad options are refused", "[ops][activation]") {
  auto x = tensor({1});
  CHECK(contains(message_of([&] { (void)cr::gelu(x, {.approximate = "exact"}); }), "got \"exact\""));
  CHECK(contains(message_of([&] { (void)cr::softplus(x, 0); }), "beta must not be 0"));
}

}  // namespace
}  // namespace chainrule_test

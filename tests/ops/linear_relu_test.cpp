// linear_relu against the ops that it stands for, bit for bit, by every way through the product; nn::relu_of and
// nn::Sequential with it.

#include "support/catch.hpp"
#include "support/random_bits.hpp"
#include <chainrule/api.hpp>
#include <cmath>

namespace cr = chainrule;
namespace nn = chainrule::nn;
using chainrule_test::random, chainrule_test::same_bits;
using cr::Shape;

namespace {

template <class T> void agree(const Shape& rows, std::int64_t out, bool has_bias, bool wants_x, bool wants_weight) {
  INFO("x " << rows.str() << ", " << out << " outputs, bias " << has_bias << ", gradient of x " << wants_x
            << ", of the weight " << wants_weight);
  cr::Tensor<T> values[2], gradients[2][3];
  for (int fused = 0; fused < 2; ++fused) {
    auto x = random<T>(rows, 1, wants_x), weight = random<T>({out, rows.back()}, 2, wants_weight),
         bias = has_bias ? random<T>(Shape(out), 3) : cr::Tensor<T>();
    auto y = fused ? cr::linear_relu(x, weight, bias) : cr::relu(cr::linear(x, weight, bias));
    values[fused] = y.detach();
    if (!y.requires_grad()) continue;
    (y * random<T>(y.shape(), 4, false)).sum().backward();
    gradients[fused][0] = x.grad(), gradients[fused][1] = weight.grad();
    if (has_bias) gradients[fused][2] = bias.grad();
  }
  CHECK(same_bits(values[0], values[1]));
  for (int i = 0; i < 3; ++i) CHECK(same_bits(gradients[0][i], gradients[1][i]));
}

}  // namespace

TEMPLATE_TEST_CASE("linear_relu gives the numbers of the ops one by one", "[ops][linear]", float, double) {
  for (int threads : {1, 2, 3}) {
    cr::set_num_threads(threads);
    agree<TestType>({300, 2}, 3, true, false, true);    // few columns
    agree<TestType>({64, 300}, 10, true, true, true);   // dot products
    agree<TestType>({64, 400}, 128, true, true, true);  // by way of the transpose
    agree<TestType>({100, 40}, 70, true, true, true);   // packed panels
    agree<TestType>({3, 5, 7}, 4, false, true, true);   // leading dimensions, no bias
    agree<TestType>({7, 9}, 20, true, true, false);
    agree<TestType>({7, 9}, 20, false, false, true);
  }
  cr::set_num_threads(cr::detail::default_threads());
}

TEST_CASE("linear_relu: a NaN stays, empty batches have a result, errors name the op", "[ops][linear]") {
  auto x = cr::tensor({{NAN, 1}, {-1, 0}});
  auto y = cr::linear_relu(x, cr::tensor({{1, 1}})).to_vector();
  CHECK(std::isnan(y[0]));
  CHECK(y[1] == 0);
  CHECK(cr::linear_relu(cr::ones({0, 2}), cr::ones({3, 2})).shape() == Shape{0, 3});
  CHECK_THROWS_WITH(cr::linear_relu(x, cr::ones({3, 4})),
                    chainrule_test::Contains("linear_relu: expects 4 input features, got 2"));
}

TEST_CASE("relu_of and Sequential give what a Linear and a ReLU give one by one", "[nn][linear]") {
  cr::manual_seed(7);
  nn::Sequential one{nn::Linear(20, 30), nn::ReLU(), nn::Linear(30, 5), nn::ReLU({.inplace = true})}, two = one;
  auto input = random<float>({8, 20}, 1, false);
  cr::Tensor<> x = input;
  for (auto& [name, module] : one) x = module(x);
  auto y = two(input);
  CHECK(same_bits(x.detach(), y.detach()));
  CHECK(std::string(y.grad_fn()->op) == "linear_relu");
  x.square().sum().backward();
  y.square().sum().backward();
  for (std::size_t i = 0; i < 4; ++i) CHECK(same_bits(one.parameters()[i].grad(), two.parameters()[i].grad()));

  struct Net : nn::Module<Net> {
    nn::Linear fc{4, 3};
    cr::Tensor<> forward(const cr::Tensor<>& v) { return nn::relu_of(fc, v); }
  } net;
  CHECK(same_bits(net(cr::ones({2, 4})).detach(), cr::relu(net.fc(cr::ones({2, 4}))).detach()));
  CHECK_THROWS_WITH(net(cr::ones({2, 3})), chainrule_test::Contains("fc (Linear): expects 4 input features, got 3"));
  CHECK_THROWS_WITH(nn::relu_of(net.fc, cr::ones({2, 4}), cr::ones({2, 3})),
                    chainrule_test::Contains("relu_of: only batch norms add a skip connection"));
  struct Ops : cr::Observer {
    std::string names;
    void forward(const cr::ForwardEvent& e) override { names += std::string(e.op) + ' '; }
  } watcher;
  cr::Observe watch(watcher);
  nn::relu_of(net.fc, cr::ones({2, 4}));
  two(input);
  CHECK(watcher.names == "linear relu linear relu linear relu ");
}

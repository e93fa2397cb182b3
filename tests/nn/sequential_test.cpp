// Sequential: modules of any types as values.

#include <chainrule/api.hpp>
#include <bit>
#include <cmath>
#include <limits>
#include "support/catch.hpp"

using namespace chainrule;
using chainrule_test::Contains;

namespace {

nn::Sequential small() {
  return nn::Sequential{nn::Linear(4, 8), nn::ReLU(), nn::Sequential{nn::Linear(8, 3), nn::Tanh()}};
}

template <class Named> std::vector<std::string> names(const Named& list) {
  std::vector<std::string> all;
  for (const auto& [name, value] : list) all.push_back(name);
  return all;
}
using Names = std::vector<std::string>;

struct Counter : nn::Module<Counter> {  // state that is neither parameter nor buffer, and a forward that changes it
  int calls = 0;
  Tensor<> forward(const Tensor<>& x) {
    ++calls;
    return x;
  }
};

struct Unique : nn::Module<Unique> {
  std::unique_ptr<nn::Linear> inner = std::make_unique<nn::Linear>(2, 2);
  Tensor<> forward(const Tensor<>& x) const { return (*inner)(x); }
};

}  // namespace

TEST_CASE("a Sequential calls its modules one after the other", "[nn][sequential]") {
  nn::Sequential net = small();
  Tensor<> x = rand({5, 4});
  Tensor<> by_hand = net.get<nn::Linear>(0)(x).relu();
  by_hand = net.get<nn::Sequential>(2).get<nn::Linear>(0)(by_hand).tanh();
  CHECK(net(x).to_vector() == by_hand.to_vector());
  CHECK(net(x).shape() == Shape{5, 3});
  Tensor<> walked = x;
  for (auto& [name, module] : net) walked = module(walked);
  CHECK(walked.to_vector() == by_hand.to_vector());
  CHECK(nn::Sequential()(x).is_same(x));
  const nn::Sequential& constant = net;
  CHECK(constant(x).to_vector() == by_hand.to_vector());
}

TEST_CASE("relu waits for max pooling: the same bits, gradients too", "[nn][sequential]") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  Tensor<> x = randn({2, 3, 9, 8}).round();  // many ties, zeros of both signs, whole windows below zero
  x.index_put_({0, 0}, -x.index({0, 0}).abs());
  x.index_put_({0, 1, 0, 0}, tensor(nan)), x.index_put_({0, 1, 4, 4}, tensor(inf)),
      x.index_put_({1, 2, 2, 2}, tensor(-inf));
  auto bits = [](const Tensor<>& t) {
    std::vector<std::uint32_t> all;
    for (const float v : t.detach().to_vector()) all.push_back(std::bit_cast<std::uint32_t>(v));
    return all;
  };
  for (const MaxPool2dOptions& options :
       {MaxPool2dOptions{}, MaxPool2dOptions{.stride = 1, .padding = 1},
        MaxPool2dOptions{.stride = 3, .ceil_mode = true}, MaxPool2dOptions{.stride = 4, .padding = 5, .dilation = 9}})
    for (const bool inplace : {false, true}) {
      const int size = options.dilation.w == 9 ? 2 : 3;  // columns -1 and 8 of a window: neither is in the image
      INFO(options.stride.value_or(2).str() << " dilation " << options.dilation.str() << " inplace " << inplace);
      nn::Sequential net{[](const Tensor<>& v) { return v * 1; }, nn::ReLU({.inplace = inplace}),
                         nn::MaxPool2d(size, options)};
      Tensor<> a = x.clone().requires_grad_(), b = x.clone().requires_grad_();
      Tensor<> y = net(a), by_hand = max_pool2d(relu(b * 1), size, options);
      CHECK(bits(y) == bits(by_hand));
      Tensor<> upstream = randn(y.shape());
      y.backward(upstream), by_hand.backward(upstream);
      CHECK(bits(a.grad()) == bits(b.grad()));
    }
}

TEST_CASE("a ReLU module writes over a temporary, and over nothing that somebody holds", "[nn][sequential]") {
  Tensor<> x = tensor({-1.f, 2.f});
  nn::ReLU act;
  CHECK(act(x).data() != x.data());
  CHECK(x.to_vector() == std::vector<float>{-1, 2});
  Tensor<> temporary = x + 0;
  const float* place = temporary.data();
  CHECK(act(std::move(temporary)).data() == place);
  nn::Sequential net{nn::ReLU(), nn::MaxPool2d(1)};
  Tensor<> image = tensor({{{{-1.f, 2.f}}}});
  net(image);
  CHECK(image.to_vector() == std::vector<float>{-1, 2});
  Tensor<> w = tensor({0.5f, -2.f}).requires_grad_();
  nn::Sequential{nn::Tanh(), nn::ReLU()}(w).sum().backward();  // tanh's gradient needs its own result
  CHECK(w.grad().to_vector()[0] == 1 - std::tanh(0.5f) * std::tanh(0.5f));
  CHECK(w.grad().to_vector()[1] == 0);
}

TEST_CASE("names, gradients and printing go through a Sequential", "[nn][sequential]") {
  nn::Sequential net = small();
  CHECK(names(net.named_parameters()) == Names{"0.weight", "0.bias", "2.0.weight", "2.0.bias"});
  CHECK(names(net.named_modules()) == Names{"", "0", "1", "2", "2.0", "2.1"});
  net(rand({5, 4})).sum().backward();
  for (const auto& p : net.parameters()) CHECK(p.grad().defined());
  CHECK(net.str() == R"(Sequential(
  (0): Linear(in_features=4, out_features=8, bias=True)
  (1): ReLU()
  (2): Sequential(
    (0): Linear(in_features=8, out_features=3, bias=True)
    (1): Tanh()
  )
))");
  CHECK(nn::Sequential().str() == "Sequential()");
}

TEST_CASE("modules of a Sequential may have names", "[nn][sequential]") {
  nn::Sequential net{{"fc1", nn::Linear(4, 8)}, {"act", nn::ReLU()}};
  net.push_back("fc2", nn::Linear(8, 2));
  CHECK(names(net.state_dict()) == Names{"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"});
  CHECK(net(rand({1, 4})).shape() == Shape{1, 2});
  CHECK(net["act"].str() == "ReLU()");
  CHECK(net.get<nn::Linear>("fc2").in_features == 8);
  CHECK_THROWS_WITH(net["fc3"], Contains("has no module \"fc3\"; it holds fc1, act, fc2"));
  CHECK_THROWS_WITH(net.get<nn::ReLU>("fc1"), Contains("module fc1 is a Linear, not a ReLU"));
  CHECK_THROWS_WITH(net.push_back("act", nn::ReLU()), Contains("two modules are called \"act\""));
  CHECK_THROWS_WITH((nn::Sequential{{"a", nn::ReLU()}, {"a", nn::Tanh()}}), Contains("two modules are called \"a\""));
}

TEST_CASE("a Sequential grows and is indexed, from the end too", "[nn][sequential]") {
  nn::Sequential net;
  net.push_back(nn::Linear(2, 3)).append(nn::ReLU());
  CHECK(net.size() == 2);
  CHECK(net[0].as<nn::Linear>()->out_features == 3);
  CHECK(net[0].as<nn::ReLU>() == nullptr);
  CHECK(net[-1].str() == "ReLU()");
  CHECK_THROWS_WITH(net[2], Contains("has no module 2, it holds 2"));
  CHECK_THROWS_WITH(net.get<nn::Conv2d>(0), Contains("module 0 is a Linear, not a Conv2d"));
  net[1] = nn::Tanh();
  CHECK(net[1].str() == "Tanh()");
}

TEST_CASE("copies of a Sequential are deep, and assigning keeps what an optimizer holds", "[nn][sequential]") {
  nn::Sequential net = small(), copy = net;
  Tensor<> weight = net.get<nn::Linear>(0).weight, bias = net.get<nn::Sequential>(2).get<nn::Linear>(0).bias;
  {
    no_grad guard;
    for (const auto& p : copy.parameters()) p.fill_(0.5f);
  }
  CHECK(weight.to_vector() != std::vector<float>(32, 0.5f));
  net = copy;
  CHECK(net.parameters()[0].is_same(weight));
  CHECK(weight.to_vector() == std::vector<float>(32, 0.5f));
  CHECK(bias.to_vector() == std::vector<float>(3, 0.5f));
  nn::Sequential moved = std::move(net);
  CHECK(moved.parameters()[0].is_same(weight));
  nn::Sequential other{nn::Linear(1, 1)};
  other = moved;
  CHECK(other.size() == 3);
  CHECK_FALSE(other.parameters()[0].shares_storage(weight));
}

namespace {
struct Lists : nn::Module<Lists> {
  nn::ModuleList layers{nn::Linear(2, 3), nn::ReLU()};
  nn::ParameterList scales{nn::Parameter(ones({1})), nn::Parameter(ones({1}))};
  Tensor<> forward(Tensor<> x) {
    for (auto& layer : layers) x = layer(x);
    for (auto& s : scales) x = x * s;
    return x;
  }
};
}  // namespace

TEST_CASE("a ModuleList holds modules of any types, a ParameterList parameters", "[nn][sequential]") {
  Lists net;
  CHECK(names(net.named_parameters()) == Names{"layers.0.weight", "layers.0.bias", "scales.0", "scales.1"});
  CHECK(net(rand({4, 2})).shape() == Shape{4, 3});
  Lists copy = net;
  copy.layers[0].as<nn::Linear>()->bias.detach().fill_(7);
  CHECK(net.layers[0].as<nn::Linear>()->bias.to_vector()[0] != 7);
  CHECK(net.str().find("  (layers): ModuleList(\n    (0): Linear(in_features=2, out_features=3, bias=True)\n    (1): "
                       "ReLU()\n  )\n") != std::string::npos);
}

TEST_CASE("lambdas, own modules and modules that cannot be copied stand in a Sequential", "[nn][sequential]") {
  nn::Sequential net{Counter(), [](const Tensor<>& x) { return x * 2; }, Unique()};
  CHECK(net[1].str() == "Function()");
  net(ones({1, 2}));
  net(ones({1, 2}));
  CHECK(net.get<Counter>(0).calls == 2);
  CHECK(net.num_parameters() == 6);
  CHECK_THROWS_WITH(nn::Sequential(net), Contains("a Unique cannot be copied"));
}

TEST_CASE("an Embedding may come first: indices go in", "[nn][sequential][embedding]") {
  nn::Sequential net{nn::Embedding(10, 4, {.padding_idx = 0}), nn::Flatten(), nn::Linear(12, 2)};
  Tensor<std::int64_t> words = tensor<std::int64_t>({{1, 9, 0}, {3, 3, 0}});
  CHECK(net(words).shape() == Shape{2, 2});
  net(words).sum().backward();
  const auto& table = net.get<nn::Embedding>(0).weight;
  CHECK(table[0].to_vector() == std::vector<float>(4, 0));
  CHECK(table.grad()[0].to_vector() == std::vector<float>(4, 0));  // the padding row learns nothing
  CHECK(table.grad()[3].to_vector() != std::vector<float>(4, 0));
  CHECK_THROWS_WITH(net(ones({2, 3})), Contains("takes a tensor of int64, got float32"));
  CHECK_THROWS_WITH(small()(words), Contains("takes a tensor of float32, got int64"));
  CHECK_THROWS_WITH(net(tensor<std::int64_t>({{10}})), Contains("0 (Embedding): "));
  CHECK_THROWS_WITH(nn::Embedding(3, 2, {.padding_idx = 3}), Contains("padding_idx 3 lies outside of 3 rows"));
}

TEST_CASE("an error in a Sequential says in which module", "[nn][sequential][error]") {
  struct Net : nn::Module<Net> {
    nn::Sequential features = small();
    Tensor<> forward(const Tensor<>& x) { return features(x); }
  } net;
  CHECK_THROWS_WITH(net(ones({1, 5})),
                    Contains("features.0 (Linear): expects 4 input features, got 5; use Linear(5, 8)"));
  net.features.get<nn::Sequential>(2)[0] = nn::Linear(7, 3);
  CHECK_THROWS_WITH(net(ones({1, 4})), Contains("features.2.0 (Linear): expects 7 input features, got 8"));
}

TEST_CASE("a skip connection around any module", "[nn][residual]") {
  nn::Residual skip(nn::Linear(3, 3));
  Tensor<> x = rand({2, 3});
  CHECK(skip(x).to_vector() == (skip.block(x) + x).to_vector());
  CHECK(names(skip.named_parameters()) == Names{"block.weight", "block.bias"});

  nn::Residual down(nn::Sequential{nn::Linear(3, 2), nn::ReLU()}, nn::Linear(3, 2, {.bias = false}));
  CHECK(down(x).to_vector() == (down.block(x) + down.shortcut(x)).to_vector());
  CHECK(names(down.named_parameters()) == Names{"block.0.weight", "block.0.bias", "shortcut.weight"});
  CHECK(down.str().starts_with("Residual(\n  (block): Sequential(\n"));

  nn::Residual broadcasts(nn::Linear(3, 1));
  CHECK_THROWS_WITH(
      broadcasts(x),
      Contains("Residual: the block gives shape (2, 1), the shortcut (2, 3); give Residual a second module"));
}

TEST_CASE("double nets are made of the same pieces", "[nn][sequential]") {
  nn::BasicSequential<double> net{nn::BasicLinear<double>(2, 2), nn::Sigmoid(), nn::Flatten()};
  static_assert(std::same_as<decltype(net(ones<double>({1, 2}))), Tensor<double>>);
  CHECK(net(ones<double>({1, 2})).shape() == Shape{1, 2});
  CHECK(net.parameters()[0].dtype() == DType::float64);
}

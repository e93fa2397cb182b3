// More rows of the table in docs/coming-from-pytorch.md: reductions, hooks, containers, loaders, meters, and what
// stands in for what is not there.

#include "support/catch.hpp"
#include <chainrule/chainrule.hpp>

namespace cr = chainrule;
namespace nn = chainrule::nn;
namespace data = chainrule::data;
namespace training = chainrule::training;

namespace {
struct Product : cr::autograd::Function<Product> {
  static cr::Tensor<> forward(cr::autograd::Context& ctx, const cr::Tensor<>& a, const cr::Tensor<>& b) {
    ctx.save_for_backward(a, b);
    return a * b;
  }
  static cr::Grads backward(cr::autograd::Context& ctx, const cr::Tensor<>& g) {
    return cr::Grads{g * ctx.saved_tensors()[1], g * ctx.saved_tensors()[0]};
  }
};
}  // namespace

TEST_CASE("table: masks, reductions, hooks", "[habits][table]") {
  auto x = cr::rand({2, 3}), w = cr::ones({3}, {.requires_grad = true});
  auto m = x > 0.5, b = x > 0.2;
  CHECK((~m).equal(m.logical_not()));
  CHECK((m & b).equal(m.logical_and(b)));
  CHECK((m | b).equal(m.logical_or(b)));
  CHECK(x.mean(1, true).shape() == cr::Shape{2, 1});
  CHECK(x.argmax(1, true).dim() == 2);
  CHECK(x.sort(1, true).values[{0, 0}].item() == x[0].max().item());
  CHECK(x.clamp(std::nullopt, 0.5).equal(x.clamp_max(0.5)));
  CHECK(x.std(0, {.correction = 0}).numel() == 3);
  auto id = w.register_hook([](const cr::Tensor<>& g) { return 2 * g; });
  w.sum().backward();
  CHECK(w.grad()[0].item() == 2);
  w.remove_hook(id);
  w.set_grad({});
  CHECK_FALSE(w.grad().defined());
  {
    cr::set_grad_enabled guard(false);
    CHECK_FALSE((w * 2).requires_grad());
  }
  auto a = cr::ones({2}, {.requires_grad = true});
  Product::apply(a, cr::full({2}, 3)).sum().backward();
  CHECK(a.grad()[0].item() == 3);
}

TEST_CASE("table: containers and states of modules", "[habits][table]") {
  nn::ModuleList layers;
  layers.emplace_back(nn::Linear(2, 3));
  nn::ModuleDict heads;
  heads.set("a", nn::Linear(2, 3));
  CHECK(heads["a"](cr::ones({1, 2})).size(1) == 3);
  nn::Sequential net(nn::Linear(2, 3), nn::ReLU());
  CHECK(net[0].as<nn::Linear>()->weight.size(0) == 3);
  auto state = net.state_dict(), best = net.state_dict().clone();
  CHECK(state.keys() == std::vector<std::string>{"0.weight", "0.bias"});
  {
    cr::NoGradGuard guard;
    net[0].as<nn::Linear>()->weight.zero_();
  }
  CHECK_FALSE(best["0.weight"].equal(net.state_dict()["0.weight"]));
  std::erase_if(state, [](auto& e) { return e.first == "0.bias"; });
  CHECK(net.load_state_dict(state, {.strict = false}).missing_keys.size() == 1);
  net.requires_grad_(false);
  for (auto& p : net.parameters()) p.requires_grad_(true);
  net(cr::ones({1, 2})).sum().backward();
  const double norm = nn::utils::clip_grad_norm_(net.parameters(), 1.0);
  CHECK(norm >= 0);
  nn::Embedding tok(5, 3);
  cr::linear(cr::rand({2, 3}), tok.weight).sum().backward();
  CHECK(tok.weight.grad().defined());
}

TEST_CASE("table: loaders, meters, and what stands in", "[habits][table]") {
  data::TensorDataset set(cr::rand({10, 2}), cr::arange(10));
  data::DataLoader loader(set, {.batch_size = 4});
  CHECK(loader.size() == 3);
  std::int64_t seen = 0;
  for (int i = 0; auto& [x, y] : loader) seen += x.size(0) == y.size(0) ? i++ : 0;
  CHECK(seen == 3);
  auto [x, y] = *loader.begin();
  CHECK(x.size(0) == 4);
  std::vector<cr::Tensor<>> words{cr::ones({1}), cr::ones({2}), cr::ones({3})};
  auto join = [](std::vector<cr::Tensor<>> samples, std::span<const std::int64_t>) { return cr::cat(samples); };
  data::DataLoader joined(words, {.batch_size = 2}, join);
  CHECK((*joined.begin()).numel() == 3);
  auto [train, test] = data::random_split(set, {7, 3}, {.seed = 42});
  CHECK(train.size() == 7);
  training::ValueMeter losses;
  losses.add(0.5, 32);
  CHECK(losses.mean() == 0.5);
  training::ConfusionMatrix matrix(3);
  matrix.add(cr::rand({4, 3}), cr::tensor<std::int64_t>({0, 1, 2, 0}));
  CHECK(matrix.total() == 4);
  auto image = cr::rand({2, 3, 4, 5});
  auto twice = image.view(2, 3, 4, 1, 5, 1).expand(2, 3, 4, 2, 5, 2).reshape(2, 3, 8, 10);
  CHECK(twice[{0, 1, 3, 2}].item() == image[{0, 1, 1, 1}].item());
  auto counts = cr::one_hot(cr::tensor<std::int64_t>({0, 2, 2}), 3).sum(0);
  CHECK(counts.to_vector() == std::vector<std::int64_t>{1, 0, 2});
}

TEST_CASE("table: transforms of images", "[habits][table]") {
  namespace transforms = cr::transforms;
  const auto img = cr::arange(48).to<std::uint8_t>().view({4, 4, 3});
  cr::Generator g(1);
  CHECK(transforms::RandomCrop(8, 4, {.padding_mode = "reflect"})(img, g).shape() == cr::Shape{8, 8, 3});
  CHECK(transforms::RandomRotation(10, {.interpolation = "bilinear"})(img, g).shape() == img.shape());
  const transforms::RandomHorizontalFlip a(1);
  const transforms::RandomVerticalFlip b(1);
  CHECK(transforms::RandomApply(transforms::Compose(a, b), 1)(img, g).equal(img.flip({0, 1})));
  CHECK(transforms::RandomChoice(a, b)(img, g).shape() == img.shape());
  CHECK(transforms::functional::hflip(img).equal(img.flip(1)));
  CHECK(transforms::functional::rotate(img, 90).equal(img.transpose(0, 1).flip(0)));
}

// PyTorch's habit of the first argument by position and the rest by name: SGD(params, 0.1, {.momentum = 0.9}).

#include "support/catch.hpp"
#include "support/message_of.hpp"
#include <chainrule/chainrule.hpp>

using namespace chainrule;
using chainrule_test::message_of;
using Values = std::vector<float>;

namespace {

/// What one step of an optimizer makes of the parameter 1 with gradient 2.
template <class Make> float after_a_step(const Make& make) {
  Tensor<> p = ones({1}, {.requires_grad = true});
  p.set_grad(full({1}, 2.0));
  auto optimizer = make(std::vector{p});
  for (int i = 0; i < 2; ++i) optimizer->step();
  return p.item();
}

}  // namespace

TEST_CASE("optimizers take the learning rate by position and the rest by name", "[habits]") {
  const auto same = [](auto mixed, auto named) { CHECK(after_a_step(mixed) == after_a_step(named)); };
  using Params = std::vector<Tensor<>>;
  same([](Params p) { return std::make_unique<optim::SGD<>>(p, 0.1, optim::SGDOptions{.momentum = 0.9}); },
       [](Params p) { return std::make_unique<optim::SGD<>>(p, optim::SGDOptions{.lr = 0.1, .momentum = 0.9}); });
  Tensor<> p = ones({1}, {.requires_grad = true});
  optim::SGD sgd(std::vector{p}, 0.1, {.momentum = 0.9});
  optim::SGD listed({p}, 1, {.weight_decay = 0.5});
  optim::Adam adam(std::vector{p}, 1e-2, {.weight_decay = 1e-4});
  optim::AdamW adamw(std::vector{p}, 1e-2, {.betas = {0.9, 0.99}});
  optim::RMSprop rmsprop(std::vector{p}, 1e-2, {.momentum = 0.9});
  optim::Adagrad adagrad(std::vector{p}, 1e-2, {.lr_decay = 0.1});
  CHECK(sgd.param_groups()[0].momentum == 0.9);
  CHECK(sgd.lr() == 0.1);
  CHECK(listed.param_groups()[0].weight_decay == 0.5);
  CHECK(listed.lr() == 1);
  CHECK(adam.param_groups()[0].weight_decay == 1e-4);
  CHECK(adamw.param_groups()[0].betas.second == 0.99);
  CHECK(rmsprop.param_groups()[0].momentum == 0.9);
  CHECK(adagrad.param_groups()[0].lr_decay == 0.1);
  CHECK(message_of([&] { optim::SGD twice(std::vector{p}, 0.1, {.lr = 0.2}); }).find("stands there twice") !=
        std::string::npos);
}

TEST_CASE("layers take stride and padding by position and the rest by name", "[habits]") {
  const nn::Conv2d conv(3, 4, 3, 1, 1, {.bias = false}), strided(3, 4, 3, 2, {.padding = 1}),
      pair(3, 4, 3, {2, 1}, {.padding = 1});
  CHECK(!conv.bias.defined());
  CHECK(conv.forward(zeros({1, 3, 8, 8})).shape() == Shape{1, 4, 8, 8});
  CHECK(strided.forward(zeros({1, 3, 8, 8})).shape() == Shape{1, 4, 4, 4});
  CHECK(pair.forward(zeros({1, 3, 8, 8})).shape() == Shape{1, 4, 4, 8});
  CHECK(nn::MaxPool2d(3, 2, {.padding = 1}).forward(zeros({1, 1, 8, 8})).shape() == Shape{1, 1, 4, 4});
  CHECK(nn::MaxPool2d(3, 2, 1, {.ceil_mode = true}).forward(zeros({1, 1, 8, 8})).shape() == Shape{1, 1, 5, 5});
  CHECK(nn::AvgPool2d(3, 2, {.padding = 1}).forward(zeros({1, 1, 8, 8})).shape() == Shape{1, 1, 4, 4});
  CHECK(nn::Dropout({.p = 0.2}).p == 0.2);
  CHECK(nn::LeakyReLU({.negative_slope = 0.2}).negative_slope == 0.2);
  CHECK(nn::ELU({.alpha = 2}).alpha == 2);
}

TEST_CASE("functions take their first options by position and the rest by name", "[habits]") {
  const Tensor<> x = tensor({{-1, 2, 3}, {4, 5, 6}}), image = zeros({1, 1, 8, 8}), window = ones({1, 1, 3, 3});
  CHECK(conv2d(image, window, {}, 2, {.padding = 1}).shape() == Shape{1, 1, 4, 4});
  CHECK(dropout(x, 0.5, {.training = false}).to_vector() == x.to_vector());
  CHECK(dropout(x, {.p = 1.0}).to_vector() == Values(6, 0.f));
  CHECK(batch_norm(x, {}, {}, {}, {}, {.training = true}).shape() == Shape{2, 3});
  CHECK(leaky_relu(x, {.negative_slope = 0.5})[0][0].item() == -0.5f);
  CHECK(relu(x, {.inplace = false})[0][0].item() == 0);
  CHECK(x[0][0].item() == -1);
  const Tensor<> edited = x.clone();
  CHECK(relu(edited, {.inplace = true}).is_same(edited));
  CHECK(edited[0][0].item() == 0);
  CHECK(x.norm({.p = 1}).item() == 21);
  CHECK(x.norm(1, 1, {.keepdim = true}).shape() == Shape{2, 1});
  CHECK(x.topk(1, 1, {.largest = false}).values.to_vector() == Values{-1, 4});
  CHECK(zeros({2, 3, 4}).flatten(0, {.end_dim = 1}).shape() == Shape{6, 4});
  CHECK(x.split(2, {.dim = 1})[1].shape() == Shape{2, 1});
  CHECK(x.chunk(3, {.dim = 1}).size() == 3);
  const Tensor<std::int64_t> labels = tensor<std::int64_t>({0, 2});
  const Tensor<> weight = tensor({1, 2, 3});
  CHECK(cross_entropy(x, labels, weight).item() == cross_entropy(x, labels, {.weight = weight}).item());
  CHECK(cross_entropy(x, labels, weight, {.reduction = Reduction::sum}).item() ==
        cross_entropy(x, labels, {.weight = weight, .reduction = Reduction::sum}).item());
}

TEST_CASE("clip_grad_norm_ takes its options by name", "[habits]") {
  Tensor<> p = zeros({2}, {.requires_grad = true});
  p.set_grad(tensor({3, 4}));
  CHECK(nn::utils::clip_grad_norm_(std::vector{p}, 10.0, {.norm_type = 1}) == 7);
  CHECK(nn::utils::clip_grad_norm_(std::vector{p}, {.max_norm = 10.0}) == 5);
  CHECK(message_of([&] { nn::utils::clip_grad_norm_(std::vector{p}, {.norm_type = 1}); }).find("max_norm") !=
        std::string::npos);
}

TEST_CASE("a data loader takes the batch size by position and the rest by name", "[habits]") {
  const data::TensorDataset set(arange(10.f));
  CHECK(data::DataLoader(set, 3, {.drop_last = true}).size() == 3);
  CHECK(data::DataLoader(set, 3, true, {.num_workers = 2}).options().num_workers == 2);
  CHECK(data::DataLoader(set, 3, true, {.num_workers = 2}).options().shuffle);
}

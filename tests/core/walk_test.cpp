// Walks through the graph: what they leave behind shares memory with nothing, and they run inside of each other and
// side by side.
#include "support/catch.hpp"
#include "support/message_of.hpp"

#include <chainrule/chainrule.hpp>
#include <chainrule/autograd/function.hpp>
#include <thread>

using namespace chainrule;
using chainrule_test::has;
using chainrule_test::message_of;

namespace {
using Values = std::vector<float>;
}  // namespace

TEST_CASE("no .grad shares memory with another, a seed or a value that the user holds", "[core][autograd]") {
  auto a = tensor({1, 1}, {.requires_grad = true}), b = tensor({1, 1}, {.requires_grad = true});
  for (bool graph : {false, true}) {
    a.zero_grad(), b.zero_grad();
    (a + b).sum().backward({.create_graph = graph});
    (a * 1).sum().backward();
    CHECK(a.grad().to_vector() == Values{2, 2});
    CHECK(b.grad().to_vector() == Values{1, 1});
  }
  a.zero_grad(), b.zero_grad();
  auto seed = ones({2});
  (a + b).backward(seed);
  seed.fill_(7);
  CHECK(a.grad().to_vector() == Values{1, 1});
  CHECK_FALSE(a.grad().shares_storage(b.grad()));
  a.zero_grad(), b.zero_grad();
  (a + b).backward(ones({2}), {.create_graph = true});
  nn::utils::clip_grad_norm_(std::vector{a, b}, 1);
  CHECK(a.grad().to_vector() == b.grad().to_vector());
  CHECK(a.grad().to_vector()[0] == Approx(0.5));

  Tensor<> kept;  // a hook that keeps what it saw, or gives back what it holds
  auto y = a + b;
  y.register_hook([&](const Tensor<>& g) { kept = g; });
  y.retain_grad();
  a.zero_grad(), b.zero_grad();
  (y * tensor({1, 1})).sum().backward();
  kept.detach().fill_(9);
  CHECK(y.grad().to_vector() == Values{1, 1});
  CHECK(a.grad().to_vector() == Values{1, 1});
  auto mine = tensor({3, 4});
  a.register_hook([&](const Tensor<>&) { return mine; });
  a.zero_grad();
  a.sum().backward();
  mine.fill_(0);
  CHECK(a.grad().to_vector() == Values{3, 4});
}

TEST_CASE("results of autograd::grad share no memory, and an input may stand twice", "[core][autograd]") {
  auto a = tensor({1, 2}, {.requires_grad = true}), b = tensor({1, 1}, {.requires_grad = true});
  auto all = autograd::grad({(a + b).sum()}, {a, b});
  all[0].fill_(5);
  CHECK(all[1].to_vector() == Values{1, 1});
  auto seed = ones({2});
  auto g = autograd::grad({a + b}, {a}, {seed})[0];
  CHECK_FALSE(g.shares_storage(seed));
  auto twice = autograd::grad({(a * a).sum()}, {a, a});
  REQUIRE(twice.size() == 2);
  CHECK(twice[0].to_vector() == Values{2, 4});
  CHECK(twice[1].to_vector() == Values{2, 4});
  CHECK_FALSE(twice[0].shares_storage(twice[1]));
  auto y = a * 3;
  auto inner = autograd::grad({(y * y).sum()}, {y, a, y});
  CHECK(inner[0].to_vector() == Values{6, 12});
  CHECK(inner[1].to_vector() == Values{18, 36});
  CHECK(inner[2].to_vector() == Values{6, 12});
}

TEST_CASE("a hook may walk the graph that is being walked", "[core][autograd][hooks]") {
  auto x = tensor({2}, {.requires_grad = true});
  auto y = x * x, z = y * y * y;
  Values seen;
  y.register_hook([&](const Tensor<>& g) {  // nodes of the outer walk, some done and some to come
    if (!seen.empty()) return;              // the inner walks call it as well
    seen = g.to_vector();
    seen.push_back(autograd::grad(y, x, {.retain_graph = true})[0].item());
    seen.push_back(autograd::grad(z, x, {.retain_graph = true})[0].item());
    seen.push_back(autograd::grad(z, y, {.retain_graph = true})[0].item());
  });
  z.backward({.retain_graph = true});
  CHECK(x.grad().item() == 6 * 32);
  CHECK(seen == Values{48, 4, 192, 48});
}

namespace {
/// Its backward pass asks for a gradient of the graph that the outer walk goes through.
struct Nested : autograd::Function<Nested> {
  static inline Tensor<> loss, leaf;
  static Tensor<> forward(autograd::Context&, const Tensor<>& x) { return x.clone(); }
  static Tensor<> backward(const autograd::Context&, const Tensor<>& g) {
    return g * autograd::grad(loss, leaf, {.retain_graph = true})[0];
  }
};
struct ExpOfOutput : autograd::Function<ExpOfOutput> {
  static Tensor<double> forward(autograd::BasicContext<double>& ctx, const Tensor<double>& x) {
    auto y = exp(x);
    ctx.save_for_backward({y, x});
    return y;
  }
  static Tensor<double> backward(const autograd::BasicContext<double>& ctx, const Tensor<double>& g) {
    return g * ctx.saved_tensors()[0];
  }
};
struct Careless : autograd::Function<Careless> {
  static Tensor<> forward(autograd::Context&, const Tensor<>& x) { return x.add_(1); }
  static Tensor<> backward(const autograd::Context&, const Tensor<>& g) { return g; }
};
}  // namespace

TEST_CASE("a custom backward may walk the graph that is being walked", "[core][function]") {
  auto x = tensor({2}, {.requires_grad = true});
  auto y = x * x;
  Nested::leaf = y;
  Nested::loss = (y * y).sum();  // d/dy = 2 y = 8
  (Nested::apply(y) + Nested::loss).sum().backward();
  CHECK(x.grad().item() == 8 * 4 + 8 * 4);
  Nested::loss = Nested::leaf = {};
}

TEST_CASE("second derivatives go through what a custom function saved", "[core][function]") {
  auto x = tensor<double>({1}, {.requires_grad = true});
  auto y = ExpOfOutput::apply(x * x);
  auto g = autograd::grad(y, x, {.create_graph = true})[0];
  CHECK(g.item() == Approx(2 * std::exp(1.0)));
  CHECK(autograd::grad(g, x)[0].item() == Approx(6 * std::exp(1.0)));  // (2 + 4 x^2) exp(x^2)
}

TEST_CASE("a custom function's saved tensors are checked, shown and released as those of every op",
          "[core][function]") {
  auto x = tensor<double>({1, 2}, {.requires_grad = true});
  auto y = ExpOfOutput::apply(x);
  int shown = 0;
  y.grad_fn()->saved([&](const TensorBase& t) { shown += t.defined(); });
  CHECK(shown == 2);
  y.sum().backward();
  CHECK(has(message_of([&] { y.sum().backward(); }), "Function has let go of what it saved"));
  auto z = ExpOfOutput::apply(x);
  z.detach().add_(1);
  CHECK(has(message_of([&] { z.sum().backward(); }), "edited in place"));
  auto p = tensor({1});
  CHECK(has(message_of([&] { Careless::apply(p); }), "forward() edited input 0 in place"));
}

TEST_CASE("threads may walk one retained graph and add to one leaf", "[core][autograd][threads]") {
  auto x = tensor({1, 2, 3}, {.requires_grad = true});
  auto y = (x * x).exp();
  auto z = (y * y + x).sum();
  const Values right = autograd::grad(z, x, {.retain_graph = true})[0].to_vector();
  std::atomic<int> wrong{0};
  auto many = [&](auto body) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 300; ++i) body();
      });
    for (auto& t : threads) t.join();
  };
  many([&] { wrong += autograd::grad(z, x, {.retain_graph = true})[0].to_vector() != right; });
  CHECK(wrong == 0);
  auto leaf = tensor({1, 1}, {.requires_grad = true});
  many([&] { (leaf * 2).sum().backward(); });
  CHECK(leaf.grad().to_vector() == Values{1800, 1800});
  // Without retain_graph one of them walks it and the others are told so: none reads what is gone.
  std::atomic<int> walked{0}, refused{0};
  auto once = (x * x * x).sum();
  many([&] {
    try {
      autograd::grad(once, x);
      ++walked;
    } catch (const Error&) { ++refused; }
  });
  CHECK(walked >= 1);
  CHECK(walked + refused == 900);
}

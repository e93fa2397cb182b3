// In-place edits and views: every tensor over edited memory has the history that its values have, whichever of them was
// edited.
#include "support/catch.hpp"
#include "support/message_of.hpp"

#include <chainrule/chainrule.hpp>

using namespace chainrule;
using chainrule_test::has;
using chainrule_test::message_of;

namespace {
using Values = std::vector<float>;

Values gradient(const Tensor<>& leaf) {
  const Tensor<> g = leaf.grad();
  leaf.zero_grad();
  return g.defined() ? g.to_vector() : Values{};
}
}  // namespace

TEST_CASE("a view made before an edit of its base follows the edit", "[core][autograd][inplace]") {
  auto x = tensor({1, 1}, {.requires_grad = true}), w = tensor({1, 2}, {.requires_grad = true});
  auto begin = [&] {
    auto y = x * 1;
    return std::pair(y, y.slice(0, 0, 1));
  };
  {
    auto [y, v] = begin();
    y.mul_(3);
    v.sum().backward();
    CHECK(gradient(x) == Values{3, 0});
  }
  {
    auto [y, v] = begin();
    y.fill_(3);
    v.sum().backward();
    CHECK(gradient(x) == Values{0, 0});
  }
  {
    auto [y, v] = begin();
    y.copy_(w * 5);
    v.sum().backward();
    CHECK(gradient(x) == Values{0, 0});
    CHECK(gradient(w) == Values{5, 0});
  }
  {
    auto [y, v] = begin();
    y.uniform_();
    v.sum().backward();
    CHECK(gradient(x) == Values{0, 0});
  }
  {
    auto [y, v] = begin();
    y.add_(w);
    y.relu_();
    (v * v).sum().backward();  // v = x + w = 2
    CHECK(gradient(x) == Values{4, 0});
    CHECK(gradient(w) == Values{4, 0});
  }
  {  // a base without a history
    auto b = zeros({2});
    auto u = b.slice(0, 0, 1);
    b.add_(w);
    CHECK(u.requires_grad());
    CHECK_FALSE(u.is_leaf());
    (u * 2).sum().backward();
    CHECK(gradient(w) == Values{2, 0});
  }
}

TEST_CASE("an edit of a view is seen by its base and by every other view", "[core][autograd][inplace]") {
  auto x = tensor({{1, 2, 3}, {4, 5, 6}}, {.requires_grad = true}), w = tensor({10, 20}, {.requires_grad = true});
  {  // views of views, transposed and with a step
    auto y = x * 2;
    auto column = y.t().slice(0, 0, 3, 2)[1];  // y[:, 2]
    auto row = y[1];
    auto all = y.view({6});
    column.mul_(w);
    CHECK(y.to_vector() == Values{2, 4, 60, 8, 10, 240});
    (row * tensor({1, 2, 3})).sum().backward();
    CHECK(gradient(x) == Values{0, 0, 0, 2, 4, 3 * 2 * 20});
    CHECK(gradient(w) == Values{0, 3 * 12});
    CHECK(all.requires_grad());
  }
  {
    auto y = x * 2;
    y[0].fill_(7);
    y[0][1] = w[1] * 3;  // through a temporary
    (y * y).sum().backward();
    CHECK(gradient(x) == Values{0, 0, 0, 2 * 8 * 2, 2 * 10 * 2, 2 * 12 * 2});
    CHECK(gradient(w) == Values{0, 2 * 60 * 3});
  }
  {  // one part of memory from another
    auto y = x.view({6}) * 1;
    y.slice(0, 0, 3).add_(y.slice(0, 3, 6));
    y.slice(0, 1, 4).copy_(y.slice(0, 0, 3));
    (y * arange(6).to<float>()).sum().backward();  // y = {x0+x3, x0+x3, x1+x4, x2+x5, x4, x5}
    CHECK(gradient(x) == Values{1, 2, 3, 1, 2 + 4, 3 + 5});
  }
  {  // the rows of a buffer, one after the other
    auto h = zeros({4, 2});
    h[0].copy_(w);
    for (int i = 1; i < 4; ++i) h[i].copy_(h[i - 1] * 2);
    h.sum().backward();
    CHECK(gradient(w) == Values{15, 15});
  }
  {  // index_put_ and masked edits through a view
    auto y = x * 1;
    auto row = y[1];
    row.index_put_({tensor<std::int64_t>({0, 2})}, w);
    y.sum().backward();
    CHECK(gradient(x) == Values{1, 1, 1, 0, 1, 0});
    CHECK(gradient(w) == Values{1, 1});
    auto z = x * 1;
    z[0].masked_fill_(tensor<bool>({true, false, true}), 0);
    z.sum().backward();
    CHECK(gradient(x) == Values{0, 1, 0, 1, 1, 1});
  }
  {  // memory of the caller, with strides of its own
    float memory[6] = {1, 1, 1, 1, 1, 1};
    auto b = Tensor<>::from_blob(memory, {2, 3}, {1, 2});
    auto u = b[0], v = b.select(1, 1);
    v.mul_(w);
    u.add_(1);
    CHECK(b.to_vector() == Values{2, 11, 2, 1, 20, 1});
    (b * tensor({{1, 2, 3}, {4, 5, 6}})).sum().backward({.retain_graph = true});
    CHECK(gradient(w) == Values{2, 5});
    (v * v).sum().backward();
    CHECK(gradient(w) == Values{22, 40});
  }
}

TEST_CASE("second derivatives go through edits of views", "[core][autograd][inplace]") {
  auto x = tensor<double>({2, 3}, {.requires_grad = true});
  auto f = [](const Tensor<double>& p) {
    auto y = p * 1;
    auto v = y.slice(0, 0, 1), e = y.unsqueeze(0).expand({2, 2});
    v.mul_(p.slice(0, 1, 2));  // y = {a b, b}
    return (e * e * y).sum();  // 2 (a^3 b^3 + b^3)
  };
  CHECK(autograd::gradcheck([&](const std::vector<Tensor<double>>& in) { return f(in[0]); }, {x}));
  auto g = autograd::grad(f(x), x, {.create_graph = true})[0];
  CHECK(g.to_vector() == std::vector<double>{6 * 4 * 27, 6 * 8 * 9 + 6 * 9});
  auto h = autograd::grad(g.sum(), x)[0];
  CHECK(h.to_vector() == std::vector<double>{12 * 2 * 27 + 18 * 4 * 9, 18 * 4 * 9 + 12 * 8 * 3 + 12 * 3});
}

TEST_CASE("an edit that overwrites keeps the value's place in the graph, and changes none under no_grad",
          "[core][autograd][inplace]") {
  auto x = tensor({1, 2}, {.requires_grad = true});
  const auto edits = {+[](const Tensor<>& y) { y.fill_(3); }, +[](const Tensor<>& y) { y.zero_(); },
                      +[](const Tensor<>& y) { y.uniform_(); }, +[](const Tensor<>& y) { y.normal_(); },
                      +[](const Tensor<>& y) { y.copy_(ones({2})); }};
  for (auto edit : edits) {
    auto y = x * 2;
    edit(y);
    CHECK(y.requires_grad());
    y.sum().backward();
    CHECK(gradient(x) == Values{0, 0});
    auto z = x * 2;
    {
      no_grad guard;
      edit(z);
    }
    CHECK(z.requires_grad());
    z.sum().backward();  // as if nothing had been written
    CHECK(gradient(x) == Values{2, 2});
  }
}

TEST_CASE("edits that would lose a gradient are refused", "[core][autograd][inplace][errors]") {
  auto x = tensor({1, 2}, {.requires_grad = true});
  CHECK(has(message_of([&] { x[0] = 5; }), "leaf that requires grad"));
  CHECK(has(message_of([&] { x.view({2, 1}).mul_(2); }), "leaf that requires grad"));
  auto b = zeros({2});
  auto leaf = b.slice(0, 0, 1);
  leaf.requires_grad_();
  CHECK(has(message_of([&] { b.add_(1); }), "leaf that requires grad"));
  CHECK(has(message_of([&] { b[1] = 1; }), "leaf that requires grad"));
  CHECK(b.to_vector() == Values{0, 0});
  {
    no_grad guard;
    b.add_(1);
    x[0] = 5;
  }
  CHECK(leaf.to_vector() == Values{1});
  CHECK(x.to_vector() == Values{5, 2});
  auto y = x * 1;
  CHECK(has(message_of([&] { y[0].detach_(); }), "use detach()"));
  Tensor<> quiet;
  {
    no_grad guard;
    quiet = y[0];
  }
  CHECK(has(message_of([&] { quiet.mul_(3); }), "made under no_grad"));  // y would not know of it
  CHECK(y.to_vector() == Values{5, 2});
}

TEST_CASE("an expanded tensor is not edited, recording or not", "[core][inplace][errors]") {
  auto one = zeros({1});
  auto wide = one.expand({3});
  auto refused = [&](auto edit) { return has(message_of(edit), "was expanded along dimension 0") && one.item() == 0; };
  for (bool recording : {true, false}) {
    set_grad_enabled guard(recording);
    CHECK(refused([&] { wide.add_(1); }));
    CHECK(refused([&] { wide.fill_(1); }));
    CHECK(refused([&] { wide.copy_(ones({3})); }));
    CHECK(refused([&] { wide.uniform_(); }));
    CHECK(refused([&] { wide.index_put_({0}, 1); }));
    CHECK(refused([&] { wide.view({3, 1}).mul_(tensor({{2}, {3}, {4}})); }));
    CHECK(refused([&] { wide.clamp_(1); }));
  }
  one.expand({1}).fill_(2);  // nothing is repeated
  CHECK(one.item() == 2);
}

TEST_CASE("retain_grad and hooks after an edit belong to the edited value", "[core][autograd][inplace]") {
  auto x = tensor({1, 2}, {.requires_grad = true});
  auto y = x * 2;
  y.retain_grad();
  Values before;
  y.register_hook([&](const Tensor<>& g) { before = g.to_vector(); });
  y.mul_(3);
  (y * 5).sum().backward();
  CHECK(y.grad().to_vector() == Values{5, 5});
  CHECK(before == Values{15, 15});  // the hook is of the value before the edit, as in PyTorch
  CHECK(gradient(x) == Values{30, 30});
}

TEST_CASE("graphs of edited views are freed", "[core][autograd][inplace]") {
  const auto before = memory_stats().live_bytes;
  {
    auto w = randn({4}, {.requires_grad = true});
    auto b = zeros({8});
    for (int i = 0; i < 3; ++i) {
      auto v = b.slice(0, i, i + 4), u = b.slice(0, 4, 8);
      b.slice(0, 0, 4).add_(v * u * w);  // saves views of what is edited
      CHECK(v.requires_grad());
    }
  }
  CHECK(memory_stats().live_bytes == before);
}

// The graph and the engine: accumulation, fan-out, retained graphs, second derivatives, hooks, in-place edits, long
// chains, observers.
#include "support/catch.hpp"
#include "support/message_of.hpp"

#include <chainrule/chainrule.hpp>

using namespace chainrule;
using chainrule_test::has;
using chainrule_test::message_of;

TEST_CASE("gradients add up where a value is used more than once, and over calls", "[core][autograd]") {
  auto x = tensor({3}, {.requires_grad = true});
  auto y = x * x + x;
  y.backward();
  CHECK(x.grad().item() == 7);
  (2 * x).backward();
  CHECK(x.grad().item() == 9);
  x.zero_grad();
  CHECK(!x.grad().defined());
}

TEST_CASE("the gradient of a broadcast operand is summed", "[core][autograd]") {
  auto x = ones({2, 3}, {.requires_grad = true}), b = ones({3}, {.requires_grad = true}),
       c = tensor(2.0, {.requires_grad = true});
  (x * b * c).sum().backward();
  CHECK(b.grad().to_vector() == std::vector<float>{4, 4, 4});
  CHECK(c.grad().shape() == Shape{});
  CHECK(c.grad().item() == 6);
}

TEST_CASE("doubling forty times is linear work", "[core][autograd]") {
  auto x = tensor<double>({1}, {.requires_grad = true});
  auto y = x;
  for (int i = 0; i < 40; ++i) y = y + y;
  y.backward();
  CHECK(x.grad().item() == 1099511627776.0);
}

TEST_CASE("a chain of a million ops neither overflows the stack nor leaks", "[core][autograd]") {
  auto x = tensor({1}, {.requires_grad = true});
  auto before = memory_stats().live_bytes;
  {
    auto y = x + 0;
    for (int i = 1; i < 1000000; ++i) y = y + 1;
    y.backward();
    CHECK(x.grad().item() == 1);
  }
  x.zero_grad();
  CHECK(memory_stats().live_bytes == before);
}

TEST_CASE("a rule that needs its own result makes no cycle", "[core][autograd]") {
  auto before = memory_stats().live_bytes;
  {
    auto x = randn({10}, {.requires_grad = true});
    auto y = x.relu();  // saves its result
    auto z = y * y;
  }
  CHECK(memory_stats().live_bytes == before);
}

TEST_CASE("backward names what is missing", "[core][autograd][errors]") {
  auto x = tensor({1, 2}, {.requires_grad = true});
  CHECK(has(message_of([&] { (x * x).backward(); }), "shape (2,)"));
  CHECK(has(message_of([&] { tensor({1}).backward(); }), "requires_grad_()"));
  auto y = (x * x).sum();
  y.backward();
  CHECK(has(message_of([&] { y.backward(); }), "retain_graph"));
  CHECK(x.grad().to_vector() == std::vector<float>{2, 4});
  auto z = (x * x).sum();
  z.backward({.retain_graph = true});
  z.backward();
  CHECK(x.grad().to_vector() == std::vector<float>{6, 12});
  CHECK(has(message_of([&] { (x * x).backward(ones({3})); }), "(3,)"));
  CHECK(has(message_of([&] { tensor<std::int64_t>({1}).requires_grad_(); }), "int64"));
  CHECK(has(message_of([&] { y.requires_grad_(false); }), "leaves"));
}

TEST_CASE("backward from a tensor of any shape takes its gradient", "[core][autograd]") {
  auto x = tensor({1, 2, 3}, {.requires_grad = true});
  (x * x).backward(tensor({1, 10, 100}));
  CHECK(x.grad().to_vector() == std::vector<float>{2, 40, 600});
}

TEST_CASE("saved values are freed as soon as their rule has run", "[core][autograd]") {
  auto x = randn({100000}, {.requires_grad = true});
  auto y = x * x;
  auto z = (y * y).sum();
  y = Tensor<>();
  auto held = memory_stats().live_bytes;
  z.backward();
  CHECK(memory_stats().live_bytes <= held);  // y's 400 kB went, x.grad's 400 kB came
}

TEST_CASE("an in-place edit of a saved value is an error, of another value is not", "[core][autograd][inplace]") {
  auto x = tensor({1, 2}, {.requires_grad = true}), b = tensor({5, 5}, {.requires_grad = true});
  auto y = (x * x).sum();
  {
    no_grad guard;
    x.add_(1);
  }
  CHECK(has(message_of([&] { y.backward(); }), "edited in place"));
  auto z = (x + b).sum();  // add saves nothing
  {
    no_grad guard;
    b.mul_(2);
  }
  z.backward();
  CHECK(b.grad().to_vector() == std::vector<float>{1, 1});
  CHECK(has(message_of([&] { x += 1; }), "leaf that requires grad"));
  CHECK(x.to_vector() == std::vector<float>{2, 3});
}

TEST_CASE("an in-place edit takes part in the graph", "[core][autograd][inplace]") {
  auto x = tensor({1, 2}, {.requires_grad = true});
  auto y = x * 1;
  y *= y;  // y = x^2, and the old y was saved: a copy of it
  y += x;
  y.sum().backward();
  CHECK(x.grad().to_vector() == std::vector<float>{3, 5});
  auto buffer = zeros({2});
  buffer.add_(x * 2);
  buffer.sum().backward();
  CHECK(x.grad().to_vector() == std::vector<float>{5, 7});
  auto w = x * 2;
  w[0] = 5;  // a view: the rest of w stays what it was
  x.zero_grad();
  w.sum().backward();
  CHECK(x.grad().to_vector() == std::vector<float>{0, 2});
}

TEST_CASE("autograd::grad leaves .grad alone and goes to second derivatives", "[core][autograd]") {
  auto x = tensor<double>({3}, {.requires_grad = true});
  auto y = x * x * x;
  auto dy = autograd::grad({y}, {x}, {.create_graph = true})[0];
  CHECK(dy.item() == 27);
  CHECK(!x.grad().defined());
  auto d2y = autograd::grad({dy}, {x}, {.create_graph = true})[0];
  CHECK(d2y.item() == 18);
  CHECK(autograd::grad({d2y}, {x})[0].item() == 6);
  auto unused = tensor<double>({1}, {.requires_grad = true});
  auto z = x * 2;
  CHECK(has(message_of([&] { (void)autograd::grad({z}, {unused}, {.retain_graph = true}); }), "allow_unused"));
  CHECK(!autograd::grad({z}, {unused}, {.allow_unused = true})[0].defined());
  auto middle = x * 5;
  auto top = middle * middle;
  CHECK(autograd::grad({top}, {middle}, {tensor<double>({1})})[0].item() == 30);
}

TEST_CASE("autograd::grad of one output and one input is one tensor", "[core][autograd]") {
  auto x = tensor<double>({3}, {.requires_grad = true});
  auto dy = autograd::grad(x * x * x, x, {.create_graph = true})[0];
  CHECK(dy.item() == 27);
  CHECK(autograd::grad(dy, x)[0].item() == 18);
  auto v = tensor<double>({1, 2}, {.requires_grad = true});
  CHECK(autograd::grad(v * v, v, tensor<double>({10, 100}))[0].to_vector() == std::vector<double>{20, 400});
}

namespace {
Grads product_rule(const Tensor<>& g, const Tensor<>& a, const Tensor<>& b) { return {g * b, g * a}; }
}  // namespace

TEST_CASE("a rule may give its gradients in braces", "[core][autograd]") {
  auto a = tensor({2}, {.requires_grad = true}), b = tensor({5}, {.requires_grad = true});
  record("product", (a * b).detach(), {a, b}, keep(a, b), product_rule, Location::here()).backward();
  CHECK(a.grad().item() == 5);
  CHECK(b.grad().item() == 2);
  auto x = tensor({3}, {.requires_grad = true});
  record(
      "twice", (x * 2).detach(), {x}, [](const Tensor<>& g) -> Grads { return {g * 2}; }, Location::here())
      .backward();
  CHECK(x.grad().item() == 2);
}

TEST_CASE("a hook that gives another shape is an error", "[core][autograd][hooks][errors]") {
  auto x = tensor({1, 2}, {.requires_grad = true});
  const auto id = x.register_hook([](const Tensor<>& g) { return g.sum(); });
  CHECK(has(message_of([&] { (x * 3).sum().backward(); }),
            "register_hook: a hook must return a gradient of the shape and type that it got, (2,) of float32, this one "
            "returned () of float32"));
  x.remove_hook(id);
  auto y = x * 3;
  y.register_hook([](const Tensor<>& g) { return g.unsqueeze(0); });
  CHECK(has(message_of([&] { y.sum().backward(); }), "this one returned (1, 2)"));
}

TEST_CASE("hooks see and change gradients; retain_grad keeps those of inner values", "[core][autograd][hooks]") {
  auto x = tensor({1, 2}, {.requires_grad = true});
  auto y = x * 3;
  y.retain_grad();
  std::vector<float> seen;
  y.register_hook([&](const Tensor<>& g) {
    seen = g.to_vector();
    return g * 10;
  });
  auto id = x.register_hook([](const Tensor<>& g) { return g + 1; });
  (y * y).sum().backward();
  CHECK(seen == std::vector<float>{6, 12});
  CHECK(y.grad().to_vector() == std::vector<float>{60, 120});
  CHECK(x.grad().to_vector() == std::vector<float>{181, 361});
  x.remove_hook(id);
  x.zero_grad();
  (x * 2).sum().backward();
  CHECK(x.grad().to_vector() == std::vector<float>{2, 2});
}

TEST_CASE("a leaf's hook sees the sum of all contributions, once", "[core][autograd][hooks]") {
  auto x = tensor({2}, {.requires_grad = true});
  int calls = 0;
  x.register_hook([&](const Tensor<>& g) {
    ++calls;
    return g;
  });
  (x * 3 + x * x).backward();
  CHECK(calls == 1);
  CHECK(x.grad().item() == 7);
}

TEST_CASE("no_grad, enable_grad and set_grad_enabled nest", "[core][autograd]") {
  auto x = tensor({1}, {.requires_grad = true});
  {
    no_grad guard;
    CHECK(!(x * 2).requires_grad());
    {
      enable_grad inner;
      CHECK((x * 2).requires_grad());
    }
    CHECK(!is_grad_enabled());
  }
  set_grad_enabled guard(false);
  CHECK(!(x * 2).requires_grad());
  CHECK(!x.detach().requires_grad());
}

TEST_CASE("gradcheck finds a wrong rule and tells kinks from mistakes", "[core][gradcheck]") {
  auto x = tensor<double>({-1, 0.5, 2}, {.requires_grad = true});
  CHECK(gradcheck([](const Tensor<double>& v) { return v * v * v; }, {x}));
  CHECK(gradgradcheck([](const Tensor<double>& v) { return v * v * v; }, {x}));
  auto wrong = [](const Tensor<double>& v) {
    return record(
        "wrong", (v * v).detach(), {v}, [](const Tensor<double>& g) { return Grads{g}; }, Location::here());
  };
  CHECK(has(message_of([&] { gradcheck(wrong, {x}); }), "central differences"));
  CHECK(!gradcheck(wrong, {x}, {.raise_exception = false}));
  auto k = tensor<double>({-1, 0, 2}, {.requires_grad = true});
  auto report = gradcheck_report([](const Tensor<double>& v) { return v.relu(); }, {k});
  CHECK(report.ok);
  REQUIRE(report.kinks.size() == 1);
  CHECK(report.kinks[0].element == 1);
  auto noisy = [](const Tensor<double>& v) { return v * randn<double>({3}); };
  CHECK(has(message_of([&] { gradcheck(noisy, {x}); }), "deterministic"));
}

TEST_CASE("anomaly mode names the op and the line", "[core][anomaly]") {
  autograd::detect_anomaly guard;
  auto big = tensor({1e30});
  std::string text = message_of([&] { (void)(big * big); });
  CHECK(has(text, "mul"));
  CHECK(has(text, "infinity"));
  CHECK(has(text, "autograd_test.cpp:"));
}

namespace {
struct MyCube : autograd::Function<MyCube> {
  static constexpr auto name = "cube";
  static Tensor<double> forward(autograd::BasicContext<double>& ctx, const Tensor<double>& x) {
    ctx.save_for_backward({x});
    return x * x * x;
  }
  static Grads backward(const autograd::BasicContext<double>& ctx, const Tensor<double>& g) {
    return Grads{3 * g * ctx.saved_tensors()[0] * ctx.saved_tensors()[0]};
  }
};
struct MySquare : autograd::Function<MySquare> {
  static Tensor<double> forward(autograd::BasicContext<double>& ctx, const Tensor<double>& x) {
    ctx.save_for_backward({x});
    return x * x;
  }
  static Tensor<double> backward(const autograd::BasicContext<double>& ctx, const Tensor<double>& g) {
    return 2 * g * ctx.saved_tensors()[0];
  }
};
struct EventLog : Observer {
  std::vector<std::string> lines;
  void forward(const ForwardEvent& e) override {
    lines.push_back(std::string("forward ") + e.op + (e.node ? "" : " unrecorded"));
  }
  void backward(const BackwardEvent& e) override { lines.push_back(std::string("backward ") + e.node.op); }
  void leaf(const LeafEvent& e) override { lines.push_back("leaf " + e.contribution.shape().str()); }
};
}  // namespace

TEST_CASE("a custom function has a forward and a backward of its own", "[core][function]") {
  auto x = tensor<double>({-2, 0.5}, {.requires_grad = true});
  CHECK(MyCube::apply(x).to_vector() == std::vector<double>{-8, 0.125});
  CHECK(std::string(MyCube::apply(x).grad_fn()->op) == "cube");
  CHECK(gradcheck([](const Tensor<double>& v) { return MyCube::apply(v); }, {x}));
  CHECK(gradgradcheck([](const Tensor<double>& v) { return MyCube::apply(v); }, {x}));
  CHECK(autograd::gradcheck([](auto v) { return MySquare::apply(v); }, {x}));  // one input: the gradient itself will do
}

TEST_CASE("a hook that returns nothing only looks", "[core][hook]") {
  auto x = tensor({1, 2}, {.requires_grad = true});
  Tensor<> seen;
  x.register_hook([&](Tensor<> g) { seen = g; });
  (3 * x).sum().backward();
  CHECK(seen.to_vector() == std::vector<float>{3, 3});
  CHECK(x.grad().to_vector() == std::vector<float>{3, 3});
}

TEST_CASE("an observer sees each forward op, each backward step and each leaf", "[core][observer]") {
  auto x = tensor({1, 2}, {.requires_grad = true}), c = tensor({3, 4});
  EventLog log, outer;
  {
    Observe watch_outer(outer);
    Observe watch(log);
    (x * c).sum().backward();
  }
  auto unseen = x * c;
  CHECK(log.lines ==
        std::vector<std::string>{"forward mul", "forward sum", "backward sum", "backward mul", "leaf (2,)"});
  CHECK(outer.lines == log.lines);
}

TEST_CASE("backward writes over no gradient that somebody else holds", "[core][autograd]") {
  auto x = tensor({-1, 2, 3}, {.requires_grad = true});
  auto seed = tensor({5, 6, 7});
  Tensor<> held;
  auto y = x * 2;
  y.retain_grad();
  auto z = relu(y);
  z.register_hook([&](const Tensor<>& g) {
    held = g;
    return g;
  });
  auto top = relu(z);  // both rules may overwrite what comes in, unless it is the caller's, the hook's or retained
  top.backward(seed);
  CHECK(seed.to_vector() == std::vector<float>{5, 6, 7});
  CHECK(held.to_vector() == std::vector<float>{0, 6, 7});
  CHECK(y.grad().to_vector() == std::vector<float>{0, 6, 7});
  CHECK(x.grad().to_vector() == std::vector<float>{0, 12, 14});

  auto w = tensor({1, -2}, {.requires_grad = true});  // one gradient goes two ways
  auto a = w * 3, b = relu(a), c = relu(a);
  (b + c).backward(tensor({1, 1}));
  CHECK(w.grad().to_vector() == std::vector<float>{6, 0});
}

TEST_CASE("zero_grad(false) drops the graph that create_graph left in .grad", "[core][autograd]") {
  auto x = tensor({2, 3}, {.requires_grad = true});
  (x * x * x).sum().backward({.create_graph = true});
  auto first = x.grad();
  REQUIRE(first.requires_grad());
  x.zero_grad(false);
  CHECK(x.grad().is_same(first));
  CHECK_FALSE(x.grad().requires_grad());
  CHECK(x.grad().to_vector() == std::vector<float>{0, 0});
  (x * x).sum().backward();
  CHECK(x.grad().to_vector() == std::vector<float>{4, 6});
}

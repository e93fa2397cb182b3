// An optimizer and a scheduler as a user writes them, docs/own-parts.md: values worked out by hand, checkpoints, what
// is refused.

#include <chainrule/ops.hpp>
#include <chainrule/optim.hpp>
#include "support/catch.hpp"
#include "support/message_of.hpp"

namespace cr = chainrule;
namespace optim = chainrule::optim;
using chainrule_test::Contains;
using chainrule_test::message_of;

namespace {

struct MomentumOptions {
  double lr = 0.5, momentum = 0.5;
};
struct Momentum : optim::OptimizerOf<double, MomentumOptions, 1> {
  static constexpr const char* states[] = {"buffer"};
  explicit Momentum(std::vector<cr::Tensor<double>> params, MomentumOptions o = {})
      : OptimizerOf("Momentum", states, std::move(params), o) {}
  void update(cr::Location) override {
    for_each_grad([&](const auto& group, const auto& p, auto& memory) {
      const auto& m = state_of(p, memory);
      m.mul_(group.momentum).add_(p.grad());
      p.sub_(group.lr * m);
    });
  }
};

struct Plain : optim::OptimizerOf<double, MomentumOptions, 0> {  // no state
  explicit Plain(std::vector<cr::Tensor<double>> params) : OptimizerOf("Plain", {}, std::move(params), {}) {}
  void update(cr::Location) override {
    for_each_grad([](const auto& group, const auto& p, auto&) { p.sub_(group.lr * p.grad()); });
  }
};

struct Misnamed : optim::OptimizerOf<double, MomentumOptions, 2> {  // two states, one name
  static constexpr const char* states[] = {"buffer"};
  explicit Misnamed(std::vector<cr::Tensor<double>> params) : OptimizerOf("Misnamed", states, std::move(params), {}) {}
  void update(cr::Location) override {}
};

struct Halving : optim::Scheduler {
  explicit Halving(optim::Optimizer& optimizer) : Scheduler("Halving", optimizer) {}
  double rate(std::size_t group, double) override { return base_lr(group) / static_cast<double>(1 << last_epoch()); }
};

cr::Tensor<double> one() { return cr::ones<double>({1}, {.requires_grad = true}); }

// p' = 1 in each step
void step(optim::Optimizer& optimizer, const cr::Tensor<double>& p) {
  optimizer.zero_grad();
  p.sum().backward();
  optimizer.step();
}

}  // namespace

TEST_CASE("an optimizer of one's own steps with its state", "[optim][own]") {
  auto p = one();
  Momentum optimizer({p});
  step(optimizer, p);  // m = 1,   p = 1 - 0.5
  step(optimizer, p);  // m = 1.5, p = 0.5 - 0.75
  CHECK(p.item() == -0.25);
  auto q = one();
  Plain plain({q});
  step(plain, q);
  CHECK(q.item() == 0.5);
}

TEST_CASE("its checkpoint holds options and states", "[optim][own]") {
  auto p = one(), q = one();
  Momentum first({p}), second({q}, {.lr = 1, .momentum = 0});
  step(first, p);
  const auto saved = first.state_dict();
  CHECK(saved.get<double>("state.0.buffer").item() == 1);
  CHECK(saved.get<double>("param_groups.0.momentum").item() == 0.5);
  second.load_state_dict(saved.clone());
  step(second, q);  // m = 1.5, lr = 0.5
  CHECK(q.item() == 0.25);
}

TEST_CASE("schedulers drive it, and it refuses what the others refuse", "[optim][own]") {
  auto p = one();
  Momentum optimizer({p});
  Halving scheduler(optimizer);
  scheduler.step();
  scheduler.step();
  CHECK(optimizer.lr() == 0.125);
  Halving again(optimizer);
  again.load_state_dict(scheduler.state_dict());
  again.step();
  CHECK(optimizer.lr() == 0.0625);
  CHECK_THAT(message_of([] { Momentum({}); }), Contains("Momentum: got an empty parameter list"));
  CHECK_THAT(message_of([&] { Misnamed({p}); }), Contains("Misnamed: 2 states need as many names, got 1"));
}

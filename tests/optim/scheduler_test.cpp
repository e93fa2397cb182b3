// Schedulers: what the parity group does not cover. Sequences of numbers are PyTorch's.

#include <chainrule/ops.hpp>
#include <chainrule/optim.hpp>
#include "support/catch.hpp"

namespace cr = chainrule;
namespace optim = chainrule::optim;

namespace {

struct Setup {
  cr::Tensor<double> w = cr::zeros<double>({1}, {.requires_grad = true});
  optim::SGD<double> optimizer{std::vector{w}, {.lr = 0.1, .momentum = 0.9}};
};

template <class S> std::vector<double> rates(S& scheduler, int n) {
  std::vector<double> all;
  for (int i = 0; i < n; ++i, scheduler.step()) all.push_back(scheduler.get_last_lr()[0]);
  return all;
}
void agree(const std::vector<double>& ours, const std::vector<double>& expected) {
  REQUIRE(ours.size() == expected.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    INFO("step " << i);
    CHECK(ours[i] == Approx(expected[i]).epsilon(1e-10));
  }
}

}  // namespace

TEST_CASE("a warm-up and then a cosine", "[optim][scheduler]") {
  Setup s;
  optim::LinearLR warm_up(s.optimizer, {.start_factor = 0.1, .total_iters = 3});
  optim::CosineAnnealingLR cosine(s.optimizer, {.T_max = 4, .eta_min = 0.01});
  optim::SequentialLR scheduler(s.optimizer, {warm_up, cosine}, {3});
  agree(rates(scheduler, 8), {0.01, 0.04, 0.07, 0.1, 0.0868198051534, 0.055, 0.0231801948466, 0.01});
}

TEST_CASE("three schedulers one after the other", "[optim][scheduler]") {
  Setup s;
  optim::ConstantLR a(s.optimizer, {.factor = 0.5, .total_iters = 2});
  optim::StepLR b(s.optimizer, 2);
  optim::CosineAnnealingWarmRestarts c(s.optimizer, 3);
  optim::SequentialLR scheduler(s.optimizer, {a, b, c}, {2, 7});
  agree(rates(scheduler, 12), {0.05, 0.05, 0.1, 0.1, 0.01, 0.01, 0.001, 0.1, 0.075, 0.025, 0.1, 0.075});
}

TEST_CASE("ConstantLR and LambdaLR", "[optim][scheduler]") {
  Setup s, t;
  optim::ConstantLR constant(s.optimizer, {.factor = 0.25, .total_iters = 3});
  agree(rates(constant, 6), {0.025, 0.025, 0.025, 0.1, 0.1, 0.1});
  optim::LambdaLR lambda(t.optimizer, [](std::int64_t epoch) { return std::pow(0.9, static_cast<double>(epoch)); });
  agree(rates(lambda, 4), {0.1, 0.09, 0.081, 0.0729});
}

TEST_CASE("a rate may go down to 0", "[optim][scheduler]") {
  for (double start : {0.1, 0.3, 0.7, 1.0})
    for (std::int64_t n : {3, 7, 10}) {
      Setup s;
      optim::LinearLR linear(s.optimizer, {.start_factor = start, .end_factor = 0, .total_iters = n});
      for (std::int64_t i = 0; i < n + 2; ++i) linear.step();
      CHECK(s.optimizer.lr() == Approx(0).margin(1e-15));
    }
}

TEST_CASE("two schedulers on one optimizer multiply", "[optim][scheduler]") {
  Setup s;
  optim::ExponentialLR decay(s.optimizer, 0.5);
  optim::StepLR drop(s.optimizer, {.step_size = 2, .gamma = 0.1});
  std::vector<double> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(s.optimizer.lr());
    decay.step();
    drop.step();
  }
  agree(all, {0.1, 0.05, 0.0025, 0.00125});
}

TEST_CASE("OneCycleLR cycles the momentum the other way", "[optim][scheduler]") {
  Setup s;
  optim::OneCycleLR scheduler(s.optimizer, 1.0, {.epochs = 2, .steps_per_epoch = 5});
  std::vector<double> lr, momentum;
  for (int i = 0; i < 10; ++i) {
    lr.push_back(s.optimizer.lr());
    momentum.push_back(s.optimizer.param_groups()[0].momentum);
    if (i < 9) scheduler.step();
  }
  agree(lr, {0.04, 0.52, 1, 0.950484632013, 0.81174565395, 0.611262021936, 0.388741978064, 0.18825834605,
             0.0495193679865, 4e-06});
  agree(momentum, {0.95, 0.9, 0.85, 0.854951556605, 0.868825509907, 0.888873953302, 0.911126046698, 0.931174490093,
                   0.945048443395, 0.95});
  scheduler.step();  // after the last batch, as the loop of every tutorial does
  CHECK(s.optimizer.lr() == Approx(0.0495193679865));
  CHECK_THROWS_WITH(scheduler.step(), chainrule_test::Contains("step 11 of a cycle of 10 steps"));
}

TEST_CASE("OneCycleLR takes a step after the last batch, as the usual loop does", "[optim][scheduler]") {
  const auto whole_run = [](optim::OneCycleLROptions options) {
    Setup s;
    options.max_lr = 0.05;
    options.total_steps = 10;
    optim::OneCycleLR scheduler(s.optimizer, options);
    return rates(scheduler, 10).back() < 0 ? -1.0 : s.optimizer.lr();
  };
  CHECK(whole_run({}) == Approx(0.002475968399326).epsilon(1e-10));
  CHECK(whole_run({.three_phase = true}) == Approx(0.0001911639073245).epsilon(1e-10));
  CHECK(whole_run({.pct_start = 0.05}) == Approx(0.001354763539208).epsilon(1e-10));
  CHECK(whole_run({.anneal_strategy = "linear"}) == Approx(2e-7).epsilon(1e-10));  // PyTorch goes on below 0 here
  CHECK(whole_run({.pct_start = 1}) == Approx(2e-7).epsilon(1e-10));               // nothing is left for the way down
}

TEST_CASE("OneCycleLR names the option that leaves no way up", "[optim][scheduler]") {
  using chainrule_test::Contains;
  Setup s;
  CHECK_THROWS_WITH(optim::OneCycleLR(s.optimizer, 0.05, {.total_steps = 10, .pct_start = 0.1}),
                    Contains("pct_start 0.1 of total_steps 10 is 1 step"));
  CHECK_THROWS_WITH(optim::OneCycleLR(s.optimizer, 0.05, {.total_steps = 10, .pct_start = 0.1}),
                    Contains("scheduler_test.cpp:"));
  CHECK_THROWS_WITH(optim::OneCycleLR(s.optimizer, 0.05, {.epochs = -2, .steps_per_epoch = -5}),
                    Contains("got 0, -2 and -5"));
  CHECK_THROWS_WITH(optim::OneCycleLR(s.optimizer, std::nan(""), {.total_steps = 10}),
                    Contains("max_lr must be above 0 and finite, got nan"));
  CHECK(s.optimizer.lr() == 0.1);
}

TEST_CASE("a milestone at 0 counts from the beginning", "[optim][scheduler]") {
  Setup s, t, u;
  optim::MultiStepLR once(s.optimizer, {0, 2});
  agree(rates(once, 4), {0.01, 0.01, 0.001, 0.001});
  optim::MultiStepLR twice(t.optimizer, {0, 0, 2});
  agree(rates(twice, 3), {0.001, 0.001, 0.0001});
  optim::StepLR first(u.optimizer, 1);
  optim::MultiStepLR second(u.optimizer, {0, 1});
  optim::SequentialLR scheduler(u.optimizer, {first, second}, {2});
  agree(rates(scheduler, 4), {0.1, 0.01, 0.01, 0.001});
}

TEST_CASE("schedulers go on past their last epoch as PyTorch's do", "[optim][scheduler]") {
  Setup s, t, u, v;
  optim::CosineAnnealingLR cosine(s.optimizer, 3);
  agree(rates(cosine, 8), {0.1, 0.075, 0.025, 0, 0.025, 0.075, 0.1, 0.075});
  optim::CosineAnnealingLR shortest(t.optimizer, {.T_max = 1, .eta_min = 0.01});
  agree(rates(shortest, 6), {0.1, 0.01, 0.1, 0.01, 0.1, 0.01});
  optim::PolynomialLR polynomial(u.optimizer, {.total_iters = 3, .power = 2});
  agree(rates(polynomial, 6), {0.1, 0.04444444444444, 0.01111111111111, 0, 0, 0});
  optim::LinearLR linear(v.optimizer, {.start_factor = 0.5, .total_iters = 2});
  agree(rates(linear, 5), {0.05, 0.075, 0.1, 0.1, 0.1});
}

TEST_CASE("schedulers follow a group that is added later", "[optim][scheduler]") {
  // Two epochs with one group (0.1), then a second one (0.5), then three epochs more: the rates of both after each.
  auto after_adding = [](auto make) {
    Setup s;
    auto scheduler = make(s.optimizer);
    scheduler.step();
    scheduler.step();
    s.optimizer.add_param_group({.params = {cr::zeros<double>({1}, {.requires_grad = true})}, .lr = 0.5});
    std::vector<double> all;
    for (int i = 0; i < 3; ++i) {
      scheduler.step();
      for (double lr : scheduler.get_last_lr()) all.push_back(lr);
    }
    return all;
  };
  agree(after_adding([](auto& o) { return optim::CosineAnnealingLR(o, 5); }),
        {0.03454915028125263, 0.2639320225002103, 0.009549150281252633, 0.07294901687515776, 0, 0});
  agree(after_adding([](auto& o) { return optim::LinearLR(o, {.start_factor = 0.5, .total_iters = 5}); }),
        {0.08, 0.5714285714285714, 0.09, 0.6428571428571428, 0.1, 0.7142857142857143});
  agree(after_adding([](auto& o) { return optim::MultiStepLR(o, {3}); }), {0.01, 0.05, 0.01, 0.05, 0.01, 0.05});
  agree(after_adding([](auto& o) { return optim::ConstantLR(o, {.factor = 0.5, .total_iters = 4}); }),
        {0.05, 0.5, 0.1, 1, 0.1, 1});
  agree(after_adding([](auto& o) { return optim::PolynomialLR(o); }),
        {0.04, 0.33333333333333, 0.02, 0.16666666666667, 0, 0});
  // PyTorch ends with an error here; ours is base * factor, with the rate that the group came with as its base.
  agree(after_adding([](auto& o) {
          return optim::LambdaLR(o, [](std::int64_t epoch) { return std::pow(0.5, static_cast<double>(epoch)); });
        }),
        {0.0125, 0.0625, 0.00625, 0.03125, 0.003125, 0.015625});
  agree(after_adding([](auto& o) { return optim::CosineAnnealingWarmRestarts(o, 4); }),
        {0.014644660940672627, 0.07322330470336313, 0.1, 0.5, 0.08535533905932738, 0.4267766952966369});
  agree(after_adding([](auto& o) { return optim::OneCycleLR(o, {.max_lr = 0.05, .total_steps = 10}); }),
        {0.04752423160067, 0.04752423160067, 0.04058728269749, 0.04058728269749, 0.03056310109681, 0.03056310109681});
}

TEST_CASE("a group that is added later has its base rate in a sequence and in a checkpoint", "[optim][scheduler]") {
  using chainrule_test::Contains;
  auto more = [] { return cr::zeros<double>({1}, {.requires_grad = true}); };
  Setup s, t;
  optim::ConstantLR warm_up(s.optimizer, {.factor = 0.1, .total_iters = 3});
  optim::CosineAnnealingWarmRestarts cosine(s.optimizer, 2);
  optim::SequentialLR scheduler(s.optimizer, {warm_up, cosine}, {3});
  scheduler.step();
  s.optimizer.add_param_group({.params = {more()}, .lr = 0.5});
  scheduler.step();
  scheduler.step();  // the cosine begins
  agree(scheduler.get_last_lr(), {0.1, 0.5});
  scheduler.step();
  agree(scheduler.get_last_lr(), {0.05, 0.25});

  s.optimizer.add_param_group({.params = {more()}, .lr = 1});
  t.optimizer.add_param_group({.params = {more()}, .lr = 0.5});
  t.optimizer.add_param_group({.params = {more()}, .lr = 1});
  optim::ConstantLR other_warm_up(t.optimizer, {.factor = 0.1, .total_iters = 3});
  optim::CosineAnnealingWarmRestarts other_cosine(t.optimizer, 2);
  optim::SequentialLR other(t.optimizer, {other_warm_up, other_cosine}, {3});
  t.optimizer.load_state_dict(s.optimizer.state_dict());
  other.load_state_dict(scheduler.state_dict());
  scheduler.step();
  other.step();
  CHECK(scheduler.get_last_lr() == other.get_last_lr());

  Setup u;
  auto constant = [](std::int64_t) { return 1.0; };
  optim::LambdaLR lambda(u.optimizer, std::vector<optim::LambdaLR::Factor>{constant});
  u.optimizer.add_param_group({.params = {more()}, .lr = 0.5});
  CHECK_THROWS_WITH(lambda.step(), Contains("LambdaLR: 1 functions for 2 parameter groups"));
  CHECK(lambda.last_epoch() == 0);
  Setup v;
  optim::OneCycleLR cycle(v.optimizer, {.max_lr = 1, .total_steps = 5});
  v.optimizer.add_param_group({.params = {more()}, .momentum = 0});
  CHECK_THROWS_WITH(cycle.step(), Contains("group 1 has none"));
  optim::CosineAnnealingWarmRestarts restarts(t.optimizer, {.T_0 = 1, .T_mult = 2});
  CHECK_THROWS_WITH(restarts.step(std::numeric_limits<double>::infinity()), Contains("got inf"));
}

TEST_CASE("OneCycleLR in three phases, and with Adam's first beta", "[optim][scheduler]") {
  Setup s;
  optim::OneCycleLR scheduler(s.optimizer, {.max_lr = 1, .total_steps = 10, .three_phase = true});
  std::vector<double> lr;
  for (int i = 0; i < 10; ++i) {
    lr.push_back(s.optimizer.lr());
    if (i < 9) scheduler.step();
  }
  agree(lr, {0.04, 0.52, 1, 0.52, 0.04, 0.0361807218535, 0.0261817218535, 0.0138222781465, 0.00382327814649, 4e-06});
  optim::Adam adam({s.w});
  optim::OneCycleLR other(adam, {.max_lr = 1, .total_steps = 10});
  CHECK(adam.param_groups()[0].betas.first == 0.95);
  other.step();
  CHECK(adam.param_groups()[0].betas.first == Approx(0.9));
}

TEST_CASE("CosineAnnealingWarmRestarts goes to any point", "[optim][scheduler]") {
  Setup s, t;
  optim::CosineAnnealingWarmRestarts scheduler(s.optimizer, {.T_0 = 2, .T_mult = 3, .eta_min = 0.01});
  std::vector<double> lr;
  for (double epoch : {0.5, 1.75, 2.0, 5.5, 8.0, 20.25}) {
    scheduler.step(epoch);
    lr.push_back(s.optimizer.lr());
  }
  agree(lr, {0.08681980515339464, 0.013425421036992097, 0.1, 0.04335314297038658, 0.1, 0.03082151762439294});
  optim::CosineAnnealingWarmRestarts even(t.optimizer, 4);
  lr.clear();
  for (double epoch : {0.5, 5.0, 9.5}) {
    even.step(epoch);
    lr.push_back(t.optimizer.lr());
  }
  agree(lr, {0.09619397662556434, 0.08535533905932738, 0.0691341716182545});
}

TEST_CASE("a scheduler moves each group from its own rate", "[optim][scheduler]") {
  auto a = cr::zeros({1}, {.requires_grad = true}), b = cr::zeros({1}, {.requires_grad = true});
  optim::SGD optimizer({{.params = {a}, .lr = 1.0}, {.params = {b}}}, {.lr = 0.5});
  optim::MultiStepLR scheduler(optimizer, {1, 3}, {.gamma = 0.5});
  scheduler.step();
  CHECK(scheduler.get_last_lr() == std::vector<double>{0.5, 0.25});
  scheduler.step(), scheduler.step();
  CHECK(scheduler.get_last_lr() == std::vector<double>{0.25, 0.125});
}

TEST_CASE("a scheduler goes on from a saved state", "[optim][scheduler]") {
  auto go = [](auto make, int stop) {
    Setup s, t;
    auto first = make(s.optimizer);
    for (int i = 0; i < stop; ++i) first.step();
    auto second = make(t.optimizer);
    t.optimizer.load_state_dict(s.optimizer.state_dict());
    second.load_state_dict(first.state_dict());
    CHECK(second.last_epoch() == stop);
    CHECK(rates(first, 7) == rates(second, 7));
  };
  go([](auto& o) { return optim::CosineAnnealingLR(o, 6); }, 3);
  go([](auto& o) { return optim::CosineAnnealingWarmRestarts(o, {.T_0 = 2, .T_mult = 2}); }, 5);
  go([](auto& o) { return optim::OneCycleLR(o, {.max_lr = 1, .total_steps = 20}); }, 8);
  Setup s, t;
  optim::ReduceLROnPlateau a(s.optimizer, "max", {.patience = 1}), b(t.optimizer, "max", {.patience = 1});
  for (double v : {0.5, 0.6, 0.6}) a.step(v);
  b.load_state_dict(a.state_dict());
  CHECK(b.best() == 0.6);
  b.step(0.6);
  CHECK(t.optimizer.lr() == Approx(0.01));
}

TEST_CASE("ReduceLROnPlateau counts, cools down and stops at min_lr", "[optim][scheduler]") {
  Setup s;
  optim::ReduceLROnPlateau scheduler(
      s.optimizer,
      {.factor = 0.1, .patience = 1, .threshold = 0.5, .threshold_mode = "abs", .cooldown = 1, .min_lr = 0.005});
  std::vector<double> lr;
  for (double loss : {10.0, 9.0, 9.6, 9.0, 9.6, 9.6, 9.6, 9.6}) {  // 9.0 improves by more than 0.5, 9.6 does not
    scheduler.step(loss);
    lr.push_back(s.optimizer.lr());
  }
  agree(lr, {0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.005, 0.005});
  CHECK(scheduler.best() == 9);
}

TEST_CASE("bad arguments of schedulers are refused", "[optim][scheduler]") {
  using chainrule_test::Contains;
  Setup s, t;
  CHECK_THROWS_WITH(optim::StepLR(s.optimizer, 0), Contains("step_size must be above 0, got 0"));
  CHECK_THROWS_WITH(optim::CosineAnnealingLR(s.optimizer, -3), Contains("T_max must be above 0, got -3"));
  CHECK_THROWS_WITH(optim::LinearLR(s.optimizer, {.start_factor = 0}), Contains("start_factor must lie in (0, 1]"));
  CHECK_THROWS_WITH(optim::OneCycleLR(s.optimizer, {.max_lr = 0.1}),
                    Contains("give total_steps, or epochs and steps_per_epoch"));
  CHECK_THROWS_WITH(optim::OneCycleLR(s.optimizer, 0.1, {.total_steps = 5, .anneal_strategy = "cosine"}),
                    Contains("not \"cosine\""));
  optim::SGD plain({s.w});
  CHECK_THROWS_WITH(optim::OneCycleLR(plain, 0.1, {.total_steps = 5}), Contains("needs an optimizer with momentum"));
  CHECK_THROWS_WITH(optim::ReduceLROnPlateau(s.optimizer, "minimum"), Contains("not \"minimum\""));
  CHECK_THROWS_WITH(optim::ReduceLROnPlateau(s.optimizer, {.factor = 1}), Contains("factor must be below 1, got 1"));
  optim::StepLR step(s.optimizer, 3), other(t.optimizer, 3);
  CHECK_THROWS_WITH(optim::SequentialLR(s.optimizer, {step, step}, {}),
                    Contains("2 schedulers need 1 milestones, got 0"));
  CHECK_THROWS_WITH(optim::SequentialLR(s.optimizer, {step, other}, {2}), Contains("the same optimizer"));
  CHECK_THROWS_WITH(step.load_state_dict({}), Contains("there is no number last_epoch"));
}

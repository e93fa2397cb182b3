// Optimizers, clipping and learning-rate schedulers against PyTorch: the group `optim`.

#include <chainrule/optim.hpp>
#include <memory>
#include <cstdio>
#include <set>
#include "support/catch.hpp"
#include "support/parity.hpp"

namespace {

namespace cr = chainrule;
namespace optim = chainrule::optim;
using chainrule_test::ParityCase;
using Params = std::vector<cr::Tensor<double>>;

/// Reads the case's arguments into options; done() tells which were not asked for.
class Arguments {
 public:
  explicit Arguments(const ParityCase& c) : case_(c) {
    for (const auto& [key, value] : c.json()["args"].members()) left_.insert(key);
  }
  void operator()(const char* key, double& to) {
    if (take(key)) to = case_.number(key);
  }
  void operator()(const char* key, std::int64_t& to) {
    if (take(key)) to = case_.integer(key);
  }
  void operator()(const char* key, bool& to) {
    if (take(key)) to = case_.flag(key);
  }
  void operator()(const char* key, std::string& to) {
    if (take(key)) to = case_.text(key);
  }
  void operator()(const char* key, std::pair<double, double>& to) {
    if (take(key)) to = {case_.numbers(key).at({0}), case_.numbers(key).at({1})};
  }
  void operator()(const char* key, std::vector<std::int64_t>& to) {
    if (!take(key)) return;
    to.clear();
    for (auto v : case_.sizes(key)) to.push_back(v);
  }
  void done() const {
    for (const auto& key : left_) FAIL("the argument " << key << " is not known");
  }

 private:
  bool take(const char* key) { return left_.erase(key) > 0; }
  const ParityCase& case_;
  std::set<std::string> left_;
};

std::unique_ptr<optim::Optimizer> make_optimizer(const ParityCase& c, const Params& params) {
  Arguments get(c);
  if (c.op == "SGD") {
    optim::SGDOptions o;
    get("lr", o.lr), get("momentum", o.momentum), get("dampening", o.dampening), get("weight_decay", o.weight_decay),
        get("nesterov", o.nesterov), get.done();
    return std::make_unique<optim::SGD<double>>(params, o);
  }
  auto adam = [&](auto o) {
    get("lr", o.lr), get("betas", o.betas), get("eps", o.eps), get("weight_decay", o.weight_decay),
        get("amsgrad", o.amsgrad), get.done();
    return o;
  };
  if (c.op == "Adam") return std::make_unique<optim::Adam<double>>(params, adam(optim::AdamOptions{}));
  if (c.op == "AdamW") return std::make_unique<optim::AdamW<double>>(params, adam(optim::AdamWOptions{}));
  if (c.op == "RMSprop") {
    optim::RMSpropOptions o;
    get("lr", o.lr), get("alpha", o.alpha), get("eps", o.eps), get("weight_decay", o.weight_decay),
        get("momentum", o.momentum), get("centered", o.centered), get.done();
    return std::make_unique<optim::RMSprop<double>>(params, o);
  }
  if (c.op == "Adagrad") {
    optim::AdagradOptions o;
    get("lr", o.lr), get("lr_decay", o.lr_decay), get("weight_decay", o.weight_decay), get("eps", o.eps), get.done();
    return std::make_unique<optim::Adagrad<double>>(params, o);
  }
  FAIL("no optimizer is called " << c.op);
  return nullptr;
}

void agrees(const ParityCase& c, const cr::TensorBase& ours, const cr::TensorBase& stored, const std::string& what) {
  INFO(c.name << ": " << what);
  CHECK(chainrule_test::disagreement(ours, stored, c.rtol(), c.atol()) == "");
}

void run_trajectory(ParityCase& c) {
  Params params{c.real("w"), c.real("b")};
  auto optimizer = make_optimizer(c, params);
  const auto grads_w = c.stored_as<double>("grads.w"), grads_b = c.stored_as<double>("grads.b"),
             after_w = c.stored_as<double>("after.w"), after_b = c.stored_as<double>("after.b");
  const auto steps = c.json()["steps"].integer();
  REQUIRE(grads_w.size(0) == steps);
  for (std::int64_t s = 0; s < steps; ++s) {
    params[0].set_grad(grads_w[s].clone());
    params[1].set_grad(grads_b[s].clone());
    optimizer->step();
    agrees(c, params[0], after_w[s].clone(), "w after step " + std::to_string(s + 1));
    agrees(c, params[1], after_b[s].clone(), "b after step " + std::to_string(s + 1));
  }
}

void run_clip(const ParityCase& c) {
  Params params;
  for (const char* name : {"w", "b"}) {
    const auto g = c.stored_as<double>(std::string("grads.") + name);
    params.push_back(cr::zeros<double>(g.shape(), {.requires_grad = true}));
    params.back().set_grad(g.clone());
  }
  if (c.op == "clip_grad_norm") {
    const double norm = cr::nn::utils::clip_grad_norm_(params, c.number("max_norm"));
    agrees(c, cr::full<double>({}, norm), c.stored("out0"), "the norm");
  } else {
    cr::nn::utils::clip_grad_value_(params, c.number("clip_value"));
  }
  agrees(c, params[0].grad(), c.stored("after.w"), "grad of w");
  agrees(c, params[1].grad(), c.stored("after.b"), "grad of b");
}

std::unique_ptr<optim::Scheduler> make_scheduler(const ParityCase& c, optim::Optimizer& optimizer) {
  Arguments get(c);
  if (c.op == "StepLR") {
    optim::StepLROptions o;
    get("step_size", o.step_size), get("gamma", o.gamma), get.done();
    return std::make_unique<optim::StepLR>(optimizer, o);
  }
  if (c.op == "MultiStepLR") {
    optim::MultiStepLROptions o;
    get("milestones", o.milestones), get("gamma", o.gamma), get.done();
    return std::make_unique<optim::MultiStepLR>(optimizer, o);
  }
  if (c.op == "ExponentialLR") {
    optim::ExponentialLROptions o;
    get("gamma", o.gamma), get.done();
    return std::make_unique<optim::ExponentialLR>(optimizer, o);
  }
  if (c.op == "CosineAnnealingLR") {
    optim::CosineAnnealingLROptions o;
    get("T_max", o.T_max), get("eta_min", o.eta_min), get.done();
    return std::make_unique<optim::CosineAnnealingLR>(optimizer, o);
  }
  if (c.op == "CosineAnnealingWarmRestarts") {
    optim::CosineAnnealingWarmRestartsOptions o;
    get("T_0", o.T_0), get("T_mult", o.T_mult), get("eta_min", o.eta_min), get.done();
    return std::make_unique<optim::CosineAnnealingWarmRestarts>(optimizer, o);
  }
  if (c.op == "LinearLR") {
    optim::LinearLROptions o;
    get("start_factor", o.start_factor), get("end_factor", o.end_factor), get("total_iters", o.total_iters), get.done();
    return std::make_unique<optim::LinearLR>(optimizer, o);
  }
  if (c.op == "ConstantLR") {
    optim::ConstantLROptions o;
    get("factor", o.factor), get("total_iters", o.total_iters), get.done();
    return std::make_unique<optim::ConstantLR>(optimizer, o);
  }
  if (c.op == "PolynomialLR") {
    optim::PolynomialLROptions o;
    get("total_iters", o.total_iters), get("power", o.power), get.done();
    return std::make_unique<optim::PolynomialLR>(optimizer, o);
  }
  if (c.op == "OneCycleLR") {
    optim::OneCycleLROptions o;
    get("max_lr", o.max_lr), get("total_steps", o.total_steps), get("pct_start", o.pct_start),
        get("anneal_strategy", o.anneal_strategy);
    get("three_phase", o.three_phase), get("div_factor", o.div_factor), get("final_div_factor", o.final_div_factor),
        get.done();
    return std::make_unique<optim::OneCycleLR>(optimizer, o);
  }
  FAIL("no scheduler is called " << c.op);
  return nullptr;
}

void run_scheduler(const ParityCase& c) {
  optim::SGD<double> optimizer({cr::zeros<double>({1}, {.requires_grad = true})},
                               {.lr = c.json()["base_lr"].number(), .momentum = 0.9});
  const auto metric = c.stored_as<double>("metric").to_vector();
  std::vector<double> rates;
  if (c.op == "ReduceLROnPlateau") {
    optim::ReduceLROnPlateauOptions o;
    Arguments get(c);
    get("mode", o.mode), get("factor", o.factor), get("patience", o.patience), get("threshold", o.threshold),
        get("threshold_mode", o.threshold_mode);
    get("cooldown", o.cooldown), get("min_lr", o.min_lr), get("eps", o.eps), get.done();
    optim::ReduceLROnPlateau scheduler(optimizer, o);
    for (std::size_t i = 0; i < metric.size(); ++i) {
      rates.push_back(optimizer.lr());
      scheduler.step(metric[i]);
    }
  } else {
    auto scheduler = make_scheduler(c, optimizer);
    for (std::size_t i = 0; i < metric.size(); ++i) {
      rates.push_back(optimizer.lr());
      if (i + 1 < metric.size()) scheduler->step();
    }
  }
  agrees(c, cr::tensor(rates), c.stored("lr"), "learning rates");
}

}  // namespace

TEST_CASE("optimizers, clipping and schedulers agree with PyTorch", "[parity][optim]") {
  if (!chainrule_test::parity_present("optim")) return;
  const chainrule_test::ParityGroup group("optim");
  int ran = 0;
  for (const auto& entry : group.cases()) {
    ParityCase c(group, entry);
    INFO(c.name);
    if (c.op.starts_with("clip_")) run_clip(c);
    else if (c.name.starts_with("scheduler_")) run_scheduler(c);
    else run_trajectory(c);
    ++ran;
  }
  std::printf("REPORT: parity: optim, %d cases\n", ran);
  REQUIRE(ran > 0);
}

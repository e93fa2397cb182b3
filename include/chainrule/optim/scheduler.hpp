#pragma once
// Learning-rate schedulers: what they share, and those that multiply the rate by a factor at each step.
// Call step() once an epoch (OneCycleLR: once a batch), after optimizer.step().

#include <chainrule/core/callback.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/optim/optimizer.hpp>
#include <cmath>
#include <initializer_list>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace chainrule::optim {

namespace lr_scheduler = chainrule::optim;  // optim::lr_scheduler::StepLR, as PyTorch has it

/// A learning rate as a function of the number of steps taken. The optimizer must outlive it.
/// Each step computes a group's new rate from its present one where that is possible, as PyTorch does, so that several
/// schedulers on one optimizer multiply (a warm-up and a decay). A group that is added to the optimizer later is
/// followed from the next step on: the learning rate that it has then is its base rate.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  /// Goes one epoch (or one batch) on.
  CHAINRULE_INLINE virtual void step();
  std::int64_t last_epoch() const { return last_epoch_; }  ///< how often step() was called
  /// The learning rate of each group now.
  std::vector<double> get_last_lr() const;
  Optimizer& optimizer() const { return *optimizer_; }

  /// All values that change while it runs, as float64 scalars. With the optimizer's state_dict() they are what a
  /// checkpoint needs.
  StateDict state_dict() const;
  /// Continues where the scheduler that gave `dict` was. Load the optimizer's state too: the present learning rates are
  /// kept there.
  void load_state_dict(const NamedTensors& dict, Location at = Location::here());

 protected:
  Scheduler(const char* name, Optimizer& optimizer) : name_(name), optimizer_(&optimizer) { follow_groups(); }
  Scheduler(const Scheduler&) = default;
  Scheduler& operator=(const Scheduler&) = default;

  /// The new rate of a group, given the present one and last_epoch(); called for each group in turn, also for epoch 0.
  virtual double rate(std::size_t group, double now) = 0;
  CHAINRULE_INLINE virtual void each_number(const Callback<void(const std::string&, double&)>& see);

  /// Throws where the scheduler cannot serve a group of the optimizer; called before a step changes anything.
  virtual void check_groups() {}
  /// Takes the base rates of groups that were added since.
  void follow_groups();

  void apply();
  double base_lr(std::size_t group) const { return base_lrs_[group]; }
  const char* name() const { return name_; }

  std::int64_t last_epoch_ = 0;
  std::vector<double> base_lrs_;

 private:
  friend class SequentialLR;
  /// Begins anew from the base rates, as if just made.
  CHAINRULE_INLINE virtual void restart();

  const char* name_;
  Optimizer* optimizer_;
};

struct StepLROptions {
  std::int64_t step_size = 0;
  double gamma = 0.1;
};
/// Multiplies the rate by gamma every step_size epochs.
///     optim::StepLR scheduler(optimizer, 30, {.gamma = 0.5});     // or (optimizer, 30, 0.5)
class StepLR final : public Scheduler {
 public:
  StepLR(Optimizer& optimizer, StepLROptions options, Location at = Location::here())
      : Scheduler("StepLR", optimizer), o_(options) {
    check(o_.step_size > 0, at, "StepLR: step_size must be above 0, got ", o_.step_size);
  }
  StepLR(Optimizer& optimizer, std::int64_t step_size, StepLROptions options = {}, Location at = Location::here())
      : StepLR(optimizer, StepLROptions{step_size, options.gamma}, at) {}
  template <Arithmetic Gamma>
  StepLR(Optimizer& optimizer, std::int64_t step_size, Gamma gamma, Location at = Location::here())
      : StepLR(optimizer, StepLROptions{step_size, static_cast<double>(gamma)}, at) {}
  template <std::size_t N> StepLR(Optimizer& optimizer, nn::detail::UnknownOption<N> options);  // short error
  template <std::size_t N> StepLR(Optimizer& optimizer, std::int64_t step_size, nn::detail::UnknownOption<N> options);

 private:
  double rate(std::size_t, double now) override {
    return last_epoch_ > 0 && last_epoch_ % o_.step_size == 0 ? now * o_.gamma : now;
  }
  StepLROptions o_;
};

struct MultiStepLROptions {
  std::vector<std::int64_t> milestones = {};
  double gamma = 0.1;
};
/// Multiplies the rate by gamma at each milestone (twice at one that stands there twice); milestone 0 is the beginning.
///     optim::MultiStepLR scheduler(optimizer, {30, 80}, 0.1);     // or {.milestones = {30, 80}, .gamma = 0.1}
class MultiStepLR final : public Scheduler {
 public:
  MultiStepLR(Optimizer& optimizer, MultiStepLROptions options)
      : Scheduler("MultiStepLR", optimizer), o_(std::move(options)) {
    apply();
  }
  MultiStepLR(Optimizer& optimizer, std::vector<std::int64_t> milestones, MultiStepLROptions options)
      : MultiStepLR(optimizer, MultiStepLROptions{std::move(milestones), options.gamma}) {}
  // Two templates, so that {3} is a list of one milestone and {.milestones = {3}} are options.
  template <std::integral I = std::int64_t>
  MultiStepLR(Optimizer& optimizer, const std::vector<I>& milestones)
      : MultiStepLR(optimizer, std::vector<std::int64_t>(milestones.begin(), milestones.end()), {}) {}
  template <std::integral I>
  MultiStepLR(Optimizer& optimizer, std::initializer_list<I> milestones)
      : MultiStepLR(optimizer, std::vector<std::int64_t>(milestones.begin(), milestones.end()), {}) {}
  template <Arithmetic Gamma>
  MultiStepLR(Optimizer& optimizer, std::vector<std::int64_t> milestones, Gamma gamma)
      : MultiStepLR(optimizer, MultiStepLROptions{std::move(milestones), static_cast<double>(gamma)}) {}

 private:
  CHAINRULE_INLINE double rate(std::size_t, double now) override;
  MultiStepLROptions o_;
};

struct ExponentialLROptions {
  double gamma = 1;
};
/// Multiplies the rate by gamma every epoch.
///     optim::ExponentialLR scheduler(optimizer, 0.95);
class ExponentialLR final : public Scheduler {
 public:
  ExponentialLR(Optimizer& optimizer, double gamma) : Scheduler("ExponentialLR", optimizer), gamma_(gamma) {}
  ExponentialLR(Optimizer& optimizer, ExponentialLROptions options) : ExponentialLR(optimizer, options.gamma) {}

 private:
  double rate(std::size_t, double now) override { return last_epoch_ > 0 ? now * gamma_ : now; }
  double gamma_;
};

struct ConstantLROptions {
  double factor = 1.0 / 3;
  std::int64_t total_iters = 5;
};
/// factor times the rate for the first total_iters epochs, then the rate itself.
///     optim::ConstantLR scheduler(optimizer, 0.5, 4);     // or {.factor = 0.5, .total_iters = 4}
class ConstantLR final : public Scheduler {
 public:
  explicit ConstantLR(Optimizer& optimizer, ConstantLROptions options = {}, Location at = Location::here())
      : Scheduler("ConstantLR", optimizer), o_(options) {
    check(o_.factor > 0 && o_.factor <= 1, at, "ConstantLR: factor must lie in (0, 1], got ", o_.factor);
    apply();
  }
  template <Arithmetic First>
  ConstantLR(Optimizer& optimizer, First factor, std::int64_t total_iters = 5, Location at = Location::here())
      : ConstantLR(optimizer, ConstantLROptions{static_cast<double>(factor), total_iters}, at) {}
  template <std::size_t N> ConstantLR(Optimizer& optimizer, nn::detail::UnknownOption<N> options);  // short error

 private:
  double rate(std::size_t, double now) override {
    if (last_epoch_ == 0) return now * o_.factor;
    return last_epoch_ == o_.total_iters ? now / o_.factor : now;
  }
  ConstantLROptions o_;
};

struct LinearLROptions {
  double start_factor = 1.0 / 3;
  double end_factor = 1;
  std::int64_t total_iters = 5;
};
/// The rate times a factor that goes from start_factor to end_factor in a straight line over total_iters epochs: a
/// warm-up.
///     optim::LinearLR warm_up(optimizer, {.start_factor = 0.1, .total_iters = 10});     // or (optimizer, 0.1, 1, 10)
class LinearLR final : public Scheduler {
 public:
  explicit LinearLR(Optimizer& optimizer, LinearLROptions options = {}, Location at = Location::here())
      : Scheduler("LinearLR", optimizer), o_(options) {
    check(o_.start_factor > 0 && o_.start_factor <= 1, at, "LinearLR: start_factor must lie in (0, 1], got ",
          o_.start_factor);
    check(o_.end_factor >= 0 && o_.end_factor <= 1, at, "LinearLR: end_factor must lie in [0, 1], got ", o_.end_factor);
    check(o_.total_iters > 0, at, "LinearLR: total_iters must be above 0, got ", o_.total_iters);
    apply();
  }
  template <Arithmetic First>
  LinearLR(Optimizer& optimizer, First start_factor, double end_factor = 1, std::int64_t total_iters = 5,
           Location at = Location::here())
      : LinearLR(optimizer, LinearLROptions{static_cast<double>(start_factor), end_factor, total_iters}, at) {}
  template <std::size_t N> LinearLR(Optimizer& optimizer, nn::detail::UnknownOption<N> options);  // short error

 private:
  CHAINRULE_INLINE double rate(std::size_t, double now) override;
  LinearLROptions o_;
};

struct PolynomialLROptions {
  std::int64_t total_iters = 5;
  double power = 1;
};
/// base * (1 - epoch / total_iters)^power, 0 from total_iters on.
///     optim::PolynomialLR scheduler(optimizer, 100, 0.9);     // or {.total_iters = 100, .power = 0.9}
class PolynomialLR final : public Scheduler {
 public:
  explicit PolynomialLR(Optimizer& optimizer, PolynomialLROptions options = {}, Location at = Location::here())
      : Scheduler("PolynomialLR", optimizer), o_(options) {
    check(o_.total_iters > 0, at, "PolynomialLR: total_iters must be above 0, got ", o_.total_iters);
  }
  template <std::integral First>
  PolynomialLR(Optimizer& optimizer, First total_iters, double power = 1, Location at = Location::here())
      : PolynomialLR(optimizer, PolynomialLROptions{static_cast<std::int64_t>(total_iters), power}, at) {}
  template <std::size_t N> PolynomialLR(Optimizer& optimizer, nn::detail::UnknownOption<N> options);  // short error

 private:
  CHAINRULE_INLINE double rate(std::size_t, double now) override;
  PolynomialLROptions o_;
};

/// base * f(epoch), for all groups; or with one function for each. Throws when there are more or fewer functions than
/// groups.
///     optim::LambdaLR scheduler(optimizer, [](std::int64_t epoch) { return 1.0 / (1 + epoch); });
class LambdaLR final : public Scheduler {
 public:
  using Factor = Callback<double(std::int64_t)>;
  LambdaLR(Optimizer& optimizer, Factor lr_lambda, Location at = Location::here())
      : Scheduler("LambdaLR", optimizer), factors_{std::move(lr_lambda)}, for_all_(true), at_(at) {
    apply();
  }
  /// One function per group.
  LambdaLR(Optimizer& optimizer, std::vector<Factor> lr_lambdas, Location at = Location::here())
      : Scheduler("LambdaLR", optimizer), factors_(std::move(lr_lambdas)), at_(at) {
    apply();
  }

 private:
  double rate(std::size_t group, double) override {
    return base_lr(group) * factors_[for_all_ ? 0 : group](last_epoch_);
  }
  CHAINRULE_INLINE void check_groups() override;
  std::vector<Factor> factors_;
  bool for_all_ = false;
  Location at_;
};

/// One scheduler after the other: number i + 1 takes over at milestone i and begins at the base rate.
///     optim::LinearLR warm_up(optimizer, {.start_factor = 0.1, .total_iters = 5});
///     optim::CosineAnnealingLR cosine(optimizer, 95);
///     optim::SequentialLR scheduler(optimizer, {warm_up, cosine}, {5});
class SequentialLR final : public Scheduler {
 public:
  struct Reference {
    Scheduler* scheduler;
    Reference(Scheduler& s) : scheduler(&s) {}
  };
  SequentialLR(Optimizer& optimizer, std::vector<Reference> schedulers, std::vector<std::int64_t> milestones,
               Location at = Location::here())
      : Scheduler("SequentialLR", optimizer), schedulers_(std::move(schedulers)), milestones_(std::move(milestones)) {
    check(!schedulers_.empty(), at, "SequentialLR: no schedulers given");
    check(milestones_.size() + 1 == schedulers_.size(), at, "SequentialLR: ", schedulers_.size(), " schedulers need ",
          schedulers_.size() - 1, " milestones, got ", milestones_.size());
    for (std::size_t i = 0; i < milestones_.size(); ++i)
      check(milestones_[i] > (i ? milestones_[i - 1] : 0), at,
            "SequentialLR: milestones must grow from above 0, number ", i, " is ", milestones_[i]);
    for (auto& s : schedulers_)
      check(&s.scheduler->optimizer() == &optimizer, at, "SequentialLR: all schedulers must have the same optimizer");
    schedulers_[0].scheduler->restart();  // undoes what the others did when they were made
  }
  CHAINRULE_INLINE void step() override;

 private:
  double rate(std::size_t, double now) override { return now; }
  CHAINRULE_INLINE void each_number(const Callback<void(const std::string&, double&)>& see) override;
  std::vector<Reference> schedulers_;
  std::vector<std::int64_t> milestones_;
};

}  // namespace chainrule::optim

#if CHAINRULE_DEFINITIONS
namespace chainrule::optim {

CHAINRULE_INLINE void Scheduler::step() {
  check_groups();
  ++last_epoch_;
  apply();
}

CHAINRULE_INLINE std::vector<double> Scheduler::get_last_lr() const {
  std::vector<double> all;
  for (std::size_t g = 0; g < optimizer_->num_groups(); ++g) all.push_back(optimizer_->lr(g));
  return all;
}

CHAINRULE_INLINE StateDict Scheduler::state_dict() const {
  StateDict dict;
  const_cast<Scheduler*>(this)->each_number(
      [&](const std::string& name, double& value) { detail::put_number(dict, name, "", value); });
  return dict;
}

CHAINRULE_INLINE void Scheduler::load_state_dict(const NamedTensors& dict, Location at) {
  detail::StateReader reader(name_, dict, at);
  std::vector<double> values;
  each_number([&](const std::string& name, double&) { values.push_back(reader.number(name, "")); });
  reader.check_all_used();
  std::size_t i = 0;
  each_number([&](const std::string&, double& value) { value = values[i++]; });
}

CHAINRULE_INLINE void Scheduler::each_number(const Callback<void(const std::string&, double&)>& see) {
  follow_groups();
  auto epoch = static_cast<double>(last_epoch_);
  see("last_epoch", epoch);
  last_epoch_ = chainrule::detail::fitting<std::int64_t>(epoch, name_, {});
  for (std::size_t g = 0; g < base_lrs_.size(); ++g) see("base_lrs." + std::to_string(g), base_lrs_[g]);
}

CHAINRULE_INLINE void Scheduler::follow_groups() {
  auto& initial = optimizer_->initial_lrs();
  for (std::size_t g = initial.size(); g < optimizer_->num_groups(); ++g) initial.push_back(optimizer_->lr(g));
  for (std::size_t g = base_lrs_.size(); g < optimizer_->num_groups(); ++g) base_lrs_.push_back(initial[g]);
}

CHAINRULE_INLINE void Scheduler::apply() {
  follow_groups();
  check_groups();
  for (std::size_t g = 0; g < optimizer_->num_groups(); ++g) {
    const double r = rate(g, optimizer_->lr(g));
    optimizer_->set_lr(g, r < 0 && r > -1e-12 ? 0 : r);  // a rate on its way to 0 may miss it by a rounding error
  }
}

CHAINRULE_INLINE void Scheduler::restart() {
  last_epoch_ = 0;
  follow_groups();
  for (std::size_t g = 0; g < optimizer_->num_groups(); ++g) optimizer_->set_lr(g, base_lrs_[g]);
  apply();
}

CHAINRULE_INLINE double MultiStepLR::rate(std::size_t, double now) {
  for (auto m : o_.milestones)
    if (m == last_epoch_) now *= o_.gamma;
  return now;
}

CHAINRULE_INLINE double LinearLR::rate(std::size_t, double now) {
  if (last_epoch_ == 0) return now * o_.start_factor;
  if (last_epoch_ > o_.total_iters) return now;
  const double rise = o_.end_factor - o_.start_factor, n = static_cast<double>(o_.total_iters);
  return now * (1 + rise / (n * o_.start_factor + static_cast<double>(last_epoch_ - 1) * rise));
}

CHAINRULE_INLINE double PolynomialLR::rate(std::size_t, double now) {
  if (last_epoch_ == 0 || last_epoch_ > o_.total_iters) return now;
  const auto t = static_cast<double>(last_epoch_), n = static_cast<double>(o_.total_iters);
  return now * std::pow((1 - t / n) / (1 - (t - 1) / n), o_.power);
}

CHAINRULE_INLINE void LambdaLR::check_groups() {
  const std::size_t groups = optimizer().num_groups();
  check(for_all_ || factors_.size() == groups, at_, "LambdaLR: ", factors_.size(), " functions for ", groups,
        " parameter groups; give one for each, or a single one for all");
}

CHAINRULE_INLINE void SequentialLR::step() {
  follow_groups();
  ++last_epoch_;
  std::size_t i = 0;
  while (i < milestones_.size() && milestones_[i] <= last_epoch_) ++i;
  if (i > 0 && milestones_[i - 1] == last_epoch_) schedulers_[i].scheduler->restart();
  else schedulers_[i].scheduler->step();
}

CHAINRULE_INLINE void SequentialLR::each_number(const Callback<void(const std::string&, double&)>& see) {
  Scheduler::each_number(see);
  for (std::size_t i = 0; i < schedulers_.size(); ++i)
    schedulers_[i].scheduler->each_number(
        [&](const std::string& name, double& value) { see("schedulers." + std::to_string(i) + '.' + name, value); });
}

}  // namespace chainrule::optim
#endif

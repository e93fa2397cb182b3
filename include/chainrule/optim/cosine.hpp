#pragma once
// Schedulers that follow a curve: cosine annealing with and without restarts, and the one-cycle policy.

#include <chainrule/core/compiled.hpp>
#include <chainrule/optim/scheduler.hpp>

namespace chainrule::optim {

struct CosineAnnealingLROptions {
  std::int64_t T_max = 0;  ///< epochs from the base rate down to eta_min
  double eta_min = 0;
};
/// Half a cosine from the base rate down to eta_min over T_max epochs:
/// eta_min + (base - eta_min) * (1 + cos(pi * epoch / T_max)) / 2. Beyond T_max the rate goes up again, as in PyTorch
/// (Loshchilov and Hutter 2016).
///     optim::CosineAnnealingLR scheduler(optimizer, 100);     // or (optimizer, 100, 1e-5)
class CosineAnnealingLR final : public Scheduler {
 public:
  CosineAnnealingLR(Optimizer& optimizer, CosineAnnealingLROptions options, Location at = Location::here())
      : Scheduler("CosineAnnealingLR", optimizer), o_(options) {
    check(o_.T_max > 0, at, "CosineAnnealingLR: T_max must be above 0, got ", o_.T_max);
  }
  CosineAnnealingLR(Optimizer& optimizer, std::int64_t T_max, CosineAnnealingLROptions options = {},
                    Location at = Location::here())
      : CosineAnnealingLR(optimizer, CosineAnnealingLROptions{T_max, options.eta_min}, at) {}
  template <Arithmetic Min>
  CosineAnnealingLR(Optimizer& optimizer, std::int64_t T_max, Min eta_min, Location at = Location::here())
      : CosineAnnealingLR(optimizer, CosineAnnealingLROptions{T_max, static_cast<double>(eta_min)}, at) {}
  template <std::size_t N>
  CosineAnnealingLR(Optimizer& optimizer, nn::detail::UnknownOption<N> options);  // short error

 private:
  // From the present rate, so that it can be combined with other schedulers.
  CHAINRULE_INLINE double rate(std::size_t group, double now) override;
  CosineAnnealingLROptions o_;
};

struct CosineAnnealingWarmRestartsOptions {
  std::int64_t T_0 = 0;     ///< epochs of the first cycle
  std::int64_t T_mult = 1;  ///< each cycle is this many times as long as the one before
  double eta_min = 0;
};
/// Cosine annealing that jumps back to the base rate at the end of each cycle (SGDR, Loshchilov and Hutter 2016).
///     optim::CosineAnnealingWarmRestarts scheduler(optimizer, 10, {.T_mult = 2});     // or (optimizer, 10, 2)
class CosineAnnealingWarmRestarts final : public Scheduler {
 public:
  CosineAnnealingWarmRestarts(Optimizer& optimizer, CosineAnnealingWarmRestartsOptions options,
                              Location at = Location::here())
      : Scheduler("CosineAnnealingWarmRestarts", optimizer), o_(options), length_(static_cast<double>(options.T_0)) {
    check(o_.T_0 > 0, at, "CosineAnnealingWarmRestarts: T_0 must be above 0, got ", o_.T_0);
    check(o_.T_mult >= 1, at, "CosineAnnealingWarmRestarts: T_mult must be 1 or more, got ", o_.T_mult);
    apply();
  }
  CosineAnnealingWarmRestarts(Optimizer& optimizer, std::int64_t T_0, CosineAnnealingWarmRestartsOptions options = {},
                              Location at = Location::here())
      : CosineAnnealingWarmRestarts(optimizer, CosineAnnealingWarmRestartsOptions{T_0, options.T_mult, options.eta_min},
                                    at) {}
  template <std::integral Mult>
  CosineAnnealingWarmRestarts(Optimizer& optimizer, std::int64_t T_0, Mult T_mult, double eta_min = 0,
                              Location at = Location::here())
      : CosineAnnealingWarmRestarts(optimizer, CosineAnnealingWarmRestartsOptions{T_0, T_mult, eta_min}, at) {}
  template <std::size_t N>  // short error
  CosineAnnealingWarmRestarts(Optimizer& optimizer, nn::detail::UnknownOption<N> options);

  void step() override {
    ++last_epoch_;
    position_ += 1;
    if (position_ >= length_) {
      position_ -= length_;
      length_ *= static_cast<double>(o_.T_mult);
    }
    apply();
  }
  /// Goes to any point, also between epochs: step(epoch + batch / batches) after each batch.
  void step(double epoch, Location at = Location::here()) {
    check(epoch >= 0 && epoch <= 0x1p53, at,
          "CosineAnnealingWarmRestarts: epoch must not be negative, nor above 2^53, got ", epoch);
    last_epoch_ = static_cast<std::int64_t>(std::floor(epoch));
    length_ = static_cast<double>(o_.T_0);
    position_ = epoch;
    if (o_.T_mult == 1) position_ = std::fmod(epoch, length_);
    else
      for (; position_ >= length_; length_ *= static_cast<double>(o_.T_mult)) position_ -= length_;
    apply();
  }

 private:
  double rate(std::size_t group, double) override {
    return o_.eta_min + (base_lr(group) - o_.eta_min) * (1 + std::cos(std::numbers::pi * position_ / length_)) / 2;
  }
  CHAINRULE_INLINE void each_number(const Callback<void(const std::string&, double&)>& see) override;
  void restart() override { step(0.0); }

  CosineAnnealingWarmRestartsOptions o_;
  double position_ = 0, length_;  // epochs since the cycle began, epochs of the cycle
};

struct OneCycleLROptions {
  double max_lr = 0;
  std::int64_t total_steps = 0;  ///< or give epochs and steps_per_epoch
  std::int64_t epochs = 0;
  std::int64_t steps_per_epoch = 0;
  double pct_start = 0.3;               ///< the part of the cycle that goes up
  std::string anneal_strategy = "cos";  ///< or "linear"
  bool cycle_momentum = true;           ///< moves the momentum (Adam: the first beta) the other way
  double base_momentum = 0.85;
  double max_momentum = 0.95;
  double div_factor = 25;         ///< it begins at max_lr / div_factor ...
  double final_div_factor = 1e4;  ///< ... and ends at that divided by final_div_factor
  bool three_phase = false;       ///< up, as long down again, then to the end; else up, then to the end
};
/// The one-cycle policy (Smith and Topin 2017): up to max_lr and down again within one training. Call step() after each
/// batch. As in PyTorch the last batch's step() goes one beyond the curve: cos turns round, linear stays at the end.
/// Throws at the step after that, and if cycle_momentum is set and the optimizer has no momentum.
///     optim::OneCycleLR scheduler(optimizer, 0.1, {.epochs = 3, .steps_per_epoch = loader.size()});
///     optim::OneCycleLR same(optimizer, {.max_lr = 0.1, .total_steps = 1800});
class OneCycleLR final : public Scheduler {
 public:
  OneCycleLR(Optimizer& optimizer, OneCycleLROptions options, Location at = Location::here())
      : Scheduler("OneCycleLR", optimizer), o_(std::move(options)), at_(at) {
    if (o_.total_steps == 0 && o_.epochs > 0 && o_.steps_per_epoch > 0)
      o_.total_steps = chainrule::detail::multiply_sizes(o_.epochs, o_.steps_per_epoch);
    check(o_.total_steps > 0 && o_.total_steps <= std::int64_t{1} << 53, at,
          "OneCycleLR: give total_steps, or epochs and steps_per_epoch, above 0; got ", o_.total_steps, ", ", o_.epochs,
          " and ", o_.steps_per_epoch);
    check(o_.max_lr > 0 && std::isfinite(o_.max_lr), at, "OneCycleLR: max_lr must be above 0 and finite, got ",
          o_.max_lr);
    check(o_.pct_start >= 0 && o_.pct_start <= 1, at, "OneCycleLR: pct_start must lie in [0, 1], got ", o_.pct_start);
    check(o_.anneal_strategy == "cos" || o_.anneal_strategy == "linear", at,
          "OneCycleLR: anneal_strategy is \"cos\" or \"linear\", not \"", o_.anneal_strategy, '"');
    check(o_.div_factor > 0 && o_.final_div_factor > 0, at,
          "OneCycleLR: div_factor and final_div_factor must be above 0");
    check_momentum();
    const double start = o_.max_lr / o_.div_factor, end = start / o_.final_div_factor,
                 steps = static_cast<double>(o_.total_steps);
    check(o_.pct_start * steps != 1, at, "OneCycleLR: pct_start ", o_.pct_start, " of total_steps ", o_.total_steps,
          " is 1 step, which has no room to rise from max_lr / div_factor to max_lr; use a larger pct_start, or 0 to "
          "begin at max_lr");
    const double low = o_.base_momentum, high = o_.max_momentum, top = o_.pct_start * steps - 1;
    if (o_.three_phase)
      phases_ = {{top, start, o_.max_lr, high, low},
                 {2 * o_.pct_start * steps - 2, o_.max_lr, start, low, high},
                 {steps - 1, start, end, high, high}};
    else phases_ = {{top, start, o_.max_lr, high, low}, {steps - 1, o_.max_lr, end, low, high}};
    base_lrs_ = optimizer.initial_lrs() = std::vector<double>(optimizer.num_groups(), start);
    apply();
  }
  OneCycleLR(Optimizer& optimizer, double max_lr, OneCycleLROptions options, Location at = Location::here())
      : OneCycleLR(optimizer, (options.max_lr = max_lr, std::move(options)), at) {}
  /// By position, in PyTorch's order: OneCycleLR(optimizer, 0.1, 1800). 0 stands for PyTorch's None.
  template <std::integral Steps>
  OneCycleLR(Optimizer& optimizer, double max_lr, Steps total_steps, std::int64_t epochs = 0,
             std::int64_t steps_per_epoch = 0, double pct_start = 0.3, std::string anneal_strategy = "cos",
             bool cycle_momentum = true, Location at = Location::here())
      : OneCycleLR(optimizer,
                   OneCycleLROptions{max_lr, static_cast<std::int64_t>(total_steps), epochs, steps_per_epoch, pct_start,
                                     std::move(anneal_strategy), cycle_momentum},
                   at) {}
  template <std::size_t N> OneCycleLR(Optimizer& optimizer, nn::detail::UnknownOption<N> options);  // short error

  void step() override {
    check(last_epoch_ < o_.total_steps, at_, "OneCycleLR: step ", last_epoch_ + 1, " of a cycle of ", o_.total_steps,
          " steps; total_steps must be epochs times batches");
    Scheduler::step();
  }

 private:
  struct Phase {
    double end, from_lr, to_lr, from_momentum, to_momentum;
  };

  double between(double from, double to, double share) const {
    if (o_.anneal_strategy == "linear") return from + (to - from) * share;
    return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * share));
  }
  // All groups have a momentum to cycle: one that was added later may not.
  void check_momentum();
  void check_groups() override { check_momentum(); }

  CHAINRULE_INLINE double rate(std::size_t group, double) override;

  OneCycleLROptions o_;
  Location at_;
  std::vector<Phase> phases_;
};

}  // namespace chainrule::optim

#if CHAINRULE_DEFINITIONS
namespace chainrule::optim {

CHAINRULE_INLINE double CosineAnnealingLR::rate(std::size_t group, double now) {
  if (last_epoch_ == 0) return now;
  const auto t = static_cast<double>(last_epoch_), n = static_cast<double>(o_.T_max);
  if ((last_epoch_ - 1) % o_.T_max == 0 && (last_epoch_ - 1) / o_.T_max % 2 == 1)
    return now + (base_lr(group) - o_.eta_min) * (1 - std::cos(std::numbers::pi / n)) / 2;  // was 0
  return (1 + std::cos(std::numbers::pi * t / n)) / (1 + std::cos(std::numbers::pi * (t - 1) / n)) *
             (now - o_.eta_min) +
         o_.eta_min;
}

CHAINRULE_INLINE void CosineAnnealingWarmRestarts::each_number(const Callback<void(const std::string&, double&)>& see) {
  Scheduler::each_number(see);
  see("T_cur", position_);
  see("T_i", length_);
}

CHAINRULE_INLINE void OneCycleLR::check_momentum() {
  for (std::size_t g = 0; o_.cycle_momentum && g < optimizer().num_groups(); ++g)
    check(optimizer().momentum_slot(g) != nullptr, at_,
          "OneCycleLR: cycle_momentum needs an optimizer with momentum, and group ", g,
          " has none; give SGD or RMSprop one, or set .cycle_momentum = false");
}

CHAINRULE_INLINE double OneCycleLR::rate(std::size_t group, double) {
  const auto t = static_cast<double>(last_epoch_);
  double begin = 0;
  std::size_t i = 0;
  for (; i + 1 < phases_.size() && t > phases_[i].end; ++i) begin = phases_[i].end;
  const Phase& p = phases_[i];
  double share = p.end > begin ? (t - begin) / (p.end - begin) : 1;
  if (share > 1 && o_.anneal_strategy == "linear") share = 1;  // a straight line would go on below 0
  if (o_.cycle_momentum) *optimizer().momentum_slot(group) = between(p.from_momentum, p.to_momentum, share);
  return between(p.from_lr, p.to_lr, share);
}

}  // namespace chainrule::optim
#endif

#pragma once
// ReduceLROnPlateau: a smaller learning rate when a measured value no longer improves.

#include <chainrule/core/compiled.hpp>
#include <chainrule/optim/scheduler.hpp>
#include <limits>

namespace chainrule::optim {

struct ReduceLROnPlateauOptions {
  std::string mode = "min";            ///< "min": smaller is better (a loss); "max": larger is better (an accuracy)
  double factor = 0.1;                 ///< what the rate is multiplied by
  std::int64_t patience = 10;          ///< epochs without improvement that are tolerated
  double threshold = 1e-4;             ///< how much better counts as an improvement
  std::string threshold_mode = "rel";  ///< "rel": threshold is a part of the best value; "abs": a difference
  std::int64_t cooldown = 0;           ///< epochs after a reduction that are not counted
  double min_lr = 0;
  double eps = 1e-8;  ///< smaller reductions are left out
};
/// Multiplies the rate by `factor` when the value given to step() has not improved for more than `patience` epochs.
/// Names and defaults are those of torch.optim.lr_scheduler.ReduceLROnPlateau.
///     optim::ReduceLROnPlateau scheduler(optimizer, {.factor = 0.5, .patience = 3});
///     scheduler.step(validation_loss);
class ReduceLROnPlateau {
 public:
  explicit ReduceLROnPlateau(Optimizer& optimizer, ReduceLROnPlateauOptions options = {},
                             Location at = Location::here())
      : optimizer_(&optimizer), o_(std::move(options)) {
    check(o_.mode == "min" || o_.mode == "max", at, "ReduceLROnPlateau: mode is \"min\" or \"max\", not \"", o_.mode,
          '"');
    check(o_.threshold_mode == "rel" || o_.threshold_mode == "abs", at,
          "ReduceLROnPlateau: threshold_mode is \"rel\" or \"abs\", not \"", o_.threshold_mode, '"');
    check(o_.factor < 1, at, "ReduceLROnPlateau: factor must be below 1, got ", o_.factor);
    best_ = smaller_is_better() ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  }
  template <std::convertible_to<std::string>
                Mode>  // a template, so that {.factor = 0.5, .patience = 3} is not taken for a string
  ReduceLROnPlateau(Optimizer& optimizer, const Mode& mode, ReduceLROnPlateauOptions options = {},
                    Location at = Location::here())
      : ReduceLROnPlateau(optimizer, (options.mode = mode, std::move(options)), at) {}
  /// By position, in PyTorch's order: ReduceLROnPlateau(optimizer, "min", 0.5, 3).
  template <std::convertible_to<std::string> Mode, Arithmetic Factor>
  ReduceLROnPlateau(Optimizer& optimizer, const Mode& mode, Factor factor, std::int64_t patience = 10,
                    double threshold = 1e-4, std::string threshold_mode = "rel", std::int64_t cooldown = 0,
                    double min_lr = 0, double eps = 1e-8, Location at = Location::here())
      : ReduceLROnPlateau(optimizer,
                          ReduceLROnPlateauOptions{mode, static_cast<double>(factor), patience, threshold,
                                                   std::move(threshold_mode), cooldown, min_lr, eps},
                          at) {}
  template <std::size_t N>
  ReduceLROnPlateau(Optimizer& optimizer, nn::detail::UnknownOption<N> options);  // short error

  /// Tells it this epoch's value.
  void step(double metric);

  double best() const { return best_; }                        ///< the best value so far
  std::int64_t num_bad_epochs() const { return bad_epochs_; }  ///< epochs since then
  std::int64_t last_epoch() const { return last_epoch_; }
  std::vector<double> get_last_lr() const;

  StateDict state_dict() const;
  void load_state_dict(const NamedTensors& dict, Location at = Location::here());

 private:
  bool smaller_is_better() const { return o_.mode == "min"; }
  bool better(double value) const;

  Optimizer* optimizer_;
  ReduceLROnPlateauOptions o_;
  double best_;
  std::int64_t bad_epochs_ = 0, cooling_ = 0, last_epoch_ = 0;
};

}  // namespace chainrule::optim

#if CHAINRULE_DEFINITIONS
namespace chainrule::optim {

CHAINRULE_INLINE void ReduceLROnPlateau::step(double metric) {
  ++last_epoch_;
  if (better(metric)) {
    best_ = metric;
    bad_epochs_ = 0;
  } else {
    ++bad_epochs_;
  }
  if (cooling_ > 0) {
    --cooling_;
    bad_epochs_ = 0;
  }
  if (bad_epochs_ <= o_.patience) return;
  for (std::size_t g = 0; g < optimizer_->num_groups(); ++g) {
    const double now = optimizer_->lr(g), next = now * o_.factor > o_.min_lr ? now * o_.factor : o_.min_lr;
    if (now - next > o_.eps) optimizer_->set_lr(g, next);
  }
  cooling_ = o_.cooldown;
  bad_epochs_ = 0;
}

CHAINRULE_INLINE std::vector<double> ReduceLROnPlateau::get_last_lr() const {
  std::vector<double> all;
  for (std::size_t g = 0; g < optimizer_->num_groups(); ++g) all.push_back(optimizer_->lr(g));
  return all;
}

CHAINRULE_INLINE StateDict ReduceLROnPlateau::state_dict() const {
  StateDict dict;
  detail::put_number(dict, "best", "", best_);
  detail::put_number(dict, "num_bad_epochs", "", static_cast<double>(bad_epochs_));
  detail::put_number(dict, "cooldown_counter", "", static_cast<double>(cooling_));
  detail::put_number(dict, "last_epoch", "", static_cast<double>(last_epoch_));
  return dict;
}

CHAINRULE_INLINE void ReduceLROnPlateau::load_state_dict(const NamedTensors& dict, Location at) {
  detail::StateReader reader("ReduceLROnPlateau", dict, at);
  const double best = reader.number("best", ""), bad = reader.number("num_bad_epochs", ""),
               cooling = reader.number("cooldown_counter", ""), epoch = reader.number("last_epoch", "");
  const auto whole = [&](double v) {
    return chainrule::detail::fitting<std::int64_t>(v, "ReduceLROnPlateau.load_state_dict", at);
  };
  const std::int64_t counts[] = {whole(bad), whole(cooling), whole(epoch)};
  best_ = best;
  bad_epochs_ = counts[0];
  cooling_ = counts[1];
  last_epoch_ = counts[2];
}

CHAINRULE_INLINE bool ReduceLROnPlateau::better(double value) const {
  const bool relative = o_.threshold_mode == "rel";
  if (smaller_is_better()) return value < (relative ? best_ * (1 - o_.threshold) : best_ - o_.threshold);
  return value > (relative ? best_ * (1 + o_.threshold) : best_ + o_.threshold);
}

}  // namespace chainrule::optim
#endif

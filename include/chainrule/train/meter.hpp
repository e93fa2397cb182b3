#pragma once
// Meters: running statistics of numbers that come one at a time, such as the loss of each batch.

#include <chainrule/core/compiled.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

namespace chainrule::training {

/// Mean, standard deviation and extremes of what was added so far, in one pass without loss of digits (Welford 1962).
///     ValueMeter losses;
///     losses.add(loss.item(), images.size(0));   // weighted by the size of the batch
///     losses.mean();
class ValueMeter {
 public:
  /// Adds a value that counts n times.
  void add(double value, std::int64_t n = 1);
  void reset() { *this = {}; }

  std::int64_t n() const { return n_; }
  double mean() const { return n_ > 0 ? mean_ : nan; }
  double sum() const { return mean_ * static_cast<double>(n_); }
  double var() const {
    return n_ > 1 ? squares_ / static_cast<double>(n_ - 1) : nan;
  }  ///< of a sample: divided by n - 1
  double std() const { return std::sqrt(var()); }
  double min() const { return min_; }
  double max() const { return max_; }
  double last() const { return last_; }

 private:
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  std::int64_t n_ = 0;
  double mean_ = 0, squares_ = 0, min_ = nan, max_ = nan, last_ = nan;
};

}  // namespace chainrule::training

#if CHAINRULE_DEFINITIONS
namespace chainrule::training {

CHAINRULE_INLINE void ValueMeter::add(double value, std::int64_t n) {
  if (n <= 0) return;
  n_ += n;
  const double delta = value - mean_;
  mean_ += delta * static_cast<double>(n) / static_cast<double>(n_);
  squares_ += static_cast<double>(n) * delta * (value - mean_);
  last_ = value;
  if (!(value >= min_)) min_ = value;
  if (!(value <= max_)) max_ = value;
}

}  // namespace chainrule::training
#endif

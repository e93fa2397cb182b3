#pragma once
// Where the ticks of an axis stand, and what they say: at 1, 2, 2.5 or 5 times a power of ten.

#include <chainrule/core/compiled.hpp>
#include <string>
#include <vector>

namespace chainrule::plot::detail {

struct Tick {
  double value;
  std::string label;
};

struct Ticks {
  std::vector<Tick> major;
  std::vector<double> minor;  ///< without labels: 2, 3, ... 9 times a power of ten, on a log axis
  std::string offset;         ///< what is to be added to all labels; mostly empty
};

/// At most `at_most` round numbers in [low, high], at equal distances; whole numbers if `whole`.
///     linear_ticks(0, 1, 6, false)   // 0.0, 0.2, 0.4, 0.6, 0.8, 1.0
Ticks linear_ticks(double low, double high, int at_most, bool whole);

/// Powers of ten in [low, high], low > 0; with 2 and 5 times them if they are few, and as linear_ticks if there is less
/// than one of them.
///     log_ticks(0.01, 10, 6)   // 0.01, 0.1, 1, 10
Ticks log_ticks(double low, double high, int at_most);

}  // namespace chainrule::plot::detail

#if CHAINRULE_DEFINITIONS
#include <chainrule/plot/text.hpp>
#include <algorithm>
#include <cmath>

namespace chainrule::plot::detail {

/// m * 10^k, rounded once.
[[gnu::cold]] CHAINRULE_INLINE double times_power(double m, int k) {
  return k < 0 ? (k < -300 ? m / 1e300 / std::pow(10., -k - 300) : m / std::pow(10., -k)) : m * std::pow(10., k);
}

/// Writes the labels, with as few decimals as say all of them.
[[gnu::cold]] CHAINRULE_INLINE void label_ticks(Ticks& ticks, double step, int decimals) {
  double largest = 0;
  for (const auto& t : ticks.major) largest = std::max(largest, std::fabs(t.value));
  const double digits = largest > 0 ? std::floor(std::log10(largest / step * 1.0000001)) + 1 : 1;  // significant ones
  const bool is_scientific = digits <= 5 && (largest >= 999999 || (largest < 0.01 && decimals > 4));
  if (is_scientific) {
    int most = 0;  // decimals of a mantissa
    for (const auto& t : ticks.major)
      if (t.value != 0)
        most = std::max(most, static_cast<int>(std::floor(std::log10(std::fabs(t.value)) + 1e-9)) + decimals);
    for (int fewer = most; fewer >= 0; --fewer) {  // 5e5 and 1e6 need none
      bool exact = true;
      for (const auto& t : ticks.major) {
        if (t.value == 0) continue;
        const double scale = times_power(1, static_cast<int>(std::floor(std::log10(std::fabs(t.value)) + 1e-9)));
        const double m = t.value / scale * times_power(1, fewer);
        exact = exact && std::fabs(m - std::round(m)) < 1e-6 * std::max(1., std::fabs(m));
      }
      if (!exact) break;
      most = fewer;
    }
    for (auto& t : ticks.major) t.label = scientific(t.value, most);
    return;
  }
  double offset = 0;
  if (digits > 8 && !ticks.major.empty()) {
    const double first = ticks.major.front().value, last = ticks.major.back().value;
    const double coarse = times_power(1, static_cast<int>(std::ceil(std::log10(std::max(last - first, step)))));
    offset = std::floor(first / coarse) * coarse;
    ticks.offset = (offset < 0 ? "" : "+") +
                   (std::fabs(offset) < 1e15 ? number(offset, std::clamp(decimals, 0, 3)) : scientific(offset, 15));
    for (auto& t : ticks.major)
      t.label = decimals > 6 ? scientific(t.value - offset, 1) : number(t.value - offset, std::max(decimals, 0));
    return;
  }
  for (auto& t : ticks.major) t.label = number(t.value, std::max(decimals, 0));
}

[[gnu::cold]] CHAINRULE_INLINE Ticks linear_ticks(double low, double high, int at_most, bool whole) {
  Ticks ticks;
  at_most = std::max(at_most, 2);
  const double span = high - low;
  if (!(span > 0)) return ticks;
  static constexpr struct {
    double m;
    int decimals;
  } steps[] = {{1, 0}, {2, 0}, {2.5, 1}, {5, 0}};
  for (int k = static_cast<int>(std::floor(std::log10(span / at_most))) - 1;; ++k)
    for (const auto& [m, more] : steps) {
      if (whole && (k < 0 || (k == 0 && more > 0))) continue;
      const double step = times_power(m, k);
      const double first = std::ceil(low / step - 1e-6), last = std::floor(high / step + 1e-6);
      if (last - first + 1 > at_most) continue;
      for (double i = first; i <= last; ++i) {
        const double value = times_power(i * m, k);
        if (ticks.major.empty() || value > ticks.major.back().value) ticks.major.push_back({value, {}});
      }
      label_ticks(ticks, step, -k + more);
      return ticks;
    }
}

[[gnu::cold]] CHAINRULE_INLINE Ticks log_ticks(double low, double high, int at_most) {
  Ticks ticks;
  at_most = std::max(at_most, 2);
  const int first = static_cast<int>(std::ceil(std::log10(low) - 1e-9)),
            last = static_cast<int>(std::floor(std::log10(high) + 1e-9));
  if (high / low < 5) return linear_ticks(low, high, at_most, false);
  const int decades = last - first + 1, every = std::max(1, (decades + at_most - 1) / at_most);
  const bool fives = 3 * (decades + 1) <= at_most, minor = decades <= 12;
  for (int k = first - 1; k <= last; ++k)
    for (int m = 1; m <= 9; ++m) {
      const double value = times_power(m, k);
      if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9)) continue;
      if ((m == 1 && (k - first) % every == 0) || (fives && (m == 2 || m == 5))) ticks.major.push_back({value, {}});
      else if (minor) ticks.minor.push_back(value);
    }
  if (ticks.major.size() < 2) return linear_ticks(low, high, at_most, false);
  const bool plain = ticks.major.front().value > 9e-5 && ticks.major.back().value < 1.1e5;
  for (auto& t : ticks.major) {
    const int decimals = -static_cast<int>(std::floor(std::log10(t.value) + 1e-9));
    t.label = plain ? number(t.value, std::max(decimals, 0)) : scientific(t.value, 0);
  }
  return ticks;
}

}  // namespace chainrule::plot::detail
#endif

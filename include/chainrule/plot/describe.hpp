#pragma once
// A figure in words, for whoever cannot see it: what is drawn, from where to where, the first and the last value.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/state.hpp>
#include <string>

namespace chainrule::plot::detail {

/// "Line chart. x: epoch, 1 to 10. y: loss, 0.1 to 2.3. train: 10 points, first 2.3, last 0.1, ..."
std::string describe(const PanelState& panel);

}  // namespace chainrule::plot::detail

#if CHAINRULE_DEFINITIONS
#include <chainrule/plot/frame.hpp>
#include <chainrule/plot/text.hpp>
#include <algorithm>
#include <cmath>

namespace chainrule::plot::detail {

[[gnu::cold]] CHAINRULE_INLINE std::string count_of(std::size_t n, const char* what) {
  return std::to_string(n) + ' ' + what + (n == 1 ? "" : "s");
}

[[gnu::cold]] CHAINRULE_INLINE std::string describe_series(const PanelState& panel, const Series& s,
                                                           std::size_t index) {
  using Kind = Series::Kind;
  std::string text = s.label.empty() ? "Series " + std::to_string(index + 1) : s.label;
  if (s.kind == Kind::level) return text + ": a level line at y = " + brief(s.y[0]) + '.';
  if (s.kind == Kind::upright) return text + ": an upright line at x = " + brief(s.x[0]) + '.';
  std::size_t drawn = 0;
  double first = not_set, last = not_set, low = not_set, high = not_set;
  for (std::size_t i = 0; i < s.y.size(); ++i) {
    if (!shows(panel.y, s.y[i]) || (s.kind != Kind::bars && !shows(panel.x, s.x[i]))) continue;
    first = drawn == 0 ? s.y[i] : first;
    last = s.y[i];
    low = s.y[i] >= low ? low : s.y[i];
    high = s.y[i] <= high ? high : s.y[i];
    ++drawn;
  }
  if (s.kind == Kind::bars) {
    text += ": ";
    for (std::size_t i = 0; i < std::min<std::size_t>(s.y.size(), 20); ++i)
      text += (i > 0 ? ", " : "") + panel.categories[i] + ' ' + brief(s.y[i]);
    text += s.y.size() > 20 ? ", ..." : "";
  } else if (s.ring) {
    return drawn == 0 ? "No point is misclassified." : "Rings mark " + count_of(drawn, "misclassified point") + '.';
  } else {
    text += ": " + count_of(drawn, "point");
    if (drawn > 0 && s.kind == Kind::line)
      text +=
          ", first " + brief(first) + ", last " + brief(last) + ", smallest " + brief(low) + ", largest " + brief(high);
  }
  if (const std::size_t missing = s.y.size() - drawn; missing > 0)
    text += "; " + count_of(missing, "value") + (missing == 1 ? " is" : " are") +
            (panel.x.log || panel.y.log ? " not finite, too large or not above 0, and left out"
                                        : " not finite or too large, and left out");
  return text + '.';
}

[[gnu::cold]] CHAINRULE_INLINE std::string describe_matrix(const Matrix& m) {
  std::string text =
      (m.shares ? "Confusion matrix of " + std::to_string(m.rows) + " classes."
                : "Heat map of " + std::to_string(m.rows) + " rows and " + std::to_string(m.columns) + " columns.");
  double low = not_set, high = not_set, diagonal = 0, total = 0;
  std::size_t missing = 0;
  for (std::size_t i = 0; i < m.values.size(); ++i) {
    const double v = m.values[i];
    if (!(std::fabs(v) <= 1e300)) {
      ++missing;
      continue;
    }
    low = v >= low ? low : v;
    high = v <= high ? high : v;
    total += v;
    if (i % static_cast<std::size_t>(m.columns + 1) == 0) diagonal += v;
  }
  if (m.shares)
    text +=
        " Rows are true classes, columns predicted ones; " + brief(diagonal) + " of " + brief(total) + " are right.";
  else if (low == low) text += " Values from " + brief(low) + " to " + brief(high) + '.';
  if (missing > 0) text += ' ' + count_of(missing, "value") + (missing == 1 ? " is" : " are") + " not finite.";
  return text;
}

[[gnu::cold]] CHAINRULE_INLINE std::string describe(const PanelState& panel) {
  std::string text = panel.title.empty() ? "" : panel.title + ". ";
  if (!panel.matrix.empty()) return text + describe_matrix(panel.matrix.front());
  if (!panel.images.empty()) {
    const ImageGrid& g = panel.images.front();
    text += count_of(static_cast<std::size_t>(g.n), "image") + " of " + std::to_string(g.height) + " x " +
            std::to_string(g.width) + " pixels.";
    for (std::size_t i = 0; i < std::min<std::size_t>(g.titles.size(), 50); ++i)
      text += ' ' + g.titles[i] + (!g.wrong.empty() && g.wrong[i] ? " (wrong)." : ".");
    return text;
  }
  if (panel.series.empty()) return text + "Empty axes.";
  const auto axis = [&](const AxisSettings& a, bool is_x) {
    double low = not_set, high = not_set;
    for_each_value(panel, is_x, [&](double v) {
      low = v >= low ? low : v;
      high = v <= high ? high : v;
    });
    const std::string name = a.label.empty() ? "" : ' ' + a.label + ',';
    if (low == low)
      text += (is_x ? " x:" : " y:") + name + ' ' + brief(low) + " to " + brief(high) + (a.log ? ", log scale." : ".");
  };
  using Kind = Series::Kind;
  const Kind kind = panel.series.front().kind;
  text += !panel.regions.empty() ? "Decision boundary with the points of each class."
          : kind == Kind::bars   ? "Bar chart."
          : kind == Kind::points ? "Scatter plot."
                                 : "Line chart.";
  if (!panel.has_bars()) axis(panel.x, true);
  axis(panel.y, false);
  for (std::size_t i = 0; i < std::min<std::size_t>(panel.series.size(), 20); ++i)
    text += ' ' + describe_series(panel, panel.series[i], i);
  return text;
}

}  // namespace chainrule::plot::detail
#endif

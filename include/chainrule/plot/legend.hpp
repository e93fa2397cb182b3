#pragma once
// The legend: what it says, and where it hides nothing. In the first free corner or edge of the axes; above them where
// there is none.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/frame.hpp>

#if CHAINRULE_DEFINITIONS
#include <chainrule/plot/text.hpp>
#include <algorithm>
#include <cmath>

namespace chainrule::plot::detail {

inline constexpr double swatch_width = 22, legend_line = 17, legend_pad = 6;

/// Calls see(x, y) at places of the data that are a few pixels apart at most.
template <class See> void for_each_place(const PanelState& panel, const Frame& f, const See& see) {
  const auto walk = [&](Point a, Point b) {
    const double length = std::max(std::fabs(b.x - a.x), std::fabs(b.y - a.y));
    const int steps = std::clamp(static_cast<int>(length / 3), 1, 2000);
    for (int i = 0; i <= steps; ++i) see(a.x + (b.x - a.x) * i / steps, a.y + (b.y - a.y) * i / steps);
  };
  int n_bars = 0, bar = 0;
  for (const auto& s : panel.series) n_bars += s.kind == Series::Kind::bars;
  for (const auto& s : panel.series) {
    if (s.kind == Series::Kind::level && shows(panel.y, s.y[0])) walk({0, f.y(s.y[0])}, {f.axes.width, f.y(s.y[0])});
    if (s.kind == Series::Kind::upright && shows(panel.x, s.x[0])) walk({f.x(s.x[0]), 0}, {f.x(s.x[0]), f.axes.height});
    if (s.kind == Series::Kind::bars) {
      for (std::size_t i = 0; i < s.y.size(); ++i)
        if (shows(panel.y, s.y[i]))
          for (int k = 0; k <= 4; ++k) {
            const double x = f.x(static_cast<double>(i) - 0.38 + 0.76 * (bar + k / 4.) / n_bars);
            walk({x, f.y(0)}, {x, f.y(s.y[i]) - (s.annotate ? (s.y[i] < 0 ? -16 : 16) : 0)});
          }
      ++bar;
    }
    if (s.kind == Series::Kind::line || s.kind == Series::Kind::points)
      for (const auto& part : parts_of(panel, s, f))
        for (std::size_t i = 0; i < part.size(); ++i) {
          if (s.kind == Series::Kind::line && i > 0) walk(part[i - 1], part[i]);
          else see(part[i].x, part[i].y);
        }
  }
}

[[gnu::cold]] CHAINRULE_INLINE Legend plan_legend(const PanelState& panel, const Frame& f) {
  Legend legend;
  if (panel.legend == PanelState::Legend::hidden) return legend;
  bool labelled = false;
  for (const auto& s : panel.series) labelled = labelled || (!s.label.empty() && !(s.ring && s.x.empty()));
  if (!labelled && panel.legend != PanelState::Legend::shown) return legend;
  double widest = 0;
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    const Series& s = panel.series[i];
    if (s.ring && s.x.empty()) continue;  // nothing was misclassified
    if (s.label.empty()) continue;
    legend.entries.push_back({shorten(s.label, tick_size, f.axes.width - swatch_width - 6), i});
    widest = std::max(widest, text_width(legend.entries.back().label, tick_size));
  }
  if (legend.entries.empty()) return legend;
  Rect box{0, 0, widest + swatch_width + 5 + 2 * legend_pad,
           static_cast<double>(legend.entries.size()) * legend_line + 2 * legend_pad - 4};
  const double margin = 8, right = f.axes.width - box.width - margin, bottom = f.axes.height - box.height - margin;
  const Point places[] = {{right, margin},     {margin, margin},    {margin, bottom},     {right, bottom},
                          {right / 2, margin}, {right, bottom / 2}, {margin, bottom / 2}, {right / 2, bottom}};
  int chosen = panel.legend_at;
  if (chosen < 0) {
    const bool small = box.width < 0.6 * f.axes.width && box.height < 0.6 * f.axes.height;
    int hidden[8] = {};
    if (small && panel.regions.empty())
      for_each_place(panel, f, [&](double x, double y) {
        for (int i = 0; i < 8; ++i) hidden[i] += Rect{places[i].x, places[i].y, box.width, box.height}.holds(x, y, 5);
      });
    const int* free = std::find(hidden, hidden + 8, 0);
    chosen = small && panel.regions.empty() && free != hidden + 8 ? static_cast<int>(free - hidden) : 4;
    legend.outside = !(small && panel.regions.empty() && free != hidden + 8);
  } else {
    legend.outside = chosen == 4;
  }
  if (!legend.outside) {
    box.x = places[chosen].x;
    box.y = places[chosen].y;
    for (std::size_t i = 0; i < legend.entries.size(); ++i) {
      legend.entries[i].x = legend_pad;
      legend.entries[i].y = legend_pad - 2 + (static_cast<double>(i) + 0.5) * legend_line;
    }
    legend.box = box;
    return legend;
  }
  double x = 0, y = legend_line / 2;  // rows above the axes
  for (auto& entry : legend.entries) {
    const double width = swatch_width + 5 + text_width(entry.label, tick_size);
    if (x > 0 && x + width > f.axes.width) {
      x = 0;
      y += legend_line;
    }
    entry.x = x;
    entry.y = y;
    x += width + 16;
  }
  legend.box = {0, 0, f.axes.width, y + legend_line / 2};
  return legend;
}

}  // namespace chainrule::plot::detail
#endif

#pragma once
// Where a panel's parts lie: the ranges of its axes, their ticks, the margins that the texts need.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/state.hpp>
#include <chainrule/plot/svg.hpp>
#include <chainrule/plot/ticks.hpp>
#include <string>
#include <vector>

namespace chainrule::plot::detail {

// The sizes of all texts, in pixels.
inline constexpr double figure_title_size = 15, panel_title_size = 13, label_size = 12, tick_size = 11;
inline constexpr double line_height = 1.25;  // of a text's size

/// From values to pixels.
struct Scale {
  double low = 0, high = 1;  ///< low > high where the user turned the axis round
  bool log = false;
  double from = 0, to = 1;
  double operator()(double value) const;
};

/// The names below (or beside) the fields of an axis with categories.
struct Names {
  std::vector<std::string> text;  ///< '\n' between the lines of one
  bool rotated = false;
  std::size_t every = 1;  ///< only each such one is written
  double size = 0;        ///< height below the axis, or width beside it
  double overhang = 0;    ///< how far the first one reaches to the left of its field's middle
};

struct LegendEntry {
  std::string label;
  std::size_t series;
  double x = 0, y = 0;  ///< where it begins, from the legend's corner; y is the middle of the line
};
struct Legend {
  std::vector<LegendEntry> entries;
  bool outside = false;
  Rect box;  ///< inside: relative to the corner of the axes; outside: its height is taken from the top
};

struct Margins {
  double left = 0, right = 0, top = 0, bottom = 0;
};

/// A panel, laid out.
struct Frame {
  Rect axes;
  Scale x, y;
  Ticks x_ticks, y_ticks;
  Names x_names, y_names;
  Legend legend;
  std::vector<std::string> title;
  double title_top = 0;  ///< of its first line; the same in all panels of a row
  std::vector<std::string> x_label, y_label;
  double y_label_at = 0;  ///< how far left of the axes its middle lies
  Margins margins;
};

/// The range of an axis: of what is drawn, with some room; or what the user set.
Scale range_of(const PanelState& panel, bool is_x);
/// True where every value on this axis is a whole number.
bool is_whole(const PanelState& panel, bool is_x);
/// The value can be drawn on this axis.
bool shows(const AxisSettings& axis, double value);

/// Lays a panel out whose axes have this size; axes.x and .y are 0.
Frame lay_out(const PanelState& panel, double width, double height);

/// Names for `n` fields of `slot` pixels: in a row, rotated by 45 degrees, or not all of them.
Names names_below(const std::vector<std::string>& names, double slot);
Names names_beside(const std::vector<std::string>& names, double slot);

Legend plan_legend(const PanelState& panel, const Frame& frame);

/// Points of a series in pixels, in parts between its gaps.
struct Point {
  double x, y;
};
std::vector<std::vector<Point>> parts_of(const PanelState& panel, const Series& series, const Frame& frame);

}  // namespace chainrule::plot::detail

#if CHAINRULE_DEFINITIONS
#include <chainrule/plot/text.hpp>
#include <algorithm>
#include <cmath>
#include <tuple>

namespace chainrule::plot::detail {

[[gnu::cold]] CHAINRULE_INLINE double Scale::operator()(double value) const {
  const double share = log ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  return from + (to - from) * share;
}

[[gnu::cold]] CHAINRULE_INLINE bool shows(const AxisSettings& axis, double value) {
  return std::fabs(value) <= 1e300 && (!axis.log || value > 1e-300);
}

/// Calls see(value) for each value that is drawn on an axis.
template <class See> void for_each_value(const PanelState& panel, bool is_x, const See& see) {
  for (const auto& s : panel.series) {
    if (s.kind == Series::Kind::line || s.kind == Series::Kind::points) {
      for (std::size_t i = 0; i < s.x.size(); ++i)
        if (shows(panel.x, s.x[i]) && shows(panel.y, s.y[i])) see(is_x ? s.x[i] : s.y[i]);
    } else if (is_x == (s.kind == Series::Kind::upright)) {  // bars and levels have a y only
      for (const double v : is_x ? s.x : s.y)
        if (shows(is_x ? panel.x : panel.y, v)) see(v);
    }
  }
}

[[gnu::cold]] CHAINRULE_INLINE bool is_whole(const PanelState& panel, bool is_x) {
  bool whole = panel.regions.empty(), any = false;
  for_each_value(panel, is_x, [&](double v) {
    whole = whole && v == std::floor(v);
    any = true;
  });
  return whole && any;
}

[[gnu::cold]] CHAINRULE_INLINE Scale range_of(const PanelState& panel, bool is_x) {
  const AxisSettings& axis = is_x ? panel.x : panel.y;
  if (is_x && panel.has_bars()) return {-0.5, static_cast<double>(panel.categories.size()) - 0.5};
  double low = not_set, high = not_set;
  const auto see = [&](double v) {
    low = v >= low ? low : v;
    high = v <= high ? high : v;
  };
  for_each_value(panel, is_x, see);
  bool tight = false;
  if (!is_x && panel.has_bars()) see(0);
  for (const auto& r : panel.regions) {
    low = is_x ? r.x0 : r.y0;
    high = is_x ? r.x1 : r.y1;
    tight = true;
  }
  if (!(low == low)) low = axis.log ? 1 : 0, high = axis.log ? 10 : 1;
  if (axis.log) {
    const double decades = std::log10(high / low), room = decades > 1e-9 ? 0.04 * decades : 0.3;
    low = std::max(low / std::pow(10., room), 1e-301);
    high *= std::pow(10., room);
  } else if (!tight) {
    const double size = std::max(std::fabs(low), std::fabs(high)), span = high - low;
    if (span > 1e-13 * size && span > 1e-300) {
      const double room = (is_x ? 0.03 : 0.06) * span;
      if (!panel.has_bars() || low < 0) low = low >= 0 && low < room && !is_x ? 0 : low - room;
      if (!panel.has_bars() || high > 0) high += room;
    } else {
      const double room = size > 1e-290 ? (is_whole(panel, is_x) && size < 1e9 ? 1 : 0.1 * size) : 1;
      low -= room;
      high += room;
    }
  }
  if (axis.low == axis.low) low = axis.low, high = axis.high;
  return {low, high, axis.log};
}

[[gnu::cold]] CHAINRULE_INLINE Names names_below(const std::vector<std::string>& names, double slot) {
  Names n;
  double widest = 0;
  std::size_t lines = 1;
  for (const auto& name : names) {
    const auto wrapped = wrap(name, tick_size, std::max(slot - 8, 60.), 3);
    for (const auto& line : wrapped) widest = std::max(widest, text_width(line, tick_size));
    lines = std::max(lines, wrapped.size());
    n.text.emplace_back();
    for (const auto& line : wrapped) n.text.back() += (n.text.back().empty() ? "" : "\n") + line;
    for (std::size_t begin = 0; begin < name.size();) {  // words are not cut
      const std::size_t end = std::min(name.find(' ', begin), name.size());
      widest = std::max(widest, text_width(name.substr(begin, end - begin), tick_size));
      begin = end + 1;
    }
  }
  if (widest + 8 <= slot) {
    n.size = tick_size * line_height * static_cast<double>(lines);
    n.overhang = widest / 2;
    return n;
  }
  widest = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    n.text[i] = shorten(names[i], tick_size, 140);
    widest = std::max(widest, text_width(n.text[i], tick_size));
  }
  bool numbers = true;  // 0, 1, 2, ...: some of them say enough
  for (std::size_t i = 0; i < names.size(); ++i) numbers = numbers && names[i] == std::to_string(i);
  const double needed = numbers ? widest + 8 : tick_size * 1.45;  // a rotated line
  static constexpr std::size_t steps[] = {1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000};
  for (const std::size_t step : steps) {
    n.every = step;
    if (slot * static_cast<double>(step) >= needed) break;
  }
  n.rotated = !numbers;
  n.size = numbers ? tick_size * line_height : (widest + tick_size) * 0.7072;
  n.overhang = numbers ? widest / 2 : (widest + tick_size) * 0.7072;
  return n;
}

[[gnu::cold]] CHAINRULE_INLINE Names names_beside(const std::vector<std::string>& names, double slot) {
  Names n;
  static constexpr std::size_t steps[] = {1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000};
  for (const std::size_t step : steps) {
    n.every = step;
    if (slot * static_cast<double>(step) >= tick_size * 1.2) break;
  }
  for (const auto& name : names) {
    n.text.push_back(shorten(name, tick_size, 130));
    n.size = std::max(n.size, text_width(n.text.back(), tick_size));
  }
  return n;
}

/// Ticks whose labels do not touch, side by side or one above the other.
[[gnu::cold]] CHAINRULE_INLINE Ticks fitting_ticks(const Scale& scale, bool whole, bool below) {
  const double low = std::min(scale.low, scale.high), high = std::max(scale.low, scale.high),
               length = std::fabs(scale.to - scale.from);
  for (int at_most = std::clamp(static_cast<int>(length / (below ? 42 : 34)), 2, below ? 11 : 9);; --at_most) {
    Ticks t = scale.log ? log_ticks(low, high, at_most) : linear_ticks(low, high, at_most, whole);
    bool fits = true;
    for (std::size_t i = 1; i < t.major.size(); ++i) {
      const double room = std::fabs(scale(t.major[i].value) - scale(t.major[i - 1].value));
      const double mean = (text_width(t.major[i].label, tick_size) + text_width(t.major[i - 1].label, tick_size)) / 2;
      fits = fits && room >= (below ? mean + std::max(12., 0.7 * mean) : 1.4 * tick_size);
    }
    if (fits) return t;
    if (at_most == 2) {  // no two fit: one does
      t.major.resize(1);
      return t;
    }
  }
}

[[gnu::cold]] CHAINRULE_INLINE std::vector<std::string> indices(std::int64_t n) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < n; ++i) names.push_back(std::to_string(i));
  return names;
}

[[gnu::cold]] CHAINRULE_INLINE Frame lay_out(const PanelState& panel, double width, double height) {
  Frame f;
  f.axes = {0, 0, width, height};
  f.title = wrap(panel.title, panel_title_size, width, 2, true);
  double& top = f.margins.top = static_cast<double>(f.title.size()) * panel_title_size * line_height;
  if (!f.title.empty()) top += 6;
  if (!panel.images.empty()) return f;
  f.x_label = wrap(panel.x.label, label_size, width, 2);
  f.y_label = wrap(panel.y.label, label_size, height, 1);
  double left = 8, below = 4;
  if (!panel.matrix.empty()) {
    const Matrix& m = panel.matrix.front();
    const double slot = width / static_cast<double>(m.columns);
    f.x_names = names_below(m.column_names.empty() ? indices(m.columns) : m.column_names, slot);
    f.y_names = names_beside(m.row_names.empty() ? indices(m.rows) : m.row_names, height / static_cast<double>(m.rows));
    left += f.y_names.size;
    below += 4 + f.x_names.size;
    f.margins.left = std::max(0., f.x_names.overhang - slot / 2 + 4);
    if (!f.x_names.rotated) f.margins.right = std::max(0., f.x_names.overhang - slot / 2);
    if (m.color_bar) {
      f.y = {m.low, m.high, false, height, 0};
      f.y_ticks = fitting_ticks(f.y, m.whole, false);
      for (const auto& t : f.y_ticks.major)
        f.margins.right = std::max(f.margins.right, 12 + 12 + 7 + text_width(t.label, tick_size));
    }
  } else {
    f.x = range_of(panel, true);
    f.y = range_of(panel, false);
    f.x.to = width;
    bool annotated = false;
    for (const auto& s : panel.series) annotated = annotated || s.annotate;
    if (annotated && panel.y.low != panel.y.low) {  // room for the values above and below the bars
      const double pixel = (f.y.high - f.y.low) / std::max(height - 32, 20.);
      if (f.y.high > 0) f.y.high += 16 * pixel;
      if (f.y.low < 0) f.y.low -= 16 * pixel;
    }
    f.y.from = height;
    f.y.to = 0;
    f.y_ticks = fitting_ticks(f.y, is_whole(panel, false), false);
    double widest = 0;
    for (const auto& t : f.y_ticks.major) widest = std::max(widest, text_width(t.label, tick_size));
    left += widest;
    if (panel.has_bars()) {
      const double slot = width / static_cast<double>(panel.categories.size());
      f.x_names = names_below(panel.categories, slot);
      below += 4 + f.x_names.size;
      f.margins.left = std::max(0., f.x_names.overhang - slot / 2 + 4);
      if (!f.x_names.rotated) f.margins.right = std::max(0., f.x_names.overhang - slot / 2);
    } else {
      f.x_ticks = fitting_ticks(f.x, is_whole(panel, true), true);
      below += 4 + tick_size * line_height;
      for (const auto& t : f.x_ticks.major) {
        const double half = text_width(t.label, tick_size) / 2, px = f.x(t.value);
        f.margins.left = std::max(f.margins.left, half - px);
        f.margins.right = std::max(f.margins.right, px + half - width);
      }
    }
    f.legend = plan_legend(panel, f);
    if (f.legend.outside) top += f.legend.box.height + 6;
    top = std::max(top, tick_size / 2);
    for (auto [label, offset, room] :
         {std::tuple(&f.x_label, &f.x_ticks.offset, width), std::tuple(&f.y_label, &f.y_ticks.offset, height)})
      if (!offset->empty()) {  // "loss (+2.3)"
        const std::string& name = label == &f.x_label ? panel.x.label : panel.y.label;
        *label = wrap(name.empty() ? *offset : name + " (" + *offset + ")", label_size, room, 1);
      }
  }
  if (!f.y_label.empty()) {
    f.y_label_at = left + 4 + label_size * 0.6;
    left += label_size * line_height + 5;
  }
  if (!f.x_label.empty()) below += 5 + static_cast<double>(f.x_label.size()) * label_size * line_height;
  f.margins.left = std::max(f.margins.left, left);
  f.margins.right = std::max(f.margins.right, 6.);
  f.margins.bottom = below;
  return f;
}

/// Of the points that share a pixel's column and follow each other, those that the eye can see: the first, the lowest,
/// the highest and the last.
[[gnu::cold]] CHAINRULE_INLINE void thin(std::vector<Point>& points, double width) {
  if (static_cast<double>(points.size()) < 2 * width) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < points.size();) {
    const double column = std::floor(points[i].x);
    std::size_t end = i, low = i, high = i;
    for (; end < points.size() && std::floor(points[end].x) == column; ++end) {
      if (points[end].y < points[low].y) low = end;
      if (points[end].y > points[high].y) high = end;
    }
    std::size_t chosen[] = {i, std::min(low, high), std::max(low, high), end - 1};
    Point copies[4];
    for (int k = 0; k < 4; ++k) copies[k] = points[chosen[k]];
    for (int k = 0; k < 4; ++k)
      if (k == 0 || chosen[k] != chosen[k - 1]) points[kept++] = copies[k];
    i = end;
  }
  points.resize(kept);
}

[[gnu::cold]] CHAINRULE_INLINE std::vector<std::vector<Point>> parts_of(const PanelState& panel, const Series& series,
                                                                        const Frame& frame) {
  std::vector<std::vector<Point>> parts(1);
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (shows(panel.x, series.x[i]) && shows(panel.y, series.y[i]))
      parts.back().push_back(
          {std::clamp(frame.x(series.x[i]), -1e9, 1e9), std::clamp(frame.y(series.y[i]), -1e9, 1e9)});
    else if (!parts.back().empty()) parts.emplace_back();
  }
  if (series.kind == Series::Kind::line)
    for (auto& part : parts) thin(part, frame.axes.width);
  if (parts.back().empty()) parts.pop_back();
  return parts;
}

}  // namespace chainrule::plot::detail
#include <chainrule/plot/legend.hpp>
#endif

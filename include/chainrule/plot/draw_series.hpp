#pragma once
// Draws a panel with axes: grid, regions, series, ticks, legend.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/frame.hpp>

namespace chainrule::plot::detail {

/// Everything of a panel with axes, but for its title and the labels of its axes.
void draw_axes(Svg& svg, const PanelState& panel, const Frame& frame);

/// Names below a panel (and beside a matrix).
void draw_names_below(Svg& svg, const Names& names, const Rect& axes);

}  // namespace chainrule::plot::detail

#if CHAINRULE_DEFINITIONS
#include <chainrule/plot/regions.hpp>
#include <chainrule/plot/text.hpp>
#include <algorithm>
#include <cmath>

namespace chainrule::plot::detail {

/// One marker as a part of a path; r is about half its size.
[[gnu::cold]] CHAINRULE_INLINE void append_marker(std::string& d, Marker marker, double x, double y, double r) {
  const auto part = [&](char command, double a, double b) { append_point(d, command, a, b, 1); };
  const auto circle = [&](double radius) {
    part('M', x - radius, y);
    std::string arc = "a";
    append_point(arc, ' ', radius, radius, 1);
    d += arc + " 0 1 0";
    append_point(d, ' ', 2 * radius, 0, 1);
    d += arc + " 0 1 0";
    append_point(d, ' ', -2 * radius, 0, 1);
    d += 'z';
  };
  const auto polygon = [&](std::initializer_list<Point> corners) {
    char command = 'M';
    for (const Point& c : corners) {
      part(command, x + r * c.x, y + r * c.y);
      command = 'L';
    }
    d += 'z';
  };
  switch (marker) {
    case Marker::square: polygon({{-.88, -.88}, {.88, -.88}, {.88, .88}, {-.88, .88}}); break;
    case Marker::up: polygon({{0, -1.25}, {1.15, .8}, {-1.15, .8}}); break;
    case Marker::down: polygon({{0, 1.25}, {1.15, -.8}, {-1.15, -.8}}); break;
    case Marker::diamond: polygon({{0, -1.3}, {1.2, 0}, {0, 1.3}, {-1.2, 0}}); break;
    case Marker::cross:
      part('M', x - r * .85, y - r * .85);
      part('L', x + r * .85, y + r * .85);
      part('M', x - r * .85, y + r * .85);
      part('L', x + r * .85, y - r * .85);
      break;
    case Marker::plus:
      part('M', x - r * 1.1, y);
      part('L', x + r * 1.1, y);
      part('M', x, y - r * 1.1);
      part('L', x, y + r * 1.1);
      break;
    case Marker::point: circle(r * .55); break;
    default: circle(r); break;
  }
}

/// Markers of one colour in one path; of those that stand on the same pixel, one, where there are thousands.
[[gnu::cold]] CHAINRULE_INLINE void draw_markers(Svg& svg, const std::vector<Point>& points, Marker marker, double r,
                                                 Paint paint, const Rect& inside) {
  std::string d;
  std::vector<bool> taken;
  const double cell = 1.5;
  const auto columns = static_cast<std::size_t>(inside.width / cell) + 3;
  if (points.size() > 3000) taken.resize(columns * (static_cast<std::size_t>(inside.height / cell) + 3));
  for (const auto& p : points) {
    if (!inside.holds(p.x, p.y, 0.5)) continue;
    if (!taken.empty()) {
      const std::size_t at = static_cast<std::size_t>((p.y - inside.y + 1) / cell) * columns +
                             static_cast<std::size_t>((p.x - inside.x + 1) / cell);
      if (taken[at]) continue;
      taken[at] = true;
    }
    append_marker(d, marker, p.x, p.y, r);
  }
  if (marker == Marker::cross || marker == Marker::plus) svg.path(d, no_paint, {paint, std::max(1.4, r * 0.5)});
  else svg.path(d, paint, {r > 3 ? background : no_paint, 0.8});
}

/// The part of a segment that lies in the rectangle (Liang and Barsky 1984); false if none does.
[[gnu::cold]] CHAINRULE_INLINE bool clip(Point& a, Point& b, const Rect& r) {
  double from = 0, to = 1;
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double towards[] = {-dx, dx, -dy, dy}, room[] = {a.x - r.x, r.right() - a.x, a.y - r.y, r.bottom() - a.y};
  for (int side = 0; side < 4; ++side) {
    if (towards[side] == 0 && room[side] < 0) return false;
    if (towards[side] == 0) continue;
    const double at = room[side] / towards[side];
    if (towards[side] < 0) from = std::max(from, at);
    else to = std::min(to, at);
  }
  if (from > to) return false;
  const Point start = a;
  if (to < 1) b = {start.x + to * dx, start.y + to * dy};
  if (from > 0) a = {start.x + from * dx, start.y + from * dy};
  return true;
}

[[gnu::cold]] CHAINRULE_INLINE Stroke line_stroke(const Series& s, Paint paint, double width) {
  const bool dashed = s.dashed || s.color >= n_series_paints;
  return {paint, width,
          dashed ? " stroke-linejoin=\"round\" stroke-dasharray=\"6 4\""
                 : " stroke-linejoin=\"round\" stroke-linecap=\"round\""};
}

/// How many lines of the panel tell each other apart by a few markers.
[[gnu::cold]] CHAINRULE_INLINE std::size_t sparse_lines(const PanelState& panel) {
  std::size_t n = 0;
  for (const auto& s : panel.series) n += s.kind == Series::Kind::line && s.sparse_markers;
  return n;
}

[[gnu::cold]] CHAINRULE_INLINE Marker marker_of(const PanelState& panel, const Series& s) {
  if (s.marker != Marker::none || s.kind == Series::Kind::points) return s.marker;
  static constexpr Marker all[] = {Marker::circle, Marker::square, Marker::up, Marker::diamond, Marker::down};
  return s.sparse_markers && sparse_lines(panel) > 1 ? all[s.color % 5] : Marker::none;
}

[[gnu::cold]] CHAINRULE_INLINE void draw_line(Svg& svg, const PanelState& panel, const Series& s, const Frame& f) {
  const Paint paint = series_paint(s.color);
  const Rect inside{-1, -1, f.axes.width + 2, f.axes.height + 2};
  std::string d;
  std::vector<Point> marked, alone;
  std::size_t n = 0;
  for (const auto& part : parts_of(panel, s, f)) {
    if (part.size() == 1) alone.push_back({part[0].x + f.axes.x, part[0].y + f.axes.y});
    Point last{-1e9, -1e9};
    for (std::size_t i = 0; i < part.size(); ++i) {
      marked.push_back({part[i].x + f.axes.x, part[i].y + f.axes.y});
      if (i == 0) continue;
      Point a = part[i - 1], b = part[i];
      if (!clip(a, b, inside)) continue;
      if (a.x != last.x || a.y != last.y) append_point(d, 'M', a.x + f.axes.x, a.y + f.axes.y);
      append_point(d, 'L', b.x + f.axes.x, b.y + f.axes.y);
      last = b;
    }
    n += part.size();
  }
  svg.path(d, no_paint, line_stroke(s, paint, 1.8));
  const Marker marker = marker_of(panel, s);
  if (marker == Marker::none) {
    draw_markers(svg, alone, Marker::circle, 2.2, paint, f.axes);
    return;
  }
  std::size_t every = 1, first = 0;
  if (s.marker == Marker::none) {  // a few
    every = n <= 14 ? 1 : n / 8;
    first = every * (static_cast<std::size_t>(s.color) % 5) / 5 + (every > 1 ? every / 10 : 0);
  } else if (n > 1) {
    every = std::max<std::size_t>(1, static_cast<std::size_t>(8 * static_cast<double>(n) / f.axes.width));
  }
  std::vector<Point> chosen = every > 1 ? alone : std::vector<Point>{};
  for (std::size_t i = first; i < marked.size(); i += every) chosen.push_back(marked[i]);
  draw_markers(svg, chosen, marker, marker == Marker::point ? 5 : 3.3, paint, f.axes);
}

[[gnu::cold]] CHAINRULE_INLINE double dot_radius(const PanelState& panel) {
  std::size_t n = 0;
  for (const auto& s : panel.series) n += s.kind == Series::Kind::points && !s.ring ? s.x.size() : 0;
  return n <= 150 ? 4 : n <= 500 ? 3.3 : n <= 3000 ? 2.6 : 2;
}

[[gnu::cold]] CHAINRULE_INLINE void draw_points(Svg& svg, const PanelState& panel, const Series& s, const Frame& f) {
  std::vector<Point> points;
  for (const auto& part : parts_of(panel, s, f))
    for (const Point& p : part) points.push_back({p.x + f.axes.x, p.y + f.axes.y});
  const double r = dot_radius(panel);
  if (!s.ring) {
    draw_markers(svg, points, s.marker == Marker::none ? Marker::circle : s.marker, r, series_paint(s.color), f.axes);
    return;
  }
  std::string d;
  for (const Point& p : points)
    if (f.axes.holds(p.x, p.y, 0.5)) append_marker(d, Marker::circle, p.x, p.y, r + 2.6);
  svg.path(d, no_paint, {ink, 1.2});
}

/// What stands above the bars, all with as many decimals as the one that needs most of them, four digits at most.
[[gnu::cold]] CHAINRULE_INLINE std::vector<std::string> bar_texts(const PanelState& panel, const Series& s) {
  std::vector<std::string> texts;
  std::size_t decimals = 0;
  bool plain = true;
  for (const double v : s.y) {
    texts.push_back(shows(panel.y, v) ? brief(v) : "");
    const std::size_t dot = texts.back().find('.');
    plain = plain && texts.back().find('e') == std::string::npos;
    if (dot != std::string::npos) decimals = std::max(decimals, texts.back().size() - dot - 1);
  }
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (plain && !texts[i].empty()) texts[i] = number(s.y[i], static_cast<int>(std::min<std::size_t>(decimals, 4)));
  return texts;
}

[[gnu::cold]] CHAINRULE_INLINE void draw_bars(Svg& svg, const PanelState& panel, const Frame& f, bool texts_only) {
  int n = 0, index = 0;
  for (const auto& s : panel.series) n += s.kind == Series::Kind::bars;
  const double slot = f.axes.width / static_cast<double>(panel.categories.size());
  const double width = std::min(slot * 0.76 / n, 64.), gap = n > 1 && width > 6 ? 1 : 0;
  for (const auto& s : panel.series) {
    if (s.kind != Series::Kind::bars) continue;
    std::string d;
    double widest = 0;
    const auto texts = bar_texts(panel, s);
    for (const auto& text : texts) widest = std::max(widest, text_width(text, tick_size - 1));
    const bool annotated = s.annotate && widest + 3 <= (n == 1 ? slot : width);
    const double zero = std::clamp(f.y(0), 0., f.axes.height);
    for (std::size_t i = 0; i < s.y.size(); ++i) {
      if (!shows(panel.y, s.y[i])) continue;
      const double middle = (static_cast<double>(i) + 0.5) * slot, x = middle + (index - n / 2.) * width;
      const double end = std::clamp(f.y(s.y[i]), 0., f.axes.height);
      append_point(d, 'M', f.axes.x + x, f.axes.y + zero, 2);
      append_point(d, 'L', f.axes.x + x, f.axes.y + end, 2);
      append_point(d, 'L', f.axes.x + x + width - gap, f.axes.y + end, 2);
      append_point(d, 'L', f.axes.x + x + width - gap, f.axes.y + zero, 2);
      d += 'z';
      const double baseline = end + (s.y[i] < 0 ? 13 : -4);
      if (annotated && texts_only && baseline > 6 && baseline < f.axes.height - 1)
        svg.text(f.axes.x + x + (width - gap) / 2, f.axes.y + baseline, texts[i],
                 {.size = tick_size - 1, .anchor = Anchor::middle, .paint = soft_ink});
    }
    if (!texts_only) svg.path(d, series_paint(s.color));
    ++index;
  }
}

[[gnu::cold]] CHAINRULE_INLINE void draw_names_below(Svg& svg, const Names& names, const Rect& axes) {
  const double slot = axes.width / static_cast<double>(names.text.size());
  for (std::size_t i = 0; i < names.text.size(); i += names.every) {
    const double x = axes.x + (static_cast<double>(i) + 0.5) * slot;
    if (names.rotated)
      svg.text(x + tick_size * 0.35, axes.bottom() + 4 + tick_size * 0.7, names.text[i],
               {.size = tick_size, .anchor = Anchor::end, .paint = soft_ink, .rotate = -45});
    else
      for (std::size_t begin = 0, line = 0; begin <= names.text[i].size(); ++line) {
        const std::size_t end = std::min(names.text[i].find('\n', begin), names.text[i].size());
        svg.text(x, axes.bottom() + 4 + tick_size + static_cast<double>(line) * tick_size * line_height,
                 names.text[i].substr(begin, end - begin),
                 {.size = tick_size, .anchor = Anchor::middle, .paint = soft_ink});
        begin = end + 1;
      }
  }
}

[[gnu::cold]] CHAINRULE_INLINE void draw_legend(Svg& svg, const PanelState& panel, const Frame& f) {
  const Legend& legend = f.legend;
  if (legend.entries.empty()) return;
  double x0 = f.axes.x, y0 = f.axes.y - legend.box.height - 6;
  if (!legend.outside) {
    x0 += legend.box.x;
    y0 = f.axes.y + legend.box.y;
    svg.rect({x0, y0, legend.box.width, legend.box.height}, background,
             {grid_line, 1, " fill-opacity=\"0.85\" rx=\"3\""});
  }
  for (const auto& entry : legend.entries) {
    const Series& s = panel.series[entry.series];
    const double x = x0 + entry.x, y = y0 + entry.y, middle = x + swatch_width / 2;
    const Paint paint = series_paint(s.color);
    std::string d;
    if (s.kind == Series::Kind::bars) {
      svg.rect({middle - 6, y - 5, 12, 10}, paint);
    } else if (s.ring) {
      append_marker(d, Marker::circle, middle, y, 5);
      svg.path(d, no_paint, {ink, 1.2});
    } else {
      if (s.kind != Series::Kind::points) svg.line(x, y, x + swatch_width, y, line_stroke(s, paint, 1.8));
      const Marker marker = marker_of(panel, s);
      if (marker != Marker::none || s.kind == Series::Kind::points)
        draw_markers(svg, {{middle, y}}, marker == Marker::none ? Marker::circle : marker, 3.6, paint,
                     {x, y - 9, 22, 18});
    }
    svg.text(x + swatch_width + 5, y + tick_size * 0.35, entry.label, {.size = tick_size});
  }
}

[[gnu::cold]] CHAINRULE_INLINE void draw_axes(Svg& svg, const PanelState& panel, const Frame& f) {
  const Rect& axes = f.axes;
  const auto at_x = [&](double v) { return axes.x + f.x(v); };
  const auto at_y = [&](double v) { return axes.y + f.y(v); };
  std::string grid, ticks;
  const auto mark = [](std::string& d, double x0, double y0, double x1, double y1) {
    append_point(d, 'M', x0, y0, 2);
    append_point(d, 'L', x1, y1, 2);
  };
  for (const auto& t : f.y_ticks.major) {
    mark(grid, axes.x, at_y(t.value), axes.right(), at_y(t.value));
    mark(ticks, axes.x - 4, at_y(t.value), axes.x, at_y(t.value));
  }
  for (const auto& t : f.x_ticks.major) {
    mark(grid, at_x(t.value), axes.y, at_x(t.value), axes.bottom());
    mark(ticks, at_x(t.value), axes.bottom(), at_x(t.value), axes.bottom() + 4);
  }
  for (const double v : f.y_ticks.minor) mark(ticks, axes.x - 2, at_y(v), axes.x, at_y(v));
  for (const double v : f.x_ticks.minor) mark(ticks, at_x(v), axes.bottom(), at_x(v), axes.bottom() + 2);
  if (panel.grid && panel.regions.empty()) svg.path(grid, no_paint, {grid_line, 1});
  for (const auto& r : panel.regions) draw_regions(svg, r, f);

  if (panel.has_bars()) draw_bars(svg, panel, f, false);
  for (const auto& s : panel.series) {
    if (s.kind == Series::Kind::line) draw_line(svg, panel, s, f);
    if (s.kind == Series::Kind::points) draw_points(svg, panel, s, f);
    if (s.kind == Series::Kind::level && axes.holds(axes.x, at_y(s.y[0])))
      svg.line(axes.x, at_y(s.y[0]), axes.right(), at_y(s.y[0]), line_stroke(s, series_paint(s.color), 1.3));
    if (s.kind == Series::Kind::upright && axes.holds(at_x(s.x[0]), axes.y))
      svg.line(at_x(s.x[0]), axes.y, at_x(s.x[0]), axes.bottom(), line_stroke(s, series_paint(s.color), 1.3));
  }

  mark(ticks, axes.x, axes.y, axes.x, axes.bottom());
  mark(ticks, axes.x, axes.bottom(), axes.right(), axes.bottom());
  svg.path(ticks, no_paint, {axis_line, 1, " stroke-linecap=\"square\""});
  if (panel.has_bars() && f.y.low < 0 && f.y.high > 0) svg.line(axes.x, at_y(0), axes.right(), at_y(0), {axis_line, 1});
  for (const auto& t : f.y_ticks.major)
    svg.text(axes.x - 8, at_y(t.value) + tick_size * 0.35, t.label,
             {.size = tick_size, .anchor = Anchor::end, .paint = soft_ink});
  for (const auto& t : f.x_ticks.major)
    svg.text(at_x(t.value), axes.bottom() + 6 + tick_size, t.label,
             {.size = tick_size, .anchor = Anchor::middle, .paint = soft_ink});
  if (panel.has_bars()) draw_bars(svg, panel, f, true);
  if (panel.has_bars()) draw_names_below(svg, f.x_names, axes);
  draw_legend(svg, panel, f);
}

}  // namespace chainrule::plot::detail
#endif

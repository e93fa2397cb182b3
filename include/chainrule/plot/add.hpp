#pragma once
// What Drawing's calls do: they check what they are given, all of it before anything changes, and note it in the state
// of the panel.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/panel.hpp>

#if CHAINRULE_DEFINITIONS
#include <chainrule/plot/pixels.hpp>
#include <algorithm>
#include <cmath>

namespace chainrule::plot::detail {

/// What is drawn: neither NaN, nor infinite, nor so large that differences overflow.
[[gnu::cold]] CHAINRULE_INLINE bool is_drawable(double v) { return std::fabs(v) <= 1e300; }

[[gnu::cold]] CHAINRULE_INLINE Marker marker_named(std::string_view name, Location at) {
  static constexpr struct {
    const char* name;
    Marker marker;
  } all[] = {{"", Marker::none},     {"none", Marker::none}, {"None", Marker::none}, {"o", Marker::circle},
             {"s", Marker::square},  {"^", Marker::up},      {"v", Marker::down},    {"D", Marker::diamond},
             {"d", Marker::diamond}, {"x", Marker::cross},   {"+", Marker::plus},    {".", Marker::point}};
  for (const auto& one : all)
    if (name == one.name) return one.marker;
  fail(at, "plot: there is no marker \"", name, "\"; take one of o s ^ v D x + . or none");
}

/// The colour that `name` says, or the next one of the panel.
[[gnu::cold]] CHAINRULE_INLINE int color_named(std::string_view name, int next, Location at) {
  if (name.empty()) return next;
  check(name.size() == 2 && name[0] == 'C' && name[1] >= '0' && name[1] <= '9', at, "plot: there is no color \"", name,
        "\"; take C0 to C7 of the palette, which is made for light and dark backgrounds and for every eye");
  return name[1] - '0';
}

[[gnu::cold]] CHAINRULE_INLINE Marker class_marker(int i) {
  static constexpr Marker all[] = {Marker::circle, Marker::square, Marker::up,  Marker::diamond,
                                   Marker::down,   Marker::cross,  Marker::plus};
  return all[i % 7];
}

[[gnu::cold]] CHAINRULE_INLINE void check_limits(double low, double high, bool log, const char* what, Location at) {
  check(is_drawable(low) && is_drawable(high) && low != high, at, what, ": needs two different finite numbers, got ",
        low, " and ", high);
  check(!log || (low > 0 && high > 0), at, what, ": a log axis has only numbers above 0, got ", low, " and ", high);
}

/// The classes 0..classes-1 of labels (N,), N = points' rows.
[[gnu::cold]] CHAINRULE_INLINE std::int64_t count_classes(const Values& points, const Values& labels, std::size_t names,
                                                          const char* what, Location at) {
  check(points.shape().size() == 2 && points.shape()[1] == 2, at, what, ": expects points of shape (N, 2), got ",
        points.shape_str());
  check(labels.shape().size() == 1 && labels.shape()[0] == points.shape()[0], at, what, ": points of shape ",
        points.shape_str(), " need labels of shape (", points.shape()[0], ",), got ", labels.shape_str());
  double largest = names > 0 ? static_cast<double>(names) - 1 : 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double c = labels.numbers()[i];
    check(c == std::floor(c) && c >= 0 && c < 256, at, what, ": label ", c, " of point ", i,
          " is no class; classes are 0, 1, 2, ... up to 255");
    check(names == 0 || c < static_cast<double>(names), at, what, ": label ", c, " of point ", i,
          ", but .classes names ", names, " classes");
    largest = std::max(largest, c);
  }
  return static_cast<std::int64_t>(largest) + 1;
}

}  // namespace chainrule::plot::detail

namespace chainrule::plot {

CHAINRULE_INLINE Drawing::~Drawing() = default;
CHAINRULE_INLINE Panel::Panel() = default;
CHAINRULE_INLINE Panel::Panel(const Panel&) = default;
CHAINRULE_INLINE Panel::Panel(Panel&&) noexcept = default;
CHAINRULE_INLINE Panel& Panel::operator=(const Panel&) = default;
CHAINRULE_INLINE Panel::~Panel() = default;
CHAINRULE_INLINE detail::PanelState& Panel::state() { return state_; }

[[gnu::cold]] CHAINRULE_INLINE detail::PanelState& Drawing::for_series(const char* what, Location at) {
  detail::PanelState& s = state();
  check(s.has_axes(), at, what,
        ": the panel holds a matrix or images, which fill it; use another panel of the figure, ",
        "Figure f({.rows = 1, .columns = 2}); f.panel(0, 1)");
  return s;
}

[[gnu::cold]] CHAINRULE_INLINE detail::PanelState& Drawing::for_whole(const char* what, Location at) {
  detail::PanelState& s = state();
  check(s.has_axes() && s.series.empty() && s.regions.empty(), at, what,
        ": needs a panel of its own, and this one holds something already; use another panel of the figure, ",
        "Figure f({.rows = 1, .columns = 2}); f.panel(0, 1)");
  return s;
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::line(const Values& x, const Values& y, const LineOptions& options,
                                                  Location at) {
  auto& s = for_series("line", at);
  check(!s.has_bars(), at, "line: the panel holds bars, whose axis has names and no numbers; use another panel");
  check(x.shape().size() == 1 && y.shape().size() == 1, at, "line: expects x and y of shape (N,), got ", x.shape_str(),
        " and ", y.shape_str());
  check(x.size() == y.size(), at, "line: x has ", x.size(), " values and y has ", y.size(), "; they must be as many");
  detail::Series line{.x = x.numbers(), .y = y.numbers(), .label = options.label.value};
  line.marker = detail::marker_named(options.marker, at);
  line.color = detail::color_named(options.color, s.colors_used, at);
  line.sparse_markers = options.marker.empty() && !options.dashed;
  line.dashed = options.dashed;
  line.whole_x = x.whole();
  if (!line.whole_x)  // epochs as doubles
    line.whole_x = std::all_of(line.x.begin(), line.x.end(), [](double v) { return v == std::floor(v); });
  s.colors_used += options.color.empty();
  s.series.push_back(std::move(line));
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::line(const Values& y, const LineOptions& options, Location at) {
  std::vector<std::int64_t> x(y.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::int64_t>(i);
  line(x, y, options, at);
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::scatter(const Values& points, const Values& labels,
                                                     const ScatterOptions& options, Location at) {
  auto& s = for_series("scatter", at);
  check(!s.has_bars(), at, "scatter: the panel holds bars, whose axis has names and no numbers; use another panel");
  if (points.shape().size() == 2) {
    const auto classes = detail::count_classes(points, labels, options.classes.size(), "scatter", at);
    add_classes(points, labels, options.classes, classes, "scatter", at);
    return;
  }
  check(points.shape().size() == 1 && labels.shape().size() == 1 && points.size() == labels.size(), at,
        "scatter: expects points (N, 2) and labels (N,), or x and y of shape (N,), got ", points.shape_str(), " and ",
        labels.shape_str());
  detail::Series dots{.kind = detail::Series::Kind::points, .x = points.numbers(), .y = labels.numbers()};
  dots.label = options.label.value;
  dots.color = detail::color_named(options.color, s.colors_used, at);
  dots.marker = options.marker.empty() ? detail::class_marker(s.colors_used) : detail::marker_named(options.marker, at);
  dots.whole_x = points.whole();
  s.colors_used += options.color.empty();
  s.series.push_back(std::move(dots));
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::add_classes(const Values& points, const Values& labels,
                                                         std::vector<std::string> names, std::int64_t classes,
                                                         const char* what, Location at) {
  check(names.empty() || static_cast<std::int64_t>(names.size()) >= classes, at, what, ": ", classes,
        " classes, but .classes names ", names.size());
  auto& s = state();
  for (std::int64_t c = static_cast<std::int64_t>(names.size()); c < classes; ++c)
    names.push_back("class " + std::to_string(c));
  for (int c = 0; c < classes; ++c) {
    detail::Series dots{.kind = detail::Series::Kind::points, .label = names[static_cast<std::size_t>(c)]};
    dots.color = c;
    dots.marker = detail::class_marker(c);
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (labels.numbers()[i] == c) {
        dots.x.push_back(points.numbers()[2 * i]);
        dots.y.push_back(points.numbers()[2 * i + 1]);
      }
    s.series.push_back(std::move(dots));
  }
  s.colors_used = std::max(s.colors_used, static_cast<int>(classes));
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::bar(const std::vector<std::string>& names, const Values& heights,
                                                 const BarOptions& options, Location at) {
  auto& s = for_series("bar", at);
  check(heights.shape().size() == 1 && heights.size() == names.size(), at, "bar: ", names.size(),
        " names need heights of shape (", names.size(), ",), got ", heights.shape_str());
  check(s.series.empty() || s.has_bars(), at, "bar: the panel holds lines or points; use another panel");
  check(!s.has_bars() || s.categories == names, at,
        "bar: the panel has bars of other names; bars that stand side by side have the same");
  check(!names.empty(), at, "bar: needs at least one bar");
  check(!s.y.log, at, "bar: bars begin at 0, which a log axis does not have; use yscale(\"linear\")");
  detail::Series bars{.kind = detail::Series::Kind::bars, .y = heights.numbers(), .label = options.label.value};
  bars.color = detail::color_named(options.color, s.colors_used, at);
  bars.annotate = options.annotate;
  s.colors_used += options.color.empty();
  s.categories = names;
  s.series.push_back(std::move(bars));
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::axhline(double y, const LineOptions& options, Location at) {
  auto& s = for_series("axhline", at);
  check(detail::is_drawable(y), at, "axhline: y must be finite, got ", y);
  detail::Series level{.kind = detail::Series::Kind::level, .y = {y}, .label = options.label.value};
  level.color = detail::color_named(options.color, 6, at);  // grey
  level.dashed = options.dashed;
  s.series.push_back(std::move(level));
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::axvline(double x, const LineOptions& options, Location at) {
  auto& s = for_series("axvline", at);
  check(!s.has_bars(), at, "axvline: the panel holds bars, whose axis has names and no numbers");
  check(detail::is_drawable(x), at, "axvline: x must be finite, got ", x);
  detail::Series upright{.kind = detail::Series::Kind::upright, .x = {x}, .label = options.label.value};
  upright.color = detail::color_named(options.color, 6, at);
  upright.dashed = options.dashed;
  upright.whole_x = x == std::floor(x);
  s.series.push_back(std::move(upright));
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::heat_map(const Values& values, const HeatMapOptions& options,
                                                      Location at) {
  auto& s = for_whole("heat_map", at);
  check(values.shape().size() == 2, at, "heat_map: expects values of shape (H, W), got ", values.shape_str());
  const std::int64_t rows = values.shape()[0], columns = values.shape()[1];
  check(rows > 0 && columns > 0, at, "heat_map: there is nothing to draw in a matrix of shape ", values.shape_str());
  check(rows <= 4096 && columns <= 4096, at, "heat_map: a matrix of shape ", values.shape_str(),
        " has more cells than a picture has pixels; it takes up to 4096 x 4096");
  check(options.rows.empty() || static_cast<std::int64_t>(options.rows.size()) == rows, at, "heat_map: ", rows,
        " rows, but .rows names ", options.rows.size());
  check(options.columns.empty() || static_cast<std::int64_t>(options.columns.size()) == columns, at,
        "heat_map: ", columns, " columns, but .columns names ", options.columns.size());
  check(!std::isinf(options.vmin) && !std::isinf(options.vmax) && !(options.vmin >= options.vmax), at,
        "heat_map: vmin must be below vmax, got ", options.vmin, " and ", options.vmax);
  detail::Matrix m{.rows = rows, .columns = columns, .values = values.numbers(), .row_names = options.rows};
  m.column_names = options.columns;
  m.annotate = options.annotate;
  m.color_bar = options.colorbar;
  double low = detail::not_set, high = detail::not_set;
  m.whole = true;
  for (const double v : m.values) {
    if (!detail::is_drawable(v)) continue;
    low = !(v >= low) ? v : low;
    high = !(v <= high) ? v : high;
    m.whole = m.whole && v == std::floor(v);
  }
  m.diverging = low < 0 && high > 0 && options.vmin != options.vmin && options.vmax != options.vmax;
  if (m.diverging) {
    high = std::max(-low, high);
    low = -high;
  }
  m.low = options.vmin == options.vmin ? options.vmin : low == low ? low : 0;
  m.high = options.vmax == options.vmax ? options.vmax : high == high ? high : m.low + 1;
  if (!(m.high > m.low)) {  // one value only
    const double room = std::max(std::fabs(m.low) * 0.5, 0.5);
    m.low -= room;
    m.high += room;
  }
  s.matrix.push_back(std::move(m));
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::confusion_matrix(const training::ConfusionMatrix& matrix,
                                                              const std::vector<std::string>& names, Location at) {
  const std::int64_t classes = matrix.classes();
  check(classes <= 200, at, "confusion_matrix: ", classes,
        " classes are more than a picture shows; it takes up to 200");
  auto counts = chainrule::detail::allocate<std::int64_t>({classes, classes});
  for (std::int64_t i = 0; i < classes; ++i)
    for (std::int64_t j = 0; j < classes; ++j) counts.data()[i * classes + j] = matrix.at(i, j);
  confusion_matrix(Values(counts, at), names.empty() ? matrix.names() : names, at);
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::confusion_matrix(const Values& counts,
                                                              const std::vector<std::string>& names, Location at) {
  auto& s = for_whole("confusion_matrix", at);
  check(counts.shape().size() == 2 && counts.shape()[0] == counts.shape()[1] && counts.shape()[0] > 0, at,
        "confusion_matrix: expects counts of shape (C, C), got ", counts.shape_str());
  const std::int64_t classes = counts.shape()[0];
  check(classes <= 200, at, "confusion_matrix: ", classes,
        " classes are more than a picture shows; it takes up to 200");
  check(names.empty() || static_cast<std::int64_t>(names.size()) == classes, at, "confusion_matrix: ", classes,
        " classes, but ", names.size(), " names");
  for (std::size_t i = 0; i < counts.size(); ++i)
    check(detail::is_drawable(counts.numbers()[i]) && counts.numbers()[i] >= 0, at, "confusion_matrix: count ",
          counts.numbers()[i], " of element ", i, " is no count");
  detail::Matrix m{.rows = classes, .columns = classes, .values = counts.numbers(), .row_names = names};
  if (names.empty())
    for (std::int64_t c = 0; c < classes; ++c) m.row_names.push_back(std::to_string(c));
  m.column_names = m.row_names;
  m.annotate = m.whole = m.shares = true;
  m.color_bar = false;
  if (s.x.label.empty()) s.x.label = "predicted class";
  if (s.y.label.empty()) s.y.label = "true class";
  s.matrix.push_back(std::move(m));
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::images(const TensorBase& images, const std::vector<std::string>& titles,
                                                    const ImagesOptions& options, Location at) {
  auto& s = for_whole("images", at);
  const detail::Pixels pixels = detail::pixels_of(images, options.normalize, 400, "images", at);
  check(titles.empty() || static_cast<std::int64_t>(titles.size()) == pixels.n, at, "images: ", pixels.n,
        " images, but ", titles.size(), " titles");
  check(options.wrong.empty() || static_cast<std::int64_t>(options.wrong.size()) == pixels.n, at, "images: ", pixels.n,
        " images, but .wrong has ", options.wrong.size(), " values");
  check(options.columns > 0, at, "images: columns must be above 0, got ", options.columns);
  image::detail::need_encoder("images", at);
  detail::ImageGrid grid{.n = pixels.n, .height = pixels.height, .width = pixels.width, .channels = pixels.channels};
  grid.columns = std::min(options.columns, pixels.n);
  grid.pixels = pixels.bytes;
  grid.titles = titles;
  grid.wrong = options.wrong;
  s.images.push_back(std::move(grid));
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::title(const std::string& text) { state().title = text; }
[[gnu::cold]] CHAINRULE_INLINE void Drawing::xlabel(const std::string& text) { state().x.label = text; }
[[gnu::cold]] CHAINRULE_INLINE void Drawing::ylabel(const std::string& text) { state().y.label = text; }
[[gnu::cold]] CHAINRULE_INLINE void Drawing::grid(bool on) { state().grid = on; }

[[gnu::cold]] CHAINRULE_INLINE void Drawing::xscale(const std::string& scale, Location at) {
  check(scale == "linear" || scale == "log", at, "xscale: there is no scale \"", scale, "\"; take linear or log");
  check(scale == "linear" || !state().has_bars(), at, "xscale: the panel holds bars, whose axis has names");
  const auto& axis = state().x;
  check(scale == "linear" || !(axis.low <= 0 || axis.high <= 0), at,
        "xscale: a log axis has only numbers above 0, but xlim set it from ", axis.low, " to ", axis.high);
  state().x.log = scale == "log";
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::yscale(const std::string& scale, Location at) {
  check(scale == "linear" || scale == "log", at, "yscale: there is no scale \"", scale, "\"; take linear or log");
  check(scale == "linear" || !state().has_bars(), at, "yscale: bars begin at 0, which a log axis does not have");
  const auto& axis = state().y;
  check(scale == "linear" || !(axis.low <= 0 || axis.high <= 0), at,
        "yscale: a log axis has only numbers above 0, but ylim set it from ", axis.low, " to ", axis.high);
  state().y.log = scale == "log";
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::xlim(double low, double high, Location at) {
  detail::check_limits(low, high, state().x.log, "xlim", at);
  state().x.low = low;
  state().x.high = high;
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::ylim(double low, double high, Location at) {
  detail::check_limits(low, high, state().y.log, "ylim", at);
  state().y.low = low;
  state().y.high = high;
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::legend(const LegendOptions& options, Location at) {
  static constexpr const char* places[] = {"upper right", "upper left", "lower left", "lower right", "outside"};
  int place = -1;
  for (int i = 0; i < 5; ++i)
    if (options.loc == places[i]) place = i;
  check(place >= 0 || options.loc == "best", at, "legend: there is no loc \"", options.loc,
        "\"; take best, upper right, upper left, lower left, lower right or outside");
  state().legend = detail::PanelState::Legend::shown;
  state().legend_at = place;
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::show_legend(bool on) {
  state().legend = on ? detail::PanelState::Legend::shown : detail::PanelState::Legend::hidden;
}

}  // namespace chainrule::plot
#include <chainrule/plot/add_boundary.hpp>
#endif

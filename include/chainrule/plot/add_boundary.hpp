#pragma once
// What decision_boundary asks the classifier, and what becomes of its answers. Part of add.hpp.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/panel.hpp>

#if CHAINRULE_DEFINITIONS
#include <chainrule/plot/add.hpp>
#include <algorithm>
#include <cmath>

namespace chainrule::plot::detail {

[[gnu::cold]] CHAINRULE_INLINE void BoundaryQuestions::find_ways(const Values& classes) {
  for (const double c : classes.numbers()) regions.classes.push_back(static_cast<int>(c));
  regions.to_right.assign(classes.size(), 0.5f);
  regions.up.assign(classes.size(), 0.5f);
  for (std::int64_t y = 0; y < regions.n; ++y)
    for (std::int64_t x = 0; x < regions.n; ++x) {
      const int c = regions.class_at(x, y);
      if (x + 1 < regions.n && regions.class_at(x + 1, y) != c) ways.push_back({x, y, false, 0, 1});
      if (y + 1 < regions.n && regions.class_at(x, y + 1) != c) ways.push_back({x, y, true, 0, 1});
    }
}

[[gnu::cold]] CHAINRULE_INLINE Tensor<> BoundaryQuestions::middles() const {
  auto points_between = chainrule::detail::allocate<float>({static_cast<std::int64_t>(ways.size()), 2});
  float* p = points_between.data();
  const double n = static_cast<double>(regions.n);
  for (const Way& way : ways) {
    const double middle = (way.low + way.high) / 2, x = static_cast<double>(way.x) + 0.5 + (way.up ? 0 : middle),
                 y = static_cast<double>(way.y) + 0.5 + (way.up ? middle : 0);
    *p++ = static_cast<float>(regions.x0 + (regions.x1 - regions.x0) * x / n);
    *p++ = static_cast<float>(regions.y0 + (regions.y1 - regions.y0) * y / n);
  }
  return points_between;
}

[[gnu::cold]] CHAINRULE_INLINE void BoundaryQuestions::halve(const Values& classes) {
  for (std::size_t i = 0; i < ways.size(); ++i) {
    Way& way = ways[i];
    const float middle = (way.low + way.high) / 2;
    (classes.numbers()[i] == regions.class_at(way.x, way.y) ? way.low : way.high) = middle;
  }
}

}  // namespace chainrule::plot::detail

namespace chainrule::plot {

[[gnu::cold]] CHAINRULE_INLINE detail::BoundaryQuestions Drawing::ask(const Values& points, const Values& labels,
                                                                      const BoundaryOptions& options, Location at) {
  auto& s = for_series("decision_boundary", at);
  check(s.series.empty() && s.regions.empty(), at,
        "decision_boundary: must be the first in its panel, or it would cover what is there");
  check(!s.x.log && !s.y.log, at, "decision_boundary: needs linear axes");
  detail::count_classes(points, labels, options.classes.size(), "decision_boundary", at);
  check(options.resolution >= 2 && options.resolution <= 2000, at,
        "decision_boundary: resolution must be in 2..2000, got ", options.resolution);
  double low[2] = {detail::not_set, detail::not_set}, high[2] = {detail::not_set, detail::not_set};
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double v = points.numbers()[i];
    check(detail::is_drawable(v) && std::fabs(v) < 1e30, at, "decision_boundary: coordinate ", v, " of point ", i / 2,
          " is not finite");
    low[i % 2] = !(v >= low[i % 2]) ? v : low[i % 2];
    high[i % 2] = !(v <= high[i % 2]) ? v : high[i % 2];
  }
  const detail::AxisSettings* axes[] = {&s.x, &s.y};
  for (int d = 0; d < 2; ++d) {
    const double span = high[d] - low[d], room = span > 0           ? 0.06 * span
                                                 : low[d] == low[d] ? std::max(std::fabs(low[d]) * 0.5, 1.)
                                                                    : 1;
    low[d] = low[d] == low[d] ? low[d] - room : -1;  // no point: the square around 0
    high[d] = high[d] == high[d] ? high[d] + room : 1;
    if (axes[d]->low == axes[d]->low) {
      low[d] = std::min(axes[d]->low, axes[d]->high);
      high[d] = std::max(axes[d]->low, axes[d]->high);
    }
  }
  const std::int64_t n = options.resolution, rows = points.shape()[0];
  detail::BoundaryQuestions q{chainrule::detail::allocate<float>({n * n, 2}),
                              chainrule::detail::allocate<float>({rows, 2}),
                              {.n = n, .x0 = low[0], .x1 = high[0], .y0 = low[1], .y1 = high[1]},
                              {}};
  const auto at_cell = [n](double from, double to, std::int64_t i) {
    return static_cast<float>(from + (to - from) * (static_cast<double>(i) + 0.5) / static_cast<double>(n));
  };
  for (std::int64_t row = 0; row < n; ++row)
    for (std::int64_t column = 0; column < n; ++column) {
      float* point = q.cells.data() + 2 * (row * n + column);
      point[0] = at_cell(low[0], high[0], column);
      point[1] = at_cell(low[1], high[1], row);
    }
  for (std::size_t i = 0; i < points.size(); ++i) q.points.data()[i] = static_cast<float>(points.numbers()[i]);
  return q;
}

[[gnu::cold]] CHAINRULE_INLINE const Values& Drawing::answer(const Tensor<>& points, const Values& classes,
                                                             const BoundaryOptions& options, Location at) {
  const std::int64_t n = points.shape()[0];
  check(classes.shape().size() == 1 && classes.shape()[0] == n, at, "decision_boundary: predict must give ", n,
        " points classes of shape (", n, ",), got ", classes.shape_str());
  for (const double c : classes.numbers()) {
    check(c >= 0 && c < 256, at, "decision_boundary: predict gave class ", c, "; classes are 0, 1, 2, ... up to 255");
    check(options.classes.empty() || c < static_cast<double>(options.classes.size()), at,
          "decision_boundary: predict gave class ", c, ", but .classes names ", options.classes.size(), " classes");
  }
  return classes;
}

[[gnu::cold]] CHAINRULE_INLINE void Drawing::add_boundary(detail::BoundaryQuestions questions, const Values& found,
                                                          const Values& points, const Values& labels,
                                                          const BoundaryOptions& options, Location at) {
  std::int64_t classes = detail::count_classes(points, labels, options.classes.size(), "decision_boundary", at);
  detail::Regions& regions = questions.regions;
  for (const int c : regions.classes) classes = std::max<std::int64_t>(classes, c + 1);
  for (const double c : found.numbers()) classes = std::max(classes, static_cast<std::int64_t>(c) + 1);
  for (const auto& way : questions.ways)
    (way.up ? regions.up : regions.to_right)[static_cast<std::size_t>(way.y * regions.n + way.x)] =
        (way.low + way.high) / 2;
  state().regions.push_back(std::move(regions));
  add_classes(points, labels, options.classes, classes, "decision_boundary", at);
  detail::Series rings{.kind = detail::Series::Kind::points, .ring = true};
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (found.numbers()[i] != labels.numbers()[i]) {
      rings.x.push_back(points.numbers()[2 * i]);
      rings.y.push_back(points.numbers()[2 * i + 1]);
    }
  rings.label = "misclassified: " + std::to_string(rings.x.size());
  state().series.push_back(std::move(rings));
}

}  // namespace chainrule::plot
#endif

#pragma once
// The regions of a decision boundary as polygons. Their borders run between the cells of a grid of predictions; each
// border is smoothed once, for both of its sides, so that no gap opens between two regions.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/frame.hpp>
#include <vector>

namespace chainrule::plot::detail {

/// Corners in units of cells, (0, 0) the lower left one; closed.
using Ring = std::vector<Point>;

/// The outlines of all cells of class c, outer ones and holes, smoothed.
std::vector<Ring> outlines(const Regions& regions, int c);

void draw_regions(Svg& svg, const Regions& regions, const Frame& frame);

}  // namespace chainrule::plot::detail

#if CHAINRULE_DEFINITIONS
#include <algorithm>
#include <cmath>

namespace chainrule::plot::detail {

/// Douglas and Peucker (1973): leaves out what is nearer than `tolerance` to the line between two kept points.
[[gnu::cold]] CHAINRULE_INLINE void simplify(const std::vector<Point>& points, double tolerance,
                                             std::vector<bool>& keep) {
  std::vector<std::pair<std::size_t, std::size_t>> open{{0, points.size() - 1}};
  keep.assign(points.size(), false);
  keep.front() = keep.back() = true;
  while (!open.empty()) {
    const auto [first, last] = open.back();
    open.pop_back();
    const Point a = points[first], b = points[last];
    const double dx = b.x - a.x, dy = b.y - a.y, length = std::hypot(dx, dy);
    double farthest = tolerance;
    std::size_t at = first;
    for (std::size_t i = first + 1; i < last; ++i) {
      const double away = length > 0 ? std::fabs((points[i].x - a.x) * dy - (points[i].y - a.y) * dx) / length
                                     : std::hypot(points[i].x - a.x, points[i].y - a.y);
      if (away > farthest) {
        farthest = away;
        at = i;
      }
    }
    if (at == first) continue;
    keep[at] = true;
    open.push_back({first, at});
    open.push_back({at, last});
  }
}

/// A piece of a border between two corners where three borders meet, or all of it. The same points in the same order
/// for both of its sides.
[[gnu::cold]] CHAINRULE_INLINE std::vector<Point> smooth(std::vector<Point> corners) {
  const bool turned = std::pair(corners.back().x, corners.back().y) < std::pair(corners.front().x, corners.front().y);
  const bool closed = corners.front().x == corners.back().x && corners.front().y == corners.back().y;
  const bool backward = closed ? std::pair(corners[corners.size() - 2].x, corners[corners.size() - 2].y) <
                                     std::pair(corners[1].x, corners[1].y)
                               : turned;
  if (backward) std::reverse(corners.begin(), corners.end());
  std::vector<Point> middles{corners.front()};  // a staircase becomes a straight line
  for (std::size_t i = 1; i < corners.size(); ++i)
    middles.push_back({(corners[i - 1].x + corners[i].x) / 2, (corners[i - 1].y + corners[i].y) / 2});
  middles.push_back(corners.back());
  std::vector<bool> keep;
  simplify(middles, 0.45, keep);
  std::vector<Point> kept;
  for (std::size_t i = 0; i < middles.size(); ++i)
    if (keep[i]) kept.push_back(middles[i]);
  if (backward) std::reverse(kept.begin(), kept.end());
  return kept;
}

[[gnu::cold]] CHAINRULE_INLINE std::vector<Ring> outlines(const Regions& regions, int c) {
  const std::int64_t n = regions.n, m = n + 1;
  const auto class_at = [&](std::int64_t x, std::int64_t y) {
    return x < 0 || y < 0 || x >= n || y >= n ? -1 : regions.classes[static_cast<std::size_t>(y * n + x)];
  };
  // A corner is fixed where not exactly two of the edges around it are borders, and at the corners of the picture.
  const auto is_fixed = [&](std::int64_t x, std::int64_t y) {
    const int a = class_at(x - 1, y - 1), b = class_at(x, y - 1), d = class_at(x, y), e = class_at(x - 1, y);
    return (a != b) + (b != d) + (d != e) + (e != a) != 2 || ((x == 0 || x == n) && (y == 0 || y == n));
  };
  static constexpr int dx[] = {1, 0, -1, 0}, dy[] = {0, 1, 0, -1};
  // An edge from (x, y) in direction k has cells of class c to its left, and none to its right.
  const auto is_edge = [&](std::int64_t x, std::int64_t y, int k) {
    static constexpr int left_x[] = {0, -1, -1, 0}, left_y[] = {0, 0, -1, -1};
    const int r = (k + 3) % 4;
    return class_at(x + left_x[k], y + left_y[k]) == c && class_at(x + left_x[r], y + left_y[r]) != c;
  };
  std::vector<bool> done(static_cast<std::size_t>(m * m * 4));
  std::vector<Ring> rings;
  for (std::int64_t y0 = 0; y0 < m; ++y0)
    for (std::int64_t x0 = 0; x0 < m; ++x0)
      for (int k0 = 0; k0 < 4; ++k0) {
        if (done[static_cast<std::size_t>((y0 * m + x0) * 4 + k0)] || !is_edge(x0, y0, k0)) continue;
        std::vector<Point> corners;
        std::int64_t x = x0, y = y0;
        int k = k0;
        do {  // walk around, class c to the left
          done[static_cast<std::size_t>((y * m + x) * 4 + k)] = true;
          corners.push_back({static_cast<double>(x), static_cast<double>(y)});
          x += dx[k];
          y += dy[k];
          const int turns[] = {(k + 1) % 4, k, (k + 3) % 4};  // left first: two cells that touch in a corner stay two
          for (const int turn : turns)
            if (is_edge(x, y, turn)) {
              k = turn;
              break;
            }
        } while (x != x0 || y != y0 || k != k0);
        const auto fixed = [&](const Point& p) {
          return is_fixed(static_cast<std::int64_t>(p.x), static_cast<std::int64_t>(p.y));
        };
        auto begin = std::find_if(corners.begin(), corners.end(), fixed);
        if (begin == corners.end())  // a closed border: begin where both sides of it would
          begin = std::min_element(corners.begin(), corners.end(), [](const Point& a, const Point& b) {
            return std::pair(a.x, a.y) < std::pair(b.x, b.y);
          });
        std::rotate(corners.begin(), begin, corners.end());
        corners.push_back(corners.front());
        Ring ring;
        std::vector<Point> piece{corners[0]};
        for (std::size_t i = 1; i < corners.size(); ++i) {
          piece.push_back(corners[i]);
          if (!fixed(corners[i]) && i + 1 < corners.size()) continue;
          const auto smoothed = smooth(piece);
          ring.insert(ring.end(), smoothed.begin(), smoothed.end() - 1);
          piece = {corners[i]};
        }
        rings.push_back(std::move(ring));
      }
  return rings;
}

[[gnu::cold]] CHAINRULE_INLINE void draw_regions(Svg& svg, const Regions& regions, const Frame& f) {
  int classes = 0;
  for (const int c : regions.classes) classes = std::max(classes, c + 1);
  const double n = static_cast<double>(regions.n);
  svg.begin_clip(f.axes);
  for (int c = 0; c < classes; ++c) {
    std::string d;
    for (const Ring& ring : outlines(regions, c)) {
      char command = 'M';
      for (const Point& p : ring) {
        append_point(d, command, f.axes.x + f.x(regions.x0 + (regions.x1 - regions.x0) * p.x / n),
                     f.axes.y + f.y(regions.y0 + (regions.y1 - regions.y0) * p.y / n));
        command = 'L';
      }
      d += 'z';
    }
    svg.path(d, region_paint(c), {background, 1, " fill-rule=\"evenodd\""});
  }
  svg.end_clip();
}

}  // namespace chainrule::plot::detail
#endif

#pragma once
// The regions of a decision boundary as polygons. Their borders run between the cells of a grid of predictions, through
// the places where the class changes on the way from one cell's middle to the next; each border is simplified once, for
// both of its sides, so that no gap opens between two regions.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/frame.hpp>
#include <vector>

namespace chainrule::plot::detail {

/// Corners in units of cells, (0, 0) the lower left one; closed.
using Ring = std::vector<Point>;

/// The outlines of all cells of class c, outer ones and holes.
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

[[gnu::cold]] CHAINRULE_INLINE bool before(const Point& a, const Point& b) {
  return a.x < b.x || (a.x == b.x && a.y < b.y);
}

/// A piece of a border between two corners where three borders meet, or all of a closed one, with fewer points: the
/// same ones for both of its sides.
[[gnu::cold]] CHAINRULE_INLINE std::vector<Point> simplified(std::vector<Point> piece) {
  const bool closed = piece.front().x == piece.back().x && piece.front().y == piece.back().y;
  const bool backward = closed ? before(piece[piece.size() - 2], piece[1]) : before(piece.back(), piece.front());
  if (backward) std::reverse(piece.begin(), piece.end());
  std::vector<bool> keep;
  simplify(piece, 0.1, keep);
  std::vector<Point> kept;
  for (std::size_t i = 0; i < piece.size(); ++i)
    if (keep[i]) kept.push_back(piece[i]);
  if (backward) std::reverse(kept.begin(), kept.end());
  return kept;
}

/// Where the border crosses the edge of the grid from corner (x, y) to the next one to the right, or up: in its middle
/// along the edge, and across it where the class changes.
[[gnu::cold]] CHAINRULE_INLINE Point crossing(const Regions& r, std::int64_t x, std::int64_t y, bool up) {
  const double px = static_cast<double>(x), py = static_cast<double>(y);
  if (up) {  // between the cells (x - 1, y) and (x, y)
    const bool outer = x == 0 || x == r.n;
    return {px + (outer ? 0 : r.to_right[static_cast<std::size_t>(y * r.n + x - 1)] - 0.5), py + 0.5};
  }
  const bool outer = y == 0 || y == r.n;
  return {px + 0.5, py + (outer ? 0 : r.up[static_cast<std::size_t>((y - 1) * r.n + x)] - 0.5)};
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
  // A fixed corner lies in the middle of the places where the borders around it cross their edges.
  const auto corner = [&](std::int64_t x, std::int64_t y) {
    const bool on_side = x == 0 || x == n, on_end = y == 0 || y == n;
    Point p{static_cast<double>(x), static_cast<double>(y)}, sum{0, 0};
    int found = 0;
    const auto see = [&](std::int64_t ex, std::int64_t ey, bool up, bool is_border, bool is_frame) {
      if (!is_border || is_frame) return;
      const Point q = crossing(regions, ex, ey, up);
      sum = {sum.x + q.x, sum.y + q.y};
      ++found;
    };
    const int a = class_at(x - 1, y - 1), b = class_at(x, y - 1), d = class_at(x, y), e = class_at(x - 1, y);
    see(x, y - 1, true, a != b, on_side);
    see(x, y, false, b != d, on_end);
    see(x, y, true, d != e, on_side);
    see(x - 1, y, false, e != a, on_end);
    if (found == 0) return p;
    if (!on_side) p.x = sum.x / found;
    if (!on_end) p.y = sum.y / found;
    return p;
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
        struct Step {
          std::int64_t x, y;
          int k;
        };
        std::vector<Step> steps;
        std::int64_t x = x0, y = y0;
        int k = k0;
        do {  // walk around, class c to the left
          done[static_cast<std::size_t>((y * m + x) * 4 + k)] = true;
          steps.push_back({x, y, k});
          x += dx[k];
          y += dy[k];
          const int turns[] = {(k + 1) % 4, k, (k + 3) % 4};  // left first: two cells that touch in a corner stay two
          for (const int turn : turns)
            if (is_edge(x, y, turn)) {
              k = turn;
              break;
            }
        } while (x != x0 || y != y0 || k != k0);
        const auto through = [&](const Step& s) {
          return crossing(regions, s.x - (s.k == 2), s.y - (s.k == 3), s.k % 2 == 1);
        };
        const auto first_fixed =
            std::find_if(steps.begin(), steps.end(), [&](const Step& s) { return is_fixed(s.x, s.y); });
        Ring ring;
        if (first_fixed == steps.end()) {  // a closed border: both of its sides begin at the same point
          std::vector<Point> piece;
          for (const Step& s : steps) piece.push_back(through(s));
          std::rotate(piece.begin(), std::min_element(piece.begin(), piece.end(), &before), piece.end());
          piece.push_back(piece.front());
          ring = simplified(piece);
          ring.pop_back();
        } else {
          std::rotate(steps.begin(), first_fixed, steps.end());
          steps.push_back(steps.front());
          std::vector<Point> piece{corner(steps[0].x, steps[0].y)};
          for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
            piece.push_back(through(steps[i]));
            if (!is_fixed(steps[i + 1].x, steps[i + 1].y)) continue;
            piece.push_back(corner(steps[i + 1].x, steps[i + 1].y));
            const auto kept = simplified(piece);
            ring.insert(ring.end(), kept.begin(), kept.end() - 1);
            piece = {kept.back()};
          }
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

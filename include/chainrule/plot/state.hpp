#pragma once
// What a panel holds before it is drawn: its series, its matrix or its images, and the settings of its axes.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace chainrule::plot::detail {

inline constexpr double not_set = std::numeric_limits<double>::quiet_NaN();

enum class Theme : std::uint8_t { automatic, light, dark };

enum class Marker : std::uint8_t { none, circle, square, up, down, diamond, cross, plus, point };

/// A line, points, bars, or a straight line across the panel.
struct Series {
  enum class Kind : std::uint8_t { line, points, bars, level, upright } kind = Kind::line;
  std::vector<double> x = {}, y = {};
  std::string label = {};
  int color = 0;
  Marker marker = Marker::none;
  bool sparse_markers = false;  // a few on a line, that tell it from others without its colour
  bool dashed = false;
  bool whole_x = false;   // x are whole numbers
  bool ring = false;      // drawn as rings around points of other series
  bool annotate = false;  // bars: the value above each
};

/// Which class each of n x n cells of the plane belongs to, the lowest row first; and where between the middles of two
/// cells of different classes the border runs, from 0 to 1: to the cell on the right, and to the one above.
struct Regions {
  std::int64_t n = 0;
  double x0 = 0, x1 = 0, y0 = 0, y1 = 0;
  std::vector<int> classes = {};
  std::vector<float> to_right = {}, up = {};
  int class_at(std::int64_t x, std::int64_t y) const { return classes[static_cast<std::size_t>(y * n + x)]; }
};

struct Matrix {
  std::int64_t rows = 0, columns = 0;
  std::vector<double> values = {};
  std::vector<std::string> row_names = {}, column_names = {};
  bool annotate = false, whole = false, color_bar = true, diverging = false, shares = false;
  double low = 0, high = 1;
};

struct ImageGrid {
  std::int64_t n = 0, height = 0, width = 0, channels = 0, columns = 1;
  std::vector<std::uint8_t> pixels = {};
  std::vector<std::string> titles = {};
  std::vector<bool> wrong = {};
};

struct AxisSettings {
  std::string label;
  bool log = false;
  double low = not_set, high = not_set;
};

struct PanelState {
  std::string title;
  AxisSettings x, y;
  bool grid = true;
  enum class Legend : std::uint8_t { automatic, shown, hidden } legend = Legend::automatic;
  int legend_at = -1;  // 0 upper right, 1 upper left, 2 lower left, 3 lower right, 4 outside; -1 the best
  std::vector<Series> series;
  std::vector<std::string> categories;  // of bars
  std::vector<Regions> regions;         // at most one
  std::vector<Matrix> matrix;           // at most one
  std::vector<ImageGrid> images;        // at most one
  int colors_used = 0;

  bool has_axes() const { return matrix.empty() && images.empty(); }
  bool has_bars() const { return !categories.empty(); }
};

}  // namespace chainrule::plot::detail

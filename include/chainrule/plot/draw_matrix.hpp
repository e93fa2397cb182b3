#pragma once
// Draws a heat map or a confusion matrix, with its colour bar.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/frame.hpp>

namespace chainrule::plot::detail {

void draw_matrix(Svg& svg, const Matrix& matrix, const Frame& frame);

}  // namespace chainrule::plot::detail

#if CHAINRULE_DEFINITIONS
#include <chainrule/plot/draw_series.hpp>
#include <chainrule/plot/text.hpp>
#include <algorithm>
#include <cmath>

namespace chainrule::plot::detail {

[[gnu::cold]] CHAINRULE_INLINE Paint level_paint(const Matrix& m, int level) {
  const double share = level / (n_levels - 1.);
  return m.diverging ? diverging_paint(share) : sequential_paint(share);
}

/// The level of each cell; -1 for what is not finite.
[[gnu::cold]] CHAINRULE_INLINE std::vector<int> levels_of(const Matrix& m) {
  std::vector<int> levels;
  for (std::int64_t r = 0; r < m.rows; ++r) {
    const double* row = m.values.data() + r * m.columns;
    double sum = 0;
    for (std::int64_t c = 0; c < m.columns; ++c) sum += row[c];
    for (std::int64_t c = 0; c < m.columns; ++c) {
      const double share = m.shares ? (sum > 0 ? row[c] / sum : 0) : (row[c] - m.low) / (m.high - m.low);
      levels.push_back(std::fabs(row[c]) <= 1e300 ? static_cast<int>(std::clamp(share, 0., 1.) * (n_levels - 1) + 0.5)
                                                  : -1);
    }
  }
  return levels;
}

/// What the cells say, all with as many decimals.
[[gnu::cold]] CHAINRULE_INLINE std::vector<std::string> cell_texts(const Matrix& m) {
  double largest = 0;
  for (const double v : m.values)
    if (std::fabs(v) <= 1e300) largest = std::max(largest, std::fabs(v));
  const int order = largest > 0 ? static_cast<int>(std::floor(std::log10(largest))) : 0;
  const bool plain = m.whole ? largest < 1e6 : order >= -3 && order < 5;
  std::vector<std::string> texts;
  for (const double v : m.values)
    texts.push_back(!(std::fabs(v) <= 1e300) ? brief(v)
                    : plain                  ? number(v, m.whole ? 0 : std::clamp(2 - order, 0, 5))
                                             : scientific(v, 1));
  return texts;
}

/// A coarser matrix where cells would be smaller than a pixel: means of blocks.
[[gnu::cold]] CHAINRULE_INLINE Matrix coarse(const Matrix& m) {
  constexpr std::int64_t most = 240;
  const std::int64_t down = (m.rows + most - 1) / most, across = (m.columns + most - 1) / most;
  Matrix c = m;
  if (down == 1 && across == 1) return c;
  c.rows = (m.rows + down - 1) / down;
  c.columns = (m.columns + across - 1) / across;
  c.values.clear();
  for (std::int64_t r = 0; r < c.rows; ++r)
    for (std::int64_t k = 0; k < c.columns; ++k) {
      double sum = 0, n = 0;
      for (std::int64_t i = r * down; i < std::min((r + 1) * down, m.rows); ++i)
        for (std::int64_t j = k * across; j < std::min((k + 1) * across, m.columns); ++j, ++n)
          sum += m.values[static_cast<std::size_t>(i * m.columns + j)];
      c.values.push_back(sum / n);
    }
  return c;
}

[[gnu::cold]] CHAINRULE_INLINE void draw_color_bar(Svg& svg, const Matrix& m, const Frame& f) {
  const Rect bar{f.axes.right() + 12, f.axes.y, 12, f.axes.height};
  const double step = bar.height / n_levels;
  for (int level = 0; level < n_levels; ++level)  // each reaches under the next, so that no line shows between them
    svg.rect({bar.x, bar.bottom() - (level + 1) * step, bar.width, level > 0 ? step + 0.6 : step},
             level_paint(m, level));
  std::string ticks;
  for (const auto& t : f.y_ticks.major) {
    const double y = bar.y + f.y(t.value);
    append_point(ticks, 'M', bar.right(), y, 2);
    append_point(ticks, 'L', bar.right() + 3, y, 2);
    svg.text(bar.right() + 7, y + tick_size * 0.35, t.label, {.size = tick_size, .paint = soft_ink});
  }
  svg.path(ticks, no_paint, {axis_line, 1});
}

[[gnu::cold]] CHAINRULE_INLINE void draw_matrix(Svg& svg, const Matrix& whole, const Frame& f) {
  const Matrix m = coarse(whole);
  const double width = f.axes.width / static_cast<double>(m.columns),
               height = f.axes.height / static_cast<double>(m.rows);
  const double gap = std::min(width, height) >= 12 ? 1 : 0;
  const std::vector<int> levels = levels_of(m);
  for (int level = -1; level < n_levels; ++level) {
    std::string d;
    for (std::int64_t r = 0; r < m.rows; ++r)
      for (std::int64_t c = 0; c < m.columns; ++c) {
        if (levels[static_cast<std::size_t>(r * m.columns + c)] != level) continue;
        const std::int64_t first = c;
        while (gap == 0 && c + 1 < m.columns && levels[static_cast<std::size_t>(r * m.columns + c + 1)] == level) ++c;
        const double bleed = gap > 0 ? -gap / 2 : 0.3;  // small cells overlap a little: no lines between them
        const double x0 = f.axes.x + static_cast<double>(first) * width - bleed,
                     x1 = f.axes.x + static_cast<double>(c + 1) * width + bleed,
                     y0 = f.axes.y + static_cast<double>(r) * height - bleed,
                     y1 = f.axes.y + static_cast<double>(r + 1) * height + bleed;
        append_point(d, 'M', std::max(x0, f.axes.x), std::max(y0, f.axes.y), 2);
        d += 'H';
        append_coordinate(d, std::min(x1, f.axes.right()));
        d += 'V';
        append_coordinate(d, std::min(y1, f.axes.bottom()));
        d += 'H';
        append_coordinate(d, std::max(x0, f.axes.x));
        d += 'z';
      }
    svg.path(d, level < 0 ? grid_line : level_paint(m, level));
  }
  if (m.annotate && whole.rows == m.rows && whole.columns == m.columns) {
    const auto texts = cell_texts(m);
    double size = tick_size, widest = 0;
    for (const auto& text : texts) widest = std::max(widest, text_width(text, 1));
    size = std::min({size, (width - 5) / widest, (height - 3) / 1.1});
    if (size >= 7)
      for (std::size_t i = 0; i < texts.size(); ++i) {
        const double column = static_cast<double>(static_cast<std::int64_t>(i) % m.columns),
                     row = static_cast<double>(static_cast<std::int64_t>(i) / m.columns);
        svg.text(f.axes.x + (column + 0.5) * width, f.axes.y + (row + 0.5) * height + size * 0.35, texts[i],
                 {.size = size,
                  .anchor = Anchor::middle,
                  .paint = levels[i] < 0 ? soft_ink : ink_on(level_paint(m, levels[i]))});
      }
  }
  draw_names_below(svg, f.x_names, f.axes);
  const double slot = f.axes.height / static_cast<double>(f.y_names.text.size());
  for (std::size_t i = 0; i < f.y_names.text.size(); i += f.y_names.every)
    svg.text(f.axes.x - 6, f.axes.y + (static_cast<double>(i) + 0.5) * slot + tick_size * 0.35, f.y_names.text[i],
             {.size = tick_size, .anchor = Anchor::end, .paint = soft_ink});
  if (m.color_bar) draw_color_bar(svg, m, f);
}

}  // namespace chainrule::plot::detail
#endif

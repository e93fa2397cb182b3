#pragma once
// Figure: panels in rows and columns, and the SVG file that they become.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/panel.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::plot {

struct FigureOptions {
  std::string title = "";
  int width = 640;
  int height = 0;  ///< 0: what suits the contents, 400 for one row of charts
  int rows = 1, columns = 1;
  std::string_view theme = "auto";  ///< "light" or "dark"; "auto" follows the reader's browser
};

/// A picture of one or more panels.
///     plot::Figure f({.title = "Loss"});
///     f.line({0.9, 0.4, 0.2}, {.label = "train"});
///     f.xlabel("epoch");
///     f.save("loss.svg");
class Figure final : public Drawing {
 public:
  Figure(const FigureOptions& options = {}, Location at = Location::here());
  Figure(const Figure&);
  Figure(Figure&&) noexcept;
  Figure& operator=(const Figure&);
  ~Figure() override;

  /// The panel in this row and column, counted from 0 at the upper left, for its calls and for those of the figure that
  /// follow. It stays where it is as long as the figure does.
  Panel& panel(int row, int column, Location at = Location::here());

  /// The picture. Throws where its size leaves no room for the contents.
  [[nodiscard]] std::string svg(Location at = Location::here()) const;
  /// Writes the picture to a file whose name ends in .svg. Writes to a file beside it first: if that fails, an older
  /// picture is still there.
  void save(const std::string& path, Location at = Location::here()) const;

 private:
  detail::PanelState& state() override;

  FigureOptions options_;
  std::vector<Panel> panels_;
  std::size_t current_ = 0;
};

}  // namespace chainrule::plot

#if CHAINRULE_DEFINITIONS
#include <chainrule/io/files.hpp>
#include <chainrule/plot/describe.hpp>
#include <chainrule/plot/draw_images.hpp>
#include <chainrule/plot/draw_matrix.hpp>
#include <chainrule/plot/draw_series.hpp>
#include <algorithm>
#include <cmath>

namespace chainrule::plot {
namespace detail {

inline constexpr double outer_margin = 12, panel_gap = 22;

/// All panels, laid out side by side with axes of one size.
struct Page {
  double width = 0, height = 0;
  std::vector<std::string> title = {};
  std::vector<Frame> frames = {};
};

/// The height that suits the contents of a row of panels whose axes have this width.
[[gnu::cold]] CHAINRULE_INLINE double natural_height(const PanelState& p, double width, int rows) {
  if (!p.images.empty()) return std::max(lay_out_images(p.images.front(), width, 0).total, 20.);
  if (!p.matrix.empty()) {
    const double cells = static_cast<double>(p.matrix.front().rows),
                 across = static_cast<double>(p.matrix.front().columns);
    return std::clamp(cells * std::min(width / across, std::clamp(320 / cells, 44., 72.)), 72., 480.);
  }
  return rows == 1 ? 310 : 200;
}

/// A matrix of few columns: its cells need not be much wider than high. Stays in the middle of its place.
[[gnu::cold]] CHAINRULE_INLINE void narrow(const PanelState& panel, Frame& f) {
  const Matrix& m = panel.matrix.front();
  const Rect place = f.axes;
  const double width = 1.7 * place.height / static_cast<double>(m.rows) * static_cast<double>(m.columns);
  if (width >= place.width) return;
  Frame narrower = lay_out(panel, width, place.height);
  if (narrower.x_names.size > f.x_names.size) return;  // names that stood in a row would not any more
  narrower.title = f.title;                            // these have the room of the whole place
  narrower.x_label = f.x_label;
  narrower.title_top = f.title_top;
  narrower.margins = f.margins;
  f = std::move(narrower);
  f.axes = {place.x + (place.width - width) / 2, place.y, width, place.height};
}

[[gnu::cold]] CHAINRULE_INLINE Page lay_out_page(const std::vector<const PanelState*>& panels,
                                                 const FigureOptions& options, Location at) {
  const auto rows = static_cast<std::size_t>(options.rows), columns = static_cast<std::size_t>(options.columns);
  Page page{.width = static_cast<double>(options.width), .height = static_cast<double>(options.height)};
  page.title = wrap(options.title, figure_title_size, page.width - 2 * outer_margin, 2, true);
  const double title =
      page.title.empty() ? 0 : static_cast<double>(page.title.size()) * figure_title_size * line_height + 6;
  double width = page.width / options.columns * 0.8,
         height = options.height > 0 ? page.height / options.rows * 0.7 : 300;
  std::vector<double> left(columns), right(columns), top(rows), bottom(rows), heights(rows, height);
  // Margins depend on the size of the axes, and the other way round. From the third pass on margins only grow, so that
  // this ends, with texts that fit.
  for (int pass = 0; pass < 20; ++pass) {
    bool fits = pass > 2;
    if (pass < 3)
      for (auto* all : {&left, &right, &top, &bottom}) std::fill(all->begin(), all->end(), 0.);
    page.frames.clear();
    const auto grow = [&](double& margin, double needed) {
      fits = fits && needed <= margin + 1e-6;
      margin = std::max(margin, needed);
    };
    for (std::size_t i = 0; i < panels.size(); ++i) {
      page.frames.push_back(lay_out(*panels[i], std::max(width, 30.), std::max(heights[i / columns], 20.)));
      const Margins& m = page.frames.back().margins;
      grow(left[i % columns], m.left);
      grow(right[i % columns], m.right);
      grow(top[i / columns], m.top);
      grow(bottom[i / columns], m.bottom);
    }
    if (fits) break;
    double across = 2 * outer_margin + panel_gap * (options.columns - 1),
           down = 2 * outer_margin + title + panel_gap * (options.rows - 1);
    for (std::size_t c = 0; c < columns; ++c) across += left[c] + right[c];
    for (std::size_t r = 0; r < rows; ++r) down += top[r] + bottom[r];
    width = (page.width - across) / options.columns;
    if (options.height > 0) std::fill(heights.begin(), heights.end(), (page.height - down) / options.rows);
    for (std::size_t r = 0; r < rows && options.height == 0; ++r) {
      heights[r] = 0;
      for (std::size_t c = 0; c < columns; ++c)
        heights[r] = std::max(heights[r], natural_height(*panels[r * columns + c], std::max(width, 30.), options.rows));
      down += heights[r];
    }
    if (options.height == 0) page.height = std::ceil(down);
  }
  bool has_room = width >= 60;
  for (std::size_t i = 0; i < panels.size(); ++i)
    if (panels[i]->images.empty()) has_room = has_room && heights[i / columns] >= 40;
    else has_room = has_room && images_fit(panels[i]->images.front(), width, heights[i / columns]);
  check(has_room, at, "Figure: ", options.width, " x ", page.height, " pixels leave no room for ", options.rows, " x ",
        options.columns, " panels and their texts; make it larger: Figure f({.width = 900, .height = 600})");
  double y = outer_margin + title;
  for (std::size_t r = 0; r < rows; ++r) {
    double x = outer_margin;
    const double row_height = heights[r];
    for (std::size_t c = 0; c < columns; ++c) {
      Frame& f = page.frames[r * columns + c];
      f.axes = {x + left[c], y + top[r], width, row_height};
      f.title_top = y;
      if (!panels[r * columns + c]->matrix.empty()) narrow(*panels[r * columns + c], f);
      x += left[c] + width + right[c] + panel_gap;
    }
    y += top[r] + row_height + bottom[r] + panel_gap;
  }
  return page;
}

[[gnu::cold]] CHAINRULE_INLINE void draw_panel(Svg& svg, const PanelState& panel, const Frame& f) {
  for (std::size_t i = 0; i < f.title.size(); ++i)
    svg.text(f.axes.x + f.axes.width / 2,
             f.title_top + panel_title_size + static_cast<double>(i) * panel_title_size * line_height, f.title[i],
             {.size = panel_title_size, .anchor = Anchor::middle, .bold = true});
  if (!panel.images.empty()) draw_images(svg, panel.images.front(), f);
  else if (!panel.matrix.empty()) draw_matrix(svg, panel.matrix.front(), f);
  else draw_axes(svg, panel, f);
  for (std::size_t i = 0; i < f.x_label.size(); ++i)
    svg.text(f.axes.x + f.axes.width / 2,
             f.axes.bottom() + f.margins.bottom - 3 -
                 static_cast<double>(f.x_label.size() - 1 - i) * label_size * line_height,
             f.x_label[i], {.size = label_size, .anchor = Anchor::middle});
  for (const auto& line : f.y_label)
    svg.text(f.axes.x - f.y_label_at + label_size * 0.35, f.axes.y + f.axes.height / 2, line,
             {.size = label_size, .anchor = Anchor::middle, .rotate = -90});
}

}  // namespace detail

[[gnu::cold]] CHAINRULE_INLINE Figure::Figure(const FigureOptions& options, Location at) : options_(options) {
  check(options.width >= 100 && options.width <= 20000 && (options.height == 0 || options.height >= 60) &&
            options.height >= 0 && options.height <= 20000,
        at, "Figure: a picture of ", options.width, " x ", options.height,
        " pixels; .width must be in 100..20000 and .height in 60..20000, or 0 for what suits the contents");
  check(options.rows > 0 && options.columns > 0 && options.rows <= 100 && options.columns <= 100, at,
        "Figure: ", options.rows, " x ", options.columns, " panels; .rows and .columns must be in 1..100");
  check(options.theme == "auto" || options.theme == "light" || options.theme == "dark", at,
        "Figure: there is no theme \"", options.theme, "\"; take auto, light or dark");
  options_.theme = options.theme == "auto" ? "auto" : options.theme == "dark" ? "dark" : "light";  // not the caller's
  panels_.resize(static_cast<std::size_t>(options.rows) * static_cast<std::size_t>(options.columns));
}
CHAINRULE_INLINE Figure::Figure(const Figure&) = default;
CHAINRULE_INLINE Figure::Figure(Figure&&) noexcept = default;
CHAINRULE_INLINE Figure& Figure::operator=(const Figure&) = default;
CHAINRULE_INLINE Figure::~Figure() = default;
CHAINRULE_INLINE detail::PanelState& Figure::state() { return panels_[current_].state_; }

[[gnu::cold]] CHAINRULE_INLINE Panel& Figure::panel(int row, int column, Location at) {
  check(row >= 0 && row < options_.rows && column >= 0 && column < options_.columns, at, "Figure: there is no panel (",
        row, ", ", column, ") in ", options_.rows, " x ", options_.columns,
        "; rows and columns count from 0, Figure f({.rows = 2, .columns = 2})");
  current_ = static_cast<std::size_t>(row * options_.columns + column);
  return panels_[current_];
}

[[gnu::cold]] CHAINRULE_INLINE std::string Figure::svg(Location at) const {
  using namespace detail;
  std::vector<const PanelState*> states;
  for (const auto& panel : panels_) states.push_back(&panel.state_);
  const Page page = lay_out_page(states, options_, at);
  Svg svg(options_.theme == "auto" ? Theme::automatic : options_.theme == "dark" ? Theme::dark : Theme::light);
  svg.rect({0, 0, page.width, page.height}, background);
  for (std::size_t i = 0; i < page.title.size(); ++i)
    svg.text(page.width / 2,
             outer_margin + figure_title_size + static_cast<double>(i) * figure_title_size * line_height, page.title[i],
             {.size = figure_title_size, .anchor = Anchor::middle, .bold = true});
  std::string text, title = options_.title;
  for (std::size_t i = 0; i < states.size(); ++i) {
    draw_panel(svg, *states[i], page.frames[i]);
    if (states.size() > 1) text += (i > 0 ? " Panel " : "Panel ") + std::to_string(i + 1) + ": ";
    text += describe(*states[i]);
    if (title.empty()) title = states[i]->title;
  }
  if (title.empty() && !states[0]->y.label.empty())
    title = states[0]->y.label + (states[0]->x.label.empty() ? "" : " over " + states[0]->x.label);
  return svg.finish(page.width, page.height, title.empty() ? "Figure" : title, text);
}

[[gnu::cold]] CHAINRULE_INLINE void Figure::save(const std::string& path, Location at) const {
  check(path.size() > 4 && path.ends_with(".svg"), at, "Figure::save: ", path,
        " must end in .svg, the one format of figures; rsvg-convert figure.svg -o figure.png makes pixels of it");
  const std::string text = svg(at);
  io::detail::replace_file(path, text.data(), text.size(), at);
}

}  // namespace chainrule::plot
#endif

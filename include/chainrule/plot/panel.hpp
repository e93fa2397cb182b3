#pragma once
// What can be drawn: the calls of a figure and of each of its panels, in matplotlib's manner.

#include <chainrule/api.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/state.hpp>
#include <chainrule/plot/values.hpp>
#include <chainrule/train/metrics.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace chainrule::plot {

struct LineOptions {
  detail::Text label = {};       ///< its name in the legend
  std::string_view marker = "";  ///< "o" "s" "^" "v" "D" "x" "+" "."; "none". Several lines get a few of their own
  bool dashed = false;
  std::string_view color = "";  ///< "C0" to "C7" of the palette; the next one if empty
};
struct ScatterOptions {
  detail::Text label = {};
  std::vector<std::string> classes = {};  ///< their names, with labels
  std::string_view marker = "";
  std::string_view color = "";
};
struct BarOptions {
  detail::Text label = {};
  bool annotate = false;  ///< writes each value above its bar
  std::string_view color = "";
};
struct HeatMapOptions {
  bool annotate = false;                  ///< writes each value into its cell
  std::vector<std::string> rows = {};     ///< names of the rows
  std::vector<std::string> columns = {};  ///< names of the columns
  double vmin = detail::not_set;          ///< the value of the first colour; the smallest one if not given
  double vmax = detail::not_set;          ///< of the last colour
  bool colorbar = true;
};
struct BoundaryOptions {
  std::vector<std::string> classes = {};
  std::int64_t resolution = 200;  ///< predictions along each axis
};
struct ImagesOptions {
  std::int64_t columns = 8;
  std::vector<bool> wrong = {};  ///< whose titles are marked
  bool normalize = false;        ///< the smallest value of all becomes black, the largest white
};
struct LegendOptions {
  std::string_view loc = "best";  ///< "upper right", "upper left", "lower left", "lower right", "outside"
};

namespace detail {
/// What decision_boundary asks the classifier: the cells of the plane, the points, and then, again and again, the
/// middles of what is left of the ways between neighbours of different classes.
struct BoundaryQuestions {
  /// A way from one cell's middle (at 0) to that of its neighbour (at 1): at `low` the class of the first still holds,
  /// at `high` it does not.
  struct Way {
    std::int64_t x, y;
    bool up;
    float low, high;
  };
  Tensor<> cells, points;  // (resolution * resolution, 2), (N, 2)
  Regions regions;
  std::vector<Way> ways;

  void find_ways(const Values& classes);
  Tensor<> middles() const;  // (ways, 2)
  void halve(const Values& classes);
};
}  // namespace detail

class Panel;

/// Everything that a Panel can draw. A Figure can, too: it draws into its current panel, the first one until panel()
/// chooses another.
class Drawing {
 public:
  /// A line through (x[i], y[i]). A value that is not finite (or of size above 1e300, or not above 0 on a log axis)
  /// leaves a gap.
  ///     f.line({1, 2, 3}, {0.9, 0.5, 0.3}, {.label = "train", .marker = "o", .dashed = true});
  void line(const Values& x, const Values& y, const LineOptions& options = {}, Location at = Location::here());
  /// The same with x = 0, 1, 2, ...
  void line(const Values& y, const LineOptions& options = {}, Location at = Location::here());

  /// Points (N, 2) in the colours and markers of their classes (N,), or points (x[i], y[i]).
  ///     f.scatter(points, labels, {.classes = {"a", "b"}});
  void scatter(const Values& points, const Values& labels, const ScatterOptions& options = {},
               Location at = Location::here());

  /// A bar for each name. A second call with the same names puts its bars beside the first ones.
  ///     f.bar({"cat", "dog"}, {0.8, 0.7}, {.annotate = true});
  void bar(const std::vector<std::string>& names, const Values& heights, const BarOptions& options = {},
           Location at = Location::here());

  /// Lines across the whole panel, at a height or at an x.
  void axhline(double y, const LineOptions& options = {}, Location at = Location::here());
  void axvline(double x, const LineOptions& options = {}, Location at = Location::here());

  /// Values (H, W) as colours, the first row on top; values of both signs get a map with a neutral middle at 0.
  ///     f.heat_map(weights, {.annotate = true, .rows = {"a", "b"}});
  void heat_map(const Values& values, const HeatMapOptions& options = {}, Location at = Location::here());

  /// How often each class (row) was taken for each (column); a cell's colour is its share of the row.
  ///     f.confusion_matrix(matrix, {"cat", "dog"});
  void confusion_matrix(const training::ConfusionMatrix& matrix, const std::vector<std::string>& names = {},
                        Location at = Location::here());
  void confusion_matrix(const Values& counts, const std::vector<std::string>& names = {},
                        Location at = Location::here());

  /// The plane in the colours of the classes that `predict` gives its points, Tensor<> (M, 2) -> Tensor<std::int64_t>
  /// (M,), with borders that are found to a fraction of a cell; on it the points (N, 2) in the colours of their labels
  /// (N,), with a ring around each that is misclassified.
  ///     f.decision_boundary([&](const Tensor<>& x) { return net(x).argmax(1); }, points, labels);
  template <class Predict>
  void decision_boundary(Predict&& predict, const Values& points, const Values& labels,
                         const BoundaryOptions& options = {}, Location at = Location::here()) {
    static_assert(std::is_invocable_r_v<Tensor<std::int64_t>, Predict&, const Tensor<>&>,
                  "decision_boundary needs a function from points, Tensor<> (M, 2), to classes, Tensor<std::int64_t> "
                  "(M,): [&](const Tensor<>& x) { return net(x).argmax(1); }");
    detail::BoundaryQuestions questions = ask(points, labels, options, at);
    no_grad guard;
    const auto classes = [&](const Tensor<>& x) { return Values(Tensor<std::int64_t>(predict(x)), at); };
    const Values found = answer(questions.points, classes(questions.points), options, at);
    questions.find_ways(answer(questions.cells, classes(questions.cells), options, at));
    for (int i = 0; i < 6 && !questions.ways.empty(); ++i) {  // to a 64th of a cell
      const Tensor<> middles = questions.middles();
      questions.halve(answer(middles, classes(middles), options, at));
    }
    add_boundary(std::move(questions), found, points, labels, options, at);
  }

  /// A grid of images, each with its title: floats in [0, 1] (N, C, H, W) or (N, H, W), or bytes (N, H, W) or
  /// (N, H, W, C); C is 1, 3 or 4. Values outside of [0, 1] are clamped. Needs stb_image_write.h (libstb-dev).
  ///     f.images(images, {"cat", "dog"}, {.columns = 5, .wrong = {false, true}});
  void images(const TensorBase& images, const std::vector<std::string>& titles = {}, const ImagesOptions& options = {},
              Location at = Location::here());

  void title(const std::string& text);
  void xlabel(const std::string& text);
  void ylabel(const std::string& text);
  void xscale(const std::string& scale, Location at = Location::here());  ///< "linear" or "log"
  void yscale(const std::string& scale, Location at = Location::here());
  void xlim(double low, double high, Location at = Location::here());
  void ylim(double low, double high, Location at = Location::here());
  void grid(bool on = true);
  /// Shows the legend even if nothing has a label, or says where. It shows by itself as soon as a series has a label.
  void legend(const LegendOptions& options = {}, Location at = Location::here());
  template <std::same_as<bool> On> void legend(On on) { show_legend(on); }

 protected:
  Drawing() = default;
  Drawing(const Drawing&) = default;
  Drawing& operator=(const Drawing&) = default;
  virtual ~Drawing();
  virtual detail::PanelState& state() = 0;

 private:
  void show_legend(bool on);
  detail::PanelState& for_series(const char* what, Location at);
  detail::PanelState& for_whole(const char* what, Location at);
  detail::BoundaryQuestions ask(const Values& points, const Values& labels, const BoundaryOptions& options,
                                Location at);
  /// Throws unless `classes` are classes of the points.
  static const Values& answer(const Tensor<>& points, const Values& classes, const BoundaryOptions& options,
                              Location at);
  void add_boundary(detail::BoundaryQuestions questions, const Values& found, const Values& points,
                    const Values& labels, const BoundaryOptions& options, Location at);
  void add_classes(const Values& points, const Values& labels, std::vector<std::string> names, std::int64_t classes,
                   const char* what, Location at);
};

/// One of a figure's fields, with axes of its own: matplotlib's Axes.
class Panel final : public Drawing {
 public:
  Panel();
  Panel(const Panel&);
  Panel(Panel&&) noexcept;
  Panel& operator=(const Panel&);
  ~Panel() override;

 private:
  friend class Figure;
  detail::PanelState& state() override;
  detail::PanelState state_;
};

}  // namespace chainrule::plot

#if CHAINRULE_DEFINITIONS
#include <chainrule/plot/add.hpp>
#endif

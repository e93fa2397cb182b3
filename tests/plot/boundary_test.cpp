// Decision boundaries: the regions fill the plane without gaps, their border lies where the classifier changes its
// mind, and every misclassified point has a ring.

#include <chainrule/plot.hpp>
#include <chainrule/plot/regions.hpp>
#include "support/figure.hpp"
#include "support/message_of.hpp"
#include <cmath>

using namespace chainrule;
using chainrule_test::has;
using chainrule_test::message_of;
namespace shapes = plot::detail;

namespace {

/// Classes of points by a function of their coordinates.
template <class F> auto classifier(const F& f) {
  return [f](const Tensor<>& x) {
    auto classes = zeros<std::int64_t>({x.size(0)});
    for (std::int64_t i = 0; i < x.size(0); ++i)
      classes.data()[i] = f(double{x.data()[2 * i]}, double{x.data()[2 * i + 1]});
    return classes;
  };
}

/// Regions over [0, n] x [0, n], whose borders are found as decision_boundary does it.
template <class F> shapes::Regions regions_of(std::int64_t n, const F& f) {
  const auto predict = classifier(f);
  shapes::BoundaryQuestions q;
  q.regions.n = n;
  q.regions.x1 = q.regions.y1 = static_cast<double>(n);
  q.cells = zeros({n * n, 2});
  for (std::int64_t i = 0; i < n * n; ++i) {
    q.cells.data()[2 * i] = static_cast<float>(i % n) + 0.5f;
    q.cells.data()[2 * i + 1] = static_cast<float>(i / n) + 0.5f;
  }
  q.find_ways(predict(q.cells));
  for (int i = 0; i < 6; ++i) q.halve(predict(q.middles()));
  for (const auto& way : q.ways)
    (way.up ? q.regions.up : q.regions.to_right)[static_cast<std::size_t>(way.y * n + way.x)] =
        (way.low + way.high) / 2;
  return q.regions;
}

/// Gauss's formula: counter-clockwise rings count above 0, holes below.
double area(const std::vector<shapes::Ring>& rings) {
  double twice = 0;
  for (const auto& ring : rings)
    for (std::size_t i = 0; i < ring.size(); ++i) {
      const auto &a = ring[i], &b = ring[(i + 1) % ring.size()];
      twice += a.x * b.y - b.x * a.y;
    }
  return twice / 2;
}

}  // namespace

TEST_CASE("the border lies where the class changes, between the cells", "[plot][boundary]") {
  const auto line = regions_of(20, [](double x, double y) { return x + 0.3 * y > 11.17; });
  for (const auto& ring : shapes::outlines(line, 0)) {
    CHECK(ring.size() <= 8);  // a straight border needs two points; the ends may be off by a fraction of a cell
    for (const auto& p : ring)
      if (p.x > 0.01 && p.y > 0.01 && p.x < 19.9 && p.y < 19.9) CHECK(p.x + 0.3 * p.y == Approx(11.17).margin(0.05));
  }
  const auto disc = regions_of(60, [](double x, double y) { return std::hypot(x - 30, y - 28) < 17.3; });
  const auto rings = shapes::outlines(disc, 1);
  REQUIRE(rings.size() == 1);
  for (const auto& p : rings[0]) CHECK(std::hypot(p.x - 30, p.y - 28) == Approx(17.3).margin(0.15));
  CHECK(area(rings) == Approx(3.14159265 * 17.3 * 17.3).epsilon(0.01));
  CHECK(shapes::outlines(disc, 0).size() == 2);  // the frame, and the hole
}

TEST_CASE("regions cover the plane: their areas add up, whatever the classes are", "[plot][boundary]") {
  const auto check_areas = [](const shapes::Regions& regions, int classes) {
    double sum = 0;
    for (int c = 0; c < classes; ++c) {
      const double a = area(shapes::outlines(regions, c));
      CHECK(a >= 0);
      sum += a;
    }
    CHECK(sum == Approx(static_cast<double>(regions.n * regions.n)));
  };
  check_areas(regions_of(2, [](double, double) { return 0; }), 1);
  check_areas(regions_of(30,
                         [](double x, double y) {
                           const double angle = std::atan2(y - 15.2, x - 14.7) + 3.2;
                           return static_cast<int>(angle / 2.1) % 3;
                         }),
              3);
  check_areas(regions_of(12, [](double x, double y) { return (static_cast<int>(x) + static_cast<int>(y)) % 2; }), 2);
  auto noise = regions_of(25, [](double x, double y) {  // the same for a cell and what is near
    return static_cast<int>(std::floor(x) * 7919 + std::floor(y) * 104729) % 11 % 4;
  });
  check_areas(noise, 4);
}

TEST_CASE("decision_boundary draws regions, points and a ring around each misclassified point", "[plot][boundary]") {
  const auto points = tensor({{0.f, 0.f}, {1.f, 0.f}, {0.2f, 1.f}, {0.9f, 1.f}});
  const auto labels = tensor<std::int64_t>({0, 1, 1, 1});
  plot::Figure f;
  int asked = 0;
  f.decision_boundary(
      [&](const Tensor<>& x) {
        ++asked;
        CHECK(x.size(1) == 2);
        CHECK(!is_grad_enabled());
        return classifier([](double a, double) { return a > 0.5; })(x);
      },
      points, labels, {.classes = {"left", "right"}, .resolution = 50});
  const std::string svg = f.svg();
  CHECK(asked == 8);  // the points, the cells, and six times the middles of what is left
  CHECK(has(svg, "Decision boundary with the points of each class."));
  CHECK(has(svg, "Rings mark 1 misclassified point."));
  CHECK(has(svg, ">misclassified: 1</text>"));
  CHECK(has(svg, ">left</text>"));
  CHECK(svg.size() < 20000);
  chainrule_test::check_no_overlap(svg);
  plot::Figure right;
  right.decision_boundary(classifier([](double a, double b) { return a + b > 0.5; }), points, labels);
  CHECK(!has(right.svg(), ">misclassified"));  // no entry of the legend
  CHECK(has(right.svg(), "No point is misclassified."));
  plot::Figure no_points;
  no_points.decision_boundary(classifier([](double a, double) { return a > 0; }), zeros({0, 2}),
                              zeros<std::int64_t>({0}));
  chainrule_test::check_no_overlap(no_points.svg());
}

TEST_CASE("a picture of a spiral's regions has a moderate size", "[plot][boundary]") {
  plot::Figure f;
  f.decision_boundary(classifier([](double x, double y) {
                        const double turns = (std::atan2(y, x) + 9 * std::hypot(x, y)) / 6.2831853;
                        return static_cast<int>(std::floor(turns * 3 + 300)) % 3;
                      }),
                      randn({300, 2}), zeros<std::int64_t>({300}), {.resolution = 200});
  CHECK(f.svg().size() < 120000);
}

TEST_CASE("decision_boundary says what is wrong with points, labels and predictions", "[plot][boundary]") {
  plot::Figure f;
  const auto points = zeros({3, 2});
  const auto labels = tensor<std::int64_t>({0, 1, 0});
  const auto any = classifier([](double, double) { return 0; });
  const auto says = [&](const auto& predict, const plot::Values& p, const plot::Values& l,
                        plot::BoundaryOptions o = {}) {
    return message_of([&] { f.decision_boundary(predict, p, l, o); });
  };
  CHECK(has(says(any, zeros({3, 3}), labels), "expects points of shape (N, 2), got (3, 3)"));
  CHECK(has(says(any, points, zeros<std::int64_t>({2})), "need labels of shape (3,), got (2,)"));
  CHECK(has(says(any, points, tensor<std::int64_t>({0, -1, 0})), "label -1 of point 1 is no class"));
  CHECK(has(says(any, points, tensor({0.f, 0.5f, 0.f})), "label 0.5 of point 1 is no class"));
  CHECK(has(says(any, points, labels, {.classes = {"a"}}), "label 1 of point 1, but .classes names 1 classes"));
  CHECK(has(says(any, points, labels, {.resolution = 1}), "resolution must be in 2..2000, got 1"));
  CHECK(has(says(any, tensor({{0.f, 0.f}, {0.f, NAN}, {1.f, 1.f}}), labels), "of point 1 is not finite"));
  CHECK(has(says(
                [](const Tensor<>& x) {
                  return zeros<std::int64_t>({x.size(0), 2});
                },
                points, labels),
            "predict must give 3 points classes of shape (3,), got (3, 2)"));
  CHECK(has(says(classifier([](double, double) { return -1; }), points, labels), "predict gave class -1"));
  CHECK(has(says(classifier([](double, double) { return 2; }), points, labels, {.classes = {"a", "b"}}),
            "predict gave class 2, but .classes names 2 classes"));
  f.line({1, 2});  // nothing was drawn by the calls that failed
  CHECK(has(says(any, points, labels), "must be the first in its panel"));
}

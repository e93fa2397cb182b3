// Figures of all kinds: no text covers another or is cut off, the points stand where the ticks say, the picture says in
// words what it shows.

#include <chainrule/plot.hpp>
#include "support/figure.hpp"
#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/scratch_dir.hpp"
#include <cmath>
#include <cstdio>
#include <limits>

using namespace chainrule;
using chainrule_test::check_no_overlap;
using chainrule_test::has;
using chainrule_test::text_boxes;

namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();

std::vector<double> curve(int n, double (*f)(double)) {
  std::vector<double> y;
  for (int i = 0; i < n; ++i) y.push_back(f(i));
  return y;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

std::string between(const std::string& text, const std::string& open, const std::string& close) {
  const auto begin = text.find(open);
  if (begin == std::string::npos) return "";
  return text.substr(begin + open.size(), text.find(close, begin + open.size()) - begin - open.size());
}

/// Where the middle of the last text of this name lies; those of the x axis come after those of the y axis.
double middle_x(const std::string& svg, const std::string& text) {
  double x = no_number;
  for (const auto& box : text_boxes(svg))
    if (box.text == text) x = (box.x[0] + box.x[1]) / 2;
  return x;
}

const std::vector<std::string> animals{"airplane", "automobile", "bird",  "cat",  "deer",
                                       "dog",      "frog",       "horse", "ship", "truck"};

}  // namespace

TEST_CASE("boxes that overlap, or leave the picture, are found", "[plot][boxes]") {
  const std::string open = "<svg viewBox=\"0 0 100 50\">", close = "</svg>";
  using chainrule_test::text_faults;
  const std::string a = "<text x=\"10\" y=\"20\" font-size=\"10\">abc</text>";
  CHECK(text_faults(open + a + close).empty());
  CHECK(text_faults(open + a + "<text x=\"20\" y=\"22\" font-size=\"10\">d</text>" + close).size() == 1);
  CHECK(text_faults(open + a + "<text x=\"35\" y=\"22\" font-size=\"10\">d</text>" + close).empty());
  CHECK(text_faults(open + "<text x=\"90\" y=\"20\" font-size=\"10\">abc</text>" + close).size() == 1);
  CHECK(text_faults(open + "<text x=\"90\" y=\"20\" font-size=\"10\" text-anchor=\"end\">abc</text>" + close).empty());
  CHECK(text_faults(open + a + "<text x=\"15\" y=\"45\" font-size=\"10\" transform=\"rotate(-90 15 45)\">ab</text>" +
                    close)
            .empty());
  CHECK(text_faults(open + a +
                    "<text x=\"15\" y=\"45\" font-size=\"10\" transform=\"rotate(-90 15 45)\">abcdef</text>" + close)
            .size() == 1);
}

TEST_CASE("no text of a figure covers another or is cut off", "[plot][boxes]") {
  for (const int width : {320, 640, 1200}) {
    CAPTURE(width);
    {
      plot::Figure f({.title = "Training of a network with a rather long title that needs two lines", .width = width});
      f.line(curve(100, [](double e) { return 2.3 * std::exp(-e / 20); }), {.label = "training set"});
      f.line(curve(100, [](double e) { return 2.3 * std::exp(-e / 14) + 0.3; }), {.label = "test set", .dashed = true});
      f.xlabel("epoch");
      f.ylabel("mean cross entropy");
      check_no_overlap(f.svg());
      f.yscale("log");
      check_no_overlap(f.svg());
    }
    {
      plot::Figure f({.width = width, .rows = 2, .columns = 2});
      for (int i = 0; i < 4; ++i) {
        auto& p = f.panel(i / 2, i % 2);
        p.title("panel number " + std::to_string(i));
        p.xlabel("x");
        p.ylabel("y");
        p.line({1, 10, 100, 1000}, {1e-3, 1e5, 3., 1e9}, {.label = "a"});
        if (i % 2 > 0) p.xscale("log");
        if (i / 2 > 0) p.yscale("log");
      }
      check_no_overlap(f.svg());
    }
    {
      plot::Figure f({.width = width});
      std::vector<double> heights;
      for (int i = 0; i < 10; ++i) heights.push_back(0.5 + 0.05 * i);
      f.bar(animals, heights, {.label = "test", .annotate = true});
      f.bar(animals, heights, {.label = "training", .annotate = true});
      check_no_overlap(f.svg());
    }
    {
      plot::Figure f({.width = width});
      f.bar({"A network whose name does not fit anywhere at all in this picture, whatever one does",
             "another long name", "Nom_très_long_sans_aucun_espace_du_tout", "short", "Сеть с длинным именем"},
            {1, -2, 3, -4, no_number}, {.annotate = true});
      check_no_overlap(f.svg());
    }
    {
      plot::Figure f({.width = width});
      std::vector<std::string> many;
      std::vector<double> heights;
      for (int i = 0; i < 120; ++i) many.push_back("class number " + std::to_string(i)), heights.push_back(i);
      f.bar(many, heights, {.annotate = true});
      check_no_overlap(f.svg());
    }
    {
      plot::Figure f({.width = width});
      auto counts = zeros<std::int64_t>({10, 10});
      for (int i = 0; i < 100; ++i) counts.data()[i] = i % 11 == 0 ? 9873 : i;
      f.title("CIFAR-10");
      f.confusion_matrix(counts, animals);
      check_no_overlap(f.svg());
    }
    {
      plot::Figure f({.width = std::max(width, 480), .rows = 1, .columns = 2});
      f.panel(0, 0).heat_map(randn<float>({30, 40}), {.annotate = true});
      f.panel(0, 1).heat_map(randn<float>({3, 2}) * 1e6, {.annotate = true, .rows = {"a", "b", "c"}});
      f.ylabel("unit");
      check_no_overlap(f.svg());
    }
    {
      plot::Figure f({.width = width});
      for (int k = 0; k < 12; ++k)
        f.line(curve(30, [](double e) { return std::sin(e); }), {.label = "learning rate " + std::to_string(k)});
      check_no_overlap(f.svg());
    }
  }
}

TEST_CASE("a point stands above the tick of its x", "[plot]") {
  plot::Figure f({.width = 640, .height = 400});
  f.line({0, 1, 2, 3}, {0, 10, 20, 15}, {.marker = "s"});
  const std::string svg = f.svg();
  // A square marker begins at its left upper corner, 0.88 * 3.3 from its middle.
  const std::string markers = between(svg, "stroke-width=\"0.8\"", "/>");
  const double x = std::strtod(between(markers, " d=\"M", " ").c_str(), nullptr) + 0.88 * 3.3;
  CHECK(x == Approx(middle_x(svg, "0")).margin(0.1));
  CHECK(middle_x(svg, "3") - middle_x(svg, "2") == Approx(middle_x(svg, "1") - middle_x(svg, "0")).margin(0.05));
}

TEST_CASE("whole numbers on the x axis get ticks at whole numbers only", "[plot]") {
  plot::Figure f;
  f.line({1, 2, 3}, {0.5, 0.4, 0.3});
  const auto boxes = text_boxes(f.svg());
  int fractions = 0;
  for (const auto& box : boxes) fractions += box.y[0] > 350 && box.text.find('.') != std::string::npos;
  CHECK(fractions == 0);
  CHECK(std::isfinite(middle_x(f.svg(), "1")));
}

TEST_CASE("a value that cannot be drawn leaves a gap, and the description counts it", "[plot]") {
  plot::Figure f;
  f.line({1., 2., no_number, 3., infinity, 4., 5.}, {.label = "loss"});
  const std::string svg = f.svg(), line = between(svg, "stroke-width=\"1.8\"", "/>");
  CHECK(count(line, "M") == 2);  // 1-2, 4-5; 3 stands alone
  CHECK(has(svg, "loss: 5 points, first 1, last 5, smallest 1, largest 5; 2 values are not finite"));
  plot::Figure g;
  g.line({1, 0, 10, 100}, {.label = "steps"});
  g.yscale("log");
  CHECK(has(g.svg(), "1 value is not finite, too large or not above 0, and left out"));
}

TEST_CASE("series that are empty, constant, huge or tiny give a picture", "[plot]") {
  const std::vector<std::vector<double>> all{{},
                                             {5},
                                             {0},
                                             {2, 2, 2},
                                             {0, 0},
                                             {no_number, no_number},
                                             {1e30, -3e30},
                                             {1e300, -1e300},
                                             {1e308, -1e308},
                                             {1e-300, 2e-300},
                                             {5e-324, 0},
                                             {1e9, 1e9 + 0.01},
                                             {1e17, 1e17 + 16},
                                             {-7, -7.0000001}};
  for (const auto& y : all)
    for (const char* scale : {"linear", "log"}) {
      plot::Figure f;
      f.line(y, {.label = "y"});
      f.yscale(scale);
      CAPTURE(y, scale);
      check_no_overlap(f.svg());
      CHECK(!has(f.svg(), "nan"));
      CHECK(!has(f.svg(), "inf\""));
    }
}

TEST_CASE("of a million points those that can be seen are drawn", "[plot]") {
  std::vector<double> y(1000000);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = std::sin(static_cast<double>(i) * 0.001);
  y[777777] = 9;  // one that a plain thinning would lose
  plot::Figure f;
  f.line(y);
  plot::Figure g;
  g.ylim(-1.5, 1.5);
  g.line(y);
  const std::string svg = f.svg();
  CHECK(svg.size() < 100000);
  CHECK(has(svg, "largest 9"));
  double top = 1e9;
  std::string d = between(svg, "stroke-width=\"1.8\"", "/>");
  for (auto at = d.find_first_of("ML"); at != std::string::npos; at = d.find_first_of("ML", at + 1))
    if (const auto space = d.find(' ', at); space != std::string::npos && d[at + 1] >= '0' && d[at + 1] <= '9')
      top = std::min(top, std::strtod(d.c_str() + space, nullptr));
  CHECK(top < 60);  // the peak is in the picture
  CHECK(g.svg().size() < 150000);
  plot::Figure h;
  h.scatter(y, y);
  CHECK(h.svg().size() < 3000000);
}

TEST_CASE("the picture stands alone, follows the reader's background and says what it shows", "[plot]") {
  plot::Figure f({.title = "A <b> & \"c\""});
  f.line({1, 2, 3}, {0.9, 0.5, 0.3}, {.label = "train </svg>"});
  f.xlabel("эпоха");
  f.ylabel("loss");
  const std::string svg = f.svg();
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\""));
  CHECK(has(svg, "role=\"img\""));
  CHECK(count(svg, "</svg>") == 1);
  CHECK(!has(svg, "<script"));
  CHECK(!has(svg, "http://www.w3.org/1999"));
  CHECK(count(svg, "http") == 1);
  CHECK(has(svg, ">A &lt;b&gt; &amp; &quot;c&quot;</title>"));
  CHECK(
      has(svg, "Line chart. x: эпоха, 1 to 3. y: loss, 0.3 to 0.9. train &lt;/svg&gt;: 3 points, first 0.9, last 0.3"));
  CHECK(has(svg, "@media (prefers-color-scheme: dark)"));
  CHECK(has(svg, "<rect x=\"0\" y=\"0\" width=\"640\""));
  CHECK(svg == f.svg());  // the same each time
  plot::Figure dark({.theme = "dark"});
  CHECK(!has(dark.svg(), "@media"));
  CHECK(has(dark.svg(), "#0d1117"));
}

TEST_CASE("each colour has a rule for dark backgrounds that a browser can read", "[plot]") {
  plot::Figure f;
  f.heat_map(randn<float>({20, 20}));
  const std::string svg = f.svg(), rules = between(svg, "dark) {\n", "}</style>");
  CHECK(count(rules, "\n") > 20);
  for (auto at = svg.find("class=\""); at != std::string::npos; at = svg.find("class=\"", at + 1)) {
    const std::string name = svg.substr(at + 7, svg.find_first_of("\" ", at + 7) - at - 7);
    CAPTURE(name);
    CHECK((name[0] >= 'a' && name[0] <= 'z'));  // ".3x {" is no rule
    CHECK(count(rules, '.' + name + " {") == 1);
  }
}

TEST_CASE("each kind of figure describes itself", "[plot]") {
  plot::Figure f({.rows = 1, .columns = 2});
  f.panel(0, 0).scatter(tensor({{0.f, 1.f}, {2.f, 3.f}}), tensor<std::int64_t>({0, 1}), {.classes = {"a", "b"}});
  f.panel(0, 1).bar({"cat", "dog"}, {0.8, 0.7});
  const std::string svg = f.svg();
  CHECK(has(svg, "Panel 1: Scatter plot. x: 0 to 2. y: 1 to 3. a: 1 point. b: 1 point. Panel 2: Bar chart."));
  CHECK(has(svg, "cat 0.8, dog 0.7"));
  training::ConfusionMatrix matrix({"cat", "dog"});
  matrix.add(tensor<std::int64_t>({0, 1, 1}), tensor<std::int64_t>({0, 1, 0}));
  plot::Figure g;
  g.confusion_matrix(matrix);
  CHECK(
      has(g.svg(), "Confusion matrix of 2 classes. Rows are true classes, columns predicted ones; 2 of 3 are right."));
  CHECK(std::isfinite(middle_x(g.svg(), "cat")));
  plot::Figure h;
  h.heat_map(tensor({{1.f, -2.f}, {0.5f, 3.f}}));
  CHECK(has(h.svg(), "Heat map of 2 rows and 2 columns. Values from −2 to 3."));
}

TEST_CASE("a legend shows as soon as a series has a label, and where it is told to", "[plot]") {
  plot::Figure f;
  f.line({1, 2, 3});
  CHECK(!std::isfinite(middle_x(f.svg(), "test")));
  f.line({3, 2, 1}, {.label = "test"});
  CHECK(std::isfinite(middle_x(f.svg(), "test")));
  f.legend({.loc = "lower left"});
  CHECK(middle_x(f.svg(), "test") < 200);
  f.legend({.loc = "upper right"});
  CHECK(middle_x(f.svg(), "test") > 400);
  f.legend(false);
  CHECK(!std::isfinite(middle_x(f.svg(), "test")));
}

TEST_CASE("lines, points and settings of a figure go to its current panel", "[plot]") {
  plot::Figure f({.rows = 1, .columns = 2});
  auto& right = f.panel(0, 1);
  f.panel(0, 0);
  f.title("left title");
  right.title("right title");
  right.line({1, 2});
  CHECK(middle_x(f.svg(), "left title") < 320);
  CHECK(middle_x(f.svg(), "right title") > 320);
  plot::Figure copy = f;
  copy.title("another");
  CHECK(std::isfinite(middle_x(f.svg(), "left title")));
}

TEST_CASE("save writes a file, and leaves the old one if it cannot", "[plot]") {
  chainrule_test::ScratchDir dir;
  plot::Figure f;
  f.line({1, 2});
  f.save(dir.path("a.svg"));
  CHECK(chainrule_test::read_text(dir.path("a.svg")) == f.svg());
  CHECK(!std::filesystem::exists(dir.path("a.svg.part")));
  CHECK(has(chainrule_test::message_of([&] { f.save(dir.path("none/a.svg")); }), "does the folder exist?"));
  CHECK(has(chainrule_test::message_of([&] { f.save(dir.path("a.png")); }), "must end in .svg"));
  std::filesystem::create_directories(dir.path("folder.svg/x"));
  CHECK(has(chainrule_test::message_of([&] { f.save(dir.path("folder.svg")); }), "cannot be written"));
  CHECK(std::filesystem::is_directory(dir.path("folder.svg/x")));
  CHECK(!std::filesystem::exists(dir.path("folder.svg.part")));
}

// What bad input gets: a sentence with the values and the fix, before anything is changed. And a history drawn.

#include <chainrule/plot.hpp>
#include "support/figure.hpp"
#include "support/message_of.hpp"
#include <cmath>

using namespace chainrule;
using chainrule_test::has;
using chainrule_test::message_of;

TEST_CASE("a figure says what is wrong with what it is given", "[plot][errors]") {
  plot::Figure f;
  const std::string before = f.svg();
  const std::vector<double> two{1, 2}, three{1, 2, 3};
  CHECK(has(message_of([&] { f.line(two, three); }), "x has 2 values and y has 3"));
  CHECK(has(message_of([&] { f.line(zeros({2, 2})); }), "expects x and y of shape (N,)"));
  CHECK(has(message_of([&] { f.line(Tensor<>{}); }), "not defined"));
  CHECK(has(message_of([&] { f.line(two, {.marker = "q"}); }), "no marker \"q\"; take one of o s ^"));
  CHECK(has(message_of([&] { f.line(two, {.color = "red"}); }), "no color \"red\"; take C0"));
  CHECK(has(message_of([&] { f.scatter(two, three); }), "got (2,) and (3,)"));
  CHECK(has(message_of([&] { f.bar({"a"}, two); }), "1 names need heights of shape (1,), got (2,)"));
  CHECK(has(message_of([&] { f.bar({}, std::vector<double>{}); }), "at least one bar"));
  CHECK(has(message_of([&] { f.heat_map(zeros({3})); }), "expects values of shape (H, W), got (3,)"));
  CHECK(has(message_of([&] { f.heat_map(zeros({0, 3})); }), "nothing to draw"));
  CHECK(has(message_of([&] { f.heat_map(zeros({2, 3}), {.rows = {"a"}}); }), "2 rows, but .rows names 1"));
  CHECK(has(message_of([&] { f.heat_map(zeros({2, 3}), {.vmin = 2, .vmax = 1}); }), "vmin must be below vmax"));
  CHECK(has(message_of([&] { f.confusion_matrix(zeros<std::int64_t>({2, 3})); }), "shape (C, C), got (2, 3)"));
  CHECK(has(message_of([&] { f.confusion_matrix(zeros<std::int64_t>({2, 2}), {"a"}); }), "2 classes, but 1 names"));
  CHECK(has(message_of([&] { f.confusion_matrix(tensor<std::int64_t>({{1, -1}, {0, 0}})); }), "is no count"));
  CHECK(has(message_of([&] { f.axhline(NAN); }), "must be finite"));
  CHECK(has(message_of([&] { f.xscale("symlog"); }), "no scale \"symlog\"; take linear or log"));
  CHECK(has(message_of([&] { f.ylim(1, 1); }), "two different finite numbers"));
  CHECK(has(message_of([&] { f.legend({.loc = "middle"}); }), "no loc \"middle\""));
  CHECK(has(message_of([&] { f.panel(0, 1); }), "no panel (0, 1) in 1 x 1"));
  CHECK(f.svg() == before);
  f.ylim(-1, 1);
  CHECK(has(message_of([&] { f.yscale("log"); }), "ylim set it from -1 to 1"));
  CHECK(has(message_of([] { plot::Figure({.width = 20}); }), "a picture of 20 x 0 pixels"));
  CHECK(has(message_of([] { plot::Figure({.rows = 0}); }), ".rows and .columns must be in 1..100"));
  CHECK(has(message_of([] { plot::Figure({.theme = "pink"}); }), "no theme \"pink\""));
  CHECK(has(message_of([] { (void)plot::Figure({.width = 300, .height = 100, .rows = 4, .columns = 4}).svg(); }),
            "leave no room for 4 x 4 panels"));
}

TEST_CASE("what fills a panel shares it with nothing", "[plot][errors]") {
  plot::Figure bars;
  bars.bar({"a", "b"}, {1, 2});
  CHECK(has(message_of([&] { bars.line({1, 2}); }), "the panel holds bars"));
  CHECK(has(message_of([&] { bars.bar({"a", "c"}, {1, 2}); }), "bars of other names"));
  CHECK(has(message_of([&] { bars.yscale("log"); }), "bars begin at 0"));
  plot::Figure map;
  map.heat_map(zeros({2, 2}));
  CHECK(has(message_of([&] { map.line({1, 2}); }), "use another panel"));
  CHECK(has(message_of([&] { map.heat_map(zeros({2, 2})); }), "use another panel"));
}

TEST_CASE("a history draws itself: a panel for each quantity, a line for each part", "[plot][history]") {
  training::History history;
  for (int e = 1; e <= 5; ++e)
    history.add({{"epoch", e}, {"train_loss", 1. / e}, {"test_loss", 1.2 / e}, {"accuracy", 1 - 1. / e}});
  const std::string svg = plot::history_figure(history, {.title = "Run"}).svg();
  CHECK(has(svg, "Panel 1: Line chart. x: epoch, 1 to 5. y: loss, 0.2 to 1.2. train: 5 points, first 1, last 0.2"));
  CHECK(has(svg, "Panel 2: Line chart. x: epoch, 1 to 5. y: accuracy, 0 to 0.8."));
  CHECK(has(svg, ">test</text>"));
  chainrule_test::check_no_overlap(svg);
  plot::Figure f;
  plot::draw(f, history, {.columns = {"train_loss", "accuracy"}});
  CHECK(has(f.svg(), ">train_loss</text>"));
  CHECK(has(message_of([&] { plot::draw(f, history, {.columns = {"los"}}); }),
            "no column \"los\"; it has epoch, train_loss, test_loss, accuracy"));
  CHECK(has(message_of([&] { plot::draw(f, training::History{}); }), "the history is empty"));
}

// The progress bar, with a clock and an output of the test's own.

#include <chainrule/train/progress.hpp>
#include "support/catch.hpp"

namespace training = chainrule::training;

namespace {

struct Watched {
  double time = 100;
  std::string out;
  training::ProgressOptions options(bool terminal) {
    return {.terminal = terminal, .write = [this](std::string_view s) { out += s; }, .now = [this] { return time; }};
  }
};

}  // namespace

TEST_CASE("a bar on a terminal redraws one line", "[train][progress]") {
  Watched w;
  {
    training::ProgressBar bar(8, "epoch 1", w.options(true));
    CHECK(w.out == "\repoch 1  [>                   ]    0% 0/8\x1b[K");
    w.out.clear();
    w.time += 0.05;
    bar.advance();
    CHECK(w.out.empty());  // too soon
    w.time += 1.95;
    bar.advance({{"loss", 0.123456}});
    CHECK(w.out == "\repoch 1  [=====>              ]   25% 2/8  1.0/s  0:02 < 0:06  loss 0.1235\x1b[K");
    w.out.clear();
    bar.advance(6);
    w.time += 2;
  }
  CHECK(w.out == "\repoch 1  [====================]  100% 8/8  2.0/s  0:04  loss 0.1235\x1b[K\n");
}

TEST_CASE("without a terminal: a line now and then, and one at the end", "[train][progress]") {
  Watched w;
  training::ProgressBar bar(100, "fit", w.options(false));
  for (int i = 0; i < 60; ++i) {
    w.time += 0.5;
    bar.advance();
  }
  bar.close();
  bar.close();
  CHECK(w.out ==
        "fit   20% 20/100  2.0/s  0:10 < 0:40\n"
        "fit   40% 40/100  2.0/s  0:20 < 0:30\n"
        "fit   60% 60/100  2.0/s  0:30 < 0:20\n"
        "fit   60% 60/100  2.0/s  0:30 < 0:20\n");
}

TEST_CASE("a bar works without a total, slowly, for hours, and beyond its total", "[train][progress]") {
  Watched w;
  training::ProgressBar unknown(0, "", w.options(false)), slow(10, "", w.options(false)), few(2, "", w.options(true));
  w.time += 3725;
  unknown.advance(1000000);
  CHECK(unknown.line() == "1000000  268/s  1:02:05");
  slow.advance();
  CHECK(slow.line() == " 10% 1/10  3725.00 s each  1:02:05 < 9:18:45");
  few.advance(5);
  CHECK(few.line() == "[====================]  100% 5/2  745.00 s each  1:02:05");
  CHECK(training::label("epoch", 3, "of", 5) == "epoch 3 of 5");
}

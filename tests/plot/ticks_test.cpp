// Ticks land on round numbers and say them shortly; texts are measured, cut and escaped.

#include <chainrule/plot/text.hpp>
#include <chainrule/plot/ticks.hpp>
#include "support/catch.hpp"
#include <cmath>
#include <string>
#include <vector>

using namespace chainrule::plot::detail;
using Labels = std::vector<std::string>;

namespace {

Labels labels(const Ticks& ticks) {
  Labels all;
  for (const auto& t : ticks.major) all.push_back(t.label);
  return all;
}

}  // namespace

TEST_CASE("ticks stand at 1, 2, 2.5 or 5 times a power of ten", "[plot][ticks]") {
  CHECK(labels(linear_ticks(0, 1, 6, false)) == Labels{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(labels(linear_ticks(0, 1, 5, false)) == Labels{"0.00", "0.25", "0.50", "0.75", "1.00"});
  CHECK(labels(linear_ticks(0, 100, 6, false)) == Labels{"0", "20", "40", "60", "80", "100"});
  CHECK(labels(linear_ticks(-1.1, 1.1, 5, false)) == Labels{"−1.0", "−0.5", "0.0", "0.5", "1.0"});
  CHECK(labels(linear_ticks(3, 5, 3, false)) == Labels{"3", "4", "5"});
  for (const double low : {-1e30, -7.3, 0., 1e-12, 0.37, 123456.})
    for (const double span : {1e-9, 0.037, 1., 9.99, 5e5, 3e30})
      for (int at_most = 2; at_most < 12; ++at_most) {
        if (std::fabs(low) * 1e-11 > span) continue;
        const auto ticks = linear_ticks(low, low + span, at_most, false);
        CAPTURE(low, span, at_most);
        CHECK(static_cast<int>(ticks.major.size()) <= at_most);
        if (at_most >= 4) CHECK(ticks.major.size() >= 2);
        for (const auto& t : ticks.major) CHECK((t.value >= low - 1e-6 * span && t.value <= low + span * 1.000001));
      }
}

TEST_CASE("whole numbers get ticks at whole numbers", "[plot][ticks]") {
  CHECK(labels(linear_ticks(1, 3, 10, true)) == Labels{"1", "2", "3"});
  CHECK(labels(linear_ticks(0.7, 10.3, 5, true)) == Labels{"2", "4", "6", "8", "10"});
  CHECK(labels(linear_ticks(0, 100, 5, true)) == Labels{"0", "25", "50", "75", "100"});
  CHECK(linear_ticks(0.2, 0.8, 5, true).major.empty());
}

TEST_CASE("large and small numbers are written with a power of ten, and only they", "[plot][ticks]") {
  CHECK(labels(linear_ticks(0, 2e6, 3, false)) == Labels{"0", "1e6", "2e6"});
  CHECK(labels(linear_ticks(0, 1.6e6, 4, false)) == Labels{"0", "5.0e5", "1.0e6", "1.5e6"});
  CHECK(labels(linear_ticks(0, 500000, 6, false)) == Labels{"0", "100000", "200000", "300000", "400000", "500000"});
  CHECK(labels(linear_ticks(0, 4e-5, 5, false)) == Labels{"0", "1e−5", "2e−5", "3e−5", "4e−5"});
  CHECK(labels(linear_ticks(1e-30, 3e-30, 3, false)) == Labels{"1e−30", "2e−30", "3e−30"});
  CHECK(labels(linear_ticks(2.30258, 2.30260, 3, false)) == Labels{"2.30258", "2.30259", "2.30260"});
  const auto close = linear_ticks(1e9, 1e9 + 0.02, 3, false);
  CHECK(labels(close) == Labels{"0.00", "0.01", "0.02"});
  CHECK(close.offset == "+1000000000.00");
}

TEST_CASE("a log axis has powers of ten, and 2 and 5 times them where they are few", "[plot][ticks]") {
  CHECK(labels(log_ticks(0.01, 10, 5)) == Labels{"0.01", "0.1", "1", "10"});
  CHECK(labels(log_ticks(0.1, 3, 9)) == Labels{"0.1", "0.2", "0.5", "1", "2"});
  CHECK(labels(log_ticks(1e-6, 1, 4)) == Labels{"1e−6", "1e−4", "1e−2", "1e0"});
  CHECK(labels(log_ticks(2, 3, 6)) == Labels{"2.0", "2.2", "2.4", "2.6", "2.8", "3.0"});
  CHECK(log_ticks(1, 100, 3).minor.size() == 16);
  CHECK(log_ticks(1e-200, 1e200, 8).minor.empty());
}

TEST_CASE("texts are measured, cut between characters and broken at spaces", "[plot][text]") {
  CHECK(text_width("", 10) == 0);
  CHECK(text_width("abc", 20) == Approx(2 * text_width("abc", 10)));
  CHECK(text_width("ii", 10) < text_width("mm", 10));
  CHECK(text_width("Ж", 10) > 0.8 * 10);
  CHECK(shorten("short", 10, 100) == "short");
  const auto cut = shorten("длинное слово", 10, 40);
  CHECK(cut.ends_with("…"));
  CHECK(text_width(cut, 10) <= 40);
  CHECK(escape(cut) == cut);  // still UTF-8
  CHECK(wrap("one two three", 10, text_width("one two", 10), 3) == Labels{"one two", "three"});
  CHECK(wrap("one\ntwo", 10, 1000, 3) == Labels{"one", "two"});
  CHECK(wrap("a b c d", 10, 7, 2).size() == 2);
  CHECK(wrap("", 10, 100, 2).empty());
}

TEST_CASE("what XML cannot hold is escaped or replaced", "[plot][text]") {
  CHECK(escape("a < b & c > \"d\" 'e'") == "a &lt; b &amp; c &gt; &quot;d&quot; &#39;e&#39;");
  CHECK(escape("потери, 日本, é") == "потери, 日本, é");
  CHECK(escape(std::string("a\0b\x01\x1b", 5)) ==
        "a\xef\xbf\xbd"
        "b\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(escape("\xff\xc3(") == "\xef\xbf\xbd\xef\xbf\xbd(");
  CHECK(escape("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // half of a surrogate pair
  CHECK(escape("\xc0\xaf") == "\xef\xbf\xbd\xef\xbf\xbd");                  // "/", written too long
  CHECK(escape("a\nb\tc") == "a b c");
}

TEST_CASE("numbers of descriptions are brief", "[plot][text]") {
  CHECK(brief(0) == "0");
  CHECK(brief(-3) == "−3");
  CHECK(brief(0.5) == "0.5");
  CHECK(brief(2.302585) == "2.303");
  CHECK(brief(123.456) == "123.5");
  CHECK(brief(1.5e30) == "1.5e30");
  CHECK(brief(-2e-7) == "−2e−7");
  CHECK(brief(std::nan("")) == "NaN");
  CHECK(brief(-INFINITY) == "−infinity");
  CHECK(number(-0.001, 2) == "0.00");
}

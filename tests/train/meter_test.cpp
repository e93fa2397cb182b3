// Meters, accuracy, the confusion matrix, the history.

#include <chainrule/train/history.hpp>
#include <chainrule/train/meter.hpp>
#include <chainrule/train/metrics.hpp>
#include <limits>
#include <sstream>
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/scratch_dir.hpp"

namespace cr = chainrule;
namespace training = chainrule::training;
using chainrule_test::Contains;

TEST_CASE("a ValueMeter knows mean, deviation and extremes", "[train]") {
  training::ValueMeter m;
  CHECK(std::isnan(m.mean()));
  CHECK(std::isnan(m.std()));
  for (double v : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) m.add(v);
  CHECK(m.n() == 8);
  CHECK(m.mean() == Approx(5));
  CHECK(m.std() == Approx(std::sqrt(32.0 / 7)));
  CHECK(m.sum() == Approx(40));
  CHECK(m.min() == 2);
  CHECK(m.max() == 9);
  CHECK(m.last() == 9);
  m.reset();
  CHECK(m.n() == 0);
}

TEST_CASE("a value that counts n times is n values", "[train]") {
  training::ValueMeter weighted, single;
  weighted.add(1, 3), weighted.add(5, 2);
  for (double v : {1.0, 1.0, 1.0, 5.0, 5.0}) single.add(v);
  CHECK(weighted.mean() == Approx(2.6));
  CHECK(weighted.var() == Approx(single.var()));
  training::ValueMeter far;  // no digits are lost far from 0
  for (double v : {1e9 + 1, 1e9 + 2, 1e9 + 3}) far.add(v);
  CHECK(far.var() == Approx(1));
}

TEST_CASE("accuracy counts rows whose largest score is at the label", "[train]") {
  const auto scores = cr::tensor({{0.1, 0.7, 0.2}, {0.5, 0.3, 0.2}, {0.2, 0.4, 0.4}, {0.2, 0.4, 0.4}});
  const auto labels = cr::tensor<std::int64_t>({1, 2, 1, 2});
  CHECK(training::accuracy(scores, labels) == 0.5);  // of the tie, the first is right and the second is not
  CHECK(training::accuracy(scores, labels, 2) == 0.75);
  CHECK(training::accuracy(scores, labels, 3) == 1);
  training::Accuracy top2(2);
  top2.add(scores, labels);
  top2.add(scores, labels);
  CHECK(top2.value() == 0.75);
  CHECK(top2.n() == 8);
  CHECK(top2.correct() == 6);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(training::accuracy(cr::tensor({{nan, nan}}), cr::tensor<std::int64_t>({0}), 2) == 0);
  CHECK_THROWS_WITH(training::accuracy(scores, cr::tensor<std::int64_t>({1, 2, 3, 0})),
                    Contains("label 3 of row 2 is not in 0..2"));
  CHECK_THROWS_WITH(training::accuracy(scores, cr::tensor<std::int64_t>({1, 2})),
                    Contains("scores of shape (4, 3) need labels of shape (4,), got (2,)"));
}

TEST_CASE("a confusion matrix counts what was taken for what", "[train]") {
  training::ConfusionMatrix m(3);
  m.add(cr::tensor<std::int64_t>({0, 1, 2, 2, 1, 0}), cr::tensor<std::int64_t>({0, 1, 2, 1, 1, 2}));
  m.add(cr::tensor({{0.9, 0.1, 0.0}}), cr::tensor<std::int64_t>({0}));
  CHECK(m.total() == 7);
  CHECK(m.at(1, 2) == 1);
  CHECK(m.at(2, 1) == 0);
  CHECK(m.accuracy() == Approx(5.0 / 7));
  CHECK(m.recall(1) == Approx(2.0 / 3));
  CHECK(m.precision(0) == Approx(2.0 / 3));
  CHECK(m.f1(0) == Approx(0.8));
  CHECK(m.str() ==
        "                0     1     2 recall %\n"
        "          0     2     0     0    100.0\n"
        "          1     0     2     1    66.67\n"
        "          2     1     0     1    50.00\n"
        "precision % 66.67 100.0 50.00    71.43");
  CHECK_THROWS_WITH(m.add(cr::tensor<std::int64_t>({0, 3}), cr::tensor<std::int64_t>({0, 0})),
                    Contains("prediction 3 of row 1"));
  CHECK_THROWS_WITH(m.add(cr::tensor<std::int64_t>({0, 0}), cr::tensor<std::int64_t>({0, -1})),
                    Contains("label -1 of row 1"));
  CHECK(m.total() == 7);  // nothing was counted
  std::ostringstream out;
  out << m;
  CHECK(out.str() == m.str());
  CHECK_THROWS_WITH(m.add(cr::zeros({2, 4}), cr::tensor<std::int64_t>({0, 0})),
                    Contains("scores of shape (N, 3), got (2, 4)"));
}

TEST_CASE("a confusion matrix names its classes, and has - where there is nothing", "[train]") {
  training::ConfusionMatrix m({"cat", "a very long name"});
  m.add(cr::tensor<std::int64_t>({0}), cr::tensor<std::int64_t>({0}));
  CHECK(m.str() ==
        "                          cat a very long  recall %\n"
        "             cat            1            0    100.0\n"
        "a very long name            0            0        -\n"
        "     precision %        100.0            -    100.0");
}

TEST_CASE("a history is a CSV file", "[train]") {
  training::History h;
  h.add({{"epoch", 1}, {"loss", 0.5}});
  h.add({{"epoch", 2}, {"loss", 0.1}});
  CHECK(h.column("loss") == std::vector<double>{0.5, 0.1});
  CHECK(h.csv() == "epoch,loss\n1,0.5\n2,0.10000000000000001\n");
  chainrule_test::ScratchDir dir;
  h.save_csv(dir.path("run.csv"));
  CHECK(chainrule_test::read_text(dir.path("run.csv")) == h.csv());
  CHECK_THROWS_WITH(h.add({{"epoch", 3}, {"los", 0.1}}), Contains("column 1 is loss, not los"));
  CHECK_THROWS_WITH(h.add({{"epoch", 3}}), Contains("a row of 1 values, the first had 2"));
  CHECK(h.size() == 2);
  CHECK_THROWS_WITH(h.save_csv(dir.path("no/such/folder.csv")), Contains("cannot be written"));
}

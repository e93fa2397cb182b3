// Several dimensions for squeeze, logsumexp and roll; var and std with a correction. Expected numbers: PyTorch 2.15.

#include "support/catch.hpp"
#include <chainrule/api.hpp>
#include <cmath>

namespace cr = chainrule;
using chainrule_test::Contains;
using cr::Shape;
using cr::tensor;
using Values = std::vector<double>;
using Double = cr::Tensor<double>;

namespace {

Double matrix() { return tensor<double>({{1, 2, 3}, {4, 5, 6}}, {.requires_grad = true}); }
bool near(const Double& a, const Values& b) {
  return a.numel() == std::int64_t(b.size()) && allclose(a.flatten(), tensor(b), 1e-14, 1e-15);
}
Double gradient(const Double& y, const Double& of) {
  return cr::autograd::grad({y}, {of}, {cr::arange<double>(1, y.numel() + 1).view(y.shape())})[0];
}

}  // namespace

TEST_CASE("squeeze takes several dimensions", "[ops][habits]") {
  const auto x = cr::zeros({1, 3, 1, 1});
  CHECK(squeeze(x, {0, 2}).shape() == Shape{3, 1});
  CHECK(x.squeeze({0, 1, -1}).shape() == Shape{3, 1});
  CHECK(x.squeeze(cr::Dims{2, 3}).shape() == Shape{1, 3});
  CHECK(squeeze(x, cr::Dims{2, 3}).shape() == Shape{1, 3});
  CHECK(squeeze(x, 0).shape() == Shape{3, 1, 1});
  CHECK(squeeze(x, {0}).shape() == Shape{3, 1, 1});
  CHECK(squeeze(x, {}).shape() == Shape{3});
  CHECK(x.squeeze().shape() == Shape{3});
  CHECK_THROWS_WITH(x.squeeze({0, -4}), Contains("squeeze: dimension 0 stands twice in (0, -4)"));
  CHECK(cr::gradcheck([](const Double& m) { return square(m.view({2, 1, 3, 1}).squeeze({1, 3})); }, {matrix()}));
}

TEST_CASE("logsumexp takes several dimensions", "[ops][habits]") {
  const auto x = matrix();
  CHECK(near(logsumexp(x, {0, 1}), {6.456193316018123}));
  CHECK(near(gradient(x.logsumexp({0, 1}), x), {0.004269778545282109, 0.011606461431184652, 0.031549633201100005,
                                                0.08576079462509832, 0.23312200962361293, 0.6336913225737217}));
  const auto kept = logsumexp(x.view({1, 2, 3}), {0, -1}, true);
  CHECK(kept.shape() == Shape{1, 2, 1});
  CHECK(near(kept, {3.4076059644443806, 6.407605964444381}));
  CHECK(near(gradient(kept, x), {0.09003057317038043, 0.24472847105479759, 0.6652409557748217, 0.18006114634076087,
                                 0.48945694210959517, 1.3304819115496433}));
  CHECK(cr::gradgradcheck([](const Double& m) { return square(logsumexp(m.view({2, 3, 1}), {0, 2})); }, {x}));
  CHECK(logsumexp(cr::zeros({2, 0, 3}), {0, 1}).to_vector() ==
        std::vector<float>(3, -std::numeric_limits<float>::infinity()));
}

TEST_CASE("roll takes several dimensions, or none", "[ops][habits]") {
  const auto x = matrix();
  CHECK(roll(x, {1, 2}, {0, 1}).to_vector() == Values{5, 6, 4, 2, 3, 1});
  CHECK(gradient(x.roll({1, 2}, {0, 1}), x).to_vector() == Values{6, 4, 5, 3, 1, 2});
  CHECK(roll(x, 1).to_vector() == Values{6, 1, 2, 3, 4, 5});
  CHECK(gradient(x.roll(1), x).to_vector() == Values{2, 3, 4, 5, 6, 1});
  CHECK(x.roll(1, 0).to_vector() == Values{4, 5, 6, 1, 2, 3});
  CHECK_THROWS_WITH(x.roll({1, 2}, {0}),
                    Contains("roll: needs one shift for each dimension, got shifts (1, 2) and dimensions (0,)"));
}

TEST_CASE("var and std take a correction", "[ops][habits]") {
  const auto x = matrix();
  const struct {
    double correction, var, to_first, std;
    Values to_std;
  } cases[] = {
      {0,
       0.6666666666666666,
       -0.6666666666666666,
       1.707825127659933,
       {-0.2439750182371333, -0.14638501094227996, -0.04879500364742666, 0.04879500364742666, 0.14638501094227996,
        0.2439750182371333}},
      {0.5,
       0.8,
       -0.8,
       1.7837651700316894,
       {-0.25482359571881275, -0.15289415743128765, -0.05096471914376255, 0.05096471914376255, 0.15289415743128765,
        0.25482359571881275}},
      {2,
       2,
       -2,
       2.091650066335189,
       {-0.2988071523335984, -0.17928429140015906, -0.05976143046671968, 0.05976143046671968, 0.17928429140015906,
        0.2988071523335984}},
  };
  for (const auto& c : cases) {
    INFO("correction " << c.correction);
    const auto v = var(x, 1, {.correction = c.correction});
    CHECK(near(v, {c.var, c.var}));
    CHECK(near(gradient(v, x), {c.to_first, 0, -c.to_first, 2 * c.to_first, 0, -2 * c.to_first}));
    const auto s = x.std({.correction = c.correction});
    CHECK(near(s, {c.std}));
    CHECK(near(gradient(s, x), c.to_std));
  }
  CHECK(equal(x.var({1}, {.correction = 0, .keepdim = true}), x.var(1, false, true)));
  CHECK(equal(x.var({.correction = 1}), x.var()));
  CHECK(equal(x.std({0, 1}, {.correction = 0}), x.std(false)));
  CHECK(std::isinf(x.var(0, {.correction = 3}).to_vector()[0]));
  const auto [v, m] = var_mean(x, 1, {.correction = 0, .keepdim = true});
  CHECK(equal(v, x.var(1, false, true)));
  CHECK(m.to_vector() == Values{2, 5});
  const auto [s, mean_of_all] = std_mean(x);
  CHECK(equal(s, x.std()));
  CHECK(mean_of_all.item() == 3.5);
}

// Schedulers with PyTorch's positional arguments. Sequences of learning rates are PyTorch's.

#include <chainrule/ops.hpp>
#include <chainrule/optim.hpp>
#include "support/catch.hpp"

namespace cr = chainrule;
namespace optim = chainrule::optim;

namespace {

struct Setup {
  cr::Tensor<double> w = cr::zeros<double>({1}, {.requires_grad = true});
  optim::SGD<double> sgd{{w}, 1, 0.9};
};

template <class S> void gives(S&& scheduler, const std::vector<double>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i, scheduler.step()) {
    INFO("step " << i);
    CHECK(scheduler.get_last_lr()[0] == Approx(expected[i]).epsilon(1e-7));
  }
}

}  // namespace

TEST_CASE("StepLR, MultiStepLR and ExponentialLR by position", "[habits][scheduler]") {
  Setup a, b, c, d, e;
  gives(optim::StepLR(a.sgd, 2, 0.5), {1, 1, 0.5, 0.5, 0.25});
  gives(optim::MultiStepLR(b.sgd, {1, 3}, 0.1), {1, 0.1, 0.1, 0.01, 0.01});
  gives(optim::MultiStepLR(c.sgd, {2}), {1, 1, 0.1});  // one milestone
  gives(optim::MultiStepLR(d.sgd, {.milestones = {2}, .gamma = 0.5}), {1, 1, 0.5});
  gives(optim::ExponentialLR(e.sgd, 0.9), {1, 0.9, 0.81, 0.729});
}

TEST_CASE("the cosine schedulers by position", "[habits][scheduler]") {
  Setup a, b, c, d;
  gives(optim::CosineAnnealingLR(a.sgd, 4, 0.5), {1, 0.926776695, 0.75, 0.573223305, 0.5});
  gives(optim::CosineAnnealingWarmRestarts(b.sgd, 1, 2, 0.5), {1, 1, 0.75, 1, 0.926776695});
  gives(optim::OneCycleLR(c.sgd, 0.1, 5), {0.004, 0.095048463, 0.061126202, 0.018825835, 4e-7});
  gives(optim::OneCycleLR(d.sgd, 0.1, 0, 2, 3, 0.5, "linear", false), {0.004, 0.052, 0.1, 0.0666668, 0.0333336, 4e-7});
}

TEST_CASE("ConstantLR, LinearLR, PolynomialLR and LambdaLR by position", "[habits][scheduler]") {
  Setup a, b, c, d;
  gives(optim::ConstantLR(a.sgd, 0.5, 2), {0.5, 0.5, 1, 1});
  gives(optim::LinearLR(b.sgd, 0.5, 1, 2), {0.5, 0.75, 1, 1});
  gives(optim::PolynomialLR(c.sgd, 4, 2), {1, 0.5625, 0.25, 0.0625, 0});
  gives(optim::LambdaLR(d.sgd, [](std::int64_t epoch) { return epoch == 0 ? 1 : 0.5; }), {1, 0.5, 0.5});
}

TEST_CASE("ReduceLROnPlateau by position: mode, factor, patience, threshold, threshold_mode", "[habits][scheduler]") {
  Setup s;
  optim::ReduceLROnPlateau scheduler(s.sgd, "max", 0.5, 1, 0.1, "abs");
  scheduler.step(1);
  scheduler.step(1.05);  // not 0.1 better: the first bad epoch, which is tolerated
  CHECK(s.sgd.lr() == 1);
  scheduler.step(1.05);
  CHECK(s.sgd.lr() == 0.5);
}

TEST_CASE("schedulers take any optimizer as optim::Optimizer&", "[habits][scheduler]") {
  Setup s;
  optim::Optimizer& any = s.sgd;
  gives(optim::lr_scheduler::StepLR(any, 1, 0.5), {1, 0.5});
  any.zero_grad();
  any.step();
}

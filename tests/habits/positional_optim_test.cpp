// Optimizers with PyTorch's positional arguments: where each argument goes shows in the values after three steps of
// w*w, which are PyTorch's.

#include <chainrule/ops.hpp>
#include <chainrule/optim.hpp>
#include "support/catch.hpp"

namespace cr = chainrule;
namespace optim = chainrule::optim;

namespace {

cr::Tensor<double> weights() { return cr::tensor<double>({1, -2}, {.requires_grad = true}); }

template <class O> void three_steps_give(const cr::Tensor<double>& w, O&& optimizer, double first, double second) {
  for (int i = 0; i < 3; ++i) {
    optimizer.zero_grad();
    (w * w).sum().backward();
    optimizer.step();
  }
  CHECK(w[0].item() == Approx(first).epsilon(1e-5));  // PyTorch's floats
  CHECK(w[1].item() == Approx(second).epsilon(1e-5));
}

}  // namespace

TEST_CASE("SGD by position: lr, momentum, dampening, weight_decay, nesterov", "[habits][optim]") {
  auto w = weights();
  three_steps_give(w, optim::SGD(std::vector{w}, 0.1, 0.9, 0.1, 0.01), 0.094998591, -0.189997181);
  w = weights();
  three_steps_give(w, optim::SGD({w}, 0.1, 0.9, 0, 0.01, true), -0.111651078, 0.223302156);
  w = weights();
  three_steps_give(w, optim::SGD<double>({w}, 0.25f), 0.125, -0.25);  // p *= 1 - 2 * 0.25
}

TEST_CASE("Adam and AdamW by position: lr, betas, eps, weight_decay, amsgrad", "[habits][optim]") {
  auto w = weights();
  three_steps_give(w, optim::Adam(std::vector{w}, 0.1, {0.8, 0.9}, 1e-2, 0.1, true), 0.703199506, -1.701411724);
  w = weights();
  three_steps_give(w, optim::AdamW({w}, 0.1, {0.8, 0.9}, 1e-2, 0.1, true), 0.676794827, -1.645202041);
}

TEST_CASE("RMSprop and Adagrad by position", "[habits][optim]") {
  auto w = weights();
  three_steps_give(w, optim::RMSprop({w}, 0.1, 0.9, 1e-2, 0.1, 0.5, true), 0.031369723, -0.904133201);
  w = weights();
  three_steps_give(w, optim::Adagrad(std::vector{w}, 0.1, 0.5, 0.1, 0.2, 0.3), 0.849239945, -1.836780310);
}

TEST_CASE("an option that is left out by position has the default of the named form", "[habits][optim]") {
  auto w = weights();
  auto agree = [](const optim::Optimizer& a, const optim::Optimizer& b) {
    auto x = a.state_dict(), y = b.state_dict();
    REQUIRE(x.size() == y.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      CHECK(x[i].first == y[i].first);
      CHECK(x.get<double>(x[i].first).item() == y.get<double>(y[i].first).item());
    }
  };
  agree(optim::SGD({w}, 1), optim::SGD({w}, {.lr = 1}));
  agree(optim::Adam({w}, 1e-2), optim::Adam({w}, {.lr = 1e-2}));
  agree(optim::AdamW({w}, 1e-2), optim::AdamW({w}, {.lr = 1e-2}));
  agree(optim::RMSprop({w}, 1e-3), optim::RMSprop({w}, {.lr = 1e-3}));
  agree(optim::Adagrad({w}, 1e-3), optim::Adagrad({w}, {.lr = 1e-3}));
  agree(optim::Adam({w}, {}), optim::Adam({w}));  // {} are the default options, not lr = 0
  agree(optim::SGD({w}, {0.5}), optim::SGD({w}, 0.5));
}

TEST_CASE("an error of a positional optimizer names the line that made it", "[habits][optim]") {
  auto w = weights();
  try {
    optim::SGD(std::vector{w}, -1);
    FAIL("a negative learning rate was taken");
  } catch (const cr::Error& e) { CHECK(std::string(e.what()).find("positional_optim_test.cpp") != std::string::npos); }
}

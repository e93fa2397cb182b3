// Gradient clipping; the values of norm 2 and of clip_grad_value_ are compared with PyTorch in tests/parity as well.

#include <chainrule/optim/clip.hpp>
#include <chainrule/ops.hpp>
#include <limits>
#include "support/catch.hpp"

namespace cr = chainrule;
using cr::nn::utils::clip_grad_norm_;
using cr::nn::utils::clip_grad_value_;

namespace {

std::vector<cr::Tensor<>> two_parameters() {
  std::vector<cr::Tensor<>> p{cr::zeros({2}, {.requires_grad = true}), cr::zeros({1, 1}, {.requires_grad = true}),
                              cr::zeros({5}, {.requires_grad = true})};
  p[0].set_grad(cr::tensor({3, -4}));
  p[1].set_grad(cr::tensor({{12}}));  // the third has no gradient
  return p;
}

}  // namespace

TEST_CASE("clip_grad_norm_ scales all gradients by one factor", "[optim][clip]") {
  auto p = two_parameters();
  CHECK(clip_grad_norm_(p, 6.5) == Approx(13));
  CHECK(p[0].grad().at({1}) == Approx(-2));
  CHECK(p[1].grad().item() == Approx(6));
  CHECK_FALSE(p[2].grad().defined());
  CHECK(clip_grad_norm_(p, 100) == Approx(6.5));  // small enough: untouched
  CHECK(p[1].grad().item() == Approx(6));
}

TEST_CASE("clip_grad_norm_ knows other norms", "[optim][clip]") {
  auto p = two_parameters();
  CHECK(clip_grad_norm_(p, 1000, std::numeric_limits<double>::infinity()) == 12);
  CHECK(clip_grad_norm_(p, 1000, 1) == Approx(19));
  CHECK(clip_grad_norm_(p, 1000, 3) == Approx(std::cbrt(27.0 + 64 + 1728)));
  CHECK(clip_grad_norm_(std::vector{p[2]}, 1) == 0);
}

TEST_CASE("clip_grad_norm_ is summed in double: a large float gradient does not overflow", "[optim][clip]") {
  auto p = two_parameters();
  p[0].set_grad(cr::tensor({3e30f, 4e30f}));
  CHECK(clip_grad_norm_(p, 1) == Approx(5e30));
  CHECK(p[0].grad().at({0}) == Approx(0.6));
}

TEST_CASE("clip_grad_norm_ can refuse a norm that is not finite", "[optim][clip]") {
  auto p = two_parameters();
  p[1].set_grad(cr::tensor({{std::numeric_limits<float>::quiet_NaN()}}));
  CHECK_THROWS_WITH(clip_grad_norm_(p, 1, 2, true), chainrule_test::Contains("cannot be scaled"));
  CHECK(p[0].grad().to_vector() == std::vector<float>{3, -4});
  CHECK(std::isnan(clip_grad_norm_(p, 1, std::numeric_limits<double>::infinity())));
}

TEST_CASE("clip_grad_value_ cuts each element", "[optim][clip]") {
  auto p = two_parameters();
  clip_grad_value_(p, 3.5);
  CHECK(p[0].grad().to_vector() == std::vector<float>{3, -3.5f});
  CHECK(p[1].grad().item() == 3.5f);
}

TEST_CASE("clipping a gradient that is an expanded view changes each element once", "[optim][clip]") {
  auto w = cr::zeros({3}, {.requires_grad = true});
  w.set_grad(cr::tensor({8}).expand({3}));
  CHECK(clip_grad_norm_(std::vector{w}, 1, std::numeric_limits<double>::infinity()) == 8);
  CHECK(w.grad().at({2}) == Approx(1));
}

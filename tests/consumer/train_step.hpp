#pragma once
// What every consumer does: one step of gradient descent on a linear model, and a check that the loss fell.

namespace consumer {

template <class Tensor> double loss_after_step_ratio(const Tensor& x, const Tensor& target, Tensor w) {
  auto loss = [&] {
    auto error = x.matmul(w) - target;
    return (error * error).mean();
  };
  auto before = loss();
  before.backward();
  auto stepped = w.detach() - w.grad() * 0.1f;
  w = stepped;
  return static_cast<double>(loss().item()) / static_cast<double>(before.item());
}

}  // namespace consumer

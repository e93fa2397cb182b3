// A program of somebody who uses the library.

#include CONSUMER_HEADER
#include <cstdio>
#include "train_step.hpp"

int main() {
  auto x = chainrule::tensor({{1, 2}, {3, 4}, {5, 6}}), target = chainrule::tensor({{1}, {2}, {3}});
  auto w = chainrule::zeros({2, 1}, {.requires_grad = true});
  chainrule::set_num_threads(2);
  const double ratio = consumer::loss_after_step_ratio(x, target, w);
  std::printf("the loss after a step is %.3f of what it was\n", ratio);
  return ratio > 0 && ratio < 100 && ratio != 1 ? 0 : 1;
}

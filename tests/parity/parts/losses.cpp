#include "parity/parts/rows.hpp"

namespace chainrule_test {

namespace {

cr::Reduction reduction(ParityCase& c) {
  const auto text = c.text("reduction", "mean");
  if (text == "mean") return cr::Reduction::mean;
  if (text == "sum") return cr::Reduction::sum;
  cr::check(text == "none", {}, "parity: reduction ", text);
  return cr::Reduction::none;
}
Tensor<double> maybe_numbers(ParityCase& c, const std::string& key) {
  return c.has_argument(key) ? c.numbers(key) : Tensor<double>();
}

}  // namespace

void add_loss_rows(ParityTable& table) {
  const ParityTable rows = {
      {"cross_entropy",
       [](ParityCase& c) -> ParityOutputs {
         const cr::CrossEntropyOptions<double> options{
             .weight = maybe_numbers(c, "weight"),
             .ignore_index = c.has_argument("ignore_index") ? c.integer("ignore_index") : -100,
             .reduction = reduction(c),
             .label_smoothing = c.has_argument("label_smoothing") ? c.number("label_smoothing") : 0};
         return {c.has_input("p") ? cr::cross_entropy(c.x(), c.real("p"), options)
                                  : cr::cross_entropy(c.x(), c.integers("t"), options)};
       }},
      {"nll_loss",
       [](ParityCase& c) -> ParityOutputs {
         return {cr::nll_loss(c.x(), c.integers("t"), {.reduction = reduction(c)})};
       }},
      {"mse_loss",
       [](ParityCase& c) -> ParityOutputs { return {cr::mse_loss(c.x(), c.y(), {.reduction = reduction(c)})}; }},
      {"l1_loss",
       [](ParityCase& c) -> ParityOutputs { return {cr::l1_loss(c.x(), c.y(), {.reduction = reduction(c)})}; }},
      {"smooth_l1_loss",
       [](ParityCase& c) -> ParityOutputs {
         return {cr::smooth_l1_loss(c.x(), c.y(), {.reduction = reduction(c), .beta = c.number("beta")})};
       }},
      {"binary_cross_entropy",
       [](ParityCase& c) -> ParityOutputs {
         return {cr::binary_cross_entropy(c.x(), c.y(), {.reduction = reduction(c)})};
       }},
      {"binary_cross_entropy_with_logits",
       [](ParityCase& c) -> ParityOutputs {
         return {cr::binary_cross_entropy_with_logits(
             c.x(), c.y(), {.reduction = reduction(c), .pos_weight = maybe_numbers(c, "pos_weight")})};
       }},
  };
  table.insert(rows.begin(), rows.end());
}

}  // namespace chainrule_test

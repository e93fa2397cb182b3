#include "parity/parts/rows.hpp"

namespace chainrule_test {

namespace {
cr::Size2d pair(const ParityCase& c, const std::string& key, cr::Size2d otherwise = 0) {
  const auto s = c.sizes(key);
  return s.empty() ? otherwise : cr::Size2d(s.front(), s.back());
}
std::optional<cr::Size2d> stride(const ParityCase& c) {
  return c.has_argument("stride") ? std::optional(pair(c, "stride")) : std::nullopt;
}
Tensor<double> maybe(ParityCase& c, const std::string& input) {
  return c.has_input(input) ? c.real(input) : Tensor<double>();
}
}  // namespace

void add_layer_rows(ParityTable& table) {
  const ParityTable rows = {
      {"matmul",
       [](ParityCase& c) -> ParityOutputs {
         auto a = c.flag("transpose_a") ? c.real("a").t() : c.real("a"),
              b = c.flag("transpose_b") ? c.real("b").t() : c.real("b");
         return {cr::matmul(a, b)};
       }},
      {"outer", [](ParityCase& c) -> ParityOutputs { return {cr::outer(c.real("a"), c.real("b"))}; }},
      {"linear", [](ParityCase& c) -> ParityOutputs { return {cr::linear(c.x(), c.real("w"), maybe(c, "b"))}; }},
      {"conv2d",
       [](ParityCase& c) -> ParityOutputs {
         return {cr::conv2d(c.x(), c.real("w"), maybe(c, "b"),
                            {.stride = pair(c, "stride", 1),
                             .padding = pair(c, "padding"),
                             .dilation = pair(c, "dilation", 1),
                             .groups = c.has_argument("groups") ? c.integer("groups") : 1})};
       }},
      {"max_pool2d",
       [](ParityCase& c) -> ParityOutputs {
         return {cr::max_pool2d(c.x(), pair(c, "kernel_size"), {.stride = stride(c), .padding = pair(c, "padding")})};
       }},
      {"avg_pool2d",
       [](ParityCase& c) -> ParityOutputs {
         return {cr::avg_pool2d(c.x(), pair(c, "kernel_size"), {.stride = stride(c), .padding = pair(c, "padding")})};
       }},
      {"adaptive_avg_pool2d",
       [](ParityCase& c) -> ParityOutputs { return {cr::adaptive_avg_pool2d(c.x(), pair(c, "output_size"))}; }},
      {"batch_norm",
       [](ParityCase& c) -> ParityOutputs {
         auto mean = c.stored_as<double>("running_mean_before").clone(),
              var = c.stored_as<double>("running_var_before").clone();
         auto out = cr::batch_norm(c.x(), mean, var, c.real("w"), c.real("b"), c.flag("training"), c.number("momentum"),
                                   c.number("eps"));
         c.also("running_mean_after", mean);
         c.also("running_var_after", var);
         return {out};
       }},
      {"layer_norm",
       [](ParityCase& c) -> ParityOutputs {
         return {cr::layer_norm(c.x(), c.sizes("normalized_shape"), c.real("w"), c.real("b"), c.number("eps"))};
       }},
  };
  table.insert(rows.begin(), rows.end());
}

}  // namespace chainrule_test

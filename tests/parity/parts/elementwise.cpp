#include "parity/parts/rows.hpp"

namespace chainrule_test {

void add_elementwise_rows(ParityTable& table) {
  const ParityTable rows = {
      {"neg", [](ParityCase& c) -> ParityOutputs { return {cr::neg(c.x())}; }},
      {"exp", [](ParityCase& c) -> ParityOutputs { return {cr::exp(c.x())}; }},
      {"log", [](ParityCase& c) -> ParityOutputs { return {cr::log(c.x())}; }},
      {"log1p", [](ParityCase& c) -> ParityOutputs { return {cr::log1p(c.x())}; }},
      {"sqrt", [](ParityCase& c) -> ParityOutputs { return {cr::sqrt(c.x())}; }},
      {"rsqrt", [](ParityCase& c) -> ParityOutputs { return {cr::rsqrt(c.x())}; }},
      {"abs", [](ParityCase& c) -> ParityOutputs { return {cr::abs(c.x())}; }},
      {"sign", [](ParityCase& c) -> ParityOutputs { return {cr::sign(c.x())}; }},
      {"sin", [](ParityCase& c) -> ParityOutputs { return {cr::sin(c.x())}; }},
      {"cos", [](ParityCase& c) -> ParityOutputs { return {cr::cos(c.x())}; }},
      {"tanh", [](ParityCase& c) -> ParityOutputs { return {cr::tanh(c.x())}; }},
      {"sigmoid", [](ParityCase& c) -> ParityOutputs { return {cr::sigmoid(c.x())}; }},
      {"relu", [](ParityCase& c) -> ParityOutputs { return {cr::relu(c.x())}; }},
      {"elu", [](ParityCase& c) -> ParityOutputs { return {cr::elu(c.x())}; }},
      {"gelu",
       [](ParityCase& c) -> ParityOutputs {
         return {cr::gelu(c.x(), {.approximate = c.text("approximate", "none")})};
       }},
      {"silu", [](ParityCase& c) -> ParityOutputs { return {cr::silu(c.x())}; }},
      {"softplus", [](ParityCase& c) -> ParityOutputs { return {cr::softplus(c.x())}; }},
      {"leaky_relu",
       [](ParityCase& c) -> ParityOutputs { return {cr::leaky_relu(c.x(), c.number("negative_slope"))}; }},
      {"clamp", [](ParityCase& c) -> ParityOutputs { return {cr::clamp(c.x(), c.number("min"), c.number("max"))}; }},
      {"pow",
       [](ParityCase& c) -> ParityOutputs {
         return {c.has_argument("exponent") ? cr::pow(c.x(), c.number("exponent")) : cr::pow(c.x(), c.y())};
       }},
      {"add", [](ParityCase& c) -> ParityOutputs { return {c.x() + c.y()}; }},
      {"sub", [](ParityCase& c) -> ParityOutputs { return {c.x() - c.y()}; }},
      {"mul", [](ParityCase& c) -> ParityOutputs { return {c.x() * c.y()}; }},
      {"div", [](ParityCase& c) -> ParityOutputs { return {c.x() / c.y()}; }},
      {"maximum", [](ParityCase& c) -> ParityOutputs { return {cr::maximum(c.x(), c.y())}; }},
      {"minimum", [](ParityCase& c) -> ParityOutputs { return {cr::minimum(c.x(), c.y())}; }},
      {"where", [](ParityCase& c) -> ParityOutputs { return {cr::where(c.mask("c"), c.x(), c.y())}; }},
      {"masked_fill",
       [](ParityCase& c) -> ParityOutputs { return {c.x().masked_fill(c.mask("mask"), c.number("value"))}; }},
  };
  table.insert(rows.begin(), rows.end());
}

}  // namespace chainrule_test

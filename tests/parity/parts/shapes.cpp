#include "parity/parts/rows.hpp"

namespace chainrule_test {

namespace {
std::vector<Tensor<double>> all_inputs(ParityCase& c) {
  std::vector<Tensor<double>> all;
  for (const auto& name : c.list("inputs")) all.push_back(c.real(name));
  return all;
}
ParityOutputs listed(const std::vector<Tensor<double>>& tensors) { return {tensors.begin(), tensors.end()}; }
}  // namespace

void add_shape_rows(ParityTable& table) {
  const ParityTable rows = {
      {"cat", [](ParityCase& c) -> ParityOutputs { return {cr::cat(all_inputs(c), c.integer("dim"))}; }},
      {"stack", [](ParityCase& c) -> ParityOutputs { return {cr::stack(all_inputs(c), c.integer("dim"))}; }},
      {"split", [](ParityCase& c) -> ParityOutputs { return listed(c.x().split(c.sizes("sizes"), c.integer("dim"))); }},
      {"chunk",
       [](ParityCase& c) -> ParityOutputs { return listed(c.x().chunk(c.integer("chunks"), c.integer("dim"))); }},
      {"permute", [](ParityCase& c) -> ParityOutputs { return {c.x().permute(c.sizes("dims"))}; }},
      {"transpose_reshape",
       [](ParityCase& c) -> ParityOutputs {
         return {c.x().transpose(c.integer("dim0"), c.integer("dim1")).reshape(c.sizes("shape"))};
       }},
      {"expand", [](ParityCase& c) -> ParityOutputs { return {c.x().expand(c.sizes("shape"))}; }},
      {"slice",
       [](ParityCase& c) -> ParityOutputs {
         return {c.x().slice(c.integer("dim"), c.integer("start"), c.integer("stop"), c.integer("step"))};
       }},
      {"select", [](ParityCase& c) -> ParityOutputs { return {c.x().select(c.integer("dim"), c.integer("index"))}; }},
      {"flip", [](ParityCase& c) -> ParityOutputs { return {c.x().flip(c.sizes("dims"))}; }},
      {"index_select",
       [](ParityCase& c) -> ParityOutputs { return {c.x().index_select(c.integer("dim"), c.integers("index"))}; }},
      {"gather", [](ParityCase& c) -> ParityOutputs { return {c.x().gather(c.integer("dim"), c.integers("index"))}; }},
      {"scatter_add",
       [](ParityCase& c) -> ParityOutputs {
         return {c.x().scatter_add(c.integer("dim"), c.integers("index"), c.real("src"))};
       }},
      {"one_hot",
       [](ParityCase& c) -> ParityOutputs { return {cr::one_hot(c.integers("i"), c.integer("num_classes"))}; }},
      {"embedding", [](ParityCase& c) -> ParityOutputs { return {cr::embedding(c.integers("i"), c.real("w"))}; }},
      {"pad",
       [](ParityCase& c) -> ParityOutputs { return {cr::pad(c.x(), c.sizes("pad"), {.value = c.number("value")})}; }},
  };
  table.insert(rows.begin(), rows.end());
}

}  // namespace chainrule_test

#include "parity/parts/rows.hpp"

namespace chainrule_test {

void add_reduction_rows(ParityTable& table) {
  const ParityTable rows = {
      {"sum",
       [](ParityCase& c) -> ParityOutputs {
         return {c.has_argument("dim") ? c.x().sum(c.sizes("dim"), c.flag("keepdim")) : c.x().sum()};
       }},
      {"mean",
       [](ParityCase& c) -> ParityOutputs {
         return {c.has_argument("dim") ? c.x().mean(c.sizes("dim"), c.flag("keepdim")) : c.x().mean()};
       }},
      {"prod",
       [](ParityCase& c) -> ParityOutputs {
         return {c.has_argument("dim") ? c.x().prod(c.sizes("dim")[0], c.flag("keepdim")) : c.x().prod()};
       }},
      {"var",
       [](ParityCase& c) -> ParityOutputs {
         return {c.has_argument("dim") ? c.x().var(c.sizes("dim"), c.flag("unbiased", true), c.flag("keepdim"))
                                       : c.x().var(c.flag("unbiased", true))};
       }},
      {"std",
       [](ParityCase& c) -> ParityOutputs {
         return {c.has_argument("dim") ? c.x().std(c.sizes("dim"), c.flag("unbiased", true), c.flag("keepdim"))
                                       : c.x().std(c.flag("unbiased", true))};
       }},
      {"norm",
       [](ParityCase& c) -> ParityOutputs {
         return {c.has_argument("dim") ? c.x().norm(c.number("p"), c.sizes("dim"), c.flag("keepdim"))
                                       : c.x().norm(c.number("p"))};
       }},
      {"max",
       [](ParityCase& c) -> ParityOutputs {
         if (!c.has_argument("dim")) return {c.x().max()};
         auto [values, indices] = c.x().max(c.integer("dim"), c.flag("keepdim"));
         return {values, indices};
       }},
      {"min",
       [](ParityCase& c) -> ParityOutputs {
         if (!c.has_argument("dim")) return {c.x().min()};
         auto [values, indices] = c.x().min(c.integer("dim"), c.flag("keepdim"));
         return {values, indices};
       }},
      {"argmax", [](ParityCase& c) -> ParityOutputs { return {c.x().argmax(c.integer("dim"))}; }},
      {"argmin", [](ParityCase& c) -> ParityOutputs { return {c.x().argmin(c.integer("dim"))}; }},
      {"topk",
       [](ParityCase& c) -> ParityOutputs {
         auto [values, indices] = c.x().topk(c.integer("k"), c.integer("dim"));
         return {values, indices};
       }},
      {"sort",
       [](ParityCase& c) -> ParityOutputs {
         auto [values, indices] = c.x().sort(c.integer("dim"), c.flag("descending"));
         return {values, indices};
       }},
      {"cumsum", [](ParityCase& c) -> ParityOutputs { return {c.x().cumsum(c.integer("dim"))}; }},
      {"softmax", [](ParityCase& c) -> ParityOutputs { return {c.x().softmax(c.integer("dim"))}; }},
      {"log_softmax", [](ParityCase& c) -> ParityOutputs { return {c.x().log_softmax(c.integer("dim"))}; }},
      {"logsumexp", [](ParityCase& c) -> ParityOutputs { return {c.x().logsumexp(c.integer("dim"))}; }},
  };
  table.insert(rows.begin(), rows.end());
}

}  // namespace chainrule_test

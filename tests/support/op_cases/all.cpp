#include "support/op_cases/op_case.hpp"

namespace chainrule_test {

const OpCases& op_cases() {
  static const OpCases all = [] {
    OpCases list;
    for (auto* family :
         {&arithmetic_cases, &function_cases, &selection_cases, &reduction_cases, &shape_cases, &indexing_cases,
          &creation_cases, &product_cases, &convolution_cases, &normalisation_cases, &loss_cases})
      for (auto& c : family()) list.push_back(std::move(c));
    return list;
  }();
  return all;
}

}  // namespace chainrule_test

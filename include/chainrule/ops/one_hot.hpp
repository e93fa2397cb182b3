#pragma once
// one_hot: class numbers as rows of zeros with a single 1.

#include <chainrule/ops/gather_loop.hpp>
#include <chainrule/ops/create.hpp>
#include <chainrule/ops/max.hpp>

namespace chainrule {

namespace fn {

struct OneHot {
  static constexpr auto name = "one_hot";
  CHAINRULE_HD std::int64_t operator()(std::int64_t label, std::int64_t number) const {
    return label == number ? 1 : 0;
  }
};

}  // namespace fn

/// Shape (labels' shape..., num_classes), int64: 1 at each label's number, else 0. num_classes = -1: the largest label
/// plus 1. No gradient. Source: torch.nn.functional.one_hot. Throws when a label is not in [0, num_classes), naming it
/// and its position.
///     one_hot(tensor<std::int64_t>({1, 0}), 3)   // {{0, 1, 0}, {1, 0, 0}}
inline Tensor<std::int64_t> one_hot(const Tensor<std::int64_t>& labels, std::int64_t num_classes = -1,
                                    Location at = Location::here()) {
  check(num_classes == -1 || num_classes > 0, at,
        "one_hot: num_classes must be positive, or -1 for the largest label plus 1, got ", num_classes);
  check(num_classes > 0 || labels.numel() > 0, at,
        "one_hot: there are no labels to tell the number of classes from; pass num_classes");
  const bool found = num_classes == -1;
  if (found)
    num_classes =
        reduce<std::int64_t>(fn::Extreme<true>{}, labels, detail::plan_reduction(labels, {}, false, "one_hot", at), at)
            .item(at);
  check(!found || num_classes < std::numeric_limits<std::int64_t>::max(), at, "one_hot: the largest label is ",
        num_classes, ": there is no number of classes above it");
  if (found) ++num_classes;
  if (num_classes <= 0) num_classes = 1;  // all labels are negative: the check below says which
  detail::check_index(labels, 0, num_classes, "one_hot", at, "of the ", num_classes, " classes");
  Shape shape = labels.shape();
  shape.push_back(num_classes);
  detail::checked_numel(shape, sizeof(std::int64_t), "one_hot", at);
  return map(fn::OneHot{}, at, unsqueeze(labels, -1, at),
             to_device(detail::counting(num_classes, "one_hot", at), labels.device(), at));
}

}  // namespace chainrule

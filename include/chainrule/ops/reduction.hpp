#pragma once
// Reduction: what a loss does with its single terms.

#include <chainrule/core/error.hpp>
#include <string_view>

namespace chainrule {

/// mean, sum or none, written as in PyTorch, {.reduction = "sum"}, or as Reduction::sum. Another word throws.
class Reduction {
 public:
  enum Kind { mean, sum, none };

  constexpr Reduction(Kind kind) : kind_(kind) {}
  Reduction(std::string_view word, Location at = Location::here())
      : kind_(word == "mean"  ? mean
              : word == "sum" ? sum
                              : none) {
    check(kind_ != none || word == "none", at, "reduction: expected \"mean\", \"sum\" or \"none\", got \"", word, "\"");
  }
  Reduction(const char* word, Location at = Location::here()) : Reduction(std::string_view(word), at) {}

  constexpr operator Kind() const { return kind_; }
  const char* str() const { return kind_ == mean ? "mean" : kind_ == sum ? "sum" : "none"; }

 private:
  Kind kind_;
};

}  // namespace chainrule

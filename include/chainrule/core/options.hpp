#pragma once
// Options that methods of Tensor take: PyTorch's keyword arguments, written x.mean(1, {.keepdim = true}).

#include <chainrule/core/shape.hpp>
#include <optional>
#include <string_view>

namespace chainrule {

/// Options of add and sub.
struct AddOptions {
  double alpha = 1;  ///< a factor of the second operand; a whole number for integers
};
/// Options of div.
struct DivOptions {
  std::string_view rounding_mode = {};  ///< "trunc" (towards 0) or "floor" (down); none if empty
};
/// Options of round.
struct RoundOptions {
  int decimals = 0;  ///< negative: to tens, hundreds, ...
};
/// Options of var and std.
struct VarOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  double correction = 1;  ///< the sum of squares is divided by n - correction
  bool keepdim = false;
  std::optional<bool> unbiased = {};  ///< PyTorch's older word: true for a correction of 1, false for 0

  double divisor_correction() const { return unbiased ? (*unbiased ? 1 : 0) : correction; }
};
/// Options of index_put_.
struct IndexPutOptions {
  bool accumulate = false;  ///< add the values to what is there
};

/// The keyword arguments of reductions: x.sum({.dim = 1}), x.max({.dim = 1, .keepdim = true}).
struct DimOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  Dims dim = {};         ///< one or several; all if left out
  bool keepdim = false;  ///< leaves a reduced dimension with size 1
};
/// The rest of them, behind a dimension: x.sum(1, {.keepdim = true}).
struct KeepdimOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  bool keepdim = false;
};
/// Of ops that run along one dimension: x.softmax({.dim = 1}).
struct AlongOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  std::int64_t dim = 0;
};
/// Options of sort and argsort.
struct SortOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  std::int64_t dim = -1;
  bool descending = false;
};
/// Options of topk.
struct TopkOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  std::int64_t dim = -1;
  bool largest = true;
};
/// Options of norm.
struct NormOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  double p = 2;
  Dims dim = {};  ///< one or several; all if left out
  bool keepdim = false;
};
/// Options of isclose and allclose: |a - b| <= atol + rtol |b|.
struct CloseOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  double rtol = 1e-5, atol = 1e-8;
  bool equal_nan = false;
};
/// Options of flatten.
struct FlattenOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  std::int64_t start_dim = 0, end_dim = -1;
};
/// Options of clamp: x.clamp({.max = 1}).
struct ClampOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  std::optional<double> min = {}, max = {};
};
/// Options of zero_grad.
struct ZeroGradOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  bool set_to_none = true;
};

namespace detail {
/// The only dimension that the options of `op` name.
inline std::int64_t one_dim(const DimOptions& options, const char* op, Location at) {
  check(options.dim.size() == 1, at, op, ": takes one dimension, {.dim = 1}, got ", options.dim.size());
  return options.dim[0];
}
}  // namespace detail

}  // namespace chainrule

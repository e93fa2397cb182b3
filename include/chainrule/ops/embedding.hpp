#pragma once
// embedding: the rows of a table, by number.

#include <chainrule/ops/any.hpp>
#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/index_select.hpp>
#include <chainrule/ops/masked_fill.hpp>
#include <chainrule/ops/norm.hpp>

namespace chainrule {

/// Options of the function embedding (nn::EmbeddingOptions are those of the layer), as in PyTorch.
struct EmbeddingFuncOptions {
  std::optional<std::int64_t> padding_idx = {};  ///< this row gets no gradient; negative counts from the end
  std::optional<double> max_norm = {};  ///< rows that are used and longer than this are first scaled to it, in place
  double norm_type = 2;                 ///< the p of that norm
};

namespace detail {

/// In place, outside of the graph: rows with these indices whose norm exceeds `most` get it.
template <class T>
void shorten_rows(const Tensor<T>& weight, const Tensor<std::int64_t>& index, double most, double p, Location at) {
  no_grad guard;
  const Tensor<T> rows = pick_slices(weight, 0, index, "embedding", at);
  const Tensor<T> length = norm(rows, p, 1, true, at);
  const Tensor<bool> too_long = length > most;
  if (!any(too_long, at).item(at)) return;
  const Tensor<T> shorter = rows * masked_fill(most / (length + 1e-7), logical_not(too_long, at), 1, at);
  kernel<fn::PutKernel<T>>::on(weight.device(), at)(indexed_loop(shorter, weight, 0, index), weight.strides()[0],
                                                    shorter.data(), weight.data(), index.data());
  count_edit(*weight.impl(), at);
}

template <class T>
Tensor<T> pick_rows(const Tensor<T>& weight, const Tensor<std::int64_t>& index, std::optional<std::int64_t> padding,
                    Location at) {
  if (!padding) return pick_slices(weight, 0, index, "embedding", at);
  Tensor<T> rows;
  {
    no_grad guard;
    const Unobserved quiet;
    rows = pick_slices(weight, 0, index, "embedding", at);
  }
  return record(
      "embedding", rows, {weight}, keep(index),
      [from = weight.shape(), row = *padding](const Tensor<T>& g, const Tensor<std::int64_t>& i) {
        return Grads{index_select_grad_of(masked_fill(g, unsqueeze(i == row, 1), 0), from, 0, i)};
      },
      at);
}

}  // namespace detail

/// The rows of `weight` (number of rows, width) with these indices: shape (index's shape..., width). With padding_idx
/// that row gets no gradient. With max_norm the rows that are used and whose norm is larger are scaled to it first, in
/// place, also in a leaf that requires grad.
/// Gradient: each row of g is added to the row it came from, in the order of the index. Source:
/// torch.nn.functional.embedding.
/// Throws when a number is not a row of the table, naming it and its position.
///     embedding(tensor<std::int64_t>({2, 0}), tensor({{1, 2}, {3, 4}, {5, 6}}))   // {{5, 6}, {1, 2}}
///     embedding(words, table, {.padding_idx = 0, .max_norm = 1})
template <class T>
Tensor<T> embedding(const Tensor<std::int64_t>& index, const Tensor<T>& weight, EmbeddingFuncOptions options = {},
                    Location at = Location::here()) {
  check(weight.dim() == 2, at, "embedding: the table must have shape (rows, width), got ", weight.shape());
  const std::int64_t rows = weight.shape()[0];
  if (auto& padding = options.padding_idx) {
    check(*padding >= -rows && *padding < rows, at, "embedding: padding_idx ", *padding, " lies outside of ", rows,
          " rows");
    if (*padding < 0) *padding += rows;
  }
  detail::check_same_device("embedding", at, weight, index);
  detail::check_index(index, 0, rows, "embedding", at, "of the table with ", rows, " rows");
  Shape shape = index.shape();
  shape.push_back(weight.shape()[1]);
  const Tensor<std::int64_t> flat = reshape(index, {-1}, at);
  if constexpr (Real<T>) {
    if (options.max_norm) detail::shorten_rows(weight, flat, *options.max_norm, options.norm_type, at);
  } else check(!options.max_norm, at, "embedding: max_norm needs a table of float or double");
  return reshape(detail::pick_rows(weight, flat, options.padding_idx, at), shape, at);
}

/// An index of int32, as PyTorch takes it.
template <detail::OtherIndex I, class T>
Tensor<T> embedding(const Tensor<I>& index, const Tensor<T>& weight, EmbeddingFuncOptions options = {},
                    Location at = Location::here()) {
  static_assert(std::same_as<I, std::int32_t>,
                "embedding: the index must be of int64 or int32; convert it: index.to<std::int64_t>()");
  return embedding(cast<std::int64_t>(index, at), weight, options, at);
}

}  // namespace chainrule

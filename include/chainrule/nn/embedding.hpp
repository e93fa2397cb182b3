#pragma once
// Embedding: a table with one trained row for each of a number of things (words, classes).

#include <chainrule/nn/init.hpp>
#include <chainrule/nn/module.hpp>
#include <chainrule/nn/unknown_option.hpp>
#include <chainrule/ops/embedding.hpp>

namespace chainrule::nn {

/// Options of Embedding.
struct EmbeddingOptions {
  std::optional<std::int64_t> padding_idx =
      {};                               ///< this row begins as zeros and gets no gradient; negative counts from the end
  std::optional<double> max_norm = {};  ///< rows that are used and longer than this are scaled to it, in place
  double norm_type = 2;                 ///< the p of that norm
  Generator* generator = nullptr;       ///< for the initial weights; the default generator if null
};

/// Rows of a table: index (...) of int64 -> (..., embedding_dim); weight (num_embeddings, embedding_dim), normal(0, 1)
/// at first. Throws for an index outside of the table. Source: torch.nn.Embedding.
template <class T> struct BasicEmbedding : Module<BasicEmbedding<T>> {
  std::int64_t num_embeddings, embedding_dim;
  std::optional<std::int64_t> padding_idx;
  std::optional<double> max_norm;
  double norm_type;
  BasicParameter<T> weight;

  BasicEmbedding(std::int64_t rows, std::int64_t width, EmbeddingOptions options = {}, Location at = Location::here())
      : num_embeddings(rows),
        embedding_dim(width),
        padding_idx(options.padding_idx),
        max_norm(options.max_norm),
        norm_type(options.norm_type) {
    check(rows > 0 && width > 0, at, "Embedding: needs a positive number of rows and columns, got ", rows, " and ",
          width);
    check(!padding_idx || (*padding_idx >= -rows && *padding_idx < rows), at, "Embedding: padding_idx ",
          padding_idx.value_or(0), " lies outside of ", rows, " rows");
    weight = BasicParameter<T>(empty<T>({rows, width}, {}, at));
    init::normal_(weight, 0, 1, options.generator, at);
    if (!padding_idx) return;
    if (*padding_idx < 0) *padding_idx += rows;
    no_grad guard;
    weight.select(0, *padding_idx).zero_(at);
  }
  template <std::integral Index>
  BasicEmbedding(std::int64_t rows, std::int64_t width, Index padding, Location at = Location::here())
      : BasicEmbedding(rows, width, EmbeddingOptions{.padding_idx = padding}, at) {}
  template <std::size_t N> BasicEmbedding(std::int64_t rows, std::int64_t width, detail::UnknownOption<N> options);
  using parts = members<&BasicEmbedding::weight>;
  using others = members<&BasicEmbedding::num_embeddings, &BasicEmbedding::embedding_dim, &BasicEmbedding::padding_idx,
                         &BasicEmbedding::max_norm, &BasicEmbedding::norm_type>;

  Tensor<T> forward(const Tensor<std::int64_t>& index, Location at = Location::here()) const {
    return embedding(index, weight, {.padding_idx = padding_idx, .max_norm = max_norm, .norm_type = norm_type}, at);
  }
  std::string extra_repr() const {
    return std::to_string(num_embeddings) + ", " + std::to_string(embedding_dim) +
           (padding_idx ? ", padding_idx=" + std::to_string(*padding_idx) : "") +
           (max_norm ? ", max_norm=" + repr::number(*max_norm) : "") +
           (norm_type != 2 ? ", norm_type=" + repr::number(norm_type) : "");
  }
};

using Embedding = BasicEmbedding<float>;

}  // namespace chainrule::nn

// embedding with padding_idx and max_norm. Expected numbers: PyTorch 2.15.

#include "support/catch.hpp"
#include <chainrule/api.hpp>

namespace cr = chainrule;
using chainrule_test::Contains;
using cr::tensor;
using Values = std::vector<double>;
using Double = cr::Tensor<double>;

namespace {

Double table() { return tensor<double>({{3, 4}, {0.3, 0.4}, {6, 8}, {1, 1}}, {.requires_grad = true}); }
const auto words = tensor<std::int64_t>({0, 1, 0, 3});
bool near(const Double& a, const Values& b) {
  return a.numel() == std::int64_t(b.size()) && allclose(a.flatten(), tensor(b), 1e-14, 1e-15);
}

}  // namespace

TEST_CASE("embedding gives the padding row no gradient", "[ops][habits]") {
  for (const std::int64_t padding : {0, -4}) {
    const auto w = table();
    const auto y = embedding(words, w, {.padding_idx = padding});
    CHECK(y.to_vector() == Values{3, 4, 0.3, 0.4, 3, 4, 1, 1});
    y.backward(cr::arange<double>(1, 9).view({4, 2}));
    CHECK(w.grad().to_vector() == Values{0, 0, 3, 4, 0, 0, 7, 8});
  }
  CHECK_THROWS_WITH(embedding(words, table(), {.padding_idx = 4}),
                    Contains("embedding: padding_idx 4 lies outside of 4 rows"));
  const auto w = table();
  const auto g = cr::autograd::grad({square(embedding(words, w * w, {.padding_idx = 3})).sum()}, {w}, {},
                                    {.create_graph = true})[0];
  CHECK(near(cr::autograd::grad({g.sum()}, {w})[0], {216, 384, 1.08, 1.92, 0, 0, 0, 0}));  // 12 w^2, twice for row 0
}

TEST_CASE("embedding shortens the rows that it uses to max_norm, in place", "[ops][habits]") {
  const auto w = table();
  const auto before = w.version();
  const auto y = embedding(words, w, {.max_norm = 1.0});
  CHECK(near(y, {0.5999999880000002, 0.7999999840000003, 0.3, 0.4, 0.5999999880000002, 0.7999999840000003,
                 0.707106731186551, 0.707106731186551}));
  CHECK(near(w, {0.5999999880000002, 0.7999999840000003, 0.3, 0.4, 6, 8, 0.707106731186551, 0.707106731186551}));
  CHECK(w.version() > before);
  y.backward(cr::arange<double>(1, 9).view({4, 2}));
  CHECK(w.grad().to_vector() == Values{6, 8, 3, 4, 0, 0, 7, 8});
  const auto again = w.version();
  embedding(words, w, {.max_norm = 1.0});
  CHECK(w.version() == again);  // nothing was too long
  const auto v = table();
  embedding(words, v, {.max_norm = 1.0, .norm_type = 1});
  CHECK(near(v, {0.42857142244897967, 0.5714285632653062, 0.3, 0.4, 6, 8, 0.4999999750000013, 0.4999999750000013}));
}

TEST_CASE("Embedding begins with zeros in the padding row and keeps to max_norm", "[nn][habits]") {
  cr::nn::BasicEmbedding<double> layer(4, 2, {.padding_idx = -1, .max_norm = 0.5});
  CHECK(layer.str() == "Embedding(4, 2, padding_idx=3, max_norm=0.5)");
  CHECK(layer.weight[3].to_vector() == Values{0, 0});
  const auto y = layer(words);
  CHECK((cr::norm(y, 2, 1) <= 0.5).all().item());
  y.sum().backward();
  CHECK(layer.weight.grad().to_vector() == Values{2, 2, 1, 1, 0, 0, 0, 0});
}

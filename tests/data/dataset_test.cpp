// Data sets made of other things: tensors, parts of a data set, several together; and transforms.

#include <chainrule/data.hpp>
#include <algorithm>
#include <cmath>
#include <limits>
#include "support/catch.hpp"

namespace cr = chainrule;
namespace data = chainrule::data;
using chainrule_test::Contains;
using cr::Tensor;

namespace {

struct Squares {  // sample i is i * i
  std::int64_t n;
  std::int64_t size() const { return n; }
  std::int64_t get(std::int64_t i) const { return i * i; }
};

}  // namespace

TEST_CASE("a TensorDataset is cut along the first dimension", "[data]") {
  data::TensorDataset set(cr::arange(6).view({3, 2}).t().contiguous().t(), cr::tensor({5, 6, 7}));  // strides (1, 3)
  CHECK(set.size() == 3);
  auto [x, y] = set.get(1);
  CHECK(x.to_vector() == std::vector<std::int64_t>{2, 3});
  CHECK(y.item() == 6);
  const std::int64_t rows[] = {2, 0, 2};
  auto batch = set.get_batch(rows);
  CHECK(batch.data.shape() == cr::Shape{3, 2});
  CHECK(batch.data.to_vector() == std::vector<std::int64_t>{4, 5, 0, 1, 4, 5});
  CHECK(batch.target.to_vector() == std::vector<float>{7, 5, 7});
  CHECK(set[1].first.to_vector() == std::vector<std::int64_t>{2, 3});  // Python's set[1]
  CHECK_THROWS_WITH(set.get(3), Contains("sample 3 does not exist; there are 3"));
}

TEST_CASE("a TensorDataset holds one tensor, or more than two", "[data]") {
  data::TensorDataset one(cr::tensor({1, 2}));
  CHECK(one.get(1).item() == 2);
  data::TensorDataset three(cr::tensor({1, 2}), cr::arange(2), cr::tensor({{3, 4}, {5, 6}}));
  auto [a, b, c] = three.get(1);
  CHECK(c.to_vector() == std::vector<float>{5, 6});
  CHECK(b.item() == 1);
  CHECK_THROWS_WITH(data::TensorDataset(cr::zeros({2, 3}), cr::zeros({3})),
                    Contains("the first sizes differ: shapes (2, 3) and (3,)"));
  CHECK_THROWS_AS(data::TensorDataset(cr::tensor(1)), cr::Error);
}

TEST_CASE("a Subset picks samples by number", "[data]") {
  data::Subset few(Squares{10}, {7, 1, 1});
  CHECK(few.size() == 3);
  CHECK(few.get(0) == 49);
  CHECK(few.get(2) == 1);
  CHECK(few[0] == 49);
  CHECK_THROWS_WITH(few.get(3), Contains("sample 3"));
  CHECK_THROWS_WITH(data::Subset(Squares{10}, {3, 10}), Contains("sample 10 does not exist; there are 10"));
  data::Subset rows(data::TensorDataset(cr::arange(4), cr::arange(4)), {3, 2});
  const std::int64_t batch[] = {1, 0};
  CHECK(rows.get_batch(batch).data.to_vector() == std::vector<std::int64_t>{2, 3});
}

TEST_CASE("a ConcatDataset has one data set after the other", "[data]") {
  data::ConcatDataset both(Squares{3}, data::Subset(Squares{100}, {50}), Squares{2});
  CHECK(both.size() == 6);
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < both.size(); ++i) all.push_back(both.get(i));
  CHECK(all == std::vector<std::int64_t>{0, 1, 4, 2500, 0, 1});
  CHECK_THROWS_WITH(both.get(-1), Contains("sample -1"));
}

TEST_CASE("random_split deals every sample out once", "[data]") {
  auto [a, b, c] = data::random_split(Squares{10}, {5, 3, 2}, {.seed = 1});
  std::vector<std::int64_t> all = a.indices();
  all.insert(all.end(), b.indices().begin(), b.indices().end());
  all.insert(all.end(), c.indices().begin(), c.indices().end());
  CHECK(a.size() == 5);
  CHECK(c.size() == 2);
  CHECK_FALSE(std::is_sorted(all.begin(), all.end()));
  std::sort(all.begin(), all.end());
  for (std::int64_t i = 0; i < 10; ++i) CHECK(all[static_cast<std::size_t>(i)] == i);
  CHECK(data::random_split(Squares{10}, std::vector{5, 5}, {.seed = 1})[0].indices() == a.indices());
}

TEST_CASE("random_split takes fractions: rounded down, the rest to the first parts", "[data]") {
  auto [a, b, c] = data::random_split(Squares{11}, {0.5, 0.25, 0.25}, {.seed = 1});
  CHECK(a.size() == 6);  // 5 and one of the two that are left
  CHECK(b.size() == 3);
  CHECK(c.size() == 2);
  cr::Generator generator(4);
  auto [d, e] = data::random_split(Squares{10}, {0.9, 0.1}, {.generator = &generator});
  CHECK(d.size() == 9);
  CHECK(e.size() == 1);
  CHECK_THROWS_WITH(data::random_split(Squares{10}, {5, 4}), Contains("add up to 9, the data set has 10"));
  CHECK_THROWS_WITH(data::random_split(Squares{10}, {0.5, 0.4}), Contains("add up to 1, got 0.9"));
  CHECK_THROWS_WITH(data::random_split(Squares{10}, {11, -1}), Contains("must not be negative, got -1"));
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();  // the sum wraps to 10
  CHECK_THROWS_WITH(data::random_split(Squares{10}, {most, most, std::int64_t{12}}),
                    Contains("the data set has 10 samples"));
  CHECK_THROWS_WITH(data::random_split(Squares{10}, {std::size_t(-1), std::size_t{11}}),
                    Contains("18446744073709551615 is no value of int64"));
  CHECK_THROWS_WITH(data::random_split(Squares{10}, {std::nan(""), 0.5}), Contains("must not be negative, got nan"));
}

TEST_CASE("ToTensor puts the channels first and scales to 1", "[data][transforms]") {
  const auto grey = cr::tensor<std::uint8_t>({{0, 255, 51}});
  CHECK(cr::transforms::ToTensor{}(grey).shape() == cr::Shape{1, 1, 3});
  CHECK(cr::transforms::ToTensor{}(grey).to_vector() == std::vector<float>{0, 1, 51 / 255.0f});
  const auto colour = cr::tensor<std::uint8_t>({{{0, 51, 102}, {153, 204, 255}}});  // (1, 2, 3)
  const auto x = cr::transforms::ToTensor{}(colour);
  CHECK(x.shape() == cr::Shape{3, 1, 2});
  CHECK(x.to_vector() == std::vector<float>{0, 153 / 255.0f, 51 / 255.0f, 204 / 255.0f, 102 / 255.0f, 1});
  CHECK_THROWS_WITH(cr::transforms::ToTensor{}(cr::tensor<std::uint8_t>({1, 2})),
                    Contains("expects an image of shape (H, W) or (H, W, C), got (2,)"));
}

TEST_CASE("Normalize works by channel", "[data][transforms]") {
  const auto x = cr::tensor({{{1, 2}}, {{3, 4}}});  // (2, 1, 2)
  CHECK(cr::transforms::Normalize{{1, 2}, {2, 4}}(x).to_vector() == std::vector<float>{0, 0.5f, 0.25f, 0.5f});
  CHECK(cr::transforms::Normalize{{1}, {2}}(x).to_vector() == std::vector<float>{0, 0.5f, 1, 1.5f});
  CHECK_THROWS_WITH((cr::transforms::Normalize{{1, 2, 3}, {1, 1, 1}}(x)),
                    Contains("3 means and 3 stds for images of 2 channels"));
  CHECK_THROWS_WITH((cr::transforms::Normalize{{1}, {0}}(x)), Contains("std must not be 0"));
  CHECK_THROWS_WITH((cr::transforms::Normalize{{1}, {1}}(cr::zeros({4}))), Contains("(C, H, W), got (4,)"));
}

TEST_CASE("ByteImages: whole batches equal single samples, bit for bit", "[data][transforms]") {
  cr::Generator generator(3);
  const auto images = cr::randint<std::uint8_t>(256, {7, 2, 5, 4}, {.generator = &generator});  // planar, 2 channels
  const auto labels = cr::arange(7);
  const cr::transforms::Compose both{cr::transforms::ToTensor{},
                                     cr::transforms::Normalize{{0.1307f, 0.3f}, {0.3081f, 0.7f}}};
  data::ByteImages set(images, labels, both);
  STATIC_REQUIRE(data::HasGetBatch<decltype(set)>);
  const std::int64_t rows[] = {6, 0, 3};
  const auto batch = set.get_batch(rows);
  CHECK(batch.data.shape() == cr::Shape{3, 2, 5, 4});
  CHECK(batch.target.to_vector() == std::vector<std::int64_t>{6, 0, 3});
  for (std::int64_t k = 0; k < 3; ++k) {
    auto [x, y] = set.get(rows[k]);
    CHECK(y == rows[k]);
    CHECK(x.shape() == cr::Shape{2, 5, 4});
    CHECK(x.to_vector() == batch.data[k].to_vector());
  }
  CHECK(batch.data.at({1, 1, 2, 3}) == (static_cast<float>(images.at({0, 1, 2, 3})) / 255.0f - 0.3f) / 0.7f);
  // another transform in the chain: no table, the same samples
  data::ByteImages slow(images, labels, cr::transforms::Compose{both, [](const Tensor<>& x) { return x; }});
  STATIC_REQUIRE_FALSE(data::HasGetBatch<decltype(slow)>);
  CHECK(slow.get(6).first.to_vector() == batch.data[0].to_vector());
  CHECK_THROWS_WITH(data::ByteImages(images, labels,
                                     cr::transforms::Compose{cr::transforms::ToTensor{},
                                                             cr::transforms::Normalize{{0, 0, 0}, {1, 1, 1}}}),
                    Contains("for images of 2 channels"));
  CHECK_THROWS_WITH(data::ByteImages(images, cr::arange(6)), Contains("7 images need labels of shape (7,), got (6,)"));
  CHECK_THROWS_WITH(data::ByteImages(images, labels, cr::transforms::ToTensor{}, {"a", "b", "c"}),
                    Contains("label 3 of sample 3 is no class: there are 3"));
  CHECK_THROWS_WITH(set.get(7), Contains("sample 7"));
}

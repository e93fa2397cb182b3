// torchvision's and PyTorch's names around data and files: MNIST(root, train), data::transforms, data sets with
// operator[], save(tensor).

#include <chainrule/data.hpp>
#include <chainrule/io.hpp>
#include <filesystem>
#include "support/catch.hpp"
#include "support/message_of.hpp"
#include "support/scratch_dir.hpp"

namespace cr = chainrule;
namespace data = chainrule::data;
using chainrule_test::Contains;
using chainrule_test::message_of;
using Bytes = std::vector<std::uint8_t>;

namespace {

/// Only operator[] and size(), as in Python's __getitem__ and __len__.
struct Squares {
  std::size_t size() const { return 5; }
  std::pair<cr::Tensor<>, std::int64_t> operator[](std::size_t i) const {
    const auto x = static_cast<float>(i);
    return {cr::tensor({x, x * x}), static_cast<std::int64_t>(i % 2)};
  }
};

}  // namespace

TEST_CASE("MNIST and FashionMNIST take train = true or false", "[habits][data]") {
  chainrule_test::ScratchDir dir;
  dir.write("train-images-idx3-ubyte", Bytes{0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 51});
  dir.write("train-labels-idx1-ubyte", Bytes{0, 0, 8, 1, 0, 0, 0, 1, 3});
  dir.write("t10k-images-idx3-ubyte", Bytes{0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 255});
  dir.write("t10k-labels-idx1-ubyte", Bytes{0, 0, 8, 1, 0, 0, 0, 1, 4});
  namespace transforms = data::transforms;
  data::MNIST train(dir.path(), true), by_name(dir.path(), data::Split::train);
  const transforms::Compose centred(transforms::ToTensor{}, transforms::Normalize{{0.5f}, {0.5f}});
  data::FashionMNIST test(dir.path(), false, centred);
  CHECK(train[0].second == 3);
  CHECK(train[0].first.item() == 0.2f);
  CHECK(by_name[0].second == 3);
  CHECK(test[0].second == 4);
  CHECK(test[0].first.item() == 1);
  CHECK(cr::transforms::ToTensor{}(train.images()[0]).item() == 0.2f);  // the shorter name
}

TEST_CASE("operator[] and size() make a data set", "[habits][data]") {
  static_assert(data::Dataset<Squares>);
  Squares squares;
  std::vector<std::vector<float>> xs;
  for (auto& [x, y] : data::DataLoader(squares, {.batch_size = 2, .drop_last = true})) xs.push_back(x.to_vector());
  CHECK(xs == std::vector<std::vector<float>>{{0, 0, 1, 1}, {2, 4, 3, 9}});
  data::Subset last(squares, {4});
  CHECK(last.get(0).first.to_vector() == std::vector<float>{4, 16});
  auto [few, rest] = data::random_split(squares, {2, 3});
  CHECK(few.size() + rest.size() == 5);
  CHECK(data::ConcatDataset(squares, squares).get(6).second == 1);
}

TEST_CASE("a vector of samples is a data set", "[habits][data]") {
  std::vector<std::pair<cr::Tensor<>, int>> samples{{cr::tensor({1, 2}), 0}, {cr::tensor({3, 4}), 1}};
  for (auto& [x, y] : data::DataLoader(samples, {.batch_size = 2})) {
    CHECK(x.to_vector() == std::vector<float>{1, 2, 3, 4});
    CHECK(y.to_vector() == std::vector<std::int64_t>{0, 1});
  }
}

TEST_CASE("save(tensor, path), load_tensor(path) and load<T>(path)", "[habits][io]") {
  chainrule_test::ScratchDir dir;
  const std::string path = dir.path("x.safetensors");
  cr::save(cr::tensor({{1, 2}, {3, 4}}), path);
  CHECK(cr::load_tensor(path).shape() == cr::Shape{2, 2});
  CHECK(cr::load_tensor(path).to_vector() == std::vector<float>{1, 2, 3, 4});
  CHECK(cr::load(path)["tensor"].to_vector() == std::vector<float>{1, 2, 3, 4});
  cr::save(cr::nn::Parameter(cr::ones({3})), path);
  CHECK(cr::load<float>(path).to_vector() == std::vector<float>{1, 1, 1});
  cr::save(cr::arange(3), path);
  CHECK(cr::load_tensor<std::int64_t>(path).to_vector() == std::vector<std::int64_t>{0, 1, 2});
  CHECK_THAT(message_of([&] { cr::load_tensor(path); }), Contains("get<std::int64_t>(\"tensor\") gives it"));
  cr::save(cr::nn::Linear(2, 2).state_dict(), path);
  CHECK_THAT(message_of([&] { cr::load_tensor(path); }), Contains("holds 2 tensors"));
}

namespace {
struct Counting {
  std::int64_t size() const { return 5; }
  std::pair<cr::Tensor<>, std::int64_t> operator[](std::int64_t i) const { return {cr::ones({2}) * float(i), i}; }
};
}  // namespace

TEST_CASE("DataLoader(set, batch_size, shuffle) by position", "[habits][data]") {
  Counting set;
  cr::data::DataLoader loader(set, 2, true), in_order(set, 2);
  CHECK(loader.size() == 3);
  CHECK(loader.options().shuffle);
  for (auto& [x, labels] : in_order) {
    CHECK(labels.to_vector() == std::vector<std::int64_t>{0, 1});
    break;
  }
}

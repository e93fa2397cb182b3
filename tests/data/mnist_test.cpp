// MNIST: the real files where they are, small ones made here, and the drawn digits in the same form.

#include <chainrule/data.hpp>
#include <filesystem>
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/scratch_dir.hpp"

namespace cr = chainrule;
namespace data = chainrule::data;
using chainrule_test::Contains;
using Bytes = std::vector<std::uint8_t>;
using Normalized = cr::transforms::Compose<cr::transforms::ToTensor, cr::transforms::Normalize>;

namespace {

const Normalized to_normal{cr::transforms::ToTensor{}, cr::transforms::Normalize{{0.1307f}, {0.3081f}}};
const Bytes two_images{0, 0, 8, 3, 0, 0,  0,   2,   0,   0,   0, 2,
                       0, 0, 0, 2, 0, 51, 102, 153, 204, 255, 0, 255};  // 2 images of 2x2
const Bytes two_labels{0, 0, 8, 1, 0, 0, 0, 2, 9, 4};

}  // namespace

TEST_CASE("MNIST has 60,000 and 10,000 images", "[data][mnist]") {
  const std::string root = chainrule_test::data_dir() + "/mnist";
  if (!chainrule_test::present(root)) return;
  data::MNIST train(root, data::Split::train, to_normal), test(root, data::Split::test, to_normal);
  CHECK(train.size() == 60000);
  CHECK(test.size() == 10000);
  CHECK(train.images().shape() == cr::Shape{60000, 28, 28});
  const auto first = train.labels().slice(0, 0, 10).to_vector();
  CHECK(first == std::vector<std::int64_t>{5, 0, 4, 1, 9, 2, 1, 3, 1, 4});
  CHECK(test.get(0).second == 7);
  double sum = 0, square = 0;
  for (auto& [x, y] : data::DataLoader(train, {.batch_size = 1000, .num_workers = 1})) {
    REQUIRE(x.shape() == cr::Shape{1000, 1, 28, 28});
    REQUIRE(y.shape() == cr::Shape{1000});
    const float* p = x.data();
    for (std::int64_t i = 0; i < x.numel(); ++i)
      sum += static_cast<double>(p[i]), square += static_cast<double>(p[i]) * static_cast<double>(p[i]);
  }
  CHECK(sum / (60000.0 * 784) == Approx(0).margin(2e-4));  // the mean and standard deviation given have 4 digits
  CHECK(square / (60000.0 * 784) == Approx(1).margin(1e-3));
}

TEST_CASE("the four files are found where torchvision puts them, too", "[data][mnist]") {
  for (const char* folder : {"", "MNIST/raw/"}) {
    chainrule_test::ScratchDir dir;
    std::filesystem::create_directories(dir.path(folder));
    dir.write(std::string(folder) + "t10k-images-idx3-ubyte", two_images);
    dir.write(std::string(folder) + "t10k-labels-idx1-ubyte", two_labels);
    data::MNIST set(dir.path(), data::Split::test);
    CHECK(set.size() == 2);
    auto [x, y] = set.get(1);
    CHECK(y == 4);
    CHECK(x.shape() == cr::Shape{1, 2, 2});
    CHECK(x.to_vector() == std::vector<float>{0.8f, 1, 0, 1});
    CHECK_THROWS_WITH(data::MNIST(dir.path(), data::Split::train),
                      Contains("neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz is in"));
  }
}

TEST_CASE("damaged MNIST files are refused", "[data][mnist]") {
  chainrule_test::ScratchDir dir;
  dir.write("t10k-images-idx3-ubyte", two_images);
  dir.write("t10k-labels-idx1-ubyte", Bytes{0, 0, 8, 1, 0, 0, 0, 2, 9, 10});
  CHECK_THROWS_WITH(data::MNIST(dir.path(), data::Split::test),
                    Contains("label 10 of row 1 (offset 9) is not in 0..9"));
  dir.write("t10k-labels-idx1-ubyte", Bytes{0, 0, 8, 1, 0, 0, 0, 1, 9});
  CHECK_THROWS_WITH(data::MNIST(dir.path(), data::Split::test),
                    Contains("holds 2 images, but") && Contains("1 labels"));
  dir.write("t10k-labels-idx1-ubyte", two_images);
  CHECK_THROWS_WITH(data::MNIST(dir.path(), data::Split::test), Contains("labels have 1"));
  dir.write("t10k-images-idx3-ubyte", Bytes(two_images.begin(), two_images.end() - 1));
  CHECK_THROWS_WITH(data::MNIST(dir.path(), data::Split::test), Contains("truncated"));
}

TEST_CASE("Fashion-MNIST has names for its classes", "[data][mnist]") {
  chainrule_test::ScratchDir dir;
  dir.write("train-images-idx3-ubyte", two_images);
  dir.write("train-labels-idx1-ubyte", two_labels);
  data::FashionMNIST set(dir.path());
  CHECK(set.classes()[static_cast<std::size_t>(set.get(0).second)] == "Ankle boot");
}

TEST_CASE("drawn digits look like MNIST to a program", "[data][mnist]") {
  data::DrawnDigits set(40, 3, to_normal);
  CHECK(set.size() == 40);
  CHECK(set.images().shape() == cr::Shape{40, 28, 28});
  int seen = 0;
  for (auto& [x, y] : data::DataLoader(set, {.batch_size = 10})) {
    CHECK(x.shape() == cr::Shape{10, 1, 28, 28});
    auto labels = y.to_vector();
    std::sort(labels.begin(), labels.end());
    CHECK(labels == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    ++seen;
  }
  CHECK(seen == 4);
  CHECK(data::DrawnDigits(40, 4).images().to_vector() != set.images().to_vector());
}

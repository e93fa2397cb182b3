// DataLoader: batches, order, workers, errors.

#include <chainrule/data.hpp>
#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>
#include "support/catch.hpp"

namespace cr = chainrule;
namespace data = chainrule::data;
using chainrule_test::Contains;
using cr::Tensor;

namespace {

struct Numbers {  // sample i is (i, [i, i]); one of them fails
  std::int64_t n = 10, fails = -1;
  std::int64_t size() const { return n; }
  std::pair<Tensor<>, int> get(std::int64_t i) const {
    if (i == fails) throw std::runtime_error("no such file");
    return {cr::full({2}, i), static_cast<int>(i)};
  }
};

/// All labels of an epoch, batch by batch.
template <class L> std::vector<std::vector<std::int64_t>> labels_of(L&& loader) {
  std::vector<std::vector<std::int64_t>> all;
  for (auto& [x, y] : loader) {
    all.push_back(y.to_vector());
    for (std::int64_t i = 0; i < y.numel(); ++i) CHECK(x.at({i, 1}) == static_cast<float>(y.at({i})));
  }
  return all;
}

struct Record {  // a struct as a sample
  Tensor<> x;
  std::int64_t id;
  float weight;
};
struct Records {
  std::size_t size() const { return 3; }
  Record get(std::int64_t i) { return {cr::full({2}, i), i, 0.5f}; }
};

struct Dice {  // random samples
  int size() const { return 40; }
  Tensor<> get(std::int64_t, cr::Generator& g) const { return cr::randn({3}, {.generator = &g}); }
};

}  // namespace

TEST_CASE("batches in order, the last one smaller or left out", "[data][loader]") {
  const std::vector<std::vector<std::int64_t>> all{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}};
  for (int workers : {0, 1, 3}) {
    CHECK(labels_of(data::DataLoader(Numbers{}, {.batch_size = 4, .num_workers = workers})) == all);
    data::DataLoader whole(Numbers{}, {.batch_size = 4, .num_workers = workers, .drop_last = true});
    CHECK(whole.size() == 2);
    CHECK(labels_of(whole) == std::vector(all.begin(), all.begin() + 2));
  }
  CHECK(data::DataLoader(Numbers{}, {.batch_size = 4}).size() == 3);
  CHECK(data::DataLoader(Numbers{}).size() == 10);
}

TEST_CASE("shuffled: every sample once, another order each epoch, the same for any number of workers",
          "[data][loader]") {
  auto two_epochs = [](int workers) {
    Numbers set{100};
    data::DataLoader loader(set, {.batch_size = 7, .shuffle = true, .num_workers = workers, .seed = 5});
    auto first = labels_of(loader), second = labels_of(loader);
    return std::pair(first, second);
  };
  const auto [first, second] = two_epochs(0);
  CHECK(first != second);
  std::vector<std::int64_t> all;
  for (auto& b : first) all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() == 100);
  for (std::int64_t i = 0; i < 100; ++i) CHECK(all[static_cast<std::size_t>(i)] == i);
  for (int workers : {1, 2, 4}) CHECK(two_epochs(workers) == std::pair(first, second));
}

TEST_CASE("the order comes from the generator given, else from the default one", "[data][loader]") {
  cr::Generator generator(9);
  const auto first =
      labels_of(data::DataLoader(Numbers{}, {.batch_size = 10, .shuffle = true, .generator = &generator}));
  CHECK(first != labels_of(data::DataLoader(Numbers{}, {.batch_size = 10, .shuffle = true, .generator = &generator})));
  CHECK(first == labels_of(data::DataLoader(Numbers{}, {.batch_size = 10, .shuffle = true, .seed = 9})));
  cr::manual_seed(9);
  CHECK(first == labels_of(data::DataLoader(Numbers{}, {.batch_size = 10, .shuffle = true})));
  cr::manual_seed(0);
}

TEST_CASE("random samples depend on the epoch and their number alone", "[data][loader]") {
  auto epoch = [](int workers, std::int64_t batch, std::uint64_t seed) {
    std::vector<float> all;
    for (auto& x : data::DataLoader(Dice{}, {.batch_size = batch, .num_workers = workers, .seed = seed}))
      for (float v : x.to_vector()) all.push_back(v);
    return all;
  };
  const auto first = epoch(0, 4, 1);
  CHECK(first.size() == 120);
  CHECK(first[0] != first[3]);
  CHECK(first == epoch(3, 4, 1));
  CHECK(first == epoch(2, 7, 1));
  CHECK(first != epoch(0, 4, 2));
}

TEST_CASE("structs, tuples, numbers and tensors become batches", "[data][loader]") {
  for (auto& [x, id, weight] : data::DataLoader(Records{}, {.batch_size = 3})) {
    CHECK(x.shape() == cr::Shape{3, 2});
    CHECK(id.to_vector() == std::vector<std::int64_t>{0, 1, 2});
    CHECK(weight.to_vector() == std::vector<float>{0.5f, 0.5f, 0.5f});
  }
  struct Plain {
    std::int64_t size() const { return 2; }
    double get(std::int64_t i) const { return 0.25 * static_cast<double>(i); }
  };
  for (auto& x : data::DataLoader(Plain{}, {.batch_size = 2})) CHECK(x.to_vector() == std::vector<double>{0, 0.25});
  struct Words {
    std::int64_t size() const { return 2; }
    std::tuple<std::string, bool, Tensor<std::uint8_t>> get(std::int64_t i) const {
      return {std::string(i ? "b" : "a"), i == 1, cr::tensor<std::uint8_t>({1, 2})};
    }
  };
  for (auto& [word, flag, bytes] : data::DataLoader(Words{}, {.batch_size = 2})) {
    CHECK(word == std::vector<std::string>{"a", "b"});
    CHECK(flag.to_vector() == std::vector<std::int64_t>{0, 1});
    CHECK(bytes.shape() == cr::Shape{2, 2});
  }
}

TEST_CASE("a collate function of one's own", "[data][loader]") {
  auto sum = [](const std::vector<std::pair<Tensor<>, int>>& samples, std::span<const std::int64_t> indices) {
    int total = 0;
    for (auto& s : samples) total += s.second;
    return std::pair(total, indices.size());
  };
  std::vector<int> totals;
  for (auto& [total, count] : data::DataLoader(Numbers{}, {.batch_size = 5, .num_workers = 2}, sum)) {
    totals.push_back(total);
    CHECK(count == 5);
  }
  CHECK(totals == std::vector<int>{10, 35});
}

TEST_CASE("an exception in get leaves the loop at its batch, with the number of the sample", "[data][loader]") {
  for (int workers : {0, 2}) {
    int batches = 0;
    auto run = [&] {
      for (auto& b : data::DataLoader(Numbers{.fails = 7}, {.batch_size = 2, .num_workers = workers}))
        batches += b.data.defined();
    };
    CHECK_THROWS_WITH(run(), Contains("DataLoader: sample 7: no such file"));
    CHECK(batches == 3);
  }
}

TEST_CASE("samples of different shapes are named", "[data][loader]") {
  struct Ragged {
    std::int64_t size() const { return 4; }
    Tensor<> get(std::int64_t i) const { return cr::zeros({i == 3 ? 5 : 2}); }
  };
  auto run = [] {
    for (auto& b : data::DataLoader(Ragged{}, {.batch_size = 4})) CHECK(b.defined());
  };
  CHECK_THROWS_WITH(run(), Contains("sample 3 has shape (5,), sample 0 of the same batch has (2,)"));
}

TEST_CASE("a loop may be left early, and two may run at once", "[data][loader]") {
  Numbers set{1000};
  data::DataLoader loader(set, {.batch_size = 2, .num_workers = 2});
  for (int i = 0; i < 20; ++i)
    for (auto& [x, y] : loader) {
      CHECK(y.at({0}) == 0);
      break;
    }
  int seen = 0;
  auto a = loader.begin(), b = loader.begin();
  for (; a != loader.end(); ++a, ++b) seen += a->target.to_vector() == b->target.to_vector();
  CHECK(seen == 500);
}

TEST_CASE("workers stay within their prefetch of the loop", "[data][loader]") {
  static std::atomic<int> made;
  made = 0;
  struct Counting {
    std::int64_t size() const { return 100; }
    std::int64_t get(std::int64_t i) const { return ++made, i; }
  };
  int taken = 0;
  for (auto& b : data::DataLoader(Counting{}, {.num_workers = 2, .prefetch_factor = 3})) {
    CHECK(b.item() == taken);
    ++taken;
    std::this_thread::yield();
    CHECK(made <= taken + 6);
  }
  CHECK(made == 100);
}

TEST_CASE("the steady state of a loader takes all memory from the pool", "[data][loader]") {
  data::TensorDataset set(cr::zeros({64, 1000}), cr::arange(64));
  data::DataLoader loader(set, {.batch_size = 16});
  auto epoch = [&] {
    for (auto& [x, y] : loader) CHECK(x.size(0) == 16);
  };
  epoch();
  const auto before = cr::memory_stats().system_allocations;
  epoch();
  CHECK(cr::memory_stats().system_allocations == before);
}

TEST_CASE("bad options of a loader are refused", "[data][loader]") {
  CHECK_THROWS_WITH(data::DataLoader(Numbers{}, {.batch_size = 0}), Contains("batch_size must be above 0, got 0"));
  CHECK_THROWS_WITH(data::DataLoader(Numbers{0}), Contains("the data set is empty"));
  CHECK_THROWS_WITH(data::DataLoader(Numbers{}, {.num_workers = -1}),
                    Contains("num_workers must not be negative, got -1"));
  CHECK_THROWS_WITH(data::DataLoader(Numbers{}, {.batch_size = 11, .drop_last = true}),
                    Contains("drop_last leaves nothing of 10 samples in batches of 11"));
  cr::Generator generator;
  CHECK_THROWS_WITH(data::DataLoader(Numbers{}, {.generator = &generator, .seed = 1}),
                    Contains("a generator or a seed, not both"));
}

TEST_CASE("a loader's sizes at the ends of their ranges", "[data][loader]") {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr int most_int = std::numeric_limits<int>::max();
  const std::vector<std::vector<std::int64_t>> all{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}};
  for (int workers : {0, 2}) {
    data::DataLoader loader(Numbers{}, {.batch_size = most, .num_workers = workers});
    CHECK(loader.size() == 1);
    CHECK(labels_of(loader) == all);
    CHECK(labels_of(data::DataLoader(
              Numbers{}, {.batch_size = most - 1, .num_workers = workers, .prefetch_factor = most_int})) == all);
  }
  CHECK(labels_of(data::DataLoader(Numbers{}, {.batch_size = 5, .num_workers = most_int, .prefetch_factor = most_int}))
            .size() == 2);
  CHECK_THROWS_WITH(data::DataLoader(Numbers{}, {.batch_size = std::numeric_limits<std::int64_t>::min()}),
                    Contains("batch_size must be above 0"));
  CHECK_THROWS_WITH(data::DataLoader(Numbers{}, {.batch_size = most, .drop_last = true}),
                    Contains("drop_last leaves nothing"));
  data::DataLoader endless(Numbers{std::int64_t{1} << 50}, {.batch_size = 4});
  CHECK_THROWS_WITH(endless.begin(), Contains("DataLoader: shape (1125899906842624,) of int64 asks for 8 PiB"));
}

// Whether data keeps up with training: how many images a second an epoch of digits gives by itself, and what an epoch
// of BetterNet costs through the loader compared with as many steps on one batch in memory.
//     loader [threads]

#include <chainrule/chainrule.hpp>
#include <chainrule/models/better_net.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>

namespace cr = chainrule;

namespace {

template <class F> double seconds(const F& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  cr::set_num_threads(argc > 1 ? std::atoi(argv[1]) : 1);
  cr::manual_seed(0);
  const cr::transforms::Compose normalised{cr::transforms::ToTensor{}, cr::transforms::Normalize{{0.1307f}, {0.3081f}}};
  const cr::data::DrawnDigits digits(60000, 1, normalised);
  constexpr std::int64_t batch = 64;
  cr::data::DataLoader loader(digits, {.batch_size = batch, .shuffle = true, .drop_last = true});

  std::vector<double> alone, through, memory;
  for (int round = 0; round < 5; ++round) {
    float sum = 0;
    alone.push_back(seconds([&] {
      for (auto& [images, labels] : loader) sum += images.data()[0] + static_cast<float>(labels.data()[0]);
    }));
    if (sum == 0.5f) std::printf("-\n");  // the batches are used
  }
  std::printf("iteration %.2f million images/s\n", static_cast<double>(loader.size() * batch) / median(alone) / 1e6);

  cr::models::BetterNet net;
  cr::optim::Adam optimizer(net.parameters(), {.lr = 1e-3});
  auto step = [&](const cr::Tensor<>& images, const cr::Tensor<std::int64_t>& labels) {
    optimizer.zero_grad();
    auto loss = cr::cross_entropy(net(images), labels);
    loss.backward();
    optimizer.step();
  };
  auto x = cr::randn({batch, 1, 28, 28});
  auto y = cr::randint(0, 10, {batch});
  for (int round = 0; round < 5; ++round) {
    through.push_back(seconds([&] {
      for (auto& [images, labels] : loader) step(images, labels);
    }));
    memory.push_back(seconds([&] {
      for (std::int64_t i = 0; i < loader.size(); ++i) step(x, y);
    }));
  }
  std::printf("epoch through the loader %.3f s, the same steps on one batch %.3f s, ratio %.3f\n", median(through),
              median(memory), median(through) / median(memory));
}

// How many augmented CIFAR-10 images a second a DataLoader gives: RandomCrop(32, 4), RandomHorizontalFlip, ToTensor,
// Normalize, batches of 128, with 0 and 2 workers. augment.py is the same with torchvision.
//     augment FOLDER        the folder of data_batch_1.bin ...; without one: 50,000 random images

#include <chainrule/chainrule.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>

namespace cr = chainrule;
namespace transforms = cr::transforms;

namespace {

template <class Set> void measure(const Set& set, int workers) {
  cr::data::DataLoader loader(set, {.batch_size = 128, .shuffle = true, .num_workers = workers, .seed = 0});
  std::vector<double> rates;
  for (int epoch = 0; epoch < 5; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    float sum = 0;
    for (auto& [images, labels] : loader) sum += images.data()[0];
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    rates.push_back(static_cast<double>(set.size()) / seconds.count());
    if (sum == 0.5f) std::printf("-\n");  // the batches are used
  }
  std::sort(rates.begin(), rates.end());
  std::printf("%d workers: %.0f images/s (median of %zu epochs, %.0f to %.0f)\n", workers, rates[rates.size() / 2],
              rates.size(), rates.front(), rates.back());
}

}  // namespace

int main(int argc, char** argv) {
  cr::set_num_threads(1);
  const transforms::Compose augment{transforms::RandomCrop(32, 4), transforms::RandomHorizontalFlip(),
                                    transforms::ToTensor{},
                                    transforms::Normalize{{0.4914f, 0.4822f, 0.4465f}, {0.2470f, 0.2435f, 0.2616f}}};
  const auto measure_all = [](const auto& set) {
    for (int workers : {0, 2}) measure(set, workers);
  };
  if (argc > 1) measure_all(cr::data::CIFAR10(argv[1], true, augment));
  else
    measure_all(
        cr::data::ByteImages(cr::randint<std::uint8_t>(256, {50000, 3, 32, 32}), cr::randint(0, 10, {50000}), augment));
}

// The same seed gives the same weights, bit for bit, whatever the number of threads and of loader workers.

#include <chainrule/data.hpp>
#include "support/catch.hpp"

namespace cr = chainrule;
namespace nn = chainrule::nn;
namespace data = chainrule::data;

namespace {

struct Net : nn::Module<Net> {
  nn::Linear fc1{784, 64}, fc2{64, 10};
  cr::Tensor<> forward(cr::Tensor<> x) { return fc2(cr::relu(fc1(cr::flatten(x, 1)))); }
};

struct Trained {
  std::vector<float> weights;
  double first_loss = 0, last_loss = 0;
};

Trained train(int threads, int workers, std::uint64_t seed) {
  const int before = cr::get_num_threads();
  cr::set_num_threads(threads);
  cr::manual_seed(seed);
  data::DrawnDigits set(
      600, 1, cr::transforms::Compose{cr::transforms::ToTensor{}, cr::transforms::Normalize{{0.13f}, {0.31f}}});
  Net net;
  cr::optim::Adam optimizer(net.parameters(), {.lr = 2e-3});
  Trained result;
  for (int epoch = 0; epoch < 2; ++epoch)
    for (auto& [images, labels] : data::DataLoader(set, {.batch_size = 64, .shuffle = true, .num_workers = workers})) {
      optimizer.zero_grad();
      auto loss = cr::cross_entropy(net(images), labels);
      loss.backward();
      optimizer.step();
      result.last_loss = static_cast<double>(loss.item());
      if (result.first_loss == 0) result.first_loss = result.last_loss;
    }
  for (auto& p : net.parameters())
    for (float v : p.to_vector()) result.weights.push_back(v);
  cr::set_num_threads(before);
  cr::manual_seed(0);
  return result;
}

}  // namespace

TEST_CASE("training is bitwise the same for any number of threads and workers", "[train][reproducible]") {
  const auto plain = train(1, 0, 3);
  CHECK(plain.first_loss == Approx(std::log(10.0)).margin(0.4));
  CHECK(plain.last_loss < 0.6 * plain.first_loss);
  for (int threads : {1, 2, 3})
    for (int workers : {0, 2}) {
      INFO(threads << " threads, " << workers << " workers");
      CHECK(train(threads, workers, 3).weights == plain.weights);
    }
  CHECK(train(1, 0, 4).weights != plain.weights);
}

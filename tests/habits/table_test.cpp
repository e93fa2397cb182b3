// The right column of the table in docs/coming-from-pytorch.md, row by row. (Indexing, modules and training are quoted
// from examples/coming_from_pytorch.cpp, and are not repeated here.)

#include "support/catch.hpp"
#include "support/scratch_dir.hpp"
#include <chainrule/chainrule.hpp>

namespace cr = chainrule;
namespace nn = chainrule::nn;
namespace data = chainrule::data;
namespace optim = chainrule::optim;
using Values = std::vector<float>;

TEST_CASE("table: making and converting tensors", "[habits][table]") {
  CHECK(cr::tensor({{1, 2}, {3, 4}}).dtype() == cr::DType::float32);
  CHECK(cr::tensor<std::int64_t>({1, 2}).dtype() == cr::DType::int64);
  CHECK(cr::zeros({2, 3}).shape() == cr::zeros(2, 3).shape());
  CHECK(cr::randn({2, 3}).numel() == 6);
  CHECK(cr::ones({3}, {.requires_grad = true}).requires_grad());
  CHECK(cr::arange(5).dtype() == cr::DType::int64);
  CHECK(cr::arange(0., 1., 0.1).dtype() == cr::DType::float32);
  auto x = cr::tensor({{1, 2}, {3, 4}});
  CHECK(x.T().shape() == x.shape());
  CHECK_FALSE(x.grad().defined());
  CHECK(x.to<std::int64_t>().to<float>().to("cpu").to(cr::Device("cpu")).equal(x));
  CHECK(x.to_vector() == Values{1, 2, 3, 4});
  CHECK(x.sum().item<double>() == 10);
  float memory[6] = {};
  CHECK(cr::from_blob(memory, {2, 3}).numel() == 6);
  CHECK(cr::tensor(Values{1, 2}).numel() == 2);
}

TEST_CASE("table: operators and methods", "[habits][table]") {
  auto x = cr::tensor({1, 2, 3});
  CHECK(cr::matmul(x, x).item() == 14);
  CHECK(x.pow(2).equal(x.square()));
  CHECK(cr::floor_divide(x, 2).to_vector() == Values{0, 1, 1});
  CHECK((x % 2).to_vector() == Values{1, 0, 1});
  auto a = x > 1, b = x > 2;
  CHECK(a.logical_and(b).equal(b));
  CHECK(a.logical_or(b).equal(a));
  CHECK(a.logical_not().to_vector()[0]);
  auto [values, indices] = cr::tensor({{1, 5, 2}}).max(1);
  CHECK(values.item() == 5);
  CHECK(indices.item() == 1);
  x.add_(cr::ones({3}), {.alpha = -1});
  CHECK(x.to_vector() == Values{0, 1, 2});
  auto w = cr::ones({2}, {.requires_grad = true});
  auto loss = (w * w).sum();
  loss.backward({.retain_graph = true});
  loss.backward();
  CHECK(w.grad().to_vector() == Values{4, 4});
}

TEST_CASE("table: layers, optimizers, files", "[habits][table]") {
  CHECK_FALSE(nn::Linear(2, 3, false).bias.defined());
  CHECK_FALSE(nn::Linear(2, 3, {.bias = false}).bias.defined());
  CHECK(nn::Conv2d(3, 16, 3, {.padding = "same"})(cr::ones({1, 3, 8, 8})).shape() == cr::Shape{1, 16, 8, 8});
  nn::Sequential net(nn::Linear(2, 3), nn::ReLU());
  CHECK(cr::cross_entropy(cr::zeros({1, 4}), cr::tensor<std::int64_t>({0})).item() == Approx(std::log(4.0)));
  optim::Adam optimizer(net.parameters(), 1e-3);
  CHECK(optim::Adam(net.parameters(), {.lr = 1e-3}).lr(0) == optimizer.lr(0));
  optimizer.set_lr(0, 0.1);
  CHECK(optimizer.lr(0) == 0.1);
  optim::StepLR scheduler(optimizer, 20, 0.5);
  optim::Optimizer& any = optimizer;
  any.zero_grad();
  chainrule_test::ScratchDir dir;
  cr::save(net.state_dict(), dir.path("net.safetensors"));
  net.load_state_dict(cr::load(dir.path("net.safetensors")));
  CHECK(net.state_dict()["0.weight"].shape() == cr::Shape{3, 2});
  data::TensorDataset set(cr::zeros({4, 2}), cr::zeros<std::int64_t>({4}));
  data::DataLoader loader(set, {.batch_size = 2, .shuffle = true, .num_workers = 2});
  int batches = 0;
  for (auto& [x, y] : loader) batches += x.size(0) == 2 && y.size(0) == 2;
  CHECK(batches == 2);
}

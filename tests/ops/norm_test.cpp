// batch_norm and layer_norm: values by hand, running statistics, gradients by differences, errors.

#include "support/catch.hpp"
#include <chainrule/api.hpp>
#include <cmath>

namespace cr = chainrule;
using cr::Shape;
using Batch = cr::Tensor<double>;

namespace {

Batch random(const Shape& shape, std::uint64_t seed) {
  cr::Generator g(seed);
  return cr::randn<double>(shape, {.requires_grad = true, .generator = &g});
}
template <class F> std::string message_of(const F& f) {
  try {
    f();
  } catch (const cr::Error& e) { return e.message(); }
  return "no error";
}
void check_standard(const Batch& y, const cr::Dims& dims) {  // mean 0 and variance 1 over these dimensions
  const double count = static_cast<double>(y.numel()) / static_cast<double>(y.sum(dims).numel());
  for (double s : y.sum(dims).to_vector()) CHECK(s / count == Approx(0).margin(1e-12));
  for (double s : (y * y).sum(dims).to_vector()) CHECK(s / count == Approx(1).epsilon(1e-4));
}

}  // namespace

TEST_CASE("batch_norm gives every channel mean 0 and variance 1", "[ops][norm]") {
  cr::no_grad guard;
  check_standard(cr::batch_norm(random({50, 130}, 1) * 3 + 7, {}, {}, {}, {}, true), 0);
  check_standard(cr::batch_norm(random({4, 3, 5}, 2) * 3 + 7, {}, {}, {}, {}, true), {0, 2});
  check_standard(cr::batch_norm(random({4, 3, 70, 70}, 3) * 3 + 7, {}, {}, {}, {}, true),
                 {0, 2, 3});  // a plane of more than one block
}

TEST_CASE("batch_norm keeps its precision far from zero", "[ops][norm]") {
  cr::Generator g(1);
  auto x = cr::randn({64, 2, 8, 8}, {.generator = &g}) + 10000.0;
  auto y = cr::batch_norm(x, {}, {}, {}, {}, true).to<double>(),
       exact = cr::batch_norm(x.to<double>(), {}, {}, {}, {}, true);
  auto a = y.to_vector(), b = exact.to_vector();
  for (std::size_t i = 0; i < a.size(); i += 17)
    CHECK(a[i] == Approx(b[i]).margin(2e-3));  // the mean itself is rounded to 1/1024
  auto z = y * y;
  CHECK(z.sum().item() / static_cast<double>(z.numel()) == Approx(1).epsilon(1e-4));
}

TEST_CASE("batch_norm moves the running statistics, with the unbiased variance, and evaluation uses them",
          "[ops][norm]") {
  auto x = cr::tensor<double>({{1, 10}, {3, 30}});
  auto mean = cr::zeros<double>({2}), var = cr::ones<double>({2});
  auto version = mean.version();
  cr::batch_norm(x, mean, var, {}, {}, true, 0.5);
  CHECK(mean.to_vector() == std::vector<double>{1, 10});
  CHECK(var.to_vector() == std::vector<double>{0.5 + 1, 0.5 + 100});
  CHECK(mean.version() > version);
  auto y =
      cr::batch_norm(x, mean, var, cr::tensor<double>({2, 1}), cr::tensor<double>({0, 5}), false, 0.1, 0.0).to_vector();
  CHECK(y[0] == 0);
  CHECK(y[2] == Approx(2 * 2 / std::sqrt(1.5)));
  CHECK(y[3] == Approx(5 + 20 / std::sqrt(100.5)));
  CHECK(mean.to_vector() == std::vector<double>{1, 10});
}

TEST_CASE("batch_norm's gradients agree with differences, twice", "[ops][norm]") {
  for (const Shape& shape : {Shape{4, 3}, Shape{3, 2, 3}, Shape{2, 2, 2, 3}}) {
    const auto channels = shape[1];
    auto mean = random({channels}, 7).detach(), var = cr::ones<double>({channels}) * 2;
    for (bool training : {true, false}) {
      auto f = [&](const Batch& x, const Batch& w, const Batch& b) {
        return cr::batch_norm(x, mean.clone(), var.clone(), w, b, training);
      };
      INFO(shape.str() << (training ? " training" : " evaluation"));
      CHECK(cr::gradcheck(f, {random(shape, 1), random({channels}, 2), random({channels}, 3)}));
      CHECK(cr::gradgradcheck(f, {random(shape, 1), random({channels}, 2), random({channels}, 3)}));
    }
  }
  CHECK(cr::gradcheck([](const Batch& x) { return cr::batch_norm(x, {}, {}, {}, {}, true); }, {random({4, 3}, 1)}));
}

TEST_CASE("batch_norm computes only the gradients that are asked for", "[ops][norm]") {
  auto x = cr::ones<double>({4, 3}), w = random({3}, 1), b = random({3}, 2);
  w.requires_grad_(false);
  struct Watch : cr::Observer {
    bool given[3] = {};
    void backward(const cr::BackwardEvent& e) override {
      if (std::string(e.node.op) != "batch_norm") return;
      for (int i = 0; i < 3; ++i) given[i] = e.contributions[i].defined();
    }
  } watch;
  auto y = cr::batch_norm(x, {}, {}, w, b, true).sum();
  cr::Observe guard(watch);
  y.backward();
  CHECK_FALSE(watch.given[0]);
  CHECK_FALSE(watch.given[1]);
  CHECK(watch.given[2]);
  CHECK(b.grad().to_vector() == std::vector<double>(3, 4.0));
}

TEST_CASE("layer_norm normalises each sample, and its gradients agree with differences, twice", "[ops][norm]") {
  check_standard(cr::layer_norm(random({5, 6, 7}, 1).detach() * 2 + 3, {6, 7}), {1, 2});
  auto f = [](const Batch& x, const Batch& w, const Batch& b) { return cr::layer_norm(x, w.shape(), w, b); };
  CHECK(cr::gradcheck(f, {random({2, 3, 4}, 1), random({4}, 2), random({4}, 3)}));
  CHECK(cr::gradgradcheck(f, {random({2, 3, 4}, 1), random({3, 4}, 2), random({3, 4}, 3)}));
  CHECK(cr::gradgradcheck(f, {random({5}, 1), random({5}, 2), random({5}, 3)}));
  CHECK(cr::layer_norm(cr::zeros({0, 4}), {4}).shape() == Shape{0, 4});
}

TEST_CASE("normalisation refuses what it cannot normalise", "[ops][norm]") {
  CHECK(message_of([] {
          cr::batch_norm(cr::zeros({1, 3}), {}, {}, {}, {}, true);
        }) ==
        "batch_norm: training needs more than 1 value per channel, got shape (1, 3); use a larger batch (drop_last "
        "leaves out a last one of 1), or eval()");
  CHECK(message_of([] {
          cr::batch_norm(cr::zeros({2, 3}), {}, {});
        }) == "batch_norm: without running statistics only training mode works");
  CHECK(message_of([] {
          cr::batch_norm(cr::zeros({2, 3}), cr::zeros({4}), cr::zeros({4}), {}, {}, true);
        }) == "batch_norm: running_mean needs one value for each of the 3 channels of (2, 3), got shape (4,)");
  CHECK(message_of([] {
          cr::layer_norm(cr::zeros({2, 3}), {4});
        }) == "layer_norm: the last dimensions of (2, 3) are not (4,)");
}

TEST_CASE("running statistics may be columns of a table", "[ops][norm]") {
  auto table = cr::tensor<double>({{7, 0, 1}, {7, 0, 1}});
  const auto x = cr::tensor<double>({{1, 10}, {3, 30}});
  const auto mean = table.select(1, 1), var = table.select(1, 2);
  const auto version = table.version();
  cr::batch_norm(x, mean, var, {}, {}, true, 0.5);
  CHECK(table.to_vector() == std::vector<double>{7, 1, 1.5, 7, 10, 100.5});
  CHECK(table.version() > version);
  const auto y = cr::batch_norm(x, mean, var, {}, {}, false, 0.1, 0.0).to_vector();
  CHECK(y[2] == Approx(2 / std::sqrt(1.5)));
  CHECK(y[3] == Approx(20 / std::sqrt(100.5)));
  const auto one = cr::ones<double>({1}).expand({2});
  CHECK(cr::batch_norm(x, one, one, {}, {}, false, 0.1, 0.0).to_vector() == std::vector<double>{0, 9, 2, 29});
  CHECK_THROWS_WITH(cr::batch_norm(x, one, one, {}, {}, true),
                    Catch::Contains("they were expanded, so that all channels share one element"));
  auto leaf = cr::ones<double>({2}, {.requires_grad = true});
  CHECK_THROWS_WITH(cr::batch_norm(x, mean, leaf, {}, {}, false),
                    Catch::Contains("the running statistics get no gradient"));
}

TEST_CASE("batch_norm of nothing is nothing, and leaves the running statistics alone", "[ops][norm]") {
  for (bool training : {false, true}) {
    for (const Shape& shape : {Shape{0, 3}, Shape{0, 3, 2}, Shape{2, 3, 0}}) {
      auto mean = cr::full<double>({3}, 5), var = cr::full<double>({3}, 7);
      auto x = cr::zeros<double>(shape, {.requires_grad = true}), w = cr::ones<double>({3}, {.requires_grad = true}),
           b = cr::ones<double>({3}, {.requires_grad = true});
      auto y = cr::batch_norm(x, mean, var, w, b, training);
      CHECK(y.shape() == shape);
      CHECK(mean.to_vector() == std::vector<double>(3, 5.0));
      CHECK(var.to_vector() == std::vector<double>(3, 7.0));
      auto grads = cr::autograd::grad<double>({y.sum() + cr::batch_norm_relu(x, mean, var, w, b, training).sum()},
                                              {x, w, b}, {}, {.create_graph = true});
      CHECK(grads[0].shape() == shape);
      CHECK(grads[1].to_vector() == std::vector<double>(3, 0.0));
      CHECK(grads[2].to_vector() == std::vector<double>(3, 0.0));
    }
    const auto none = cr::zeros<double>({0});
    CHECK(cr::batch_norm(none, none, none, {}, {}, training).shape() == Shape{0});
  }
}

// Losses: values by hand, reductions, weights, gradients, refused shapes and labels.

#include "support/catch.hpp"
#include <chainrule/api.hpp>
#include <cmath>
#include <limits>

namespace cr = chainrule;
using Matrix = cr::Tensor<double>;
using Labels = cr::Tensor<std::int64_t>;

namespace {

Matrix random(const cr::Shape& shape, std::uint64_t seed) {
  cr::Generator g(seed);
  return cr::randn<double>(shape, {.requires_grad = true, .generator = &g});
}
template <class F> std::string message_of(const F& f) {
  try {
    f();
  } catch (const cr::Error& e) { return e.message(); }
  return "no error";
}
Labels labels(std::initializer_list<std::int64_t> values) { return cr::tensor(std::vector<std::int64_t>(values)); }

TEST_CASE("binary_cross_entropy finds the one value that is no probability wherever it stands", "[ops][loss]") {
  const float below = -1e-45f, above = 1 + std::numeric_limits<float>::epsilon(),
              nan = std::numeric_limits<float>::quiet_NaN();
  for (std::int64_t n : {1, 31, 32, 33, 100})
    for (std::int64_t i : {std::int64_t{0}, n / 2, n - 1}) {
      auto p = cr::zeros({n});
      p[i] = 1;
      CHECK(cr::binary_cross_entropy(p, p).item() == 0);
      for (float bad : {below, above, nan}) {
        p[i] = bad;
        const std::string where = " at element " + std::to_string(i);
        CHECK(message_of([&] { cr::binary_cross_entropy(p, cr::zeros({n})); })
                  .ends_with(where + "; take the sigmoid "
                                     "first, or use binary_cross_entropy_with_logits"));
      }
    }
}

}  // namespace

TEST_CASE("a cross entropy over no classes reads nothing", "[ops][loss]") {
  const auto x = cr::zeros<double>({2, 0, 2});
  const auto labels = cr::zeros<std::int64_t>({2, 2});
  CHECK(cr::cross_entropy(x, labels, {.ignore_index = 0, .reduction = "none"}).to_vector() == std::vector<double>(4));
  CHECK(cr::cross_entropy(x, labels, {.ignore_index = 0, .reduction = "sum"}).item() == 0);
  CHECK(std::isnan(cr::cross_entropy(x, labels, {.ignore_index = 0}).item()));  // 0 of 0, as PyTorch's
  CHECK_THROWS_AS(cr::cross_entropy(x, labels), cr::Error);
  CHECK(cr::softmax(cr::zeros({3, 0, 2}), 1).numel() == 0);
  CHECK(cr::logsumexp(cr::zeros({3, 0, 2}), 1).numel() == 6);
}

TEST_CASE("cross_entropy of equal scores is the logarithm of the number of classes", "[ops][loss]") {
  CHECK(cr::cross_entropy(cr::zeros({4, 10}), labels({0, 3, 9, 5})).item() == Approx(std::log(10.0)));
  CHECK(cr::cross_entropy(cr::zeros({4, 10}), labels({0, 3, 9, 5}), {.reduction = "sum"}).item() ==
        Approx(4 * std::log(10.0)));
  CHECK(cr::cross_entropy(cr::zeros({4, 10}), labels({0, 3, 9, 5}), {.reduction = "none"}).shape() == cr::Shape{4});
  CHECK(cr::cross_entropy(cr::zeros({10}), cr::tensor<std::int64_t>(3)).item() == Approx(std::log(10.0)));
  CHECK(cr::cross_entropy(cr::zeros({2, 10, 3, 3}), cr::zeros<std::int64_t>({2, 3, 3})).item() ==
        Approx(std::log(10.0)));
  CHECK(cr::cross_entropy(cr::tensor({{1000, -1000}}), labels({1})).item() == Approx(2000));
  CHECK(cr::cross_entropy(cr::tensor({{1000, -1000}}), labels({0})).item() == 0);
}

TEST_CASE("cross_entropy weighs classes and leaves ignored rows out of the mean", "[ops][loss]") {
  auto x = random({4, 3}, 1);
  auto target = labels({0, -100, 2, 2});
  auto w = cr::tensor<double>({1, 2, 4});
  auto rows = cr::cross_entropy(x, target, {.weight = w, .reduction = "none"}).to_vector();
  CHECK(rows[1] == 0);
  CHECK(cr::cross_entropy(x, target, {.weight = w}).item() == Approx((rows[0] + rows[2] + rows[3]) / 9));
  cr::cross_entropy(x, target).backward();
  CHECK(x.grad().select(0, 1).to_vector() == std::vector<double>(3, 0.0));
  CHECK(x.grad().sum().item() == Approx(0).margin(1e-15));
  CHECK(std::isnan(cr::cross_entropy(x, cr::full<std::int64_t>({4}, -100)).item()));
}

TEST_CASE("cross_entropy of labels and of their one-hot probabilities are the same", "[ops][loss]") {
  auto x = random({4, 3}, 1);
  auto one_hot = cr::tensor<double>({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, 1}});
  for (double smoothing : {0.0, 0.2}) {
    double of_labels = cr::cross_entropy(x, labels({0, 1, 2, 2}), {.label_smoothing = smoothing}).item();
    CHECK(cr::cross_entropy(x, one_hot, {.label_smoothing = smoothing}).item() == Approx(of_labels).epsilon(1e-14));
  }
}

TEST_CASE("cross_entropy's gradients agree with differences, twice", "[ops][loss]") {
  auto x = random({3, 4, 2}, 2);
  auto target = labels({0, 3, 1, -100, 2, 2}).view({3, 2});
  auto w = cr::tensor<double>({1, 2, 0.5, 3});
  for (const char* reduction : {"mean", "sum", "none"}) {
    auto f = [&](const Matrix& v) {
      return cr::cross_entropy(v, target, {.weight = w, .reduction = reduction, .label_smoothing = 0.1});
    };
    INFO(reduction);
    CHECK(cr::gradcheck(f, {x}));
    CHECK(cr::gradgradcheck(f, {x}));
  }
  CHECK(cr::gradgradcheck([](const Matrix& v, const Matrix& p) { return cr::cross_entropy(v, p); },
                          {random({2, 3}, 3), random({2, 3}, 4)}));
}

TEST_CASE("cross_entropy refuses labels that are no class, and shapes that do not belong together", "[ops][loss]") {
  CHECK(message_of([] {
          cr::cross_entropy(cr::zeros({3, 10}), labels({1, 2, 10}));
        }) == "cross_entropy: label 10 at row 2 is no class; there are 10 classes (0 to 9)");
  CHECK(message_of([] {
          cr::cross_entropy(cr::zeros({3, 10}), labels({1, -1, 2}));
        }) == "cross_entropy: label -1 at row 1 is no class; there are 10 classes (0 to 9)");
  CHECK(message_of([] {
          cr::cross_entropy(cr::zeros({3, 10}), labels({1, 2}).unsqueeze(1));
        }) == "cross_entropy: scores of shape (3, 10) need labels of shape (3,), got (2, 1)");
  CHECK(message_of([] {
          cr::cross_entropy(cr::zeros({2, 10}), labels({1, 2}).unsqueeze(1));
        }) == "cross_entropy: scores of shape (2, 10) need labels of shape (2,), got (2, 1); use target.squeeze(1)");
  CHECK(message_of([] {
          cr::cross_entropy(cr::zeros({2, 10}), cr::zeros({2}));
        }) ==
        "cross_entropy: probabilities need the shape of the scores, (2, 10), got (2,); class labels must be of int64: "
        "target.to<std::int64_t>()");
  CHECK(message_of([] {
          cr::cross_entropy(cr::zeros({2, 10}), labels({1, 2}), {.weight = cr::ones({3})});
        }) == "cross_entropy: weight needs one value for each of the 10 classes, got shape (3,)");
  CHECK(message_of([] {
          cr::cross_entropy(cr::zeros({2, 10}), labels({1, 2}), {.reduction = "avg"});
        }) == "reduction: expected \"mean\", \"sum\" or \"none\", got \"avg\"");
}

TEST_CASE("nll_loss of log_softmax is cross_entropy", "[ops][loss]") {
  auto x = random({3, 4, 2}, 1);
  auto target = labels({0, 3, 1, -100, 2, 2}).view({3, 2});
  auto w = cr::tensor<double>({1, 2, 0.5, 3});
  for (const char* reduction : {"mean", "sum"}) {
    auto nll = cr::nll_loss(cr::log_softmax(x, 1), target, {.weight = w, .reduction = reduction}).item();
    CHECK(nll == Approx(cr::cross_entropy(x, target, {.weight = w, .reduction = reduction}).item()).epsilon(1e-13));
  }
  CHECK(cr::nll_loss(cr::tensor({{-1, -2}, {-3, -4}}), labels({0, 1})).item() == 2.5f);
  for (const char* reduction : {"mean", "sum", "none"}) {
    auto f = [&](const Matrix& v) { return cr::nll_loss(v * v, target, {.weight = w, .reduction = reduction}); };
    CHECK(cr::gradcheck(f, {x}));
    CHECK(cr::gradgradcheck(f, {x}));
  }
  CHECK(message_of([] {
          cr::nll_loss(cr::zeros({3, 10}), labels({1, 2, 10}));
        }) == "nll_loss: label 10 at row 2 is no class; there are 10 classes (0 to 9)");
}

TEST_CASE("losses of a distance: values, reductions, kinks", "[ops][loss]") {
  auto x = cr::tensor({1, 2, 5}), y = cr::tensor({1, 4, 4.5});
  CHECK(cr::mse_loss(x, y).item() == Approx(4.25 / 3));
  CHECK(cr::mse_loss(x, y, {.reduction = "sum"}).item() == 4.25f);
  CHECK(cr::mse_loss(x, y, {.reduction = cr::Reduction::none}).to_vector() == std::vector<float>{0, 4, 0.25f});
  CHECK(cr::l1_loss(x, y, {.reduction = "sum"}).item() == 2.5f);
  CHECK(cr::smooth_l1_loss(x, y, {.reduction = "none"}).to_vector() == std::vector<float>{0, 1.5f, 0.125f});
  CHECK(cr::smooth_l1_loss(x, y, {.reduction = "sum", .beta = 0}).item() == 2.5f);
  x.requires_grad_();
  cr::l1_loss(x, y, {.reduction = "sum"}).backward();
  CHECK(x.grad().to_vector() == std::vector<float>{0, -1, 1});
  auto many = random({40000}, 1).detach();  // more than one chunk
  CHECK(cr::mse_loss(many, cr::zeros_like(many)).item() == Approx((many * many).sum().item() / 40000).epsilon(1e-13));
}

TEST_CASE("losses of a distance: gradients agree with differences, twice", "[ops][loss]") {
  auto x = random({2, 3}, 1), y = random({2, 3}, 2);
  for (const char* reduction : {"mean", "sum", "none"}) {
    INFO(reduction);
    auto mse = [&](const Matrix& a, const Matrix& b) { return cr::mse_loss(a * a, b, {.reduction = reduction}); };
    auto l1 = [&](const Matrix& a, const Matrix& b) { return cr::l1_loss(a * a, b, {.reduction = reduction}); };
    auto smooth = [&](const Matrix& a, const Matrix& b) {
      return cr::smooth_l1_loss(a * a, b, {.reduction = reduction, .beta = 0.7});
    };
    CHECK(cr::gradcheck(mse, {x, y}));
    CHECK(cr::gradcheck(l1, {x, y}));
    CHECK(cr::gradcheck(smooth, {x, y}));
    CHECK(cr::gradgradcheck(mse, {x, y}));
    CHECK(cr::gradgradcheck(l1, {x, y}));
    CHECK(cr::gradgradcheck(smooth, {x, y}));
  }
}

TEST_CASE("binary cross entropy of probabilities and of scores", "[ops][loss]") {
  auto x = random({2, 3}, 1), y = cr::sigmoid(random({2, 3}, 2)).detach();
  auto w = cr::tensor<double>({1, 2, 3});
  CHECK(cr::binary_cross_entropy(cr::sigmoid(x), y, {.weight = w}).item() ==
        Approx(cr::binary_cross_entropy_with_logits(x, y, {.weight = w}).item()).epsilon(1e-13));
  CHECK(cr::binary_cross_entropy(cr::tensor({0, 1}), cr::tensor({1, 1}), {.reduction = "none"}).to_vector() ==
        std::vector<float>{100, 0});
  CHECK(cr::binary_cross_entropy_with_logits(cr::tensor({-1000, 1000}), cr::tensor({1, 1}), {.reduction = "none"})
            .to_vector() == std::vector<float>{1000, 0});
  CHECK(
      cr::binary_cross_entropy_with_logits(cr::tensor({0}), cr::tensor({1}), {.pos_weight = cr::tensor({3})}).item() ==
      Approx(3 * std::log(2.0)));
  CHECK(cr::logsigmoid(cr::tensor({0, -1000})).to_vector()[1] == -1000);

  y.requires_grad_();
  auto of_p = [&](const Matrix& a, const Matrix& b) {
    return cr::binary_cross_entropy(cr::sigmoid(a), b, {.weight = w});
  };
  auto of_x = [&](const Matrix& a, const Matrix& b) { return cr::binary_cross_entropy_with_logits(a, b); };
  auto weighed = [&](const Matrix& a, const Matrix& b) {
    return cr::binary_cross_entropy_with_logits(a, b, {.reduction = "sum", .pos_weight = w});
  };
  CHECK(cr::gradcheck(of_p, {x, y}));
  CHECK(cr::gradcheck(of_x, {x, y}));
  CHECK(cr::gradcheck(weighed, {x, y}));
  CHECK(cr::gradgradcheck(of_p, {x, y}));
  CHECK(cr::gradgradcheck(of_x, {x, y}));
  CHECK(cr::gradgradcheck(weighed, {x, y}));
}

TEST_CASE("losses refuse shapes that would broadcast by accident, and what is no probability", "[ops][loss]") {
  CHECK(message_of([] {
          cr::mse_loss(cr::zeros({4, 1}), cr::zeros({4}));
        }) == "mse_loss: input (4, 1) and target (4,) must have the same shape; use target.view_as(input)");
  CHECK(message_of([] {
          cr::l1_loss(cr::zeros({4, 2}), cr::zeros({2}));
        }) == "l1_loss: input (4, 2) and target (2,) must have the same shape; expand one of them if that is meant");
  CHECK_THROWS_AS(cr::smooth_l1_loss(cr::zeros({4, 1}), cr::zeros({4})), cr::Error);
  CHECK_THROWS_AS(cr::smooth_l1_loss(cr::zeros({4}), cr::zeros({4}), {.beta = -1}), cr::Error);
  CHECK_THROWS_AS(cr::binary_cross_entropy_with_logits(cr::zeros({4, 1}), cr::zeros({4})), cr::Error);
  CHECK(message_of([] {
          cr::binary_cross_entropy(cr::tensor({0.5, 2}), cr::zeros({2}));
        }) ==
        "binary_cross_entropy: expects probabilities between 0 and 1, got 2 at element 1; take the sigmoid first, or "
        "use binary_cross_entropy_with_logits");
  CHECK_THROWS_AS(cr::binary_cross_entropy_with_logits(cr::zeros({4}), cr::zeros({4}), {.weight = cr::ones({3, 4})}),
                  cr::Error);
}

TEST_CASE("labels and class weights may be columns of a table", "[ops][loss]") {
  const auto table = cr::tensor<std::int64_t>({{9, 1}, {9, 1}, {9, 0}, {9, 2}});
  const auto column = table.select(1, 1), same = labels({1, 1, 0, 2});
  const auto weights = cr::tensor<double>({{1, 7}, {2, 7}, {4, 7}}).select(1, 0), plain = cr::tensor<double>({1, 2, 4});
  CHECK(cr::cross_entropy(cr::arange<double>(12).view({4, 3}) * cr::tensor<double>({0.1, -0.1, 0.2}), column).item() ==
        Approx(1.23375973));
  CHECK(cr::nll_loss(cr::arange<double>(12).view({4, 3}), column).item() == -5.5);
  for (auto reduction : {"mean", "sum", "none"}) {
    auto a = random({3, 4}, 1), b = a.detach().clone();
    b.requires_grad_();
    auto of_column =
        cr::cross_entropy(a.t(), column, {.weight = weights, .reduction = reduction, .label_smoothing = 0.1});
    auto of_plain = cr::cross_entropy(b.t(), same, {.weight = plain, .reduction = reduction, .label_smoothing = 0.1});
    CHECK(of_column.equal(of_plain));
    of_column.sum().backward();
    of_plain.sum().backward();
    CHECK(a.grad().equal(b.grad()));
    CHECK(cr::nll_loss(a.t(), column, {.weight = weights, .reduction = reduction})
              .equal(cr::nll_loss(a.t(), same, {.weight = plain, .reduction = reduction})));
  }
  const auto one = cr::full<std::int64_t>({1}, 2).expand({4});
  CHECK(cr::cross_entropy(random({4, 3}, 2), one).item() ==
        cr::cross_entropy(random({4, 3}, 2), labels({2, 2, 2, 2})).item());
  const auto maps = cr::tensor<std::int64_t>({{0, 2}, {1, 2}});
  CHECK(cr::cross_entropy(random({2, 3, 2}, 3), maps.t()).item() ==
        cr::cross_entropy(random({2, 3, 2}, 3), maps.t().clone()).item());
  const auto bad = cr::tensor<std::int64_t>({{0, 1}, {0, 3}});  // 3 is no class
  CHECK(message_of([&] {
          cr::cross_entropy(random({2, 3}, 1), bad.select(1, 1));
        }) == "cross_entropy: label 3 at row 1 is no class; there are 3 classes (0 to 2)");
}

TEST_CASE("class weights that require a gradient are refused, for they would get none", "[ops][loss]") {
  auto w = cr::ones<double>({3}, {.requires_grad = true});
  CHECK(message_of([&] {
          cr::cross_entropy(random({2, 3}, 1), labels({0, 1}), {.weight = w});
        }) == "cross_entropy: class weights of labels get no gradient, but weight requires one; pass weight.detach()");
  CHECK_THROWS_AS(cr::nll_loss(random({2, 3}, 1), labels({0, 1}), {.weight = w}), cr::Error);
  cr::no_grad guard;
  CHECK(cr::nll_loss(cr::ones<double>({2, 3}), labels({0, 1}), {.weight = w}).item() == -1);
}

TEST_CASE("smooth_l1_loss of NaN has a gradient of NaN", "[ops][loss]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  for (double beta : {1.0, 0.0}) {
    auto x = cr::tensor<double>({nan, inf, -3, 0.5}, {.requires_grad = true}),
         y = cr::zeros<double>({4}, {.requires_grad = true});
    cr::smooth_l1_loss(x, y, {.reduction = "sum", .beta = beta}).backward();
    const auto gx = x.grad().to_vector(), gy = y.grad().to_vector();
    CHECK(std::isnan(gx[0]) == (beta > 0));  // l1_loss gives 0 there, as in PyTorch
    CHECK(std::isnan(gy[0]) == (beta > 0));
    CHECK(gx[1] == 1);
    CHECK(gx[2] == -1);
    CHECK(gx[3] == (beta > 0 ? 0.5 : 1));
  }
}

TEST_CASE("binary_cross_entropy refuses targets that are no probabilities", "[ops][loss]") {
  CHECK(message_of([] {
          cr::binary_cross_entropy(cr::full({2}, 0.5f), cr::tensor({0, 2}));
        }) == "binary_cross_entropy: expects targets between 0 and 1, got 2 at element 1");
}

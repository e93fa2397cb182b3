// softmax, log_softmax and logsumexp: values, extremes, gradients.

#include "support/catch.hpp"
#include <chainrule/api.hpp>
#include <cmath>
#include <limits>

namespace cr = chainrule;
using Matrix = cr::Tensor<double>;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

Matrix random(const cr::Shape& shape, std::uint64_t seed) {
  cr::Generator g(seed);
  return cr::randn<double>(shape, {.requires_grad = true, .generator = &g});
}

}  // namespace

TEST_CASE("softmax sums to one along any dimension", "[ops][softmax]") {
  auto x = random({3, 70, 5}, 1).detach();  // 70 slices of the last two dimensions need more than one block of 64
  for (int dim : {0, 1, 2, -1}) {
    auto sums = x.softmax(dim).sum(dim).to_vector();
    for (double s : sums) CHECK(s == Approx(1).epsilon(1e-12));
    CHECK(cr::softmax(x, dim).to_vector() ==
          cr::softmax(x.transpose(0, 2).contiguous().transpose(0, 2), dim).to_vector());
  }
  auto y = cr::softmax(cr::tensor({0, std::log(3.0)}), 0).to_vector();
  CHECK(y[0] == Approx(0.25));
  CHECK(y[1] == Approx(0.75));
  CHECK(cr::softmax(cr::tensor(3), 0).item() == 1);
}

TEST_CASE("the softmax family neither overflows nor underflows", "[ops][softmax]") {
  auto x = cr::tensor({{1000, 1000}, {-1000, -1000}, {0, -inf}});
  CHECK(cr::softmax(x, 1).to_vector() == std::vector<float>{0.5f, 0.5f, 0.5f, 0.5f, 1, 0});
  auto logs = cr::log_softmax(x, 1).to_vector();
  CHECK(logs[0] == Approx(-std::log(2.0)));
  CHECK(logs[2] == Approx(-std::log(2.0)));
  CHECK(logs[4] == 0);
  CHECK(logs[5] == -inf);
  auto sums = cr::logsumexp(x, 1).to_vector();
  CHECK(sums[0] == Approx(1000 + std::log(2.0)));
  CHECK(sums[1] == Approx(-1000 + std::log(2.0)));
  CHECK(sums[2] == 0);
  CHECK(cr::logsumexp(cr::tensor({-inf, -inf}), 0).item() == -inf);
  CHECK(cr::logsumexp(cr::tensor({inf, 1}), 0).item() == inf);
  CHECK(std::isnan(cr::softmax(cr::tensor({-inf, -inf}), 0).to_vector()[0]));
  CHECK(cr::logsumexp(cr::zeros({2, 0}), 1).to_vector() == std::vector<float>{-inf, -inf});
  CHECK(cr::softmax(cr::zeros({2, 0}), 1).shape() == cr::Shape{2, 0});
  CHECK(cr::logsumexp(x, 1, true).shape() == cr::Shape{3, 1});
}

TEST_CASE("gradients of the softmax family agree with differences, twice", "[ops][softmax]") {
  for (int dim : {0, 1}) {
    auto x = random({3, 4}, 2);
    CHECK(cr::gradcheck([=](const Matrix& v) { return cr::softmax(v, dim); }, {x}));
    CHECK(cr::gradcheck([=](const Matrix& v) { return cr::log_softmax(v, dim); }, {x}));
    CHECK(cr::gradcheck([=](const Matrix& v) { return cr::logsumexp(v, dim); }, {x}));
    CHECK(cr::gradgradcheck([=](const Matrix& v) { return cr::softmax(v, dim); }, {x}));
    CHECK(cr::gradgradcheck([=](const Matrix& v) { return cr::log_softmax(v, dim); }, {x}));
    CHECK(cr::gradgradcheck([=](const Matrix& v) { return cr::logsumexp(v, dim); }, {x}));
  }
  auto masked = cr::tensor({-inf, -inf}, {.requires_grad = true});
  cr::logsumexp(masked, 0).backward();
  CHECK(masked.grad().to_vector() == std::vector<float>{0, 0});
}

TEST_CASE("softmax refuses a dimension that does not exist", "[ops][softmax]") {
  CHECK_THROWS_AS(cr::softmax(cr::zeros({2, 2}), 2), cr::Error);
  CHECK_THROWS_AS(cr::log_softmax(cr::zeros({2, 2}), -3), cr::Error);
}

// Tensors as Eigen matrices and back.

#include "support/catch.hpp"
#include <chainrule/api.hpp>
#include <chainrule/eigen.hpp>

namespace cr = chainrule;

TEST_CASE("as_eigen sees a tensor's memory, with any strides", "[eigen]") {
  auto x = cr::tensor({{1, 2, 3}, {4, 5, 6}});
  auto m = cr::as_eigen(x);
  CHECK(m.rows() == 2);
  CHECK(m(1, 0) == 4);
  m(0, 2) = 30;
  CHECK(x.at({0, 2}) == 30);
  CHECK(cr::as_eigen(x.t())(2, 0) == 30);
  CHECK(cr::as_eigen(x.slice(1, 0, 3, 2))(1, 1) == 6);
  CHECK(cr::as_eigen(x.select(1, 1))(1, 0) == 5);
  CHECK_THROWS_AS(cr::as_eigen(cr::zeros({2, 2, 2})), cr::Error);
}

TEST_CASE("from_eigen shares a map's memory and copies everything else", "[eigen]") {
  Eigen::MatrixXd m(2, 3);  // Eigen's own order: columns first
  m << 1, 2, 3, 4, 5, 6;
  auto copy = cr::from_eigen(m);
  CHECK(copy.to_vector() == std::vector<double>{1, 2, 3, 4, 5, 6});
  auto view = cr::from_eigen(Eigen::Map<Eigen::MatrixXd>(m.data(), 2, 3));
  CHECK(view.shape() == cr::Shape{2, 3});
  m(1, 1) = 50;
  CHECK(view.at({1, 1}) == 50);
  CHECK(copy.at({1, 1}) == 5);
  CHECK(cr::from_eigen(2 * m.transpose()).at({1, 1}) == 100);
  CHECK(cr::from_eigen(Eigen::Vector3f(1, 2, 3)).shape() == cr::Shape{3});
}

TEST_CASE("matmul agrees with Eigen's product", "[eigen][matmul]") {
  cr::Generator g(1);
  for (int n : {1, 7, 33, 100}) {
    auto a = cr::randn<double>({n, 2 * n}, {.generator = &g}), b = cr::randn<double>({2 * n, n + 3}, {.generator = &g});
    auto ours = cr::matmul(a, b);
    CHECK((cr::as_eigen(ours) - cr::as_eigen(a) * cr::as_eigen(b)).cwiseAbs().maxCoeff() < 1e-12);
  }
}

// matmul and its family, and linear: values by hand, gradients by differences, strides, broadcasting, errors.

#include "support/catch.hpp"
#include <chainrule/api.hpp>

namespace cr = chainrule;
using cr::Shape;
using Matrix = cr::Tensor<double>;

namespace {

Matrix random(const Shape& shape, std::uint64_t seed) {
  cr::Generator g(seed);
  return cr::randn<double>(shape, {.requires_grad = true, .generator = &g});
}
template <class F> std::string message_of(const F& f) {
  try {
    f();
  } catch (const cr::Error& e) { return e.message(); }
  return "no error";
}

// Equal but for rounding: sums over rows and over columns may be taken in another order.
void check_close(const Matrix& got, const std::vector<double>& expected) {
  const auto values = got.to_vector();
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == Approx(expected[i]).epsilon(1e-13));
}

}  // namespace

TEST_CASE("matmul multiplies vectors, matrices and batches", "[ops][matmul]") {
  auto m = cr::tensor({{1, 2, 3}, {4, 5, 6}});
  auto v = cr::tensor({1, 0, -1});
  CHECK(cr::matmul(m, v).to_vector() == std::vector<float>{-2, -2});
  CHECK(cr::matmul(v, m.t()).to_vector() == std::vector<float>{-2, -2});
  CHECK(cr::matmul(v, v).shape() == Shape{});
  CHECK(cr::matmul(v, v).item() == 2);
  CHECK(m.mm(m.t()).to_vector() == std::vector<float>{14, 32, 32, 77});
  CHECK(m.mv(v).to_vector() == std::vector<float>{-2, -2});
  CHECK(v.dot(v).item() == 2);
  CHECK(cr::outer(cr::tensor({1, 2}), v).to_vector() == std::vector<float>{1, 0, -1, 2, 0, -2});
  auto batch = cr::matmul(cr::ones({4, 1, 2, 3}), cr::ones({5, 3, 2}));
  CHECK(batch.shape() == Shape{4, 5, 2, 2});
  CHECK(batch.sum().item() == 240);
  CHECK(cr::bmm(cr::ones({2, 1, 3}), cr::ones({2, 3, 4})).shape() == Shape{2, 1, 4});
}

TEST_CASE("matmul reads transposed, expanded and sliced operands where they lie", "[ops][matmul]") {
  auto a = random({3, 4}, 1).detach(), b = random({4, 5}, 2).detach();
  auto expected = cr::matmul(a, b).to_vector();
  check_close(cr::matmul(a.t().contiguous().t(), b), expected);
  check_close(cr::matmul(a, b.t().contiguous().t()), expected);
  auto wide = cr::zeros<double>({3, 8});
  wide.slice(1, 0, 8, 2).copy_(a);
  check_close(cr::matmul(wide.slice(1, 0, 8, 2), b), expected);
  auto rows = cr::matmul(a.select(0, 0).expand({2, 4}), b).to_vector();
  CHECK(std::vector<double>(rows.begin(), rows.begin() + 5) == std::vector<double>(rows.begin() + 5, rows.end()));
  check_close(cr::matmul(a.expand({7, 3, 4}), b).select(0, 6), expected);
}

TEST_CASE("a product over nothing is zero, an empty product is empty", "[ops][matmul]") {
  CHECK(cr::matmul(cr::ones({2, 0}), cr::ones({0, 3})).to_vector() == std::vector<float>(6, 0.0f));
  CHECK(cr::matmul(cr::ones({0, 2}), cr::ones({2, 3})).shape() == Shape{0, 3});
  CHECK(cr::matmul(cr::ones({0, 2, 2}), cr::ones({2, 3})).shape() == Shape{0, 2, 3});
  CHECK(cr::linear(cr::ones({0, 2}), cr::ones({3, 2}), cr::ones({3})).shape() == Shape{0, 3});
}

TEST_CASE("matmul's gradients agree with differences, twice", "[ops][matmul]") {
  struct Case {
    Shape a, b;
  };
  const Case cases[] = {{{3}, {3}},          {{2, 3}, {3}},    {{3}, {3, 2}},    {{2, 3}, {3, 4}},
                        {{2, 2, 3}, {3, 2}}, {{2, 2, 3}, {3}}, {{3}, {2, 3, 2}}, {{2, 1, 2, 3}, {3, 3, 2}}};
  for (const auto& c : cases) {
    auto f = [](const Matrix& a, const Matrix& b) { return cr::matmul(a, b); };
    INFO(c.a.str() << " x " << c.b.str());
    CHECK(cr::gradcheck(f, {random(c.a, 3), random(c.b, 4)}));
    CHECK(cr::gradgradcheck(f, {random(c.a, 3), random(c.b, 4)}));
  }
}

TEST_CASE("linear adds the bias and takes any leading dimensions", "[ops][linear]") {
  auto x = cr::tensor({{1, 2}}), w = cr::tensor({{1, 0}, {0, 1}, {1, 1}});
  CHECK(cr::linear(x, w, cr::tensor({10, 20, 30})).to_vector() == std::vector<float>{11, 22, 33});
  CHECK(cr::linear(x, w).to_vector() == std::vector<float>{1, 2, 3});
  CHECK(cr::linear(cr::ones({2, 5, 2}), w).shape() == Shape{2, 5, 3});
  CHECK(cr::linear(cr::ones({2}), w).shape() == Shape{3});
  auto permuted = random({2, 4, 3}, 7).permute({1, 0, 2});  // its rows cannot be seen as one matrix
  auto weight = random({5, 3}, 8);
  check_close(cr::linear(permuted, weight), cr::linear(permuted.contiguous(), weight).to_vector());

  auto f = [](const Matrix& in, const Matrix& weights, const Matrix& bias) { return cr::linear(in, weights, bias); };
  CHECK(cr::gradcheck(f, {random({2, 2, 3}, 1), random({4, 3}, 2), random({4}, 3)}));
  CHECK(cr::gradgradcheck(f, {random({2, 3}, 1), random({4, 3}, 2), random({4}, 3)}));
}

TEST_CASE("a product keeps only the operands that its gradients need", "[ops][matmul]") {
  auto x = cr::ones({2, 3}), w = cr::ones({4, 3}, {.requires_grad = true});
  auto y = cr::linear(x, w);
  int kept = 0;
  y.grad_fn()->saved([&](const cr::TensorBase& t) { kept += t.defined(); });
  CHECK(kept == 1);
  y.sum().backward();
  CHECK(w.grad().to_vector() == std::vector<float>(12, 2.0f));
}

TEST_CASE("products of the wrong shapes are refused with both shapes", "[ops][matmul]") {
  CHECK(message_of([] {
          cr::matmul(cr::zeros({2, 3}), cr::zeros({4, 5}));
        }) == "matmul: inner sizes must agree, got (2, 3) and (4, 5)");
  CHECK(message_of([] {
          cr::matmul(cr::zeros({2, 3}), cr::zeros({4, 3}));
        }) == "matmul: inner sizes must agree, got (2, 3) and (4, 3); the transpose of the second would fit: b.mT()");
  CHECK(message_of([] {
          cr::matmul(cr::zeros({2, 2, 3}), cr::zeros({4, 3, 5}));
        }) ==
        "matmul: the batch dimensions of (2, 2, 3) and (4, 3, 5) do not broadcast: sizes 2 and 4 differ and neither is "
        "1");
  CHECK(message_of([] {
          cr::mm(cr::zeros({2}), cr::zeros({2, 2}));
        }) == "mm: expects two matrices, got (2,) and (2, 2); matmul takes other numbers of dimensions");
  CHECK(message_of([] {
          cr::linear(cr::zeros({1, 10816}), cr::zeros({128, 9216}));
        }) == "linear: expects 9216 input features, got 10816 (input (1, 10816), weight (128, 9216))");
  CHECK_THROWS_AS(cr::dot(cr::zeros({2}), cr::zeros({3})), cr::Error);
  CHECK_THROWS_AS(cr::matmul(cr::zeros({}), cr::zeros({3})), cr::Error);
}

TEST_CASE("a weight of one dimension gives a number for each row", "[ops][linear]") {
  const auto x = cr::arange<double>(6).view({2, 3});
  const auto w = cr::tensor<double>({1, 0, 2});
  CHECK(cr::linear(x, w).to_vector() == std::vector<double>{4, 13});
  CHECK(cr::linear(x[1], w).shape() == cr::Shape{});
  CHECK(cr::linear(x, w, cr::tensor<double>(0.5)).to_vector() == std::vector<double>{4.5, 13.5});
  CHECK(cr::linear_relu(x, w, cr::tensor<double>(-5.0)).to_vector() == std::vector<double>{0, 8});
  CHECK(cr::linear(x, cr::ones<double>({2, 3}), cr::tensor<double>(1.0)).to_vector() ==
        std::vector<double>{4, 4, 13, 13});
  CHECK_THROWS_WITH(cr::linear(x, cr::ones<double>({2})),
                    Catch::Contains("linear: expects 2 input features, got input (2, 3), weight (2,)"));
  CHECK_THROWS_WITH(cr::linear(x, w, cr::ones<double>({2})), Catch::Contains("the bias is a scalar, got shape (2,)"));
  auto a = x.clone().requires_grad_(), b = w.clone().requires_grad_(),
       c = cr::tensor<double>(2.0, {.requires_grad = true});
  CHECK(cr::gradcheck([](auto p, auto q, auto r) { return cr::linear(p, q, r); }, {a, b, c}));
  CHECK(cr::gradcheck([](auto p, auto r) { return cr::linear(p, cr::ones<double>({2, 3}), r); }, {a, c}));
}

TEST_CASE("gradients of empty products, at any order", "[ops][matmul]") {
  auto check_zero = [](const cr::Tensor<double>& y, const std::vector<cr::Tensor<double>>& inputs) {
    auto g = cr::ones<double>(y.shape(), {.requires_grad = true});
    auto first = cr::autograd::grad<double>({y}, inputs, {g}, {.create_graph = true});
    cr::Tensor<double> total = cr::zeros<double>({});
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      CHECK(first[i].shape() == inputs[i].shape());
      total = total + (first[i] * 2).sum();
    }
    std::vector<cr::Tensor<double>> all = inputs;
    all.push_back(g);
    for (const auto& second : cr::autograd::grad<double>({total}, all, {}, {.allow_unused = true}))
      if (second.defined())
        for (double v : second.to_vector()) CHECK(v == 0);
  };
  auto empty = [](const cr::Shape& shape) { return cr::zeros<double>(shape, {.requires_grad = true}); };
  {
    auto a = empty({2, 3, 0}), b = empty({0, 4});
    check_zero(cr::matmul(a, b), {a, b});
  }
  {
    auto a = empty({2, 3, 4}), b = empty({4, 0});
    check_zero(cr::matmul(a, b), {a, b});
  }
  {
    auto x = empty({2, 3, 0}), w = empty({4, 0});
    check_zero(cr::linear(x, w), {x, w});
  }
  {
    auto x = empty({2, 3, 4}), w = empty({0, 4});
    check_zero(cr::linear(x, w), {x, w});
  }
}

// Names and forms of tensors and autograd that PyTorch users type.

#include "support/catch.hpp"
#include "support/message_of.hpp"
#include <chainrule/api.hpp>

using namespace chainrule;
using chainrule_test::has;
using chainrule_test::message_of;
using Values = std::vector<float>;

TEST_CASE("methods and operators of tensors", "[habits][tensor]") {
  auto x = tensor({{1, 2, 3}, {4, 5, 6}});
  CHECK(x.T().to_vector() == Values{1, 4, 2, 5, 3, 6});
  CHECK(has(message_of([&] { x[0].T(); }), "T: expects a matrix, got shape (3,)"));
  CHECK((x % 2).to_vector() == Values{1, 0, 1, 0, 1, 0});
  CHECK((tensor<std::int64_t>({-3, 3}) % 2).to_vector() == std::vector<std::int64_t>{1, 1});
  CHECK((7 % tensor({2, 4})).to_vector() == Values{1, 3});
  CHECK(x.sum().item<double>() == 21.0);
  CHECK(x.sum().item<int>() == 21);
  CHECK(has(message_of([&] { (x.sum() * 1e9).item<std::int32_t>(); }), "is no value of int32"));
  CHECK(tensor({-1, 1}).gelu()[1].item() == Approx(0.8413447));
  CHECK(tensor({1}).silu().item() == Approx(0.7310586));
  CHECK(tensor({-1}).elu(2).item() == Approx(-1.2642411));
  CHECK(tensor({-1}).leaky_relu(0.1).item() == Approx(-0.1));
  CHECK(tensor({0}).softplus().item() == Approx(0.6931472));
}

TEST_CASE("rows in a loop, vectors of another type, what max gives", "[habits][tensor]") {
  auto x = tensor({{1, 5}, {3, 2}});
  float sum = 0;
  for (auto row : x) sum = 10 * sum + row.sum().item();
  CHECK(sum == 65);
  for (auto row : x) row *= 2;  // views
  CHECK(x.to_vector() == Values{2, 10, 6, 4});
  CHECK(has(message_of([] {
              for (auto row : tensor(1)) row.sum();
            }),
            "a scalar has no rows"));
  CHECK(x.stride(0) == 2);
  CHECK(x.stride(-1) == 1);
  const std::vector<std::int64_t> list{2, 0};
  CHECK(tensor<std::int64_t>(list).to_vector() == list);
  CHECK(tensor<double>(list).to_vector() == std::vector<double>{2, 0});
  CHECK(tensor(list).dtype() == DType::int64);
  print(x.max(1));
}

TEST_CASE("from_blob reads memory of the program's own", "[habits][tensor]") {
  float p[] = {1, 2, 3, 4, 5, 6};
  CHECK(from_blob(p, {2, 3})[1].to_vector() == Values{4, 5, 6});
  CHECK(from_blob(p, {2, 3}, {1, 2}).to_vector() == Values{1, 3, 5, 2, 4, 6});
  CHECK(from_blob(p, {3}, {2}).to_vector() == Values{1, 3, 5});
  CHECK(from_blob(p, {3}, {1}).to_vector() == Values{1, 2, 3});
  CHECK(Tensor<>::from_blob(p, {3}, {2}).to_vector() == Values{1, 3, 5});
  auto w = from_blob(p, {2}, {.requires_grad = true});
  CHECK(w.requires_grad());
  from_blob(p, {6}).fill_(9);
  CHECK(p[5] == 9);
}

TEST_CASE("devices by name", "[habits][tensor]") {
  Device device(cuda::is_available() ? "cuda" : "cpu");
  auto x = zeros({2}, {.device = device}).to("cpu");
  CHECK(x.device() == Device("cpu"));
  CHECK(x.device() == Device::cpu);
  CHECK(Device("cuda:0") == Device::cuda);
  CHECK(has(message_of([&] { x.to("gpu"); }), "device: \"gpu\" is none of \"cpu\", \"cuda\", \"cuda:0\""));
}

TEST_CASE("NoGradGuard and autograd::grad", "[habits][autograd]") {
  auto x = tensor({1, 2}, {.requires_grad = true}), w = tensor({3, 4}, {.requires_grad = true});
  {
    NoGradGuard guard;
    CHECK_FALSE((x * 2).requires_grad());
  }
  CHECK(autograd::grad((x * w).sum(), {x})[0].to_vector() == Values{3, 4});
  CHECK(autograd::grad((x * w).sum(), x)[0].to_vector() == Values{3, 4});
  CHECK(autograd::grad({(x * w).sum()}, {x, w})[1].to_vector() == Values{1, 2});
  CHECK(autograd::grad(x * x, x, tensor({1, 10}))[0].to_vector() == Values{2, 40});
  const std::vector<Tensor<>> parameters{x, w};
  CHECK(autograd::grad((x * x * w).sum(), parameters, {.retain_graph = true})[1].to_vector() == Values{1, 4});
  auto dy = autograd::grad((x * x * x).sum(), x, {.create_graph = true})[0];
  CHECK(autograd::grad(dy.sum(), x)[0].to_vector() == Values{6, 12});
}

namespace {
struct Cube : autograd::Function<Cube> {
  static Tensor<> forward(autograd::Context& ctx, const Tensor<>& x) {
    ctx.save_for_backward(x, x.detach());
    return x * x * x;
  }
  static Tensor<> backward(autograd::Context& ctx, const Tensor<>& g) {
    return 3 * g * ctx.saved_tensors()[0].square();
  }
};
}  // namespace

TEST_CASE("a Function with a plain Context", "[habits][autograd]") {
  auto x = tensor({2}, {.requires_grad = true});
  Cube::apply(x).sum().backward();
  CHECK(x.grad().item() == 12);
}

TEST_CASE("set_printoptions", "[habits][print]") {
  set_printoptions({.precision = 2, .sci_mode = true});
  CHECK(tensor({1.5f, 2.25f, 100.125f}).str() == "tensor([1.50e+00, 2.25e+00, 1.00e+02])");
  set_printoptions({.precision = 2, .sci_mode = false});
  CHECK(tensor({1e-6f, 2.25f, 1e9f}).str() == "tensor([         0.00,          2.25, 1000000000.00])");
  set_printoptions({.threshold = 5, .edgeitems = 1});
  CHECK(arange(10.0f).str() == "tensor([0.,  ..., 9.])");
  set_printoptions({.linewidth = 30});
  CHECK(arange(20.0f).str() ==
        "tensor([ 0.,  1.,  2.,  3.,\n         4.,  5.,  6.,  7.,\n         8.,  9., 10., 11.,\n"
        "        12., 13., 14., 15.,\n        16., 17., 18., 19.])");
  set_printoptions();
  CHECK(tensor({0.5f}).str() == "tensor([0.5000])");
  CHECK(has(message_of([] { set_printoptions({.precision = -1}); }), "set_printoptions: precision must lie in 0..60"));
}

TEST_CASE("errors that PyTorch users search for", "[habits][errors]") {
  auto x = tensor({1, 2}, {.requires_grad = true});
  CHECK(has(message_of([&] { (x * 2).backward(); }), "scalar"));
  auto y = x.exp();
  const int line = __LINE__ + 1;
  y.add_(1);
  CHECK(has(message_of([&] { y.sum().backward(); }),
            "edited in place since [" + std::string(__FILE__) + ":" + std::to_string(line) + "]"));
}

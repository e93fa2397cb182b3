// What all optimizers share: groups, which parameters change, state, errors. Formulas are compared with PyTorch in
// tests/parity.

#include <chainrule/ops.hpp>
#include <chainrule/optim.hpp>
#include "support/catch.hpp"

namespace cr = chainrule;
namespace optim = chainrule::optim;
using cr::Tensor;

namespace {

Tensor<> leaf(std::initializer_list<float> values) { return cr::tensor(std::vector<float>(values)).requires_grad_(); }
void give(const Tensor<>& p, std::initializer_list<float> grad) { p.set_grad(cr::tensor(std::vector<float>(grad))); }

template <class F> std::string error_of(F f) {
  try {
    f();
  } catch (const cr::Error& e) { return e.message(); }
  return "no error";
}

}  // namespace

TEST_CASE("SGD goes against the gradient", "[optim]") {
  auto w = leaf({1, 2});
  optim::SGD optimizer({w}, {.lr = 0.5});
  give(w, {2, -4});
  optimizer.step();
  CHECK(w.to_vector() == std::vector<float>{0, 4});
  optimizer.set_lr(0.25);
  CHECK(optimizer.lr() == 0.25);
  optimizer.step();
  CHECK(w.to_vector() == std::vector<float>{-0.5f, 5});
}

TEST_CASE("SGD with maximize climbs", "[optim]") {
  auto w = leaf({1});
  optim::SGD optimizer({w}, {.lr = 0.5, .maximize = true});
  give(w, {2});
  optimizer.step();
  CHECK(w.item() == 2);
}

TEST_CASE("parameters without a gradient stay as they are", "[optim]") {
  auto a = leaf({1}), b = leaf({1});
  optim::Adam optimizer({a, b}, {.lr = 0.1, .weight_decay = 0.5});
  give(a, {1});
  optimizer.step();
  CHECK(a.item() == Approx(0.9));
  CHECK(b.item() == 1);
  CHECK(b.version() == 0);
  CHECK_FALSE(optimizer.state_dict().contains("state.1.step"));
}

TEST_CASE("each parameter counts its own steps", "[optim]") {
  // b joins later: Adam's first step is lr * sign(g), which it is only if its own count starts at 1.
  auto a = leaf({1}), b = leaf({1});
  optim::Adam optimizer({a, b}, {.lr = 0.1});
  give(a, {1});
  for (int i = 0; i < 5; ++i) optimizer.step();
  give(b, {3});
  optimizer.step();
  CHECK(b.item() == Approx(0.9));
}

TEST_CASE("a group has options of its own and takes the rest from the optimizer", "[optim]") {
  auto a = leaf({1}), b = leaf({1});
  optim::SGD optimizer({{.params = {a}, .lr = 0.5}, {.params = {b}}}, {.lr = 0.1});
  CHECK(optimizer.num_groups() == 2);
  CHECK(optimizer.param_groups()[0].lr == 0.5);
  CHECK(optimizer.lr(1) == 0.1);
  give(a, {1}), give(b, {1});
  optimizer.step();
  CHECK(a.item() == 0.5f);
  CHECK(b.item() == Approx(0.9));
  auto c = leaf({1});
  optimizer.add_param_group({.params = {c}, .lr = 1.0});
  give(c, {1});
  optimizer.step();
  CHECK(c.item() == 0);
}

TEST_CASE("groups with and without momentum take the same step side by side", "[optim]") {
  auto a = leaf({1}), b = leaf({1});
  optim::SGD optimizer({{.params = {a}}, {.params = {b}, .momentum = 0.5}}, {.lr = 1});
  for (int i = 0; i < 2; ++i) {
    give(a, {1}), give(b, {1});
    optimizer.step();
  }
  CHECK(a.item() == -1);
  CHECK(b.item() == -1.5f);  // 1 - 1 - 1.5
}

TEST_CASE("the optimizers deduce the element type", "[optim]") {
  std::vector<Tensor<double>> params{cr::tensor<double>({1}, {.requires_grad = true})};
  optim::Adam adam(params, {.lr = 0.1, .betas = {0.9, 0.99}});
  optim::AdamW adamw(params);
  optim::RMSprop rmsprop({params[0]}, {.centered = true});
  optim::Adagrad adagrad(params);
  STATIC_REQUIRE(std::is_same_v<decltype(adam), optim::Adam<double>>);
  STATIC_REQUIRE(std::is_same_v<decltype(rmsprop), optim::RMSprop<double>>);
  CHECK(adamw.param_groups()[0].weight_decay == 0.01);
  CHECK(adam.param_groups()[0].betas.second == 0.99);
}

TEST_CASE("zero_grad forgets the gradients or fills them with zeros", "[optim]") {
  auto w = leaf({1, 2});
  optim::SGD optimizer({w});
  give(w, {1, 1});
  optimizer.zero_grad(false);
  CHECK(w.grad().to_vector() == std::vector<float>{0, 0});
  optimizer.zero_grad();
  CHECK_FALSE(w.grad().defined());
}

TEST_CASE("step with a closure gives the loss", "[optim]") {
  auto w = leaf({3});
  optim::SGD optimizer({w}, {.lr = 0.25});
  cr::no_grad guard;  // the closure records all the same
  auto loss = optimizer.step([&] {
    optimizer.zero_grad();
    auto l = (w * w).sum();
    l.backward();
    return l;
  });
  CHECK(loss.item() == 9);
  CHECK(w.item() == 1.5f);
}

TEST_CASE("a step is an in-place edit that autograd notices", "[optim]") {
  auto w = leaf({3});
  auto y = (w * w).sum();
  give(w, {1});
  optim::SGD optimizer({w});
  optimizer.step();
  CHECK(w.version() == 1);
  CHECK_THROWS_WITH(y.backward(), chainrule_test::Contains("edited in place"));
}

TEST_CASE("a gradient that is not contiguous is used all the same", "[optim]") {
  auto w = cr::zeros({2, 2}, {.requires_grad = true});
  w.set_grad(cr::tensor({{1, 2}, {3, 4}}).t());
  optim::SGD optimizer({w}, {.lr = 1});
  optimizer.step();
  CHECK(w.to_vector() == std::vector<float>{-1, -3, -2, -4});
}

TEST_CASE("many parameters in one pass: the same bits for any number of threads", "[optim]") {
  auto run = [](int threads) {
    const int before = cr::get_num_threads();
    cr::set_num_threads(threads);
    cr::Generator generator(1);
    std::vector<Tensor<>> params;
    for (std::int64_t n :
         {1, 30000, 5, 0, 16384, 16383, 70001, 2}) {  // chunks of the pass begin and end inside of parameters
      params.push_back(cr::randn({n}, {.requires_grad = true, .generator = &generator}));
      params.back().set_grad(cr::randn({n}, {.generator = &generator}));
    }
    optim::Adam optimizer(params, {.lr = 0.01});
    for (int i = 0; i < 3; ++i) optimizer.step();
    cr::set_num_threads(before);
    std::vector<float> all;
    for (auto& p : params)
      for (float v : p.to_vector()) all.push_back(v);
    return all;
  };
  const auto one = run(1);
  CHECK(one == run(2));
  CHECK(one == run(5));
  // and the same as each parameter on its own
  cr::Generator generator(1);
  std::size_t at = 0;
  for (std::int64_t n : {1, 30000, 5, 0, 16384, 16383, 70001, 2}) {
    auto p = cr::randn({n}, {.requires_grad = true, .generator = &generator});
    p.set_grad(cr::randn({n}, {.generator = &generator}));
    optim::Adam optimizer({p}, {.lr = 0.01});
    for (int i = 0; i < 3; ++i) optimizer.step();
    const auto v = p.to_vector();
    CHECK(std::equal(v.begin(), v.end(), one.begin() + static_cast<std::ptrdiff_t>(at)));
    at += v.size();
  }
}

TEMPLATE_TEST_CASE("training goes on from a saved state as if it had not stopped", "[optim]", optim::SGD<double>,
                   optim::Adam<double>, optim::AdamW<double>, optim::RMSprop<double>, optim::Adagrad<double>) {
  auto options = typename TestType::Options{};
  options.lr = 0.05;
  if constexpr (requires { options.momentum; }) options.momentum = 0.9;
  if constexpr (requires { options.amsgrad; }) options.amsgrad = true;
  auto gradient = [](int step) { return cr::tensor<double>({std::sin(step), std::cos(2 * step), 0.5}); };
  auto w = cr::tensor<double>({1, 2, 3}, {.requires_grad = true});
  TestType optimizer({w}, options);
  for (int s = 0; s < 4; ++s) w.set_grad(gradient(s)), optimizer.step();
  optimizer.set_lr(0.02);
  const auto state = optimizer.state_dict();
  auto again = w.detach().clone().requires_grad_();
  TestType other({again});
  other.load_state_dict(state);
  CHECK(other.lr() == 0.02);
  for (int s = 4; s < 8; ++s) {
    w.set_grad(gradient(s)), optimizer.step();
    again.set_grad(gradient(s)), other.step();
  }
  CHECK(w.to_vector() == again.to_vector());
  CHECK(w.at({0}) != 1);
}

TEMPLATE_TEST_CASE("averages of gradients that have become 0 end at 0, not at denormal numbers", "[optim]",
                   (std::pair<optim::SGD<float>, float>), (std::pair<optim::Adam<float>, float>),
                   (std::pair<optim::RMSprop<float>, float>), (std::pair<optim::Adam<double>, double>)) {
  using T = typename TestType::second_type;
  using Optimizer = typename TestType::first_type;
  auto options = typename Optimizer::Options{};
  if constexpr (requires { options.momentum; }) options.momentum = 0.9;
  auto w = cr::tensor<T>({1, -2}, {.requires_grad = true});
  Optimizer optimizer({w}, options);
  w.set_grad(cr::tensor<T>({T(0.5), T(-1e-3)}));
  optimizer.step();
  w.set_grad(cr::tensor<T>({0, 0}));
  const int steps = sizeof(T) == 4 ? 700 : 6500;  // 0.9^700 is 2^-106, 0.9^6500 is 2^-988
  for (int s = 0; s < steps; ++s) optimizer.step();
  int averages = 0;
  for (const auto& [name, value] : optimizer.state_dict()) {
    if (!name.ends_with("exp_avg") && !name.ends_with("momentum_buffer")) continue;
    CHECK(Tensor<T>(cr::detail::ImplRef(value.impl())).to_vector() == std::vector<T>{0, 0});
    ++averages;
  }
  CHECK(averages == 1);
}

TEST_CASE(
    "room for the state of large parameters is set aside with the optimizer, and is no state before the first step",
    "[optim]") {
  const cr::Shape shape{256, 512};  // 512 KiB
  Tensor<> results[2];
  for (int again = 0; again < 2; ++again) {
    auto w = cr::ones(shape).requires_grad_(), frozen = cr::ones(shape);
    for (int i = 0; i < 4; ++i) cr::full(shape, 1e30f);  // what the pool hands out next is full of this
    const auto before = cr::memory_stats().live_bytes;
    optim::Adam optimizer({w, frozen}, {.lr = 0.5});
    CHECK(cr::memory_stats().live_bytes - before >= 2 * 512 * 1024);  // of w; frozen gets none
    CHECK(cr::memory_stats().live_bytes - before < 3 * 512 * 1024);
    for (const auto& [key, value] : optimizer.state_dict()) CHECK(!key.starts_with("state."));
    const auto made = cr::memory_stats().live_bytes;
    w.set_grad(cr::full(shape, 2.0f));
    const auto with_grad = cr::memory_stats().live_bytes;
    optimizer.step();
    CHECK(cr::memory_stats().live_bytes == with_grad);
    CHECK(with_grad > made);
    results[again] = w.detach();
  }
  CHECK(results[0].to_vector() == results[1].to_vector());
  CHECK(results[0].to_vector() == std::vector<float>(256 * 512, 0.5f));
}

TEST_CASE("a state of another optimizer, group or shape is refused and changes nothing", "[optim]") {
  auto w = leaf({1, 2}), v = leaf({1, 2, 3});
  optim::Adam adam({w}, {.lr = 0.1});
  give(w, {1, 1});
  adam.step();
  const auto before = adam.state_dict();
  optim::SGD sgd({w}, {.momentum = 0.9});
  optim::Adam two({w, v}), wide({v});
  give(v, {1, 1, 1});
  wide.step();
  auto same = [&] {
    const auto now = adam.state_dict();
    REQUIRE(now.size() == before.size());
    for (std::size_t i = 0; i < now.size(); ++i) CHECK(now[i].first == before[i].first);
    CHECK(now.get("state.0.exp_avg").to_vector() == before.get("state.0.exp_avg").to_vector());
    CHECK(adam.lr() == 0.1);
  };
  CHECK_THAT(error_of([&] { adam.load_state_dict(sgd.state_dict()); }),
             chainrule_test::Contains("no param_groups.0.beta1"));
  same();
  CHECK_THAT(error_of([&] { adam.load_state_dict(two.state_dict()); }),
             chainrule_test::Contains("group 0 has 1 parameters, the saved one has 2"));
  same();
  CHECK_THAT(
      error_of([&] { adam.load_state_dict(wide.state_dict()); }),
      chainrule_test::Contains("state.0.exp_avg is float32 of shape (3,), the parameter is float32 of shape (2,)"));
  same();
  auto more = adam.state_dict();
  more.emplace_back("weight", w);
  CHECK_THAT(error_of([&] { adam.load_state_dict(more); }), chainrule_test::Contains("does not know what weight is"));
  same();
}

TEST_CASE("bad options and parameters are refused", "[optim]") {
  auto w = leaf({1});
  CHECK(error_of([&] { optim::SGD o({w}, {.lr = -1}); }) == "SGD: invalid learning rate -1; it must be 0 or more");
  CHECK(error_of([&] { optim::SGD o({w}, {.lr = std::nan("")}); }) != "no error");
  CHECK(error_of([&] { optim::SGD o({w}, {.nesterov = true}); }) ==
        "SGD: nesterov needs a momentum above 0 and no dampening, got momentum 0 and dampening 0");
  CHECK(error_of([&] {
          optim::Adam o({w}, {.betas = {1.0, 0.9}});
        }) == "Adam: invalid first beta 1; it must be in [0, 1)");
  CHECK(error_of([&] { optim::AdamW o({w}, {.weight_decay = -0.5}); }) ==
        "AdamW: invalid weight_decay -0.5; it must be 0 or more");
  CHECK(error_of([&] { optim::RMSprop o({w}, {.alpha = -1}); }) == "RMSprop: invalid alpha -1; it must be 0 or more");
  CHECK(error_of([&] { optim::Adagrad o({w}, {.eps = -1}); }) == "Adagrad: invalid eps -1; it must be 0 or more");
  CHECK(error_of([&] { optim::SGD o(std::vector<Tensor<>>{}); }) ==
        "SGD: got an empty parameter list; pass net.parameters()");
  CHECK_THAT(error_of([&] { optim::SGD o({w * w}); }),
             chainrule_test::Contains("was computed by mul; only leaves can be optimized"));
  CHECK_THAT(error_of([&] {
               optim::SGD o({w, w});
             }),
             chainrule_test::Contains("parameters 0 and 1 are the same tensor"));
  CHECK_THAT(error_of([&] {
               optim::SGD o({{.params = {w}}, {.params = {w}}});
             }),
             chainrule_test::Contains("is in group 0 already"));
  optim::SGD o({w});
  CHECK(error_of([&] { o.set_lr(-0.5); }) == "set_lr: the learning rate must not be negative, got -0.5");
  CHECK(error_of([&] { (void)o.lr(3); }) == "lr: there is no parameter group 3, only 1");
}

// dropout: the share that stays, its scale, reproducibility, gradients.

#include "support/catch.hpp"
#include <chainrule/api.hpp>
#include <chainrule/core/random.hpp>

namespace cr = chainrule;

TEST_CASE("dropout zeroes about p of the numbers and scales the others", "[ops][dropout]") {
  for (double p : {0.1, 0.5, 0.9}) {
    cr::Generator g(3);
    const std::int64_t n = 100001;  // the last block is not full
    auto y = cr::dropout(cr::ones({n}), p, true, &g).to_vector();
    std::int64_t dropped = 0;
    for (float v : y) {
      dropped += v == 0;
      if (v != 0) REQUIRE(v == static_cast<float>(1 / (1 - p)));
    }
    CHECK(static_cast<double>(dropped) / static_cast<double>(n) ==
          Approx(p).margin(0.006));  // almost four standard deviations
  }
}

TEST_CASE("dropout with p = 0, p = 1 and outside of training", "[ops][dropout]") {
  auto x = cr::ones({5}, {.requires_grad = true});
  CHECK(cr::dropout(x, 0.0).to_vector() == std::vector<float>(5, 1.0f));
  CHECK(cr::dropout(x, 0.5, false).to_vector() == std::vector<float>(5, 1.0f));
  auto none = cr::dropout(x, 1.0);
  CHECK(none.to_vector() == std::vector<float>(5, 0.0f));
  none.sum().backward();
  CHECK(x.grad().to_vector() == std::vector<float>(5, 0.0f));
  CHECK_THROWS_AS(cr::dropout(x, 1.5), cr::Error);
  CHECK_THROWS_AS(cr::dropout(x, -0.1), cr::Error);
}

TEST_CASE("dropout repeats with its seed, for any number of threads, and differs from call to call", "[ops][dropout]") {
  auto x = cr::ones({3, 30000});
  cr::Generator a(7), b(7);
  auto first = cr::dropout(x, 0.5, true, &a).to_vector();
  const int threads = cr::get_num_threads();
  cr::set_num_threads(1);
  CHECK(cr::dropout(x, 0.5, true, &b).to_vector() == first);
  cr::set_num_threads(threads);
  CHECK(cr::dropout(x, 0.5, true, &a).to_vector() != first);
}

TEST_CASE("dropout's random words are Philox's", "[ops][dropout]") {
  cr::Generator g(11);
  const auto stream = g.stream();
  auto y = cr::dropout(cr::ones({200}), 0.5, true, &g).to_vector();
  for (std::size_t i = 0; i < y.size(); ++i) {
    cr::Philox r(11, stream, 16 * (i / 64) + i % 16);
    CHECK((y[i] != 0) == (r.word[i % 64 / 16] >= 0x80000000u));
  }
}

TEST_CASE("dropout's gradient has the mask of the forward pass, twice", "[ops][dropout]") {
  cr::Generator g(5);
  auto x = cr::randn<double>({4, 6}, {.requires_grad = true, .generator = &g});
  auto y = cr::dropout(x, 0.5, true, &g);
  y.sum().backward();
  auto value = y.to_vector(), grad = x.grad().to_vector(), in = x.to_vector();
  for (std::size_t i = 0; i < value.size(); ++i) CHECK(value[i] == grad[i] * in[i]);
  auto f = [](const cr::Tensor<double>& v) {
    cr::Generator same(5);
    return cr::dropout(v * v, 0.5, true, &same);
  };
  CHECK(cr::gradcheck(f, {x}));
  CHECK(cr::gradgradcheck(f, {x}));
}

// Mapping and reducing over every pattern of strides, for each instruction set and for one and two threads, against a
// walk by index.

#include "support/catch.hpp"

#include <chainrule/api.hpp>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

using namespace chainrule;
using cpu::Isa;

namespace {

struct Level {
  explicit Level(Isa isa) : set(cpu::set_isa(isa) == isa) {}
  ~Level() { cpu::set_isa(Isa::amx); }
  bool set;  // or the processor has no such level
};
struct Threads {
  explicit Threads(int n) { set_num_threads(n); }
  ~Threads() { set_num_threads(before); }
  int before = get_num_threads();
};

bool same_bits(const Tensor<>& a, const Tensor<>& b) {
  return a.shape() == b.shape() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.numel()) * sizeof(float)) == 0;
}

// Calls body(index) for each place of a shape, in row-major order.
template <class Body> void each_index(const Shape& shape, Body body) {
  std::vector<std::int64_t> index(static_cast<std::size_t>(shape.size()), 0);
  for (std::int64_t i = 0; i < shape.numel(); ++i) {
    body(index);
    for (int d = shape.size() - 1; d >= 0; --d) {
      auto& here = index[static_cast<std::size_t>(d)];
      if (++here < shape[d]) break;
      here = 0;
    }
  }
}

float element(const Tensor<>& t, const std::vector<std::int64_t>& index) {  // t broadcast to the index's dimensions
  std::int64_t offset = 0;
  const auto extra = static_cast<int>(index.size()) - t.dim();
  for (int d = 0; d < t.dim(); ++d)
    if (t.shape()[d] != 1) offset += index[static_cast<std::size_t>(d + extra)] * t.strides()[d];
  return t.data()[offset];
}

void check_difference(const Tensor<>& a, const Tensor<>& b) {
  INFO(a.shape() << " - " << b.shape());
  for (Isa isa : {Isa::base, Isa::avx2, Isa::avx512}) {
    Level level(isa);
    if (!level.set) continue;
    Threads two(2);
    const Tensor<> c = a - b;
    std::int64_t i = 0, wrong = 0;
    each_index(c.shape(), [&](const auto& index) { wrong += c.data()[i++] != element(a, index) - element(b, index); });
    CHECK(wrong == 0);
  }
}

void check_sum(const Tensor<>& x, const Dims& dims) {
  INFO(x.shape() << " over " << dims);
  std::vector<bool> gone(static_cast<std::size_t>(x.dim()), dims.empty());
  for (auto d : dims) gone[static_cast<std::size_t>(d)] = true;
  for (Isa isa : {Isa::base, Isa::avx2, Isa::avx512}) {
    Level level(isa);
    if (!level.set) continue;
    const Tensor<> one = (Threads(1), x.sum(dims)), two = (Threads(2), x.sum(dims));
    CHECK(same_bits(one, two));
    std::vector<double> expected(static_cast<std::size_t>(one.numel()), 0.0);
    each_index(x.shape(), [&](const auto& index) {
      std::int64_t place = 0;
      for (int d = 0; d < x.dim(); ++d)
        if (!gone[static_cast<std::size_t>(d)]) place = place * x.shape()[d] + index[static_cast<std::size_t>(d)];
      expected[static_cast<std::size_t>(place)] += static_cast<double>(element(x, index));
    });
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
      worst = std::max(worst, std::abs(expected[i] - static_cast<double>(one.data()[i])));
    CHECK(worst <= 3e-7 * static_cast<double>(x.numel()) / static_cast<double>(std::max<std::int64_t>(1, one.numel())));
  }
}

}  // namespace

TEST_CASE("elementwise ops walk every pattern of strides", "[core][elementwise]") {
  manual_seed(1);
  const std::pair<Shape, Shape> shapes[] = {{{64, 2}, {2}},
                                            {{2}, {64, 2}},
                                            {{100, 10}, {100, 1}},
                                            {{5, 1, 3}, {7, 1}},
                                            {{3, 16, 28, 28}, {1, 16, 1, 1}},
                                            {{3, 8, 28, 28}, {28}},
                                            {{}, {1000}},
                                            {{40000}, {}},
                                            {{300, 100}, {100}},
                                            {{300, 1000}, {300, 1}},
                                            {{1, 1000}, {300, 1}},
                                            {{7, 1, 5, 1}, {1, 300, 1, 3}},
                                            {{0, 3}, {3}},
                                            {{3, 5, 300}, {5, 300}},
                                            {{17, 255}, {255}},
                                            {{400, 2, 3}, {2, 1}}};
  for (const auto& [a, b] : shapes) check_difference(rand(a), rand(b));
  check_difference(rand({300, 200}).t(), rand({200, 300}));
  check_difference(rand({3, 40, 50}).permute({2, 0, 1}), rand({3, 40}));
  const auto wide = rand({100, 700});
  check_difference(slice(wide, 1, 3, 603, 2), slice(wide, 1, 0, 300));
  check_difference(slice(wide, 1, 3, 103), rand({100}));
}

TEST_CASE("in-place ops write to views with gaps", "[core][elementwise]") {
  auto columns = zeros({50, 600});
  auto every_third = slice(columns, 1, 1, 600, 3);
  every_third += ones({200});
  CHECK(columns.sum().item() == 50 * 200);
  CHECK(every_third.sum().item() == 50 * 200);
  for (std::int64_t n : {5, 500}) {
    auto matrix = zeros({n, 600});
    matrix.t().add_(arange<float>(n));
    CHECK(matrix.sum(1).to_vector() == (arange<float>(n) * 600).to_vector());
  }
}

TEST_CASE("sums over every pattern of strides, bitwise the same for any number of threads", "[core][reduce]") {
  manual_seed(2);
  for (std::int64_t n : {1, 31, 32, 33, 4096, 5000, 70000, 300000}) check_sum(rand({n}), {});
  const std::pair<Shape, Dims> cases[] = {{{1000, 300}, {0}},
                                          {{1000, 300}, {1}},
                                          {{5000, 3}, {0}},
                                          {{20000, 9}, {0}},
                                          {{3, 100000}, {1}},
                                          {{20, 16, 28, 28}, {0, 2, 3}},
                                          {{20, 300, 4, 4}, {0, 2, 3}},
                                          {{20, 16, 28, 28}, {1}},
                                          {{20, 16, 28, 28}, {2}},
                                          {{20, 16, 28, 28}, {0, 1}},
                                          {{8, 3000, 20}, {0, 1}},
                                          {{2100, 3, 100}, {0}},
                                          {{0, 4}, {0}}};
  for (const auto& [shape, dims] : cases) check_sum(rand(shape), dims);
  check_sum(rand({20, 16, 28, 28}).permute({3, 1, 0, 2}), {0, 2});
  check_sum(rand({2, 200000}).t(), {0});
  check_sum(slice(rand({200, 300}), 1, 0, 300, 3), {1});
  check_sum(slice(rand({900000}), 0, 0, 900000, 3), {0});
}

TEST_CASE("random numbers do not depend on threads, and uniform ones not on the instruction set", "[core][random]") {
  auto draw = [](Isa isa, int threads, auto make) {
    Level level(isa);
    Threads set(threads);
    manual_seed(7);
    return make(Shape{100003});
  };
  auto uniform = [](const Shape& s) { return rand(s); };
  auto normal = [](const Shape& s) { return randn(s); };
  const auto u = draw(Isa::avx512, 1, uniform), z = draw(Isa::avx512, 1, normal);
  CHECK(u[0].item() == 0.954597116f);  // Philox 4x32-10, key 7, counter 0: its first word's upper 24 bits
  CHECK(same_bits(u, draw(Isa::avx512, 2, uniform)));
  CHECK(same_bits(u, draw(Isa::base, 2, uniform)));
  CHECK(same_bits(z, draw(Isa::avx512, 2, normal)));
  CHECK(max(abs(z - draw(Isa::base, 1, normal))).item() < 1e-5f);
  CHECK(z.mean().item() == Approx(0).margin(0.02));
  CHECK(z.var().item() == Approx(1).margin(0.02));
  CHECK(pow(z, 4).mean().item() == Approx(3).margin(0.15));
}

// The convolution kernels against seven loops: every instruction set that the processor has, both types, odd shapes.

#include <chainrule/cpu/conv/conv2d.hpp>
#include <chainrule/cpu/conv/reference.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace cpu = chainrule::cpu;

namespace {

struct Rng {  // small numbers, the same in every run
  std::uint64_t state = 88172645463325252ull;
  std::int64_t below(std::int64_t n) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return static_cast<std::int64_t>(state >> 11) % n;
  }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  double unit() { return static_cast<double>(below(2000001) - 1000000) * 1e-6; }
};

template <class T> std::vector<T> numbers(Rng& rng, std::int64_t n) {
  std::vector<T> v(static_cast<std::size_t>(n));
  for (T& x : v) x = static_cast<T>(rng.unit());
  return v;
}

std::vector<cpu::Isa> levels() {
  cpu::Isa before = cpu::isa();
  std::vector<cpu::Isa> found;
  for (cpu::Isa isa : {cpu::Isa::base, cpu::Isa::avx2, cpu::Isa::avx512, cpu::Isa::amx}) {
    if (cpu::set_isa(isa) == isa) found.push_back(isa);
  }
  cpu::set_isa(before);
  return found;
}

cpu::ConvShape sized(cpu::ConvShape s) {
  s.oh = (s.h + 2 * s.pad_h - s.dil_h * (s.kh - 1) - 1) / s.stride_h + 1;
  s.ow = (s.w + 2 * s.pad_w - s.dil_w * (s.kw - 1) - 1) / s.stride_w + 1;
  return s;
}

template <class T> double worst_difference(const std::vector<T>& a, const std::vector<T>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(difference <= worst)) worst = difference;  // a NaN shows
  }
  return worst;
}

/// `call(result)` at every level: close to `expected`, and bitwise the same for 1, 2 and 5 threads.
template <class T, class Call> void agree(const std::vector<T>& expected, std::int64_t terms, const Call& call) {
  // Each of `terms` products of numbers below 1 adds at most half a unit in the last place of a sum below `terms`.
  double tolerance = static_cast<double>(std::numeric_limits<T>::epsilon()) * (4 + static_cast<double>(terms));
  cpu::Isa before = cpu::isa();
  for (cpu::Isa isa : levels()) {
    cpu::set_isa(isa);
    std::vector<T> first;
    for (int threads : {1, 2, 5}) {
      chainrule::set_num_threads(threads);
      std::vector<T> result(expected.size(), std::numeric_limits<T>::quiet_NaN());  // every number must be written
      call(result.data());
      if (threads == 1) first = result;
      INFO(name(isa) << ", threads " << threads);
      CHECK(worst_difference(result, expected) <= tolerance);
      CHECK(result == first);
    }
  }
  cpu::set_isa(before);
  chainrule::set_num_threads(1);
}

template <class T> void agree(Rng& rng, cpu::ConvShape s) {
  s = sized(s);
  INFO("n " << s.n << " c_in " << s.c_in << " h " << s.h << " w " << s.w << " c_out " << s.c_out << " window " << s.kh
            << " x " << s.kw << " stride " << s.stride_h << ", " << s.stride_w << " pad " << s.pad_h << ", " << s.pad_w
            << " dilation " << s.dil_h << ", " << s.dil_w << " groups " << s.groups);
  std::int64_t window = s.c_in / s.groups * s.kh * s.kw;
  auto x = numbers<T>(rng, s.n * s.c_in * s.h * s.w), weight = numbers<T>(rng, s.c_out * window),
       bias = numbers<T>(rng, s.c_out);
  auto dy = numbers<T>(rng, s.n * s.c_out * s.oh * s.ow);
  {
    INFO("forward with bias");
    std::vector<T> y(dy.size());
    cpu::conv2d_forward_plain(s, x.data(), weight.data(), bias.data(), y.data());
    agree<T>(y, window, [&](T* to) { cpu::conv2d_forward(s, x.data(), weight.data(), bias.data(), to, true); });
  }
  {
    INFO("forward without bias");
    std::vector<T> y(dy.size());
    const T* none = nullptr;
    cpu::conv2d_forward_plain(s, x.data(), weight.data(), none, y.data());
    agree<T>(y, window, [&](T* to) { cpu::conv2d_forward(s, x.data(), weight.data(), none, to, true); });
  }
  {
    INFO("backward to the input");
    std::vector<T> dx(x.size());
    cpu::conv2d_backward_input_plain(s, dy.data(), weight.data(), dx.data());
    agree<T>(dx, s.c_out / s.groups * s.kh * s.kw,
             [&](T* to) { cpu::conv2d_backward_input(s, dy.data(), weight.data(), to, true); });
  }
  {
    INFO("backward to the weight");
    std::vector<T> dweight(weight.size());
    cpu::conv2d_backward_weight_plain(s, x.data(), dy.data(), dweight.data());
    agree<T>(dweight, s.n * s.oh * s.ow, [&](T* to) { cpu::conv2d_backward_weight(s, x.data(), dy.data(), to, true); });
  }
}

}  // namespace

TEMPLATE_TEST_CASE("convolutions of any geometry agree with seven loops", "[cpu][conv]", float, double) {
  Rng rng;
  for (int round = 0; round < 60; ++round) {
    cpu::ConvShape s{};
    s.groups = rng.below(3) == 0 ? rng.between(2, 4) : 1;
    s.c_in = s.groups * rng.between(1, s.groups == 1 ? 19 : 5),
    s.c_out = s.groups * rng.between(1, s.groups == 1 ? 19 : 5);
    s.n = rng.between(1, 3), s.kh = rng.between(1, 5), s.kw = rng.between(1, 5);
    s.stride_h = rng.between(1, 3), s.stride_w = rng.between(1, 3), s.pad_h = rng.between(0, 3),
    s.pad_w = rng.between(0, 3);
    s.dil_h = rng.between(1, 3), s.dil_w = rng.between(1, 3);
    std::int64_t least_h = std::max<std::int64_t>(1, s.dil_h * (s.kh - 1) + 1 - 2 * s.pad_h);
    std::int64_t least_w = std::max<std::int64_t>(1, s.dil_w * (s.kw - 1) + 1 - 2 * s.pad_w);
    s.h = rng.between(least_h, least_h + 12), s.w = rng.between(least_w, least_w + 20);
    agree<TestType>(rng, s);
  }
}

TEMPLATE_TEST_CASE("convolutions of the networks agree with seven loops", "[cpu][conv]", float, double) {
  Rng rng;
  agree<TestType>(rng, {.n = 3, .c_in = 1, .h = 28, .w = 28, .c_out = 32, .kh = 3, .kw = 3});
  agree<TestType>(
      rng, {.n = 2, .c_in = 3, .h = 20, .w = 36, .c_out = 45, .kh = 5, .kw = 5});  // tiles of 12, 8, 4 and 1 rows
  agree<TestType>(rng, {.n = 2, .c_in = 32, .h = 26, .w = 26, .c_out = 24, .kh = 3, .kw = 3});
  agree<TestType>(rng, {.n = 2, .c_in = 70, .h = 7, .w = 7, .c_out = 50, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1});
  agree<TestType>(rng, {.n = 1,
                        .c_in = 3,
                        .h = 40,
                        .w = 44,
                        .c_out = 20,
                        .kh = 7,
                        .kw = 7,
                        .stride_h = 2,
                        .stride_w = 2,
                        .pad_h = 3,
                        .pad_w = 3});
  agree<TestType>(rng, {.n = 9, .c_in = 6, .h = 12, .w = 12, .c_out = 16, .kh = 5, .kw = 5});
  // Input gradients of small maps, whose products are added to the image: with padding, dilation, maps of 8 x 8 and 4 x
  // 4.
  agree<TestType>(rng, {.n = 3, .c_in = 3, .h = 8, .w = 8, .c_out = 9, .kh = 5, .kw = 5, .pad_h = 2, .pad_w = 2});
  agree<TestType>(rng, {.n = 2, .c_in = 5, .h = 12, .w = 12, .c_out = 8, .kh = 3, .kw = 3, .dil_h = 2, .dil_w = 2});
  agree<TestType>(rng, {.n = 5, .c_in = 2, .h = 8, .w = 8, .c_out = 11, .kh = 5, .kw = 5});
  agree<TestType>(rng, {.n = 2, .c_in = 4, .h = 5, .w = 4, .c_out = 20, .kh = 4, .kw = 3, .pad_h = 1, .pad_w = 1});
  agree<TestType>(rng, {.n = 2, .c_in = 48, .h = 14, .w = 14, .c_out = 72, .kh = 1, .kw = 1});
  agree<TestType>(rng, {.n = 1, .c_in = 20, .h = 24, .w = 24, .c_out = 40, .kh = 1, .kw = 1});
  agree<TestType>(rng, {.n = 2,
                        .c_in = 40,
                        .h = 28,
                        .w = 28,
                        .c_out = 20,
                        .kh = 1,
                        .kw = 1});  // rows of 392 in the gradient of the weight
  agree<TestType>(
      rng,
      {.n = 9, .c_in = 17, .h = 7, .w = 7, .c_out = 33, .kh = 1, .kw = 1});  // several images a chunk, not all equal
  agree<TestType>(rng, {.n = 1,
                        .c_in = 5,
                        .h = 23,
                        .w = 29,
                        .c_out = 6,
                        .kh = 1,
                        .kw = 1});  // 667 pixels: no rows of one length but its own
  agree<TestType>(rng,
                  {.n = 2, .c_in = 24, .h = 28, .w = 28, .c_out = 48, .kh = 1, .kw = 1, .stride_h = 2, .stride_w = 2});
  agree<TestType>(
      rng,
      {.n = 2, .c_in = 12, .h = 13, .w = 10, .c_out = 6, .kh = 1, .kw = 1, .stride_h = 3, .stride_w = 1, .groups = 2});
  agree<TestType>(rng,
                  {.n = 2, .c_in = 24, .h = 15, .w = 15, .c_out = 40, .kh = 1, .kw = 1, .stride_h = 2, .stride_w = 2});
  agree<TestType>(rng, {.n = 2,
                        .c_in = 24,
                        .h = 15,
                        .w = 15,
                        .c_out = 40,
                        .kh = 3,
                        .kw = 3,
                        .stride_h = 2,
                        .stride_w = 2,
                        .pad_h = 1,
                        .pad_w = 1});
  agree<TestType>(
      rng, {.n = 3, .c_in = 12, .h = 11, .w = 11, .c_out = 12, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1, .groups = 12});
  agree<TestType>(rng,
                  {.n = 1, .c_in = 9, .h = 32, .w = 32, .c_out = 9, .kh = 3, .kw = 3});  // planes of a power of two
  agree<TestType>(rng, {.n = 1, .c_in = 2, .h = 3, .w = 500, .c_out = 3, .kh = 2, .kw = 9});  // a long row
}

TEST_CASE("convolutions large enough for tiles of bfloat16 agree with seven loops", "[cpu][conv][amx]") {
  Rng rng;
  agree<float>(rng,
               {.n = 8, .c_in = 96, .h = 7, .w = 7, .c_out = 100, .kh = 1, .kw = 1});  // panels of pixels of two images
  agree<float>(rng, {.n = 2, .c_in = 64, .h = 28, .w = 28, .c_out = 96, .kh = 1, .kw = 1});  // whole panels
  agree<float>(rng, {.n = 1, .c_in = 150, .h = 14, .w = 14, .c_out = 64, .kh = 1, .kw = 1});
  agree<float>(rng,
               {.n = 3, .c_in = 64, .h = 19, .w = 18, .c_out = 70, .kh = 1, .kw = 1, .stride_h = 2, .stride_w = 2});
  agree<float>(rng, {.n = 2,
                     .c_in = 48,
                     .h = 20,
                     .w = 20,
                     .c_out = 64,
                     .kh = 3,
                     .kw = 3,
                     .stride_h = 2,
                     .stride_w = 2,
                     .pad_h = 1,
                     .pad_w = 1});
  agree<float>(rng, {.n = 2, .c_in = 128, .h = 16, .w = 16, .c_out = 128, .kh = 1, .kw = 1, .groups = 2});
  // The gradient of the weight, too: small images side by side, larger ones by themselves, with the image and dy
  // changing places.
  agree<float>(rng, {.n = 5, .c_in = 128, .h = 7, .w = 7, .c_out = 256, .kh = 1, .kw = 1});
  agree<float>(rng, {.n = 2, .c_in = 256, .h = 14, .w = 14, .c_out = 128, .kh = 1, .kw = 1});
  agree<float>(rng, {.n = 2, .c_in = 128, .h = 15, .w = 15, .c_out = 188, .kh = 1, .kw = 1});
  agree<float>(rng, {.n = 1,
                     .c_in = 33,
                     .h = 24,
                     .w = 23,
                     .c_out = 64,
                     .kh = 3,
                     .kw = 3,
                     .pad_h = 2,
                     .pad_w = 2,
                     .dil_h = 2,
                     .dil_w = 2});
}

TEST_CASE("an infinite pixel of a convolution on tiles", "[cpu][conv][amx]") {
  cpu::ConvShape s = sized({.n = 2, .c_in = 64, .h = 16, .w = 16, .c_out = 64});
  std::vector<float> x(2 * 64 * 256, 1.f), weight(64 * 64, 1.f), y(x.size());
  x[5 * 256 + 17] = std::numeric_limits<float>::infinity();
  cpu::conv2d_forward<float>(s, x.data(), weight.data(), nullptr, y.data());
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (i < 64 * 256 && i % 256 == 17) CHECK(std::isinf(y[i]));
    else if (y[i] != 64.f) FAIL("number " << i << " is " << y[i]);
  }
}

TEMPLATE_TEST_CASE("images one pixel wide, with a stride across them", "[cpu][conv]", float, double) {
  Rng rng;
  agree<TestType>(rng, sized({.n = 2,
                              .c_in = 3,
                              .h = 9,
                              .w = 1,
                              .c_out = 4,
                              .kh = 2,
                              .kw = 2,
                              .stride_h = 1,
                              .stride_w = 2,
                              .pad_h = 0,
                              .pad_w = 1}));
  agree<TestType>(rng, sized({.n = 9,
                              .c_in = 2,
                              .h = 70,
                              .w = 1,
                              .c_out = 3,
                              .kh = 3,
                              .kw = 3,
                              .stride_h = 1,
                              .stride_w = 3,
                              .pad_h = 1,
                              .pad_w = 2}));
}

TEMPLATE_TEST_CASE("a convolution without images writes nothing, and its weight gradient is zero", "[cpu][conv]", float,
                   double) {
  cpu::ConvShape s = sized({.n = 0, .c_in = 2, .h = 5, .w = 5, .c_out = 3, .kh = 3, .kw = 3});
  std::vector<TestType> weight(54, TestType(1)), nothing;
  cpu::conv2d_forward<TestType>(s, nothing.data(), weight.data(), nullptr, nothing.data());
  cpu::conv2d_backward_input<TestType>(s, nothing.data(), weight.data(), nothing.data());
  cpu::conv2d_backward_weight<TestType>(s, nothing.data(), nothing.data(), weight.data());
  CHECK(weight == std::vector<TestType>(54, TestType(0)));
}

TEST_CASE("an infinite pixel reaches the outputs that read it and no others", "[cpu][conv]") {
  cpu::ConvShape s = sized({.n = 1, .c_in = 1, .h = 9, .w = 9, .c_out = 1, .kh = 3, .kw = 3});
  std::vector<float> x(81, 1.f), weight(9, 1.f), y(49);
  x[4 * 9 + 4] = std::numeric_limits<float>::infinity();
  cpu::conv2d_forward<float>(s, x.data(), weight.data(), nullptr, y.data(), true);
  int infinite = 0;
  for (float v : y) {
    if (std::isinf(v)) {
      ++infinite;
    } else {
      CHECK(v == 9.f);
    }
  }
  CHECK(infinite == 9);
}

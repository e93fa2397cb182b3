// Every row of the tables of algorithms, forced on every shape that it applies to, against the plain loops: both types,
// every instruction set that the processor has. A row that applies to none of the shapes fails the test.

#include <chainrule/cpu/conv/conv2d.hpp>
#include <chainrule/cpu/conv/reference.hpp>
#include <chainrule/cpu/gemm/gemm.hpp>
#include <chainrule/cpu/gemm/reference.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/child.hpp"

namespace cpu = chainrule::cpu;
using chainrule_test::Contains;
using chainrule_test::Ending;

namespace {

struct Rng {  // small values, the same in every run
  std::uint64_t state = 88172645463325252ull;
  double unit() {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return static_cast<double>(static_cast<std::int64_t>(state >> 11) % 2000001 - 1000000) * 1e-6;
  }
};

template <class T> std::vector<T> values(Rng& rng, std::int64_t n) {
  std::vector<T> v(static_cast<std::size_t>(n));
  for (T& x : v) x = static_cast<T>(rng.unit());
  return v;
}

/// f() at every level and with 1 and 3 threads.
template <class F> void everywhere(const F& f) {
  const cpu::Isa before = cpu::isa();
  for (cpu::Isa isa : {cpu::Isa::base, cpu::Isa::avx2, cpu::Isa::avx512, cpu::Isa::amx}) {
    if (cpu::set_isa(isa) != isa) continue;
    for (int threads : {1, 3}) {
      chainrule::set_num_threads(threads);
      INFO(name(isa) << ", threads " << threads);
      f();
    }
  }
  cpu::set_isa(before);
  chainrule::set_num_threads(1);
}

bool has_amx() { return cpu::detail::best_isa() == cpu::Isa::amx; }

/// Forces a row for the length of a scope.
struct Forced {
  std::atomic<const char*>& setting;
  const char* before;
  Forced(std::atomic<const char*>& s, const char* name) : setting(s), before(s.exchange(name)) {}
  ~Forced() { setting = before; }
};

/// Each of k products of values below 1 adds at most half a unit in the last place of a sum below k. Winograd's error
/// is up to 6 times that of a plain sum (winograd_test.cpp measures it); AMX adds six products for each, and rounds
/// more.
template <class T> double tolerance(std::string_view row, std::int64_t k) {
  return (row == "winograd" ? 8
          : row == "amx"    ? 2
                            : 1) *
         static_cast<double>(std::numeric_limits<T>::epsilon()) * (4 + static_cast<double>(k));
}

template <class T> double worst_difference(const std::vector<T>& a, const std::vector<T>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(difference <= worst)) worst = difference;  // a NaN shows
  }
  return worst;
}

/// Counts for each row of a table the problems that it computed, and fails for one that computed none.
template <class Problem, std::size_t n> struct Rows {
  const std::array<cpu::Algorithm<Problem>, n>& table;
  std::array<int, n> computed{};

  /// compute(name) for each row that applies to the problem.
  template <class F> void each(Problem& problem, const F& compute) {
    for (std::size_t i = 0; i < n; ++i) {
      if (!table[i].applies(problem)) continue;
      INFO("row " << table[i].name);
      ++computed[i];
      compute(table[i].name);
    }
  }
  void check_all(const char* what, bool floats) const {
    for (std::size_t i = 0; i < n; ++i) {
      const std::string_view row = table[i].name;
      INFO(what << ", row " << row);
      if (row == "amx" && floats && !has_amx()) WARN("skipped: row amx of " << what << ", this processor has no AMX");
      const bool none = (row == "amx" && !(floats && has_amx())) || (row == "winograd" && !floats);
      CHECK((computed[i] == 0) == none);
    }
  }
};
template <class Problem, std::size_t n> Rows(const std::array<cpu::Algorithm<Problem>, n>&) -> Rows<Problem, n>;

cpu::ConvShape sized(cpu::ConvShape s) {
  s.oh = (s.h + 2 * s.pad_h - s.dil_h * (s.kh - 1) - 1) / s.stride_h + 1;
  s.ow = (s.w + 2 * s.pad_w - s.dil_w * (s.kw - 1) - 1) / s.stride_w + 1;
  return s;
}

std::vector<cpu::ConvShape> shapes() {
  return {
      {.n = 1, .c_in = 1, .h = 1, .w = 1, .c_out = 1},                                 // one product
      {.n = 2, .c_in = 3, .h = 5, .w = 7, .c_out = 4},                                 // 1 x 1
      {.n = 3, .c_in = 17, .h = 7, .w = 5, .c_out = 9, .stride_h = 2, .stride_w = 3},  // 1 x 1 with a stride
      {.n = 1, .c_in = 2, .h = 4, .w = 4, .c_out = 3, .pad_h = 1, .pad_w = 2},         // 1 x 1 with padding
      {.n = 2, .c_in = 4, .h = 6, .w = 6, .c_out = 6, .pad_h = 1, .pad_w = 1, .groups = 2},
      {.n = 1, .c_in = 1, .h = 3, .w = 3, .c_out = 1, .kh = 3, .kw = 3},  // one output
      {.n = 3, .c_in = 1, .h = 28, .w = 28, .c_out = 5, .kh = 5, .kw = 5, .pad_h = 2, .pad_w = 2},
      {.n = 2, .c_in = 6, .h = 12, .w = 12, .c_out = 16, .kh = 5, .kw = 5},  // col2im
      {.n = 2, .c_in = 3, .h = 10, .w = 12, .c_out = 7, .kh = 3, .kw = 5, .pad_h = 2, .pad_w = 3},
      {.n = 2, .c_in = 5, .h = 12, .w = 12, .c_out = 8, .kh = 3, .kw = 3, .dil_h = 2, .dil_w = 2},
      {.n = 2, .c_in = 8, .h = 11, .w = 9, .c_out = 10, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1},  // Winograd
      {.n = 1, .c_in = 2, .h = 4, .w = 3, .c_out = 3, .kh = 3, .kw = 3, .pad_h = 2, .pad_w = 2},
      {.n = 2, .c_in = 6, .h = 11, .w = 13, .c_out = 4, .kh = 3, .kw = 2, .stride_h = 2, .stride_w = 1, .groups = 2},
      {.n = 2,
       .c_in = 5,
       .h = 13,
       .w = 11,
       .c_out = 7,
       .kh = 3,
       .kw = 3,
       .stride_h = 2,
       .stride_w = 2,
       .pad_h = 1,
       .pad_w = 1},
      {.n = 1, .c_in = 3, .h = 9, .w = 10, .c_out = 2, .kh = 2, .kw = 2, .stride_h = 3, .stride_w = 4},  // gaps
      {.n = 2, .c_in = 12, .h = 9, .w = 9, .c_out = 12, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1, .groups = 12},
      {.n = 1, .c_in = 50, .h = 6, .w = 5, .c_out = 13, .kh = 3, .kw = 3},  // several blocks
      {.n = 1, .c_in = 2, .h = 3, .w = 100, .c_out = 3, .kh = 2, .kw = 9, .pad_w = 4},
      {.n = 2, .c_in = 2, .h = 9, .w = 1, .c_out = 4, .kh = 2, .kw = 2, .stride_w = 2, .pad_w = 1},
      {.n = 2, .c_in = 40, .h = 9, .w = 9, .c_out = 70},
      {.n = 0, .c_in = 2, .h = 5, .w = 5, .c_out = 3, .kh = 3, .kw = 3},  // no image
  };
}

template <class T> void check_convolutions(bool exact) {
  Rng rng;
  Rows forward{cpu::detail::forward_algorithms<T>};
  Rows input{cpu::detail::input_gradient_algorithms<T>};
  Rows weights{cpu::detail::weight_gradient_algorithms<T>};
  for (cpu::ConvShape s : shapes()) {
    s = sized(s);
    INFO("n " << s.n << " c_in " << s.c_in << " h " << s.h << " w " << s.w << " c_out " << s.c_out << " window " << s.kh
              << " x " << s.kw << " stride " << s.stride_h << ", " << s.stride_w << " pad " << s.pad_h << ", "
              << s.pad_w << " dilation " << s.dil_h << ", " << s.dil_w << " groups " << s.groups);
    const std::int64_t window = s.c_in / s.groups * s.kh * s.kw;
    const auto x = values<T>(rng, s.n * s.c_in * s.h * s.w), weight = values<T>(rng, s.c_out * window),
               bias = values<T>(rng, s.c_out), dy = values<T>(rng, s.n * s.c_out * s.oh * s.ow);
    auto y = dy, dx = x, dweight = weight;
    cpu::conv2d_forward_plain(s, x.data(), weight.data(), bias.data(), y.data());
    cpu::conv2d_backward_input_plain(s, dy.data(), weight.data(), dx.data());
    cpu::conv2d_backward_weight_plain(s, x.data(), dy.data(), dweight.data());
    const auto agrees = [](const char* row, const std::vector<T>& expected, std::int64_t terms, const auto& compute) {
      const Forced forced(cpu::forced_conv(), row);
      std::vector<T> result(expected.size(), std::numeric_limits<T>::quiet_NaN());  // every element must be written
      compute(result.data());
      CHECK(worst_difference(result, expected) <= tolerance<T>(row, terms));
    };
    everywhere([&] {
      if (s.n > 0) {
        std::vector<T> none(dy.size()), nothing(x.size());  // only asked what applies
        cpu::ConvForward<T> f(s, x.data(), weight.data(), bias.data(), none.data(), exact);
        forward.each(f, [&](const char* row) {
          agrees(row, y, window,
                 [&](T* to) { cpu::conv2d_forward(s, x.data(), weight.data(), bias.data(), to, exact); });
        });
        cpu::ConvInputGradient<T> g(s, dy.data(), weight.data(), nothing.data(), exact);
        input.each(g, [&](const char* row) {
          agrees(row, dx, s.c_out / s.groups * s.kh * s.kw,
                 [&](T* to) { cpu::conv2d_backward_input(s, dy.data(), weight.data(), to, exact); });
        });
        // The phases of a strided gradient ask the table again, where implicit_gemm and amx apply.
        for (const char* row : {"amx", "implicit_gemm"})
          agrees(row, dx, s.c_out / s.groups * s.kh * s.kw,
                 [&](T* to) { cpu::conv2d_backward_input(s, dy.data(), weight.data(), to, exact); });
        std::vector<T> unused(weight.size());
        cpu::ConvWeightGradient<T> w(s, x.data(), dy.data(), unused.data(), exact);
        weights.each(w, [&](const char* row) {
          agrees(row, dweight, s.n * s.oh * s.ow,
                 [&](T* to) { cpu::conv2d_backward_weight(s, x.data(), dy.data(), to, exact); });
        });
      } else {
        agrees("implicit_gemm", y, 0,
               [&](T* to) { cpu::conv2d_forward(s, x.data(), weight.data(), bias.data(), to, exact); });
        agrees("implicit_gemm", dx, 0,
               [&](T* to) { cpu::conv2d_backward_input(s, dy.data(), weight.data(), to, exact); });
        agrees("implicit_gemm", dweight, 0,
               [&](T* to) { cpu::conv2d_backward_weight(s, x.data(), dy.data(), to, exact); });
      }
    });
  }
  if (exact) {
    for (const auto& [row, computed] :
         {std::pair(forward.table[0].name, forward.computed[0]), std::pair(input.table[0].name, input.computed[0]),
          std::pair(weights.table[0].name, weights.computed[0])}) {
      CHECK(row == std::string_view("winograd"));
      CHECK(computed == 0);
    }
    return;
  }
  const bool floats = std::is_same_v<T, float>;
  forward.check_all("forward", floats);
  input.check_all("gradient of the input", floats);
  weights.check_all("gradient of the weight", floats);
}

/// Runs f in a child with the variable set.
template <class F> Ending with_variable(const char* name, const char* value, const F& f) {
  return chainrule_test::in_child([&] {
    setenv(name, value, 1);
    f();
  });
}

}  // namespace

TEMPLATE_TEST_CASE("every algorithm of a convolution computes every shape that it applies to", "[cpu][conv]", float,
                   double) {
  check_convolutions<TestType>(false);
}

TEMPLATE_TEST_CASE("winograd does not apply to exact convolutions, even if it is forced", "[cpu][conv]", float,
                   double) {
  check_convolutions<TestType>(true);
}

TEMPLATE_TEST_CASE("every algorithm of a product computes every shape that it applies to", "[cpu][gemm]", float,
                   double) {
  using T = TestType;
  struct Shape {
    std::int64_t m, n, k;
  };
  const Shape all[] = {{1, 1, 1},    {3, 4, 16},    {7, 3, 0},    {1, 5, 2},     {5, 1, 40},
                       {8, 8, 8},    {13, 17, 19},  {16, 49, 33}, {70, 130, 64}, {33, 5, 70},
                       {4, 65, 500}, {65, 66, 430}, {300, 2, 9},  {9, 300, 17}};
  Rng rng;
  Rows rows{cpu::detail::gemm_algorithms<T>};
  for (const Shape& s : all) {
    for (int layout = 0; layout < 32; ++layout) {
      const bool a_across = layout & 1, b_across = layout & 2, accumulate = layout & 4, epilogue = layout & 8,
                 row_bias = layout & 16;
      INFO("m " << s.m << " n " << s.n << " k " << s.k << " layout " << layout);
      const auto a = values<T>(rng, s.m * s.k), b = values<T>(rng, s.k * s.n), before = values<T>(rng, s.m * s.n),
                 bias = values<T>(rng, s.n), of_rows = values<T>(rng, s.m);
      const cpu::GemmOptions<T> options{.accumulate = accumulate,
                                        .bias = epilogue ? bias.data() : nullptr,
                                        .row_bias = row_bias ? of_rows.data() : nullptr,
                                        .relu = epilogue};
      const std::int64_t a_row = a_across ? 1 : s.k, a_col = a_across ? s.m : 1, b_row = b_across ? 1 : s.n,
                         b_col = b_across ? s.k : 1;
      auto expected = before;
      cpu::gemm_plain<T>(s.m, s.n, s.k, a.data(), a_row, a_col, b.data(), b_row, b_col, expected.data(), s.n, options);
      everywhere([&] {
        auto unused = before;
        const cpu::Gemm<T> p{s.m,      s.n,   s.k,   a.data(),      a_row, a_col,
                             b.data(), b_row, b_col, unused.data(), s.n,   options};
        rows.each(p, [&](const char* row) {
          const Forced forced(cpu::forced_gemm(), row);
          auto c = before;
          cpu::gemm<T>(s.m, s.n, s.k, a.data(), a_row, a_col, b.data(), b_row, b_col, c.data(), s.n, options);
          CHECK(worst_difference(c, expected) <= tolerance<T>(row, s.k));
        });
      });
    }
  }
  rows.check_all("product", std::is_same_v<T, float>);
}

TEST_CASE("the first row that applies and wins runs, unless it declines or another is forced", "[cpu]") {
  struct Problem {
    std::string ran;
    bool declines = false;
  };
  const auto never = [](Problem&) { return false; };
  const std::array<cpu::Algorithm<Problem>, 4> table = {{
      {"not for this", never, cpu::always, [](Problem& p) { return p.ran += "a", true; }},
      {"slow", cpu::always, never, [](Problem& p) { return p.ran += "b", true; }},
      {"may decline", cpu::always, cpu::always, [](Problem& p) { return p.ran += "c", !p.declines; }},
      {"last", cpu::always, cpu::always, [](Problem& p) { return p.ran += "d", true; }},
  }};
  const auto ran = [&](const char* forced, bool declines = false) {
    Problem p{"", declines};
    cpu::run_first(table, p, forced);
    return p.ran;
  };
  CHECK(ran(nullptr) == "c");
  CHECK(ran(nullptr, true) == "cd");
  CHECK(ran("slow") == "b");
  CHECK(ran("last") == "d");
  CHECK(ran("not for this") == "c");
  CHECK(ran("of another table", true) == "cd");
}

TEST_CASE("CHAINRULE_CONV and CHAINRULE_GEMM take the names of the rows, and name them if it is none", "[cpu]") {
  const auto conv = [](const char* value) {
    return with_variable("CHAINRULE_CONV", value,
                         [] { static_cast<void>(cpu::forced_algorithm("CHAINRULE_CONV", cpu::conv_algorithm_names)); });
  };
  const auto gemm = [](const char* value) {
    return with_variable("CHAINRULE_GEMM", value,
                         [] { static_cast<void>(cpu::forced_algorithm("CHAINRULE_GEMM", cpu::gemm_algorithm_names)); });
  };
  for (const auto& row : cpu::detail::forward_algorithms<float>) CHECK(conv(row.name).code == -1);
  for (const auto& row : cpu::detail::input_gradient_algorithms<float>) CHECK(conv(row.name).code == -1);
  for (const auto& row : cpu::detail::weight_gradient_algorithms<float>) CHECK(conv(row.name).code == -1);
  for (const auto& row : cpu::detail::gemm_algorithms<float>) CHECK(gemm(row.name).code == -1);
  CHECK(conv("").code == -1);
  for (const char* wrong : {"row", "rows ", "ROWS", "winograd,", "winograd, subsample", "few_columns"}) {
    const Ending e = conv(wrong);
    CHECK(e.code == 2);
    CHECK_THAT(e.error, Contains("CHAINRULE_CONV is '" + std::string(wrong) + "'; it takes one of winograd, "));
    CHECK(e.error.find('\n') == e.error.size() - 1);
  }
  CHECK(gemm("packe").code == 2);
  CHECK_THAT(gemm("packe").error, Contains("few_columns, amx, transposed, dot_products, packed"));
  CHECK(with_variable("CHAINRULE_CONV", "rows", [] {
          if (cpu::forced_algorithm("CHAINRULE_CONV", cpu::conv_algorithm_names) != std::string_view("rows")) _exit(78);
        }).code == -1);
}

// Walks the list of op cases: values in double and float, gradients and second derivatives by differences.

#include <cmath>
#include <cstdio>
#include "support/catch.hpp"
#include "support/op_cases/op_case.hpp"

namespace chainrule_test {
namespace {

std::vector<double> values_of(const cr::Tensor<double>& t) { return t.detach().to_vector(); }

// Compares with the expected values; says which element differs.
std::string difference(const cr::Tensor<double>& got, const cr::Tensor<double>& expected, double tolerance) {
  if (!(got.shape() == expected.shape())) return "shape " + got.shape().str() + ", expected " + expected.shape().str();
  const auto a = values_of(got), b = values_of(expected);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(std::abs(a[i] - b[i]) <= tolerance * std::max(1.0, std::abs(b[i]))))
      return "element " + std::to_string(i) + ": " + std::to_string(a[i]) + ", expected " + std::to_string(b[i]);
  return "";
}

template <class T> Inputs<T> inputs_of(const OpCase& c) {
  Inputs<T> in;
  for (const auto& x : c.inputs) in.push_back(x.template to<T>());
  return in;
}

// Runs check(case) for every case; an Error is a failure that names the case.
template <class Check> void for_each_case(const Check& check) {
  int ran = 0;
  for (const auto& c : op_cases()) {
    INFO(c.name());
    try {
      ran += check(c) ? 1 : 0;
    } catch (const std::exception& e) { FAIL_CHECK(c.name() << ": " << e.what()); }
  }
  std::printf("REPORT: op cases: %d of %zu\n", ran, op_cases().size());
  CHECK(ran > 100);
}

TEST_CASE("every op gives the values worked out for it, in double and float", "[ops]") {
  for_each_case([](const OpCase& c) {
    cr::no_grad guard;
    CHECK(difference(c.in_double(inputs_of<double>(c)), c.expected, c.options.tolerance) == "");
    // Float: the values around the op's own, with what the inputs lose when they are rounded.
    const auto f = c.in_float(inputs_of<float>(c)).to<double>();
    CHECK(difference(f, c.expected, 2e-5) == "");
    return true;
  });
}

Inputs<double> leaves_of(const OpCase& c) {
  auto in = inputs_of<double>(c);
  for (auto& x : in) {
    x = x.clone();
    x.requires_grad_();
  }
  return in;
}

TEST_CASE("every op's gradient agrees with differences", "[ops][gradient]") {
  for_each_case([](const OpCase& c) {
    if (!c.options.gradient) return false;
    CHECK(cr::gradcheck(c.in_double, leaves_of(c)));
    return true;
  });
}

TEST_CASE("every op's second derivative agrees with differences", "[ops][gradient]") {
  for_each_case([](const OpCase& c) {
    if (!c.options.gradient || !c.options.second) return false;
    CHECK(cr::gradgradcheck(c.in_double, leaves_of(c)));
    return true;
  });
}

// What views make of an operand must not matter: each input is given again as every second element of a larger tensor.
TEST_CASE("every op takes operands with strides", "[ops]") {
  for_each_case([](const OpCase& c) {
    cr::no_grad guard;
    Inputs<double> in;
    for (const auto& x : c.inputs) {
      if (x.dim() == 0) {
        in.push_back(x);
        continue;
      }
      auto wide = x.unsqueeze(-1)
                      .expand([&] {
                        auto s = x.shape();
                        s.push_back(2);
                        return s;
                      }())
                      .contiguous();  // (..., 2)
      in.push_back(wide.select(-1, 1));
      CHECK((!in.back().is_contiguous() || x.numel() <= 1));
    }
    CHECK(difference(c.in_double(in), c.expected, c.options.tolerance) == "");
    return true;
  });
}

}  // namespace
}  // namespace chainrule_test

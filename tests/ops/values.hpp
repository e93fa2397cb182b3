#pragma once
// What the tests of elementwise ops share: comparing with values worked out by hand, and first and second derivatives
// by differences.

#include "support/catch.hpp"

#include <chainrule/api.hpp>
#include <cmath>
#include <limits>

namespace chainrule_test {

namespace cr = chainrule;
using cr::Shape;
using cr::Tensor;
using cr::tensor;

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double inf = std::numeric_limits<double>::infinity();

/// "" if x holds these values (NaN equals NaN; 1e-6 relative: float results against decimals written out), else what
/// differs.
template <class T> std::string differs(const Tensor<T>& x, const std::vector<double>& expected) {
  const auto values = x.to_vector();
  if (values.size() != expected.size()) return std::to_string(values.size()) + " values";
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double a = static_cast<double>(values[i]), b = expected[i];
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    if (!(std::abs(a - b) <= 1e-6 * std::max(1.0, std::abs(b))))
      return "element " + std::to_string(i) + " is " + std::to_string(a) + ", not " + std::to_string(b);
  }
  return "";
}

using Function = Tensor<double> (*)(const std::vector<Tensor<double>>&);

/// A leaf with these values.
inline Tensor<double> leaf(const std::vector<double>& values) { return tensor(values, {.requires_grad = true}); }

/// The gradient of sum(w * f(x)) for w = 1, 2, 3, ...
inline Tensor<double> gradient(Function f, const std::vector<double>& values) {
  auto x = leaf(values);
  auto y = f({x});
  auto w = cr::arange<double>(1, y.numel() + 1).view(y.shape());
  return cr::autograd::grad({y}, {x}, {w})[0];
}

/// First and second derivatives of f agree with central differences at these inputs, and for the first also where it is
/// laid out otherwise.
inline void check_derivatives(Function f, const std::vector<Tensor<double>>& inputs) {
  CHECK(cr::gradcheck(f, inputs));
  CHECK(cr::gradgradcheck(f, inputs));
}

template <class F> std::string message_of(const F& f) {
  try {
    f();
  } catch (const cr::Error& e) { return e.message(); }
  return "no error";
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace chainrule_test

#pragma once
// Every op once: inputs (with the awkward points), how it is called, and what comes out, worked out by hand or by
// PyTorch.
// The value test, the gradient checks, the question which CUDA slots are filled, and the benchmark all walk this list.
// `op` is the stem of the file in ops/ that the case belongs to; a test fails for a file without a case.

#include <chainrule/api.hpp>
#include <functional>
#include <string>
#include <vector>

namespace chainrule_test {

namespace cr = chainrule;

template <class T> using Inputs = std::vector<cr::Tensor<T>>;
template <class T> using CaseFunction = std::function<cr::Tensor<T>(const Inputs<T>&)>;

struct CaseOptions {
  bool gradient =
      true;  ///< compare the gradient with differences (it must be defined there: kinks are cases of their own)
  bool second = true;        ///< and the gradient's gradient
  double tolerance = 1e-12;  ///< relative, of the value in double
  bool on_device =
      /// the op is meant for every device (false: it reads values on the CPU, as creation and indexing by bool do)
      true;
};

struct OpCase {
  std::string op, what;
  Inputs<double> inputs;
  CaseFunction<double> in_double;
  CaseFunction<float> in_float;
  cr::Tensor<double> expected;
  CaseOptions options;

  std::string name() const { return what.empty() ? op : op + ": " + what; }
};

/// Values with the shape of their braces: v({{1, 2}, {3, 4}}).
inline cr::Tensor<double> v(const cr::detail::Nested<double>& values) { return cr::tensor<double>(values); }
/// Irregular values, no two alike, in (-1.5, 1.5): for gradient checks of ops on larger shapes.
inline cr::Tensor<double> irregular(const cr::Shape& shape, std::uint64_t seed = 1) {
  cr::Generator generator(seed);
  auto r = cr::rand<double>(shape, {.generator = &generator});
  return r * 3 - 1.5;
}

namespace detail {
template <class T> struct ToType {
  template <class R> cr::Tensor<T> operator()(const cr::Tensor<R>& r) const { return r.template to<T>(); }
};
}  // namespace detail

/// f takes the list of inputs, as float or as double, and gives one tensor of any type.
template <class F>
OpCase op_case(std::string op, std::string what, Inputs<double> inputs, F f, cr::Tensor<double> expected,
               CaseOptions options = {}) {
  return {std::move(op),
          std::move(what),
          std::move(inputs),
          [f](const Inputs<double>& in) { return detail::ToType<double>{}(f(in)); },
          [f](const Inputs<float>& in) { return detail::ToType<float>{}(f(in)); },
          std::move(expected),
          options};
}

using OpCases = std::vector<OpCase>;

// One function per family, each in a file of its own.
OpCases arithmetic_cases();
OpCases function_cases();   // exp, log, activations: one operand
OpCases selection_cases();  // comparisons, logic, where, clamp
OpCases reduction_cases();
OpCases shape_cases();  // views, joining, splitting, padding
OpCases indexing_cases();
OpCases creation_cases();     // copies, creation, in place
OpCases product_cases();      // matmul, linear
OpCases convolution_cases();  // convolution, pooling
OpCases normalisation_cases();
OpCases loss_cases();

/// All of them.
const OpCases& op_cases();

}  // namespace chainrule_test

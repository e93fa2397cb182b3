#pragma once
// Anomaly mode: stops at the first op whose result, or whose gradient, holds a NaN or an infinity, and names it with
// its line.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/observer.hpp>
#include <chainrule/ops/copy.hpp>
#include <cmath>

namespace chainrule::autograd {

namespace detail {

/// Calls f with a typed Tensor<float> or Tensor<double> made of x. (The result's type is spelled: clang 14 instantiates
/// functions with deduced types before it has seen the ops that are defined later.)
template <class R, class F> R with_real(const TensorBase& x, const F& f) {
  if (x.dtype() == DType::float32) return f(Tensor<float>(x.share()));
  return f(Tensor<double>(x.share()));
}

// Where the first value that is not finite stands, or -1.
std::int64_t first_bad(const TensorBase& x, double& value);

inline std::string spell(double v) { return std::isnan(v) ? "NaN" : v > 0 ? "infinity" : "-infinity"; }

class AnomalyObserver final : public Observer {
 public:
  CHAINRULE_INLINE void forward(const ForwardEvent& e) override;
  CHAINRULE_INLINE void backward(const BackwardEvent& e) override;
};

}  // namespace detail

/// While it lives, the first op on this thread that makes a NaN or an infinity, forward or backward, throws an Error
/// that names the op and the line of the program that called it. Looks at every value: use it to search, not to train.
///     detect_anomaly guard;
///     log(tensor({-1}));   // Error: log: element 0 of its result, of shape (1,), is NaN [main.cpp:12]
class detect_anomaly {
 public:
  [[nodiscard]] detect_anomaly() : watch_(observer_) {}

 private:
  detail::AnomalyObserver observer_;
  Observe watch_;
};

}  // namespace chainrule::autograd

#if CHAINRULE_DEFINITIONS
namespace chainrule::autograd::detail {

CHAINRULE_INLINE std::int64_t first_bad(const TensorBase& x, double& value) {
  if (!x.defined() || (x.dtype() != DType::float32 && x.dtype() != DType::float64)) return -1;
  std::int64_t at = -1;
  auto search = [&](auto t) -> void {
    auto values = t.detach().to_vector();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!std::isfinite(values[i])) {
        value = static_cast<double>(values[i]);
        at = static_cast<std::int64_t>(i);
        return;
      }
  };
  with_real<void>(x, search);
  return at;
}

}  // namespace chainrule::autograd::detail
namespace chainrule::autograd::detail {

CHAINRULE_INLINE void AnomalyObserver::forward(const ForwardEvent& e) {
  double v = 0, was = 0;
  std::int64_t i = first_bad(e.output, v);
  if (i < 0) return;
  std::string from;
  for (const auto* x : e.inputs)
    if (first_bad(*x, was) >= 0) from = " (an operand already holds " + spell(was) + ")";
  fail(e.at, e.op, ": element ", i, " of its result, of shape ", e.output.shape(), ", is ", spell(v), from);
}

CHAINRULE_INLINE void AnomalyObserver::backward(const BackwardEvent& e) {
  double v = 0;
  for (int k = 0; k < e.contributions.size(); ++k)
    if (std::int64_t i = first_bad(e.contributions[k], v); i >= 0)
      fail(e.node.at, e.node.op, ": its backward step made the gradient of operand ", k, " ", spell(v), " at element ",
           i, " (shape ", e.contributions[k].shape(), "); the op was called here");
}

}  // namespace chainrule::autograd::detail
#endif

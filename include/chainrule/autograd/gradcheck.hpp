#pragma once
// gradcheck: are the gradients of a function right? Compares them with central differences, in double, with random
// weights on the outputs (weights of one would hide errors that cancel), and tells kinks from mistakes.

#include <chainrule/autograd/methods.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/ops/create.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/sum.hpp>
#include <cmath>

namespace chainrule {

/// Options of gradcheck, with PyTorch's defaults.
struct GradcheckOptions {
  double eps = 1e-6;   ///< step of the differences
  double atol = 1e-5;  ///< |analytical - numerical| <= atol + rtol * |numerical|
  double rtol = 1e-3;
  bool raise_exception = true;  ///< throw an Error with the report instead of returning false
  std::uint64_t seed = 0;       ///< of the weights on the outputs
};

/// What gradcheck found.
struct GradcheckReport {
  /// One element whose derivative from the left is not that from the right: differences say nothing there.
  struct Kink {
    std::size_t input;
    std::int64_t element;
    double left, right, analytical;
  };

  bool ok = true;
  std::int64_t checked = 0;  ///< elements compared
  double worst = 0;          ///< the largest |analytical - numerical|
  std::string message;       ///< the first mistake, with its position and both values; kinks, if any
  std::vector<Kink> kinks;   ///< accepted when the gradient lies between the two slopes, as a subgradient does
  explicit operator bool() const { return ok; }
};

namespace detail {

using Inputs = std::vector<Tensor<double>>;

// f may take the vector, or one to four tensors; it may give one tensor or a vector of them.
template <class F> Inputs call(const F& f, const Inputs& in) {
  auto listed = [](auto&& out) {
    if constexpr (std::same_as<std::remove_cvref_t<decltype(out)>, Inputs>) return out;
    else return Inputs{out};
  };
  using X = const Tensor<double>&;
  if constexpr (std::is_invocable_v<const F&, X>)
    return listed(f(in.at(0)));  // the first question: [](auto x) means a tensor
  else if constexpr (std::is_invocable_v<const F&, const Inputs&>) return listed(f(in));
  else if constexpr (std::is_invocable_v<const F&, X, X>) return listed(f(in.at(0), in.at(1)));
  else if constexpr (std::is_invocable_v<const F&, X, X, X>) return listed(f(in.at(0), in.at(1), in.at(2)));
  else return listed(f(in.at(0), in.at(1), in.at(2), in.at(3)));
}

double weighted_sum(const Inputs& outputs, const Inputs& weights);

}  // namespace detail

/// Checks every element of every input that requires a gradient, and reports instead of throwing.
template <class F>
GradcheckReport gradcheck_report(const F& f, const std::vector<Tensor<double>>& inputs, GradcheckOptions options = {},
                                 Location at = Location::here()) {
  detail::Inputs leaves;
  for (const auto& x : inputs) {
    auto leaf = x.detach().clone(at);
    leaf.requires_grad_(x.requires_grad(), at);
    leaves.push_back(leaf);
  }
  Generator generator(options.seed);
  auto outputs = detail::call(f, leaves);
  detail::Inputs weights, needed;
  for (const auto& y : outputs) weights.push_back(randn<double>(y.shape(), {.generator = &generator}));
  for (const auto& x : leaves)
    if (x.requires_grad()) needed.push_back(x);
  check(!needed.empty(), at, "gradcheck: no input requires a gradient; call requires_grad_() on the inputs to check");

  GradcheckReport report;
  auto wrong = [&](auto&&... parts) {
    if (report.ok) report.message = detail::concat(parts...);
    report.ok = false;
  };
  no_grad guard;
  auto value = [&] { return detail::weighted_sum(detail::call(f, leaves), weights); };
  const double here = detail::weighted_sum(outputs, weights);
  if (value() != here) {
    wrong(
        "gradcheck: the function is not deterministic: two calls with the same inputs gave different values (dropout? "
        "a random number?)");
    if (options.raise_exception) fail(at, report.message);
    return report;
  }
  detail::Inputs roots, seeds;
  for (std::size_t k = 0; k < outputs.size(); ++k)
    if (outputs[k].requires_grad()) {
      roots.push_back(outputs[k]);
      seeds.push_back(weights[k]);
    }
  detail::Inputs grads(needed.size());
  if (!roots.empty()) grads = autograd::grad(roots, needed, seeds, {.allow_unused = true}, at);

  std::size_t next = 0;
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    if (!leaves[k].requires_grad()) continue;
    const auto& g = grads[next++];
    if (g.defined() && !(g.shape() == leaves[k].shape()))
      wrong("gradcheck: input ", k, " has shape ", leaves[k].shape(), ", its gradient has ", g.shape());
    auto analytical =
        g.defined() ? g.to_vector() : std::vector<double>(static_cast<std::size_t>(leaves[k].numel()), 0.0);
    double* x = leaves[k].data();
    for (std::int64_t i = 0; i < leaves[k].numel() && i < static_cast<std::int64_t>(analytical.size()); ++i) {
      const double was = x[i], a = analytical[static_cast<std::size_t>(i)];
      x[i] = was + options.eps;
      const double up = value();
      x[i] = was - options.eps;
      const double down = value();
      x[i] = was;
      const double numerical = (up - down) / (2 * options.eps), right = (up - here) / options.eps,
                   left = (here - down) / options.eps;
      const double error = std::abs(a - numerical), tolerance = options.atol + options.rtol * std::abs(numerical);
      ++report.checked;
      // A smooth function's two slopes differ by about eps * f''; a kink's by a finite amount. On a kink any slope
      // between is right.
      if (std::abs(right - left) > 100 * tolerance) {
        report.kinks.push_back({k, i, left, right, a});
        if (a >= std::min(left, right) - tolerance && a <= std::max(left, right) + tolerance) continue;
        wrong("gradcheck: input ", k, ", element ", i, " (value ", was, ") lies on a kink, with slope ", left,
              " on the left and ", right, " on the right, and the gradient ", a, " lies outside of both");
        continue;
      }
      report.worst = std::max(report.worst, error);
      if (!(error <= tolerance))
        wrong("gradcheck: input ", k, ", element ", i, " (value ", was, "): the gradient is ", a,
              ", central differences give ", numerical);
    }
  }
  if (report.ok && !report.kinks.empty())
    report.message = detail::concat("gradcheck: ", report.kinks.size(),
                                    " elements lie on a kink; their gradients lie between the slopes on both sides");
  if (!report.ok && options.raise_exception) fail(at, report.message);
  return report;
}

/// True if the gradients of f at these inputs agree with central differences; else throws an Error that names the
/// element and both values. f takes the inputs (as tensors, or as one vector) and gives a tensor or a vector of
/// tensors. Inputs are double; those that require a gradient are checked. Source: torch.autograd.gradcheck.
///     auto x = randn<double>({3}, {.requires_grad = true});
///     gradcheck([](const Tensor<double>& v) { return v * v * v; }, {x});   // true
template <class F>
bool gradcheck(const F& f, const std::vector<Tensor<double>>& inputs, GradcheckOptions options = {},
               Location at = Location::here()) {
  return gradcheck_report(f, inputs, options, at).ok;
}

/// The same for second derivatives: checks the gradient of f's gradient, with respect to the inputs and to the weights
/// on the outputs.
template <class F>
bool gradgradcheck(const F& f, const std::vector<Tensor<double>>& inputs, GradcheckOptions options = {},
                   Location at = Location::here()) {
  std::vector<Tensor<double>> all = inputs;
  Generator generator(options.seed + 1);
  for (const auto& y : detail::call(f, inputs))
    all.push_back(randn<double>(y.shape(), {.requires_grad = y.requires_grad(), .generator = &generator}));
  auto first = [&](const std::vector<Tensor<double>>& in) {
    enable_grad on;
    detail::Inputs x(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(inputs.size())), roots, seeds, needed;
    for (auto& leaf : x) {  // under central differences the inputs are plain values: make leaves of them
      if (!leaf.requires_grad()) continue;
      needed.push_back(leaf);
    }
    auto outputs = detail::call(f, x);
    for (std::size_t k = 0; k < outputs.size(); ++k)
      if (outputs[k].requires_grad()) {
        roots.push_back(outputs[k]);
        seeds.push_back(in[inputs.size() + k]);
      }
    auto grads = autograd::grad(roots, needed, seeds, {.create_graph = true, .allow_unused = true});
    detail::Inputs defined;
    for (auto& g : grads)
      if (g.defined()) defined.push_back(g);
    return defined;
  };
  return gradcheck(first, all, options, at);
}

namespace autograd {  // PyTorch's names for them
using chainrule::gradcheck;
using chainrule::gradgradcheck;
}  // namespace autograd

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

CHAINRULE_INLINE double weighted_sum(const Inputs& outputs, const Inputs& weights) {
  double total = 0;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    auto y = outputs[k].to_vector(), w = weights[k].to_vector();
    for (std::size_t i = 0; i < y.size(); ++i) total += y[i] * w[i];
  }
  return total;
}

}  // namespace chainrule::detail
#endif

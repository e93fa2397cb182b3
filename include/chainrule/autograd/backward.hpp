#pragma once
// Where a walk starts: backward() fills the .grad of leaves, autograd::grad() gives gradients and touches no .grad.

#include <chainrule/autograd/engine.hpp>
#include <chainrule/core/compiled.hpp>
#include <cstdio>

namespace chainrule {

namespace detail {

void check_root(const TensorBase& root, const char* op, Location at);

template <class T> Tensor<T> ones_of(const Shape& shape, Device device) {
  Tensor<T> ones = allocate<T>(shape, device);
  ones.fill_(T(1), Location{});
  return ones;
}

template <class T> Tensor<T> seed_for(const Tensor<T>& root, const Tensor<T>& given, const char* op, Location at) {
  if (!given.defined()) {
    check(root.numel() == 1, at, op, ": a gradient can start by itself only from a scalar, and this tensor has shape ",
          root.shape(), "; reduce it (.sum(), .mean()), or pass d(loss)/d(this) as an argument");
    return ones_of<T>(root.shape(), root.device());
  }
  check(given.shape() == root.shape(), at, op, ": the gradient has shape ", given.shape(), ", the tensor has ",
        root.shape());
  return given;
}

/// backward({.create_graph = true}) gives a leaf a .grad that refers to the leaf: neither is freed while the other
/// stands. Said once.
[[gnu::cold]] void warn_of_cycle(Location at);

}  // namespace detail

template <class T> void Tensor<T>::backward(const Tensor& gradient, BackwardOptions options, Location at) const {
  detail::check_root(*this, "backward", at);
  if (options.create_graph) detail::warn_of_cycle(at);
  TensorBase root = *this, seed = detail::seed_for(*this, gradient, "backward", at);
  detail::Engine engine(options, at);
  engine.run({&root, 1}, {&seed, 1}, detail::grad_ops<T>());
}
template <class T> void Tensor<T>::backward(BackwardOptions options, Location at) const {
  backward(Tensor(), options, at);
}

namespace autograd {

/// Options of autograd::grad, as in PyTorch.
struct GradOptions {
  bool retain_graph = false;
  bool create_graph = false;  ///< the gradients can be differentiated again (implies retain_graph)
  bool allow_unused =
      false;  ///< an input that the outputs do not depend on gets an undefined tensor instead of an error
};

namespace detail {

/// One tensor, {a, b}, or a std::vector of them.
template <class T> struct TensorList : std::vector<Tensor<T>> {
  TensorList() = default;
  TensorList(const Tensor<T>& only) : std::vector<Tensor<T>>{only} {}
  TensorList(std::initializer_list<Tensor<T>> list) : std::vector<Tensor<T>>(list) {}
  TensorList(const std::vector<Tensor<T>>& list) : std::vector<Tensor<T>>(list) {}
};
template <class T> using AnyList = std::type_identity_t<TensorList<T>>;  // T comes from the outputs

template <class T>
std::vector<Tensor<T>> grad(const std::vector<Tensor<T>>& outputs, const std::vector<Tensor<T>>& inputs,
                            const std::vector<Tensor<T>>& grad_outputs, GradOptions options, Location at) {
  check(grad_outputs.empty() || grad_outputs.size() == outputs.size(), at, "autograd::grad: ", outputs.size(),
        " outputs but ", grad_outputs.size(), " grad_outputs");
  std::vector<TensorBase> roots, seeds, leaves;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    chainrule::detail::check_root(outputs[i], "autograd::grad", at);
    const Tensor<T> given = grad_outputs.empty() ? Tensor<T>() : grad_outputs[i];
    roots.push_back(outputs[i]);
    seeds.push_back(chainrule::detail::seed_for(outputs[i], given, "autograd::grad", at));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check(inputs[i].defined() && inputs[i].requires_grad(), at, "autograd::grad: input ", i,
          " does not require a gradient; call requires_grad_() on it first");
    leaves.push_back(inputs[i]);
  }
  chainrule::detail::Engine engine({.retain_graph = options.retain_graph, .create_graph = options.create_graph}, at);
  engine.capture(leaves, roots);
  engine.run(roots, seeds, chainrule::detail::grad_ops<T>());
  std::vector<Tensor<T>> grads;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto& g = engine.results()[i];
    check(g.defined() || options.allow_unused, at, "autograd::grad: the outputs do not depend on input ", i, " (shape ",
          inputs[i].shape(), "); pass {.allow_unused = true} to get an undefined tensor for it");
    grads.emplace_back(g.share());
  }
  return grads;
}

}  // namespace detail

/// d(sum of grad_outputs_i * outputs_i)/d(inputs), one gradient for each input, without touching any .grad. Only the
/// ops between outputs and inputs run. Outputs, inputs and grad_outputs are one tensor each, a list in braces, or a
/// std::vector (net.parameters()); `grad_outputs` may be left out when every output is one number.
/// Source: torch.autograd.grad.
///     auto x = tensor({3}, {.requires_grad = true});
///     auto dy = autograd::grad(x * x * x, x, {.create_graph = true})[0];  // {27}
///     autograd::grad(dy, {x})[0];                                         // {18}
template <class T>
std::vector<Tensor<T>> grad(const Tensor<T>& output, const detail::AnyList<T>& inputs,
                            const detail::AnyList<T>& grad_outputs, GradOptions options = {},
                            Location at = Location::here()) {
  return detail::grad<T>({output}, inputs, grad_outputs, options, at);
}
template <class T>
std::vector<Tensor<T>> grad(std::initializer_list<Tensor<T>> outputs, const detail::AnyList<T>& inputs,
                            const detail::AnyList<T>& grad_outputs, GradOptions options = {},
                            Location at = Location::here()) {
  return detail::grad<T>(outputs, inputs, grad_outputs, options, at);
}
template <class T>
std::vector<Tensor<T>> grad(const std::vector<Tensor<T>>& outputs, const detail::AnyList<T>& inputs,
                            const detail::AnyList<T>& grad_outputs, GradOptions options = {},
                            Location at = Location::here()) {
  return detail::grad<T>(outputs, inputs, grad_outputs, options, at);
}
// The same without grad_outputs: grad(y, x), grad({y}, {x}, {.create_graph = true}).
template <class T>
std::vector<Tensor<T>> grad(const Tensor<T>& output, const detail::AnyList<T>& inputs, GradOptions options = {},
                            Location at = Location::here()) {
  return detail::grad<T>({output}, inputs, {}, options, at);
}
template <class T>
std::vector<Tensor<T>> grad(std::initializer_list<Tensor<T>> outputs, const detail::AnyList<T>& inputs,
                            GradOptions options = {}, Location at = Location::here()) {
  return detail::grad<T>(outputs, inputs, {}, options, at);
}
template <class T>
std::vector<Tensor<T>> grad(const std::vector<Tensor<T>>& outputs, const detail::AnyList<T>& inputs,
                            GradOptions options = {}, Location at = Location::here()) {
  return detail::grad<T>(outputs, inputs, {}, options, at);
}

}  // namespace autograd

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

CHAINRULE_INLINE void check_root(const TensorBase& root, const char* op, Location at) {
  check(root.defined(), at, op, ": this tensor is not defined");
  check(root.requires_grad(), at, op, ": this ", name_of(root.dtype()), " tensor of shape ", root.shape(),
        " does not depend on any tensor that requires a gradient; call requires_grad_() on the leaves before computing "
        "with them",
        is_grad_enabled() ? "" : " (and recording is off: a no_grad guard is alive)");
}

[[gnu::noinline]] CHAINRULE_INLINE void warn_of_cycle(Location at) {
  static std::atomic_flag told;
  if (told.test_and_set()) return;
  std::fprintf(
      stderr,
      "chainrule: warning: backward({.create_graph = true}) [%s:%d] makes .grad a part of the graph: leaf and "
      "gradient hold each other and stay in memory until .grad is reset (zero_grad()); autograd::grad() makes no "
      "such cycle. (Said once.)\n",
      at.line > 0 ? at.file : "?", static_cast<int>(at.line));
}

}  // namespace chainrule::detail
#endif

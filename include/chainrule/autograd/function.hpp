#pragma once
// Custom functions: an op with a forward and a backward of your own, as torch.autograd.Function.

#include <chainrule/core/record.hpp>

namespace chainrule::autograd {

/// What forward() leaves for backward().
template <class T> class BasicContext {
 public:
  /// Inputs, the output, or other values. Second derivatives go through saved inputs and through the saved output; any
  /// other saved tensor counts as a constant there, as in PyTorch.
  void save_for_backward(std::vector<Tensor<T>> tensors) { saved_ = std::move(tensors); }
  template <std::derived_from<Tensor<T>>... X> void save_for_backward(const Tensor<T>& first, const X&... rest) {
    saved_ = {first, rest...};
  }
  const std::vector<Tensor<T>>& saved_tensors() const { return saved_; }

 private:
  std::vector<Tensor<T>> saved_;
};
using Context = BasicContext<float>;

namespace detail {

/// How backward() of a Function is called: its saved tensors take the path that those of every op take, so edits in
/// place are noticed, they are released with the graph, and an observer sees them.
template <class Self, class T> struct FunctionRule {
  static Grads call(chainrule::detail::OpNode& node, void*, const TensorBase& upstream, const Needs& need) {
    std::vector<Tensor<T>> saved;
    for (std::size_t i = 0; i < node.saved_count(); ++i) saved.emplace_back(node.unpack(i, &need.walk()));
    BasicContext<T> context;
    context.save_for_backward(std::move(saved));
    return grads(Self::backward(context, Tensor<T>(upstream.share())));
  }
  static Grads grads(Grads all) { return all; }
  static Grads grads(Tensor<T> only) { return Grads{std::move(only)}; }

  static constexpr chainrule::detail::OpNode::RuleType type{0, &call, nullptr, nullptr, 0};
};

}  // namespace detail

/// Derive and write two static functions; use it as Name::apply(inputs...). forward() runs unrecorded; backward() gets
/// d(loss)/d(output) and gives one gradient per input: Grads{a, b}, or the tensor itself where there is one input.
/// Written with ops it can be differentiated again.
/// Of double tensors: BasicContext<double>.
///     struct Cube : autograd::Function<Cube> {
///       static Tensor<> forward(Context& ctx, const Tensor<>& x) { ctx.save_for_backward({x}); return x * x * x; }
///       static Tensor<> backward(const Context& ctx, const Tensor<>& g) {
///         return 3 * g * ctx.saved_tensors()[0].square();
///       }
///     };
///     auto y = Cube::apply(x);
template <class Self> struct Function {
  template <class T, std::same_as<Tensor<T>>... Rest>
  static Tensor<T> apply(const Tensor<T>& first, const Rest&... rest) {
    return apply_at(Location{}, first, rest...);
  }
  template <class T, std::same_as<Tensor<T>>... Rest>
  static Tensor<T> apply_at(Location at, const Tensor<T>& first, const Rest&... rest) {
    BasicContext<T> context;
    Tensor<T> value;
    const std::uint32_t versions[] = {first.version(), rest.version()...};
    {
      no_grad guard;
      value = Self::forward(context, first, rest...);
    }
    check(value.defined(), at, op_name(), ": forward() gave an undefined tensor");
    const std::uint32_t after[] = {first.version(), rest.version()...};
    for (std::size_t i = 0; i < 1 + sizeof...(rest); ++i)
      check(versions[i] == after[i], at, op_name(), ": forward() edited input ", i,
            " in place, which backward() would not know of; edit a clone()");
    // Handing an input back as the output would tie the input itself to this op.
    Tensor<T> output(chainrule::detail::alias(value));
    std::vector<const TensorBase*> saved;
    for (const Tensor<T>& t : context.saved_tensors())
      saved.push_back(t.is_same(value) ? nullptr : &t);  // null: this op's result
    const OperandRef inputs[] = {first, rest...};
    return chainrule::detail::record_rule(op_name(), std::move(output), inputs, saved,
                                          detail::FunctionRule<Self, T>::type, at);
  }

 private:
  static const char* op_name() {
    if constexpr (requires { Self::name; }) return Self::name;
    else return "Function";
  }
};

}  // namespace chainrule::autograd

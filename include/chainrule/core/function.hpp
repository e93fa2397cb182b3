#pragma once
// Custom functions: an op with a forward and a backward of your own, as torch.autograd.Function.

#include <chainrule/core/autograd.hpp>

namespace chainrule::autograd {

/// What forward() leaves for backward().
template <class T> class Context {
 public:
  void save_for_backward(std::vector<Tensor<T>> tensors) { saved_ = std::move(tensors); }
  const std::vector<Tensor<T>>& saved_tensors() const { return saved_; }

 private:
  std::vector<Tensor<T>> saved_;
};

/// Derive and write two static functions; use it as Name::apply(inputs...). forward() runs unrecorded; backward() gets d(loss)/d(output)
/// and gives one gradient per input: Grads{a, b}, or the tensor itself where there is one input. Written with ops it can be
/// differentiated again.
///     struct Cube : autograd::Function<Cube> {
///       static Tensor<> forward(Context<float>& ctx, const Tensor<>& x) { ctx.save_for_backward({x}); return x * x * x; }
///       static Tensor<> backward(const Context<float>& ctx, const Tensor<>& g) { return 3 * g * ctx.saved_tensors()[0].square(); }
///     };
///     auto y = Cube::apply(x);
template <class Self> struct Function {
  template <class T, std::same_as<Tensor<T>>... Rest> static Tensor<T> apply(const Tensor<T>& first, const Rest&... rest) {
    return apply_at(Location{}, first, rest...);
  }
  template <class T, std::same_as<Tensor<T>>... Rest> static Tensor<T> apply_at(Location at, const Tensor<T>& first, const Rest&... rest) {
    Context<T> context;
    Tensor<T> value;
    {
      no_grad guard;
      value = Self::forward(context, first, rest...);
    }
    check(value.defined(), at, op_name(), ": forward() gave an undefined tensor");
    // Handing an input back as the output would tie the input itself to this op.
    Tensor<T> output(chainrule::detail::alias(value));
    std::vector<std::uint32_t> versions;
    for (const auto& t : context.saved_tensors()) versions.push_back(t.version());
    return record(
        op_name(), output, {first, rest...},
        [context, versions, at](const Tensor<T>& g) -> Grads {
          for (std::size_t i = 0; i < versions.size(); ++i)
            check(context.saved_tensors()[i].version() == versions[i], at, op_name(), ": saved tensor ", i, " was edited in place after forward(); save a clone()");
          return grads(Self::backward(context, g));
        },
        at);
  }

 private:
  static Grads grads(Grads all) { return all; }
  template <class T> static Grads grads(Tensor<T> only) { return Grads{std::move(only)}; }

  static const char* op_name() {
    if constexpr (requires { Self::name; }) return Self::name;
    else return "Function";
  }
};

}  // namespace chainrule::autograd

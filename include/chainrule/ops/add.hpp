#pragma once
// add: a + b.

#include <chainrule/core/binary.hpp>
#include <chainrule/ops/mul.hpp>

namespace chainrule {

namespace fn {

struct Add {
  static constexpr auto name = "add";
  template <class T> CHAINRULE_HD T operator()(T a, T b) const { return static_cast<T>(a + b); }
};

}  // namespace fn

namespace detail {
template <class T> Tensor<T> record_add(Tensor<T> value, const Tensor<T>& a, const Tensor<T>& b, Location at) {
  return record(
      "add", std::move(value), {a, b},
      [](const Tensor<T>& g) {
        return Grads{g, g};
      },
      at);
}
}  // namespace detail

// Either operand may be a number: what operator+ calls.
template <class T> Tensor<T> add(Operand<T> a, Operand<T> b, Location at) {
  if (!a.tensor) std::swap(a, b);
  const Tensor<T>& x = *a.tensor;
  if (!b.tensor)
    return record(
        "add", map(fn::BindRight{fn::Add{}, b.scalar}, at, x), {x}, [](const Tensor<T>& g) { return Grads{g}; }, at);
  return detail::record_add(map(fn::Add{}, at, x, *b.tensor), x, *b.tensor, at);
}

/// a + b, element by element; shapes broadcast; b may be a number. Any element type.
/// Gradient: g for each operand, summed over the dimensions along which it was broadcast. Source: torch.add.
/// Throws when the shapes do not broadcast.
///     add(tensor({1, 2}), tensor({10, 20}))   // {11, 22}
template <class T>
Tensor<T> add(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return add(Operand<T>(a, at), b, at);
}

namespace detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void fail_alpha(double alpha, const char* op, Location at) {
  fail(at, op, ": alpha ", alpha,
       " has a fraction, which integers cannot hold; convert the tensors first, a.to<float>()");
}
/// alpha as an element of add or sub.
template <class T> T alpha_of(AddOptions o, const char* op, Location at) {
  if constexpr (!std::integral<T>) return static_cast<T>(o.alpha);
  else {
    const T alpha = fitting<T>(o.alpha, op, at);
    if (static_cast<double>(alpha) != o.alpha) fail_alpha(o.alpha, op, at);
    return alpha;
  }
}

}  // namespace detail

/// a + alpha b, as add. Gradient: g for a, alpha g for b. Throws when integers cannot hold alpha.
///     add(tensor({1, 2}), tensor({10, 20}), {.alpha = 2})   // {21, 42}
template <class T>
Tensor<T> add(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, AddOptions options,
              Location at = Location::here()) {
  const T alpha = detail::alpha_of<T>(options, "add", at);
  b.scalar = static_cast<T>(b.scalar * alpha);
  if (!b.tensor) return add(Operand<T>(a, at), b, at);
  return add(Operand<T>(a, at), Operand<T>(mul(b, Operand<T>(alpha, at), at), at), at);
}

template <class T> Tensor<T> Tensor<T>::add(Operand<T> other, AddOptions options, Location at) const {
  return chainrule::add(*this, other, options, at);
}
template <class T> Tensor<T> Tensor<T>::add(Operand<T> other, Location at) const {
  return chainrule::add(Operand<T>(*this, at), other, at);
}

}  // namespace chainrule

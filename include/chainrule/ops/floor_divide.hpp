#pragma once
// div with a rounding_mode, and floor_divide: quotients that are whole numbers.

#include <chainrule/ops/any.hpp>
#include <chainrule/ops/compare.hpp>
#include <chainrule/ops/div.hpp>
#include <chainrule/ops/fmod.hpp>
#include <chainrule/ops/inplace.hpp>
#include <chainrule/ops/round.hpp>

namespace chainrule {

namespace fn {

/// Integers only.
struct WholeQuotient {
  static constexpr auto name = "div";
  bool down;
  template <class T> CHAINRULE_HD T operator()(T a, T b) const {
    if (b == T(0)) return T(0);
    if (std::is_signed_v<T> && b == static_cast<T>(-1))
      return static_cast<T>(0 - static_cast<std::uint64_t>(a));  // / -1 overflows for the lowest number
    const T q = static_cast<T>(a / b);
    return down && (a < T(0)) != (b < T(0)) && q * b != a ? static_cast<T>(q - 1) : q;
  }
};

}  // namespace fn

namespace detail {

template <class T> Tensor<T> whole_quotient(const Tensor<T>& a, const Operand<T>& b, bool down, Location at) {
  static_assert(!std::same_as<T, bool>, "div: bool tensors have no quotient; convert first: a.to<std::int64_t>()");
  if constexpr (!Real<T>) {
    const fn::WholeQuotient f{down};
    check(b.tensor ? !any(*b.tensor == T(0)).item(at) : b.scalar != T(0), at, "div: division of integers by 0");
    return b.tensor ? map(f, at, a, *b.tensor) : map(fn::BindRight{f, b.scalar}, at, a);
  } else {
    Tensor<T> divisor = b.tensor ? *b.tensor : Tensor<T>();
    if (!b.tensor) (divisor = allocate<T>({}, a.device(), "div", at)).fill_(b.scalar, at);
    const Tensor<T> q = down ? map(fn::Quotient<fn::Remainder>{}, at, a, divisor)
                             : map(fn::Trunc{}, at, map(fn::Div{}, at, a, divisor));
    return record(
        "div", q, {a, divisor},
        [](const Tensor<T>& g) {
          return Grads{zeros_like(g), zeros_like(g)};
        },
        at);
  }
}

}  // namespace detail

/// a / b rounded to a whole number, {.rounding_mode = "trunc"} towards 0 or "floor" down, in the operands' own element
/// type; shapes broadcast; b may be a number. "floor" rounds the exact quotient of the two, as Python's //: 1 / 0.1
/// gives 9, since 0.1 is a little more than a tenth. Any element type but bool. Without a mode div, which for integers
/// is div(a, b) alone. Gradient: 0. By 0: an infinity or NaN, "floor" of an infinity NaN; throws for integers. Throws
/// for another word. Source: torch.div, torch.floor_divide (which has no gradient there).
///     div(tensor({7, -7}), 2, {.rounding_mode = "trunc"})   // {3, -3}
template <class T>
Tensor<T> div(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, DivOptions options,
              Location at = Location::here()) {
  const std::string_view mode = options.rounding_mode;
  check(mode == "trunc" || mode == "floor" || (mode.empty() && Real<T>), at,
        "div: rounding_mode must be \"trunc\" or \"floor\", got \"", mode, "\"");
  if constexpr (Real<T>) {
    if (mode.empty()) return div(Operand<T>(a, at), b, at);
  }
  return detail::whole_quotient(a, b, mode == "floor", at);
}
/// a / b rounded down: div with "floor".
///     floor_divide(tensor({7, -7}), 2)   // {3, -4}
template <class T>
Tensor<T> floor_divide(const Tensor<T>& a, std::type_identity_t<Operand<T>> b, Location at = Location::here()) {
  return detail::whole_quotient(a, b, true, at);
}

template <class T> Tensor<T> Tensor<T>::div(Operand<T> other, DivOptions options, Location at) const {
  return chainrule::div(*this, other, options, at);
}
template <class T> Tensor<T> Tensor<T>::floor_divide(Operand<T> other, Location at) const {
  return chainrule::floor_divide(*this, other, at);
}
template <class T> const Tensor<T>& Tensor<T>::div_(Operand<T> other, DivOptions options, Location at) const {
  return detail::edit(*this, "div_", other.tensor ? *other.tensor : Tensor(), at,
                      [&](const Tensor& old, const Tensor& by) {
                        return chainrule::div(old, by.defined() ? Operand<T>(by, at) : other, options, at);
                      });
}

}  // namespace chainrule

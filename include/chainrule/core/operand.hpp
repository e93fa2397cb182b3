#pragma once
// What stands beside a tensor in an expression: either side of an operator, the right side of x[0] = 5, a bound of
// clamp; and what two tensors of different element types may do. Each notes the line of the user's program.

#include <chainrule/core/tensor.hpp>

namespace chainrule {

namespace detail {

/// The right side of x[0] = y and x[0] = 5: a tensor or a number, and the line.
template <class T> struct Assigned {
  const Tensor<T>* tensor = nullptr;
  T value{};
  Location at;

  Assigned(const Tensor<T>& t, Location where = Location::here()) : tensor(&t), at(where) {}
  template <Arithmetic N>
  Assigned(N v, Location where = Location::here()) : value(fitting<T>(v, "operator=", where)), at(where) {}
};

}  // namespace detail

template <class T> void Tensor<T>::operator=(detail::Assigned<T> source) && {
  // x[mask][0] = 5 would write into a copy that nobody sees.
  check(
      checked().storage.use_count() > 1 || impl_.use_count() > 1 || !impl_->storage->owns, source.at,
      "operator=: the left side is a copy that nothing else sees (indexing with a mask or an index tensor copies, and "
      "so do most ops); index once, x.index({mask, 0}) = 5, or name the copy first");
  if (source.tensor) copy_(*source.tensor, source.at);
  else fill_(source.value, source.at);
}

/// max(x, dim), sort(x): the values and where they stood. Destructures: auto [values, indices] = x.max(1);
template <class T> struct ValueAndIndices {
  Tensor<T> values;
  Tensor<std::int64_t> indices;
};

/// Either side of an operator: a tensor or a number. Its constructor notes the line of the user's program, which an
/// operator could not do (operators take no default arguments).
template <class T> struct Operand {
  const Tensor<T>* tensor = nullptr;
  T scalar{};
  Location at;

  Operand(const Tensor<T>& t, Location where = Location::here()) : tensor(&t), at(where) {}
  template <Arithmetic N> Operand(N v, Location where = Location::here()) : scalar(static_cast<T>(v)), at(where) {
    static_assert(Real<T> || std::integral<N>,
                  "an integer tensor meets a fraction: convert the tensor first, x.to<float>() * 0.5");
    if constexpr (std::integral<T>) scalar = detail::fitting<T>(v, "operator", where);  // 300 is no uint8
  }
};

namespace detail {

/// A scalar for the elements of a tensor. Throws where integers cannot hold it; for a fraction there is no such call.
template <class T, Arithmetic N>
T scalar_for([[maybe_unused]] N v, [[maybe_unused]] const char* op, [[maybe_unused]] Location at) {
  static_assert(Real<T> || std::integral<N>,
                "an integer tensor meets a fraction: convert the tensor first, x.to<float>().clamp(0.5)");
  if constexpr (std::integral<T>) return fitting<T>(v, op, at);
  else return static_cast<T>(v);
}

/// A bound of clamp: none, a scalar or a tensor.
template <class T> struct Bound {
  const Tensor<T>* tensor = nullptr;
  std::optional<T> scalar = {};

  Bound() = default;
  Bound(std::nullopt_t) {}
  Bound(const Tensor<T>& t) : tensor(t.defined() ? &t : nullptr) {}
  template <Arithmetic N> Bound(N v, Location at = Location::here()) : scalar(scalar_for<T>(v, "clamp", at)) {}
  template <Arithmetic N> Bound(const std::optional<N>& v, Location at = Location::here()) {
    if (v) scalar = scalar_for<T>(*v, "clamp", at);
  }
  bool given() const { return tensor || scalar; }
};

}  // namespace detail

// Two element types never mix silently in arithmetic.
template <class A, class B>
concept OfDifferentTypes = !std::same_as<A, B>;
template <class A, class B> void refuse_mixed_types() {
  static_assert(std::same_as<A, B>,
                "the two tensors have different element types: convert one of them, for example b.to<float>()");
}
template <class A, OfDifferentTypes<A> B> auto operator+(const Tensor<A>& a, const Tensor<B>&) {
  refuse_mixed_types<A, B>();
  return a;
}
template <class A, OfDifferentTypes<A> B> auto operator-(const Tensor<A>& a, const Tensor<B>&) {
  refuse_mixed_types<A, B>();
  return a;
}
template <class A, OfDifferentTypes<A> B> auto operator*(const Tensor<A>& a, const Tensor<B>&) {
  refuse_mixed_types<A, B>();
  return a;
}
template <class A, OfDifferentTypes<A> B> auto operator/(const Tensor<A>& a, const Tensor<B>&) {
  refuse_mixed_types<A, B>();
  return a;
}
// But they compare, in their common type (ops/compare.hpp).
template <class A, OfDifferentTypes<A> B>
Tensor<bool> eq(const Tensor<A>& a, const Tensor<B>& b, Location at = Location::here());
template <class A, OfDifferentTypes<A> B>
Tensor<bool> ne(const Tensor<A>& a, const Tensor<B>& b, Location at = Location::here());
template <class A, OfDifferentTypes<A> B>
Tensor<bool> lt(const Tensor<A>& a, const Tensor<B>& b, Location at = Location::here());
template <class A, OfDifferentTypes<A> B>
Tensor<bool> le(const Tensor<A>& a, const Tensor<B>& b, Location at = Location::here());
template <class A, OfDifferentTypes<A> B>
Tensor<bool> gt(const Tensor<A>& a, const Tensor<B>& b, Location at = Location::here());
template <class A, OfDifferentTypes<A> B>
Tensor<bool> ge(const Tensor<A>& a, const Tensor<B>& b, Location at = Location::here());
template <class A, OfDifferentTypes<A> B> Tensor<bool> operator==(const Tensor<A>& a, const Tensor<B>& b) {
  return eq(a, b, Location{});
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> operator!=(const Tensor<A>& a, const Tensor<B>& b) {
  return ne(a, b, Location{});
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> operator<(const Tensor<A>& a, const Tensor<B>& b) {
  return lt(a, b, Location{});
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> operator<=(const Tensor<A>& a, const Tensor<B>& b) {
  return le(a, b, Location{});
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> operator>(const Tensor<A>& a, const Tensor<B>& b) {
  return gt(a, b, Location{});
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> operator>=(const Tensor<A>& a, const Tensor<B>& b) {
  return ge(a, b, Location{});
}

}  // namespace chainrule

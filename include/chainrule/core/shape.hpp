#pragma once
// Shape: the sizes (or the strides, or a list of dimensions) of a tensor, kept inline: making one allocates nothing.

#include <chainrule/core/checked.hpp>
#include <chainrule/core/compiled.hpp>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace chainrule {

/// A list of up to 8 integers. Braces and single integers of any type convert to it: zeros({2, n}), x.sum(1),
/// x.view({-1, 784}).
class Shape {
 public:
  static constexpr int max_dims = 8;

  /// One entry of a braced list: any integer type, so that `zeros({v.size(), 3})` is no narrowing error.
  struct Entry {
    std::int64_t value;
    template <std::integral I>
    requires(!std::same_as<I, bool>) constexpr Entry(I v) : value(static_cast<std::int64_t>(v)) {}
  };

  constexpr Shape() = default;
  template <std::integral I>
  requires(!std::same_as<I, bool>) constexpr Shape(I only) : size_(1) { at_[0] = static_cast<std::int64_t>(only); }
  Shape(std::initializer_list<Entry> list) {
    for (Entry e : list) push_back(e.value);
  }
  Shape(std::span<const std::int64_t> list) {
    for (auto v : list) push_back(v);
  }
  static Shape filled(int n, std::int64_t value) {
    Shape s;
    for (int i = 0; i < n; ++i) s.push_back(value);
    return s;
  }

  constexpr int size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr std::int64_t& operator[](int i) { return at_[i]; }
  constexpr std::int64_t operator[](int i) const { return at_[i]; }
  constexpr std::int64_t front() const { return at_[0]; }
  constexpr std::int64_t back() const { return at_[size_ - 1]; }
  constexpr const std::int64_t* begin() const { return at_; }
  constexpr const std::int64_t* end() const { return at_ + size_; }
  constexpr std::int64_t* begin() { return at_; }
  constexpr std::int64_t* end() { return at_ + size_; }
  operator std::span<const std::int64_t>() const { return {at_, static_cast<std::size_t>(size_)}; }

  void push_back(std::int64_t v) {
    check(size_ < max_dims, {}, "a tensor has at most ", max_dims, " dimensions");
    at_[size_++] = v;
  }
  void insert(int where, std::int64_t v) {
    push_back(v);
    for (int i = size_ - 1; i > where; --i) at_[i] = at_[i - 1];
    at_[where] = v;
  }
  void erase(int where) {
    for (int i = where; i + 1 < size_; ++i) at_[i] = at_[i + 1];
    --size_;
  }

  /// The product of the entries, or the largest int64 where they make more; 1 for a scalar's shape ().
  constexpr std::int64_t numel() const {
    std::int64_t n = 1;
    for (int i = 0; i < size_; ++i) n = detail::multiply_sizes(n, at_[i]);
    return n;
  }

  friend constexpr bool operator==(const Shape& a, const Shape& b) {
    if (a.size_ != b.size_) return false;
    for (int i = 0; i < a.size_; ++i)
      if (a.at_[i] != b.at_[i]) return false;
    return true;
  }

  /// "(2, 3)", "(5,)" and "()" as Python writes tuples.
  [[gnu::cold]] std::string str() const;

 private:
  std::int64_t at_[max_dims] = {};
  int size_ = 0;
};

using Dims = Shape;     ///< a list of dimensions, negative ones counted from the end
using Strides = Shape;  ///< elements from one entry to the next, per dimension

namespace detail {

[[noreturn, gnu::cold]] void fail_shape(const Shape& shape, std::size_t element_size, const char* op, Location at);
/// checked_numel(), and the row-major strides on the way: for what is called at each op.
std::int64_t checked_strides(const Shape& shape, std::size_t element_size, Strides& strides, const char* op,
                             Location at);
/// The number of elements, after a check that every size is 0 or more and that the elements take less than 2^62 bytes
/// (sizes of 0 count as 1: strides are products of the others). Whoever makes a tensor, or a view with more elements,
/// calls it first.
inline std::int64_t checked_numel(const Shape& shape, std::size_t element_size, const char* op, Location at) {
  Strides strides;
  return checked_strides(shape, element_size, strides, op, at);
}

/// Row-major strides of a shape that checked_numel() has seen.
Strides contiguous_strides(const Shape& shape);

bool is_contiguous(const Shape& shape, const Strides& strides);

/// Turns -1 into n - 1 and so on. Throws when `d` is not a dimension of an n-dimensional tensor.
inline int wrap_dim(std::int64_t d, int n, const char* op, Location at) {
  const std::int64_t wrapped = d < 0 ? d + n : d;
  if (wrapped < 0 || wrapped >= n) [[unlikely]] {
    if (n == 0) fail(at, op, ": dimension ", d, " does not exist in a tensor with 0 dimensions");
    fail(at, op, ": dimension ", d, " does not exist in a tensor with ", n, " dimensions (expected ", -n, " to ", n - 1,
         ")");
  }
  return static_cast<int>(wrapped);
}

/// The common shape of two operands by the broadcasting rule: sizes are matched from the right; equal, or one of them
/// 1.
Shape broadcast_shapes(const Shape& a, const Shape& b, const char* op, Location at);

/// Nothing but {} converts to it: as the first member of an options struct it makes positional braces, {2, 1}, an error
/// instead of a guess.
struct NamedOnly {
  explicit constexpr NamedOnly() = default;
};

}  // namespace detail
}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

[[gnu::noinline]] CHAINRULE_INLINE void fail_shape(const Shape& shape, std::size_t element_size, const char* op,
                                                   Location at) {
  for (auto s : shape) check(s >= 0, at, op, ": sizes must not be negative, got ", shape);
  fail(at, op, ": shape ", shape, " is too large: with ", element_size, element_size == 1 ? " byte" : " bytes",
       " an element it has more than 2^62 bytes; is one of the sizes wrong?");
}

CHAINRULE_INLINE std::int64_t checked_strides(const Shape& shape, std::size_t element_size, Strides& strides,
                                              const char* op, Location at) {
  std::int64_t step = 1, bytes = 0;
  bool bad = false, empty = false;
  strides = shape;
  for (int i = shape.size() - 1; i >= 0; --i) {
    const std::int64_t size = shape[i];
    strides[i] = step;
    bad |= size < 0;
    empty |= size == 0;
    bad |= __builtin_mul_overflow(step, size > 0 ? size : 1, &step);
  }
  if (bad | __builtin_mul_overflow(step, static_cast<std::int64_t>(element_size), &bytes) || bytes > most_bytes)
      [[unlikely]]
    fail_shape(shape, element_size, op, at);
  return empty ? 0 : step;
}

CHAINRULE_INLINE Strides contiguous_strides(const Shape& shape) {
  Strides s = shape;
  std::int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    s[i] = step;
    step *= shape[i] > 0 ? shape[i] : 1;
  }
  return s;
}

CHAINRULE_INLINE bool is_contiguous(const Shape& shape, const Strides& strides) {
  std::int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1 && strides[i] != step) return false;
    step *= shape[i];
  }
  return true;
}

CHAINRULE_INLINE Shape broadcast_shapes(const Shape& a, const Shape& b, const char* op, Location at) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape out = longer;
  int shift = longer.size() - shorter.size();
  for (int i = 0; i < shorter.size(); ++i) {
    auto l = longer[i + shift], s = shorter[i];
    check(l == s || l == 1 || s == 1, at, op, ": shapes ", a, " and ", b, " do not broadcast: sizes ", l, " and ", s,
          " at dimension ", i + shift, " differ and neither is 1");
    out[i + shift] = l == 1 ? s : l;
  }
  return out;
}

}  // namespace chainrule::detail
namespace chainrule {

CHAINRULE_INLINE std::string Shape::str() const {
  std::string s = "(";
  for (int i = 0; i < size_; ++i) s += (i ? ", " : "") + std::to_string(at_[i]);
  return s + (size_ == 1 ? ",)" : ")");
}

}  // namespace chainrule
#endif

#pragma once
// Size2d: a size for both directions of an image, or one for each; with a word for a padding, with open ones for an
// output.

#include <chainrule/core/shape.hpp>
#include <optional>

namespace chainrule {

/// Rows and columns: 3 means {3, 3}; {3, 1} is 3 rows by 1 column. Any integer types.
struct Size2d {
  std::int64_t h, w;

  template <std::integral I> constexpr Size2d(I both) : h(static_cast<std::int64_t>(both)), w(h) {}
  template <std::integral I, std::integral J>
  constexpr Size2d(I rows, J columns) : h(static_cast<std::int64_t>(rows)), w(static_cast<std::int64_t>(columns)) {}

  friend constexpr bool operator==(const Size2d&, const Size2d&) = default;
  /// "3", or "(3, 1)" if they differ, as PyTorch prints them in layers.
  std::string str() const { return h == w ? std::to_string(h) : Shape{h, w}.str(); }
};

template <class N>
concept SizeOrOpen = std::integral<N> || std::same_as<N, std::nullopt_t>;

/// Rows and columns of a result, as Size2d; std::nullopt leaves one open, which then keeps the input's: {std::nullopt,
/// 7}.
struct OutputSize2d {
  std::optional<std::int64_t> h, w;
  bool one_number;  ///< for printing

  template <SizeOrOpen I> constexpr OutputSize2d(I both) : h(entry(both)), w(entry(both)), one_number(true) {}
  template <SizeOrOpen I, SizeOrOpen J>
  constexpr OutputSize2d(I rows, J columns) : h(entry(rows)), w(entry(columns)), one_number(false) {}
  constexpr OutputSize2d(Size2d size) : h(size.h), w(size.w), one_number(false) {}

  std::string str() const {
    const auto text = [](const std::optional<std::int64_t>& n) { return n ? std::to_string(*n) : std::string("None"); };
    return one_number ? text(h) : '(' + text(h) + ", " + text(w) + ')';
  }

 private:
  template <class I> static constexpr std::optional<std::int64_t> entry([[maybe_unused]] I n) {
    if constexpr (std::integral<I>) return static_cast<std::int64_t>(n);
    else return std::nullopt;
  }
};

/// {2, 1} and nothing else: a stride by position, where a single number or options could stand as well.
struct Pair2d : Size2d {
  template <std::integral I, std::integral J> constexpr Pair2d(I rows, J columns) : Size2d(rows, columns) {}
};

/// The padding of a convolution: a size, or a word as in PyTorch: "valid" adds nothing; "same" adds what keeps the
/// image's size.
struct Padding2d : Size2d {
  bool same = false;

  template <std::integral I> constexpr Padding2d(I both) : Size2d(both) {}
  template <std::integral I, std::integral J> constexpr Padding2d(I rows, J columns) : Size2d(rows, columns) {}
  constexpr Padding2d(Size2d size) : Size2d(size) {}
  Padding2d(std::string_view word, Location at = Location::here()) : Size2d(0), same(word == "same") {
    check(same || word == "valid", at, "conv2d: padding is a size, \"same\" or \"valid\", got \"", word, "\"");
  }
  Padding2d(const char* word, Location at = Location::here()) : Padding2d(std::string_view(word), at) {}

  std::string str() const { return same ? "same" : Size2d::str(); }
};

}  // namespace chainrule

#pragma once
// Where in the user's program something was called: every op takes `Location at = Location::here()` as its last
// argument.

#include <concepts>

namespace chainrule {

/// A line of the user's program. `std::source_location` would do, but clang 14 does not have it.
struct Location {
  const char* file = "";
  int line = 0;

  constexpr Location() = default;
  // A template, so that a literal 0 is no file name: x.sum({0, 2}) means two dimensions.
  template <std::same_as<const char*> File> constexpr Location(File f, int l) : file(f), line(l) {}

  static constexpr Location here(const char* f = __builtin_FILE(), int l = __builtin_LINE()) { return {f, l}; }
};

}  // namespace chainrule

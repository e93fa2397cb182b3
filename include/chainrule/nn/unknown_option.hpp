#pragma once
// Short errors for options that do not exist. A constructor whose only other overloads take an aggregate of options
// adds one that takes an UnknownOption; it is never called, and never chosen for options that exist.
//     Linear(3, 2, {.biass = false})   // error: name 'biass' used in a GNU-style designated initializer for an array
// Without it g++ prints every constructor, and why each does not fit, but not the name of the option.

#include <cstddef>

namespace chainrule::nn::detail {

/// Converts from any value, by a user-defined conversion, which is no better than the one to the options.
struct AnyOption {
  template <class X> AnyOption(const X&);  // never defined
};

/// Takes {.anything = value}. (As a template parameter N: a constructor that is no template, with the real options,
/// goes first.)
template <std::size_t N> using UnknownOption = const AnyOption (&)[N];

/// A number that stands before the UnknownOption: any other overload takes it more directly, and goes first.
using Worse = long double;

}  // namespace chainrule::nn::detail

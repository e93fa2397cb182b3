#pragma once
// The test framework: Catch2 as Debian and Ubuntu package it, version 2 or 3. Contains("text") is the same matcher in
// both.

#if __has_include(<catch2/catch.hpp>)
#include <catch2/catch.hpp>
namespace chainrule_test {
using Catch::Matchers::Contains;
}
#else
#include <catch2/catch_all.hpp>
#include <string>
using Catch::Approx;
namespace chainrule_test {
inline auto Contains(const std::string& part) { return Catch::Matchers::ContainsSubstring(part); }
}  // namespace chainrule_test
#endif

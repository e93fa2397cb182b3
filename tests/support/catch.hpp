#pragma once
// The test framework: Catch2 as Debian packages it, version 2 or 3.

#if __has_include(<catch2/catch.hpp>)
#include <catch2/catch.hpp>
#else
#include <catch2/catch_all.hpp>
using Catch::Approx;
#endif

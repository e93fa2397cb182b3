#pragma once
// Settings of a program that come from environment variables. One that is no choice ends the program: training for
// hours with another setting than the one asked for is worse. An empty variable counts as not set.

#include <cstdio>
#include <cstdlib>

namespace chainrule::detail {

/// One line on stderr, and exit code 2. Not by an exception, nor with destructors: settings are read where they are
/// needed first, which may be a worker thread or the initialisation of a static object.
[[noreturn, gnu::cold, gnu::noinline]] inline void refuse_setting(const char* name, const char* value,
                                                                  const char* expected) {
  std::fflush(nullptr);
  std::fprintf(stderr, "chainrule: the environment variable %s is '%s'; it takes %s. Correct it, or unset it.\n", name,
               value, expected);
  std::_Exit(2);
}

/// The variable's text, or null where it is not set or empty.
inline const char* setting(const char* name) {
  const char* text = std::getenv(name);
  return text && *text ? text : nullptr;
}

/// A number of threads from 1 to 65536, or 0 where the variable is not set. OpenMP's list for nested regions, "4,2",
/// counts as its first number.
inline int threads_setting(const char* name) {
  const char* text = setting(name);
  if (!text) return 0;
  int n = 0;
  const char* c = text;
  for (; *c >= '0' && *c <= '9' && n <= 65536; ++c) n = 10 * n + (*c - '0');
  if (n < 1 || n > 65536 || (*c != 0 && *c != ',')) refuse_setting(name, text, "a number of threads, 1 to 65536");
  return n;
}

}  // namespace chainrule::detail

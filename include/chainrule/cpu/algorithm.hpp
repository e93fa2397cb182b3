#pragma once
// A choice between algorithms as a table. The tables: gemm/gemm.hpp, conv/forward.hpp, conv/input_gradient.hpp and
// conv/weight_gradient.hpp.

#include <chainrule/core/environment.hpp>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstring>

namespace chainrule::cpu {

/// One row of a table.
template <class Problem> struct Algorithm {
  const char* name;
  bool (*applies)(Problem&);  // it can compute this problem at all
  bool (*wins)(Problem&);     // of this row and those below, it is the fastest (as measured)
  bool (*run)(Problem&);      // false: it declined (AMX met a NaN), and the rows below overwrite what it wrote
};

template <class Problem> bool always(Problem&) { return true; }

/// Computes the problem by the first row that applies and wins, and does not decline. The last row must apply and win
/// always. A row named `forced` is tried before all others, whether it wins or not; null forces none.
template <class Problem, std::size_t n>
void run_first(const std::array<Algorithm<Problem>, n>& table, Problem& problem, const char* forced) {
  for (const auto& row : table)
    if (forced && std::strcmp(row.name, forced) == 0 && row.applies(problem) && row.run(problem)) return;
  for (const auto& row : table)
    if (row.applies(problem) && row.wins(problem) && row.run(problem)) return;
  assert(false && "the last row of a table of algorithms applies, wins and does not decline");
}

/// The row that an environment variable forces, or null where it is not set. `names` are all that it may be, "a, b, c";
/// any other ends the program with a message.
inline const char* forced_algorithm(const char* variable, const char* names) {
  const char* text = chainrule::detail::setting(variable);
  if (!text) return nullptr;
  const std::size_t length = std::strlen(text);
  for (const char* name = names; name;) {
    const char* comma = std::strchr(name, ',');
    const std::size_t n = comma ? static_cast<std::size_t>(comma - name) : std::strlen(name);
    if (n == length && std::strncmp(name, text, n) == 0) return text;
    name = comma ? comma + 2 : nullptr;
  }
  char expected[256];
  std::snprintf(expected, sizeof expected, "one of %s", names);
  chainrule::detail::refuse_setting(variable, text, expected);
}

}  // namespace chainrule::cpu

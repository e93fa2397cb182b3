#pragma once
// What an Error says, for tests of messages.

#include <chainrule/core/error.hpp>
#include <string>

namespace chainrule_test {

/// The message with which f throws, or "(no error)".
template <class F> std::string message_of(const F& f) {
  try {
    f();
  } catch (const chainrule::Error& e) { return e.what(); }
  return "(no error)";
}
inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace chainrule_test

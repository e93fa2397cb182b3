#pragma once
// Errors. One exception type; its message names the op or module, the rule that was broken, the values and the likely
// fix.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/location.hpp>
#include <concepts>
#include <cstdio>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace chainrule {

/// Everything that goes wrong because of an argument, a file or a shape is thrown as an Error, before any work is done.
///     try { matmul(zeros({2, 3}), zeros({4, 5})); } catch (const Error& e) { e.what(); }
///     // "matmul: inner sizes must agree, got (2, 3) and (4, 5) [main.cpp:7]"
class Error : public std::exception {
 public:
  explicit Error(std::string message, Location at = {}) : message_(std::move(message)), at_(at) { compose(); }

  const char* what() const noexcept override { return text_.c_str(); }
  const std::string& message() const { return message_; }          ///< without the module path and the source line
  const std::string& module_path() const { return module_path_; }  ///< "features.0.conv1", or empty outside of modules
  Location location() const { return at_; }

  /// Called while the error passes through a module on its way up: nn::Module prepends the name of the member it came
  /// from. (A module and its first member share an address: the type tells them apart.)
  void set_module(std::string path, const void* module, const void* type = nullptr) {
    module_path_ = std::move(path);
    module_ = module;
    module_type_ = type;
    compose();
  }
  const void* module() const { return module_; }
  const void* module_type() const { return module_type_; }

 private:
  [[gnu::cold]] void compose();
  std::string message_, module_path_, text_;
  const void *module_ = nullptr, *module_type_ = nullptr;
  Location at_;
};

namespace detail {

inline void append(std::string& s, std::string_view part) { s += part; }
inline void append(std::string& s, const char* part) { s += part; }
inline void append(std::string& s, bool part) { s += part ? "true" : "false"; }
inline void append(std::string& s, char part) { s += part; }
template <class N>
requires std::is_arithmetic_v<N>
void append(std::string& s, N part) {
  if constexpr (std::is_floating_point_v<N>) {
    if (const N size = part < 0 ? -part : part; size != 0 && size - size == 0 && (size >= N(1e15) || size < N(1e-4))) {
      char text[32];
      std::snprintf(text, sizeof text, "%.6g", static_cast<double>(part));  // "1e+300", "2.5e-08"
      s += text;
      return;
    }
    auto text = std::to_string(part);  // "0.500000"
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    s += text;
  } else {
    s += std::to_string(part);
  }
}
template <class P>
requires requires(const P& p) {
  { p.str() } -> std::convertible_to<std::string>;
}
void append(std::string& s, const P& part) { s += part.str(); }

template <class... Parts> std::string concat(const Parts&... parts) {
  std::string s;
  (append(s, parts), ...);
  return s;
}

/// A part of a message, its type forgotten: so that the hundreds of checks of a program share one function that puts
/// messages together.
struct MessagePart {
  const void* value;
  void (*append_to)(std::string& s, const void* value);

  template <class P> MessagePart(const P& part) : value(&part), append_to(&append_value<P>) {}
  template <std::size_t n> MessagePart(const char (&text)[n]) : value(text), append_to(&append_text) {}

 private:
  template <class P> static void append_value(std::string& s, const void* value) {
    append(s, *static_cast<const P*>(value));
  }
  static void append_text(std::string& s, const void* text) { append(s, static_cast<const char*>(text)); }
};

[[noreturn, gnu::cold]] void fail_with(Location at, std::initializer_list<MessagePart> parts);

}  // namespace detail

/// Throws an Error whose message is the parts, one after the other.
template <class... Parts> [[noreturn]] inline void fail(Location at, const Parts&... parts) {
  detail::fail_with(at, {detail::MessagePart(parts)...});
}

/// Throws an Error unless `ok`. The parts are only put together when it throws, but evaluated always: name values, do
/// not compute them.
template <class... Parts> inline void check(bool ok, Location at, const Parts&... parts) {
  if (!ok) [[unlikely]]
    detail::fail_with(at, {detail::MessagePart(parts)...});
}

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule {

[[gnu::noinline]] CHAINRULE_INLINE void Error::compose() {
  text_ = module_path_.empty() ? message_ : module_path_ + ": " + message_;
  if (at_.line > 0) text_ += std::string(" [") + at_.file + ':' + std::to_string(at_.line) + ']';
}

}  // namespace chainrule
namespace chainrule::detail {

[[gnu::noinline]] CHAINRULE_INLINE void fail_with(Location at, std::initializer_list<MessagePart> parts) {
  std::string s;
  for (const MessagePart& part : parts) part.append_to(s, part.value);
  throw Error(std::move(s), at);
}

}  // namespace chainrule::detail
#endif

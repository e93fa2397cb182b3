#pragma once
// A progress bar: one line that redraws itself on a terminal, plain lines now and then where the output is a file or a
// pipe.

#include <chainrule/core/callback.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/core/error.hpp>
#include <ctime>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

namespace chainrule::training {

namespace detail {

#if __has_include(<unistd.h>)
inline bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }
#else
inline bool stdout_is_terminal() { return false; }
#endif

inline double seconds_now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
void write_to_stdout(std::string_view text);

std::string format_number(const char* format, double v);
/// 75 -> "1:15", 3700 -> "1:01:40".
std::string format_seconds(double seconds);

}  // namespace detail

/// The parts with spaces between them: label("epoch", 3) is "epoch 3".
template <class First, class... Rest> std::string label(const First& first, const Rest&... rest) {
  std::string s = chainrule::detail::concat(first);
  ((s += ' ', s += chainrule::detail::concat(rest)), ...);
  return s;
}

/// Numbers behind the bar: {{"loss", 0.31}, {"accuracy", 0.9}}.
using Postfix = std::vector<std::pair<std::string, double>>;

struct ProgressOptions {
  std::optional<bool> terminal = {};            ///< whether the line can be redrawn; found out if not given
  double redraw_seconds = 0.1;                  ///< on a terminal: at most so often
  double line_seconds = 10;                     ///< elsewhere: a line so often, and one at the end
  Callback<void(std::string_view)> write = {};  ///< where it goes; standard output if not given
  Callback<double()> now = {};                  ///< the clock, in seconds
};

/// Shows how far a loop is, how fast, and how long it will take.
///     ProgressBar bar(loader.size(), "epoch 1");
///     for (auto& [images, labels] : loader) {
///       ...
///       bar.advance({{"loss", loss.item()}});
///     }
///     // epoch 1  [=======>            ]  37% 222/600  21.8/s  0:10 < 0:17  loss 0.1234
/// The last line is written by close(), or when the bar goes out of scope. A total of 0 or less means unknown.
class ProgressBar {
 public:
  explicit ProgressBar(std::int64_t total = 0, std::string description = "", ProgressOptions options = {})
      : total_(total),
        description_(std::move(description)),
        options_(std::move(options)),
        terminal_(options_.terminal.value_or(detail::stdout_is_terminal())) {
    if (!options_.write) options_.write = &detail::write_to_stdout;
    if (!options_.now) options_.now = &detail::seconds_now;
    start_ = shown_ = options_.now();
    if (terminal_) show();
  }
  ~ProgressBar() { close(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// n more are done.
  void advance(std::int64_t n = 1);
  /// The same, with new numbers behind the bar.
  void advance(Postfix postfix, std::int64_t n = 1) {
    postfix_ = std::move(postfix);
    advance(n);
  }
  void set_postfix(Postfix postfix) { postfix_ = std::move(postfix); }
  void set_description(std::string description) { description_ = std::move(description); }
  std::int64_t done() const { return done_; }

  /// Writes the last line. Does nothing the second time.
  void close();

  /// The line as it would be shown now.
  [[gnu::cold]] std::string line() const;

 private:
  static std::string bar(double share);
  void show() const;  // the escape clears what an older, longer line left

  std::int64_t total_, done_ = 0;
  std::string description_;
  ProgressOptions options_;
  bool terminal_, closed_ = false;
  double start_, shown_;
  Postfix postfix_;
};

}  // namespace chainrule::training

#if CHAINRULE_DEFINITIONS
namespace chainrule::training::detail {

CHAINRULE_INLINE std::string format_number(const char* format, double v) {
  char text[32];
  std::snprintf(text, sizeof text, format, v);
  return text;
}

CHAINRULE_INLINE std::string format_seconds(double seconds) {
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
  char text[40];
  if (s >= 3600)
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", static_cast<long long>(s / 3600),
                  static_cast<long long>(s / 60 % 60), static_cast<long long>(s % 60));
  else std::snprintf(text, sizeof text, "%lld:%02lld", static_cast<long long>(s / 60), static_cast<long long>(s % 60));
  return text;
}

}  // namespace chainrule::training::detail
namespace chainrule::training {

CHAINRULE_INLINE void ProgressBar::advance(std::int64_t n) {
  done_ += n;
  const double now = options_.now();
  if (now - shown_ >= (terminal_ ? options_.redraw_seconds : options_.line_seconds)) {
    shown_ = now;
    show();
  }
}

CHAINRULE_INLINE void ProgressBar::close() {
  if (std::exchange(closed_, true)) return;
  show();
  if (terminal_) options_.write("\n");
}

CHAINRULE_INLINE std::string ProgressBar::line() const {
  const double elapsed = options_.now() - start_;
  const auto done = static_cast<double>(done_), total = static_cast<double>(total_);
  std::string s = description_;
  if (!s.empty()) s += "  ";
  if (total_ > 0) {
    const double share = done < total ? done / total : 1;
    if (terminal_) s += bar(share) + "  ";
    s += detail::format_number("%3.0f%%", std::floor(100 * share)) + ' ' + std::to_string(done_) + '/' +
         std::to_string(total_);
  } else {
    s += std::to_string(done_);
  }
  if (elapsed > 0 && done_ > 0) {
    const double rate = done / elapsed;
    s += "  ";
    s += rate >= 1 ? detail::format_number(rate < 100 ? "%.1f/s" : "%.0f/s", rate)
                   : detail::format_number("%.2f s each", 1 / rate);
    s += "  " + detail::format_seconds(elapsed);
    if (total_ > done_) s += " < " + detail::format_seconds((total - done) / rate);
  }
  for (const auto& [name, value] : postfix_) s += "  " + name + ' ' + detail::format_number("%.4g", value);
  return s;
}

CHAINRULE_INLINE std::string ProgressBar::bar(double share) {
  constexpr int width = 20;
  const int full = static_cast<int>(share * width);
  std::string s(static_cast<std::size_t>(full), '=');
  if (full < width) s += '>' + std::string(static_cast<std::size_t>(width - full - 1), ' ');
  return '[' + s + ']';
}

}  // namespace chainrule::training
namespace chainrule::training::detail {

CHAINRULE_INLINE void write_to_stdout(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace chainrule::training::detail
namespace chainrule::training {

CHAINRULE_INLINE void ProgressBar::show() const {
  options_.write(terminal_ ? '\r' + line() + "\x1b[K" : line() + '\n');
}

}  // namespace chainrule::training
#endif

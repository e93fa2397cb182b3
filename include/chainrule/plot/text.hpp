#pragma once
// Texts of a picture: how wide they are, how they break and shorten, how a number is written, what XML needs.

#include <chainrule/core/compiled.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::plot::detail {

/// An upper estimate of how wide a line of text is, in pixels: of each character the wider one of Arial's and DejaVu
/// Sans's, since the reader's browser chooses the font.
double text_width(std::string_view text, double size, bool bold = false);

/// At most `width` pixels: cut, with "..." as one character, where it is wider.
std::string shorten(std::string_view text, double size, double width, bool bold = false);

/// Lines of at most `width` pixels, broken at spaces and at '\n'; the last of `at_most` lines is shortened.
std::vector<std::string> wrap(std::string_view text, double size, double width, std::size_t at_most, bool bold = false);

/// For XML: & < > " ' by name; what is no character of XML or no UTF-8 becomes U+FFFD.
std::string escape(std::string_view text);

/// Fixed notation with a real minus sign: number(-0.5, 2) is "−0.50".
std::string number(double value, int decimals);
/// "1.5e6", "2e−4", "0".
std::string scientific(double value, int decimals);
/// Four significant digits at most, no trailing zeros: for descriptions.
std::string brief(double value);
/// A coordinate: at most two decimals, none that is 0.
void append_coordinate(std::string& s, double value, int decimals = 2);

/// The bytes of the UTF-8 character that starts at i, 1 where none does; and its code point, U+FFFD for none.
struct Utf8 {
  std::size_t bytes;
  char32_t code;
};
Utf8 utf8_at(std::string_view text, std::size_t i);

}  // namespace chainrule::plot::detail

#if CHAINRULE_DEFINITIONS
#include <algorithm>
#include <charconv>
#include <cmath>

namespace chainrule::plot::detail {

[[gnu::cold]] CHAINRULE_INLINE Utf8 utf8_at(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u; };
  const unsigned first = byte(i);
  if (first < 0x80) return {1, static_cast<char32_t>(first)};
  const std::size_t more = first >= 0xf0 && first < 0xf5 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
  if (more == 0 || first >= 0xf5) return {1, U'\xfffd'};
  char32_t code = first & (0x3fu >> more);
  for (std::size_t k = 1; k <= more; ++k) {
    if (byte(i + k) >> 6 != 2) return {1, U'\xfffd'};
    code = code << 6 | (byte(i + k) & 0x3fu);
  }
  constexpr char32_t least[] = {0, 0x80, 0x800, 0x10000};
  if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {1, U'\xfffd'};
  return {more + 1, code};
}

/// In hundredths of the type size.
[[gnu::cold]] CHAINRULE_INLINE int width_of(char32_t c) {
  static constexpr unsigned char ascii[] = {
      32, 41, 46, 84, 64, 96, 78, 28, 40,  40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
      64, 64, 34, 34, 84, 84, 84, 56, 102, 69, 69, 73, 78, 67, 62, 78, 76, 30, 50, 67, 56, 87, 75, 79,
      67, 79, 73, 67, 62, 74, 69, 99, 69,  67, 69, 40, 34, 40, 84, 56, 50, 62, 64, 55, 64, 62, 36, 64,
      64, 28, 28, 58, 28, 98, 64, 62, 64,  64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84};
  static constexpr unsigned char cyrillic[] = {69, 69, 69, 61, 79, 67, 108, 65, 75,  75,  71, 76, 87, 76, 79,  76,
                                               67, 73, 62, 64, 87, 69, 78,  69, 107, 110, 84, 89, 69, 72, 108, 73,
                                               62, 62, 59, 53, 70, 62, 91,  54, 65,  65,  61, 64, 76, 66, 62,  66,
                                               64, 55, 59, 60, 86, 60, 69,  60, 92,  95,  71, 79, 59, 55, 85,  61};
  if (c < 32) return 0;
  if (c < 127) return ascii[c - 32];
  if (c >= 0x410 && c <= 0x44f) return cyrillic[c - 0x410];
  if (c >= 0x300 && c < 0x370) return 0;         // accents over the character before
  if (c >= 0xc0 && c < 0x590) return 72;         // Latin with accents, Greek, the rest of Cyrillic
  return c >= 0x1100 || c == 0x2026 ? 102 : 84;  // one em: ideographs; signs
}

[[gnu::cold]] CHAINRULE_INLINE double text_width(std::string_view text, double size, bool bold) {
  double width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto [bytes, code] = utf8_at(text, i);
    width += width_of(code);
    i += bytes;
  }
  return width * size * (bold ? 0.0112 : 0.01);
}

[[gnu::cold]] CHAINRULE_INLINE std::string shorten(std::string_view text, double size, double width, bool bold) {
  if (text_width(text, size, bold) <= width) return std::string(text);
  const double dots = text_width("…", size, bold);
  std::size_t end = 0;
  while (end < text.size()) {
    const std::size_t next = end + utf8_at(text, end).bytes;
    if (text_width(text.substr(0, next), size, bold) + dots > width) break;
    end = next;
  }
  while (end > 0 && text[end - 1] == ' ') --end;
  return std::string(text.substr(0, end)) + "…";
}

[[gnu::cold]] CHAINRULE_INLINE std::vector<std::string> wrap(std::string_view text, double size, double width,
                                                             std::size_t at_most, bool bold) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view paragraph = text.substr(begin, end - begin);
    std::string line;
    for (std::size_t word = 0; word <= paragraph.size();) {
      const std::size_t stop = std::min(paragraph.find(' ', word), paragraph.size());
      const std::string next(paragraph.substr(word, stop - word));
      const std::string longer = line.empty() ? next : line + ' ' + next;
      if (!line.empty() && text_width(longer, size, bold) > width) {
        lines.push_back(line);
        line = next;
      } else {
        line = longer;
      }
      word = stop + 1;
    }
    lines.push_back(line);
    begin = end + 1;
  }
  if (lines.size() > at_most) {
    for (std::size_t i = at_most; i < lines.size(); ++i) lines[at_most - 1] += ' ' + lines[i];
    lines.resize(at_most);
  }
  for (auto& line : lines) line = shorten(line, size, width, bold);
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

[[gnu::cold]] CHAINRULE_INLINE std::string escape(std::string_view text) {
  std::string s;
  for (std::size_t i = 0; i < text.size();) {
    const auto [bytes, code] = utf8_at(text, i);
    if (code == '&') s += "&amp;";
    else if (code == '<') s += "&lt;";
    else if (code == '>') s += "&gt;";
    else if (code == '"') s += "&quot;";
    else if (code == '\'') s += "&#39;";
    else if (code == '\n' || code == '\t' || code == '\r') s += ' ';
    else if (code < 32 || code == 127 || code == 0xfffd || code == 0xfffe || code == 0xffff) s += "\xef\xbf\xbd";
    else s += text.substr(i, bytes);
    i += bytes;
  }
  return s;
}

/// By std::to_chars: a program's locale must not put commas into a file.
[[gnu::cold]] CHAINRULE_INLINE std::string fixed(double value, int decimals) {
  char text[400];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals).ptr;
  std::string s(text, end);
  if (s.find_first_not_of("-0.") == std::string::npos && s[0] == '-') s.erase(0, 1);  // no "-0.00"
  return s;
}

[[gnu::cold]] CHAINRULE_INLINE std::string number(double value, int decimals) {
  const std::string s = fixed(value, decimals);
  return s[0] == '-' ? "−" + s.substr(1) : s;
}

[[gnu::cold]] CHAINRULE_INLINE std::string scientific(double value, int decimals) {
  if (value == 0) return "0";
  char text[400];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, decimals).ptr;
  const std::string s(text, end);  // "-1.50e+06"
  const auto e = s.find('e');
  int exponent = 0;
  std::from_chars(s.data() + e + (s[e + 1] == '+' ? 2 : 1), s.data() + s.size(), exponent);
  const std::string mantissa = s.substr(0, e);
  return (mantissa[0] == '-' ? "−" + mantissa.substr(1) : mantissa) + (exponent < 0 ? "e−" : "e") +
         std::to_string(exponent < 0 ? -exponent : exponent);
}

[[gnu::cold]] CHAINRULE_INLINE std::string brief(double value) {
  if (value != value) return "NaN";
  if (std::isinf(value)) return value < 0 ? "−infinity" : "infinity";
  if (value == std::floor(value) && std::fabs(value) < 1e15) return number(value, 0);
  const double size = std::fabs(value);
  const bool plain = size >= 1e-3 && size < 1e6;
  std::string s = plain ? number(value, std::clamp(3 - static_cast<int>(std::floor(std::log10(size))), 0, 6))
                        : scientific(value, 3);
  const std::size_t e = std::min(s.find('e'), s.size());
  std::size_t end = e;
  if (s.find('.') < e) {
    while (s[end - 1] == '0') --end;
    if (s[end - 1] == '.') --end;
  }
  return s.substr(0, end) + s.substr(e);
}

[[gnu::cold]] CHAINRULE_INLINE void append_coordinate(std::string& s, double value, int decimals) {
  char text[64];
  const auto end =
      std::to_chars(text, text + sizeof text, std::clamp(value, -1e6, 1e6), std::chars_format::fixed, decimals).ptr;
  std::string_view t(text, static_cast<std::size_t>(end - text));
  if (decimals > 0) {
    while (t.back() == '0') t.remove_suffix(1);
    if (t.back() == '.') t.remove_suffix(1);
  }
  s += t == "-0" ? "0" : t;
}

}  // namespace chainrule::plot::detail
#endif

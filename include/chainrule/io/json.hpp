#pragma once
// JSON (RFC 8259), read strictly: what headers of tensor files and lists of cases need. Errors name the file and the
// offset.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/error.hpp>
#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace chainrule::io {

/// A JSON value. Members of an object keep their order; a name that stands twice is an error when it is read.
///     auto j = parse_json(R"({"shape": [2, 3]})", "header");
///     j["shape"][1].integer()   // 3
class Json {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  using Member = std::pair<std::string, Json>;

  Kind kind() const { return kind_; }
  bool is(Kind k) const { return kind_ == k; }

  // What it holds. Each throws an Error that says what is there instead.
  bool boolean() const { return expect(Kind::boolean), truth_; }
  double number() const { return expect(Kind::number), number_; }
  std::int64_t integer() const;
  const std::string& string() const { return expect(Kind::string), text_; }
  const std::vector<Json>& items() const { return expect(Kind::array), items_; }
  const std::vector<Member>& members() const { return expect(Kind::object), members_; }

  /// The member of that name, or null.
  const Json* find(std::string_view name) const;
  const Json& operator[](std::string_view name) const {
    const Json* value = find(name);
    check(value != nullptr, {}, where_, ": \"", name, "\" is missing");
    return *value;
  }
  template <std::integral I> const Json& operator[](I i) const {
    check(static_cast<std::size_t>(i) < items().size(), {}, where_, ": item ", i, " of ", items_.size());
    return items_[static_cast<std::size_t>(i)];
  }
  std::size_t size() const { return kind_ == Kind::object ? members_.size() : items().size(); }
  const std::string& where() const { return where_; }  ///< "file: offset 17", for messages

 private:
  friend class JsonParser;
  void expect(Kind k) const;

  Kind kind_ = Kind::null;
  bool truth_ = false, whole_ = false;
  double number_ = 0;
  std::int64_t integer_ = 0;
  std::string text_, where_;
  std::vector<Json> items_;
  std::vector<Member> members_;
};

/// Reads one value; see parse_json.
class JsonParser {
 public:
  JsonParser(std::string_view text, std::string_view file, std::size_t base, Location at)
      : text_(text), file_(file), base_(base), at_(at) {}

  Json parse();

 private:
  static constexpr int max_depth = 64;

  [[noreturn]] void wrong(std::string_view what) const;
  bool more() const { return next_ < text_.size(); }
  char peek() const;
  void space();
  void take(std::string_view word);
  static std::string detail_of(std::string_view word) { return "expected " + std::string(word); }

  Json value(int depth);

  void object(Json& v, int depth);
  void array(Json& v, int depth);
  void check_names(const Json& v) const;

  // -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
  void number(Json& v);

  std::string string();
  std::uint32_t code_point();
  std::uint32_t hex4();
  static void append_utf8(std::string& s, std::uint32_t c);

  std::string_view text_, file_;
  std::size_t base_, next_ = 0;
  Location at_;
};

/// Reads JSON text. `file` and `base` (where the text begins in the file) are for messages only. Throws an Error with
/// the offset: not JSON, cut off, a name twice in one object, nested more than 64 deep, anything after the value.
Json parse_json(std::string_view text, std::string_view file, std::size_t base = 0, Location at = Location::here());

/// `text` as a JSON string, with its quotes.
std::string json_string(std::string_view text);

/// Where the text stops being UTF-8 (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF),
/// or npos.
std::size_t first_not_utf8(std::string_view text);

}  // namespace chainrule::io

#if CHAINRULE_DEFINITIONS
namespace chainrule::io {

CHAINRULE_INLINE std::string json_string(std::string_view text) {
  std::string s = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') s += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      constexpr const char* hex = "0123456789abcdef";
      s += std::string("\\u00") + hex[c >> 4] + hex[c & 15];
    } else {
      s += c;
    }
  }
  return s + '"';
}

CHAINRULE_INLINE std::size_t first_not_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    auto byte = [&](std::size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u; };
    const unsigned lead = byte(0);
    const std::size_t more = lead < 0x80                   ? 0
                             : lead >= 0xC2 && lead < 0xE0 ? 1
                             : lead >= 0xE0 && lead < 0xF0 ? 2
                             : lead >= 0xF0 && lead < 0xF5 ? 3
                                                           : 4;
    if (more == 4) return i;
    for (std::size_t k = 1; k <= more; ++k)
      if (byte(k) < 0x80 || byte(k) > 0xBF) return i;
    const unsigned second = byte(1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second > 0x8F))
      return i;
    i += more + 1;
  }
  return std::string_view::npos;
}

CHAINRULE_INLINE std::int64_t Json::integer() const {
  expect(Kind::number);
  check(whole_, {}, where_, ": ", number_, " is not a whole number");
  return integer_;
}

CHAINRULE_INLINE const Json* Json::find(std::string_view name) const {
  for (const auto& [key, value] : members())
    if (key == name) return &value;
  return nullptr;
}

CHAINRULE_INLINE void Json::expect(Kind k) const {
  constexpr const char* names[] = {"null", "true or false", "a number", "a string", "an array", "an object"};
  check(kind_ == k, {}, where_, ": expected ", names[static_cast<int>(k)], ", found ", names[static_cast<int>(kind_)]);
}

CHAINRULE_INLINE Json JsonParser::parse() {
  Json v = value(0);
  space();
  if (next_ < text_.size()) wrong("something follows the end of the JSON value");
  return v;
}

CHAINRULE_INLINE Json JsonParser::value(int depth) {
  if (depth > max_depth) wrong("nested too deeply");
  space();
  Json v;
  v.where_ = std::string(file_) + ": offset " + std::to_string(base_ + next_);
  switch (peek()) {
    case '{': object(v, depth); break;
    case '[': array(v, depth); break;
    case '"':
      v.kind_ = Json::Kind::string;
      v.text_ = string();
      break;
    case 't':
    case 'f':
      v.kind_ = Json::Kind::boolean;
      v.truth_ = peek() == 't';
      take(v.truth_ ? "true" : "false");
      break;
    case 'n': take("null"); break;
    default: number(v);
  }
  return v;
}

CHAINRULE_INLINE void JsonParser::object(Json& v, int depth) {
  v.kind_ = Json::Kind::object;
  ++next_;
  for (space(); peek() != '}';) {
    if (!v.members_.empty()) {
      take(",");
      space();
    }
    std::string name = string();
    space();
    take(":");
    v.members_.emplace_back(std::move(name), value(depth + 1));
    space();
  }
  ++next_;
  check_names(v);
}

CHAINRULE_INLINE void JsonParser::array(Json& v, int depth) {
  v.kind_ = Json::Kind::array;
  ++next_;
  for (space(); peek() != ']';) {
    if (!v.items_.empty()) take(",");
    v.items_.push_back(value(depth + 1));
    space();
  }
  ++next_;
}

CHAINRULE_INLINE void JsonParser::check_names(const Json& v) const {
  std::vector<std::string_view> names;
  for (const auto& [name, ignored] : v.members_) names.push_back(name);
  std::sort(names.begin(), names.end());
  for (std::size_t i = 1; i < names.size(); ++i)
    if (names[i] == names[i - 1])
      wrong("the name \"" + std::string(names[i]) + "\" stands twice in the object that ends here");
}

CHAINRULE_INLINE void JsonParser::number(Json& v) {
  const std::size_t begin = next_;
  auto digits = [&] {
    if (!more() || text_[next_] < '0' || text_[next_] > '9') wrong("expected a value");
    while (more() && text_[next_] >= '0' && text_[next_] <= '9') ++next_;
  };
  if (peek() == '-') ++next_;
  const bool leading_zero = more() && text_[next_] == '0';
  const std::size_t first = next_;
  digits();
  if (leading_zero && next_ - first > 1) wrong("a number starts with 0");
  bool whole = true;
  if (more() && text_[next_] == '.') {
    whole = false;
    ++next_;
    digits();
  }
  if (more() && (text_[next_] == 'e' || text_[next_] == 'E')) {
    whole = false;
    ++next_;
    if (more() && (text_[next_] == '+' || text_[next_] == '-')) ++next_;
    digits();
  }
  const char *from = text_.data() + begin, *to = text_.data() + next_;
  v.kind_ = Json::Kind::number;
  if (std::from_chars(from, to, v.number_).ec != std::errc()) wrong("a number is too large");
  v.whole_ = whole && std::from_chars(from, to, v.integer_).ec == std::errc();
}

CHAINRULE_INLINE std::string JsonParser::string() {
  std::string s;
  take("\"");
  for (char c; (c = peek()) != '"';) {
    if (static_cast<unsigned char>(c) < 0x20) wrong("a control character in a string");
    ++next_;
    if (c != '\\') {
      s += c;
      continue;
    }
    switch (c = peek(), ++next_, c) {
      case '"':
      case '\\':
      case '/': s += c; break;
      case 'b': s += '\b'; break;
      case 'f': s += '\f'; break;
      case 'n': s += '\n'; break;
      case 'r': s += '\r'; break;
      case 't': s += '\t'; break;
      case 'u': append_utf8(s, code_point()); break;
      default: wrong("an unknown escape in a string");
    }
  }
  ++next_;
  return s;
}

CHAINRULE_INLINE std::uint32_t JsonParser::code_point() {
  std::uint32_t c = hex4();
  if (c >= 0xDC00 && c < 0xE000) wrong("half of a surrogate pair");
  if (c < 0xD800 || c >= 0xDC00) return c;
  take("\\u");
  const std::uint32_t low = hex4();
  if (low < 0xDC00 || low >= 0xE000) wrong("half of a surrogate pair");
  return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

CHAINRULE_INLINE std::uint32_t JsonParser::hex4() {
  std::uint32_t v = 0;
  for (int i = 0; i < 4; ++i, ++next_) {
    const char c = peek();
    std::uint32_t digit = 16;
    if (c >= '0' && c <= '9') digit = static_cast<std::uint32_t>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<std::uint32_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') digit = static_cast<std::uint32_t>(c - 'A' + 10);
    if (digit == 16) wrong("\\u needs four hexadecimal digits");
    v = v * 16 + digit;
  }
  return v;
}

CHAINRULE_INLINE void JsonParser::append_utf8(std::string& s, std::uint32_t c) {
  auto byte = [&](std::uint32_t b) { s += static_cast<char>(b); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) byte(0xC0 | c >> 6);
  else if (c < 0x10000) byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F));
  else byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F));
  byte(0x80 | (c & 0x3F));
}

}  // namespace chainrule::io
namespace chainrule::io {

CHAINRULE_INLINE Json parse_json(std::string_view text, std::string_view file, std::size_t base, Location at) {
  return JsonParser(text, file, base, at).parse();
}

CHAINRULE_INLINE void JsonParser::wrong(std::string_view what) const {
  fail(at_, file_, ": corrupt JSON at offset ", base_ + next_, ": ", what);
}

CHAINRULE_INLINE char JsonParser::peek() const {
  if (!more()) wrong("it ends too early");
  return text_[next_];
}

CHAINRULE_INLINE void JsonParser::space() {
  while (more() && (text_[next_] == ' ' || text_[next_] == '\n' || text_[next_] == '\r' || text_[next_] == '\t'))
    ++next_;
}

CHAINRULE_INLINE void JsonParser::take(std::string_view word) {
  if (text_.substr(next_, word.size()) != word) wrong(detail_of(word));
  next_ += word.size();
}

}  // namespace chainrule::io
#endif

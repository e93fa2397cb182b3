#pragma once
// Decoder for raw DEFLATE data (RFC 1951), the compression inside .gz and .zip files (MNIST's .gz, PyTorch's .pth).

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/error.hpp>
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace chainrule::io {

struct InflateOptions {
  std::size_t offset = 0;     ///< where the data starts in its file; only error messages use it
  std::size_t size_hint = 0;  ///< size to reserve, if a header told; need not be right
  std::size_t max_size = std::numeric_limits<std::size_t>::max();  ///< refuse to unpack more bytes than this
};

namespace detail {

/// A Huffman code, given by the length in bits of each symbol's code word (RFC 1951, section 3.2.2).
/// Short code words are looked up in one step; those longer than `fast_bits` (rare by construction) are read bit by
/// bit.
class HuffmanTable {
 public:
  static constexpr int fast_bits = 10, max_bits = 15;
  enum class Fault { none, oversubscribed, incomplete };

  /// A code that leaves words unused is refused, except a single symbol of one bit or none at all
  /// (allowed for distances).
  Fault build(std::span<const std::uint8_t> lengths);

  /// symbol << 4 | length of its code word, for the word at the low end of `window`; 0 if no word matches.
  unsigned find(std::uint64_t window) const;

 private:
  unsigned find_long(std::uint64_t window) const;

  std::array<std::uint16_t, std::size_t{1} << fast_bits> fast_{};
  std::array<std::uint16_t, max_bits + 1> count_{};
  std::array<std::uint16_t, 288> sorted_{};
};

struct Range {
  std::uint16_t base;
  std::uint8_t extra;
};
inline constexpr std::array<Range, 29> length_ranges{{
    {3, 0},  {4, 0},  {5, 0},  {6, 0},   {7, 0},   {8, 0},   {9, 0},   {10, 0},  {11, 1},  {13, 1},
    {15, 1}, {17, 1}, {19, 2}, {23, 2},  {27, 2},  {31, 2},  {35, 3},  {43, 3},  {51, 3},  {59, 3},
    {67, 4}, {83, 4}, {99, 4}, {115, 4}, {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0},
}};
inline constexpr std::array<Range, 30> distance_ranges{{
    {1, 0},     {2, 0},     {3, 0},     {4, 0},      {5, 1},      {7, 1},      {9, 2},     {13, 2},
    {17, 3},    {25, 3},    {33, 4},    {49, 4},     {65, 5},     {97, 5},     {129, 6},   {193, 6},
    {257, 7},   {385, 7},   {513, 8},   {769, 8},    {1025, 9},   {1537, 9},   {2049, 10}, {3073, 10},
    {4097, 11}, {6145, 11}, {8193, 12}, {12289, 12}, {16385, 13}, {24577, 13},
}};

/// One run of the decoder over `in`, appending to `out`.
class Inflater {
 public:
  Inflater(std::vector<std::uint8_t>& out, std::span<const std::uint8_t> in, const std::string& file,
           const InflateOptions& options, Location at)
      : out_(out), start_(out.size()), pos_(out.size()), in_(in), file_(file), options_(options), at_(at) {}

  /// Returns how many bytes of the input it took.
  std::size_t run();

 private:
  static constexpr std::size_t slack = 272;  // longest match (258), and what copying it in steps of 8 may overshoot

  [[noreturn, gnu::cold]] void bad(const char* what) const;
  [[noreturn, gnu::cold]] void cut_off() const;
  std::size_t position() const { return next_ - static_cast<std::size_t>(std::max(bits_, 0)) / 8; }

  /// Fills the window to at least 56 bits, with zeros behind the end of the input; bits_ counts the real ones.
  void refill();
  void drop(unsigned n);
  unsigned take(unsigned n);

  /// Makes out_ long enough for n more bytes and the slack.
  void make_room(std::size_t n);
  void check_size() const;

  void stored_block();

  void fixed_block();

  void dynamic_block();

  void build(HuffmanTable& table, std::span<const std::uint8_t> lengths, const char* which);

  unsigned next_symbol(const HuffmanTable& table);

  void block_body();
  void grow();
  std::size_t extra(unsigned n);

  void copy_match(std::size_t length, std::size_t distance);

  std::vector<std::uint8_t>& out_;
  std::size_t start_, pos_;  // where this run's output starts, and where its next byte goes
  std::span<const std::uint8_t> in_;
  const std::string& file_;
  InflateOptions options_;
  Location at_;
  std::size_t next_ = 0;  // next byte of in_ to enter the window
  std::uint64_t window_ = 0;
  int bits_ = 0;
  HuffmanTable literals_, distances_;
};

}  // namespace detail

/// Unpacks `deflated`, appends the result to `out` and returns how many bytes of the input it took (data may follow).
/// Matches never reach back into what `out` held before. After an error `out` holds what it held before.
std::size_t inflate_append(std::vector<std::uint8_t>& out, std::span<const std::uint8_t> deflated,
                           const std::string& file, const InflateOptions& options = {}, Location at = Location::here());

/// Unpacks raw DEFLATE data. `file` is the name that errors carry, with the byte offset: truncated or corrupt data
/// throws an Error and never reads out of bounds. Source: RFC 1951.
///     inflate(std::vector<std::uint8_t>{0x4B, 0x04, 0x00}, "a.bin")   // {'a'}
std::vector<std::uint8_t> inflate(std::span<const std::uint8_t> deflated, const std::string& file,
                                  const InflateOptions& options = {}, Location at = Location::here());

}  // namespace chainrule::io

#if CHAINRULE_DEFINITIONS
namespace chainrule::io {

CHAINRULE_INLINE std::size_t inflate_append(std::vector<std::uint8_t>& out, std::span<const std::uint8_t> deflated,
                                            const std::string& file, const InflateOptions& options, Location at) {
  const std::size_t before = out.size();
  try {
    return detail::Inflater(out, deflated, file, options, at).run();
  } catch (...) {
    out.resize(before);
    throw;
  }
}

CHAINRULE_INLINE std::vector<std::uint8_t> inflate(std::span<const std::uint8_t> deflated, const std::string& file,
                                                   const InflateOptions& options, Location at) {
  std::vector<std::uint8_t> out;
  inflate_append(out, deflated, file, options, at);
  return out;
}

}  // namespace chainrule::io
namespace chainrule::io::detail {

CHAINRULE_INLINE HuffmanTable::Fault HuffmanTable::build(std::span<const std::uint8_t> lengths) {
  count_.fill(0);
  fast_.fill(0);
  for (auto length : lengths) ++count_[length];
  const int used = static_cast<int>(lengths.size()) - count_[0];
  count_[0] = 0;
  int left = 1;  // code words still free at this length
  for (std::size_t bits = 1; bits <= max_bits; ++bits) {
    left = 2 * left - count_[bits];
    if (left < 0) return Fault::oversubscribed;
  }
  if (left > 0 && !(used == 0 || (used == 1 && count_[1] == 1))) return Fault::incomplete;

  std::array<std::uint16_t, max_bits + 1> next_code{}, next_index{};
  for (std::size_t bits = 1; bits <= max_bits; ++bits) {
    next_code[bits] = static_cast<std::uint16_t>((next_code[bits - 1] + count_[bits - 1]) << 1);
    next_index[bits] = static_cast<std::uint16_t>(next_index[bits - 1] + count_[bits - 1]);
  }
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    const unsigned bits = lengths[symbol];
    if (bits == 0) continue;
    sorted_[next_index[bits]++] = static_cast<std::uint16_t>(symbol);
    const unsigned code = next_code[bits]++;
    if (bits > fast_bits) continue;
    unsigned reversed = 0;  // code words come first bit first, so the table is indexed by the mirrored word
    for (unsigned b = 0; b < bits; ++b) reversed |= ((code >> b) & 1u) << (bits - 1 - b);
    for (std::size_t i = reversed; i < fast_.size(); i += std::size_t{1} << bits) {
      fast_[i] = static_cast<std::uint16_t>(symbol << 4 | bits);
    }
  }
  return Fault::none;
}

CHAINRULE_INLINE unsigned HuffmanTable::find_long(std::uint64_t window) const {
  int code = 0, first = 0, index = 0;  // canonical code: words of one length are consecutive numbers
  for (unsigned bits = 1; bits <= max_bits; ++bits) {
    code |= static_cast<int>(window & 1);
    window >>= 1;
    const int n = count_[bits];
    if (code - first < n) return unsigned{sorted_[static_cast<std::size_t>(index + code - first)]} << 4 | bits;
    index += n;
    first = (first + n) << 1;
    code <<= 1;
  }
  return 0;
}

CHAINRULE_INLINE std::size_t Inflater::run() {
  make_room(std::min(
      {options_.size_hint, options_.max_size, 1032 * in_.size()}));  // no data unpacks to more than 1032 times its size
  for (bool last = false; !last;) {
    last = take(1) != 0;
    switch (take(2)) {
      case 0: stored_block(); break;
      case 1: fixed_block(); break;
      case 2: dynamic_block(); break;
      default: bad("block type 3 does not exist");
    }
  }
  out_.resize(pos_);
  return position();
}

CHAINRULE_INLINE void Inflater::refill() {
  if (in_.size() - next_ >= 8) {
    std::uint64_t word = 0;
    for (unsigned i = 0; i < 8; ++i) word |= std::uint64_t{in_[next_ + i]} << (8 * i);  // compilers make one load of it
    window_ |= word << bits_;
    next_ += static_cast<std::size_t>((63 - bits_) >> 3);
    bits_ |= 56;
  } else {
    for (; bits_ < 56 && next_ < in_.size(); bits_ += 8) window_ |= std::uint64_t{in_[next_++]} << bits_;
  }
}

CHAINRULE_INLINE unsigned Inflater::take(unsigned n) {
  if (bits_ < static_cast<int>(n)) refill();
  if (bits_ < static_cast<int>(n)) cut_off();
  const auto value = static_cast<unsigned>(window_ & ((std::uint64_t{1} << n) - 1));
  drop(n);
  return value;
}

CHAINRULE_INLINE void Inflater::stored_block() {
  drop(static_cast<unsigned>(bits_) & 7u);  // the rest of this byte is padding
  const unsigned length = take(16), complement = take(16);
  if ((length ^ complement) != 0xFFFFu) bad("the length of a stored block does not match its complement");
  next_ -= static_cast<std::size_t>(bits_) / 8;  // give back whole bytes that wait in the window
  window_ = 0;
  bits_ = 0;
  if (in_.size() - next_ < length) cut_off();
  make_room(length);
  if (length > 0) std::memcpy(out_.data() + pos_, in_.data() + next_, length);
  next_ += length;
  pos_ += length;
  check_size();
}

CHAINRULE_INLINE void Inflater::fixed_block() {
  std::array<std::uint8_t, 288> lengths{};
  for (std::size_t i = 0; i < lengths.size(); ++i) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  literals_.build(lengths);
  lengths.fill(5);
  distances_.build(std::span(lengths).first(32));  // 30 and 31 complete the code and never occur in valid data
  block_body();
}

CHAINRULE_INLINE void Inflater::dynamic_block() {
  static constexpr std::array<std::uint8_t, 19> order{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  const std::size_t literal_count = take(5) + 257, distance_count = take(5) + 1, code_count = take(4) + 4;
  if (literal_count > 286 || distance_count > 30) bad("too many length or distance codes");
  std::array<std::uint8_t, 320> lengths{};
  for (std::size_t i = 0; i < code_count; ++i) lengths[order[i]] = static_cast<std::uint8_t>(take(3));
  build(literals_, std::span(lengths).first(19), "the code of the code lengths");
  lengths.fill(0);
  const std::size_t total = literal_count + distance_count;
  for (std::size_t i = 0; i < total;) {
    refill();
    const unsigned symbol = next_symbol(literals_);
    if (symbol < 16) {
      lengths[i++] = static_cast<std::uint8_t>(symbol);
      continue;
    }
    if (symbol == 16 && i == 0) bad("repeats a code length before the first");
    const std::uint8_t value = symbol == 16 ? lengths[i - 1] : std::uint8_t{0};
    const unsigned repeat = symbol == 16 ? 3 + take(2) : symbol == 17 ? 3 + take(3) : 11 + take(7);
    if (i + repeat > total) bad("repeats a code length beyond the last");
    for (unsigned k = 0; k < repeat; ++k) lengths[i++] = value;
  }
  if (lengths[256] == 0) bad("no code for the end of the block");
  build(literals_, std::span(lengths).first(literal_count), "the literal code");
  build(distances_, std::span(lengths).subspan(literal_count, distance_count), "the distance code");
  block_body();
}

CHAINRULE_INLINE void Inflater::build(HuffmanTable& table, std::span<const std::uint8_t> lengths, const char* which) {
  const auto fault = table.build(lengths);
  if (fault == HuffmanTable::Fault::none) return;
  bad((std::string(which) + (fault == HuffmanTable::Fault::incomplete ? " is incomplete" : " has too many words"))
          .c_str());
}

CHAINRULE_INLINE unsigned Inflater::next_symbol(const HuffmanTable& table) {
  const unsigned entry = table.find(window_);
  drop(entry & 15u);
  if (bits_ < 0) cut_off();
  if (entry == 0) {
    if (bits_ < HuffmanTable::max_bits) cut_off();
    bad("no such code word");
  }
  return entry >> 4;
}

CHAINRULE_INLINE void Inflater::block_body() {
  for (;;) {
    if (out_.size() - pos_ < slack) grow();
    if (bits_ < 48) refill();  // 48 = the longest length (15 + 5 bits) and distance (15 + 13) together
    const unsigned symbol = next_symbol(literals_);
    if (symbol < 256) {
      out_[pos_++] = static_cast<std::uint8_t>(symbol);
      continue;
    }
    if (symbol == 256) break;
    if (symbol > 285) bad("no such length code");
    const Range length_range = length_ranges[symbol - 257];
    const std::size_t length = length_range.base + extra(length_range.extra);
    const unsigned distance_symbol = next_symbol(distances_);
    if (distance_symbol > 29) bad("no such distance code");
    const Range distance_range = distance_ranges[distance_symbol];
    const std::size_t distance = distance_range.base + extra(distance_range.extra);
    if (bits_ < 0) cut_off();
    if (distance > pos_ - start_) bad("a match points before the first byte");
    copy_match(length, distance);
  }
  check_size();
}

CHAINRULE_INLINE std::size_t Inflater::extra(unsigned n) {
  const auto value = static_cast<std::size_t>(window_ & ((std::uint64_t{1} << n) - 1));
  drop(n);
  return value;
}

CHAINRULE_INLINE void Inflater::copy_match(std::size_t length, std::size_t distance) {
  std::uint8_t* to = out_.data() + pos_;
  const std::uint8_t* from = to - distance;
  pos_ += length;
  if (distance >= 8) {
    for (std::size_t i = 0; i < length; i += 8)
      std::memcpy(to + i, from + i, 8);  // overshoots by up to 7 bytes, into the slack
  } else if (distance == 1) {
    std::memset(to, *from, length);
  } else {
    for (std::size_t i = 0; i < length; ++i) to[i] = from[i];
  }
}

}  // namespace chainrule::io::detail
namespace chainrule::io::detail {

CHAINRULE_INLINE unsigned HuffmanTable::find(std::uint64_t window) const {
  const unsigned entry = fast_[window & (fast_.size() - 1)];
  return entry != 0 ? entry : find_long(window);
}

[[gnu::noinline]] CHAINRULE_INLINE void Inflater::bad(const char* what) const {
  fail(at_, file_, ": corrupt compressed data at byte ", options_.offset + position(), ": ", what);
}

[[gnu::noinline]] CHAINRULE_INLINE void Inflater::cut_off() const {
  fail(at_, file_, ": truncated: the compressed data stops at byte ", options_.offset + in_.size(),
       " before its end; copy or download the file again");
}

CHAINRULE_INLINE void Inflater::drop(unsigned n) {
  window_ >>= n;
  bits_ -= static_cast<int>(n);
}

CHAINRULE_INLINE void Inflater::make_room(std::size_t n) {
  if (out_.size() - pos_ >= n + slack) return;
  out_.resize(std::max(pos_ + n + slack, out_.size() + out_.size() / 2));
}

CHAINRULE_INLINE void Inflater::check_size() const {
  if (pos_ - start_ > options_.max_size) bad("unpacks to more bytes than were announced");
}

[[gnu::noinline]] CHAINRULE_INLINE void Inflater::grow() {
  check_size();
  make_room(slack);
}

}  // namespace chainrule::io::detail
#endif

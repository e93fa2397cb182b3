// The DEFLATE decoder and the gzip container: known data of every block kind, and every kind of damage.

#include <chainrule/io/gzip.hpp>
#include "support/catch.hpp"
#include "support/scratch_dir.hpp"
#include <cstdint>
#include <string>
#include <vector>

namespace io = chainrule::io;
using Bytes = std::vector<std::uint8_t>;
using chainrule_test::Contains;

namespace {

// Made with Python's zlib (compressobj with wbits -15) and a gzip header by hand. What they hold: see samples().
// "skewed" has code words of more than 10 bits, "far" a match at distance 32,009, "mixed" overlapping matches.
const Bytes stored_gz{31,  139, 8,   0,   0,  0,  0,   0,   2,  255, 1,   14, 0,   241, 255, 97, 32, 115, 116,
                      111, 114, 101, 100, 32, 98, 108, 111, 99, 107, 150, 57, 230, 53,  14,  0,  0,  0};
const Bytes fixed_gz{31,  139, 8,   0,  0,  0, 0,   0,  2,  255, 203, 72, 205, 201,
                     201, 87,  200, 64, 39, 1, 227, 81, 61, 141, 23,  0,  0,   0};
const Bytes skewed_gz{
    31,  139, 8,   0,   0,   0,   0,   0,   2,   255, 5,   193, 65,  130, 3,   49,  12,  195, 176, 183, 110, 219, 153,
    196, 150, 200, 255, 31,  23,  248, 251, 124, 191, 191, 223, 239, 121, 158, 231, 121, 223, 247, 125, 223, 247, 61,
    231, 156, 115, 206, 57,  231, 156, 115, 239, 189, 247, 222, 123, 239, 189, 247, 222, 123, 239, 189, 119, 102, 102,
    102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 119, 119, 119, 119, 119, 119, 119, 119,
    119, 119, 119, 119, 119, 119, 119, 119, 119, 119, 119, 119, 119, 119, 119, 119, 119, 119, 119, 147, 36,  73,  146,
    36,  73,  146, 36,  73,  146, 36,  73,  146, 36,  73,  146, 36,  73,  146, 36,  73,  146, 36,  73,  146, 36,  73,
    146, 36,  73,  146, 36,  73,  210, 182, 109, 219, 182, 109, 219, 182, 109, 219, 182, 109, 219, 182, 109, 219, 182,
    109, 219, 182, 109, 219, 182, 109, 219, 182, 109, 219, 182, 109, 219, 182, 109, 219, 182, 109, 219, 182, 109, 219,
    182, 109, 219, 182, 109, 219, 182, 109, 219, 182, 109, 219, 182, 109, 11,  0,   0,   0,   0,   0,   0,   0,   0,
    0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    0,   0,   0,   128, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170,
    170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170,
    170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170,
    170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170, 170,
    170, 170, 170, 170, 170, 170, 255, 184, 87,  234, 27,  218, 3,   0,   0};
const Bytes far_gz{31, 139, 8,  0, 0,   0,   0,   0,   2,  255, 237, 221, 177, 9,   0,  32,  12,  0, 48, 95, 149,
                   82, 80,  16, 7, 161, 255, 187, 232, 23, 201, 35,  137, 209, 231, 62, 181, 178, 1, 0,  0,  0,
                   0,  0,   0,  0, 0,   0,   0,   0,   0,  0,   0,   0,   0,   0,   0,  0,   0,   0, 0,  0,  0,
                   0,  0,   0,  0, 0,   0,   60,  241, 35, 244, 11,  224, 192, 72,  66, 18,  125, 0, 0};
const Bytes mixed_gz{
    31,  139, 8,   0,   0,   0,   0,   0,   2,   255, 205, 146, 9,   142, 5,   33,  8,   68,  89,  68,  100, 81,
    206, 248, 103, 238, 127, 135, 129, 127, 138, 73,  117, 98,  232, 106, 133, 242, 53,  0,   32,  177, 232, 241,
    2,   177, 139, 59,  18,  227, 170, 161, 115, 180, 124, 215, 148, 126, 113, 204, 21,  175, 144, 101, 233, 222,
    170, 186, 101, 17,  32,  111, 75,  88,  231, 130, 58,  236, 164, 195, 78,  45,  54,  120, 139, 142, 208, 249,
    154, 164, 203, 207, 171, 188, 247, 189, 89,  194, 246, 194, 23,  202, 181, 236, 177, 149, 4,   31,  180, 214,
    1,   211, 27,  152, 99,  133, 210, 61,  151, 113, 26,  45,  145, 105, 11,  84,  247, 40,  61,  223, 252, 108,
    189, 67,  233, 189, 165, 133, 65,  185, 193, 21,  218, 162, 23,  11,  41,  223, 49,  143, 200, 204, 251, 202,
    98,  109, 78,  19,  188, 253, 201, 85,  12,  185, 187, 180, 181, 41,  164, 172, 15,  107, 203, 4,   202, 67,
    20,  129, 137, 152, 153, 16,  246, 186, 229, 2,   121, 86,  143, 180, 211, 59,  84,  237, 215, 42,  233, 168,
    175, 135, 111, 11,  210, 54,  195, 75,  143, 99,  230, 62,  75,  93,  2,   241, 98,  141, 190, 130, 18,  54,
    173, 117, 165, 181, 82,  2,   181, 47,  43,  198, 124, 184, 76,  101, 26,  1,   226, 180, 93,  59,  44,  121,
    251, 163, 190, 114, 240, 220, 103, 247, 150, 214, 213, 55,  101, 36,  125, 205, 115, 31,  208, 146, 166, 112,
    206, 196, 188, 5,   243, 178, 33,  61,  94,  198, 82,  104, 52,  248, 130, 158, 78,  73,  67,  79,  230, 104,
    181, 184, 89,  13,  161, 234, 221, 244, 99,  51,  68,  67,  146, 83,  19,  200, 33,  6,   31,  5,   158, 137,
    123, 29,  190, 166, 87,  18,  108, 109, 10,  123, 207, 194, 248, 38,  116, 35,  202, 254, 99,  58,  16,  7,
    12,  62,  107, 18,  19,  119, 241, 231, 231, 247, 159, 63,  127, 212, 15,  236, 34,  250, 2,   0,   0};
const Bytes all_header_fields_gz{31,  139, 8,   30,  0,   0,   0,   0,   2,   255, 6,   0,   69,  88,
                                 2,   0,   104, 105, 110, 97,  109, 101, 46,  116, 120, 116, 0,   97,
                                 32,  99,  111, 109, 109, 101, 110, 116, 0,   39,  50,  75,  203, 76,
                                 205, 73,  41,  6,   0,   136, 227, 229, 126, 6,   0,   0,   0};
const Bytes empty_gz{31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0};

Bytes text(const std::string& s) { return Bytes(s.begin(), s.end()); }

Bytes skewed() {  // letter i as many times as the i-th Fibonacci number
  Bytes out;
  for (std::size_t i = 0, now = 1, next = 1; i < 14; ++i, next += now, now = next - now)
    out.insert(out.end(), now, static_cast<std::uint8_t>('a' + i));
  return out;
}
Bytes far() {
  Bytes out = text("chainrule");
  out.resize(32009);
  for (char c : std::string("chainrule")) out.push_back(static_cast<std::uint8_t>(c));
  return out;
}
Bytes mixed() {
  Bytes out;
  for (unsigned i = 0; i < 600; ++i) out.push_back(static_cast<std::uint8_t>(((i * i / 7) ^ (i >> 3)) & 15u));
  for (int i = 0; i < 54; ++i) out.insert(out.end(), {'a', 'b', 'c'});
  return out;
}

struct Sample {
  const char* name;
  Bytes packed, contents;
};
const std::vector<Sample>& samples() {
  static const std::vector<Sample> all{{"stored", stored_gz, text("a stored block")},
                                       {"fixed", fixed_gz, text("hello hello hello hello")},
                                       {"skewed", skewed_gz, skewed()},
                                       {"far", far_gz, far()},
                                       {"mixed", mixed_gz, mixed()},
                                       {"all_header_fields", all_header_fields_gz, text("fields")},
                                       {"empty", empty_gz, {}}};
  return all;
}

/// Writes a DEFLATE stream bit by bit, to make streams that no compressor would.
struct BitWriter {
  Bytes bytes;
  unsigned filled = 0;
  BitWriter& bits(unsigned value, unsigned n) {  // numbers: lowest bit first
    for (unsigned i = 0; i < n; ++i) {
      if (filled++ % 8 == 0) bytes.push_back(0);
      bytes.back() = static_cast<std::uint8_t>(bytes.back() | ((value >> i) & 1u) << ((filled - 1) % 8));
    }
    return *this;
  }
  BitWriter& word(unsigned code, unsigned n) {  // code words: first bit first
    for (unsigned i = n; i-- > 0;) bits(code >> i, 1);
    return *this;
  }
  Bytes padded() const {  // enough bytes behind it that nothing looks truncated
    Bytes out = bytes;
    out.resize(out.size() + 16);
    return out;
  }
};
BitWriter block(unsigned type) { return BitWriter().bits(1, 1).bits(type, 2); }
/// A dynamic block up to its code lengths, whose own code has the given lengths (in the order of the format: 16, 17,
/// 18, 0, 8, 7, ...).
BitWriter dynamic(unsigned literals, unsigned distances, const std::vector<unsigned>& code_lengths) {
  auto w =
      block(2).bits(literals - 257, 5).bits(distances - 1, 5).bits(static_cast<unsigned>(code_lengths.size()) - 4, 4);
  for (unsigned length : code_lengths) w.bits(length, 3);
  return w;
}

struct Random {  // xorshift: the same numbers on every machine
  std::uint64_t state;
  std::size_t below(std::size_t n) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<std::size_t>(state % n);
  }
};

}  // namespace

TEST_CASE("gunzip unpacks stored, fixed and dynamic blocks", "[io][gzip]") {
  for (const auto& sample : samples()) {
    INFO(sample.name);
    CHECK(io::gunzip(sample.packed, "a.gz") == sample.contents);
  }
}

TEST_CASE("gunzip joins members and allows zero padding behind the last", "[io][gzip]") {
  Bytes both = fixed_gz;
  both.insert(both.end(), stored_gz.begin(), stored_gz.end());
  const Bytes expected = text("hello hello hello helloa stored block");
  CHECK(io::gunzip(both, "a.gz") == expected);
  both.resize(both.size() + 100);
  CHECK(io::gunzip(both, "a.gz") == expected);
  both.back() = 7;
  CHECK_THROWS_WITH(io::gunzip(both, "a.gz"), Contains("byte " + std::to_string(both.size() - 1) + " follows the end"));
  both = fixed_gz;
  both.push_back(7);
  both.push_back(7);
  CHECK_THROWS_WITH(io::gunzip(both, "a.gz"),
                    Contains("a.gz: not a gzip file: the bytes at " + std::to_string(fixed_gz.size())));
}

TEST_CASE("a match does not reach into the member before", "[io][gzip]") {
  const Bytes reaches_back = block(1).word(1, 7).word(2, 5).padded();  // length 3, distance 3, with nothing written yet
  Bytes out = text("earlier");
  CHECK_THROWS_WITH(io::inflate_append(out, reaches_back, "a.gz"), Contains("before the first byte"));
  CHECK(out == text("earlier"));
}

TEST_CASE("every shorter version of a gzip file is called truncated, with the offset", "[io][gzip]") {
  for (const auto& sample : samples()) {
    for (std::size_t n = 0; n < sample.packed.size(); ++n) {
      INFO(sample.name << " cut to " << n << " bytes");
      const Bytes part(sample.packed.begin(), sample.packed.begin() + static_cast<std::ptrdiff_t>(n));
      CHECK_THROWS_WITH(io::gunzip(part, "cut.gz"), Contains("cut.gz: truncated") && Contains("byte"));
    }
  }
}

TEST_CASE("gunzip names the file, the offset and what is wrong with the container", "[io][gzip]") {
  const auto damaged = [](std::size_t at, std::uint8_t value, const Bytes& from = fixed_gz) {
    Bytes b = from;
    b.at(at) = value;
    return b;
  };
  const std::size_t size = fixed_gz.size();
  CHECK_THROWS_WITH(io::gunzip(damaged(0, 'P'), "a.gz"),
                    Contains("a.gz: not a gzip file: the bytes at 0 are not the magic number 1f 8b"));
  CHECK_THROWS_WITH(io::gunzip(damaged(2, 7), "a.gz"), Contains("compression method 7 at byte 2"));
  CHECK_THROWS_WITH(io::gunzip(damaged(3, 0x20), "a.gz"), Contains("reserved flags are set at byte 3"));
  CHECK_THROWS_WITH(io::gunzip(damaged(size - 8, fixed_gz[size - 8] ^ 1u), "a.gz"),
                    Contains("CRC-32 at byte " + std::to_string(size - 8)));
  CHECK_THROWS_WITH(io::gunzip(damaged(size - 4, fixed_gz[size - 4] ^ 1u), "a.gz"),
                    Contains("size at byte " + std::to_string(size - 4)));
  CHECK_THROWS_WITH(io::gunzip(damaged(20, 'N', all_header_fields_gz), "a.gz"),
                    Contains("corrupt gzip header: its checksum at byte"));
  CHECK_THROWS_AS(io::gunzip(damaged(0, 'P'), "a.gz"), chainrule::Error);
}

TEST_CASE("inflate names the file, the offset and what is wrong with the data", "[io][inflate]") {
  const auto refused = [](const BitWriter& data, const char* why) {
    INFO(why);
    CHECK_THROWS_WITH(io::inflate(data.padded(), "z.bin", {.offset = 1000}),
                      Contains("z.bin: corrupt compressed data at byte 10") && Contains(why));
  };
  refused(block(3), "block type 3");
  refused(block(0).bits(0, 5).bits(5, 16).bits(5, 16), "stored block does not match");
  refused(block(1).word(0x30, 8).word(1, 7).word(1, 5), "before the first byte");  // one literal, then distance 2
  refused(block(1).word(0xC6, 8), "no such length code");                          // symbol 286 of the fixed code
  refused(block(1).word(0x30, 8).word(1, 7).word(30, 5), "no such distance code");
  refused(block(2).bits(30, 5).bits(0, 5).bits(0, 4), "too many length or distance codes");
  refused(block(2).bits(0, 5).bits(30, 5).bits(0, 4), "too many length or distance codes");
  refused(dynamic(257, 1, {1, 1, 1, 0}), "the code of the code lengths has too many words");
  refused(dynamic(257, 1, {2, 2, 0, 0}), "the code of the code lengths is incomplete");
  // The code lengths' own code is {0: "0", 16: "1"} here, then {0: "0", 18: "1"}.
  refused(dynamic(257, 1, {1, 0, 0, 1}).word(1, 1), "before the first");
  refused(dynamic(257, 1, {0, 0, 1, 1}).word(1, 1).bits(127, 7).word(1, 1).bits(127, 7), "beyond the last");
  refused(dynamic(257, 1, {0, 0, 1, 1}).word(1, 1).bits(127, 7).word(1, 1).bits(109, 7),
          "no code for the end of the block");
  // With {1: "0", 18: "1"}: length 1 for symbols 0, 1 and 256; length 1 for symbol 256 only.
  const std::vector<unsigned> one_and_18{0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  refused(dynamic(257, 1, one_and_18)
              .word(0, 1)
              .word(0, 1)
              .word(1, 1)
              .bits(127, 7)
              .word(1, 1)
              .bits(105, 7)
              .word(0, 1)
              .word(0, 1),
          "the literal code has too many words");
  refused(dynamic(257, 1, one_and_18).word(1, 1).bits(127, 7).word(1, 1).bits(107, 7).word(0, 1).word(0, 1).bits(1, 1),
          "no such code word");
}

TEST_CASE("inflate refuses to unpack more than announced", "[io][inflate]") {
  const Bytes body(far_gz.begin() + 10, far_gz.end());
  CHECK(io::inflate(body, "z.bin", {.max_size = 32018}).size() == 32018);
  CHECK_THROWS_WITH(io::inflate(body, "z.bin", {.max_size = 32017}), Contains("more bytes than were announced"));
  CHECK_THROWS_WITH(io::inflate(body, "z.bin", {.max_size = 10}), Contains("more bytes than were announced"));
}

TEST_CASE("a wrong size hint changes nothing", "[io][inflate]") {
  const Bytes body(far_gz.begin() + 10, far_gz.end());
  for (std::size_t hint : {std::size_t{0}, std::size_t{1}, std::size_t{32018}, std::size_t{1} << 62, ~std::size_t{0}}) {
    CHECK(io::inflate(body, "z.bin", {.size_hint = hint}) == far());
  }
}

TEST_CASE("inflate_append tells how much input it took", "[io][inflate]") {
  for (const auto& sample : samples()) {
    if (std::string(sample.name) == "all_header_fields") continue;  // its body does not start at byte 10
    INFO(sample.name);
    const Bytes body(sample.packed.begin() + 10, sample.packed.end());
    Bytes out;
    CHECK(io::inflate_append(out, body, "z.bin") == body.size() - 8);
    CHECK(out == sample.contents);
  }
}

TEST_CASE("damaged gzip data never crashes", "[io][gzip][fuzz]") {
  Random random{0x1234567887654321u};
  int unpacked = 0, refused = 0;
  for (int round = 0; round < 20000; ++round) {
    const auto& sample = samples()[random.below(samples().size())];
    Bytes bytes = sample.packed;
    for (std::size_t edits = 1 + random.below(4); edits > 0; --edits)
      bytes[random.below(bytes.size())] = static_cast<std::uint8_t>(random.below(256));
    if (random.below(8) == 0) bytes.resize(random.below(bytes.size()));
    try {
      io::gunzip(bytes, "fuzz.gz");
      ++unpacked;
    } catch (const chainrule::Error&) { ++refused; }
    try {  // without the container, so that no checksum hides what the decoder made of it
      io::inflate(std::span<const std::uint8_t>(bytes).subspan(std::min<std::size_t>(10, bytes.size())), "fuzz.bin",
                  {.max_size = 1u << 20});
    } catch (const chainrule::Error&) {}
  }
  CHECK(unpacked + refused == 20000);
  CHECK(refused > 15000);  // most damage is noticed; edits of the header's time or name are not damage
}

TEST_CASE("random bytes never crash inflate", "[io][inflate][fuzz]") {
  Random random{42};
  int finished = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes(1 + random.below(300));
    for (auto& b : bytes) b = static_cast<std::uint8_t>(random.below(256));
    if (round % 2 == 0)
      bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0xF8u) | 5u);  // a last block with dynamic codes
    try {
      io::inflate(bytes, "fuzz.bin", {.max_size = 1u << 20});
      ++finished;
    } catch (const chainrule::Error&) {}
  }
  CHECK(finished < 20000);
}

TEST_CASE("crc32 has the known check value", "[io][gzip]") {
  CHECK(io::crc32(text("123456789")) == 0xCBF43926u);
  CHECK(io::crc32({}) == 0u);
  CHECK(io::crc32(Bytes(32, 0)) == 0x190A55ADu);
}

TEST_CASE("read_file returns the bytes, and an error names the file and the fix", "[io]") {
  chainrule_test::ScratchDir dir;
  const Bytes bytes{1, 2, 3, 0, 255};
  CHECK(io::read_file(dir.write("five", bytes)) == bytes);
  CHECK(io::read_file(dir.write("none", {})).empty());
  CHECK_THROWS_WITH(io::read_file(dir.path("missing.gz")), Contains("missing.gz: no such file; check the path"));
  CHECK_THROWS_WITH(io::read_file(dir.path()), Contains("is a folder"));
}

TEST_CASE("read_maybe_gzip goes by the first bytes, not by the name", "[io][gzip]") {
  chainrule_test::ScratchDir dir;
  CHECK(io::read_maybe_gzip(dir.write("packed.bin", fixed_gz)) == text("hello hello hello hello"));
  CHECK(io::read_maybe_gzip(dir.write("plain.gz", text("plain"))) == text("plain"));
}

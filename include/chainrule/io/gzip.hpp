#pragma once
// Whole files into memory, unpacking gzip (RFC 1952) on the way: data sets are handed out as .gz.

#include <chainrule/core/compiled.hpp>
#include <chainrule/io/files.hpp>
#include <chainrule/io/inflate.hpp>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace chainrule::io {

namespace detail {

/// tables[k][b] is the CRC-32 of byte b followed by k zero bytes; eight of them take eight bytes a step.
inline constexpr auto crc32_tables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t r = b;
    for (int i = 0; i < 8; ++i) r = (r >> 1) ^ ((r & 1u) != 0 ? 0xEDB88320u : 0u);
    tables[0][b] = r;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t b = 0; b < 256; ++b) tables[k][b] = (tables[k - 1][b] >> 8) ^ tables[0][tables[k - 1][b] & 0xFFu];
  }
  return tables;
}();

std::uint32_t little_endian_32(std::span<const std::uint8_t> b);

}  // namespace detail

/// CRC-32 as gzip, zip and PNG use it (polynomial 0x04C11DB7, mirrored).
///     crc32(std::vector<std::uint8_t>{'1', '2', '3', '4', '5', '6', '7', '8', '9'})   // 0xCBF43926
std::uint32_t crc32(std::span<const std::uint8_t> bytes);

/// The whole file. Throws an Error that names the file: missing, a folder, not readable, or of more than `most` bytes
/// (also where no size is known before: a pipe, a device), before memory for more is taken.
std::vector<std::uint8_t> read_file(const std::string& path, Location at = Location::here(),
                                    std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

/// Whether the bytes start as every gzip file does.
bool is_gzip(std::span<const std::uint8_t> bytes);

namespace detail {

/// Size of the gzip header at the start of `bytes`, checked. `offset`: where `bytes` starts in the file.
std::size_t gzip_header(std::span<const std::uint8_t> bytes, std::size_t offset, const std::string& path, Location at);

}  // namespace detail

/// Unpacks a gzip file held in memory: any number of members one after the other, zero padding behind the last allowed.
/// Throws an Error with `path` and the byte offset: wrong magic number, truncated, corrupt, checksum (CRC-32) or size
/// wrong.
std::vector<std::uint8_t> gunzip(std::span<const std::uint8_t> bytes, const std::string& path,
                                 Location at = Location::here());

/// The whole file, unpacked if it is gzip (told by its first bytes, not by its name).
std::vector<std::uint8_t> read_maybe_gzip(const std::string& path, Location at = Location::here());

}  // namespace chainrule::io

#if CHAINRULE_DEFINITIONS
namespace chainrule::io {

CHAINRULE_INLINE std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  const auto& t = detail::crc32_tables;
  std::uint32_t r = 0xFFFFFFFFu;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    const std::uint32_t low = r ^ detail::little_endian_32(bytes);
    r = t[7][low & 0xFFu] ^ t[6][low >> 8 & 0xFFu] ^ t[5][low >> 16 & 0xFFu] ^ t[4][low >> 24] ^ t[3][bytes[4]] ^
        t[2][bytes[5]] ^ t[1][bytes[6]] ^ t[0][bytes[7]];
  }
  for (auto b : bytes) r = (r >> 8) ^ t[0][(r ^ b) & 0xFFu];
  return ~r;
}

CHAINRULE_INLINE std::vector<std::uint8_t> read_file(const std::string& path, Location at, std::uint64_t most) {
  if (!detail::exists(path))
    fail(at, path, ": no such file; check the path (relative paths start at ", detail::current_folder(), ")");
  check(!detail::is_folder(path), at, path, ": is a folder; name a file in it");
  const auto close = [](std::FILE* f) { std::fclose(f); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
  check(file != nullptr, at, path, ": cannot be opened (", std::generic_category().message(errno), ')');

  const std::uint64_t guess = detail::size_of_file(path);  // no more than that: a pipe has no size, a file may grow
  check(guess <= most, at, path, ": has ", guess, " bytes, more than the ", most, " that are allowed");
  std::vector<std::uint8_t> bytes;
  bytes.resize(static_cast<std::size_t>(guess));
  for (std::size_t got = 0;;) {
    if (got == bytes.size()) {
      std::uint8_t more = 0;
      if (std::fread(&more, 1, 1, file.get()) == 0) break;
      check(got < most, at, path, ": has more than the ", most, " bytes that are allowed");
      bytes.resize(bytes.size() + bytes.size() / 2 + 4096);
      bytes[got++] = more;
    }
    const std::size_t n = std::fread(bytes.data() + got, 1, bytes.size() - got, file.get());
    got += n;
    if (n == 0) bytes.resize(got);
  }
  check(std::ferror(file.get()) == 0, at, path, ": reading failed at byte ", bytes.size(), " (",
        std::generic_category().message(errno), ')');
  return bytes;
}

}  // namespace chainrule::io
namespace chainrule::io::detail {

CHAINRULE_INLINE std::size_t gzip_header(std::span<const std::uint8_t> bytes, std::size_t offset,
                                         const std::string& path, Location at) {
  constexpr unsigned header_crc = 2, extra = 4, name = 8, comment = 16, reserved = 0xE0;
  const auto need = [&](std::size_t size) {
    check(bytes.size() >= size, at, path, ": truncated: the gzip header stops at byte ", offset + bytes.size(),
          "; copy or download the file again");
  };
  if (bytes.size() >= 2) {
    check(is_gzip(bytes), at, path, ": not a gzip file: the bytes at ", offset, " are not the magic number 1f 8b");
  }
  need(10);
  check(bytes[2] == 8, at, path, ": gzip compression method ", int{bytes[2]}, " at byte ", offset + 2,
        " is unknown; only 8 (deflate) exists");
  const unsigned flags = bytes[3];
  check((flags & reserved) == 0, at, path, ": corrupt gzip header: reserved flags are set at byte ", offset + 3);
  std::size_t size = 10;
  if ((flags & extra) != 0) {
    need(size + 2);
    size += 2 + (std::size_t{bytes[size]} | std::size_t{bytes[size + 1]} << 8);
    need(size);
  }
  for (const unsigned text : {name, comment}) {  // each ends with a zero byte
    if ((flags & text) == 0) continue;
    while (need(size + 1), bytes[size++] != 0) {}
  }
  if ((flags & header_crc) != 0) {
    need(size + 2);
    const unsigned stored = unsigned{bytes[size]} | unsigned{bytes[size + 1]} << 8;
    check((crc32(bytes.first(size)) & 0xFFFFu) == stored, at, path, ": corrupt gzip header: its checksum at byte ",
          offset + size, " does not match");
    size += 2;
  }
  return size;
}

}  // namespace chainrule::io::detail
namespace chainrule::io {

CHAINRULE_INLINE std::vector<std::uint8_t> gunzip(std::span<const std::uint8_t> bytes, const std::string& path,
                                                  Location at) {
  std::vector<std::uint8_t> out;
  std::size_t offset = 0;
  do {
    offset += detail::gzip_header(bytes.subspan(offset), offset, path, at);
    const auto body = bytes.subspan(offset);
    const std::size_t start = out.size();
    const std::size_t hint =
        body.size() < 8 ? 0 : detail::little_endian_32(body.last(4));  // right when this member is the only one
    offset += inflate_append(out, body, path, {.offset = offset, .size_hint = hint}, at);
    check(bytes.size() - offset >= 8, at, path, ": truncated: the checksum that should follow byte ", offset,
          " is missing; copy or download the file again");
    const auto made = std::span<const std::uint8_t>(out).subspan(start);
    check(crc32(made) == detail::little_endian_32(bytes.subspan(offset, 4)), at, path, ": corrupt: the CRC-32 at byte ",
          offset, " does not match the unpacked data; download the file again");
    check(static_cast<std::uint32_t>(made.size()) == detail::little_endian_32(bytes.subspan(offset + 4, 4)), at, path,
          ": corrupt: the size at byte ", offset + 4, " does not match the ", made.size(), " bytes that were unpacked");
    offset += 8;
  } while (offset < bytes.size() && bytes[offset] != 0);
  for (std::size_t i = offset; i < bytes.size(); ++i) {
    check(bytes[i] == 0, at, path, ": byte ", i,
          " follows the end of the gzip data and is neither padding nor another member");
  }
  return out;
}

}  // namespace chainrule::io
namespace chainrule::io::detail {

CHAINRULE_INLINE std::uint32_t little_endian_32(std::span<const std::uint8_t> b) {
  return std::uint32_t{b[0]} | std::uint32_t{b[1]} << 8 | std::uint32_t{b[2]} << 16 | std::uint32_t{b[3]} << 24;
}

}  // namespace chainrule::io::detail
namespace chainrule::io {

CHAINRULE_INLINE bool is_gzip(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
}

CHAINRULE_INLINE std::vector<std::uint8_t> read_maybe_gzip(const std::string& path, Location at) {
  auto bytes = read_file(path, at);
  return is_gzip(bytes) ? gunzip(bytes, path, at) : bytes;
}

}  // namespace chainrule::io
#endif

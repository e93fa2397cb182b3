#pragma once
// IDX, the file format of MNIST, Fashion-MNIST, KMNIST and EMNIST: a magic number, the sizes, then the values.

#include <chainrule/core/compiled.hpp>
#include <chainrule/io/gzip.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace chainrule::data {

struct IdxArray {
  std::vector<std::int64_t> shape;   ///< {60000, 28, 28} for MNIST's training images, {60000} for its labels
  std::vector<std::uint8_t> values;  ///< row-major
};

/// Reads IDX bytes: 0, 0, the type (8 = unsigned byte, the only one taken), the number of dimensions, each size in 4
/// bytes (most significant first), then the values. Throws an Error with `path` and the offset: wrong magic number,
/// another type, truncated, bytes left over.
///     parse_idx({0, 0, 8, 1,  0, 0, 0, 2,  7, 9}, "labels")   // shape {2}, values {7, 9}
[[gnu::cold]] IdxArray parse_idx(std::vector<std::uint8_t> bytes, const std::string& path,
                                 Location at = Location::here());

/// Reads `path`, or `path`.gz where only that exists; either may be packed with gzip. Offsets in errors count unpacked
/// bytes, except for errors of the packing itself.
///     auto images = read_idx("data/mnist/train-images-idx3-ubyte");   // shape {60000, 28, 28}
IdxArray read_idx(const std::string& path, Location at = Location::here());

}  // namespace chainrule::data

#if CHAINRULE_DEFINITIONS
namespace chainrule::data {

CHAINRULE_INLINE IdxArray parse_idx(std::vector<std::uint8_t> bytes, const std::string& path, Location at) {
  check(bytes.size() >= 4, at, path,
        ": truncated: an IDX file starts with 4 bytes of magic number, this one ends at offset ", bytes.size());
  check(bytes[0] == 0 && bytes[1] == 0, at, path, ": not an IDX file: its first two bytes (offset 0) are ",
        int{bytes[0]}, " and ", int{bytes[1]}, ", not 0 and 0");
  check(bytes[2] == 8, at, path, ": IDX value type ", int{bytes[2]},
        " at offset 2; only 8 (unsigned byte) can be read");
  const std::size_t dims = bytes[3], header = 4 + 4 * dims;
  check(dims >= 1, at, path, ": IDX array without dimensions (offset 3); expected 1 for labels, 3 for grey images");
  check(bytes.size() >= header, at, path, ": truncated: the sizes of ", dims, " dimensions need ", header,
        " bytes, the file ends at offset ", bytes.size());

  IdxArray array;
  std::uint64_t count = 1;
  bool overflow = false;
  std::string sizes;
  for (std::size_t d = 0; d < dims; ++d) {
    std::uint64_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | bytes[4 + 4 * d + i];
    array.shape.push_back(static_cast<std::int64_t>(size));
    sizes += d == 0 ? "" : "x";
    sizes += std::to_string(size);
    overflow = overflow || (size != 0 && count > std::numeric_limits<std::uint64_t>::max() / size);
    count = overflow ? 1 : count * size;
  }
  check(!overflow, at, path, ": corrupt: the IDX sizes at offset 4, ", sizes, ", are beyond any file");
  const std::uint64_t present = bytes.size() - header;
  check(present >= count, at, path, ": truncated: its sizes ", sizes, " need ", count, " values from offset ", header,
        ", but the data end at offset ", bytes.size(), " (", present, " values)");
  check(present <= count, at, path, ": its sizes ", sizes, " need ", count, " values, but ", present - count,
        " more bytes follow at offset ", header + count);
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header));
  array.values = std::move(bytes);
  return array;
}

CHAINRULE_INLINE IdxArray read_idx(const std::string& path, Location at) {
  const bool plain = io::detail::exists(path), packed = io::detail::exists(path + ".gz");
  check(plain || packed, at, path, ": no such file, and no ", path,
        ".gz either; check the folder, or download the data set into it");
  const std::string& file = plain ? path : path + ".gz";
  return parse_idx(io::read_maybe_gzip(file, at), file, at);
}

}  // namespace chainrule::data
#endif

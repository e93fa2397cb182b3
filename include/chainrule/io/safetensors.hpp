#pragma once
// safetensors, the file format: 8 bytes of header length (least significant first), a JSON header {"NAME": {"dtype",
// "shape", "data_offsets"}}, then the values. Nothing in it is executed, and every size is checked before memory is
// asked for.

#include <chainrule/api.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/io/gzip.hpp>
#include <chainrule/io/json.hpp>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace chainrule::io {

/// Names and tensors, in the order of the file.
using NamedTensors = std::vector<std::pair<std::string, TensorBase>>;

/// What a .safetensors file holds.
struct Safetensors {
  NamedTensors tensors;
  std::vector<std::pair<std::string, std::string>> metadata;  ///< "__metadata__": {"format": "pt"}

  /// The tensor of that name. Throws when it is not there or holds another type.
  template <class T> Tensor<T> get(std::string_view name, Location at = Location::here()) const {
    const TensorBase* t = find(name);
    check(t != nullptr, at, "safetensors: no tensor is called \"", name, "\"");
    check(t->dtype() == dtype_of<T>, at, "safetensors: \"", name, "\" holds ", name_of(t->dtype()), ", not ",
          name_of(dtype_of<T>));
    return Tensor<T>(t->share());
  }
  const TensorBase* find(std::string_view name) const;
};

namespace detail {

using chainrule::detail::concat;

static_assert(std::endian::native == std::endian::little, "values are copied as they lie in the file");

float half_to_float(std::uint16_t h);
inline float bfloat16_to_float(std::uint16_t b) { return std::bit_cast<float>(std::uint32_t{b} << 16); }

template <class T> TensorBase copied(const Shape& shape, std::span<const std::uint8_t> bytes) {
  Tensor<T> t = chainrule::detail::allocate<T>(shape);
  if constexpr (std::same_as<T, bool>)
    for (std::size_t i = 0; i < bytes.size(); ++i) t.data()[i] = bytes[i] != 0;
  else if (!bytes.empty()) std::memcpy(t.data(), bytes.data(), bytes.size());
  return t;
}
TensorBase widened(const Shape& shape, std::span<const std::uint8_t> bytes, float (*widen)(std::uint16_t));

inline float float8_e5m2_to_float(std::uint8_t b) { return half_to_float(static_cast<std::uint16_t>(b << 8)); }
/// 4 bits of exponent, 3 of fraction; no infinity, and NaN where all of them are 1 (Micikevicius et al. 2022).
float float8_e4m3_to_float(std::uint8_t b);
TensorBase widened_bytes(const Shape& shape, std::span<const std::uint8_t> bytes, float (*widen)(std::uint8_t));

/// Integers of type From in the file, as integers of type To, which holds all of their values, or else an error.
template <class To, class From> TensorBase converted(const Shape& shape, std::span<const std::uint8_t> bytes) {
  Tensor<To> t = chainrule::detail::allocate<To>(shape);
  for (std::size_t i = 0; i < bytes.size() / sizeof(From); ++i) {
    From value;
    std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
    if constexpr (sizeof(From) == sizeof(To))
      check(value <= static_cast<From>(std::numeric_limits<To>::max()), {}, "element ", i, " is ", value,
            ", too large for ", name_of(dtype_of<To>));
    t.data()[i] = static_cast<To>(value);
  }
  return t;
}

/// An element type of the format: how many bytes it takes, and how to read it.
struct SafetensorsType {
  const char* name;
  std::size_t bytes;
  TensorBase (*read)(const Shape&, std::span<const std::uint8_t>);
};
inline constexpr SafetensorsType safetensors_types[] = {
    {"F32", 4, &copied<float>},
    {"F64", 8, &copied<double>},
    {"I64", 8, &copied<std::int64_t>},
    {"I32", 4, &copied<std::int32_t>},
    {"U8", 1, &copied<std::uint8_t>},
    {"BOOL", 1, &copied<bool>},
    {"F16", 2, [](const Shape& s, std::span<const std::uint8_t> b) { return widened(s, b, &half_to_float); }},
    {"BF16", 2, [](const Shape& s, std::span<const std::uint8_t> b) { return widened(s, b, &bfloat16_to_float); }},
    {"F8_E4M3", 1,
     [](const Shape& s, std::span<const std::uint8_t> b) { return widened_bytes(s, b, &float8_e4m3_to_float); }},
    {"F8_E5M2", 1,
     [](const Shape& s, std::span<const std::uint8_t> b) { return widened_bytes(s, b, &float8_e5m2_to_float); }},
    {"I8", 1, &converted<std::int32_t, std::int8_t>},
    {"I16", 2, &converted<std::int32_t, std::int16_t>},
    {"U16", 2, &converted<std::int32_t, std::uint16_t>},
    {"U32", 4, &converted<std::int64_t, std::uint32_t>},
    {"U64", 8, &converted<std::int64_t, std::uint64_t>},
};
constexpr const char* safetensors_name(DType t) {
  constexpr const char* names[] = {"F32", "F64", "I64", "I32", "U8", "BOOL"};
  return names[static_cast<int>(t)];
}

}  // namespace detail

/// Reads the bytes of a .safetensors file; `file` is for messages. What no Tensor holds becomes the next type that
/// holds all of its values: F16, BF16, F8_E4M3 and F8_E5M2 float, I8, I16 and U16 int32, U32 int64, U64 int64 too
/// (a larger value is an error). Other types are refused by name. Throws an Error with the offset: cut off, a header
/// that is no JSON or lies, offsets that overlap, leave a hole or leave the file, a type that is not known here.
Safetensors parse_safetensors(std::span<const std::uint8_t> bytes, const std::string& file,
                              Location at = Location::here());

/// Reads a .safetensors file: names, tensors (on the CPU) and metadata.
///     auto w = load_safetensors("mnist.safetensors").get<float>("fc1.weight");
Safetensors load_safetensors(const std::string& path, Location at = Location::here());

namespace detail {
void write_safetensors(const NamedTensors& tensors, const std::string& path,
                       const std::vector<std::pair<std::string, std::string>>& metadata, Location at);
}  // namespace detail

/// Writes tensors of any type, device and strides to `path`. The file is complete or not there: it is written beside
/// and moved into place. Takes anything that iterates over (name, tensor) pairs. Throws when a name stands twice or the
/// file cannot be written.
///     save_safetensors({{"w", w}, {"b", b}}, "layer.safetensors");
template <class Pairs = NamedTensors>
void save_safetensors(const Pairs& tensors, const std::string& path,
                      const std::vector<std::pair<std::string, std::string>>& metadata = {},
                      Location at = Location::here()) {
  NamedTensors all;
  for (const auto& [name, tensor] : tensors) all.emplace_back(std::string(name), tensor);
  detail::write_safetensors(all, path, metadata, at);
}
inline void save_safetensors(std::initializer_list<std::pair<std::string, TensorBase>> tensors, const std::string& path,
                             Location at = Location::here()) {
  save_safetensors(NamedTensors(tensors), path, {}, at);
}

}  // namespace chainrule::io

#if CHAINRULE_DEFINITIONS
namespace chainrule::io::detail {

CHAINRULE_INLINE float half_to_float(std::uint16_t h) {
  const std::uint32_t sign = std::uint32_t{h} >> 15 << 31, exponent = h >> 10 & 31u, fraction = h & 1023u;
  if (exponent == 0) {  // zero, or a subnormal: fraction * 2^-24
    const float v = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -v : v;
  }
  const std::uint32_t e = exponent == 31 ? 255 : exponent + 112;  // 112 = 127 - 15; 255 for infinity and NaN
  return std::bit_cast<float>(sign | e << 23 | fraction << 13);
}

CHAINRULE_INLINE TensorBase widened(const Shape& shape, std::span<const std::uint8_t> bytes,
                                    float (*widen)(std::uint16_t)) {
  Tensor<float> t = chainrule::detail::allocate<float>(shape);
  for (std::size_t i = 0; i < bytes.size() / 2; ++i)
    t.data()[i] = widen(static_cast<std::uint16_t>(bytes[2 * i] | bytes[2 * i + 1] << 8));
  return t;
}

CHAINRULE_INLINE float float8_e4m3_to_float(std::uint8_t b) {
  const int exponent = b >> 3 & 15, fraction = b & 7;
  const float size = exponent == 15 && fraction == 7 ? std::numeric_limits<float>::quiet_NaN()
                     : exponent == 0                 ? static_cast<float>(fraction) * 0x1p-9f
                                                     : std::ldexp(static_cast<float>(8 + fraction), exponent - 10);
  return b >> 7 != 0 ? -size : size;
}

CHAINRULE_INLINE TensorBase widened_bytes(const Shape& shape, std::span<const std::uint8_t> bytes,
                                          float (*widen)(std::uint8_t)) {
  Tensor<float> t = chainrule::detail::allocate<float>(shape);
  for (std::size_t i = 0; i < bytes.size(); ++i) t.data()[i] = widen(bytes[i]);
  return t;
}

}  // namespace chainrule::io::detail
namespace chainrule::io {

CHAINRULE_INLINE Safetensors parse_safetensors(std::span<const std::uint8_t> bytes, const std::string& file,
                                               Location at) {
  check(bytes.size() >= 8, at, file,
        ": truncated: a safetensors file starts with 8 bytes of header length, this one ends at offset ", bytes.size());
  std::uint64_t length = 0;
  for (std::size_t i = 8; i-- > 0;) length = length << 8 | bytes[i];
  check(length <= bytes.size() - 8, at, file, ": truncated or not a safetensors file: the header should take ", length,
        " bytes from offset 8, but the file ends at offset ", bytes.size());
  const auto header_text = std::string_view(reinterpret_cast<const char*>(bytes.data()) + 8, length);
  check(header_text.starts_with('{'), at, file,
        ": not a safetensors file: its header at offset 8 does not start with {");
  const Json header = parse_json(header_text, file, 8, at);
  const std::size_t begin = 8 + length;
  const auto data = bytes.subspan(begin);

  Safetensors result;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> used;
  for (const auto& [name, entry] : header.members()) {
    if (name == "__metadata__") {
      for (const auto& [key, value] : entry.members()) result.metadata.emplace_back(key, value.string());
      continue;
    }
    const std::string& type_name = entry["dtype"].string();
    const detail::SafetensorsType* type = nullptr;
    for (const auto& t : detail::safetensors_types)
      if (type_name == t.name) type = &t;
    check(type != nullptr, at, entry.where(), ": \"", name, "\" has dtype ", type_name,
          "; F64, F32, F16, BF16, F8_E4M3, F8_E5M2, the integers of 8 to 64 bits and BOOL can be read");
    const auto& sizes = entry["shape"].items();
    check(sizes.size() <= static_cast<std::size_t>(Shape::max_dims), at, entry.where(), ": \"", name, "\" has ",
          sizes.size(), " dimensions, a tensor has at most ", Shape::max_dims);
    Shape shape;
    std::uint64_t count = 1;
    for (const auto& s : sizes) {
      check(s.integer() >= 0, at, s.where(), ": \"", name, "\" has a negative size, ", s.integer());
      shape.push_back(s.integer());
      if (s.integer() == 0) count = 0;  // and it stays so, whatever the other sizes
    }
    // Bounded by the file before it is multiplied: no overflow, and no memory for what is not there.
    for (const auto& s : sizes) {
      if (count == 0) break;
      check(count <= data.size() / static_cast<std::uint64_t>(s.integer()), at, s.where(), ": \"", name,
            "\" is larger than the file");
      count *= static_cast<std::uint64_t>(s.integer());
    }
    const Json& offsets = entry["data_offsets"];
    check(offsets.items().size() == 2, at, offsets.where(), ": data_offsets of \"", name, "\" must be two numbers");
    const std::int64_t from = offsets[0].integer(), to = offsets[1].integer();
    check(0 <= from && from <= to && static_cast<std::uint64_t>(to) <= data.size(), at, offsets.where(), ": \"", name,
          "\" should lie at bytes ", from, " to ", to, " of the data, which begin at offset ", begin, " and have ",
          data.size(), " bytes");
    const auto size = static_cast<std::uint64_t>(to - from);
    check(size == count * type->bytes, at, offsets.where(), ": \"", name, "\" of shape ", shape, " and dtype ",
          type_name, " takes ", count * type->bytes, " bytes, its data_offsets give ", size);
    used.emplace_back(from, to);
    try {
      result.tensors.emplace_back(name, type->read(shape, data.subspan(static_cast<std::size_t>(from), size)));
    } catch (const Error& e) { fail(at, offsets.where(), ": \"", name, "\" of dtype ", type_name, ": ", e.message()); }
  }
  std::sort(used.begin(), used.end());
  std::uint64_t end = 0;
  for (const auto& [from, to] : used) {
    check(from == end, at, file, ": corrupt: its tensors leave a hole or overlap at offset ",
          begin + std::min(from, end));
    end = to;
  }
  check(end == data.size(), at, file, ": ", data.size() - end, " bytes that belong to no tensor follow at offset ",
        begin + end);
  return result;
}

CHAINRULE_INLINE const TensorBase* Safetensors::find(std::string_view name) const {
  for (const auto& [key, t] : tensors)
    if (key == name) return &t;
  return nullptr;
}

}  // namespace chainrule::io
namespace chainrule::io {

CHAINRULE_INLINE Safetensors load_safetensors(const std::string& path, Location at) {
  return parse_safetensors(read_file(path, at), path, at);
}

}  // namespace chainrule::io
namespace chainrule::io::detail {

CHAINRULE_INLINE void write_safetensors(const NamedTensors& tensors, const std::string& path,
                                        const std::vector<std::pair<std::string, std::string>>& metadata, Location at) {
  auto check_utf8 = [&](std::string_view text, const char* what) {
    const std::size_t bad = first_not_utf8(text);
    check(bad == std::string_view::npos, at, "save_safetensors: the ", what, " \"", text, "\" is not UTF-8 at byte ",
          bad, ", and no reader of the format would take it; convert it");
  };
  std::string header = "{";
  auto comma = [&] {
    if (header.size() > 1) header += ", ";
  };
  for (const auto& [key, value] : metadata) check_utf8(key, "key"), check_utf8(value, "value");
  if (!metadata.empty()) {
    header += "\"__metadata__\": {";
    for (std::size_t i = 0; i < metadata.size(); ++i)
      header += (i > 0 ? ", " : "") + json_string(metadata[i].first) + ": " + json_string(metadata[i].second);
    header += '}';
  }
  std::vector<std::string> names;
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : tensors) {
    const TensorBase& t = tensor;
    check(t.defined(), at, "save_safetensors: \"", name, "\" is not defined");
    check_utf8(name, "name");
    check(name != "__metadata__", at, "save_safetensors: a tensor cannot be called __metadata__");
    names.emplace_back(name);
    comma();
    header += json_string(name) + ": {\"dtype\": \"" + detail::safetensors_name(t.dtype()) + "\", \"shape\": [";
    for (int d = 0; d < t.dim(); ++d) header += (d > 0 ? ", " : "") + std::to_string(t.shape()[d]);
    const std::uint64_t begin = end;
    end += static_cast<std::uint64_t>(t.numel()) * size_of(t.dtype());
    header += detail::concat("], \"data_offsets\": [", begin, ", ", end, "]}");
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::sort(names.begin(), names.end());
  for (std::size_t i = 1; i < names.size(); ++i)
    check(names[i] != names[i - 1], at, "save_safetensors: two tensors are called \"", names[i], "\"");

  const std::string beside = path + ".part";
  std::FILE* file = std::fopen(beside.c_str(), "wb");
  check(file != nullptr, at, path, ": cannot be written: ", std::string(std::strerror(errno)),
        "; does the folder exist?");
  bool ok = true;
  auto write = [&](const void* p, std::size_t n) { ok = ok && std::fwrite(p, 1, n, file) == n; };
  std::uint8_t length[8];
  for (std::size_t i = 0; i < 8; ++i)
    length[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(header.size()) >> 8 * i);
  write(length, 8);
  write(header.data(), header.size());
  for (const auto& [name, tensor] : tensors)
    chainrule::detail::with_bits(tensor, [&](const auto& t) {
      no_grad guard;
      auto flat = contiguous(t.to(Device::cpu, at), at);
      write(flat.data(), static_cast<std::size_t>(flat.numel()) * sizeof(*flat.data()));
    });
  ok = std::fclose(file) == 0 && ok;
  const bool moved = ok && detail::move_over(beside, path);
  const std::string reason = !ok ? "is the disk full?" : std::strerror(errno);
  if (!moved) std::remove(beside.c_str());
  check(moved, at, path, ": cannot be written: ", reason);
}

}  // namespace chainrule::io::detail
#endif

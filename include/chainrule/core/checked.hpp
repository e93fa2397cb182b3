#pragma once
// Arithmetic on sizes that cannot wrap around, and the one conversion of a number to an element type that refuses what
// does not fit. A size that is too large stays too large: sums and products stop at the ends of 64 bits, and the check
// that follows refuses them.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/dtype.hpp>
#include <chainrule/core/error.hpp>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace chainrule::detail {

/// a + b, or the end of the range that it would leave.
constexpr std::int64_t add_sizes(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) [[likely]]
    return sum;
  return b < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}
/// a * b, or the end of the range that it would leave.
constexpr std::int64_t multiply_sizes(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(a, b, &product)) [[likely]]
    return product;
  return (a < 0) != (b < 0) ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}
/// a / b rounded up, for a >= 0 and b > 0; without the sum a + b - 1, which may not fit.
constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0); }

/// The bytes of a tensor's elements are fewer than this, so that offsets and strides times sizes fit in 64 bits, with
/// room to spare.
inline constexpr std::int64_t most_bytes = std::int64_t{1} << 62;

/// A number of bytes for a person: "512 B", "1.5 GiB", "64 TiB".
[[gnu::cold]] std::string bytes_text(std::uint64_t bytes);

/// Whether an element of type T can hold `v`: integers exactly or with the fraction cut off, float and double up to
/// rounding. Infinities and NaN are values of float and double. As a bool every number fits: all but 0 are true.
template <class T, class N> constexpr bool fits_type([[maybe_unused]] N v) {
  if constexpr (std::same_as<T, N> || std::same_as<T, bool> || std::same_as<N, bool>) {
    return true;
  } else if constexpr (std::integral<T> && std::integral<N>) {
    if constexpr (std::is_signed_v<N>) {
      if (v < 0) return std::is_signed_v<T> && v >= std::numeric_limits<T>::min();
    }
    return static_cast<std::uintmax_t>(v) <= static_cast<std::uintmax_t>(std::numeric_limits<T>::max());
  } else if constexpr (std::integral<T>) {  // both bounds are exact: -2^k, and 2^k where max() is 2^k - 1
    constexpr N end = N(std::numeric_limits<T>::max() / 2 + 1) * 2, begin = N(std::numeric_limits<T>::min());
    return v < end && (v >= begin || v > begin - 1);
  } else if constexpr (std::floating_point<N> && sizeof(N) > sizeof(T)) {
    return !(v > N(std::numeric_limits<T>::max()) || v < N(std::numeric_limits<T>::lowest())) || v - v != v - v;
  } else {
    return true;
  }
}
template <Element T>
[[noreturn, gnu::cold, gnu::noinline]] void fail_type(MessagePart value, bool finite, const char* op, Location at) {
  std::string text;
  value.append_to(text, value.value);
  if constexpr (std::integral<T>)
    fail(at, op, ": ", text, " is no value of ", name_of(dtype_of<T>), ", which holds integers from ",
         std::numeric_limits<T>::min(), " to ", std::numeric_limits<T>::max(),
         finite ? "; use a wider type, or clamp the value" : "; use a float tensor");
  else fail(at, op, ": ", text, " is beyond the largest ", name_of(dtype_of<T>), "; use double");
}
/// `v` as a T. Throws, with the value and the range, where T cannot hold it.
template <Element T, class N> constexpr T fitting(N v, const char* op, Location at) {
  if (!fits_type<T>(v)) [[unlikely]]
    fail_type<T>(v, v - v == 0, op, at);
  return static_cast<T>(v);
}

}  // namespace chainrule::detail

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

CHAINRULE_INLINE std::string bytes_text(std::uint64_t bytes) {
  constexpr const char* units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
  int unit = 0;
  std::uint64_t tenths = 0;  // of the unit
  for (; bytes >= 1024 && unit < 6; ++unit) {
    tenths = bytes % 1024 * 10 / 1024;
    bytes /= 1024;
  }
  return std::to_string(bytes) + (tenths > 0 ? '.' + std::to_string(tenths) : std::string()) + units[unit];
}

}  // namespace chainrule::detail
#endif

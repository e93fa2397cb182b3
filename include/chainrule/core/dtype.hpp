#pragma once
// Element types: float and double differentiate; the integers and bool carry labels, indices, images and masks.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace chainrule {

enum class DType : std::uint8_t { float32, float64, int64, int32, uint8, boolean };

template <class T>
concept Real = std::same_as<T, float> || std::same_as<T, double>;  ///< types with gradients
template <class T>
concept Integer = std::same_as<T, std::int64_t> || std::same_as<T, std::int32_t> || std::same_as<T, std::uint8_t>;
template <class T>
concept Element = Real<T> || Integer<T> || std::same_as<T, bool>;  ///< everything a Tensor can hold
template <class T>
concept Arithmetic = std::integral<T> || std::floating_point<T>;  ///< what a user may pass as a number

template <Element T>
inline constexpr DType dtype_of = [] {
  if constexpr (std::same_as<T, float>) return DType::float32;
  else if constexpr (std::same_as<T, double>) return DType::float64;
  else if constexpr (std::same_as<T, std::int64_t>) return DType::int64;
  else if constexpr (std::same_as<T, std::int32_t>) return DType::int32;
  else if constexpr (std::same_as<T, std::uint8_t>) return DType::uint8;
  else return DType::boolean;
}();

/// PyTorch's name of the type: "float32", "int64", ...
constexpr const char* name_of(DType t) {
  constexpr const char* names[] = {"float32", "float64", "int64", "int32", "uint8", "bool"};
  return names[static_cast<int>(t)];
}

constexpr std::size_t size_of(DType t) {
  constexpr std::size_t sizes[] = {4, 8, 8, 4, 1, 1};
  return sizes[static_cast<int>(t)];
}

/// The type of a sum: T itself for float and double, else int64, as in PyTorch.
template <Element T> using SumOf = std::conditional_t<Real<T>, T, std::int64_t>;
/// The type of a quotient or a mean: T itself for float and double, else float.
template <Element T> using RealOf = std::conditional_t<Real<T>, T, float>;

/// The type in which elements of two types compare, as in PyTorch: the wider of two integers or of two real types; a
/// real type before an integer, whatever their sizes.
template <Element A, Element B>
using CommonOf = std::conditional_t<
    Real<A> != Real<B>, std::conditional_t<Real<A>, A, B>,
    std::conditional_t<std::same_as<B, bool> || (sizeof(A) >= sizeof(B) && !std::same_as<A, bool>), A, B>>;

}  // namespace chainrule

#pragma once
// What a transform is: anything that can be called with the sample. One that draws random numbers takes a Generator&
// as well. Those that work on one byte or one value at a time say so, and run together in a single pass.

#include <chainrule/api.hpp>
#include <concepts>
#include <utility>

namespace chainrule::data::transforms {

/// Says what becomes of one byte of an image, by channel.
template <class F>
concept FromByte = requires(const F& f, std::uint8_t v, std::int64_t channel) {
  { f.from_byte(v, channel) } -> std::same_as<float>;
};
/// Says what becomes of one value of an image, by channel.
template <class F>
concept PerValue = requires(const F& f, float x, std::int64_t channel) {
  { f.value(x, channel) } -> std::same_as<float>;
};

/// Takes a generator beside the sample.
template <class F, class X>
concept Draws = std::invocable<const F&, const X&, Generator&>;

namespace detail {

/// Calls a transform, with the generator if it wants one.
template <class F, class X> auto apply(const F& f, const X& x, Generator& g) {
  if constexpr (Draws<F, X>) return f(x, g);
  else return f(x);
}

template <class F, class X>
using Applied = decltype(detail::apply(std::declval<const F&>(), std::declval<const X&>(), std::declval<Generator&>()));

/// Whether one of F..., called one after the other beginning with an X, draws random numbers.
template <class X> consteval bool chain_draws() { return false; }
template <class X, class First, class... Rest> consteval bool chain_draws() {
  return Draws<First, X> || chain_draws<Applied<First, X>, Rest...>();
}

template <class... F> inline constexpr bool works_on_bytes = false;
template <class First, class... Rest>
inline constexpr bool works_on_bytes<First, Rest...> = FromByte<First> && (PerValue<Rest> && ...);

/// Lets a transform look at the shape of the images before any work is done, if it has check_for.
template <class F> void check_step(const F& f, const Shape& shape) {
  if constexpr (requires { f.check_for(shape); }) f.check_for(shape);
}

/// Uniform in [0, 1).
inline double draw_unit(Generator& g) { return static_cast<double>(g.next() >> 11) * 0x1p-53; }
/// Uniform in [low, high).
inline double draw_between(double low, double high, Generator& g) { return low + (high - low) * draw_unit(g); }
/// Uniform in 0..n-1, for n from 1 to 2^31.
inline std::int64_t draw_below(std::int64_t n, Generator& g) {
  return static_cast<std::int64_t>((g.next() >> 32) * static_cast<std::uint64_t>(n) >> 32);
}

inline void check_probability(double p, const char* op, Location at) {
  check(p >= 0 && p <= 1, at, op, ": the probability p must lie between 0 and 1, got ", p);
}

}  // namespace detail

}  // namespace chainrule::data::transforms

namespace chainrule {
namespace transforms = data::transforms;  // as torchvision.transforms stands beside torchvision.datasets
}

#pragma once
// Transforms made of transforms: one after the other, one of several, sometimes.

#include <chainrule/data/transforms/image.hpp>
#include <chainrule/data/transforms/step.hpp>
#include <optional>
#include <tuple>

namespace chainrule::data::transforms {

/// Any function as a transform that is applied as it is; a plain lambda in a Compose does the same.
///     Lambda([](const Tensor<>& x) { return x.flatten(); })
template <class F> struct Lambda {
  F f;
  template <class X> auto operator()(const X& x) const requires(!Draws<F, X>) { return f(x); }
  template <class X> auto operator()(const X& x, Generator& g) const requires Draws<F, X> { return f(x, g); }
};
template <class F> Lambda(F) -> Lambda<F>;

namespace detail {

/// The table of what a chain of steps on bytes makes of each byte of each channel.
template <class Steps> std::vector<float> table_of(const Steps& from_byte, std::int64_t channels) {
  std::vector<float> table(static_cast<std::size_t>(256 * channels));
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t v = 0; v < 256; ++v)
      table[static_cast<std::size_t>(256 * c + v)] = from_byte(static_cast<std::uint8_t>(v), c);
  return table;
}

}  // namespace detail

/// One transform after the other. ToTensor and the steps of single values that follow it, Normalize, take one pass.
///     Compose{ToTensor{}, Normalize{{0.1307f}, {0.3081f}}, [](const Tensor<>& x) { return x.flatten(); }}
template <class... F> class Compose {
 public:
  Compose(F... f) : steps_(std::move(f)...) {}

  template <class X> auto operator()(const X& x) const requires(!detail::chain_draws<X, F...>()) {
    Generator unused;
    return go<0>(x, unused);
  }
  template <class X>
  auto operator()(const X& x, Generator& g = default_generator()) const requires(detail::chain_draws<X, F...>()) {
    return go<0>(x, g);
  }

  float from_byte(std::uint8_t v, std::int64_t channel) const requires detail::works_on_bytes<F...> {
    return from_byte_on<0, sizeof...(F)>(v, channel);
  }
  /// Throws unless it can be used for images of this shape (C, H, W).
  void check_for(const Shape& shape) const {
    std::apply([&](const auto&... step) { (detail::check_step(step, shape), ...); }, steps_);
  }

 private:
  template <std::size_t I> using Step = std::tuple_element_t<I, std::tuple<F...>>;

  /// The first step behind I that does not work on single values.
  template <std::size_t I> static consteval std::size_t end_of_values() {
    if constexpr (I + 1 == sizeof...(F)) return I + 1;
    else if constexpr (PerValue<Step<I + 1>>) return end_of_values<I + 1>();
    else return I + 1;
  }
  template <std::size_t I, std::size_t End> float from_byte_on(std::uint8_t v, std::int64_t channel) const {
    return [&]<std::size_t... K>(std::index_sequence<K...>) {
      float x = std::get<I>(steps_).from_byte(v, channel);
      ((x = std::get<I + 1 + K>(steps_).value(x, channel)), ...);
      return x;
    }
    (std::make_index_sequence<End - I - 1>{});
  }

  template <std::size_t I, class X> auto go(const X& x, Generator& g) const {
    if constexpr (I == sizeof...(F)) {
      return x;
    } else if constexpr (std::same_as<X, Tensor<std::uint8_t>> && FromByte<Step<I>>) {
      constexpr std::size_t end = end_of_values<I>();
      if constexpr (end == I + 1) return go<end>(std::get<I>(steps_)(x), g);
      else return go<end>(at_once<I, end>(x), g);
    } else {
      return go<I + 1>(detail::apply(std::get<I>(steps_), x, g), g);
    }
  }
  /// Steps I..End-1, which work on bytes, through a table: bit for bit what one after the other gives.
  template <std::size_t I, std::size_t End> Tensor<> at_once(const Tensor<std::uint8_t>& image) const {
    const auto x = detail::with_rows(image, "ToTensor", {});
    const std::int64_t channels = x.dim() == 3 ? x.shape()[2] : 1;
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      (detail::check_step(std::get<I + K>(steps_), {channels, x.shape()[0], x.shape()[1]}), ...);
    }
    (std::make_index_sequence<End - I>{});
    const auto table =
        detail::table_of([this](std::uint8_t v, std::int64_t c) { return from_byte_on<I, End>(v, c); }, channels);
    return detail::look_up_bytes(x, table.data(), 256, {});
  }

  std::tuple<F...> steps_;
};

/// Applies a transform with probability p, else gives the sample as it is; several are one Compose. The transform must
/// give what it takes, a Tensor of the same type. Throws unless 0 <= p <= 1.
///     RandomApply(Compose(Pad(2), RandomVerticalFlip()), 0.3)
template <class F> class RandomApply {
 public:
  explicit RandomApply(F transform, double p = 0.5, Location at = Location::here())
      : transform_(std::move(transform)), p_(p) {
    detail::check_probability(p, "RandomApply", at);
  }
  template <class X> X operator()(const X& x, Generator& g = default_generator()) const {
    static_assert(std::same_as<detail::Applied<F, X>, X>,
                  "RandomApply gives the sample or the transformed sample: both must have one type");
    if (detail::draw_unit(g) >= p_) return x;
    return detail::apply(transform_, x, g);
  }

 private:
  F transform_;
  double p_;
};

/// Applies one of its transforms, each with the same probability. All must give the same type.
///     RandomChoice(RandomRotation(10), RandomCrop(28, 2))
template <class... F> class RandomChoice {
  static_assert(sizeof...(F) > 0, "RandomChoice needs a transform to choose");

 public:
  explicit RandomChoice(F... f) : choices_(std::move(f)...) {}
  template <class X> auto operator()(const X& x, Generator& g = default_generator()) const {
    return pick<0>(x, detail::draw_below(sizeof...(F), g), g);
  }

 private:
  template <std::size_t I, class X>
  detail::Applied<std::tuple_element_t<0, std::tuple<F...>>, X> pick(const X& x, std::int64_t chosen,
                                                                     Generator& g) const {
    if constexpr (I + 1 < sizeof...(F))
      if (chosen != static_cast<std::int64_t>(I)) return pick<I + 1>(x, chosen, g);
    static_assert(std::same_as<decltype(detail::apply(std::get<I>(choices_), x, g)),
                               detail::Applied<std::tuple_element_t<0, std::tuple<F...>>, X>>,
                  "the transforms of a RandomChoice must give the same type");
    return detail::apply(std::get<I>(choices_), x, g);
  }
  std::tuple<F...> choices_;
};

}  // namespace chainrule::data::transforms

#pragma once
// Transforms: what a data set does to each sample. A transform is anything that can be called with the sample; one that
// draws random numbers takes a Generator& as well. Those that work on one byte or one number at a time say so, and
// whole batches then go through a table of 256 numbers per channel instead.

#include <chainrule/api.hpp>
#include <chainrule/core/compiled.hpp>
#include <concepts>
#include <tuple>
#include <utility>
#include <vector>

namespace chainrule::data::transforms {

/// Says what becomes of one byte of an image, by channel.
template <class F>
concept FromByte = requires(const F& f, std::uint8_t v, std::int64_t channel) {
  { f.from_byte(v, channel) } -> std::same_as<float>;
};
/// Says what becomes of one number of an image, by channel.
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

/// Whether one of F..., called one after the other beginning with an X, draws random numbers.
template <class X> consteval bool chain_draws() { return false; }
template <class X, class First, class... Rest> consteval bool chain_draws() {
  return Draws<First, X> || chain_draws<decltype(detail::apply(std::declval<const First&>(), std::declval<const X&>(),
                                                               std::declval<Generator&>())),
                                        Rest...>();
}

template <class... F> inline constexpr bool works_on_bytes = false;
template <class First, class... Rest>
inline constexpr bool works_on_bytes<First, Rest...> = FromByte<First> && (PerValue<Rest> && ...);

/// Lets a transform look at the shape of the images before any work is done, if it has check_for.
template <class F> void check_step(const F& f, const Shape& shape) {
  if constexpr (requires { f.check_for(shape); }) f.check_for(shape);
}

}  // namespace detail

/// A uint8 image (H, W) or (H, W, C) into floats in [0, 1] of shape (C, H, W): each byte over 255. Source:
/// torchvision's ToTensor.
struct ToTensor {
  float from_byte(std::uint8_t v, std::int64_t) const { return static_cast<float>(v) / 255.0f; }

  Tensor<> operator()(const Tensor<std::uint8_t>& image) const {
    check(image.dim() == 2 || image.dim() == 3, {}, "ToTensor: expects an image of shape (H, W) or (H, W, C), got ",
          image.shape());
    const auto channels_first = image.dim() == 2 ? image.unsqueeze(0) : image.permute({2, 0, 1});  // (C, H, W)
    return channels_first.to<float>() / 255.0f;
  }
  Tensor<> operator()(const Tensor<>& image) const { return image; }  // is one already
};

/// (x - mean) / std by channel, for floats of shape (C, H, W). One mean and std serve any number of channels.
///     Normalize{{0.1307f}, {0.3081f}}
struct Normalize {
  std::vector<float> mean, std;

  float value(float x, std::int64_t channel) const { return (x - of(mean, channel)) / of(std, channel); }

  Tensor<> operator()(const Tensor<>& image) const {
    check_for(image.shape());
    return (image - tensor(mean).view({mean.size(), 1, 1})) / tensor(std).view({std.size(), 1, 1});
  }
  /// Throws unless it can be used for images of this shape (C, H, W).
  void check_for(const Shape& shape) const;

 private:
  static float of(const std::vector<float>& list, std::int64_t channel) {
    return list.size() == 1 ? list[0] : list[static_cast<std::size_t>(channel)];
  }
};

/// Any function as a transform that is applied as it is; a plain lambda in a Compose does the same.
template <class F> struct Lambda {
  F f;
  template <class X> auto operator()(const X& x) const { return f(x); }
};
template <class F> Lambda(F) -> Lambda<F>;

/// One transform after the other.
///     Compose{ToTensor{}, Normalize{{0.1307f}, {0.3081f}}, [](const Tensor<>& x) { return x.flatten(); }}
template <class... F> class Compose {
 public:
  Compose(F... f) : steps_(std::move(f)...) {}

  template <class X> auto operator()(const X& x) const requires(!detail::chain_draws<X, F...>()) {
    Generator unused;
    return go<0>(x, unused);
  }
  template <class X> auto operator()(const X& x, Generator& g) const requires(detail::chain_draws<X, F...>()) {
    return go<0>(x, g);
  }

  float from_byte(std::uint8_t v, std::int64_t channel) const requires detail::works_on_bytes<F...> {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      float x = std::get<0>(steps_).from_byte(v, channel);
      ((x = std::get<I + 1>(steps_).value(x, channel)), ...);
      return x;
    }
    (std::make_index_sequence<sizeof...(F) - 1>{});
  }
  /// Throws unless it can be used for images of this shape (C, H, W).
  void check_for(const Shape& shape) const {
    std::apply([&](const auto&... step) { (detail::check_step(step, shape), ...); }, steps_);
  }

 private:
  template <std::size_t I, class X> auto go(const X& x, Generator& g) const {
    if constexpr (I == sizeof...(F)) return x;
    else return go<I + 1>(detail::apply(std::get<I>(steps_), x, g), g);
  }
  std::tuple<F...> steps_;
};

}  // namespace chainrule::data::transforms

namespace chainrule {
namespace transforms = data::transforms;  // as torchvision.transforms stands beside torchvision.datasets
}

#if CHAINRULE_DEFINITIONS
namespace chainrule::data::transforms {

CHAINRULE_INLINE void Normalize::check_for(const Shape& shape) const {
  check(shape.size() == 3, {}, "Normalize: expects an image of shape (C, H, W), got ", shape);
  for (const auto* list : {&mean, &std})
    check(list->size() == 1 || static_cast<std::int64_t>(list->size()) == shape[0], {}, "Normalize: ", mean.size(),
          " means and ", std.size(), " stds for images of ", shape[0], " channels");
  for (float s : std) check(s != 0, {}, "Normalize: std must not be 0");
}

}  // namespace chainrule::data::transforms
#endif

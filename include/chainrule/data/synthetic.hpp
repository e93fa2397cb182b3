#pragma once
// Small made-up data sets: blobs, moons, a spiral. Each gives a pair, points (n, features) and labels (n,), for
// TensorDataset.

#include <chainrule/api.hpp>
#include <numbers>
#include <utility>

namespace chainrule::data {

namespace detail {

/// The generator that options name: theirs, or one of their own seed, or the default one.
class RandomSource {
 public:
  RandomSource(Generator* generator, std::optional<std::uint64_t> seed)
      : own_(seed.value_or(0)),
        use_(generator ? generator
             : seed    ? &own_
                       : &default_generator()) {}
  Generator* operator()() { return use_; }

 private:
  Generator own_;
  Generator* use_;
};

template <class T> using Points = std::pair<Tensor<T>, Tensor<std::int64_t>>;

}  // namespace detail

struct BlobsOptions {
  std::int64_t centers = 3;     ///< how many blobs
  std::int64_t n_features = 2;  ///< dimensions of a point
  double cluster_std = 1;       ///< how far points lie from their centre
  std::pair<double, double> center_box{-10, 10};
  Generator* generator = nullptr;
  std::optional<std::uint64_t> seed = {};
};
/// Normal clouds around centres that are uniform in a box; point i belongs to blob i mod centers.
///     auto [x, y] = data::make_blobs(300, {.centers = 3, .seed = 1});   // (300, 2), (300,)
template <Real T = float>
detail::Points<T> make_blobs(std::int64_t n_samples, BlobsOptions options = {}, Location at = Location::here()) {
  check(n_samples > 0 && options.centers > 0 && options.n_features > 0, at,
        "make_blobs: needs samples, centers and features above 0, got ", n_samples, ", ", options.centers, ", ",
        options.n_features);
  detail::RandomSource random(options.generator, options.seed);
  const auto [low, high] = options.center_box;
  const auto centers = rand<T>({options.centers, options.n_features}, {.generator = random()}, at);
  auto x = randn<T>({n_samples, options.n_features}, {.generator = random()}, at);
  auto y = chainrule::detail::allocate<std::int64_t>({n_samples});
  for (std::int64_t i = 0; i < n_samples; ++i) {
    const std::int64_t c = y.data()[i] = i % options.centers;
    for (std::int64_t f = 0; f < options.n_features; ++f) {
      T& v = x.data()[i * options.n_features + f];
      v = static_cast<T>(low) + static_cast<T>(high - low) * centers.data()[c * options.n_features + f] +
          static_cast<T>(options.cluster_std) * v;
    }
  }
  return {x, y};
}

struct MoonsOptions {
  double noise = 0;  ///< standard deviation of what is added to each coordinate
  Generator* generator = nullptr;
  std::optional<std::uint64_t> seed = {};
};
/// Two half circles that reach into each other: class 0 is (cos t, sin t), class 1 is (1 - cos t, 0.5 - sin t), t from
/// 0 to pi.
///     auto [x, y] = data::make_moons(200, {.noise = 0.1, .seed = 1});   // (200, 2), (200,); class 0 first
template <Real T = float>
detail::Points<T> make_moons(std::int64_t n_samples, MoonsOptions options = {}, Location at = Location::here()) {
  check(n_samples > 1, at, "make_moons: needs at least 2 samples, got ", n_samples);
  detail::RandomSource random(options.generator, options.seed);
  auto x = randn<T>({n_samples, 2}, {.generator = random()}, at);
  auto y = chainrule::detail::allocate<std::int64_t>({n_samples});
  const std::int64_t upper = n_samples / 2;
  for (std::int64_t i = 0; i < n_samples; ++i) {
    const bool lower = i >= upper;
    const std::int64_t k = lower ? i - upper : i, n = lower ? n_samples - upper : upper;
    const double t = n > 1 ? std::numbers::pi * static_cast<double>(k) / static_cast<double>(n - 1) : 0;
    T* p = x.data() + 2 * i;
    p[0] = static_cast<T>((lower ? 1 - std::cos(t) : std::cos(t)) + options.noise * static_cast<double>(p[0]));
    p[1] = static_cast<T>((lower ? 0.5 - std::sin(t) : std::sin(t)) + options.noise * static_cast<double>(p[1]));
    y.data()[i] = lower;
  }
  return {x, y};
}

struct SpiralOptions {
  double noise = 0.2;  ///< standard deviation of the angle, in radians
  double turn = 4;     ///< how far an arm turns, in radians
  Generator* generator = nullptr;
  std::optional<std::uint64_t> seed = {};
};
/// A spiral of K arms (one class each), points_per_arm points on each: radius r from 0 to 1, angle = arm * turn + r *
/// turn + noise, point (r sin, r cos).
///     auto [x, y] = data::make_spiral(100, 3, {.seed = 1});   // (300, 2), (300,); arm 0 first
template <Real T = float>
detail::Points<T> make_spiral(std::int64_t points_per_arm, std::int64_t arms = 3, SpiralOptions options = {},
                              Location at = Location::here()) {
  check(points_per_arm > 0 && arms > 0, at, "make_spiral: needs points and arms above 0, got ", points_per_arm, " and ",
        arms);
  detail::RandomSource random(options.generator, options.seed);
  const std::int64_t n = chainrule::detail::multiply_sizes(points_per_arm, arms);
  chainrule::detail::checked_numel({n, 2}, sizeof(T), "make_spiral", at);
  const auto noise = randn<T>({n}, {.generator = random()}, at);
  auto x = chainrule::detail::allocate<T>({n, 2});
  auto y = chainrule::detail::allocate<std::int64_t>({n});
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t arm = y.data()[i] = i / points_per_arm;
    const double r =
        points_per_arm > 1 ? static_cast<double>(i % points_per_arm) / static_cast<double>(points_per_arm - 1) : 0;
    const double angle =
        (static_cast<double>(arm) + r) * options.turn + options.noise * static_cast<double>(noise.data()[i]);
    x.data()[2 * i] = static_cast<T>(r * std::sin(angle));
    x.data()[2 * i + 1] = static_cast<T>(r * std::cos(angle));
  }
  return {x, y};
}

}  // namespace chainrule::data

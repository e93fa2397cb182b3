#pragma once
// Tensors from nothing: values, zeros, ranges, random numbers.

#include <chainrule/ops/inplace.hpp>
#include <chainrule/core/math.hpp>
#include <chainrule/core/philox.hpp>
#include <chainrule/core/simd.hpp>
#include <chainrule/ops/inplace.hpp>
#include <cmath>
#include <numbers>

namespace chainrule {

namespace detail {

template <class T> Tensor<T> finish(Tensor<T> t, const TensorOptions& options, Location at) {
  if (options.device != t.device()) t = t.to(options.device, at);
  if (options.requires_grad) t.requires_grad_(true, at);
  return t;
}

/// Values in nested braces: a number, {1, 2}, {{1, 2}, {3, 4}}, ...
template <class T> struct Nested {
  std::vector<T> values;
  Shape shape;

  template <Arithmetic N> Nested(N v, Location at = Location::here()) : values{fitting<T>(v, "tensor", at)} {}
  template <Arithmetic N> Nested(const std::vector<N>& list, Location at = Location::here()) : shape(list.size()) {
    for (N v : list) values.push_back(fitting<T>(v, "tensor", at));
  }
  Nested(std::initializer_list<Nested> rows) {
    shape.push_back(static_cast<std::int64_t>(rows.size()));
    bool first = true;
    for (const Nested& r : rows) {
      if (first)
        for (auto s : r.shape) shape.push_back(s);
      Shape rest = shape;
      rest.erase(0);
      check(r.shape == rest, {}, "tensor: rows of a nested list must have the same shape, got ", rest, " and ",
            r.shape);
      values.insert(values.end(), r.values.begin(), r.values.end());
      first = false;
    }
  }
};

}  // namespace detail

/// A tensor of these values. Of float, unless another type is named: tensor<std::int64_t>({3, 1, 4}).
///     tensor({{1, 2}, {3, 4}})   // shape (2, 2)
template <class T = float>
Tensor<T> tensor(std::type_identity_t<detail::Nested<T>> values, TensorOptions options = {},
                 Location at = Location::here()) {
  Tensor<T> t = detail::allocate<T>(values.shape, Device::cpu, "tensor", at);
  std::copy(values.values.begin(), values.values.end(), t.data());
  return detail::finish(t, options, at);
}
/// The values of a vector, copied. Its type is the tensor's.
template <class V>
requires std::same_as<V, std::vector<typename V::value_type>> && Element<typename V::value_type>
    Tensor<typename V::value_type> tensor(const V& values, TensorOptions options = {}, Location at = Location::here()) {
  auto t = detail::allocate<typename V::value_type>(Shape(values.size()), Device::cpu, "tensor", at);
  std::copy(values.begin(), values.end(), t.data());
  return detail::finish(t, options, at);
}

/// A matrix of a vector of rows, all of the same length.
///     std::vector<std::vector<float>> rows{{1, 2}, {3, 4}};     tensor(rows);
template <class V, class T = typename V::value_type::value_type>
requires std::same_as<V, std::vector<std::vector<T>>> && Element<T> Tensor<T> tensor(const V& rows,
                                                                                     TensorOptions options = {},
                                                                                     Location at = Location::here()) {
  const std::size_t columns = rows.empty() ? 0 : rows[0].size();
  for (std::size_t i = 0; i < rows.size(); ++i)
    check(rows[i].size() == columns, at, "tensor: row 0 has ", columns, " values, row ", i, " has ", rows[i].size());
  const Shape shape{rows.size(), columns};
  Tensor<T> t = detail::allocate<T>(shape, Device::cpu, "tensor", at);
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy(rows[i].begin(), rows[i].end(), t.data() + static_cast<std::ptrdiff_t>(i * columns));
  return detail::finish(t, options, at);
}

/// Memory that nobody has written to yet. Throws, as all that follow, for a negative size, for sizes that are too large
/// for any memory, and when the system does not give the memory.
template <class T = float>
Tensor<T> empty(const Shape& shape, TensorOptions options = {}, Location at = Location::here()) {
  Tensor<T> t = detail::allocate<T>(shape, options.device, "empty", at);
  if (options.requires_grad) t.requires_grad_(true, at);
  return t;
}
template <class T = float, std::integral I, std::integral... N>
Tensor<T> empty(detail::FirstSize first, I second, N... rest) {
  return empty<T>({first.value, second, rest...}, {}, first.at);
}
namespace detail {

template <class T>
Tensor<T> filled(const Shape& shape, T value, const TensorOptions& options, const char* op, Location at) {
  Tensor<T> t = allocate<T>(shape, options.device, op, at);
  t.fill_(value, at);
  return finish(t, options, at);
}

}  // namespace detail

/// All elements `value`: full({2, 3}, 7). Throws where T cannot hold the value: 300 for uint8, NaN for integers, 1e300
/// for float.
template <class T = float, Arithmetic N = T>
Tensor<T> full(const Shape& shape, N value, TensorOptions options = {}, Location at = Location::here()) {
  return detail::filled<T>(shape, detail::fitting<T>(value, "full", at), options, "full", at);
}
template <class T = float>
Tensor<T> zeros(const Shape& shape, TensorOptions options = {}, Location at = Location::here()) {
  return detail::filled<T>(shape, T{}, options, "zeros", at);
}
template <class T = float, std::integral I, std::integral... N>
Tensor<T> zeros(detail::FirstSize first, I second, N... rest) {
  return zeros<T>({first.value, second, rest...}, {}, first.at);
}
template <class T = float>
Tensor<T> ones(const Shape& shape, TensorOptions options = {}, Location at = Location::here()) {
  return detail::filled<T>(shape, T(1), options, "ones", at);
}
template <class T = float, std::integral I, std::integral... N>
Tensor<T> ones(detail::FirstSize first, I second, N... rest) {
  return ones<T>({first.value, second, rest...}, {}, first.at);
}

template <class T> Tensor<T> empty_like(const Tensor<T>& x, Location at = Location::here()) {
  return empty<T>(x.shape(), {.device = x.device()}, at);
}
template <class T> Tensor<T> zeros_like(const Tensor<T>& x, Location at = Location::here()) {
  return zeros<T>(x.shape(), {.device = x.device()}, at);
}
template <class T> Tensor<T> ones_like(const Tensor<T>& x, Location at = Location::here()) {
  return ones<T>(x.shape(), {.device = x.device()}, at);
}
template <class T, Arithmetic N> Tensor<T> full_like(const Tensor<T>& x, N value, Location at = Location::here()) {
  return full<T>(x.shape(), value, {.device = x.device()}, at);
}

namespace detail {

/// 0, 1, ..., n - 1 for an op of that name.
inline Tensor<std::int64_t> counting(std::int64_t n, const char* op, Location at) {
  Tensor<std::int64_t> t = allocate<std::int64_t>(Shape(n), Device::cpu, op, at);
  for (std::int64_t i = 0; i < n; ++i) t.data()[i] = i;
  return t;
}

template <class T>
Tensor<T> arange_of_integers(std::int64_t start, std::int64_t end, std::int64_t step, const TensorOptions& options,
                             Location at) {
  check(step != 0 && (start == end || (end > start) == (step > 0)), at, "arange: cannot get from ", start, " to ", end,
        " in steps of ", step);
  using Count = std::uint64_t;  // a difference of two int64 may need its top bit, and wraps around to the right value
  const Count way = step > 0 ? static_cast<Count>(end) - static_cast<Count>(start)
                             : static_cast<Count>(start) - static_cast<Count>(end);
  const Count stride = step > 0 ? static_cast<Count>(step) : Count{0} - static_cast<Count>(step),
              count = way / stride + (way % stride != 0);
  check(count <= static_cast<Count>(most_bytes), at, "arange: from ", start, " to ", end, " in steps of ", step,
        " are ", count, " elements: too many");
  const auto n = static_cast<std::int64_t>(count);
  auto value = [=](std::int64_t i) {
    return static_cast<std::int64_t>(static_cast<Count>(start) + static_cast<Count>(i) * static_cast<Count>(step));
  };
  if (n > 0 && std::integral<T>) fitting<T>(start, "arange", at), fitting<T>(value(n - 1), "arange", at);
  Tensor<T> t = allocate<T>(Shape(n), Device::cpu, "arange", at);
  for (std::int64_t i = 0; i < n; ++i) t.data()[i] = static_cast<T>(value(i));
  return finish(t, options, at);
}
template <class T>
Tensor<T> arange_of(double start, double end, double step, const TensorOptions& options, Location at) {
  check(std::isfinite(start) && std::isfinite(end) && std::isfinite(step), at,
        "arange: start, end and step must be finite, got ", start, ", ", end, " and ", step);
  check(step != 0 && (end - start) / step >= 0, at, "arange: cannot get from ", start, " to ", end, " in steps of ",
        step);
  const double count = std::ceil((end - start) / step);
  check(count <= static_cast<double>(most_bytes), at, "arange: from ", start, " to ", end, " in steps of ", step,
        " are ", count, " elements: too many");
  const auto n = static_cast<std::int64_t>(count);
  if (n > 0) fitting<T>(start, "arange", at), fitting<T>(start + static_cast<double>(n - 1) * step, "arange", at);
  Tensor<T> t = allocate<T>(Shape(n), Device::cpu, "arange", at);
  for (std::int64_t i = 0; i < n; ++i) t.data()[i] = static_cast<T>(start + static_cast<double>(i) * step);
  return finish(t, options, at);
}
template <class T, class N, class M, class S>
Tensor<T> make_arange(N start, M end, S step, const TensorOptions& options, Location at) {
  using I = std::int64_t;
  if constexpr (std::integral<N> && std::integral<M> && std::integral<S>)
    return arange_of_integers<T>(fitting<I>(start, "arange", at), fitting<I>(end, "arange", at),
                                 fitting<I>(step, "arange", at), options, at);
  else
    return arange_of<T>(static_cast<double>(start), static_cast<double>(end), static_cast<double>(step), options, at);
}

}  // namespace detail

template <class N> using ArangeType = std::conditional_t<std::integral<N>, std::int64_t, float>;

/// start, start + step, ... up to but without `end`: arange(0, 10, 2) is {0, 2, 4, 6, 8}. Of int64 for integers, else
/// float (name the type for another). Integers are exact in all of int64. Throws when the steps do not lead to `end`,
/// for infinities and NaN, and where T cannot hold a value (arange<std::uint8_t>(0, 300)).
template <class T = void, Arithmetic N> auto arange(N end, TensorOptions options = {}, Location at = Location::here()) {
  return detail::make_arange<std::conditional_t<std::is_void_v<T>, ArangeType<N>, T>>(N{}, end, N(1), options, at);
}
template <class T = void, Arithmetic N, Arithmetic M>
auto arange(N start, M end, std::common_type_t<N, M> step = 1, TensorOptions options = {},
            Location at = Location::here()) {
  using Common = std::common_type_t<N, M>;
  return detail::make_arange<std::conditional_t<std::is_void_v<T>, ArangeType<Common>, T>>(start, end, step, options,
                                                                                           at);
}
/// `steps` numbers from start to end, both included, evenly spaced. Throws for infinities and NaN, and where T cannot
/// hold the ends.
template <class T = float>
Tensor<T> linspace(double start, double end, std::int64_t steps, TensorOptions options = {},
                   Location at = Location::here()) {
  check(steps >= 0, at, "linspace: steps must not be negative, got ", steps);
  check(std::isfinite(start) && std::isfinite(end), at, "linspace: start and end must be finite, got ", start, " and ",
        end);
  detail::fitting<T>(start, "linspace", at), detail::fitting<T>(end, "linspace", at);
  Tensor<T> t = detail::allocate<T>(Shape(steps), Device::cpu, "linspace", at);
  const double parts = static_cast<double>(steps - 1), way = end - start;
  const double step = steps > 1 ? std::isfinite(way) ? way / parts : end / parts - start / parts : 0;
  for (std::int64_t i = 0; i < steps; ++i)  // from both ends, as PyTorch does, so that the last value is exactly `end`
    t.data()[i] = static_cast<T>(i < (steps + 1) / 2 ? start + step * static_cast<double>(i)
                                                     : end - step * static_cast<double>(steps - 1 - i));
  return detail::finish(t, options, at);
}
/// The identity matrix, or its n by m upper left part. Throws for negative sizes.
template <class T = float>
Tensor<T> eye(std::int64_t n, std::optional<std::int64_t> m = {}, TensorOptions options = {},
              Location at = Location::here()) {
  const std::int64_t columns = m.value_or(n);
  Tensor<T> t = detail::filled<T>({n, columns}, T{}, {}, "eye", at);
  for (std::int64_t i = 0; i < std::min(n, columns); ++i) t.data()[i * columns + i] = T(1);
  return detail::finish(t, options, at);
}

// ---- random numbers: element i depends on (seed, stream, i) alone ----

namespace detail {

inline Generator& pick(Generator* g) { return g ? *g : default_generator(); }

/// out[i] for i in [0, n) from the words of counter i / each; make(word, numbers) turns 64 counters' words into
/// 64 * each numbers.
template <int each, class T, class Make> void fill_random(T* out, std::int64_t n, Generator& generator, Make make) {
  const auto seed = generator.seed(), stream = generator.next_stream();
  constexpr std::int64_t block = each * philox_width;
  parallel_chunks((n + block - 1) / block, 64, [=](std::int64_t begin, std::int64_t end) {
    constexpr std::int64_t together = 8;
    PhiloxBlock drawn[together];
    for (std::int64_t b = begin; b < end; b += together) {
      const PhiloxBlock* from = drawn;
      const std::int64_t count = std::min(together, end - b);
      philox_blocks(seed, stream, static_cast<std::uint64_t>(b * philox_width), count, drawn);
      simd::run([=] {
        T rest[block];
        for (std::int64_t k = 0; k < count; ++k) {
          T* to = out + (b + k) * block;
          const bool fits = (b + k + 1) * block <= n;
          make(from[k].word, fits ? to : rest);
          if (!fits) std::copy(rest, rest + (n - (b + k) * block), to);
        }
      });
    }
  });
}

/// low + (high - low) u with u uniform in [0, 1).
template <class T> struct MakeUniform {
  T low, scale;
  CHAINRULE_HD void operator()(const std::uint32_t (&word)[4][philox_width], T* out) const {
    if constexpr (sizeof(T) == 4) {
      CHAINRULE_SIMD for (int i = 0; i < philox_width; ++i) {
        out[4 * i] = low + scale * unit_float(word[0][i]);
        out[4 * i + 1] = low + scale * unit_float(word[1][i]);
        out[4 * i + 2] = low + scale * unit_float(word[2][i]);
        out[4 * i + 3] = low + scale * unit_float(word[3][i]);
      }
    } else {
      CHAINRULE_SIMD for (int i = 0; i < philox_width; ++i) {
        out[2 * i] = low + scale * unit_double(word[0][i], word[1][i]);
        out[2 * i + 1] = low + scale * unit_double(word[2][i], word[3][i]);
      }
    }
  }
};

/// Box-Muller: two uniforms give two normals.
template <class T> struct MakeNormal {
  T mean, std;
  CHAINRULE_HD void pair(T u, T v, T& first, T& second) const {  // u in (0, 1], v in [0, 1)
    const T radius = std * math::sqrt(T(-2) * math::log(u)), angle = T(2 * std::numbers::pi) * v;
    first = mean + radius * math::cos_near(angle);
    second = mean + radius * math::sin_near(angle);
  }
  // In (0, 1] with 32 bits' resolution near 0, which is where the far tails come from: to 6.7 standard deviations.
  CHAINRULE_HD static float positive(std::uint32_t w) {
    return unit_float(w) + (static_cast<float>(static_cast<std::int32_t>(w & 255)) + 1.0f) * (1.0f / 4294967296.0f);
  }
  CHAINRULE_HD void operator()(const std::uint32_t (&word)[4][philox_width], T* out) const {
    if constexpr (sizeof(T) == 4) {
      CHAINRULE_SIMD for (int i = 0; i < philox_width; ++i) {
        T a, b, c, d;
        pair(positive(word[0][i]), unit_float(word[1][i]), a, b);
        pair(positive(word[2][i]), unit_float(word[3][i]), c, d);
        out[4 * i] = a;
        out[4 * i + 1] = b;
        out[4 * i + 2] = c;
        out[4 * i + 3] = d;
      }
    } else {
      CHAINRULE_SIMD for (int i = 0; i < philox_width; ++i) {
        T a, b;
        pair(1.0 - unit_double(word[0][i], word[1][i]), unit_double(word[2][i], word[3][i]), a, b);
        out[2 * i] = a;
        out[2 * i + 1] = b;
      }
    }
  }
};

template <Real T> void fill_uniform(T* out, std::int64_t n, double low, double high, Generator& generator) {
  fill_random<sizeof(T) == 4 ? 4 : 2>(out, n, generator,
                                      MakeUniform<T>{static_cast<T>(low), static_cast<T>(high - low)});
}
template <Real T> void fill_normal(T* out, std::int64_t n, double mean, double std, Generator& generator) {
  fill_random<sizeof(T) == 4 ? 4 : 2>(out, n, generator, MakeNormal<T>{static_cast<T>(mean), static_cast<T>(std)});
}

__extension__ typedef unsigned __int128 uint128;
/// A number in [0, n) without bias worth naming (64 random bits scaled).
inline std::uint64_t below(std::uint64_t bits, std::uint64_t n) {
  return static_cast<std::uint64_t>((static_cast<uint128>(bits) * n) >> 64);
}

}  // namespace detail

/// Uniform in [0, 1).
template <Real T = float>
Tensor<T> rand(const Shape& shape, TensorOptions options = {}, Location at = Location::here()) {
  Tensor<T> t = detail::allocate<T>(shape, Device::cpu, "rand", at);
  detail::fill_uniform(t.data(), t.numel(), 0, 1, detail::pick(options.generator));
  return detail::finish(t, options, at);
}
template <Real T = float, std::integral I, std::integral... N>
Tensor<T> rand(detail::FirstSize first, I second, N... rest) {
  return rand<T>({first.value, second, rest...}, {}, first.at);
}
/// Normal with mean 0 and standard deviation 1.
template <Real T = float>
Tensor<T> randn(const Shape& shape, TensorOptions options = {}, Location at = Location::here()) {
  Tensor<T> t = detail::allocate<T>(shape, Device::cpu, "randn", at);
  detail::fill_normal(t.data(), t.numel(), 0, 1, detail::pick(options.generator));
  return detail::finish(t, options, at);
}
template <Real T = float, std::integral I, std::integral... N>
Tensor<T> randn(detail::FirstSize first, I second, N... rest) {
  return randn<T>({first.value, second, rest...}, {}, first.at);
}
template <Real T> Tensor<T> rand_like(const Tensor<T>& x, Location at = Location::here()) {
  return rand<T>(x.shape(), {.device = x.device()}, at);
}
template <Real T> Tensor<T> randn_like(const Tensor<T>& x, Location at = Location::here()) {
  return randn<T>(x.shape(), {.device = x.device()}, at);
}

/// Integers in [low, high). Throws unless low < high, and where T cannot hold both ends
/// (randint<std::uint8_t>(0, 1000)).
template <class T = std::int64_t>
Tensor<T> randint(std::int64_t low, std::int64_t high, const Shape& shape, TensorOptions options = {},
                  Location at = Location::here()) {
  check(high > low, at, "randint: needs low < high, got ", low, " and ", high);
  if constexpr (std::same_as<T, bool>)
    check(low >= 0 && high <= 2, at, "randint: a bool is 0 or 1, got low ", low, " and high ", high);
  detail::fitting<T>(low, "randint", at), detail::fitting<T>(high - 1, "randint", at);
  Tensor<T> t = detail::allocate<T>(shape, Device::cpu, "randint", at);
  Generator& g = detail::pick(options.generator);
  const auto seed = g.seed(), stream = g.next_stream();
  for (std::int64_t i = 0; i < t.numel(); ++i) {
    Philox r(seed, stream, static_cast<std::uint64_t>(i));
    auto bits = (std::uint64_t{r.word[0]} << 32) | r.word[1];
    const std::uint64_t drawn = detail::below(bits, static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low));
    t.data()[i] = static_cast<T>(static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + drawn));
  }
  return detail::finish(t, options, at);
}
/// Integers in [0, high).
template <class T = std::int64_t>
Tensor<T> randint(std::int64_t high, const Shape& shape, TensorOptions options = {}, Location at = Location::here()) {
  return randint<T>(0, high, shape, options, at);
}
/// The numbers 0 to n - 1 in random order (Fisher-Yates).
inline Tensor<std::int64_t> randperm(std::int64_t n, TensorOptions options = {}, Location at = Location::here()) {
  check(n >= 0, at, "randperm: n must not be negative, got ", n);
  Tensor<std::int64_t> t = detail::counting(n, "randperm", at);
  Generator& g = detail::pick(options.generator);
  const auto seed = g.seed(), stream = g.next_stream();
  for (std::int64_t i = n - 1; i > 0; --i) {
    Philox r(seed, stream, static_cast<std::uint64_t>(i));
    auto bits = (std::uint64_t{r.word[0]} << 32) | r.word[1];
    std::swap(t.data()[i], t.data()[detail::below(bits, static_cast<std::uint64_t>(i) + 1)]);
  }
  return detail::finish(t, options, at);
}

namespace detail {

/// Overwrites x with what draw(memory, count) writes in row-major order, whatever x's strides and device.
template <class T, class Draw>
const Tensor<T>& overwrite(const Tensor<T>& x, const char* op, Location at, const Draw& draw) {
  check_editable(x, op, at);
  if (x.is_contiguous() && x.device() == Device::cpu) {
    draw(x.data(), x.numel());
  } else {
    Tensor<T> fresh = allocate<T>(x.shape(), Device::cpu, op, at);
    draw(fresh.data(), fresh.numel());
    map_into(fn::Copy{}, at, x, fresh.to(x.device(), at));
  }
  overwritten(x, op, Tensor<T>(), at);
  return x;
}

}  // namespace detail

template <class T>
const Tensor<T>& Tensor<T>::uniform_(double low, double high, Generator* generator, Location at) const {
  static_assert(Real<T>, "uniform_: expects a float or double tensor; use randint for integers");
  check(low <= high, at, "uniform_: needs low <= high, got ", low, " and ", high);
  check(std::isfinite(static_cast<T>(high - low)) && std::isfinite(static_cast<T>(low)), at, "uniform_: ", low, " to ",
        high, " is too wide for ", name_of(dtype_of<T>));
  return detail::overwrite(*this, "uniform_", at, [&](T* out, std::int64_t n) {
    detail::fill_uniform(out, n, low, high, detail::pick(generator));
  });
}
template <class T>
const Tensor<T>& Tensor<T>::normal_(double mean, double std, Generator* generator, Location at) const {
  static_assert(Real<T>, "normal_: expects a float or double tensor; use randint for integers");
  check(std >= 0, at, "normal_: needs std >= 0, got ", std);
  return detail::overwrite(*this, "normal_", at, [&](T* out, std::int64_t n) {
    detail::fill_normal(out, n, mean, std, detail::pick(generator));
  });
}

}  // namespace chainrule

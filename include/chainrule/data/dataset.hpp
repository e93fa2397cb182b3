#pragma once
// Data sets. A data set is anything with size() and get(i), or operator[](i), that gives a pair, a struct, a tuple, a
// tensor or a number:
//     struct Parity {
//       std::int64_t size() const { return 1000; }
//       std::pair<Tensor<>, std::int64_t> get(std::int64_t i) const {
//         return {tensor({float(i & 1), float(i >> 1 & 1)}), (i ^ i >> 1) & 1};
//       }
//     };
// One that draws random numbers takes a generator, get(i, generator), which depends on the epoch and on i alone: its
// samples are then the same whatever the number of workers. One that can make a whole batch at once has
// get_batch(indices) as well.

#include <chainrule/api.hpp>
#include <concepts>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace chainrule::data {

namespace detail {
/// The type of a data set's indices: std::vector counts in size_t, which g++ -Wconversion wants to be told.
template <class D>
using IndexOf =
    std::conditional_t<std::unsigned_integral<decltype(std::declval<D&>().size())>, std::size_t, std::int64_t>;
}  // namespace detail

template <class D>
concept DrawsSamples = requires(D& d, std::int64_t i, Generator& g) {
  d.get(i, g);
};
template <class D>
concept Dataset = requires(D& d, std::int64_t i) {
  { d.size() } -> std::convertible_to<std::int64_t>;
  requires DrawsSamples<D> || requires { d.get(i); } || requires {
    d[i];
  };
};
template <class D>
concept HasGetBatch = requires(D& d, std::span<const std::int64_t> indices) {
  d.get_batch(indices);
};

/// One batch: `for (auto& [images, labels] : loader)`.
template <class Data, class Target> struct Batch {
  Data data;
  Target target;
};
template <class Data, class Target> Batch(Data, Target) -> Batch<Data, Target>;

template <Dataset D> std::int64_t size_of(D& d) { return static_cast<std::int64_t>(d.size()); }

/// Sample i of a data set that draws no random numbers.
template <Dataset D> auto get_sample(D& d, std::int64_t i) {
  if constexpr (requires { d.get(i); }) return d.get(i);
  else return d[static_cast<detail::IndexOf<D>>(i)];
}
/// Sample i, however the data set makes it.
template <Dataset D> auto get_sample(D& d, std::int64_t i, Generator& g) {
  if constexpr (DrawsSamples<D>) return d.get(i, g);
  else return get_sample(d, i);
}
template <Dataset D>
using SampleOf = decltype(get_sample(std::declval<D&>(), std::int64_t{}, std::declval<Generator&>()));

namespace detail {

using chainrule::detail::allocate;

/// Rows `indices` of x, copied: (indices, ...).
template <class T> Tensor<T> take_rows(const Tensor<T>& x, std::span<const std::int64_t> indices, Location at) {
  if (x.device() != Device::cpu)
    return index_select(x, 0, tensor(std::vector(indices.begin(), indices.end())).to(x.device(), at), at);
  Shape shape = x.shape();
  const std::int64_t rows = shape[0], n = static_cast<std::int64_t>(indices.size());
  shape[0] = n;
  for (auto i : indices) check(i >= 0 && i < rows, at, "sample ", i, " does not exist; there are ", rows);
  Tensor<T> out = allocate<T>(shape, Device::cpu, "get_batch", at);
  const std::int64_t width = rows == 0 ? 0 : x.numel() / rows;
  parallel_chunks(n, std::max<std::int64_t>(1, 65536 / std::max<std::int64_t>(1, width)),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t i = begin; i < end; ++i)
                      std::memcpy(out.data() + i * width, x.data() + indices[static_cast<std::size_t>(i)] * width,
                                  static_cast<std::size_t>(width) * sizeof(T));
                  });
  return out;
}

inline void check_index(std::int64_t i, std::int64_t n, const char* what, Location at) {
  check(i >= 0 && i < n, at, what, ": sample ", i, " does not exist; there are ", n);
}

}  // namespace detail

/// Tensors of the same first size, cut along it: sample i is (x[i], y[i]).
///     TensorDataset set(x, y);   // x: (1000, 2), y: (1000,); set[3], or set.get(3), is a pair of shapes (2,) and ()
template <class... Ts> class TensorDataset {
 public:
  explicit TensorDataset(const Tensor<Ts>&... tensors) : TensorDataset(Location{}, tensors...) {}

  std::int64_t size() const { return std::get<0>(tensors_).shape()[0]; }
  auto get(std::int64_t i) const {
    detail::check_index(i, size(), "TensorDataset", {});
    return std::apply([&](const auto&... x) { return sample(x[i]...); }, tensors_);
  }
  auto operator[](std::int64_t i) const { return get(i); }
  auto get_batch(std::span<const std::int64_t> indices) const {
    return std::apply([&](const auto&... x) { return batch(detail::take_rows(x, indices, {})...); }, tensors_);
  }
  const std::tuple<Tensor<Ts>...>& tensors() const { return tensors_; }

 private:
  TensorDataset(Location at, const Tensor<Ts>&... tensors) {
    const TensorBase* all[] = {&tensors...};
    for (const auto* t : all) {
      check(t->defined() && t->dim() > 0, at,
            "TensorDataset: every tensor needs a first dimension, which counts the samples");
      check(t->shape()[0] == all[0]->shape()[0], at, "TensorDataset: the first sizes differ: shapes ", all[0]->shape(),
            " and ", t->shape());
    }
    no_grad guard;
    tensors_ = std::tuple(tensors.detach().contiguous()...);
  }
  template <class A> static A sample(A a) { return a; }
  template <class A, class B> static std::pair<A, B> sample(A a, B b) { return {a, b}; }
  template <class A, class B, class C, class... More>
  static std::tuple<A, B, C, More...> sample(A a, B b, C c, More... more) {
    return {a, b, c, more...};
  }
  template <class A> static A batch(A a) { return a; }
  template <class A, class B> static Batch<A, B> batch(A a, B b) { return {a, b}; }
  template <class A, class B, class C, class... More>
  static std::tuple<A, B, C, More...> batch(A a, B b, C c, More... more) {
    return {a, b, c, more...};
  }

  std::tuple<Tensor<Ts>...> tensors_;
};

/// Some samples of a data set, by number. It holds a copy of the data set, or the data set itself if that is moved in;
/// copies of the Subset share it.
///     Subset few(set, {0, 10, 20});
template <Dataset D> class Subset {
 public:
  Subset(D dataset, std::vector<std::int64_t> indices, Location at = Location::here())
      : Subset(std::make_shared<D>(std::move(dataset)), std::move(indices), at) {}
  Subset(std::shared_ptr<D> dataset, std::vector<std::int64_t> indices, Location at = Location::here())
      : dataset_(std::move(dataset)), indices_(std::move(indices)) {
    for (auto i : indices_) detail::check_index(i, size_of(*dataset_), "Subset", at);
  }

  std::int64_t size() const { return static_cast<std::int64_t>(indices_.size()); }
  auto get(std::int64_t i) const requires(!DrawsSamples<D>) { return get_sample(*dataset_, original(i)); }
  auto operator[](std::int64_t i) const requires(!DrawsSamples<D>) { return get(i); }
  auto get(std::int64_t i, Generator& g) const requires DrawsSamples<D> { return dataset_->get(original(i), g); }
  auto get_batch(std::span<const std::int64_t> batch) const requires HasGetBatch<D> {
    std::vector<std::int64_t> originals;
    for (auto i : batch) originals.push_back(original(i));
    return dataset_->get_batch(originals);
  }
  const std::vector<std::int64_t>& indices() const { return indices_; }
  D& dataset() const { return *dataset_; }

 private:
  std::int64_t original(std::int64_t i) const {
    detail::check_index(i, size(), "Subset", {});
    return indices_[static_cast<std::size_t>(i)];
  }
  std::shared_ptr<D> dataset_;
  std::vector<std::int64_t> indices_;
};

/// Data sets one after the other. Their samples must have one type.
///     ConcatDataset both(train, extra);
template <Dataset First, Dataset... Rest> class ConcatDataset {
  static_assert((std::same_as<SampleOf<First>, SampleOf<Rest>> && ...),
                "the samples of a ConcatDataset must have one type");

 public:
  explicit ConcatDataset(First first, Rest... rest) : parts_(std::move(first), std::move(rest)...) {}

  std::int64_t size() const {
    return std::apply([](auto&... part) { return (size_of(part) + ...); }, parts_);
  }
  auto get(std::int64_t i, Generator& g) const requires(DrawsSamples<First> || (DrawsSamples<Rest> || ...)) {
    return pick(i, g);
  }
  auto get(std::int64_t i) const requires(!(DrawsSamples<First> || (DrawsSamples<Rest> || ...))) {
    Generator unused;
    return pick(i, unused);
  }

 private:
  SampleOf<First> pick(std::int64_t i, Generator& g) const {
    detail::check_index(i, size(), "ConcatDataset", {});
    std::optional<SampleOf<First>> found;
    std::apply([&](auto&... part) { (take(part, i, g, found) || ...); }, parts_);
    return std::move(*found);
  }
  template <class D> static bool take(D& part, std::int64_t& i, Generator& g, std::optional<SampleOf<First>>& found) {
    const std::int64_t n = size_of(part);
    if (i >= n) {
      i -= n;
      return false;
    }
    found.emplace(get_sample(part, i, g));
    return true;
  }
  mutable std::tuple<First, Rest...> parts_;
};

/// Where a function that shuffles gets its random numbers: a generator, or a seed for one of its own; else the default
/// generator.
struct SplitOptions {
  Generator* generator = nullptr;
  std::optional<std::uint64_t> seed = {};
};

namespace detail {

/// Lengths as they are if they add up to n; fractions that add up to 1 are rounded down, and what is left goes to the
/// first ones.
template <Arithmetic N> std::vector<std::int64_t> split_lengths(std::span<const N> asked, std::int64_t n, Location at) {
  std::vector<std::int64_t> lengths;
  double total = 0;
  for (auto a : asked) {
    check(a >= N(0), at, "random_split: lengths must not be negative, got ", a);
    total += static_cast<double>(a);
  }
  if constexpr (std::integral<N>) {
    std::int64_t sum = 0;
    for (auto a : asked) {
      lengths.push_back(chainrule::detail::fitting<std::int64_t>(a, "random_split", at));
      sum = chainrule::detail::add_sizes(sum, lengths.back());
    }
    check(sum == n, at, "random_split: the lengths add up to ", total, ", the data set has ", n, " samples");
  } else {
    check(std::abs(total - 1) < 1e-6, at, "random_split: the fractions must add up to 1, got ", total);
    std::int64_t left = n;
    for (auto a : asked) {
      lengths.push_back(
          std::min(left, static_cast<std::int64_t>(static_cast<double>(n) * static_cast<double>(a) + 1e-9)));
      left -= lengths.back();
    }
    for (std::size_t i = 0; left > 0; i = (i + 1) % lengths.size(), --left) ++lengths[i];
  }
  return lengths;
}

template <class D>
std::vector<Subset<D>> random_parts(std::shared_ptr<D> set, const std::vector<std::int64_t>& lengths,
                                    SplitOptions options, Location at) {
  Generator own(options.seed.value_or(0));
  Generator* generator = options.generator ? options.generator : options.seed ? &own : nullptr;
  const auto order = randperm(size_of(*set), {.generator = generator}, at).to_vector();
  std::vector<Subset<D>> parts;
  auto next = order.begin();
  for (auto n : lengths) {
    parts.emplace_back(set, std::vector<std::int64_t>(next, next + n), at);
    next += n;
  }
  return parts;
}

}  // namespace detail

/// Cuts a data set into parts at random: lengths that add up to its size, or fractions that add up to 1.
///     auto [train, valid] = random_split(set, {0.9, 0.1}, {.seed = 42});
///     auto [train, valid] = random_split(set, {50000, 10000});
template <class D, Arithmetic N, std::size_t Parts>
auto random_split(D&& dataset, const N (&lengths)[Parts], SplitOptions options = {}, Location at = Location::here()) {
  using Set = std::remove_cvref_t<D>;
  auto set = std::make_shared<Set>(std::forward<D>(dataset));
  auto parts =
      detail::random_parts(set, detail::split_lengths(std::span<const N>(lengths), size_of(*set), at), options, at);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<Subset<Set>, Parts>{std::move(parts[I])...};
  }
  (std::make_index_sequence<Parts>{});
}
/// The same with a number of parts that is known at run time only.
template <class D, Arithmetic N>
auto random_split(D&& dataset, const std::vector<N>& lengths, SplitOptions options = {},
                  Location at = Location::here()) {
  using Set = std::remove_cvref_t<D>;
  auto set = std::make_shared<Set>(std::forward<D>(dataset));
  return detail::random_parts(set, detail::split_lengths(std::span<const N>(lengths), size_of(*set), at), options, at);
}

}  // namespace chainrule::data

#pragma once
// Samples into a batch: tensors are stacked, integers become an int64 tensor, pairs a Batch of both; structs and tuples
// go member by member.

#include <chainrule/data/dataset.hpp>
#include <chainrule/nn/reflect.hpp>
#include <string>

namespace chainrule::data {

namespace detail {

template <class X> inline constexpr bool is_tensor = false;
template <class T> inline constexpr bool is_tensor<Tensor<T>> = true;
template <class X> inline constexpr bool is_tuple = false;
template <class... X> inline constexpr bool is_tuple<std::tuple<X...>> = true;
template <class X> inline constexpr bool is_pair = false;
template <class A, class B> inline constexpr bool is_pair<std::pair<A, B>> = true;

/// (samples, ...) from samples of one shape. `indices` are the samples' numbers in the data set, for the message.
template <class T>
Tensor<T> stack_samples(const std::vector<Tensor<T>>& items, std::span<const std::int64_t> indices, Location at) {
  const Tensor<T>& first = items[0];
  check(first.defined(), at, "DataLoader: sample ", indices[0], " has a tensor that is not defined");
  for (std::size_t i = 1; i < items.size(); ++i)
    check(items[i].defined() && items[i].shape() == first.shape(), at, "DataLoader: sample ", indices[i], " has shape ",
          items[i].defined() ? items[i].shape() : Shape{}, ", sample ", indices[0], " of the same batch has ",
          first.shape(), "; bring them to one shape, or give the loader a collate function");
  if (first.device() != Device::cpu) return stack(items, 0, at);
  Shape shape = first.shape();
  shape.insert(0, static_cast<std::int64_t>(items.size()));
  Tensor<T> out = allocate<T>(shape);
  const std::int64_t width = first.numel();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Tensor<T> item = contiguous(items[i], at);
    if (width > 0)
      std::memcpy(out.data() + static_cast<std::int64_t>(i) * width, item.data(),
                  static_cast<std::size_t>(width) * sizeof(T));
  }
  return out;
}

template <class Item> auto collate(std::vector<Item> items, std::span<const std::int64_t> indices, Location at);

// Batches of member 0, member 1, ...: two make a Batch, more a tuple.
template <std::size_t N, class Item, class Member>
auto collate_members(std::vector<Item>& items, std::span<const std::int64_t> indices, Location at,
                     const Member& member) {
  auto column = [&]<std::size_t I>(std::integral_constant<std::size_t, I> which) {
    std::vector<std::remove_cvref_t<decltype(member(items[0], which))>> all;
    all.reserve(items.size());
    for (auto& item : items) all.push_back(std::move(member(item, which)));
    return collate(std::move(all), indices, at);
  };
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    if constexpr (N == 2) return Batch{column(std::integral_constant<std::size_t, I>{})...};
    else return std::tuple{column(std::integral_constant<std::size_t, I>{})...};
  }
  (std::make_index_sequence<N>{});
}

template <class Item> auto collate(std::vector<Item> items, std::span<const std::int64_t> indices, Location at) {
  if constexpr (is_tensor<Item>) {
    return stack_samples(items, indices, at);
  } else if constexpr (Real<Item>) {
    return tensor(items);
  } else if constexpr (std::integral<Item> || std::is_enum_v<Item>) {
    Tensor<std::int64_t> out = allocate<std::int64_t>(Shape(items.size()));
    for (std::size_t i = 0; i < items.size(); ++i) out.data()[i] = static_cast<std::int64_t>(items[i]);
    return out;
  } else if constexpr (is_pair<Item> || is_tuple<Item>) {
    return collate_members<std::tuple_size_v<Item>>(
        items, indices, at, [](auto& item, auto which) -> auto& { return std::get<which()>(item); });
  } else if constexpr (std::is_aggregate_v<Item>) {
    return collate_members<nn::detail::arity<Item>>(
        items, indices, at,
        [](auto& item, auto which) -> auto& { return *std::get<which()>(nn::detail::pointers(item)); });
  } else {
    return items;  // strings, paths, ...: as they are
  }
}

}  // namespace detail

/// What a DataLoader does with the samples of a batch when it is told nothing else.
struct DefaultCollate {
  template <class Item>
  auto operator()(std::vector<Item> items, std::span<const std::int64_t> indices, Location at = {}) const {
    return detail::collate(std::move(items), indices, at);
  }
};

}  // namespace chainrule::data

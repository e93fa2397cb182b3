#pragma once
// Copies and conversions: clone, contiguous, to<type>, to(device).

#include <chainrule/core/binary.hpp>
#include <cstring>

namespace chainrule {

namespace fn {

struct Copy {
  static constexpr auto name = "copy";
  template <class T> CHAINRULE_HD T operator()(T x) const { return x; }
};
template <class U> struct Cast {
  static constexpr auto name = "to";
  template <class T> CHAINRULE_HD U operator()(T x) const {
    if constexpr (std::is_same_v<T, bool>) return x ? U(1) : U(0);  // a selection, which compilers have vectors for
    else return static_cast<U>(x);
  }
};

}  // namespace fn

/// A contiguous copy. Gradient: g.
template <class T> Tensor<T> clone(const Tensor<T>& x, Location at = Location::here()) {
  return record(
      "clone", map(fn::Copy{}, at, x), {x}, [](const Tensor<T>& g) { return Grads{g}; }, at);
}
/// x itself if its elements lie one after the other in row-major order, else a copy that does.
template <class T> Tensor<T> contiguous(const Tensor<T>& x, Location at = Location::here()) {
  return x.is_contiguous() ? x : clone(x, at);
}

/// The same values as another element type: x.to<double>(). Between float and double the gradient is g, converted back.
///     tensor({1.9f}).to<std::int64_t>()   // {1}: toward zero
template <class U, class T> Tensor<U> cast(const Tensor<T>& x, Location at = Location::here()) {
  if constexpr (std::same_as<U, T>) return x;
  else if constexpr (Real<U> && Real<T>)
    return record(
        "to", map(fn::Cast<U>{}, at, x), {x}, [](const Tensor<U>& g) { return Grads{cast<T>(g)}; }, at);
  else return map(fn::Cast<U>{}, at, x);
}

/// x on another device; x itself if it is there already. Gradient: g, brought back.
template <class T> Tensor<T> to_device(const Tensor<T>& x, Device device, Location at = Location::here()) {
  if (x.device() == device) return x;
  Tensor<T> from = contiguous(x, at);
  Tensor<T> out = detail::allocate<T>(x.shape(), device, "to", at);
  auto* copy = detail::memory_of(device == Device::cpu ? x.device() : device).copy;
  copy(out.data(), device, from.data(), x.device(), static_cast<std::size_t>(x.numel()) * sizeof(T));
  return record(
      "to", out, {x}, [home = x.device()](const Tensor<T>& g) { return Grads{to_device(g, home)}; }, at);
}

namespace detail {

/// Calls f with a handle on x as integers of the same width: for what moves values without computing. (A program that
/// trains in float need not compile the copies of the other types, least of all with the gradients of double.)
template <class F> void with_bits(const TensorBase& x, const F& f) {
  switch (size_of(x.dtype())) {
    case 8: return f(Tensor<std::int64_t>(x.share()));
    case 4: return f(Tensor<std::int32_t>(x.share()));
    default: return f(Tensor<std::uint8_t>(x.share()));
  }
}

}  // namespace detail

template <class T> Tensor<T> Tensor<T>::clone(Location at) const { return chainrule::clone(*this, at); }
template <class T> Tensor<T> Tensor<T>::contiguous(Location at) const { return chainrule::contiguous(*this, at); }
template <class T> template <class U> Tensor<U> Tensor<T>::to(Location at) const { return cast<U>(*this, at); }
template <class T> Tensor<T> Tensor<T>::to(Device device, Location at) const { return to_device(*this, device, at); }

template <class T> std::vector<T> Tensor<T>::to_vector() const {
  no_grad guard;
  Tensor flat = chainrule::contiguous(to_device(*this, Device::cpu));
  try {
    return std::vector<T>(flat.data(), flat.data() + numel());
  } catch (const std::bad_alloc&) {
    detail::fail_memory(shape(), dtype(), static_cast<std::size_t>(numel()) * sizeof(T), "to_vector", {});
  }
}
template <class T> T Tensor<T>::item(Location at) const {
  check(defined(), at, "item: this tensor is not defined");
  check(numel() == 1, at, "item: only a tensor with one element is a number, this one has shape ", shape());
  if (device() == Device::cpu) return *data();
  return to_vector()[0];
}
template <class T> T Tensor<T>::at(const Shape& index, Location at) const {
  check(index.size() == dim(), at, "at: ", index.size(), " indices for shape ", shape());
  std::int64_t offset = 0;
  for (int d = 0; d < dim(); ++d) {
    std::int64_t i = index[d] < 0 ? index[d] + shape()[d] : index[d];
    check(i >= 0 && i < shape()[d], at, "at: index ", index, " lies outside of shape ", shape());
    offset += i * strides()[d];
  }
  if (device() == Device::cpu) return data()[offset];
  return Tensor(detail::alias(*this, {}, {}, impl_->offset + offset)).item(at);
}

}  // namespace chainrule

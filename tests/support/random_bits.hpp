#pragma once
// Random tensors from a seed, and whether two tensors agree bit for bit: for tests of ops that stand for several
// others.

#include <chainrule/api.hpp>
#include <cstring>

namespace chainrule_test {

template <class T>
chainrule::Tensor<T> random(const chainrule::Shape& shape, std::uint64_t seed, bool requires_grad = true) {
  chainrule::Generator g(seed);
  return chainrule::randn<T>(shape, {.requires_grad = requires_grad, .generator = &g});
}
/// Both undefined, or of one shape and the same bits.
template <class T> bool same_bits(const chainrule::Tensor<T>& a, const chainrule::Tensor<T>& b) {
  if (!a.defined() || !b.defined()) return a.defined() == b.defined();
  const auto x = a.to_vector(), y = b.to_vector();
  return a.shape() == b.shape() && std::memcmp(x.data(), y.data(), x.size() * sizeof(T)) == 0;
}

}  // namespace chainrule_test

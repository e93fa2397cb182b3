#pragma once
// dropout: elements left out at random. The mask is never stored: the gradient draws it again from the same seed and
// stream.

#include <chainrule/core/binary.hpp>
#include <chainrule/core/random.hpp>
#include <chainrule/ops/copy.hpp>

namespace chainrule {

namespace fn {

/// Which elements stay: element i of draw (seed, stream) stays if its random number is at least p.
struct DropoutMask {
  std::uint64_t seed, stream;
  double p;
};

/// y = x / (1 - p) where the mask lets it through, else 0. The CPU kernel stands in cpu/dropout.hpp.
template <class T> struct Dropout {
  static constexpr auto name = "dropout";
  using fn = void(const DropoutMask& mask, std::int64_t n, const T* x, T* y);
  [[gnu::weak]] static fn cpu;  // cpu/dropout.hpp
};

}  // namespace fn

namespace detail {

/// Into y, which may be x. Linear in x and its own transpose: the gradient of the gradient is the op again.
template <Real T>
Tensor<T> dropout_as(const char* op, const Tensor<T>& x, fn::DropoutMask mask, const Tensor<T>& y,
                     Location at = Location::here()) {
  {
    no_grad guard;
    const Tensor<T> in = contiguous(x, at);
    kernel<fn::Dropout<T>>::on(x.device(), at)(mask, x.numel(), in.data(), y.data());
  }
  return record(
      op, y, {x},
      [mask](const Tensor<T>& g, Needs need) { return Grads{dropout_as("dropout_grad", g, mask, need.reuse(g))}; }, at);
}

}  // namespace detail

/// In training each number becomes 0 with probability p and else x / (1 - p), so that its expectation is x; outside of
/// training, and for p = 0, x itself. float and double, any shape. The same generator state gives the same mask,
/// whatever the number of threads.
/// Gradient: g / (1 - p) where x stayed, else 0. Throws unless 0 <= p <= 1. Source: Srivastava et al. 2014;
/// torch.nn.functional.dropout.
///     dropout(ones({4}))   // for example {2, 0, 0, 2}
template <Real T>
Tensor<T> dropout(const Tensor<T>& x, double p = 0.5, bool training = true, Generator* generator = nullptr,
                  Location at = Location::here()) {
  check(p >= 0 && p <= 1, at, "dropout: p must lie between 0 and 1, got ", p);
  if (!training || p == 0) return x;
  Generator& g = generator ? *generator : default_generator();
  return detail::dropout_as("dropout", x, {g.seed(), g.next_stream(), p},
                            detail::allocate<T>(x.shape(), x.device(), "dropout", at), at);
}

/// Options of dropout: dropout(x, 0.5, {.training = false}), dropout(x, {.p = 0.2}).
struct DropoutFuncOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  double p = 0.5;
  bool training = true;
  Generator* generator = nullptr;
};
template <Real T> Tensor<T> dropout(const Tensor<T>& x, DropoutFuncOptions options, Location at = Location::here()) {
  return dropout(x, options.p, options.training, options.generator, at);
}
template <Real T>
Tensor<T> dropout(const Tensor<T>& x, double p, DropoutFuncOptions rest, Location at = Location::here()) {
  return dropout(x, p, rest.training, rest.generator, at);
}

}  // namespace chainrule

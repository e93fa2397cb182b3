#pragma once
// avg_pool2d and adaptive_avg_pool2d: the mean of each window. Both are one kernel over bins; what differs is where a
// bin begins and ends.

#include <chainrule/ops/max_pool2d.hpp>

namespace chainrule {

/// Options of avg_pool2d, as in PyTorch.
struct AvgPool2dOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  std::optional<Size2d> stride = {};  ///< the window's size if left out
  Size2d padding = 0;                 ///< zeros on each side
  bool ceil_mode = false;
  bool count_include_pad = true;                      ///< the divisor counts the padding too
  std::optional<std::int64_t> divisor_override = {};  ///< the divisor, whatever the window holds
};

namespace fn {

/// One direction of an image cut into bins: `in` elements into `out` bins, by a moving window or, if kernel is 0,
/// evenly.
struct Bins {
  std::int64_t in, out, kernel = 0, stride = 0, pad = 0;
  bool include_pad = false;

  CHAINRULE_HD std::int64_t begin(std::int64_t i) const {
    if (kernel == 0) return i * in / out;
    return i * stride - pad > 0 ? i * stride - pad : 0;
  }
  CHAINRULE_HD std::int64_t end(std::int64_t i) const {
    if (kernel == 0) return ((i + 1) * in + out - 1) / out;
    const std::int64_t e = i * stride - pad + kernel;
    return e < in ? e : in;
  }
  /// What the bin contributes to the divisor.
  CHAINRULE_HD std::int64_t extent(std::int64_t i) const {
    if (!include_pad) return end(i) - begin(i);
    const std::int64_t b = i * stride - pad, e = b + kernel;
    return (e < in + pad ? e : in + pad) - b;
  }
};

struct AvgPoolShape {
  std::int64_t planes;
  Bins rows, columns;
  std::int64_t divisor;  // 0: the bin's extent

  CHAINRULE_HD std::int64_t divisor_of(std::int64_t i, std::int64_t j) const {
    return divisor ? divisor : rows.extent(i) * columns.extent(j);
  }
};

// The slots.
template <class T> struct AvgPool2d {
  static constexpr auto name = "avg_pool2d";
  using fn = void(const AvgPoolShape& shape, const T* x, T* y);
  [[gnu::weak]] static fn cpu;  // cpu/pool/avg_pool2d.hpp
};
template <class T> struct AvgPool2dGrad {
  static constexpr auto name = "avg_pool2d_grad";
  using fn = void(const AvgPoolShape& shape, const T* g, T* gx);
  [[gnu::weak]] static fn cpu;  // cpu/pool/avg_pool2d.hpp
};

}  // namespace fn

namespace detail {

template <Real T>
Tensor<T> avg_pool2d_as(const char* op, const Tensor<T>& x, const fn::AvgPoolShape& s, Location at = Location::here());

/// g spread evenly over its bin: the gradient of the means, whose gradient are the means again.
template <Real T>
Tensor<T> avg_pool2d_grad(const char* op, const Tensor<T>& g, const fn::AvgPoolShape& s,
                          Location at = Location::here()) {
  Tensor<T> gx = allocate<T>(with_size(g.shape(), s.rows.in, s.columns.in), g.device(), op, at);
  if (gx.numel() > 0) {
    no_grad guard;
    const Tensor<T> up = contiguous(g, at);
    kernel<fn::AvgPool2dGrad<T>>::on(g.device(), at)(s, up.data(), gx.data());
  }
  return record(
      "avg_pool2d_grad", gx, {g}, [s, op](const Tensor<T>& u) { return Grads{avg_pool2d_as(op, u, s)}; }, at);
}
template <Real T> Tensor<T> avg_pool2d_as(const char* op, const Tensor<T>& x, const fn::AvgPoolShape& s, Location at) {
  Tensor<T> y = allocate<T>(with_size(x.shape(), s.rows.out, s.columns.out), x.device(), op, at);
  if (y.numel() > 0) {
    no_grad guard;
    const Tensor<T> in = contiguous(x, at);
    kernel<fn::AvgPool2d<T>>::on(x.device(), at)(s, in.data(), y.data());
  }
  return record(
      op, y, {x}, [s, op](const Tensor<T>& g) { return Grads{avg_pool2d_grad(op, g, s)}; }, at);
}

}  // namespace detail

/// The mean of each window: x (N, C, H, W) or (C, H, W) -> (..., OH, OW), sizes as in max_pool2d. float and double.
/// Padding counts as zeros, and in the divisor unless count_include_pad is false; positions beyond the padding
/// (ceil_mode) never count. divisor_override takes the divisor's place. Gradient: g / divisor for each element of the
/// window. Throws for a divisor_override of 0.
/// Source: torch.nn.functional.avg_pool2d.
///     avg_pool2d(tensor({{{1, 2}, {4, 5}}}), 2)   // 3, shape (1, 1, 1)
template <Real T>
Tensor<T> avg_pool2d(const Tensor<T>& x, Size2d kernel_size, AvgPool2dOptions options = {},
                     Location at = Location::here()) {
  check(options.divisor_override != 0, at,
        "avg_pool2d: divisor_override must not be 0; leave it out to divide by the window's size");
  const Size2d stride = options.stride.value_or(kernel_size), pad = options.padding;
  const fn::PoolShape s =
      detail::pool_shape("avg_pool2d", x.shape(), kernel_size, stride, pad, 1, options.ceil_mode, at);
  return detail::avg_pool2d_as(
      "avg_pool2d", x,
      {s.planes, fn::Bins{s.h, s.oh, s.kh, s.stride_h, s.pad_h, options.count_include_pad},
       fn::Bins{s.w, s.ow, s.kw, s.stride_w, s.pad_w, options.count_include_pad}, options.divisor_override.value_or(0)},
      at);
}
/// With the stride third, as in PyTorch: avg_pool2d(x, 3, 2).
template <Real T>
Tensor<T> avg_pool2d(const Tensor<T>& x, Size2d kernel_size, Size2d stride, AvgPool2dOptions options = {},
                     Location at = Location::here()) {
  options.stride = stride;
  return avg_pool2d(x, kernel_size, options, at);
}

/// The image cut into output_size bins, as even as integers allow (bin i from floor(i H / OH) to ceil((i + 1) H / OH),
/// neighbours may overlap), and the mean of each: x (N, C, H, W) or (C, H, W) -> (..., OH, OW). float and double.
/// output_size 1 is the mean of the image; {std::nullopt, 7} keeps the rows.
/// Gradient: g / (size of the bin) for each number of the bin. Source: torch.nn.functional.adaptive_avg_pool2d.
///     adaptive_avg_pool2d(tensor({{{1, 2}, {4, 5}}}), 1)   // 3, shape (1, 1, 1)
template <Real T>
Tensor<T> adaptive_avg_pool2d(const Tensor<T>& x, OutputSize2d output_size, Location at = Location::here()) {
  check(x.dim() == 3 || x.dim() == 4, at, "adaptive_avg_pool2d: expects shape (N, C, H, W) or (C, H, W), got ",
        x.shape());
  const std::int64_t h = x.size(-2), w = x.size(-1), oh = output_size.h.value_or(h), ow = output_size.w.value_or(w);
  check(h > 0 && w > 0, at, "adaptive_avg_pool2d: the image is empty, ", x.shape());
  check(oh > 0 && ow > 0, at, "adaptive_avg_pool2d: output_size must be positive, got ", output_size.str());
  return detail::avg_pool2d_as("adaptive_avg_pool2d", x, {x.numel() / (h * w), fn::Bins{h, oh}, fn::Bins{w, ow}, 0},
                               at);
}

}  // namespace chainrule

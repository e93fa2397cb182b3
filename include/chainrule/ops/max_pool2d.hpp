#pragma once
// max_pool2d: the largest number of each window. Which one it was is kept as its place in the window: one byte.

#include <chainrule/core/binary.hpp>
#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/size2d.hpp>

namespace chainrule {

/// Options of max_pool2d, as in PyTorch.
struct MaxPool2dOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  std::optional<Size2d> stride = {};  ///< the window's size if left out
  Size2d padding = 0;                 ///< places outside of the image, which never win
  Size2d dilation = 1;
  bool ceil_mode = false;           ///< windows that begin in the image but do not fit count too
};

namespace fn {

/// Planes (N C) of an image and a window that moves over them.
struct PoolShape {
  std::int64_t planes, h, w, oh, ow, kh, kw, stride_h, stride_w, pad_h, pad_w, dil_h, dil_w;
};

// The slots; I holds a place in the window (row * kw + column): uint8_t, or int32_t for windows of more than 255.
// The CPU kernels stand in cpu/max_pool2d.hpp.
template <class T, class I> struct MaxPool2d {
  static constexpr auto name = "max_pool2d";
  using fn = void(const PoolShape& shape, const T* x, T* y, I* place);  // place may be null
};
/// gx = g at the winners, added up where windows overlap.
template <class T, class I> struct MaxPool2dGrad {
  static constexpr auto name = "max_pool2d_grad";
  using fn = void(const PoolShape& shape, const T* g, const I* place, T* gx);
};
/// y = x at the winners of an earlier max_pool2d; 0 for a window of nothing but padding.
template <class T, class I> struct MaxPool2dPick {
  static constexpr auto name = "max_pool2d_pick";
  using fn = void(const PoolShape& shape, const T* x, const I* place, T* y);
};

}  // namespace fn

namespace detail {

/// How many windows fit in one direction.
inline std::int64_t pooled_size(const char* op, std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t pad, std::int64_t dilation, bool ceil_mode, Location at) {
  check(kernel > 0 && stride > 0 && dilation > 0, at, op, ": kernel_size, stride and dilation must be positive, got ", kernel, ", ", stride, " and ", dilation);
  const std::int64_t reach = dilation * (kernel - 1) + 1, room = size + 2 * pad - reach;
  check(pad >= 0 && pad <= reach / 2, at, op, ": padding must be at most half of the window, got ", pad, " for a window of ", reach);
  const std::int64_t last = room + (ceil_mode ? stride - 1 : 0);  // where the last window may begin, at most
  std::int64_t n = last < 0 ? 0 : last / stride + 1;
  if (ceil_mode && (n - 1) * stride >= size + pad) --n;  // the last window must begin inside
  check(n > 0, at, op, ": a window of ", reach, " does not fit into an image of ", size + 2 * pad, " (padding included)");
  return n;
}

inline fn::PoolShape pool_shape(const char* op, const Shape& x, Size2d kernel, Size2d stride, Size2d pad, Size2d dilation, bool ceil_mode, Location at) {
  check(x.size() == 3 || x.size() == 4, at, op, ": expects shape (N, C, H, W) or (C, H, W), got ", x);
  const std::int64_t h = x[x.size() - 2], w = x[x.size() - 1];
  check(h > 0 && w > 0, at, op, ": the image is empty, ", x);
  std::int64_t planes = 1;
  for (int d = 0; d < x.size() - 2; ++d) planes *= x[d];
  return {planes, h, w, pooled_size(op, h, kernel.h, stride.h, pad.h, dilation.h, ceil_mode, at), pooled_size(op, w, kernel.w, stride.w, pad.w, dilation.w, ceil_mode, at),
          kernel.h, kernel.w, stride.h, stride.w, pad.h, pad.w, dilation.h, dilation.w};
}
/// `from` with another height and width.
inline Shape with_size(const Shape& from, std::int64_t h, std::int64_t w) {
  Shape s = from;
  s[s.size() - 2] = h;
  s[s.size() - 1] = w;
  return s;
}

template <Real T, class I> Tensor<T> max_pool2d_pick(const Tensor<T>& x, const Tensor<I>& place, const fn::PoolShape& s, Location at = Location::here());

template <Real T, class I> Tensor<T> max_pool2d_grad(const Tensor<T>& g, const Tensor<I>& place, const fn::PoolShape& s, Location at = Location::here()) {
  Tensor<T> gx = allocate<T>(with_size(g.shape(), s.h, s.w), g.device());
  if (g.numel() > 0) {
    no_grad guard;
    const Tensor<T> up = contiguous(g, at);
    kernel<fn::MaxPool2dGrad<T, I>>::on(g.device(), at)(s, up.data(), place.data(), gx.data());
  }
  return record("max_pool2d_grad", gx, {g}, keep(place), [s](const Tensor<T>& u, const Tensor<I>& p) { return Grads{max_pool2d_pick(u, p, s)}; }, at);
}
template <Real T, class I> Tensor<T> max_pool2d_pick(const Tensor<T>& x, const Tensor<I>& place, const fn::PoolShape& s, Location at) {
  Tensor<T> y = allocate<T>(place.shape(), x.device());
  if (y.numel() > 0) {
    no_grad guard;
    const Tensor<T> in = contiguous(x, at);
    kernel<fn::MaxPool2dPick<T, I>>::on(x.device(), at)(s, in.data(), place.data(), y.data());
  }
  return record("max_pool2d_pick", y, {x}, keep(place), [s](const Tensor<T>& u, const Tensor<I>& p) { return Grads{max_pool2d_grad(u, p, s)}; }, at);
}

template <class I, Real T> Tensor<T> max_pool2d_as(const Tensor<T>& x, const fn::PoolShape& s, Location at) {
  const Shape shape = with_size(x.shape(), s.oh, s.ow);
  Tensor<T> y = allocate<T>(shape, x.device());
  Tensor<I> place;
  if (grad_enabled && x.requires_grad()) place = allocate<I>(shape, x.device());
  if (y.numel() > 0) {
    no_grad guard;
    const Tensor<T> in = contiguous(x, at);
    kernel<fn::MaxPool2d<T, I>>::on(x.device(), at)(s, in.data(), y.data(), place.defined() ? place.data() : nullptr);
  }
  return record("max_pool2d", y, {x}, keep(place), [s](const Tensor<T>& g, const Tensor<I>& p) { return Grads{max_pool2d_grad(g, p, s)}; }, at);
}

}  // namespace detail

/// The largest number of each window: x (N, C, H, W) or (C, H, W) -> (..., OH, OW), OH = floor((H + 2 padding - dilation (KH - 1) - 1)
/// / stride) + 1, or ceil with ceil_mode. float and double. A NaN in the window wins.
/// Gradient: g at the place of the largest number, the first of equal ones (rows before columns); added up where windows overlap.
/// Throws when padding exceeds half of the window or no window fits. Source: torch.nn.functional.max_pool2d.
/// relu(max_pool2d(x, 2)) is max_pool2d(relu(x), 2), gradients too, for less work and memory (dilation apart).
///     max_pool2d(tensor({{{1, 2}, {4, 3}}}), 2)   // 4, shape (1, 1, 1)
template <Real T> Tensor<T> max_pool2d(const Tensor<T>& x, Size2d kernel_size, MaxPool2dOptions options = {}, Location at = Location::here()) {
  const fn::PoolShape s = detail::pool_shape("max_pool2d", x.shape(), kernel_size, options.stride.value_or(kernel_size), options.padding, options.dilation, options.ceil_mode, at);
  if (s.kh * s.kw <= 255) return detail::max_pool2d_as<std::uint8_t>(x, s, at);
  return detail::max_pool2d_as<std::int32_t>(x, s, at);
}
/// With the stride third, as in PyTorch: max_pool2d(x, 3, 2, {.padding = 1}).
template <Real T> Tensor<T> max_pool2d(const Tensor<T>& x, Size2d kernel_size, Size2d stride, MaxPool2dOptions options = {}, Location at = Location::here()) {
  options.stride = stride;
  return max_pool2d(x, kernel_size, options, at);
}

}  // namespace chainrule

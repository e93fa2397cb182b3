#pragma once
// max_pool2d: the largest number of each window. Which one it was is kept as its position in the window: one byte.

#include <chainrule/core/binary.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/size2d.hpp>

namespace chainrule {

/// Options of max_pool2d, as in PyTorch.
struct MaxPool2dOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  std::optional<Size2d> stride = {};  ///< the window's size if left out
  Size2d padding = 0;                 ///< positions outside of the image, which never win
  Size2d dilation = 1;
  bool ceil_mode = false;  ///< windows that begin in the image but do not fit count too
};

namespace fn {

/// Planes (N C) of an image and a window that moves over them.
struct PoolShape {
  std::int64_t planes, h, w, oh, ow, kh, kw, stride_h, stride_w, pad_h, pad_w, dil_h, dil_w;
};

// The slots; I holds a position in the window (row * kw + column): uint8_t, or int32_t for windows of more than 255.
// The CPU kernels stand in cpu/pool/max_pool2d.hpp.
template <class T, class I> struct MaxPool2d {
  static constexpr auto name = "max_pool2d";
  using fn = void(const PoolShape& shape, const T* x, T* y, I* position);  // position may be null
  [[gnu::weak]] static fn cpu;                                             // cpu/pool/max_pool2d.hpp
};
/// gx = g at the winners, added up where windows overlap.
template <class T, class I> struct MaxPool2dGrad {
  static constexpr auto name = "max_pool2d_grad";
  using fn = void(const PoolShape& shape, const T* g, const I* position, T* gx);
  [[gnu::weak]] static fn cpu;  // cpu/pool/max_pool2d.hpp
};
/// y = x at the winners of an earlier max_pool2d; 0 for a window of nothing but padding.
template <class T, class I> struct MaxPool2dPick {
  static constexpr auto name = "max_pool2d_pick";
  using fn = void(const PoolShape& shape, const T* x, const I* position, T* y);
  [[gnu::weak]] static fn cpu;  // cpu/pool/max_pool2d.hpp
};

}  // namespace fn

namespace detail {

/// The longest side of an image, padding included, that a window moves over.
inline constexpr std::int64_t most_pooled = std::int64_t{1} << 46;

/// One direction of a window that moves over an image, and how many of them fit.
struct PooledSize {
  std::int64_t n, kernel, stride, dilation;
};
/// How many windows fit in one direction. What the result does not depend on is made small, so that the kernels' sums
/// of positions fit: the stride of a single window, the dilation of a window of one element, and elements of the window
/// beyond the padding.
PooledSize pooled_size(const char* op, std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                       std::int64_t dilation, bool ceil_mode, Location at);

fn::PoolShape pool_shape(const char* op, const Shape& x, Size2d kernel, Size2d stride, Size2d pad, Size2d dilation,
                         bool ceil_mode, Location at);
/// `from` with another height and width.
inline Shape with_size(const Shape& from, std::int64_t h, std::int64_t w) {
  Shape s = from;
  s[s.size() - 2] = h;
  s[s.size() - 1] = w;
  return s;
}

template <Real T, class I>
Tensor<T> max_pool2d_pick(const Tensor<T>& x, const Tensor<I>& position, const fn::PoolShape& s,
                          Location at = Location::here());

template <Real T, class I>
Tensor<T> max_pool2d_grad(const Tensor<T>& g, const Tensor<I>& position, const fn::PoolShape& s,
                          Location at = Location::here()) {
  Tensor<T> gx = allocate<T>(with_size(g.shape(), s.h, s.w), g.device(), "max_pool2d_grad", at);
  if (g.numel() > 0) {
    no_grad guard;
    const Tensor<T> up = contiguous(g, at);
    kernel<fn::MaxPool2dGrad<T, I>>::on(g.device(), at)(s, up.data(), position.data(), gx.data());
  }
  return record(
      "max_pool2d_grad", gx, {g}, keep(position),
      [s](const Tensor<T>& u, const Tensor<I>& p) { return Grads{max_pool2d_pick(u, p, s)}; }, at);
}
template <Real T, class I>
Tensor<T> max_pool2d_pick(const Tensor<T>& x, const Tensor<I>& position, const fn::PoolShape& s, Location at) {
  Tensor<T> y = allocate<T>(position.shape(), x.device(), "max_pool2d_pick", at);
  if (y.numel() > 0) {
    no_grad guard;
    const Tensor<T> in = contiguous(x, at);
    kernel<fn::MaxPool2dPick<T, I>>::on(x.device(), at)(s, in.data(), position.data(), y.data());
  }
  return record(
      "max_pool2d_pick", y, {x}, keep(position),
      [s](const Tensor<T>& u, const Tensor<I>& p) { return Grads{max_pool2d_grad(u, p, s)}; }, at);
}

/// Places in the window as positions in the plane, row * w + column.
template <class I>
Tensor<std::int64_t> plane_positions(const Tensor<I>& position, const fn::PoolShape& s, Location at) {
  const Tensor<I> here = to_device(position, Device::cpu, at);
  const Tensor<std::int64_t> positions = allocate<std::int64_t>(position.shape(), Device::cpu, "max_pool2d", at);
  const I* from = here.data();
  std::int64_t* to = positions.data();
  for (std::int64_t p = 0; p < s.planes; ++p)
    for (std::int64_t i = 0; i < s.oh; ++i)
      for (std::int64_t j = 0; j < s.ow; ++j, ++from) {
        const std::int64_t k = *from / s.kw, l = *from % s.kw;
        *to++ = (i * s.stride_h - s.pad_h + k * s.dil_h) * s.w + j * s.stride_w - s.pad_w + l * s.dil_w;
      }
  return to_device(positions, position.device(), at);
}

template <class I, Real T>
Tensor<T> max_pool2d_as(const Tensor<T>& x, const fn::PoolShape& s, Tensor<std::int64_t>* indices, Location at) {
  const Shape shape = with_size(x.shape(), s.oh, s.ow);
  Tensor<T> y = allocate<T>(shape, x.device(), "max_pool2d", at);
  Tensor<I> position;
  if (indices || (grad_enabled && x.requires_grad())) position = allocate<I>(shape, x.device(), "max_pool2d", at);
  if (y.numel() > 0) {
    no_grad guard;
    const Tensor<T> in = contiguous(x, at);
    kernel<fn::MaxPool2d<T, I>>::on(x.device(), at)(s, in.data(), y.data(),
                                                    position.defined() ? position.data() : nullptr);
  }
  if (indices) *indices = plane_positions(position, s, at);
  return record(
      "max_pool2d", y, {x}, keep(position),
      [s](const Tensor<T>& g, const Tensor<I>& p) { return Grads{max_pool2d_grad(g, p, s)}; }, at);
}

template <Real T>
Tensor<T> max_pool2d_of(const Tensor<T>& x, Size2d kernel_size, const MaxPool2dOptions& options,
                        Tensor<std::int64_t>* indices, Location at) {
  const fn::PoolShape s = pool_shape("max_pool2d", x.shape(), kernel_size, options.stride.value_or(kernel_size),
                                     options.padding, options.dilation, options.ceil_mode, at);
  if (s.kh * s.kw <= 255) return max_pool2d_as<std::uint8_t>(x, s, indices, at);
  return max_pool2d_as<std::int32_t>(x, s, indices, at);
}

}  // namespace detail

/// The largest number of each window: x (N, C, H, W) or (C, H, W) -> (..., OH, OW), OH = floor((H + 2 padding -
/// dilation (KH - 1) - 1) / stride) + 1, or ceil with ceil_mode. float and double. A NaN in the window wins.
/// Gradient: g at the position of the largest number, the first of equal ones (rows before columns); added up where
/// windows overlap. Throws when padding exceeds half of the window or no window fits. Source:
/// torch.nn.functional.max_pool2d.
/// PyTorch's return_indices is max_pool2d_with_indices here. relu(max_pool2d(x, 2)) is max_pool2d(relu(x), 2),
/// gradients too, for less work and memory (dilation apart).
///     max_pool2d(tensor({{{1, 2}, {4, 3}}}), 2)   // 4, shape (1, 1, 1)
template <Real T>
Tensor<T> max_pool2d(const Tensor<T>& x, Size2d kernel_size, MaxPool2dOptions options = {},
                     Location at = Location::here()) {
  return detail::max_pool2d_of(x, kernel_size, options, nullptr, at);
}
/// With the stride third, as in PyTorch: max_pool2d(x, 3, 2, {.padding = 1}).
template <Real T>
Tensor<T> max_pool2d(const Tensor<T>& x, Size2d kernel_size, Size2d stride, MaxPool2dOptions options = {},
                     Location at = Location::here()) {
  options.stride = stride;
  return max_pool2d(x, kernel_size, options, at);
}

/// max_pool2d, and where each value stood in its image: row * W + column, int64. What torch.nn.functional.max_pool2d
/// gives with return_indices=True. Gradient of the values: that of max_pool2d; the indices have none.
///     auto [values, indices] = max_pool2d_with_indices(tensor({{{1, 2}, {4, 3}}}), 2);   // 4 and 2, shape (1, 1, 1)
template <Real T>
ValueAndIndices<T> max_pool2d_with_indices(const Tensor<T>& x, Size2d kernel_size, MaxPool2dOptions options = {},
                                           Location at = Location::here()) {
  ValueAndIndices<T> result;
  result.values = detail::max_pool2d_of(x, kernel_size, options, &result.indices, at);
  return result;
}

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

CHAINRULE_INLINE PooledSize pooled_size(const char* op, std::int64_t size, std::int64_t kernel, std::int64_t stride,
                                        std::int64_t pad, std::int64_t dilation, bool ceil_mode, Location at) {
  check(kernel > 0 && stride > 0 && dilation > 0, at, op, ": kernel_size, stride and dilation must be positive, got ",
        kernel, ", ", stride, " and ", dilation);
  if (kernel == 1) dilation = 1;
  const std::int64_t reach = add_sizes(multiply_sizes(dilation, kernel - 1), 1);
  check(pad >= 0 && pad <= reach / 2, at, op, ": padding must be at most half of the window, got ", pad,
        " for a window of ", reach);
  const std::int64_t padded = add_sizes(size, multiply_sizes(2, pad));
  check(padded <= most_pooled, at, op, ": the padding ", pad, " makes an image of ", padded,
        ", which is more than any memory holds");
  const std::int64_t room = padded - reach;
  const std::int64_t last = add_sizes(room, ceil_mode ? stride - 1 : 0);  // where the last window may begin, at most
  std::int64_t n = last < 0 ? 0 : last / stride + 1;
  if (ceil_mode && multiply_sizes(n - 1, stride) >= size + pad) --n;  // the last window must begin inside
  check(n > 0, at, op, ": a window of ", reach, " does not fit into an image of ", padded, " (padding included)");
  dilation = std::min(dilation, padded);
  kernel = std::min(kernel, divide_up(padded - 1, dilation) + 1);
  return {n, kernel, n == 1 ? std::min(stride, padded) : stride, dilation};
}

CHAINRULE_INLINE fn::PoolShape pool_shape(const char* op, const Shape& x, Size2d kernel, Size2d stride, Size2d pad,
                                          Size2d dilation, bool ceil_mode, Location at) {
  check(x.size() == 3 || x.size() == 4, at, op, ": expects shape (N, C, H, W) or (C, H, W), got ", x);
  const std::int64_t h = x[x.size() - 2], w = x[x.size() - 1];
  check(h > 0 && w > 0, at, op, ": the image is empty, ", x);
  std::int64_t planes = 1;
  for (int d = 0; d < x.size() - 2; ++d) planes *= x[d];
  const PooledSize down = pooled_size(op, h, kernel.h, stride.h, pad.h, dilation.h, ceil_mode, at);
  const PooledSize across = pooled_size(op, w, kernel.w, stride.w, pad.w, dilation.w, ceil_mode, at);
  check(multiply_sizes(down.kernel, across.kernel) <= std::numeric_limits<std::int32_t>::max(), at, op,
        ": a window of ", down.kernel, " x ", across.kernel, " has more than 2^31 elements");
  return {.planes = planes,
          .h = h,
          .w = w,
          .oh = down.n,
          .ow = across.n,
          .kh = down.kernel,
          .kw = across.kernel,
          .stride_h = down.stride,
          .stride_w = across.stride,
          .pad_h = pad.h,
          .pad_w = pad.w,
          .dil_h = down.dilation,
          .dil_w = across.dilation};
}

}  // namespace chainrule::detail
#endif

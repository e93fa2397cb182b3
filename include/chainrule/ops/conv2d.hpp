#pragma once
// conv2d, and its two gradients as ops of their own. The three are linear in each operand, so each is the others'
// gradient.

#include <chainrule/core/binary.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/ops/conv_shape.hpp>
#include <chainrule/ops/pad.hpp>
#include <chainrule/ops/size2d.hpp>
#include <chainrule/ops/sum.hpp>
#include <chainrule/ops/view.hpp>
#include <atomic>

namespace chainrule {

/// Options of conv2d (nn::Conv2dOptions are those of the layer), as in PyTorch: one number for both directions, or
/// {rows, columns}.
struct Conv2dFuncOptions {
  Size2d stride = 1;
  Padding2d padding = 0;  ///< zeros added on each side; "same" (stride 1 only) or "valid"
  Size2d dilation = 1;    ///< distance of neighbouring window elements
  std::int64_t groups = 1;
};

/// How conv2d computes in float. `fast` may take an algorithm with fewer multiplications (Winograd, for 3 x 3 windows)
/// whose rounding error is a few times larger; `exact` always sums the products as they stand, and makes results
/// comparable to the last digits.
enum class ConvPrecision : std::uint8_t { exact, fast };

namespace detail {
inline std::atomic<ConvPrecision> conv_precision_setting{ConvPrecision::fast};
inline bool exact_conv() { return conv_precision_setting.load(std::memory_order_relaxed) == ConvPrecision::exact; }
}  // namespace detail

/// For every convolution of the program from now on, forward and backward; `fast` until somebody asks for `exact`.
///     set_conv_precision(ConvPrecision::exact);
inline void set_conv_precision(ConvPrecision precision) {
  detail::conv_precision_setting.store(precision, std::memory_order_relaxed);
}
inline ConvPrecision conv_precision() { return detail::conv_precision_setting.load(std::memory_order_relaxed); }

namespace fn {

// The slots; x (n, c_in, h, w), weight (c_out, c_in / groups, kh,
// kw), y and g (n, c_out, oh, ow), all contiguous.
template <class T> struct Conv2d {
  static constexpr auto name = "conv2d";
  using fn = void(const cpu::ConvShape& shape, const T* x, const T* weight, const T* bias_or_null, T* y, bool exact);
  [[gnu::weak]] static fn cpu;  // cpu/conv/conv2d.hpp
};
template <class T> struct Conv2dInput {
  static constexpr auto name = "conv2d_input";
  using fn = void(const cpu::ConvShape& shape, const T* g, const T* weight, T* gx, bool exact);
  [[gnu::weak]] static fn cpu;  // cpu/conv/conv2d.hpp
};
template <class T> struct Conv2dWeight {
  static constexpr auto name = "conv2d_weight";
  using fn = void(const cpu::ConvShape& shape, const T* x, const T* g, T* gw, bool exact);
  [[gnu::weak]] static fn cpu;  // cpu/conv/conv2d.hpp
};

}  // namespace fn

namespace detail {

/// Checks everything about a convolution and works out its sizes. What the result does not depend on is made small, so
/// that the kernels' sums of positions fit: the stride where there is one output, the dilation of a window of one
/// element.
cpu::ConvShape conv_shape(const char* op, const Shape& x, const Shape& w, const Conv2dFuncOptions& o, Location at);
inline Shape output_shape(const cpu::ConvShape& s) { return {s.n, s.c_out, s.oh, s.ow}; }

/// A contiguous copy for a kernel, outside of the graph.
template <class T> Tensor<T> packed(const Tensor<T>& x, Location at) {
  no_grad guard;
  return contiguous(x, at);
}

/// Padding that keeps the image's size, as {left, right, top, bottom}: where it is odd, the right and the bottom get
/// more.
inline Shape same_pads(Size2d kernel, const Size2d& dilation) {
  const std::int64_t h = multiply_sizes(dilation.h, kernel.h - 1), w = multiply_sizes(dilation.w, kernel.w - 1);
  return {w / 2, w - w / 2, h / 2, h - h / 2};
}
inline void check_same_padding(const char* op, const Padding2d& padding, const Size2d& stride, Location at) {
  check(!padding.same || stride == Size2d(1), at, op, ": padding \"same\" needs stride 1, got stride ", stride,
        "; give the padding as a number");
}

/// What "same" stands for: x padded on the right and below where the padding is odd, and the padding of both sides.
template <Real T>
std::pair<Tensor<T>, Conv2dFuncOptions> same_padded(const Tensor<T>& x, const Tensor<T>& weight, Conv2dFuncOptions o,
                                                    Location at) {
  check_same_padding("conv2d", o.padding, o.stride, at);
  check(weight.dim() == 4 && weight.size(2) > 0 && weight.size(3) > 0, at,
        "conv2d: expects a weight of shape (out_channels, in_channels / groups, kernel_h, kernel_w), got ",
        weight.shape());
  const Shape pads = same_pads({weight.size(2), weight.size(3)}, o.dilation);
  o.padding = Size2d(pads[2], pads[0]);
  if (pads[0] == pads[1] && pads[2] == pads[3]) return {x, o};
  return {pad_constant(x, {0, pads[1] - pads[0], 0, pads[3] - pads[2]}, 0, at), o};
}

template <Real T> Tensor<T> zeros_of(const Shape& shape, Device device, const char* op, Location at) {
  Tensor<T> t = allocate<T>(shape, device, op, at);
  t.fill_(T(0), Location{});
  return t;
}

}  // namespace detail

template <Real T>
Tensor<T> conv2d(const Tensor<T>& x, const Tensor<T>& weight, const std::type_identity_t<Tensor<T>>& bias = {},
                 Conv2dFuncOptions options = {}, Location at = Location::here());
template <Real T>
Tensor<T> conv2d_weight(const Tensor<T>& x, const Shape& weight_size, const Tensor<T>& g,
                        Conv2dFuncOptions options = {}, Location at = Location::here());

/// The gradient of conv2d with respect to its input of shape `input_size` (N, C, H, W), given g = d(loss)/d(output):
/// each number of g times the window, added up where the windows overlap; a transposed convolution.
/// Gradient: conv2d of the upstream for g, conv2d_weight for the weight. Source: torch.nn.grad.conv2d_input.
///     conv2d_input({1, 1, 2, 2}, ones({1, 1, 1, 1}), ones({1, 1, 2, 2}))   // ones
template <Real T>
Tensor<T> conv2d_input(const Shape& input_size, const Tensor<T>& weight, const Tensor<T>& g,
                       Conv2dFuncOptions options = {}, Location at = Location::here()) {
  const cpu::ConvShape s = detail::conv_shape("conv2d_input", input_size, weight.shape(), options, at);
  check(g.shape() == detail::output_shape(s), at, "conv2d_input: the gradient needs the shape of the output, ",
        detail::output_shape(s), ", got ", g.shape());
  Tensor<T> gx;
  if (s.n * s.c_in * s.h * s.w == 0 || g.numel() == 0) {
    gx = detail::zeros_of<T>(input_size, g.device(), "conv2d_input", at);
  } else {
    gx = detail::allocate<T>(input_size, g.device(), "conv2d_input", at);
    const Tensor<T> up = detail::packed(g, at), w = detail::packed(weight, at);
    kernel<fn::Conv2dInput<T>>::on(g.device(), at)(s, up.data(), w.data(), gx.data(), detail::exact_conv());
  }
  const Tensor<T> nothing;
  return record(
      "conv2d_input", gx, {weight, g}, keep(g.requires_grad() ? weight : nothing, weight.requires_grad() ? g : nothing),
      [options, size = weight.shape()](const Tensor<T>& u, Needs need, const Tensor<T>& w, const Tensor<T>& up) {
        return Grads{need[0] ? conv2d_weight(u, size, up, options) : Tensor<T>(),
                     need[1] ? conv2d(u, w, {}, options) : Tensor<T>()};
      },
      at);
}

/// The gradient of conv2d with respect to its weight of shape `weight_size`, given g = d(loss)/d(output): for each
/// element of the window the sum of g times what that element saw.
/// Gradient: conv2d_input of the upstream for x, conv2d for g. Source: torch.nn.grad.conv2d_weight.
///     conv2d_weight(ones({1, 1, 2, 2}), {1, 1, 1, 1}, ones({1, 1, 2, 2}))   // 4, shape (1, 1, 1, 1)
template <Real T>
Tensor<T> conv2d_weight(const Tensor<T>& x, const Shape& weight_size, const Tensor<T>& g, Conv2dFuncOptions options,
                        Location at) {
  const cpu::ConvShape s = detail::conv_shape("conv2d_weight", x.shape(), weight_size, options, at);
  check(g.shape() == detail::output_shape(s), at, "conv2d_weight: the gradient needs the shape of the output, ",
        detail::output_shape(s), ", got ", g.shape());
  Tensor<T> gw;
  if (g.numel() == 0 || x.numel() == 0) {
    gw = detail::zeros_of<T>(weight_size, g.device(), "conv2d_weight", at);
  } else {
    gw = detail::allocate<T>(weight_size, g.device(), "conv2d_weight", at);
    const Tensor<T> in = detail::packed(x, at), up = detail::packed(g, at);
    kernel<fn::Conv2dWeight<T>>::on(g.device(), at)(s, in.data(), up.data(), gw.data(), detail::exact_conv());
  }
  const Tensor<T> nothing;
  return record(
      "conv2d_weight", gw, {x, g}, keep(g.requires_grad() ? x : nothing, x.requires_grad() ? g : nothing),
      [options, size = x.shape()](const Tensor<T>& u, Needs need, const Tensor<T>& in, const Tensor<T>& up) {
        return Grads{need[0] ? conv2d_input(size, u, up, options) : Tensor<T>(),
                     need[1] ? conv2d(in, u, {}, options) : Tensor<T>()};
      },
      at);
}

/// 2-d convolution (in truth cross-correlation, as everywhere in deep learning):
///     y(n, o, i, j) = bias(o) + sum over c, k, l of weight(o, c, k, l) x(n, c, i stride + k dilation - padding, j ...)
/// where x is 0 outside of the image and c runs over the channels of o's group. x (N, C, H, W) or a single image
/// (C, H, W), weight (O, C / groups, KH, KW), bias (O,) or left out -> (N, O, OH, OW), OH = floor((H + 2 padding -
/// dilation (KH - 1) - 1) / stride) + 1.
/// The padding is a size, "valid" (none) or "same" (what keeps H and W; with an odd number the right and the bottom get
/// one more; needs stride 1). float and double. Gradients: conv2d_input, conv2d_weight, and g summed over all but the
/// channels for the bias. Throws when channels, groups or sizes do not fit. Source: torch.nn.functional.conv2d.
///     conv2d(ones({1, 1, 3, 3}), ones({1, 1, 2, 2}))   // fours, shape (1, 1, 2, 2)
template <Real T>
Tensor<T> conv2d(const Tensor<T>& x, const Tensor<T>& weight, const std::type_identity_t<Tensor<T>>& bias,
                 Conv2dFuncOptions options, Location at) {
  if (x.dim() == 3) return squeeze(conv2d(unsqueeze(x, 0, at), weight, bias, options, at), 0, at);
  if (options.padding.same) {
    const auto [padded, sized] = detail::same_padded(x, weight, options, at);
    return conv2d(padded, weight, bias, sized, at);
  }
  const cpu::ConvShape s = detail::conv_shape("conv2d", x.shape(), weight.shape(), options, at);
  check(!bias.defined() || bias.shape() == Shape(s.c_out), at, "conv2d: the bias needs one value for each of the ",
        s.c_out, " output channels, got shape ", bias.defined() ? bias.shape() : Shape{});
  detail::check_same_device("conv2d", at, x, weight);
  if (bias.defined()) detail::check_same_device("conv2d", at, x, bias);
  Tensor<T> y = detail::allocate<T>(detail::output_shape(s), x.device(), "conv2d", at);
  if (y.numel() > 0) {
    const Tensor<T> in = detail::packed(x, at), w = detail::packed(weight, at),
                    b = bias.defined() ? detail::packed(bias, at) : bias;
    kernel<fn::Conv2d<T>>::on(x.device(), at)(s, in.data(), w.data(), b.defined() ? b.data() : nullptr, y.data(),
                                              detail::exact_conv());
  }
  const Tensor<T> nothing;
  const Tensor<T>&keep_x = weight.requires_grad() ? x : nothing, &keep_w = x.requires_grad() ? weight : nothing;
  const auto rule = [options, x_size = x.shape(), w_size = weight.shape()](const Tensor<T>& g, Needs need, Tensor<T> in,
                                                                           const Tensor<T>& w) {
    Tensor<T> gx, gw, gb;
    if (need[1]) gw = conv2d_weight(in, w_size, g, options);
    in = Tensor<T>();  // if it was recomputed for this rule, the input's gradient may take its memory
    if (need[0]) gx = conv2d_input(x_size, w, g, options);
    if (need[2]) gb = sum(g, {0, 2, 3});
    return Grads{gx, gw, gb};
  };
  return record("conv2d", y, {x, weight, bias}, keep(keep_x, keep_w), rule, at);
}
/// Without a bias: conv2d(x, weight, {.padding = 1}).
template <Real T>
Tensor<T> conv2d(const Tensor<T>& x, const Tensor<T>& weight, Conv2dFuncOptions options,
                 Location at = Location::here()) {
  return conv2d(x, weight, {}, options, at);
}
/// By position, in PyTorch's order: conv2d(x, weight, bias, 2, 1).
template <Real T, std::integral Stride>
Tensor<T> conv2d(const Tensor<T>& x, const Tensor<T>& weight, const std::type_identity_t<Tensor<T>>& bias,
                 Stride stride, Padding2d padding = 0, Size2d dilation = 1, std::int64_t groups = 1,
                 Location at = Location::here()) {
  return conv2d(x, weight, bias, {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups}, at);
}
/// The stride by position, the rest by name: conv2d(x, weight, bias, 2, {.padding = 1}).
template <Real T, std::integral Stride>
Tensor<T> conv2d(const Tensor<T>& x, const Tensor<T>& weight, const std::type_identity_t<Tensor<T>>& bias,
                 Stride stride, Conv2dFuncOptions rest, Location at = Location::here()) {
  rest.stride = stride;
  return conv2d(x, weight, bias, rest, at);
}

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

CHAINRULE_INLINE cpu::ConvShape conv_shape(const char* op, const Shape& x, const Shape& w, const Conv2dFuncOptions& o,
                                           Location at) {
  check(x.size() == 4, at, op, ": expects an input of shape (N, C, H, W) or (C, H, W), got ", x);
  check(w.size() == 4, at, op,
        ": expects a weight of shape (out_channels, in_channels / groups, kernel_h, kernel_w), got ", w);
  check(o.stride.h > 0 && o.stride.w > 0, at, op, ": stride must be positive, got ", o.stride);
  check(o.dilation.h > 0 && o.dilation.w > 0, at, op, ": dilation must be positive, got ", o.dilation);
  check(!o.padding.same, at, op, ": the padding must be a size here, not \"same\"");
  check(o.padding.h >= 0 && o.padding.w >= 0, at, op, ": padding must not be negative, got ", o.padding);
  check(o.groups > 0 && w[0] % o.groups == 0, at, op, ": ", w[0], " output channels cannot be cut into ", o.groups,
        " groups");
  checked_numel(x, sizeof(double), op, at);
  checked_numel(w, sizeof(double), op, at);
  if (const std::int64_t takes = multiply_sizes(w[1], o.groups); x[1] != takes) [[unlikely]]
    fail(at, op, ": the weight ", w, o.groups == 1 ? std::string() : concat(" in ", o.groups, " groups"), " takes ",
         takes, " input channels, got ", x[1], " (input ", x, ")");
  check(w[2] > 0 && w[3] > 0, at, op, ": the window is empty (weight ", w, ")");
  cpu::ConvShape s{x[0],       x[1],        x[2],        x[3],         w[0],         w[2],     w[3], o.stride.h,
                   o.stride.w, o.padding.h, o.padding.w, o.dilation.h, o.dilation.w, o.groups, 0,    0};
  if (s.kh == 1) s.dil_h = 1;
  if (s.kw == 1) s.dil_w = 1;
  const std::int64_t reach_h = add_sizes(multiply_sizes(s.dil_h, s.kh - 1), 1),
                     reach_w = add_sizes(multiply_sizes(s.dil_w, s.kw - 1), 1);
  const std::int64_t h = add_sizes(s.h, multiply_sizes(2, s.pad_h)), width = add_sizes(s.w, multiply_sizes(2, s.pad_w));
  check(reach_h <= h && reach_w <= width, at, op, ": a window of ", reach_h, " x ", reach_w,
        " does not fit into an image of ", h, " x ", width, " (padding included)");
  const std::int64_t channels = std::max<std::int64_t>(1, s.c_in),
                     seen = multiply_sizes(multiply_sizes(h, width), channels);
  const bool mostly_padding =
      seen / 16 > s.h * s.w * channels + (1 << 20);  // the gradient of the weight copies the image with its padding
  if (mostly_padding && static_cast<std::size_t>(seen) > Arena::physical_bytes() / sizeof(double)) [[unlikely]]
    fail(at, op, ": the padding ", o.padding, " makes an image of ", h, " x ", width, " with ", s.c_in,
         " channels, more than the machine's memory holds");
  s.oh = (h - reach_h) / s.stride_h + 1;
  s.ow = (width - reach_w) / s.stride_w + 1;
  if (s.oh == 1) s.stride_h = std::min(s.stride_h, h);
  if (s.ow == 1) s.stride_w = std::min(s.stride_w, width);
  return s;
}

}  // namespace chainrule::detail
#endif

#pragma once
// Conv2d: the convolution layer.

#include <chainrule/nn/init.hpp>
#include <chainrule/nn/module.hpp>
#include <chainrule/nn/unknown_option.hpp>
#include <chainrule/ops/conv2d.hpp>

namespace chainrule::nn {

/// Options of Conv2d. A size is one number for both directions, or {height, width}.
struct Conv2dOptions {
  chainrule::detail::NamedOnly by_name = chainrule::detail::NamedOnly();
  Size2d stride = 1;
  Padding2d padding = 0;  ///< added on each side; "same" (stride 1 only) or "valid"
  Size2d dilation = 1;    ///< distance of neighbouring window elements
  std::int64_t groups = 1;
  bool bias = true;
  PadMode padding_mode = "zeros";  ///< or "reflect", "replicate", "circular"
  Generator* generator = nullptr;  ///< for the initial weights; the default generator if null
};

/// Convolution (cross-correlation) over images. x (N, in_channels, H, W) or (in_channels, H, W) ->
/// (N, out_channels, H', W') with H' = (H + 2 padding - dilation (kernel - 1) - 1) / stride + 1, rounded down;
/// weight (out_channels, in_channels / groups, kh, kw), bias (out_channels,).
/// Weights begin uniform in ±1/sqrt(in_channels / groups · kh · kw), the bias too, as in PyTorch. Source:
/// torch.nn.Conv2d.
///     nn::Conv2d conv(1, 32, 3);                                                // (N, 1, 28, 28) -> (N, 32, 26, 26)
///     nn::Conv2d stem(3, 64, 7, {.stride = 2, .padding = 3, .bias = false});
///     nn::Conv2d keep(32, 32, 3, {.padding = "same"});                          // H and W stay
template <class T> struct BasicConv2d : Module<BasicConv2d<T>> {
  std::int64_t in_channels, out_channels;
  Size2d kernel_size;
  Conv2dOptions options;
  BasicParameter<T> weight, bias;

  BasicConv2d(std::int64_t in, std::int64_t out, Size2d kernel, Conv2dOptions o = {}, Location at = Location::here())
      : in_channels(in), out_channels(out), kernel_size(kernel), options(o) {
    check(in > 0 && out > 0, at, "Conv2d: needs a positive number of input and output channels, got ", in, " and ",
          out);
    check(o.groups > 0 && in % o.groups == 0 && out % o.groups == 0, at, "Conv2d: ", in, " input and ", out,
          " output channels do not divide into ", o.groups, " groups");
    check(kernel.h > 0 && kernel.w > 0, at, "Conv2d: kernel_size must be positive, got ", kernel);
    check(o.stride.h > 0 && o.stride.w > 0 && o.dilation.h > 0 && o.dilation.w > 0 && o.padding.h >= 0 &&
              o.padding.w >= 0,
          at, "Conv2d: stride ", o.stride, " and dilation ", o.dilation, " must be positive, padding ", o.padding,
          " not negative");
    chainrule::detail::check_same_padding("Conv2d", o.padding, o.stride, at);
    weight = BasicParameter<T>(empty<T>({out, in / o.groups, kernel.h, kernel.w}, {}, at));
    init::kaiming_uniform_(weight, {.a = std::sqrt(5.0), .generator = o.generator}, at);
    if (!o.bias) return;
    bias = BasicParameter<T>(empty<T>(Shape(out), {}, at));
    const double bound = 1 / std::sqrt(static_cast<double>(in / o.groups * kernel.h * kernel.w));
    init::uniform_(bias, -bound, bound, o.generator, at);
  }
  /// By position, in PyTorch's order: Conv2d(3, 64, 7, 2, 3); Conv2d(16, 32, 3, {2, 1}, 2, 2, 4, false).
  template <std::integral Stride>
  BasicConv2d(std::int64_t in, std::int64_t out, Size2d kernel, Stride stride, Padding2d padding = 0,
              Size2d dilation = 1, std::int64_t groups = 1, bool with_bias = true, PadMode padding_mode = "zeros",
              Location at = Location::here())
      : BasicConv2d(in, out, kernel, by_position(stride, padding, dilation, groups, with_bias, padding_mode), at) {}
  template <int = 0>  // a template, so that options go first
  BasicConv2d(std::int64_t in, std::int64_t out, Size2d kernel, Pair2d stride, Padding2d padding = 0,
              Size2d dilation = 1, std::int64_t groups = 1, bool with_bias = true, PadMode padding_mode = "zeros",
              Location at = Location::here())
      : BasicConv2d(in, out, kernel, by_position(stride, padding, dilation, groups, with_bias, padding_mode), at) {}
  /// The first ones by position, the rest by name: Conv2d(3, 64, 3, 1, 1, {.bias = false}).
  template <std::integral Stride>
  BasicConv2d(std::int64_t in, std::int64_t out, Size2d kernel, Stride stride, Conv2dOptions rest,
              Location at = Location::here())
      : BasicConv2d(in, out, kernel, (rest.stride = stride, rest), at) {}
  template <std::integral Stride>
  BasicConv2d(std::int64_t in, std::int64_t out, Size2d kernel, Stride stride, Padding2d padding, Conv2dOptions rest,
              Location at = Location::here())
      : BasicConv2d(in, out, kernel, (rest.stride = stride, rest.padding = padding, rest), at) {}
  template <int = 0>
  BasicConv2d(std::int64_t in, std::int64_t out, Size2d kernel, Pair2d stride, Conv2dOptions rest,
              Location at = Location::here())
      : BasicConv2d(in, out, kernel, (rest.stride = stride, rest), at) {}
  template <int = 0>
  BasicConv2d(std::int64_t in, std::int64_t out, Size2d kernel, Pair2d stride, Padding2d padding, Conv2dOptions rest,
              Location at = Location::here())
      : BasicConv2d(in, out, kernel, (rest.stride = stride, rest.padding = padding, rest), at) {}
  template <std::size_t N>
  requires(N != 2)
      BasicConv2d(std::int64_t in, std::int64_t out, Size2d kernel, detail::Worse, detail::UnknownOption<N> rest);
  template <std::size_t N>
  requires(N != 2) BasicConv2d(std::int64_t in, std::int64_t out, Size2d kernel, detail::Worse, Padding2d padding,
                               detail::UnknownOption<N> rest);
  template <std::size_t N>
  requires(N != 2) BasicConv2d(std::int64_t in, std::int64_t out, Size2d kernel, detail::UnknownOption<N> options);
  using parts = members<&BasicConv2d::weight, &BasicConv2d::bias>;
  using others =
      members<&BasicConv2d::in_channels, &BasicConv2d::out_channels, &BasicConv2d::kernel_size, &BasicConv2d::options>;

  Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    check(x.dim() == 4 || x.dim() == 3, at, "expects images of shape (N, ", in_channels, ", H, W), got shape ",
          x.shape(), x.dim() == 2 ? "; unflatten(x, 1, {channels, height, width}) makes images of rows" : "");
    const std::int64_t channels = x.shape()[x.dim() - 3];
    check(channels == in_channels, at, "expects ", in_channels, " input channels, got ", channels, " (input ",
          x.shape(), "); use Conv2d(", channels, ", ", out_channels, ", ...)",
          x.shape().back() == in_channels ? ", or permute({0, 3, 1, 2}) if the channels stand last" : "");
    Conv2dFuncOptions o{
        .stride = options.stride, .padding = options.padding, .dilation = options.dilation, .groups = options.groups};
    if (options.padding_mode == PadMode::constant) return conv2d(x, weight, bias, o, at);
    const Size2d p = std::exchange(o.padding, 0);
    const Shape pads =
        options.padding.same ? chainrule::detail::same_pads(kernel_size, options.dilation) : Shape{p.w, p.w, p.h, p.h};
    return conv2d(pad(x, pads, options.padding_mode, 0, at), weight, bias, o, at);
  }
  std::string extra_repr() const {
    auto both = [](Size2d p) { return Shape{p.h, p.w}.str(); };
    std::string s = std::to_string(in_channels) + ", " + std::to_string(out_channels) +
                    ", kernel_size=" + both(kernel_size) + ", stride=" + both(options.stride);
    if (options.padding.same) s += ", padding=same";
    else if (options.padding != Size2d(0)) s += ", padding=" + both(options.padding);
    if (options.dilation != Size2d(1)) s += ", dilation=" + both(options.dilation);
    if (options.groups != 1) s += ", groups=" + std::to_string(options.groups);
    if (!bias.defined()) s += ", bias=False";
    if (options.padding_mode != PadMode::constant) s += std::string(", padding_mode=") + options.padding_mode.str();
    return s;
  }

 private:
  static Conv2dOptions by_position(Size2d stride, Padding2d padding, Size2d dilation, std::int64_t groups, bool bias,
                                   PadMode mode) {
    return {.stride = stride,
            .padding = padding,
            .dilation = dilation,
            .groups = groups,
            .bias = bias,
            .padding_mode = mode};
  }
};

using Conv2d = BasicConv2d<float>;

}  // namespace chainrule::nn

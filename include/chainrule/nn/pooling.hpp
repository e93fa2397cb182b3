#pragma once
// MaxPool2d, AvgPool2d, AdaptiveAvgPool2d: a window moves over each channel of an image and gives its maximum or its
// mean. They hold no tensors, so one type serves float and double. Formulas and gradients stand with the functions in
// ops/.

#include <chainrule/nn/module.hpp>
#include <chainrule/nn/unknown_option.hpp>
#include <chainrule/ops/avg_pool2d.hpp>
#include <chainrule/ops/max_pool2d.hpp>

namespace chainrule::nn {

/// A window's size: one number for both directions, or {height, width}. Remembers which, for printing.
struct WindowSize : Size2d {
  bool one_number;
  template <std::integral I> constexpr WindowSize(I both) : Size2d(both), one_number(true) {}
  template <std::integral I, std::integral J>
  constexpr WindowSize(I rows, J columns) : Size2d(rows, columns), one_number(false) {}
  std::string str() const { return one_number ? std::to_string(h) : Shape{h, w}.str(); }
};

/// The largest element in each window. (N, C, H, W) -> (N, C, H', W'); the stride is the window's size unless given.
///     nn::MaxPool2d(2)                                   // halves height and width
///     nn::MaxPool2d(3, {.stride = 2, .padding = 1})      // or MaxPool2d(3, 2, 1)
struct MaxPool2d : Module<MaxPool2d> {
  WindowSize kernel_size;
  MaxPool2dOptions options;

  explicit MaxPool2d(WindowSize kernel, MaxPool2dOptions o = {}) : kernel_size(kernel), options(o) {}
  template <std::integral I>
  explicit MaxPool2d(const I (&kernel)[2], MaxPool2dOptions o = {})
      : MaxPool2d(WindowSize(kernel[0], kernel[1]), o) {}  // {2, 2} could also be MaxPool2d(2, 2)
  template <std::integral Stride>
  MaxPool2d(WindowSize kernel, Stride stride, std::int64_t padding = 0)
      : MaxPool2d(kernel, {.stride = Size2d(stride), .padding = padding}) {}
  template <int = 0>  // a template, so that options go first
  MaxPool2d(WindowSize kernel, Pair2d stride, Size2d padding = 0, Size2d dilation = 1)
      : MaxPool2d(kernel, {.stride = stride, .padding = padding, .dilation = dilation}) {}
  template <std::integral Stride>
  MaxPool2d(WindowSize kernel, Stride stride, Size2d padding, Size2d dilation)
      : MaxPool2d(kernel, {.stride = Size2d(stride), .padding = padding, .dilation = dilation}) {}
  /// The stride (and padding) by position, the rest by name: MaxPool2d(3, 2, {.ceil_mode = true}).
  template <std::integral Stride>
  MaxPool2d(WindowSize kernel, Stride stride, MaxPool2dOptions rest)
      : MaxPool2d(kernel, (rest.stride = Size2d(stride), rest)) {}
  template <std::integral Stride>
  MaxPool2d(WindowSize kernel, Stride stride, std::int64_t padding, MaxPool2dOptions rest)
      : MaxPool2d(kernel, (rest.stride = Size2d(stride), rest.padding = padding, rest)) {}
  template <std::size_t N>
  requires(N != 2) MaxPool2d(WindowSize kernel, detail::Worse stride, detail::UnknownOption<N> rest);
  template <std::size_t N>
  requires(N != 2) MaxPool2d(WindowSize kernel, detail::UnknownOption<N> options);
  using parts = members<>;
  using others = members<&MaxPool2d::kernel_size, &MaxPool2d::options>;

  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return max_pool2d(x, kernel_size, options, at);
  }
  /// Whether relu gives the same after it as before it: each window holds a number of the image, which a dilated one
  /// need not.
  bool commutes_with_relu() const { return options.dilation.h == 1 && options.dilation.w == 1; }
  std::string extra_repr() const {
    return "kernel_size=" + kernel_size.str() +
           ", stride=" + (options.stride ? options.stride->str() : kernel_size.str()) +
           ", padding=" + options.padding.str() + ", dilation=" + options.dilation.str() +
           ", ceil_mode=" + repr::boolean(options.ceil_mode);
  }
};

/// The mean of each window. (N, C, H, W) -> (N, C, H', W'); the stride is the window's size unless given.
struct AvgPool2d : Module<AvgPool2d> {
  WindowSize kernel_size;
  AvgPool2dOptions options;

  explicit AvgPool2d(WindowSize kernel, AvgPool2dOptions o = {}) : kernel_size(kernel), options(o) {}
  template <std::integral I>
  explicit AvgPool2d(const I (&kernel)[2], AvgPool2dOptions o = {}) : AvgPool2d(WindowSize(kernel[0], kernel[1]), o) {}
  template <std::integral Stride>
  AvgPool2d(WindowSize kernel, Stride stride, std::int64_t padding = 0)
      : AvgPool2d(kernel, {.stride = Size2d(stride), .padding = padding}) {}
  template <int = 0>  // a template, so that options go first
  AvgPool2d(WindowSize kernel, Pair2d stride, Size2d padding = 0)
      : AvgPool2d(kernel, {.stride = stride, .padding = padding}) {}
  template <std::integral Stride, std::same_as<bool> Ceil>
  AvgPool2d(WindowSize kernel, Stride stride, Size2d padding, Ceil ceil_mode, bool count_include_pad = true)
      : AvgPool2d(kernel, {.stride = Size2d(stride),
                           .padding = padding,
                           .ceil_mode = ceil_mode,
                           .count_include_pad = count_include_pad}) {}
  /// The stride (and padding) by position, the rest by name: AvgPool2d(3, 2, {.ceil_mode = true}).
  template <std::integral Stride>
  AvgPool2d(WindowSize kernel, Stride stride, AvgPool2dOptions rest)
      : AvgPool2d(kernel, (rest.stride = Size2d(stride), rest)) {}
  template <std::integral Stride>
  AvgPool2d(WindowSize kernel, Stride stride, std::int64_t padding, AvgPool2dOptions rest)
      : AvgPool2d(kernel, (rest.stride = Size2d(stride), rest.padding = padding, rest)) {}
  template <std::size_t N>
  requires(N != 2) AvgPool2d(WindowSize kernel, detail::Worse stride, detail::UnknownOption<N> rest);
  template <std::size_t N>
  requires(N != 2) AvgPool2d(WindowSize kernel, detail::UnknownOption<N> options);
  using parts = members<>;
  using others = members<&AvgPool2d::kernel_size, &AvgPool2d::options>;

  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return avg_pool2d(x, kernel_size, options, at);
  }
  std::string extra_repr() const {
    return "kernel_size=" + kernel_size.str() +
           ", stride=" + (options.stride ? options.stride->str() : kernel_size.str()) +
           ", padding=" + options.padding.str();
  }
};

/// The mean of each cell when the image is cut into output_size cells. (N, C, H, W) -> (N, C, height, width), whatever
/// H and W.
///     nn::AdaptiveAvgPool2d(1)        // the mean over the whole image
///     nn::AdaptiveAvgPool2d({4, 4})
///     nn::AdaptiveAvgPool2d({std::nullopt, 7})   // keeps the height
struct AdaptiveAvgPool2d : Module<AdaptiveAvgPool2d> {
  OutputSize2d output_size;

  explicit AdaptiveAvgPool2d(OutputSize2d size) : output_size(size) {}
  using parts = members<>;
  using others = members<&AdaptiveAvgPool2d::output_size>;

  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return adaptive_avg_pool2d(x, output_size, at);
  }
  std::string extra_repr() const { return "output_size=" + output_size.str(); }
};

}  // namespace chainrule::nn

#pragma once
// pad: a border of a constant.

#include <chainrule/ops/create.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule {

struct PadOptions {
  double value = 0;
};

/// x with a border of `value`. `pads` counts from the last dimension, as in PyTorch: {left, right, top, bottom, ...}; negative numbers
/// cut off instead. At most the last 4 dimensions.
/// Gradient: the part of g inside the border (0 for what was cut off). Source: torch.nn.functional.pad.
/// Throws when more would be cut off than there is, when the result would be too large, and when T cannot hold `value`.
///     pad(tensor({{1, 2}}), {1, 0, 0, 1}, {.value = 9})   // {{9, 1, 2}, {9, 9, 9}}
template <class T> Tensor<T> pad(const Tensor<T>& x, const Shape& pads, PadOptions options = {}, Location at = Location::here()) {
  check(pads.size() % 2 == 0 && pads.size() / 2 <= x.dim(), at, "pad: needs two numbers for each padded dimension, the last dimension first, got ", pads, " for shape ", x.shape());
  Shape shape = x.shape(), inside = x.shape(), back = pads;
  std::int64_t from = x.impl()->offset, to = 0;  // where the part that stays begins, in x and in the result
  for (int i = 0; i < pads.size() / 2; ++i) {
    const int d = x.dim() - 1 - i;
    const std::int64_t before = pads[2 * i], after = pads[2 * i + 1];
    inside[d] = detail::add_sizes(
        inside[d], detail::add_sizes(std::min<std::int64_t>(0, before), std::min<std::int64_t>(0, after)));
    check(inside[d] >= 0, at, "pad: ", pads, " would cut more from dimension ", d, " of ", x.shape(), " than it has");
    shape[d] = detail::add_sizes(
        inside[d], detail::add_sizes(std::max<std::int64_t>(0, before), std::max<std::int64_t>(0, after)));
    back[2 * i] = -before;
    back[2 * i + 1] = -after;
    from += std::max<std::int64_t>(0, -before) * x.strides()[d];
  }
  const T border = detail::fitting<T>(options.value, "pad", at);
  Tensor<T> out = detail::allocate<T>(shape, x.device(), "pad", at);
  out.fill_(border, at);
  for (int i = 0; i < pads.size() / 2; ++i) to += std::max<std::int64_t>(0, pads[2 * i]) * out.strides()[x.dim() - 1 - i];
  if (inside.numel() > 0) map_into(fn::Copy{}, at, detail::make_view(out, inside, out.strides(), to), detail::make_view(x, inside, x.strides(), from));
  return record("pad", out, {x}, [back](const Tensor<T>& g) { return Grads{pad(g, back)}; }, at);
}

}  // namespace chainrule

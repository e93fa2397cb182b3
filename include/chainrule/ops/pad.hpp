#pragma once
// pad: a border of a constant, or of the tensor's own values.

#include <chainrule/ops/create.hpp>
#include <chainrule/ops/index_select.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule {

/// What pad fills a border with, written as in PyTorch, {.mode = "reflect"}, or as PadMode::reflect. "zeros" is
/// nn::Conv2d's name of "constant". Another word throws.
class PadMode {
 public:
  enum Kind { constant, reflect, replicate, circular };

  constexpr PadMode(Kind kind) : kind_(kind) {}
  PadMode(std::string_view word, Location at = Location::here())
      : kind_(word == "reflect"     ? reflect
              : word == "replicate" ? replicate
              : word == "circular"  ? circular
                                    : constant) {
    check(kind_ != constant || word == "constant" || word == "zeros", at,
          "pad: expected the mode \"constant\", \"reflect\", \"replicate\" or \"circular\", got \"", word, "\"");
  }
  PadMode(const char* word, Location at = Location::here()) : PadMode(std::string_view(word), at) {}

  constexpr operator Kind() const { return kind_; }
  const char* str() const {
    return kind_ == reflect     ? "reflect"
           : kind_ == replicate ? "replicate"
           : kind_ == circular  ? "circular"
                                : "constant";
  }

 private:
  Kind kind_;
};

struct PadOptions {
  PadMode mode = PadMode::constant;
  double value = 0;  ///< of the border, for the mode "constant"
};

namespace detail {

inline void check_pads(const Shape& pads, const Shape& shape, Location at) {
  check(pads.size() % 2 == 0 && pads.size() / 2 <= shape.size(), at,
        "pad: needs two numbers for each padded dimension, the last dimension first, got ", pads, " for shape ", shape);
}

template <class T> Tensor<T> pad_constant(const Tensor<T>& x, const Shape& pads, double value, Location at) {
  check_pads(pads, x.shape(), at);
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
  const T border = detail::fitting<T>(value, "pad", at);
  Tensor<T> out = detail::allocate<T>(shape, x.device(), "pad", at);
  out.fill_(border, at);
  for (int i = 0; i < pads.size() / 2; ++i)
    to += std::max<std::int64_t>(0, pads[2 * i]) * out.strides()[x.dim() - 1 - i];
  if (inside.numel() > 0)
    map_into(fn::Copy{}, at, detail::make_view(out, inside, out.strides(), to),
             detail::make_view(x, inside, x.strides(), from));
  return record(
      "pad", out, {x}, [back](const Tensor<T>& g) { return Grads{pad_constant(g, back, 0, {})}; }, at);
}

/// Which element of a dimension of size n stands at each position of the padded one.
inline Tensor<std::int64_t> padded_positions(std::int64_t n, std::int64_t before, std::int64_t after, PadMode mode,
                                             Location at) {
  const std::int64_t kept =
      add_sizes(n, add_sizes(std::min<std::int64_t>(0, before), std::min<std::int64_t>(0, after)));
  check(kept >= 0, at, "pad: ", before, " and ", after, " would cut more from a dimension of size ", n, " than it has");
  const std::int64_t cut = std::max<std::int64_t>(0, -before);
  const std::int64_t most = mode == PadMode::reflect    ? n - 1
                            : mode == PadMode::circular ? kept
                                                        : std::numeric_limits<std::int64_t>::max();
  check(before <= most && after <= most && (kept > 0 || (before <= 0 && after <= 0)), at, "pad: ", mode.str(),
        " can add at most ", kept > 0 ? std::max<std::int64_t>(0, most) : 0,
        " elements on each side of a dimension of size ", n, ", got ", before, " and ", after);
  const std::int64_t size = add_sizes(n, add_sizes(before, after));
  Tensor<std::int64_t> index = allocate<std::int64_t>(Shape(size), Device::cpu, "pad", at);
  for (std::int64_t j = 0; j < size; ++j) {
    std::int64_t i = j - before;
    if (mode == PadMode::circular) i = cut + (((i - cut) % kept) + kept) % kept;
    else if (mode == PadMode::replicate) i = std::min(std::max<std::int64_t>(i, 0), n - 1);
    else i = i < 0 ? -i : i < n ? i : 2 * (n - 1) - i;
    index.data()[j] = i;
  }
  return index;
}

/// Dimension after dimension: the corners are those of a border of the border.
template <class T> Tensor<T> pad_from_within(Tensor<T> x, const Shape& pads, PadMode mode, Location at) {
  check_pads(pads, x.shape(), at);
  for (int i = 0; i < pads.size() / 2; ++i) {
    const int d = x.dim() - 1 - i;
    if (pads[2 * i] == 0 && pads[2 * i + 1] == 0) continue;
    Shape shape = x.shape();
    shape[d] = add_sizes(shape[d],
                         add_sizes(std::max<std::int64_t>(0, pads[2 * i]), std::max<std::int64_t>(0, pads[2 * i + 1])));
    checked_numel(shape, sizeof(T), "pad", at);
    const Tensor<std::int64_t> index = padded_positions(x.shape()[d], pads[2 * i], pads[2 * i + 1], mode, at);
    x = pick_slices(x, d, to_device(index, x.device(), at), "pad", at);
  }
  return x;
}

}  // namespace detail

/// x with a border. `pads` counts from the last dimension, as in PyTorch: {left, right, top, bottom, ...}; negative
/// values cut off instead. At most the last 4 dimensions. Any element type. Modes, here for {1, 2, 3} with two on each
/// side:
///     "constant"   {v, v, 1, 2, 3, v, v}   one value, 0 unless given
///     "reflect"    {3, 2, 1, 2, 3, 2, 1}   mirrored, the edge not repeated
///     "replicate"  {1, 1, 1, 2, 3, 3, 3}   the edge repeated
///     "circular"   {2, 3, 1, 2, 3, 1, 2}   as if x stood beside itself
/// Gradient: for "constant" the part of g inside the border (0 for what was cut off), else each g added where its value
/// came from. Source: torch.nn.functional.pad.
/// Throws when more would be cut off than there is, when the result would be too large, when T cannot hold `value`, and
/// for a border that "reflect" (size - 1) or "circular" (size) cannot fill.
///     pad(tensor({{1, 2}}), {1, 0, 0, 1}, {.value = 9})   // {{9, 1, 2}, {9, 9, 9}}
///     pad(tensor({1, 2, 3}), {1, 1}, "reflect")           // {2, 1, 2, 3, 2}
template <class T>
Tensor<T> pad(const Tensor<T>& x, const Shape& pads, PadOptions options = {}, Location at = Location::here()) {
  if (options.mode == PadMode::constant) return detail::pad_constant(x, pads, options.value, at);
  return detail::pad_from_within(x, pads, options.mode, at);
}
/// Mode and value by position, as in PyTorch: pad(x, {1, 1}, "constant", 9).
template <class T>
Tensor<T> pad(const Tensor<T>& x, const Shape& pads, PadMode mode, double value = 0, Location at = Location::here()) {
  return pad(x, pads, PadOptions{.mode = mode, .value = value}, at);
}

}  // namespace chainrule

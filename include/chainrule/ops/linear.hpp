#pragma once
// linear: x wT + b, the fully connected layer.

#include <chainrule/ops/matmul.hpp>

namespace chainrule {
namespace detail {

template <Real T>
Tensor<T> linear_value(const char* op, const Tensor<T>& given, const Tensor<T>& weight, const Tensor<T>& bias,
                       bool relu, Location at) {
  check(weight.dim() == 2, at, op, ": the weight is a matrix (out_features, in_features), got ", weight.shape());
  const std::int64_t out = weight.shape()[0], in = weight.shape()[1];
  check(given.dim() > 0 && given.shape().back() == in, at, op, ": expects ", in, " input features, got ",
        given.dim() > 0 ? given.shape().back() : 0, " (input ", given.shape(), ", weight ", weight.shape(), ")");
  check(!bias.defined() || bias.shape() == Shape(out) || bias.dim() == 0, at, op,
        ": the bias needs one value for each of the ", out, " output features, got shape ",
        bias.defined() ? bias.shape() : Shape{});
  check_same_device(op, at, given, weight);
  if (bias.defined()) check_same_device(op, at, given, bias);

  Shape shape = given.shape();
  shape[shape.size() - 1] = out;
  const std::int64_t rows = rows_of(shape);
  Tensor<T> x = given, b = bias;
  if (b.defined() && !(b.is_contiguous() && b.dim() == 1)) {
    no_grad guard;
    b = contiguous(expand(bias, Shape(out), at), at);
  }
  auto steps =
      given.dim() == 2 ? std::optional(given.strides()) : view_strides(given.shape(), given.strides(), {rows, in});
  if (!steps) {
    no_grad guard;
    x = contiguous(given, at);
    steps = contiguous_strides({rows, in});
  }
  Tensor<T> y = allocate<T>(shape, x.device(), op, at);
  fn::MatmulArgs<T> p{};
  p.m = rows, p.n = out, p.k = in;
  p.a = x.data(), p.a_row = (*steps)[0], p.a_col = (*steps)[1];
  p.b = weight.data(), p.b_row = weight.strides()[1], p.b_col = weight.strides()[0];
  p.c = y.data();
  p.bias = b.defined() ? b.data() : nullptr;
  p.relu = relu;
  p.b_changes = grad_enabled && weight.requires_grad();
  p.batch.dims = 1;
  p.batch.size[0] = 1;
  if (y.numel() > 0) kernel<fn::Matmul<T>>::on(x.device(), at)(p);
  return y;
}

/// g w and gT x, over all leading dimensions at once.
template <Real T>
std::pair<Tensor<T>, Tensor<T>> linear_grads(const Tensor<T>& g, Needs need, const Tensor<T>& x,
                                             const Tensor<T>& weight) {
  Tensor<T> gx, gw;
  if (need[0]) gx = matmul_as("matmul", g, weight, {});  // (..., out) (out, in)
  if (need[1]) {
    const std::int64_t out = g.shape().back(), in = x.shape().back(), rows = rows_of(x.shape());
    gw = matmul_as("matmul", transpose(reshape(g, {rows, out}), 0, 1), reshape(x, {rows, in}),
                   {});  // (out, rows) (rows, in)
  }
  return {gx, gw};
}

/// A weight (in,): each row of x gives a scalar.
template <Real T>
Tensor<T> linear_to_scalars(const char* op, const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias,
                            Location at) {
  const std::int64_t in = weight.shape()[0];
  check(x.dim() > 0 && x.shape().back() == in, at, op, ": expects ", in, " input features, got input ", x.shape(),
        ", weight ", weight.shape());
  check(!bias.defined() || bias.dim() == 0, at, op, ": with a weight of one dimension the bias is a scalar, got shape ",
        bias.defined() ? bias.shape() : Shape{});
  const Tensor<T> y = matmul_as(op, x, weight, at);
  return bias.defined() ? add(Operand<T>(y, at), Operand<T>(bias, at), at) : y;
}

}  // namespace detail

/// x wT + bias: the fully connected layer. x (..., in), weight (out, in), bias (out,), a scalar, or left out ->
/// (..., out); float and double. A weight (in,), with a scalar as bias, if any, gives (...). The bias is added while
/// the product leaves the registers.
/// Gradient: g w for x, gT x for the weight, g summed over all leading dimensions for the bias. Source:
/// torch.nn.functional.linear.
/// Throws when the number of features is not the weight's.
///     linear(tensor({{1, 2}}), tensor({{1, 0}, {0, 1}, {1, 1}}), tensor({10, 20, 30}))   // {{11, 22, 33}}
template <Real T>
Tensor<T> linear(const Tensor<T>& x, const Tensor<T>& weight, const std::type_identity_t<Tensor<T>>& bias = {},
                 Location at = Location::here()) {
  if (weight.dim() == 1) return detail::linear_to_scalars("linear", x, weight, bias, at);
  const Tensor<T> nothing, y = detail::linear_value("linear", x, weight, bias, false, at);
  const Tensor<T>&keep_x = weight.requires_grad() ? x : nothing, &keep_w = x.requires_grad() ? weight : nothing;
  const auto rule = [](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& w) {
    auto [gx, gw] = detail::linear_grads(g, need, p, w);
    return Grads{gx, gw, need[2] ? g : Tensor<T>()};  // the engine sums g to the bias
  };
  return record("linear", y, {x, weight, bias}, keep(keep_x, keep_w), rule, at);
}

}  // namespace chainrule

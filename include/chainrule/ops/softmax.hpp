#pragma once
// softmax, log_softmax, logsumexp: exponentials of a dimension that sum to one, without overflow.

#include <chainrule/core/axis_split.hpp>
#include <chainrule/core/binary.hpp>
#include <chainrule/core/math.hpp>
#include <chainrule/ops/add.hpp>
#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/sum.hpp>
#include <cmath>
#include <limits>

namespace chainrule {

namespace fn {

// The slots of the family. x, y and g are (outer, n, inner), a sum is (outer, inner).
template <class T> struct Softmax {
  static constexpr auto name = "softmax";
  using fn = void(const AxisSplit& along, const T* x, T* y);
  [[gnu::weak]] static fn cpu;  // cpu/rowwise/softmax.hpp
};
template <class T> struct LogSoftmax {
  static constexpr auto name = "log_softmax";
  using fn = void(const AxisSplit& along, const T* x, T* y);
  [[gnu::weak]] static fn cpu;  // cpu/rowwise/softmax.hpp
};
template <class T> struct LogSumExp {
  static constexpr auto name = "logsumexp";
  using fn = void(const AxisSplit& along, const T* x, T* sum);
  [[gnu::weak]] static fn cpu;  // cpu/rowwise/softmax.hpp
};
template <class T> struct SoftmaxGrad {
  static constexpr auto name = "softmax_grad";
  using fn = void(const AxisSplit& along, const T* g, const T* y, T* gx);
  [[gnu::weak]] static fn cpu;  // cpu/rowwise/softmax.hpp
};
template <class T> struct LogSoftmaxGrad {
  static constexpr auto name = "log_softmax_grad";
  using fn = void(const AxisSplit& along, const T* g, const T* y, T* gx);
  [[gnu::weak]] static fn cpu;  // cpu/rowwise/softmax.hpp
};

}  // namespace fn

namespace detail {

/// Runs a kernel of the family over contiguous operands of one shape.
template <class K, class T>
Tensor<T> run_along(int dim, Location at, const Tensor<T>& x, const std::same_as<Tensor<T>> auto&... more) {
  Tensor<T> y = allocate<T>(x.shape(), x.device(), K::name, at);
  if (x.numel() == 0) return y;
  no_grad guard;  // copies made for the kernel are no part of the graph
  [&](const auto&... operand) {
    kernel<K>::on(x.device(), at)(axis_split(x.shape(), dim), operand.data()..., y.data());
  }(contiguous(x, at), contiguous(more, at)...);
  return y;
}

/// exp(x - s), and 0 where s is -infinity: what a sum over nothing but zeros is made of.
struct ExpSub {
  static constexpr auto name = "exp_sub";
  template <class T> CHAINRULE_HD T operator()(T x, T s) const {
    using std::exp;
    return s == -math::Limits<T>::infinity ? T(0) : exp(x - s);
  }
};
template <Real T> Tensor<T> exp_sub(const Tensor<T>& x, const Tensor<T>& s, Location at = Location::here()) {
  return record(
      "exp_sub", map(ExpSub{}, at, x, s), {x, s}, keep(this_value),
      [](const Tensor<T>& g, const Tensor<T>& y) {
        Tensor<T> gx = g * y;
        return Grads{gx, gx * -1};
      },
      at);
}

}  // namespace detail

/// The gradient of softmax as an op of its own: y (g - sum(g y)), the sum taken along `dim`.
template <Real T>
Tensor<T> softmax_grad(const Tensor<T>& g, const Tensor<T>& y, std::int64_t dim, Location at = Location::here()) {
  check(g.shape() == y.shape(), at, "softmax_grad: the gradient needs the shape of the result, ", y.shape(), ", got ",
        g.shape());
  const int d = detail::wrap_dim(dim, std::max(1, y.dim()), "softmax_grad", at);
  return record(
      "softmax_grad", detail::run_along<fn::SoftmaxGrad<T>>(d, at, g, y), {g, y}, keep(g, y),
      [d](const Tensor<T>& u, Needs need, const Tensor<T>& up, const Tensor<T>& v) {
        Tensor<T> to_g, to_y;
        if (need[0]) to_g = softmax_grad(u, v, d);
        if (need[1] && v.dim() == 0) to_y = v * 0;
        else if (need[1]) to_y = u * up + (u * sum(up * v, d, true) + up * sum(u * v, d, true)) * -1;
        return Grads{to_g, to_y};
      },
      at);
}
/// The gradient of log_softmax as an op of its own: g - exp(y) sum(g), the sum taken along `dim`.
template <Real T>
Tensor<T> log_softmax_grad(const Tensor<T>& g, const Tensor<T>& y, std::int64_t dim, Location at = Location::here()) {
  check(g.shape() == y.shape(), at, "log_softmax_grad: the gradient needs the shape of the result, ", y.shape(),
        ", got ", g.shape());
  const int d = detail::wrap_dim(dim, std::max(1, y.dim()), "log_softmax_grad", at);
  return record(
      "log_softmax_grad", detail::run_along<fn::LogSoftmaxGrad<T>>(d, at, g, y), {g, y}, keep(g, y),
      [d](const Tensor<T>& u, Needs need, const Tensor<T>& up, const Tensor<T>& v) {
        Tensor<T> to_g, to_y;
        if (v.dim() == 0) return Grads{v * 0, v * 0};
        const Tensor<T> p = detail::exp_sub(v, zeros_like(v));
        if (need[0]) to_g = u + sum(u * p, d, true) * -1;
        if (need[1]) to_y = u * p * sum(up, d, true) * -1;
        return Grads{to_g, to_y};
      },
      at);
}

/// exp(x) / sum(exp(x)) along `dim`: positive numbers that sum to one. Computed as exp(x - max), so that it never
/// overflows; -infinity gives 0, a slice of nothing but -infinity gives NaN, as in PyTorch. float and double, any
/// shape.
/// Gradient: y (g - sum(g y)). Source: torch.softmax.
///     softmax(tensor({1000, 1000}), 0)   // {0.5, 0.5}
template <Real T> Tensor<T> softmax(const Tensor<T>& x, std::int64_t dim, Location at = Location::here()) {
  const int d = detail::wrap_dim(dim, std::max(1, x.dim()), "softmax", at);
  return record(
      "softmax", detail::run_along<fn::Softmax<T>>(d, at, x), {x}, keep(this_value),
      [d](const Tensor<T>& g, const Tensor<T>& y) { return Grads{softmax_grad(g, y, d)}; }, at);
}
/// log(softmax(x)) = x - max - log(sum(exp(x - max))) along `dim`, precise where softmax rounds to 0 or 1. float and
/// double, any shape. Gradient: g - exp(y) sum(g). Source: torch.log_softmax.
///     log_softmax(tensor({0, 0}), 0)   // {-0.6931, -0.6931}
template <Real T> Tensor<T> log_softmax(const Tensor<T>& x, std::int64_t dim, Location at = Location::here()) {
  const int d = detail::wrap_dim(dim, std::max(1, x.dim()), "log_softmax", at);
  return record(
      "log_softmax", detail::run_along<fn::LogSoftmax<T>>(d, at, x), {x}, keep(this_value),
      [d](const Tensor<T>& g, const Tensor<T>& y) { return Grads{log_softmax_grad(g, y, d)}; }, at);
}
/// In another element type, PyTorch's dtype: softmax<double>(x, 1), softmax<float>(labels, 0), or as a method. x is
/// converted first.
template <Real U, class T>
requires(!std::same_as<U, T>) Tensor<U> softmax(const Tensor<T>& x, std::int64_t dim, Location at = Location::here()) {
  return cast<U>(softmax(cast<U>(x, at), dim, at), at);
}
template <Real U, class T>
requires(!std::same_as<U, T>) Tensor<U> log_softmax(const Tensor<T>& x, std::int64_t dim,
                                                    Location at = Location::here()) {
  return cast<U>(log_softmax(cast<U>(x, at), dim, at), at);
}
/// log(sum(exp(x))) along `dim`, which goes unless keepdim; never overflows. Over nothing, or nothing but -infinity:
/// -infinity. Gradient: g exp(x - y), which is g softmax(x); 0 where y is -infinity. Source: torch.logsumexp.
///     logsumexp(tensor({1000, 1000}), 0)   // 1000.6931
template <Real T>
Tensor<T> logsumexp(const Tensor<T>& x, std::int64_t dim, bool keepdim = false, Location at = Location::here()) {
  const int d = detail::wrap_dim(dim, std::max(1, x.dim()), "logsumexp", at);
  Shape kept = x.shape(), shape = x.shape();
  if (x.dim() > 0) {
    kept[d] = 1;
    shape = kept;
    if (!keepdim) shape.erase(d);
  }
  Tensor<T> y = detail::allocate<T>(shape, x.device(), "logsumexp", at);
  if (x.numel() == 0) {
    y.fill_(-std::numeric_limits<T>::infinity(), at);
  } else {
    no_grad guard;
    const Tensor<T> in = contiguous(x, at);
    kernel<fn::LogSumExp<T>>::on(x.device(), at)(detail::axis_split(x.shape(), d), in.data(), y.data());
  }
  return record(
      "logsumexp", y, {x}, keep(x, this_value),
      [kept](const Tensor<T>& g, const Tensor<T>& v, const Tensor<T>& s) {
        return Grads{reshape(g, kept) * detail::exp_sub(v, reshape(s, kept))};
      },
      at);
}

/// logsumexp over several dimensions at once: logsumexp(x, {0, 1}).
template <Real T>
Tensor<T> logsumexp(const Tensor<T>& x, const Dims& dims, bool keepdim = false, Location at = Location::here()) {
  if (dims.size() == 1) return logsumexp(x, dims[0], keepdim, at);
  const auto plan = detail::plan_reduction(x, dims, keepdim, "logsumexp", at);
  Dims order, last;
  Shape rows;
  for (int d = 0; d < x.dim(); ++d) {
    if (plan.reduced[d]) last.push_back(d);
    else order.push_back(d), rows.push_back(x.shape()[d]);
  }
  for (auto d : last) order.push_back(d);
  rows.push_back(plan.count);  // (kept..., all of the others as one)
  return reshape(logsumexp(reshape(permute(x, order, at), rows, at), -1, false, at), plan.result, at);
}

template <class T> template <Real U> Tensor<U> Tensor<T>::softmax(std::int64_t dim, Location at) const {
  return cast<U>(chainrule::softmax(cast<U>(*this, at), dim, at), at);
}
template <class T> template <Real U> Tensor<U> Tensor<T>::log_softmax(std::int64_t dim, Location at) const {
  return cast<U>(chainrule::log_softmax(cast<U>(*this, at), dim, at), at);
}
template <class T> Tensor<T> Tensor<T>::softmax(std::int64_t dim, Location at) const {
  return chainrule::softmax(*this, dim, at);
}
template <class T> Tensor<T> Tensor<T>::log_softmax(std::int64_t dim, Location at) const {
  return chainrule::log_softmax(*this, dim, at);
}
template <class T> Tensor<T> Tensor<T>::logsumexp(std::int64_t dim, bool keepdim, Location at) const {
  return chainrule::logsumexp(*this, dim, keepdim, at);
}
template <class T> template <int> Tensor<T> Tensor<T>::logsumexp(const Dims& dims, bool keepdim, Location at) const {
  return chainrule::logsumexp(*this, dims, keepdim, at);
}

}  // namespace chainrule

#pragma once
// Views: other shapes and strides over the same storage. Nothing is copied, and an in-place edit of one is seen in the
// other. The gradient of a view is the same view, backward; of a part, zeros with the part's gradient in its place.

#include <chainrule/core/binary.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/ops/copy.hpp>

namespace chainrule {

namespace detail {

template <class T>
Tensor<T> make_view(const Tensor<T>& x, const Shape& shape, const Strides& strides, std::int64_t offset) {
  Tensor<T> v(alias(x, shape, strides, offset));
  const TensorImpl& from = *x.impl();
  v.impl()->base = from.base ? from.base : x.share();
  v.impl()->edits = v.impl()->base->edits;
  return v;
}

/// Fills in a -1 and checks the number of elements.
Shape complete_shape(const Shape& asked, std::int64_t numel, const Shape& from, const char* op, Location at);

/// Strides of `shape` over the same memory, if that is possible without copying.
std::optional<Strides> view_strides(const Shape& from, const Strides& strides, const Shape& shape);

}  // namespace detail

template <class T> Tensor<T> reshape(const Tensor<T>& x, const Shape& shape, Location at = Location::here());

/// The same elements in row-major order under another shape, sharing storage; one size may be -1. Gradient: g in x's
/// shape. Throws if x's strides do not allow it (after a transpose, say): use reshape, which copies then.
///     arange(6).view({2, -1})   // shape (2, 3)
template <class T> Tensor<T> view(const Tensor<T>& x, const Shape& asked, Location at = Location::here()) {
  Shape shape = detail::complete_shape(asked, x.numel(), x.shape(), "view", at);
  auto strides = detail::view_strides(x.shape(), x.strides(), shape);
  check(strides.has_value(), at, "view: a tensor of shape ", x.shape(), " and strides ", x.strides(),
        " cannot be seen as ", shape, " without a copy; use reshape()");
  return record(
      "view", detail::make_view(x, shape, *strides, x.impl()->offset), {x},
      [from = x.shape()](const Tensor<T>& g) { return Grads{reshape(g, from)}; }, at);
}
/// view() where the strides allow it, else a copy. Gradient: g in x's shape. Source: torch.reshape.
template <class T> Tensor<T> reshape(const Tensor<T>& x, const Shape& asked, Location at) {
  Shape shape = detail::complete_shape(asked, x.numel(), x.shape(), "reshape", at);
  if (shape == x.shape()) return x;
  return view(detail::view_strides(x.shape(), x.strides(), shape) ? x : clone(x, at), shape, at);
}
/// Dimensions start_dim to end_dim made into one: flatten(x, 1) keeps the batch. A scalar becomes shape (1,).
template <class T>
Tensor<T> flatten(const Tensor<T>& x, std::int64_t start_dim = 0, std::int64_t end_dim = -1,
                  Location at = Location::here()) {
  if (x.dim() == 0) {  // as one dimension: 0 or -1
    detail::wrap_dim(start_dim, 1, "flatten", at);
    detail::wrap_dim(end_dim, 1, "flatten", at);
    return reshape(x, {1}, at);
  }
  int first = detail::wrap_dim(start_dim, x.dim(), "flatten", at),
      last = detail::wrap_dim(end_dim, x.dim(), "flatten", at);
  check(first <= last, at, "flatten: start_dim ", start_dim, " lies behind end_dim ", end_dim);
  Shape shape;
  std::int64_t joined = 1;
  for (int d = 0; d < x.dim(); ++d) {
    if (d < first || d > last) shape.push_back(x.shape()[d]);
    else if (joined *= x.shape()[d]; d == last) shape.push_back(joined);
  }
  return reshape(x, shape, at);
}
/// The reverse of flatten: dimension `dim` cut into `sizes`, one of which may be -1.
template <class T>
Tensor<T> unflatten(const Tensor<T>& x, std::int64_t dim, const Shape& sizes, Location at = Location::here()) {
  int d = detail::wrap_dim(dim, x.dim(), "unflatten", at);
  Shape cut = detail::complete_shape(sizes, x.shape()[d], Shape(x.shape()[d]), "unflatten", at), shape;
  for (int i = 0; i < x.dim(); ++i) {
    if (i != d) shape.push_back(x.shape()[i]);
    else
      for (auto s : cut) shape.push_back(s);
  }
  return reshape(x, shape, at);
}

/// Dimensions in another order: permute(x, {2, 0, 1}). Gradient: g permuted back.
template <class T> Tensor<T> permute(const Tensor<T>& x, const Dims& dims, Location at = Location::here()) {
  check(dims.size() == x.dim(), at, "permute: ", dims, " names ", dims.size(), " dimensions, the tensor has ", x.dim());
  Shape shape = x.shape(), strides = x.strides(), back = Shape::filled(x.dim(), -1);
  for (int i = 0; i < dims.size(); ++i) {
    int d = detail::wrap_dim(dims[i], x.dim(), "permute", at);
    check(back[d] < 0, at, "permute: dimension ", d, " stands twice in ", dims);
    shape[i] = x.shape()[d];
    strides[i] = x.strides()[d];
    back[d] = i;
  }
  return record(
      "permute", detail::make_view(x, shape, strides, x.impl()->offset), {x},
      [back](const Tensor<T>& g) { return Grads{permute(g, back)}; }, at);
}
/// Two dimensions swapped; of a scalar, the scalar. Gradient: g with the same two swapped.
template <class T>
Tensor<T> transpose(const Tensor<T>& x, std::int64_t dim0, std::int64_t dim1, Location at = Location::here()) {
  const int dims = std::max(1, x.dim());  // of a scalar, 0 and -1 are dimensions, as in PyTorch
  const int a = detail::wrap_dim(dim0, dims, "transpose", at), b = detail::wrap_dim(dim1, dims, "transpose", at);
  if (x.dim() == 0) return x;
  Shape shape = x.shape(), strides = x.strides();
  std::swap(shape[a], shape[b]);
  std::swap(strides[a], strides[b]);
  return record(
      "transpose", detail::make_view(x, shape, strides, x.impl()->offset), {x},
      [a, b](const Tensor<T>& g) { return Grads{transpose(g, a, b)}; }, at);
}
/// The transpose of a matrix; a vector or a scalar stays as it is.
template <class T> Tensor<T> t(const Tensor<T>& x, Location at = Location::here()) {
  check(x.dim() <= 2, at, "t: expects a tensor with at most 2 dimensions, got shape ", x.shape(),
        "; use transpose(dim0, dim1)");
  return x.dim() < 2 ? x : transpose(x, 0, 1, at);
}

namespace detail {

/// Without those of `dims` whose size is 1; of all dimensions if `dims` is null.
template <class T> Tensor<T> squeeze_dims(const Tensor<T>& x, const Dims* dims, Location at) {
  Shape shape, strides;
  bool named[Shape::max_dims] = {};
  if (dims)
    for (auto dim : *dims) {
      const int d = wrap_dim(dim, std::max(1, x.dim()), "squeeze", at);
      check(!named[d], at, "squeeze: dimension ", d, " stands twice in ", *dims);
      named[d] = true;
    }
  for (int d = 0; d < x.dim(); ++d) {
    if (x.shape()[d] == 1 && (!dims || named[d])) continue;
    shape.push_back(x.shape()[d]);
    strides.push_back(x.strides()[d]);
  }
  return record(
      "squeeze", detail::make_view(x, shape, strides, x.impl()->offset), {x},
      [from = x.shape()](const Tensor<T>& g) { return Grads{reshape(g, from)}; }, at);
}

}  // namespace detail

/// Without the dimensions of size 1, or without dimension `dim` if its size is 1, or without those of a list:
/// squeeze(x, {0, 2}). Source: torch.squeeze. Throws for a dimension that does not exist or stands twice in the list.
template <class T>
Tensor<T> squeeze(const Tensor<T>& x, std::optional<std::int64_t> dim = {}, Location at = Location::here()) {
  const Dims only = dim ? Dims(*dim) : Dims();
  return detail::squeeze_dims(x, dim ? &only : nullptr, at);
}
template <class T, std::same_as<Dims> D>
Tensor<T> squeeze(const Tensor<T>& x, const D& dims, Location at = Location::here()) {
  return detail::squeeze_dims(x, &dims, at);
}
template <class T>
Tensor<T> squeeze(const Tensor<T>& x, std::initializer_list<Shape::Entry> list, Location at = Location::here()) {
  const Dims dims(list);
  return detail::squeeze_dims(x, list.size() == 0 ? nullptr : &dims, at);  // squeeze(x, {}) leaves the dimension out
}
/// With a dimension of size 1 put in before dimension `dim`.
template <class T> Tensor<T> unsqueeze(const Tensor<T>& x, std::int64_t dim, Location at = Location::here()) {
  int d = detail::wrap_dim(dim, x.dim() + 1, "unsqueeze", at);
  Shape shape = x.shape(), strides = x.strides();
  strides.insert(d, d < x.dim() ? x.shape()[d] * x.strides()[d] : 1);
  shape.insert(d, 1);
  return record(
      "unsqueeze", detail::make_view(x, shape, strides, x.impl()->offset), {x},
      [from = x.shape()](const Tensor<T>& g) { return Grads{reshape(g, from)}; }, at);
}
/// Dimensions of size 1 repeated without copying (stride 0); -1 keeps a size; new dimensions may stand in front.
/// Gradient: g summed over the repeated dimensions.
template <class T> Tensor<T> expand(const Tensor<T>& x, const Shape& asked, Location at = Location::here()) {
  int extra = asked.size() - x.dim();
  check(extra >= 0, at, "expand: ", asked, " has fewer dimensions than the tensor's shape ", x.shape());
  Shape shape = asked, strides = Shape::filled(asked.size(), 0);
  for (int d = 0; d < asked.size(); ++d) {
    std::int64_t mine = d < extra ? 1 : x.shape()[d - extra];
    if (shape[d] == -1) {
      check(d >= extra, at, "expand: -1 keeps a size, but dimension ", d, " of ", asked, " is new");
      shape[d] = mine;
    }
    check(mine == shape[d] || mine == 1, at, "expand: size ", mine, " of shape ", x.shape(), " cannot become ",
          shape[d], "; only sizes of 1 expand");
    if (d >= extra && mine == shape[d]) strides[d] = x.strides()[d - extra];
  }
  detail::checked_numel(shape, sizeof(T), "expand", at);
  return record(
      "expand", detail::make_view(x, shape, strides, x.impl()->offset), {x},
      [from = x.shape()](const Tensor<T>& g) { return Grads{sum_to(g, from)}; }, at);
}

template <class T>
Tensor<T> slice(const Tensor<T>& x, std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step = 1,
                Location at = Location::here());

/// Zeros of `shape` with g in the place of a slice: the gradient of slice as an op of its own. Its gradient is the
/// slice.
template <class T>
Tensor<T> slice_grad(const Tensor<T>& g, const Shape& shape, std::int64_t dim, std::int64_t start, std::int64_t stop,
                     std::int64_t step, Location at = Location::here()) {
  Tensor<T> whole = detail::allocate<T>(shape, g.device(), "slice_grad", at);
  whole.fill_(T{}, at);
  {
    no_grad guard;
    map_into(fn::Copy{}, at, slice(whole, dim, start, stop, step, at), g);
  }
  return record(
      "slice_grad", whole, {g}, [=](const Tensor<T>& gg) { return Grads{slice(gg, dim, start, stop, step)}; }, at);
}
/// Elements start, start + step, ... before stop along `dim`: x[start:stop:step] in Python. Negative positions count
/// from the end; positions outside are cut to the tensor, as in Python. step > 0.
/// Gradient: g in its place, zeros elsewhere.
///     slice(arange(5), 0, 1, 5, 2)   // {1, 3}
template <class T>
Tensor<T> slice(const Tensor<T>& x, std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step,
                Location at) {
  int d = detail::wrap_dim(dim, x.dim(), "slice", at);
  check(step > 0, at, "slice: step must be positive, got ", step, "; flip() reverses");
  std::int64_t n = x.shape()[d];
  start = std::min(std::max<std::int64_t>(start < 0 ? start + n : start, 0), n);
  stop = std::min(std::max(stop < 0 ? stop + n : stop, start), n);
  Shape shape = x.shape(), strides = x.strides();
  shape[d] = detail::divide_up(stop - start, step);
  if (std::int64_t stride = 0; !__builtin_mul_overflow(strides[d], step, &stride))
    strides[d] = stride;  // else it has one element at most
  return record(
      "slice", detail::make_view(x, shape, strides, x.impl()->offset + start * x.strides()[d]), {x},
      [from = x.shape(), d, start, stop, step](const Tensor<T>& g) {
        return Grads{slice_grad(g, from, d, start, stop, step)};
      },
      at);
}
/// `length` elements from `start` along `dim`. Throws when they are not all there.
template <class T>
Tensor<T> narrow(const Tensor<T>& x, std::int64_t dim, std::int64_t start, std::int64_t length,
                 Location at = Location::here()) {
  int d = detail::wrap_dim(dim, x.dim(), "narrow", at);
  std::int64_t n = x.shape()[d], first = start < 0 ? start + n : start;
  check(first >= 0 && first <= n && length >= 0 && length <= n - first, at, "narrow: ", length, " elements from ",
        start, " on do not lie in dimension ", d, " of size ", n);
  return slice(x, d, first, first + length, 1, at);
}
/// Element `index` along `dim`, without that dimension: x[index]. Throws when it does not exist.
template <class T>
Tensor<T> select(const Tensor<T>& x, std::int64_t dim, std::int64_t index, Location at = Location::here()) {
  check(x.dim() > 0, at, "select: a scalar has no element ", index);
  int d = detail::wrap_dim(dim, x.dim(), "select", at);
  std::int64_t n = x.shape()[d], i = index < 0 ? index + n : index;
  check(i >= 0 && i < n, at, "index ", index, " does not exist in dimension ", d, " of size ", n, " (shape ", x.shape(),
        ")");
  Shape shape = x.shape(), strides = x.strides();
  shape.erase(d);
  strides.erase(d);
  return record(
      "select", detail::make_view(x, shape, strides, x.impl()->offset + i * x.strides()[d]), {x},
      [from = x.shape(), d, i](const Tensor<T>& g) { return Grads{slice_grad(unsqueeze(g, d), from, d, i, i + 1, 1)}; },
      at);
}

template <class T> Tensor<T> Tensor<T>::view(const Shape& shape, Location at) const {
  return chainrule::view(*this, shape, at);
}
template <class T> Tensor<T> Tensor<T>::reshape(const Shape& shape, Location at) const {
  return chainrule::reshape(*this, shape, at);
}
template <class T> Tensor<T> Tensor<T>::flatten(std::int64_t start_dim, std::int64_t end_dim, Location at) const {
  return chainrule::flatten(*this, start_dim, end_dim, at);
}
template <class T> Tensor<T> Tensor<T>::unflatten(std::int64_t dim, const Shape& sizes, Location at) const {
  return chainrule::unflatten(*this, dim, sizes, at);
}
template <class T> Tensor<T> Tensor<T>::transpose(std::int64_t dim0, std::int64_t dim1, Location at) const {
  return chainrule::transpose(*this, dim0, dim1, at);
}
template <class T> Tensor<T> Tensor<T>::t(Location at) const { return chainrule::t(*this, at); }
template <class T> Tensor<T> Tensor<T>::mT(Location at) const { return chainrule::transpose(*this, -2, -1, at); }
template <class T> Tensor<T> Tensor<T>::permute(const Dims& dims, Location at) const {
  return chainrule::permute(*this, dims, at);
}
template <class T> Tensor<T> Tensor<T>::squeeze(Location at) const { return detail::squeeze_dims(*this, nullptr, at); }
template <class T> Tensor<T> Tensor<T>::squeeze(std::int64_t dim, Location at) const {
  return chainrule::squeeze(*this, dim, at);
}
template <class T> Tensor<T> Tensor<T>::squeeze(const Dims& dims, Location at) const {
  return detail::squeeze_dims(*this, &dims, at);
}
template <class T> Tensor<T> Tensor<T>::unsqueeze(std::int64_t dim, Location at) const {
  return chainrule::unsqueeze(*this, dim, at);
}
template <class T> Tensor<T> Tensor<T>::expand(const Shape& shape, Location at) const {
  return chainrule::expand(*this, shape, at);
}
template <class T>
Tensor<T> Tensor<T>::narrow(std::int64_t dim, std::int64_t start, std::int64_t length, Location at) const {
  return chainrule::narrow(*this, dim, start, length, at);
}
template <class T> Tensor<T> Tensor<T>::select(std::int64_t dim, std::int64_t index, Location at) const {
  return chainrule::select(*this, dim, index, at);
}
template <class T>
Tensor<T> Tensor<T>::slice(std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step,
                           Location at) const {
  return chainrule::slice(*this, dim, start, stop, step, at);
}

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

CHAINRULE_INLINE Shape complete_shape(const Shape& asked, std::int64_t numel, const Shape& from, const char* op,
                                      Location at) {
  Shape shape = asked;
  int unknown = -1;
  std::int64_t known = 1;
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1) {
      check(unknown < 0, at, op, ": only one size can be -1, got ", asked);
      unknown = i;
    } else {
      check(shape[i] >= 0, at, op, ": sizes must not be negative, got ", asked);
      known = multiply_sizes(known, shape[i]);
    }
  }
  if (unknown >= 0) {
    check(known > 0 && numel % known == 0, at, op, ": shape ", from, " (", numel, " elements) does not fit ", asked);
    shape[unknown] = numel / known;
  }
  if (known != numel && unknown < 0) [[unlikely]]
    fail(at, op, ": shape ", from, " has ", numel, " elements, ", asked,
         known == std::numeric_limits<std::int64_t>::max() ? " has more than " : " has ", known);
  if (numel == 0) checked_numel(shape, 1, op, at);  // beside a size of 0 any others fit
  return shape;
}

CHAINRULE_INLINE std::optional<Strides> view_strides(const Shape& from, const Strides& strides, const Shape& shape) {
  if (is_contiguous(from, strides)) return contiguous_strides(shape);
  if (from.numel() == 0) return contiguous_strides(shape);
  // Merge the old dimensions into runs that are walked in one stride, then cut each run into new dimensions.
  Strides result = Shape::filled(shape.size(), 1);
  int next = shape.size() - 1;
  std::int64_t run = 1, base = strides.empty() ? 1 : strides.back();
  for (int d = from.size() - 1; d >= 0; --d) {
    run *= from[d];
    if (d > 0 && (from[d - 1] == 1 || strides[d - 1] == run * base)) continue;
    std::int64_t taken = 1;
    while (next >= 0 && (taken < run || shape[next] == 1)) {
      result[next] = taken * base;
      taken *= shape[next--];
    }
    if (taken != run) return {};
    if (d > 0) base = strides[d - 1];
    run = 1;
  }
  return next < 0 ? std::optional(result) : std::nullopt;
}

}  // namespace chainrule::detail
#endif

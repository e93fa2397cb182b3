#pragma once
// index_put_: writes to indexed positions.

#include <chainrule/ops/index.hpp>
#include <chainrule/ops/inplace.hpp>

namespace chainrule {

namespace detail {

/// values written to the indexed positions of x, or added to what is there, in x's memory. Not recorded.
template <class T>
void put(const Tensor<T>& x, IndexItems items, const Tensor<T>& values, Location at, bool accumulate = false) {
  no_grad guard;
  Unobserved quiet;
  PartlyIndexed<T> p = apply_views(x, items, at);
  const Tensor<T> source = values.shares_storage(x) ? map(fn::Copy{}, at, values) : values;
  auto check_fits = [&](const Shape& shape) {
    check(broadcast_shapes(shape, values.shape(), "index_put_", at) == shape, at, "index_put_: values of shape ",
          values.shape(), " do not fit into the indexed positions, ", shape);
  };
  if (p.dims.empty()) {
    check_fits(p.view.shape());
    if (accumulate) map_into(fn::Add{}, at, p.view, p.view, source);
    else map_into(fn::Copy{}, at, p.view, source);
    return;
  }
  const Tensor<std::int64_t> joined = join_indices(p, p.view.strides(), at);
  const Shape shape = indexed_shape(p, joined.shape());
  check_fits(shape);
  const int first = p.dims.front().dim, behind = p.dims.back().dim + 1;
  Strides base, index;  // the base stands still along the index, the index along everything else
  for (int d = 0; d < first; ++d) base.push_back(p.view.strides()[d]), index.push_back(0);
  for (auto s : joined.strides()) base.push_back(0), index.push_back(s);
  for (int d = behind; d < p.view.dim(); ++d) base.push_back(p.view.strides()[d]), index.push_back(0);
  const auto loop = make_loop(shape, static_cast<const TensorBase&>(source), TensorBase(alias(p.view, shape, base, 0)),
                              TensorBase(alias(joined, shape, index, 0)));
  auto* run =
      accumulate ? kernel<fn::ScatterAddKernel<T>>::on(x.device(), at) : kernel<fn::PutKernel<T>>::on(x.device(), at);
  run(loop, 1, source.data(), p.view.data(), joined.data());
}

/// A copy of x with values (broadcast) at these row-major positions: index_put_ as an op that can be differentiated.
/// Gradient: g without these positions for x (all of g where the values are added), g at these positions for the
/// values.
template <class T>
Tensor<T> put_at(const Tensor<T>& x, const Tensor<std::int64_t>& positions, const Tensor<T>& values, Location at,
                 bool accumulate = false) {
  Tensor<T> out = map(fn::Copy{}, at, x);
  const Tensor<T> flat = make_view(out, out.numel(), 1, 0);
  const IndexItem item(positions);
  put(flat, {&item, 1}, values, at, accumulate);
  return record(
      "index_put_", out, {x, values}, keep(positions),
      [accumulate](const Tensor<T>& g, Needs need, const Tensor<std::int64_t>& where) {
        Tensor<T> to_x = g;
        if (!accumulate && need[0]) {
          Tensor<T> zero = allocate<T>({}, g.device());
          zero.fill_(T{}, Location{});
          to_x = put_at(g, where, zero, {});
        }
        return Grads{to_x, need[1] ? reshape(g, {-1})[where] : Tensor<T>()};
      },
      at);
}

template <class T>
void index_put(const Tensor<T>& x, IndexItems items, const Tensor<T>& values, Location at, bool accumulate = false) {
  check_same_device("index_put_", at, x, values);
  if (Real<T> && grad_enabled && (x.requires_grad() || values.requires_grad())) {
    edit(x, "index_put_", values, at, [&](const Tensor<T>& old, const Tensor<T>& by) {
      Unobserved quiet;
      const Tensor<std::int64_t> positions = to_device(arange(x.numel()), x.device(), at).view(x.shape(), at);
      return put_at(old, contiguous(index(positions, items, at), at), by, at, accumulate);
    });
    return;
  }
  check_editable(x, "index_put_", at);
  put(x, items, values, at, accumulate);
  count_edit(*x.impl(), at);
}

}  // namespace detail

/// x.index_put_({item, ...}, values): Python's x[item, ...] = values. The items are those of index(); the values, a
/// tensor or a number, broadcast to the shape that index() would give. Where one position is named several times the
/// last value stays. With {.accumulate = true} the values are added to what is there, each as often as its position is
/// named, in row-major order of the values.
/// Gradient: g without the positions written for x (all of g with accumulate), g at these positions for the values.
/// Source: torch.Tensor.index_put_. Throws when an index does not exist, the values do not fit, or integers cannot hold
/// the number; for a leaf that requires grad outside of no_grad.
///     x.index_put_({mask}, 0);
///     x.index_put_({Slice(), tensor<std::int64_t>({0, 2})}, tensor({1, 2}));   // columns 0 and 2
///     zeros({3}).index_put_({tensor<std::int64_t>({0, 0})}, 1, {.accumulate = true});   // {2, 0, 0}
template <class T>
const Tensor<T>& Tensor<T>::index_put_(std::initializer_list<detail::IndexItem> items, const Tensor& values,
                                       IndexPutOptions options, Location at) const {
  detail::index_put(*this, detail::IndexItems(items.begin(), items.size()), values, at, options.accumulate);
  return *this;
}
template <class T> void IndexedTensor<T>::operator=(detail::Assigned<T> source) && {
  Tensor<T> one;
  if (!source.tensor) {
    one = detail::allocate<T>({}, this->device());
    one.fill_(source.value, source.at);
    source.tensor = &one;
  }
  if (x_.defined()) detail::index_put(x_, detail::IndexItems(items_), *source.tensor, source.at);
  else this->copy_(*source.tensor, source.at);
}
template <class T>
template <Arithmetic N>
const Tensor<T>& Tensor<T>::index_put_(std::initializer_list<detail::IndexItem> items, N value, IndexPutOptions options,
                                       Location at) const {
  Tensor one = detail::allocate<T>({}, device());
  one.fill_(detail::scalar_for<T>(value, "index_put_", at), at);
  return index_put_(items, one, options, at);
}

}  // namespace chainrule

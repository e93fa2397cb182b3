#pragma once
// index_put_: writes to indexed places.

#include <chainrule/ops/index.hpp>
#include <chainrule/ops/inplace.hpp>

namespace chainrule {

namespace detail {

/// values written to the indexed places of x, in x's memory. Not recorded.
template <class T> void put(const Tensor<T>& x, IndexItems items, const Tensor<T>& values, Location at) {
  no_grad guard;
  Unobserved quiet;
  PartlyIndexed<T> p = apply_views(x, items, at);
  const Tensor<T> source = values.shares_storage(x) ? map(fn::Copy{}, at, values) : values;
  auto check_fits = [&](const Shape& shape) {
    check(broadcast_shapes(shape, values.shape(), "index_put_", at) == shape, at, "index_put_: values of shape ", values.shape(), " do not fit into the indexed places, ", shape);
  };
  if (p.dims.empty()) {
    check_fits(p.view.shape());
    map_into(fn::Copy{}, at, p.view, source);
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
  const auto loop = make_loop(shape, static_cast<const TensorBase&>(source), TensorBase(alias(p.view, shape, base, 0)), TensorBase(alias(joined, shape, index, 0)));
  kernel<fn::PutKernel<T>>::on(x.device(), at)(loop, 1, source.data(), p.view.data(), joined.data());
}

/// A copy of x with values (broadcast) at these row-major positions: index_put_ as an op that can be differentiated.
/// Gradient: g without these places for x, g at these places for the values.
template <class T> Tensor<T> put_at(const Tensor<T>& x, const Tensor<std::int64_t>& places, const Tensor<T>& values, Location at) {
  Tensor<T> out = map(fn::Copy{}, at, x);
  const Tensor<T> flat = make_view(out, out.numel(), 1, 0);
  const IndexItem item(places);
  put(flat, {&item, 1}, values, at);
  return record("index_put_", out, {x, values}, keep(places), [](const Tensor<T>& g, Needs need, const Tensor<std::int64_t>& where) {
    Tensor<T> zero = allocate<T>({}, g.device());
    zero.fill_(T{}, Location{});
    return Grads{need[0] ? put_at(g, where, zero, {}) : Tensor<T>(), need[1] ? reshape(g, {-1})[where] : Tensor<T>()};
  }, at);
}

template <class T> void index_put(const Tensor<T>& x, IndexItems items, const Tensor<T>& values, Location at) {
  check_same_device("index_put_", at, x, values);
  if (Real<T> && grad_enabled && (x.requires_grad() || values.requires_grad())) {
    edit(x, "index_put_", values, at, [&](const Tensor<T>& old, const Tensor<T>& by) {
      Unobserved quiet;
      const Tensor<std::int64_t> positions = to_device(arange(x.numel()), x.device(), at).view(x.shape(), at);
      return put_at(old, contiguous(index(positions, items, at), at), by, at);
    });
    return;
  }
  check_editable(x, "index_put_", at);
  put(x, items, values, at);
  count_edit(*x.impl(), at);
}

}  // namespace detail

/// x.index_put_({item, ...}, values): Python's x[item, ...] = values. The items are those of index(); the values broadcast to the
/// shape that index() would give. Where one place is named several times the last value stays.
/// Gradient: g without the places written for x, g at these places for the values.
/// Throws when an index does not exist or the values do not fit; for a leaf that requires grad outside of no_grad.
///     x.index_put_({mask}, 0);
///     x.index_put_({Slice(), tensor<std::int64_t>({0, 2})}, tensor({1, 2}));   // columns 0 and 2
template <class T> const Tensor<T>& Tensor<T>::index_put_(std::initializer_list<detail::IndexItem> items, const Tensor& values, Location at) const {
  detail::index_put(*this, detail::IndexItems(items.begin(), items.size()), values, at);
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
template <class T> const Tensor<T>& Tensor<T>::index_put_(std::initializer_list<detail::IndexItem> items, T value, Location at) const {
  Tensor one = detail::allocate<T>({}, device());
  one.fill_(value, at);
  return index_put_(items, one, at);
}

}  // namespace chainrule

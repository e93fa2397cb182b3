#pragma once
// Indexing as in Python: x[{0, Slice(1, 3), "...", None, mask, rows}], x[rows], x[mask], on the right and on the left
// of =.

#include <chainrule/ops/add.hpp>
#include <chainrule/ops/nonzero.hpp>

namespace chainrule {

/// In x.index({...}): a new dimension of size 1. In Slice(None, 3): no limit.
struct NoneType {
  operator std::optional<std::int64_t>() const { return {}; }
};
inline constexpr NoneType None;

/// In x.index({...}): all dimensions that the other items leave over. The string "..." does the same.
struct EllipsisType {};
inline constexpr EllipsisType Ellipsis;

/// In x.index({...}): start:stop:step of Python. Slice() is all, Slice(1) is 1:, Slice(None, -1) is :-1,
/// Slice(0, None, 2) is ::2.
struct Slice {
  std::optional<std::int64_t> start, stop;
  std::int64_t step;
  Slice(std::optional<std::int64_t> first = {}, std::optional<std::int64_t> end = {}, std::int64_t by = 1)
      : start(first), stop(end), step(by) {}
};

namespace detail {

/// One item of x[{...}] and x.index({...}), and its line of the user's program.
struct IndexItem {
  enum Kind { integer, slice, none, ellipsis, indices, mask } kind;
  std::int64_t position = 0;
  Slice range;
  Tensor<std::int64_t> at_indices;
  Tensor<bool> under_mask;
  Location at;

  template <std::integral I>
  requires(!std::same_as<I, bool>) IndexItem(I i, Location where = Location::here())
      : kind(integer), position(static_cast<std::int64_t>(i)), at(where) {}
  IndexItem(const Slice& s, Location where = Location::here()) : kind(slice), range(s), at(where) {}
  IndexItem(NoneType, Location where = Location::here()) : kind(none), at(where) {}
  IndexItem(EllipsisType, Location where = Location::here()) : kind(ellipsis), at(where) {}
  IndexItem(const char* dots, Location where = Location::here()) : kind(ellipsis), at(where) {
    check(std::string_view(dots) == "...", at, "index: the only string that is an index is \"...\", got \"", dots,
          "\"");
  }
  IndexItem(const std::vector<std::int64_t>& list, Location where = Location::here())
      : kind(indices), at_indices(tensor(list)), at(where) {}
  template <Element E> IndexItem(const Tensor<E>& index, Location where = Location::here()) : at(where) {
    static_assert(!Real<E>,
                  "a tensor of fractions is no index: compare it for a mask, x[y > 0], or convert it, "
                  "x[y.to<std::int64_t>()]");
    static_assert(!std::same_as<E, std::uint8_t>,
                  "a uint8 tensor may be a mask or a list of positions: say which, x[y.to<bool>()] or "
                  "x[y.to<std::int64_t>()]");
    if constexpr (std::same_as<E, bool>) kind = mask, under_mask = index;
    else if constexpr (std::same_as<E, std::int64_t>) kind = indices, at_indices = index;
    else if constexpr (std::same_as<E, std::int32_t>) kind = indices, at_indices = cast<std::int64_t>(index);
  }
};
using IndexItems = std::span<const IndexItem>;

/// The item of x[item] that is no integer.
struct LoneItem {
  IndexItem item;
  template <class I>
  requires(!std::integral<I> && std::constructible_from<IndexItem, const I&, Location>)
      LoneItem(const I& i, Location where = Location::here())
      : item(i, where) {}
};

/// An index tensor and the dimension it stands for.
struct IndexedDim {
  int dim;
  Tensor<std::int64_t> index;
};

/// What is left to do when integers, slices, None and "..." have made a view.
template <class T> struct PartlyIndexed {
  Tensor<T> view;
  std::vector<IndexedDim> dims;  // in ascending order
};

/// i * stride, where negative i count from the end.
struct IndexOffset {
  static constexpr auto name = "index";
  std::int64_t size, stride;
  CHAINRULE_HD std::int64_t operator()(std::int64_t i) const { return (i < 0 ? i + size : i) * stride; }
};

template <class T> PartlyIndexed<T> apply_views(const Tensor<T>& x, IndexItems items, Location at) {
  int used = 0, dots = 0;
  for (const auto& item : items) {
    if (item.kind == IndexItem::mask) used += item.under_mask.dim();
    else if (item.kind == IndexItem::ellipsis) ++dots;
    else if (item.kind != IndexItem::none) ++used;
  }
  check(dots <= 1, at, "index: \"...\" may stand once, got it ", dots, " times");
  check(used <= x.dim(), at, "index: the items index ", used, " dimensions, but the tensor ", x.shape(), " has ",
        x.dim());
  PartlyIndexed<T> p{x, {}};
  Tensor<T>& v = p.view;
  int d = 0, from = 0;  // dimensions of v and of x
  for (const auto& item : items) {
    switch (item.kind) {
      case IndexItem::integer: {
        const std::int64_t n = x.shape()[from];
        check(item.position >= -n && item.position < n, at, "index ", item.position, " does not exist in dimension ",
              from, " of size ", n, " (shape ", x.shape(), ")");
        v = select(v, d, item.position, at);
        ++from;
        break;
      }
      case IndexItem::none: v = unsqueeze(v, d++, at); break;
      case IndexItem::ellipsis: d += x.dim() - used, from += x.dim() - used; break;
      case IndexItem::slice:
        if (item.range.start || item.range.stop || item.range.step != 1)
          v = chainrule::slice(v, d, item.range.start.value_or(0), item.range.stop.value_or(v.shape()[d]),
                               item.range.step, at);
        ++d, ++from;
        break;
      case IndexItem::indices: {
        check(item.at_indices.device() == x.device(), at, "index: the index lies on ",
              name_of(item.at_indices.device()), ", the tensor on ", name_of(x.device()));
        const std::int64_t n = v.shape()[d];
        check_index(item.at_indices, -n, n, "index", at, "of dimension ", from++, " of the tensor ", x.shape());
        p.dims.push_back({d++, item.at_indices});
        break;
      }
      case IndexItem::mask: {
        const Tensor<bool>& m = item.under_mask;
        check(m.device() == x.device(), at, "index: the mask lies on ", name_of(m.device()), ", the tensor on ",
              name_of(x.device()));
        check(m.dim() > 0, at, "index: a mask must have at least one dimension");
        for (int k = 0; k < m.dim(); ++k)
          check(m.shape()[k] == v.shape()[d + k], at, "index: mask ", m.shape(), " does not fit the tensor ", x.shape(),
                " from dimension ", from, " on: sizes ", m.shape()[k], " and ", v.shape()[d + k], " differ");
        from += m.dim();
        const Tensor<std::int64_t> positions = nonzero_positions(m, at);
        const Strides strides = contiguous_strides(m.shape());
        for (int k = 0; k < m.dim(); ++k)
          p.dims.push_back(
              {d++, map(fn::Coordinate{std::max<std::int64_t>(1, m.shape()[k]), strides[k]}, at, positions)});
        break;
      }
    }
  }
  // Indexed dimensions that do not stand side by side go to the front, as in PyTorch and NumPy.
  bool adjacent = true;
  for (std::size_t i = 1; i < p.dims.size(); ++i) adjacent = adjacent && p.dims[i].dim == p.dims[i - 1].dim + 1;
  if (!adjacent) {
    Dims order;
    for (const auto& i : p.dims) order.push_back(i.dim);
    for (int k = 0; k < v.dim(); ++k) {
      bool indexed = false;
      for (const auto& i : p.dims) indexed = indexed || i.dim == k;
      if (!indexed) order.push_back(k);
    }
    v = permute(v, order, at);
    for (std::size_t i = 0; i < p.dims.size(); ++i) p.dims[i].dim = static_cast<int>(i);
  }
  return p;
}

/// The index tensors broadcast and joined to one: the sum of index * stride of its dimension. Contiguous.
template <class T> Tensor<std::int64_t> join_indices(const PartlyIndexed<T>& p, const Strides& strides, Location at) {
  Tensor<std::int64_t> joined;
  for (const auto& [d, index] : p.dims) {
    Tensor<std::int64_t> part = map(IndexOffset{p.view.shape()[d], strides[d]}, at, index);
    joined = joined.defined() ? map(fn::Add{}, at, joined, part) : part;
  }
  return joined;
}

/// The shape of the result: the joined index's shape in the place of the indexed dimensions.
template <class T> Shape indexed_shape(const PartlyIndexed<T>& p, const Shape& joined) {
  const int first = p.dims.front().dim, behind = p.dims.back().dim + 1;
  Shape shape;
  for (int d = 0; d < first; ++d) shape.push_back(p.view.shape()[d]);
  for (auto s : joined) shape.push_back(s);
  for (int d = behind; d < p.view.dim(); ++d) shape.push_back(p.view.shape()[d]);
  return shape;
}

/// The indexed dimensions are made into one, of which slices are picked.
template <class T> Tensor<T> index(const Tensor<T>& x, IndexItems items, Location at) {
  PartlyIndexed<T> p = apply_views(x, items, at);
  if (p.dims.empty()) return p.view;
  const int first = p.dims.front().dim, behind = p.dims.back().dim + 1;
  Strides strides = Shape::filled(p.view.dim(), 1);
  Shape flat;
  std::int64_t together = 1;
  for (int d = behind - 1; d >= first; --d) {
    strides[d] = together;
    together *= p.view.shape()[d];
  }
  for (int d = 0; d <= first; ++d) flat.push_back(d < first ? p.view.shape()[d] : together);
  for (int d = behind; d < p.view.dim(); ++d) flat.push_back(p.view.shape()[d]);
  const Tensor<std::int64_t> joined = join_indices(p, strides, at);
  const Tensor<std::int64_t> list = make_view(joined, joined.numel(), 1, 0);
  return reshape(pick_slices(reshape(p.view, flat, at), first, list, "index", at), indexed_shape(p, joined.shape()),
                 at);
}

template <class T> IndexedTensor<T> indexed(const Tensor<T>& x, IndexItems items, Location at) {
  bool copies = false;
  for (const auto& item : items) copies = copies || item.kind == IndexItem::indices || item.kind == IndexItem::mask;
  Tensor<T> result = index(x, items, at);
  return copies ? IndexedTensor<T>(std::move(result), x, items) : IndexedTensor<T>(std::move(result));
}

}  // namespace detail

/// What indexing gives: a view, or, as soon as an index tensor or a mask is among the items, a copy that knows where it
/// came from. On the left of = the elements of x are written either way.
///     Tensor<> y = x[mask];
///     x[mask] = 0;
///     x[rows] += 1;   // once, also to a row that is named twice, as PyTorch does
/// Writing is index_put_(): its errors and its gradient.
template <class T> class IndexedTensor : public Tensor<T> {
 public:
  IndexedTensor(Tensor<T> view) : Tensor<T>(std::move(view)) {}
  IndexedTensor(Tensor<T> copy, const Tensor<T>& x, detail::IndexItems items)
      : Tensor<T>(std::move(copy)), x_(x), items_(items.begin(), items.end()) {}

  // y = x[mask]; y = z: makes y another handle, as for every tensor.
  IndexedTensor(const IndexedTensor&) = default;
  IndexedTensor(IndexedTensor&&) noexcept = default;
  IndexedTensor& operator=(const Tensor<T>& other) & { return *this = IndexedTensor(other); }
  IndexedTensor& operator=(const IndexedTensor& other) & = default;
  IndexedTensor& operator=(IndexedTensor&& other) & noexcept = default;
  void operator=(detail::Assigned<T> source) &&;

  void operator+=(Operand<T> other) && { edit(other, add<T>); }
  void operator-=(Operand<T> other) && { edit(other, sub<T>); }
  void operator*=(Operand<T> other) && { edit(other, mul<T>); }
  void operator/=(Operand<T> other) && { edit(other, div<T>); }
  using Tensor<T>::operator+=, Tensor<T>::operator-=, Tensor<T>::operator*=, Tensor<T>::operator/=;

 private:
  void edit(const Operand<T>& by, Tensor<T> (*op)(Operand<T>, Operand<T>, Location)) {
    const Tensor<T> changed = op(Operand<T>(*this, by.at), by, by.at);
    std::move(*this) = detail::Assigned<T>(changed, by.at);
  }
  Tensor<T> x_;  // undefined where this is a view
  std::vector<detail::IndexItem> items_;
};

/// x[{item, ...}] and x.index({item, ...}): Python's x[item, ...], one item for each dimension from the left;
/// dimensions without an item are taken whole. A single item needs no braces: x[0], x[Slice(1, 4)], x[mask].
///   integer             that element, without the dimension; negative from the end          a view
///   Slice(a, b, step)   a range                                                              a view
///   None                a new dimension of size 1                                            a view
///   "..." or Ellipsis   all dimensions that the other items leave over                       a view
///   Tensor<int64_t>     these elements (negative from the end; int32 and std::vector<int64_t> too); several index
///                       tensors broadcast together and pick element by element; their common shape stands where they
///                       stood, or in front if they do not stand side by side                 a copy
///   Tensor<bool>        the elements under the mask, which covers as many dimensions as it has                  a copy
/// Gradient: each g goes to the position its value came from; positions picked several times get the sum, in fixed
/// order. Source: PyTorch's and NumPy's indexing. Throws when an index does not exist, naming it and its position.
///     auto x = arange(12).view({3, 4});
///     x[{1, Slice(1, 3)}]                                  // {5, 6}
///     x[{"...", tensor<std::int64_t>({3, 0})}]             // {{3, 0}, {7, 4}, {11, 8}}
///     x[{Slice(), 1}] = 0;   x[x > 5] = -1;
template <class T>
IndexedTensor<T> Tensor<T>::index(std::initializer_list<detail::IndexItem> items, Location at) const {
  return detail::indexed(*this, detail::IndexItems(items.begin(), items.size()), at);
}
template <class T> IndexedTensor<T> Tensor<T>::operator[](std::initializer_list<detail::IndexItem> items) const {
  return index(items, items.size() == 0 ? Location{} : items.begin()->at);
}
template <class T> IndexedTensor<T> Tensor<T>::operator[](const detail::LoneItem& lone) const {
  return detail::indexed(*this, detail::IndexItems(&lone.item, 1), lone.item.at);
}

/// Python's names of them in libtorch: using namespace chainrule::indexing.
namespace indexing {
using chainrule::Ellipsis;
using chainrule::None;
using chainrule::Slice;
}  // namespace indexing

}  // namespace chainrule

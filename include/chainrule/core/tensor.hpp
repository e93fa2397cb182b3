#pragma once
// Tensor: a cheap handle to shared storage, with run-time shape, strides and device. TensorBase is what does not depend
// on the element type (the graph works with it); Tensor<T> adds typed data and the method form of the ops.
// The methods are one-line calls of the free functions in ops/; the file of each op defines its own.

#include <chainrule/core/callback.hpp>
#include <chainrule/core/device.hpp>
#include <chainrule/core/dtype.hpp>
#include <chainrule/core/shape.hpp>
#include <chainrule/core/storage.hpp>
#include <chainrule/fwd.hpp>
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace chainrule {

struct Node;

namespace detail {

struct TensorImpl;
void drop(TensorImpl* impl) noexcept;
void drop(Node* node) noexcept;  // core/node.hpp: frees long chains of nodes with a loop
using ImplRef = Ref<TensorImpl>;
using NodeRef = Ref<Node>;

using Hook = Callback<TensorBase(const TensorBase&)>;
struct Hooks {
  std::vector<std::pair<std::int64_t, Hook>> list;
};

struct TensorImpl : Counted, FromPool {
  Ref<Storage> storage;
  std::int64_t offset = 0;  // in elements
  Shape shape;
  Strides strides;
  DType dtype = DType::float32;
  bool contiguous = true;
  bool requires_grad = false;  // a leaf the user wants a gradient for
  bool leaf_views = false;     // some view of it is such a leaf
  std::atomic_flag busy;       // held while a gradient is added to `grad`: several threads may reach one leaf
  std::uint32_t edits =
      0;         // how often `node` was set; of a view: what its base's count was when the view's node was set
  NodeRef node;  // the op that made it, if recorded. Read it with node_of()
  ImplRef base;  // of a view: the tensor whose memory it looks at, itself no view
  ImplRef grad;  // accumulated by backward()
  std::unique_ptr<Hooks> hooks;               // of a leaf; those of a recorded value live in its node
  std::shared_ptr<TensorImpl*> retains_grad;  // retain_grad(): how its node finds it, as long as it lives

  TensorImpl();  // both in core/node.hpp, where a Node is known
  ~TensorImpl();
};

[[gnu::noinline]] inline void drop(TensorImpl* impl) noexcept { delete impl; }

/// Gives a view the history that its base has now, where an edit that was recorded has changed it.
void follow_base(TensorImpl& view);
/// Notes an edit in place of the memory of `impl`.
inline void count_edit(TensorImpl& impl, Location at) {
  ++impl.storage->version;
  impl.storage->edited_at = at;
}
/// The op that made this value, or null.
inline const NodeRef& node_of(TensorImpl& impl) {
  if (impl.base && impl.base->edits != impl.edits) [[unlikely]]
    follow_base(impl);
  return impl.node;
}
[[noreturn, gnu::cold, gnu::noinline]] inline void fail_not_defined() {
  fail({}, "this tensor is not defined: a gradient before backward(), or a Tensor<>{} that was never assigned");
}
inline ImplRef make_impl() { return ImplRef(new TensorImpl); }

}  // namespace detail

/// Options of the functions that create tensors: zeros({2, 3}, {.requires_grad = true}).
struct TensorOptions {
  bool requires_grad = false;
  Device device = Device::cpu;
  Generator* generator = nullptr;  ///< for random numbers; the default generator if null
};

/// Options of backward().
struct BackwardOptions {
  bool retain_graph = false;  ///< keep what the graph saved, to go through it again
  /// Record the backward pass itself, for second derivatives (implies retain_graph). A leaf's .grad is then a part of
  /// the graph: leaf and gradient hold each other until .grad is reset. autograd::grad() makes no such cycle;
  /// backward() warns once, as PyTorch does.
  bool create_graph = false;
};

/// A tensor whose element type is known at run time only: shape, strides, device, and its place in the graph.
class TensorBase {
 public:
  TensorBase() = default;
  explicit TensorBase(detail::ImplRef impl) : impl_(std::move(impl)) {}

  bool defined() const {
    return impl_ != nullptr;
  }  ///< false for Tensor<>{}, and for the gradient that does not exist yet
  const Shape& shape() const { return checked().shape; }
  const Shape& sizes() const { return checked().shape; }  ///< PyTorch's other name
  const Strides& strides() const { return checked().strides; }
  /// Elements from one entry of dimension d to the next.
  std::int64_t stride(std::int64_t d, Location at = Location::here()) const {
    return checked().strides[detail::wrap_dim(d, dim(), "stride", at)];
  }
  int dim() const { return checked().shape.size(); }
  int ndim() const { return dim(); }  ///< PyTorch's other name
  std::int64_t numel() const { return checked().shape.numel(); }
  std::int64_t size(std::int64_t d, Location at = Location::here()) const {
    return checked().shape[detail::wrap_dim(d, dim(), "size", at)];
  }
  DType dtype() const { return checked().dtype; }
  Device device() const { return checked().storage->device; }
  bool is_contiguous() const { return checked().contiguous; }
  std::uint32_t version() const { return checked().storage->version; }  ///< goes up with every in-place edit
  bool is_same(const TensorBase& other) const { return impl_ == other.impl_; }
  bool shares_storage(const TensorBase& other) const { return checked().storage == other.checked().storage; }

  bool requires_grad() const { return impl_ && (impl_->requires_grad || detail::node_of(*impl_)); }
  bool is_leaf() const { return !detail::node_of(checked()); }
  const Node* grad_fn() const { return detail::node_of(checked()).get(); }  ///< the op that made this value, or null
  void retain_grad(Location at = Location::here()) const;                   ///< keep .grad of a value that is no leaf

  /// Removes a hook by the number that register_hook gave.
  void remove_hook(std::int64_t id) const;

  detail::TensorImpl* impl() const { return &checked(); }
  const detail::ImplRef& share() const { return impl_; }

 protected:
  detail::TensorImpl& checked() const {
    if (!impl_) [[unlikely]]
      detail::fail_not_defined();
    return *impl_;
  }
  detail::ImplRef impl_;
};

template <class T> struct Operand;
template <class T> struct ValueAndIndices;
template <class T> class IndexedTensor;

/// Options of add and sub.
struct AddOptions {
  double alpha = 1;  ///< a factor of the second operand; a whole number for integers
};
/// Options of div.
struct DivOptions {
  std::string_view rounding_mode = {};  ///< "trunc" (towards 0) or "floor" (down); none if empty
};
/// Options of round.
struct RoundOptions {
  int decimals = 0;  ///< negative: to tens, hundreds, ...
};
/// Options of var and std.
struct VarOptions {
  detail::NamedOnly by_name = detail::NamedOnly();
  double correction = 1;  ///< the sum of squares is divided by n - correction
  bool keepdim = false;
};
/// Options of index_put_.
struct IndexPutOptions {
  bool accumulate = false;  ///< add the values to what is there
};

// What the operators call (ops/*.hpp); either operand may be a number.
template <class T> Tensor<T> add(Operand<T> a, Operand<T> b, Location at);
template <class T> Tensor<T> sub(Operand<T> a, Operand<T> b, Location at);
template <class T> Tensor<T> mul(Operand<T> a, Operand<T> b, Location at);
template <class T> Tensor<RealOf<T>> div(Operand<T> a, Operand<T> b, Location at);
template <class T> Tensor<T> remainder(Operand<T> a, Operand<T> b, Location at);
template <class T> Tensor<T> neg(const Tensor<T>& x, Location at = Location::here());
template <class T> Tensor<bool> eq(Operand<T> a, Operand<T> b, Location at);
template <class T> Tensor<bool> ne(Operand<T> a, Operand<T> b, Location at);
template <class T> Tensor<bool> lt(Operand<T> a, Operand<T> b, Location at);
template <class T> Tensor<bool> le(Operand<T> a, Operand<T> b, Location at);
template <class T> Tensor<bool> gt(Operand<T> a, Operand<T> b, Location at);
template <class T> Tensor<bool> ge(Operand<T> a, Operand<T> b, Location at);
// What the engine calls (ops/sum.hpp), where a value was broadcast.
template <class T> Tensor<T> sum_to(const Tensor<T>& x, const Shape& shape, Location at = Location::here());

namespace detail {
template <Element T>
Tensor<T> allocate(const Shape& shape, Device device = Device::cpu, const char* op = "tensor", Location at = {});
struct IndexItem;
struct LoneItem;
template <class T> struct Assigned;

/// Where `for (auto row : x)` stands.
template <class T> struct Rows {
  const Tensor<T>* x;
  std::int64_t i;
  Tensor<T> operator*() const { return x->select(0, i, Location{}); }
  Rows& operator++() {
    ++i;
    return *this;
  }
  bool operator!=(const Rows& other) const { return i != other.i; }
};

template <class T> struct Bound;
template <class I>
concept OtherIndex = Element<I> && !std::same_as<I, std::int64_t>;

/// The first of two or more sizes, x.view(4, 3), or an index, x[3]. Notes the line of the user's program, which a
/// default argument could not: none may follow a pack, and operators have none.
struct FirstSize {
  std::int64_t value;
  Location at;
  template <std::integral I>
  FirstSize(I v, Location where = Location::here()) : value(static_cast<std::int64_t>(v)), at(where) {}
};

/// PyTorch's x.T(). In a base, since T is the name of Tensor's element type.
template <class X> struct HasT {
  X T(Location at = Location::here()) const {
    const X& x = static_cast<const X&>(*this);
    check(x.dim() == 2, at, "T: expects a matrix, got shape ", x.shape(), "; mT() swaps the last two dimensions");
    return x.transpose(0, 1, at);
  }
};

}  // namespace detail

/// An n-dimensional array of T with reverse-mode gradients (for float and double). Copies share the storage, as in
/// PyTorch: `clone()` copies the values. Every op exists as a function, relu(x), and where PyTorch has it as a method,
/// x.relu().
///     Tensor<> w = tensor({1, -2}, {.requires_grad = true});
///     (w * w).sum().backward();
///     w.grad();                        // tensor([ 2., -4.])
template <class T> class Tensor : public TensorBase, public detail::HasT<Tensor<T>> {
  static_assert(Element<T>, "Tensor holds float, double, int64_t, int32_t, uint8_t or bool");

 public:
  using value_type = T;

  Tensor() = default;
  explicit Tensor(detail::ImplRef impl) : TensorBase(std::move(impl)) {}
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) noexcept = default;
  ~Tensor() = default;

  // x = y makes x another handle; x[0] = y and x[0] = 5 (the left side is a temporary) write into x.
  Tensor& operator=(const Tensor& other) & = default;
  Tensor& operator=(Tensor&& other) & noexcept = default;
  void operator=(detail::Assigned<T> source) &&;

  /// A tensor over memory of the caller, who keeps it alive. Nothing is copied; writes go both ways.
  /// Throws for a null address (unless there are no elements), negative sizes or strides, and more than 2^62 bytes.
  static Tensor from_blob(T* data, const Shape& shape, TensorOptions options = {}, Location at = Location::here());
  template <std::same_as<Strides> S>  // a template, so that {.requires_grad = true} is no list of strides
  static Tensor from_blob(T* data, const Shape& shape, const S& strides, TensorOptions options = {},
                          Location at = Location::here());
  static Tensor from_blob(T* data, const Shape& shape, std::initializer_list<std::int64_t> strides,
                          TensorOptions options = {}, Location at = Location::here()) {
    return from_blob(data, shape, Strides(strides), options, at);
  }

  // ---- data ----
  T* data() const {  ///< the first element; see strides()
    const auto& impl = checked();
    return static_cast<T*>(impl.storage->data) + impl.offset;
  }
  T item(Location at = Location::here()) const;  ///< the value of a one-element tensor
  /// item() as another type of number: loss.item<double>(). Throws where it does not fit.
  template <Arithmetic N> N item(Location at = Location::here()) const {
    return detail::fitting<N>(item(at), "item", at);
  }
  T at(const Shape& index, Location at = Location::here()) const;  ///< one element, by index
  std::vector<T> to_vector() const;                                ///< all values in row-major order, copied
  std::string str() const;                                         ///< as PyTorch prints it

  // ---- autograd (autograd/engine.hpp) ----
  /// Marks a leaf as wanting a gradient (or not).
  const Tensor& requires_grad_(bool on = true, Location at = Location::here()) const;
  Tensor grad() const {
    return Tensor(checked().grad);
  }  ///< the accumulated gradient; not defined() before the first backward()
  void set_grad(const Tensor& g, Location at = Location::here()) const;
  void zero_grad(bool set_to_none = true) const;
  /// Gradients of this scalar with respect to every leaf, added to their .grad.
  void backward(BackwardOptions options = {}, Location at = Location::here()) const;
  /// The same for a tensor of any shape, given d(loss)/d(this).
  void backward(const Tensor& gradient, BackwardOptions options = {}, Location at = Location::here()) const;
  Tensor detach() const;          ///< the same values outside of the graph, sharing storage
  const Tensor& detach_() const;  ///< cuts this handle off the graph
  /// Calls f with the gradient of this tensor when backward() knows it; what f returns, if defined, replaces it. Gives
  /// a number for remove_hook.
  std::int64_t register_hook(Callback<Tensor(const Tensor&)> f, Location at = Location::here()) const;

  // ---- copies and conversions (ops/copy.hpp) ----
  Tensor clone(Location at = Location::here()) const;
  Tensor contiguous(Location at = Location::here()) const;
  Tensor to(Device device, Location at = Location::here()) const;
  template <class U> Tensor<U> to(Location at = Location::here()) const;
  Tensor cpu(Location at = Location::here()) const { return to(Device::cpu, at); }
  Tensor cuda(Location at = Location::here()) const { return to(Device::cuda, at); }

  // ---- in place: allowed on a leaf that requires grad only under no_grad (ops/inplace.hpp) ----
  const Tensor& copy_(const Tensor& source, Location at = Location::here()) const;
  const Tensor& fill_(T value, Location at = Location::here()) const;
  /// Throws where T cannot hold the value: 300 for uint8, NaN for integers.
  template <Arithmetic N>
  requires(!std::same_as<N, T>) const Tensor& fill_(N value, Location at = Location::here()) const {
    return fill_(detail::fitting<T>(value, "fill_", at), at);
  }
  const Tensor& zero_(Location at = Location::here()) const { return fill_(T{}, at); }
  const Tensor& add_(const Tensor& other, Location at = Location::here()) const;
  const Tensor& sub_(const Tensor& other, Location at = Location::here()) const;
  const Tensor& add_(const Tensor& other, AddOptions options, Location at = Location::here()) const;
  const Tensor& sub_(const Tensor& other, AddOptions options, Location at = Location::here()) const;
  const Tensor& mul_(const Tensor& other, Location at = Location::here()) const;
  const Tensor& div_(const Tensor& other, Location at = Location::here()) const;
  template <Arithmetic N> const Tensor& add_(N v, Location at = Location::here()) const;
  template <Arithmetic N> const Tensor& sub_(N v, Location at = Location::here()) const;
  template <Arithmetic N> const Tensor& mul_(N v, Location at = Location::here()) const;
  template <Arithmetic N> const Tensor& div_(N v, Location at = Location::here()) const;
  const Tensor& div_(Operand<T> other, DivOptions options, Location at = Location::here()) const;
  const Tensor& clamp_(detail::Bound<T> min, detail::Bound<T> max = {}, Location at = Location::here()) const;
  const Tensor& relu_(Location at = Location::here()) const;
  template <Arithmetic N>
  const Tensor& masked_fill_(const Tensor<bool>& mask, N value, Location at = Location::here()) const;
  const Tensor& masked_fill_(const Tensor<bool>& mask, const Tensor& value, Location at = Location::here()) const;
  const Tensor& uniform_(double low = 0, double high = 1, Generator* generator = nullptr,
                         Location at = Location::here()) const;
  const Tensor& normal_(double mean = 0, double std = 1, Generator* generator = nullptr,
                        Location at = Location::here()) const;
  const Tensor& index_put_(std::initializer_list<detail::IndexItem> index, const Tensor& values,
                           IndexPutOptions options = {}, Location at = Location::here()) const;
  template <Arithmetic N>
  const Tensor& index_put_(std::initializer_list<detail::IndexItem> index, N value, IndexPutOptions options = {},
                           Location at = Location::here()) const;
  const Tensor& operator+=(Operand<T> other) const;
  const Tensor& operator-=(Operand<T> other) const;
  const Tensor& operator*=(Operand<T> other) const;
  const Tensor& operator/=(Operand<T> other) const;

  // ---- views: share storage (ops/view.hpp) ----
  Tensor view(const Shape& shape, Location at = Location::here()) const;
  template <std::integral I, std::integral... N> Tensor view(detail::FirstSize first, I second, N... rest) const {
    return view({first.value, second, rest...}, first.at);
  }
  Tensor reshape(const Shape& shape, Location at = Location::here()) const;
  template <std::integral I, std::integral... N> Tensor reshape(detail::FirstSize first, I second, N... rest) const {
    return reshape({first.value, second, rest...}, first.at);
  }
  Tensor flatten(std::int64_t start_dim = 0, std::int64_t end_dim = -1, Location at = Location::here()) const;
  Tensor ravel(Location at = Location::here()) const { return flatten(0, -1, at); }  ///< flatten() of all dimensions
  Tensor unflatten(std::int64_t dim, const Shape& sizes, Location at = Location::here()) const;
  Tensor transpose(std::int64_t dim0, std::int64_t dim1, Location at = Location::here()) const;
  Tensor t(Location at = Location::here()) const;   ///< transpose of a matrix
  Tensor mT(Location at = Location::here()) const;  ///< transpose of the last two dimensions
  Tensor permute(const Dims& dims, Location at = Location::here()) const;
  template <std::integral I, std::integral... N> Tensor permute(detail::FirstSize first, I second, N... rest) const {
    return permute({first.value, second, rest...}, first.at);
  }
  Tensor squeeze(Location at = Location::here()) const;
  Tensor squeeze(std::int64_t dim, Location at = Location::here()) const;
  Tensor squeeze(const Dims& dims, Location at = Location::here()) const;
  Tensor unsqueeze(std::int64_t dim, Location at = Location::here()) const;
  Tensor expand(const Shape& shape, Location at = Location::here()) const;
  template <std::integral I, std::integral... N> Tensor expand(detail::FirstSize first, I second, N... rest) const {
    return expand({first.value, second, rest...}, first.at);
  }
  Tensor expand_as(const Tensor& other, Location at = Location::here()) const { return expand(other.shape(), at); }
  Tensor view_as(const Tensor& other, Location at = Location::here()) const { return view(other.shape(), at); }
  Tensor narrow(std::int64_t dim, std::int64_t start, std::int64_t length, Location at = Location::here()) const;
  Tensor select(std::int64_t dim, std::int64_t index, Location at = Location::here()) const;
  Tensor slice(std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step = 1,
               Location at = Location::here()) const;
  Tensor operator[](detail::FirstSize index) const { return select(0, index.value, index.at); }
  /// `for (auto row : x)`: x[0], x[1], ...
  detail::Rows<T> begin() const { return {this, 0}; }
  detail::Rows<T> end() const {
    check(dim() > 0, {}, "for (auto row : x): a scalar has no rows");
    return {this, shape()[0]};
  }
  /// Python's x[1:4], x[None], x[rows], x[mask]; also on the left: x[mask] = 0. See index().
  IndexedTensor<T> operator[](const detail::LoneItem& item) const;
  /// Python's x[:, 1] is x[{Slice(), 1}].
  IndexedTensor<T> operator[](std::initializer_list<detail::IndexItem> items) const;
  /// x.index({0, Slice(1, 3), "...", mask}): PyTorch's indexing; integers and slices give views.
  IndexedTensor<T> index(std::initializer_list<detail::IndexItem> index, Location at = Location::here()) const;
  std::vector<Tensor> split(std::int64_t split_size, std::int64_t dim = 0, Location at = Location::here()) const;
  std::vector<Tensor> split(const Shape& sizes, std::int64_t dim = 0, Location at = Location::here()) const;
  std::vector<Tensor> chunk(std::int64_t chunks, std::int64_t dim = 0, Location at = Location::here()) const;
  std::vector<Tensor> unbind(std::int64_t dim = 0, Location at = Location::here()) const;

  // ---- elementwise ----
  Tensor add(Operand<T> other, Location at = Location::here()) const;
  Tensor sub(Operand<T> other, Location at = Location::here()) const;
  Tensor add(Operand<T> other, AddOptions options, Location at = Location::here()) const;
  Tensor sub(Operand<T> other, AddOptions options, Location at = Location::here()) const;
  Tensor mul(Operand<T> other, Location at = Location::here()) const;
  Tensor<RealOf<T>> div(Operand<T> other, Location at = Location::here()) const;
  Tensor div(Operand<T> other, DivOptions options, Location at = Location::here()) const;
  Tensor floor_divide(Operand<T> other, Location at = Location::here()) const;
  Tensor neg(Location at = Location::here()) const;
  Tensor pow(Operand<T> exponent, Location at = Location::here()) const;
  Tensor square(Location at = Location::here()) const;
  Tensor abs(Location at = Location::here()) const;
  Tensor sign(Location at = Location::here()) const;
  Tensor exp(Location at = Location::here()) const;
  Tensor exp2(Location at = Location::here()) const;
  Tensor expm1(Location at = Location::here()) const;
  Tensor log(Location at = Location::here()) const;
  Tensor log1p(Location at = Location::here()) const;
  Tensor log2(Location at = Location::here()) const;
  Tensor log10(Location at = Location::here()) const;
  Tensor sqrt(Location at = Location::here()) const;
  Tensor rsqrt(Location at = Location::here()) const;
  Tensor reciprocal(Location at = Location::here()) const;
  Tensor sin(Location at = Location::here()) const;
  Tensor cos(Location at = Location::here()) const;
  Tensor tan(Location at = Location::here()) const;
  Tensor asin(Location at = Location::here()) const;
  Tensor acos(Location at = Location::here()) const;
  Tensor atan(Location at = Location::here()) const;
  Tensor atan2(const Tensor& x, Location at = Location::here()) const;
  Tensor sinh(Location at = Location::here()) const;
  Tensor cosh(Location at = Location::here()) const;
  Tensor tanh(Location at = Location::here()) const;
  Tensor sigmoid(Location at = Location::here()) const;
  Tensor erf(Location at = Location::here()) const;
  Tensor relu(Location at = Location::here()) const;
  Tensor gelu(Location at = Location::here()) const;
  Tensor silu(Location at = Location::here()) const;
  Tensor elu(double alpha = 1, Location at = Location::here()) const;
  Tensor leaky_relu(double negative_slope = 0.01, Location at = Location::here()) const;
  Tensor softplus(double beta = 1, double threshold = 20, Location at = Location::here()) const;
  Tensor clamp(detail::Bound<T> min, detail::Bound<T> max = {}, Location at = Location::here()) const;
  Tensor clip(detail::Bound<T> min, detail::Bound<T> max = {}, Location at = Location::here()) const;
  Tensor clamp_min(detail::Bound<T> min, Location at = Location::here()) const;
  Tensor clamp_max(detail::Bound<T> max, Location at = Location::here()) const;
  Tensor round(Location at = Location::here()) const;
  Tensor round(RoundOptions options, Location at = Location::here()) const;
  Tensor floor(Location at = Location::here()) const;
  Tensor ceil(Location at = Location::here()) const;
  Tensor trunc(Location at = Location::here()) const;
  Tensor nan_to_num(double nan = 0, std::optional<double> posinf = {}, std::optional<double> neginf = {},
                    Location at = Location::here()) const;
  Tensor<bool> isnan(Location at = Location::here()) const;
  Tensor<bool> isfinite(Location at = Location::here()) const;
  Tensor<bool> isinf(Location at = Location::here()) const;
  Tensor<bool> isclose(const Tensor& other, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false,
                       Location at = Location::here()) const;
  bool allclose(const Tensor& other, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false,
                Location at = Location::here()) const;
  bool equal(const Tensor& other, Location at = Location::here()) const;
  Tensor<bool> logical_and(Operand<T> other, Location at = Location::here()) const;
  Tensor<bool> logical_or(Operand<T> other, Location at = Location::here()) const;
  Tensor<bool> logical_xor(Operand<T> other, Location at = Location::here()) const;
  Tensor<bool> logical_not(Location at = Location::here()) const;
  Tensor<bool> eq(Operand<T> other, Location at = Location::here()) const;
  Tensor<bool> ne(Operand<T> other, Location at = Location::here()) const;
  Tensor<bool> lt(Operand<T> other, Location at = Location::here()) const;
  Tensor<bool> le(Operand<T> other, Location at = Location::here()) const;
  Tensor<bool> gt(Operand<T> other, Location at = Location::here()) const;
  Tensor<bool> ge(Operand<T> other, Location at = Location::here()) const;
  Tensor maximum(const Tensor& other, Location at = Location::here()) const;
  Tensor minimum(const Tensor& other, Location at = Location::here()) const;
  Tensor fmod(Operand<T> other, Location at = Location::here()) const;
  Tensor remainder(Operand<T> other, Location at = Location::here()) const;
  template <Arithmetic N> Tensor masked_fill(const Tensor<bool>& mask, N value, Location at = Location::here()) const;
  Tensor masked_fill(const Tensor<bool>& mask, const Tensor& value, Location at = Location::here()) const;
  Tensor where(const Tensor<bool>& condition, const Tensor& other, Location at = Location::here()) const;

  // ---- reductions ----
  Tensor<SumOf<T>> sum(Location at = Location::here()) const;
  Tensor<SumOf<T>> sum(const Dims& dims, bool keepdim = false, Location at = Location::here()) const;
  // In another element type, PyTorch's dtype: x.sum<double>() converts first.
  template <Element U> Tensor<U> sum(Location at = Location::here()) const;
  template <Element U> Tensor<U> sum(const Dims& dims, bool keepdim = false, Location at = Location::here()) const;
  template <Element U> Tensor<U> prod(Location at = Location::here()) const;
  template <Element U> Tensor<U> prod(std::int64_t dim, bool keepdim = false, Location at = Location::here()) const;
  template <Element U> Tensor<U> cumsum(std::int64_t dim, Location at = Location::here()) const;
  template <Real U> Tensor<U> softmax(std::int64_t dim, Location at = Location::here()) const;
  template <Real U> Tensor<U> log_softmax(std::int64_t dim, Location at = Location::here()) const;
  Tensor<RealOf<T>> mean(Location at = Location::here()) const;
  Tensor<RealOf<T>> mean(const Dims& dims, bool keepdim = false, Location at = Location::here()) const;
  Tensor<SumOf<T>> prod(Location at = Location::here()) const;
  Tensor<SumOf<T>> prod(std::int64_t dim, bool keepdim = false, Location at = Location::here()) const;
  Tensor var(Location at = Location::here()) const;
  template <std::same_as<bool> B>
  Tensor var(B unbiased, Location at = Location::here()) const;  // x.var(1) and x.var({1}) name a dimension
  template <int = 0>  // so that {.correction = 0}, which g++ takes for a list of dimensions too, is options
  Tensor var(const Dims& dims, bool unbiased = true, bool keepdim = false, Location at = Location::here()) const;
  Tensor var(VarOptions options, Location at = Location::here()) const;
  Tensor var(const Dims& dims, VarOptions options, Location at = Location::here()) const;
  Tensor std(Location at = Location::here()) const;
  template <std::same_as<bool> B>
  Tensor std(B unbiased, Location at = Location::here()) const;  // x.std(1) and x.std({1}) name a dimension
  template <int = 0>
  Tensor std(const Dims& dims, bool unbiased = true, bool keepdim = false, Location at = Location::here()) const;
  Tensor std(VarOptions options, Location at = Location::here()) const;
  Tensor std(const Dims& dims, VarOptions options, Location at = Location::here()) const;
  Tensor norm(double p = 2, Location at = Location::here()) const;
  Tensor norm(double p, const Dims& dims, bool keepdim = false, Location at = Location::here()) const;
  Tensor max(Location at = Location::here()) const;
  Tensor min(Location at = Location::here()) const;
  Tensor amax(const Dims& dims = {}, bool keepdim = false, Location at = Location::here()) const;
  Tensor amin(const Dims& dims = {}, bool keepdim = false, Location at = Location::here()) const;
  ValueAndIndices<T> max(std::int64_t dim, bool keepdim = false, Location at = Location::here()) const;
  ValueAndIndices<T> min(std::int64_t dim, bool keepdim = false, Location at = Location::here()) const;
  Tensor<std::int64_t> argmax(std::optional<std::int64_t> dim = {}, bool keepdim = false,
                              Location at = Location::here()) const;
  Tensor<std::int64_t> argmin(std::optional<std::int64_t> dim = {}, bool keepdim = false,
                              Location at = Location::here()) const;
  ValueAndIndices<T> topk(std::int64_t k, std::int64_t dim = -1, bool largest = true,
                          Location at = Location::here()) const;
  ValueAndIndices<T> sort(std::int64_t dim = -1, bool descending = false, Location at = Location::here()) const;
  Tensor<std::int64_t> argsort(std::int64_t dim = -1, bool descending = false, Location at = Location::here()) const;
  Tensor<SumOf<T>> cumsum(std::int64_t dim, Location at = Location::here()) const;
  Tensor<std::int64_t> count_nonzero(const Dims& dims = {}, Location at = Location::here()) const;
  Tensor median(Location at = Location::here()) const;
  ValueAndIndices<T> median(std::int64_t dim, bool keepdim = false, Location at = Location::here()) const;
  Tensor<bool> any(Location at = Location::here()) const;
  Tensor<bool> all(Location at = Location::here()) const;
  Tensor<bool> any(const Dims& dims, bool keepdim = false, Location at = Location::here()) const;
  Tensor<bool> all(const Dims& dims, bool keepdim = false, Location at = Location::here()) const;
  Tensor softmax(std::int64_t dim, Location at = Location::here()) const;
  Tensor log_softmax(std::int64_t dim, Location at = Location::here()) const;
  Tensor logsumexp(std::int64_t dim, bool keepdim = false, Location at = Location::here()) const;
  Tensor logsumexp(const Dims& dims, bool keepdim = false, Location at = Location::here()) const;

  // ---- products and indexing ----
  Tensor matmul(const Tensor& other, Location at = Location::here()) const;
  Tensor mm(const Tensor& other, Location at = Location::here()) const;
  Tensor bmm(const Tensor& other, Location at = Location::here()) const;
  Tensor mv(const Tensor& vector, Location at = Location::here()) const;
  Tensor dot(const Tensor& other, Location at = Location::here()) const;
  Tensor outer(const Tensor& other, Location at = Location::here()) const;
  Tensor index_select(std::int64_t dim, const Tensor<std::int64_t>& index, Location at = Location::here()) const;
  Tensor gather(std::int64_t dim, const Tensor<std::int64_t>& index, Location at = Location::here()) const;
  template <detail::OtherIndex I>
  Tensor index_select(std::int64_t dim, const Tensor<I>& index, Location at = Location::here()) const;
  template <detail::OtherIndex I>
  Tensor gather(std::int64_t dim, const Tensor<I>& index, Location at = Location::here()) const;
  Tensor scatter_add(std::int64_t dim, const Tensor<std::int64_t>& index, const Tensor& source,
                     Location at = Location::here()) const;
  Tensor masked_select(const Tensor<bool>& mask, Location at = Location::here()) const;
  Tensor<std::int64_t> nonzero(Location at = Location::here()) const;
  Tensor flip(const Dims& dims, Location at = Location::here()) const;
  template <std::integral I, std::integral... N> Tensor flip(detail::FirstSize first, I second, N... rest) const {
    return flip({first.value, second, rest...}, first.at);
  }
  Tensor repeat(const Shape& repeats, Location at = Location::here()) const;
  template <std::integral I, std::integral... N> Tensor repeat(detail::FirstSize first, I second, N... rest) const {
    return repeat({first.value, second, rest...}, first.at);
  }
  Tensor tile(const Shape& repeats, Location at = Location::here()) const;
  Tensor roll(std::int64_t shift, std::int64_t dim, Location at = Location::here()) const;
  Tensor roll(std::int64_t shift, Location at = Location::here()) const;
  Tensor roll(const Shape& shifts, const Dims& dims, Location at = Location::here()) const;
  Tensor diag(std::int64_t diagonal = 0, Location at = Location::here()) const;
  Tensor<SumOf<T>> trace(Location at = Location::here()) const;
  Tensor tril(std::int64_t diagonal = 0, Location at = Location::here()) const;
  Tensor triu(std::int64_t diagonal = 0, Location at = Location::here()) const;

  // ---- operators: hidden friends, so that 2 * x, x > 0 and a + b work for every operand that converts ----
  friend Tensor operator+(Operand<T> a, Operand<T> b) { return chainrule::add(a, b, a.at); }
  friend Tensor operator-(Operand<T> a, Operand<T> b) { return chainrule::sub(a, b, a.at); }
  friend Tensor operator*(Operand<T> a, Operand<T> b) { return chainrule::mul(a, b, a.at); }
  friend Tensor<RealOf<T>> operator/(Operand<T> a, Operand<T> b) { return chainrule::div(a, b, a.at); }
  friend Tensor operator%(Operand<T> a, Operand<T> b) { return chainrule::remainder(a, b, a.at); }
  friend Tensor operator-(Operand<T> a) { return chainrule::neg(*a.tensor, a.at); }
  friend Tensor<bool> operator==(Operand<T> a, Operand<T> b) { return chainrule::eq(a, b, a.at); }
  friend Tensor<bool> operator!=(Operand<T> a, Operand<T> b) { return chainrule::ne(a, b, a.at); }
  friend Tensor<bool> operator<(Operand<T> a, Operand<T> b) { return chainrule::lt(a, b, a.at); }
  friend Tensor<bool> operator<=(Operand<T> a, Operand<T> b) { return chainrule::le(a, b, a.at); }
  friend Tensor<bool> operator>(Operand<T> a, Operand<T> b) { return chainrule::gt(a, b, a.at); }
  friend Tensor<bool> operator>=(Operand<T> a, Operand<T> b) { return chainrule::ge(a, b, a.at); }
};

namespace detail {

/// The right side of x[0] = y and x[0] = 5: a tensor or a number, and the line.
template <class T> struct Assigned {
  const Tensor<T>* tensor = nullptr;
  T value{};
  Location at;

  Assigned(const Tensor<T>& t, Location where = Location::here()) : tensor(&t), at(where) {}
  template <Arithmetic N>
  Assigned(N v, Location where = Location::here()) : value(fitting<T>(v, "operator=", where)), at(where) {}
};

}  // namespace detail

template <class T> void Tensor<T>::operator=(detail::Assigned<T> source) && {
  // x[mask][0] = 5 would write into a copy that nobody sees.
  check(
      checked().storage.use_count() > 1 || impl_.use_count() > 1 || !impl_->storage->owns, source.at,
      "operator=: the left side is a copy that nothing else sees (indexing with a mask or an index tensor copies, and "
      "so do most ops); index once, x.index({mask, 0}) = 5, or name the copy first");
  if (source.tensor) copy_(*source.tensor, source.at);
  else fill_(source.value, source.at);
}

/// max(x, dim), sort(x): the values and where they stood. Destructures: auto [values, indices] = x.max(1);
template <class T> struct ValueAndIndices {
  Tensor<T> values;
  Tensor<std::int64_t> indices;
};

/// Either side of an operator: a tensor or a number. Its constructor notes the line of the user's program, which an
/// operator could not do (operators take no default arguments).
template <class T> struct Operand {
  const Tensor<T>* tensor = nullptr;
  T scalar{};
  Location at;

  Operand(const Tensor<T>& t, Location where = Location::here()) : tensor(&t), at(where) {}
  template <Arithmetic N> Operand(N v, Location where = Location::here()) : scalar(static_cast<T>(v)), at(where) {
    static_assert(Real<T> || std::integral<N>,
                  "an integer tensor meets a fraction: convert the tensor first, x.to<float>() * 0.5");
    if constexpr (std::integral<T>) scalar = detail::fitting<T>(v, "operator", where);  // 300 is no uint8
  }
};

namespace detail {

/// A scalar for the elements of a tensor. Throws where integers cannot hold it; for a fraction there is no such call.
template <class T, Arithmetic N>
T scalar_for([[maybe_unused]] N v, [[maybe_unused]] const char* op, [[maybe_unused]] Location at) {
  static_assert(Real<T> || std::integral<N>,
                "an integer tensor meets a fraction: convert the tensor first, x.to<float>().clamp(0.5)");
  if constexpr (std::integral<T>) return fitting<T>(v, op, at);
  else return static_cast<T>(v);
}

/// A bound of clamp: none, a scalar or a tensor.
template <class T> struct Bound {
  const Tensor<T>* tensor = nullptr;
  std::optional<T> scalar = {};

  Bound() = default;
  Bound(std::nullopt_t) {}
  Bound(const Tensor<T>& t) : tensor(t.defined() ? &t : nullptr) {}
  template <Arithmetic N> Bound(N v, Location at = Location::here()) : scalar(scalar_for<T>(v, "clamp", at)) {}
  template <Arithmetic N> Bound(const std::optional<N>& v, Location at = Location::here()) {
    if (v) scalar = scalar_for<T>(*v, "clamp", at);
  }
  bool given() const { return tensor || scalar; }
};

}  // namespace detail

// Two element types never mix silently in arithmetic.
template <class A, class B>
concept OfDifferentTypes = !std::same_as<A, B>;
template <class A, class B> void refuse_mixed_types() {
  static_assert(std::same_as<A, B>,
                "the two tensors have different element types: convert one of them, for example b.to<float>()");
}
template <class A, OfDifferentTypes<A> B> auto operator+(const Tensor<A>& a, const Tensor<B>&) {
  refuse_mixed_types<A, B>();
  return a;
}
template <class A, OfDifferentTypes<A> B> auto operator-(const Tensor<A>& a, const Tensor<B>&) {
  refuse_mixed_types<A, B>();
  return a;
}
template <class A, OfDifferentTypes<A> B> auto operator*(const Tensor<A>& a, const Tensor<B>&) {
  refuse_mixed_types<A, B>();
  return a;
}
template <class A, OfDifferentTypes<A> B> auto operator/(const Tensor<A>& a, const Tensor<B>&) {
  refuse_mixed_types<A, B>();
  return a;
}
// But they compare, in their common type (ops/compare.hpp).
template <class A, OfDifferentTypes<A> B>
Tensor<bool> eq(const Tensor<A>& a, const Tensor<B>& b, Location at = Location::here());
template <class A, OfDifferentTypes<A> B>
Tensor<bool> ne(const Tensor<A>& a, const Tensor<B>& b, Location at = Location::here());
template <class A, OfDifferentTypes<A> B>
Tensor<bool> lt(const Tensor<A>& a, const Tensor<B>& b, Location at = Location::here());
template <class A, OfDifferentTypes<A> B>
Tensor<bool> le(const Tensor<A>& a, const Tensor<B>& b, Location at = Location::here());
template <class A, OfDifferentTypes<A> B>
Tensor<bool> gt(const Tensor<A>& a, const Tensor<B>& b, Location at = Location::here());
template <class A, OfDifferentTypes<A> B>
Tensor<bool> ge(const Tensor<A>& a, const Tensor<B>& b, Location at = Location::here());
template <class A, OfDifferentTypes<A> B> Tensor<bool> operator==(const Tensor<A>& a, const Tensor<B>& b) {
  return eq(a, b, Location{});
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> operator!=(const Tensor<A>& a, const Tensor<B>& b) {
  return ne(a, b, Location{});
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> operator<(const Tensor<A>& a, const Tensor<B>& b) {
  return lt(a, b, Location{});
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> operator<=(const Tensor<A>& a, const Tensor<B>& b) {
  return le(a, b, Location{});
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> operator>(const Tensor<A>& a, const Tensor<B>& b) {
  return gt(a, b, Location{});
}
template <class A, OfDifferentTypes<A> B> Tensor<bool> operator>=(const Tensor<A>& a, const Tensor<B>& b) {
  return ge(a, b, Location{});
}

namespace detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void fail_memory(const Shape& shape, DType dtype, std::size_t bytes,
                                                               const char* op, Location at) {
  fail(at, op, ": shape ", shape, " of ", name_of(dtype), " asks for ", bytes_text(bytes),
       "; the system did not give them (the machine has ", bytes_text(Arena::physical_bytes()), ")");
}

[[gnu::noinline]] inline ImplRef allocate_untyped(const Shape& shape, DType dtype, std::size_t element_size,
                                                  Device device, const char* op, Location at) {
  auto impl = make_impl();
  const std::size_t bytes =
      static_cast<std::size_t>(checked_strides(shape, element_size, impl->strides, op, at)) * element_size;
  impl->shape = shape;
  impl->dtype = dtype;
  impl->storage = Ref(new Storage(bytes, device));
  if (bytes > 0 && !impl->storage->data) [[unlikely]]
    fail_memory(shape, dtype, bytes, op, at);
  return impl;
}

/// A fresh tensor with undefined values, for the result of `op`. Throws when the sizes do not fit in 62 bits of bytes
/// or the memory is not there.
template <Element T> Tensor<T> allocate(const Shape& shape, Device device, const char* op, Location at) {
  return Tensor<T>(allocate_untyped(shape, dtype_of<T>, sizeof(T), device, op, at));
}

/// Another tensor over the same storage, outside of the graph.
[[gnu::noinline]] inline ImplRef alias(const TensorBase& x, const Shape& shape, const Strides& strides,
                                       std::int64_t offset) {
  auto impl = make_impl();
  impl->storage = x.impl()->storage;
  impl->offset = offset;
  impl->shape = shape;
  impl->strides = strides;
  impl->dtype = x.dtype();
  impl->contiguous = is_contiguous(shape, strides);
  return impl;
}
inline ImplRef alias(const TensorBase& x) { return alias(x, x.shape(), x.strides(), x.impl()->offset); }

/// The op's operands must lie on one device.
template <class... Rest>
void check_same_device([[maybe_unused]] const char* op, [[maybe_unused]] Location at, const TensorBase& a,
                       const Rest&... rest) {
  (check(rest.device() == a.device(), at, op, ": operands lie on ", name_of(a.device()), " and ",
         name_of(rest.device()), "; move one of them with .to(...)"),
   ...);
}

}  // namespace detail

template <class T>
template <std::same_as<Strides> S>
Tensor<T> Tensor<T>::from_blob(T* data, const Shape& shape, const S& strides, TensorOptions options, Location at) {
  check(strides.size() == shape.size(), at, "from_blob: ", shape.size(), " sizes but ", strides.size(), " strides");
  const std::int64_t n = detail::checked_numel(shape, sizeof(T), "from_blob", at);
  std::int64_t last = 0, room = 1;
  for (int i = 0; i < shape.size(); ++i) {
    check(strides[i] >= 0, at, "from_blob: strides must not be negative, got ", strides,
          "; pass the lowest address, and flip() the tensor");
    last = detail::add_sizes(last, detail::multiply_sizes(shape[i] > 0 ? shape[i] - 1 : 0, strides[i]));
    room = detail::add_sizes(room, detail::multiply_sizes(shape[i], strides[i]));
  }
  check(room < detail::most_bytes / static_cast<std::int64_t>(sizeof(T)), at, "from_blob: strides ", strides,
        " reach beyond any memory for shape ", shape);
  check(n == 0 || data, at, "from_blob: the address is null, but shape ", shape, " has ", n, " elements");
  auto impl = detail::make_impl();
  auto bytes = n == 0 ? std::size_t{0} : static_cast<std::size_t>(last + 1) * sizeof(T);
  impl->storage = detail::Ref(new detail::Storage(data, bytes, options.device));
  impl->shape = shape;
  impl->strides = strides;
  impl->dtype = dtype_of<T>;
  impl->contiguous = detail::is_contiguous(shape, strides);
  impl->requires_grad = options.requires_grad;
  return Tensor(std::move(impl));
}
/// Tensor<T>::from_blob() with the element type of the memory: from_blob(p, {2, 3}), from_blob(p, {2, 3}, {1, 2}).
///     std::vector<float> v{1, 2, 3, 4};
///     from_blob(v.data(), {2, 2})   // {{1, 2}, {3, 4}}, the vector's own memory
template <Element T>
Tensor<T> from_blob(T* data, const Shape& shape, TensorOptions options = {}, Location at = Location::here()) {
  return Tensor<T>::from_blob(data, shape, options, at);
}
template <Element T>
Tensor<T> from_blob(T* data, const Shape& shape, std::initializer_list<std::int64_t> strides,
                    TensorOptions options = {}, Location at = Location::here()) {
  return Tensor<T>::from_blob(data, shape, Strides(strides), options, at);
}
template <Element T, std::same_as<Strides> S>
Tensor<T> from_blob(T* data, const Shape& shape, const S& strides, TensorOptions options = {},
                    Location at = Location::here()) {
  return Tensor<T>::from_blob(data, shape, strides, options, at);
}

template <class T> Tensor<T> Tensor<T>::from_blob(T* data, const Shape& shape, TensorOptions options, Location at) {
  detail::checked_numel(shape, sizeof(T), "from_blob", at);
  return from_blob(data, shape, detail::contiguous_strides(shape), options, at);
}

}  // namespace chainrule

#pragma once
// Tensor<T>: typed data and the method form of the ops, over TensorBase (core/tensor_base.hpp).
// The methods are one-line calls of the free functions in ops/; the file of each op defines its own.

#include <chainrule/core/options.hpp>
#include <chainrule/core/tensor_base.hpp>

namespace chainrule {

template <class T> struct Operand;
template <class T> struct ValueAndIndices;
template <class T> class IndexedTensor;

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
  Tensor flatten(FlattenOptions options, Location at = Location::here()) const;
  Tensor flatten(std::int64_t start_dim, FlattenOptions rest, Location at = Location::here()) const;
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
  std::vector<Tensor> split(std::int64_t split_size, AlongOptions options, Location at = Location::here()) const;
  std::vector<Tensor> chunk(std::int64_t chunks, AlongOptions options, Location at = Location::here()) const;
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
  template <int = 0> Tensor clamp(ClampOptions options, Location at = Location::here()) const;  // {} is a bound
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
  Tensor<bool> isclose(const Tensor& other, CloseOptions options, Location at = Location::here()) const;
  bool allclose(const Tensor& other, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false,
                Location at = Location::here()) const;
  bool allclose(const Tensor& other, CloseOptions options, Location at = Location::here()) const;
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
  template <int = 0> Tensor<SumOf<T>> sum(const Dims& dims, bool keepdim = false, Location at = Location::here()) const;
  Tensor<SumOf<T>> sum(DimOptions options, Location at = Location::here()) const;
  Tensor<SumOf<T>> sum(const Dims& dims, KeepdimOptions options, Location at = Location::here()) const;
  // In another element type, PyTorch's dtype: x.sum<double>() converts first.
  template <Element U> Tensor<U> sum(Location at = Location::here()) const;
  template <Element U> Tensor<U> sum(const Dims& dims, bool keepdim = false, Location at = Location::here()) const;
  template <Element U> Tensor<U> prod(Location at = Location::here()) const;
  template <Element U> Tensor<U> prod(std::int64_t dim, bool keepdim = false, Location at = Location::here()) const;
  template <Element U> Tensor<U> cumsum(std::int64_t dim, Location at = Location::here()) const;
  template <Real U> Tensor<U> softmax(std::int64_t dim, Location at = Location::here()) const;
  template <Real U> Tensor<U> log_softmax(std::int64_t dim, Location at = Location::here()) const;
  Tensor<RealOf<T>> mean(Location at = Location::here()) const;
  template <int = 0>
  Tensor<RealOf<T>> mean(const Dims& dims, bool keepdim = false, Location at = Location::here()) const;
  Tensor<RealOf<T>> mean(DimOptions options, Location at = Location::here()) const;
  Tensor<RealOf<T>> mean(const Dims& dims, KeepdimOptions options, Location at = Location::here()) const;
  Tensor<SumOf<T>> prod(Location at = Location::here()) const;
  Tensor<SumOf<T>> prod(std::int64_t dim, bool keepdim = false, Location at = Location::here()) const;
  Tensor<SumOf<T>> prod(DimOptions options, Location at = Location::here()) const;
  Tensor<SumOf<T>> prod(std::int64_t dim, KeepdimOptions options, Location at = Location::here()) const;
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
  Tensor norm(NormOptions options, Location at = Location::here()) const;
  Tensor norm(double p, const Dims& dims, KeepdimOptions options, Location at = Location::here()) const;
  Tensor max(Location at = Location::here()) const;
  Tensor min(Location at = Location::here()) const;
  template <int = 0> Tensor amax(const Dims& dims = {}, bool keepdim = false, Location at = Location::here()) const;
  Tensor amax(DimOptions options, Location at = Location::here()) const;
  Tensor amax(const Dims& dims, KeepdimOptions options, Location at = Location::here()) const;
  template <int = 0> Tensor amin(const Dims& dims = {}, bool keepdim = false, Location at = Location::here()) const;
  Tensor amin(DimOptions options, Location at = Location::here()) const;
  Tensor amin(const Dims& dims, KeepdimOptions options, Location at = Location::here()) const;
  ValueAndIndices<T> max(std::int64_t dim, bool keepdim = false, Location at = Location::here()) const;
  ValueAndIndices<T> max(DimOptions options, Location at = Location::here()) const;
  ValueAndIndices<T> max(std::int64_t dim, KeepdimOptions options, Location at = Location::here()) const;
  ValueAndIndices<T> min(std::int64_t dim, bool keepdim = false, Location at = Location::here()) const;
  ValueAndIndices<T> min(DimOptions options, Location at = Location::here()) const;
  ValueAndIndices<T> min(std::int64_t dim, KeepdimOptions options, Location at = Location::here()) const;
  Tensor<std::int64_t> argmax(std::optional<std::int64_t> dim = {}, bool keepdim = false,
                              Location at = Location::here()) const;
  Tensor<std::int64_t> argmax(DimOptions options, Location at = Location::here()) const;
  Tensor<std::int64_t> argmax(std::int64_t dim, KeepdimOptions options, Location at = Location::here()) const;
  Tensor<std::int64_t> argmin(std::optional<std::int64_t> dim = {}, bool keepdim = false,
                              Location at = Location::here()) const;
  Tensor<std::int64_t> argmin(DimOptions options, Location at = Location::here()) const;
  Tensor<std::int64_t> argmin(std::int64_t dim, KeepdimOptions options, Location at = Location::here()) const;
  ValueAndIndices<T> topk(std::int64_t k, std::int64_t dim = -1, bool largest = true,
                          Location at = Location::here()) const;
  ValueAndIndices<T> topk(std::int64_t k, TopkOptions options, Location at = Location::here()) const;
  ValueAndIndices<T> topk(std::int64_t k, std::int64_t dim, TopkOptions rest, Location at = Location::here()) const;
  ValueAndIndices<T> sort(std::int64_t dim = -1, bool descending = false, Location at = Location::here()) const;
  ValueAndIndices<T> sort(SortOptions options, Location at = Location::here()) const;
  ValueAndIndices<T> sort(std::int64_t dim, SortOptions options, Location at = Location::here()) const;
  Tensor<std::int64_t> argsort(std::int64_t dim = -1, bool descending = false, Location at = Location::here()) const;
  Tensor<std::int64_t> argsort(SortOptions options, Location at = Location::here()) const;
  Tensor<std::int64_t> argsort(std::int64_t dim, SortOptions options, Location at = Location::here()) const;
  Tensor<SumOf<T>> cumsum(std::int64_t dim, Location at = Location::here()) const;
  Tensor<SumOf<T>> cumsum(AlongOptions options, Location at = Location::here()) const;
  Tensor<std::int64_t> count_nonzero(const Dims& dims = {}, Location at = Location::here()) const;
  Tensor median(Location at = Location::here()) const;
  ValueAndIndices<T> median(std::int64_t dim, bool keepdim = false, Location at = Location::here()) const;
  ValueAndIndices<T> median(DimOptions options, Location at = Location::here()) const;
  ValueAndIndices<T> median(std::int64_t dim, KeepdimOptions options, Location at = Location::here()) const;
  Tensor<bool> any(Location at = Location::here()) const;
  Tensor<bool> all(Location at = Location::here()) const;
  template <int = 0> Tensor<bool> any(const Dims& dims, bool keepdim = false, Location at = Location::here()) const;
  Tensor<bool> any(DimOptions options, Location at = Location::here()) const;
  Tensor<bool> any(const Dims& dims, KeepdimOptions options, Location at = Location::here()) const;
  template <int = 0> Tensor<bool> all(const Dims& dims, bool keepdim = false, Location at = Location::here()) const;
  Tensor<bool> all(DimOptions options, Location at = Location::here()) const;
  Tensor<bool> all(const Dims& dims, KeepdimOptions options, Location at = Location::here()) const;
  Tensor softmax(std::int64_t dim, Location at = Location::here()) const;
  Tensor softmax(AlongOptions options, Location at = Location::here()) const;
  Tensor log_softmax(std::int64_t dim, Location at = Location::here()) const;
  Tensor log_softmax(AlongOptions options, Location at = Location::here()) const;
  Tensor logsumexp(std::int64_t dim, bool keepdim = false, Location at = Location::here()) const;
  Tensor logsumexp(DimOptions options, Location at = Location::here()) const;
  Tensor logsumexp(std::int64_t dim, KeepdimOptions options, Location at = Location::here()) const;
  template <int = 0> Tensor logsumexp(const Dims& dims, bool keepdim = false, Location at = Location::here()) const;

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

}  // namespace chainrule

#include <chainrule/core/allocate.hpp>
#include <chainrule/core/operand.hpp>

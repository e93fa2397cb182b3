#pragma once
// Where tensors come from: fresh memory, another look at the memory of a tensor, memory of the caller.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/tensor.hpp>

namespace chainrule {

namespace detail {

[[noreturn, gnu::cold]] void fail_memory(const Shape& shape, DType dtype, std::size_t bytes, const char* op,
                                         Location at);

ImplRef allocate_untyped(const Shape& shape, DType dtype, std::size_t element_size, Device device, const char* op,
                         Location at);

/// A fresh tensor with undefined values, for the result of `op`. Throws when the sizes do not fit in 62 bits of bytes
/// or the memory is not there.
template <Element T> Tensor<T> allocate(const Shape& shape, Device device, const char* op, Location at) {
  return Tensor<T>(allocate_untyped(shape, dtype_of<T>, sizeof(T), device, op, at));
}

/// Another tensor over the same storage, outside of the graph.
ImplRef alias(const TensorBase& x, const Shape& shape, const Strides& strides, std::int64_t offset);
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

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

[[gnu::noinline]] CHAINRULE_INLINE void fail_memory(const Shape& shape, DType dtype, std::size_t bytes, const char* op,
                                                    Location at) {
  fail(at, op, ": shape ", shape, " of ", name_of(dtype), " asks for ", bytes_text(bytes),
       "; the system did not give them (the machine has ", bytes_text(Arena::physical_bytes()), ")");
}

[[gnu::noinline]] CHAINRULE_INLINE ImplRef allocate_untyped(const Shape& shape, DType dtype, std::size_t element_size,
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

[[gnu::noinline]] CHAINRULE_INLINE ImplRef alias(const TensorBase& x, const Shape& shape, const Strides& strides,
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

}  // namespace chainrule::detail
#endif

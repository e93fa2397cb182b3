#pragma once
// PyTorch's keyword arguments: each op here is the one with positional arguments, called with the fields of its
// options.
//     x.mean(1, {.keepdim = true})     x.max({.dim = 1})     softmax(x, {.dim = 1})     x.sort(1, {.descending = true})

#include <chainrule/ops/any.hpp>
#include <chainrule/ops/argmax.hpp>
#include <chainrule/ops/cat.hpp>
#include <chainrule/ops/clamp.hpp>
#include <chainrule/ops/cumsum.hpp>
#include <chainrule/ops/isclose.hpp>
#include <chainrule/ops/max.hpp>
#include <chainrule/ops/mean.hpp>
#include <chainrule/ops/median.hpp>
#include <chainrule/ops/norm.hpp>
#include <chainrule/ops/prod.hpp>
#include <chainrule/ops/softmax.hpp>
#include <chainrule/ops/sort.hpp>
#include <chainrule/ops/split.hpp>
#include <chainrule/ops/sum.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule {

// ---- functions ----
template <class T>
Tensor<SumOf<T>> sum(const Tensor<T>& x, const Dims& dims, KeepdimOptions options, Location at = Location::here()) {
  return sum(x, dims, options.keepdim, at);
}
template <class T>
Tensor<RealOf<T>> mean(const Tensor<T>& x, const Dims& dims, KeepdimOptions options, Location at = Location::here()) {
  return mean(x, dims, options.keepdim, at);
}
template <class T>
Tensor<bool> any(const Tensor<T>& x, const Dims& dims, KeepdimOptions options, Location at = Location::here()) {
  return any(x, dims, options.keepdim, at);
}
template <class T>
Tensor<bool> all(const Tensor<T>& x, const Dims& dims, KeepdimOptions options, Location at = Location::here()) {
  return all(x, dims, options.keepdim, at);
}
template <class T>
Tensor<T> amax(const Tensor<T>& x, const Dims& dims, KeepdimOptions options, Location at = Location::here()) {
  return amax(x, dims, options.keepdim, at);
}
template <class T>
Tensor<T> amin(const Tensor<T>& x, const Dims& dims, KeepdimOptions options, Location at = Location::here()) {
  return amin(x, dims, options.keepdim, at);
}
template <class T> Tensor<SumOf<T>> prod(const Tensor<T>& x, DimOptions options, Location at = Location::here()) {
  return prod(x, detail::one_dim(options, "prod", at), options.keepdim, at);
}
template <class T>
Tensor<SumOf<T>> prod(const Tensor<T>& x, std::int64_t dim, KeepdimOptions options, Location at = Location::here()) {
  return prod(x, dim, options.keepdim, at);
}
template <class T> ValueAndIndices<T> max(const Tensor<T>& x, DimOptions options, Location at = Location::here()) {
  return max(x, detail::one_dim(options, "max", at), options.keepdim, at);
}
template <class T>
ValueAndIndices<T> max(const Tensor<T>& x, std::int64_t dim, KeepdimOptions options, Location at = Location::here()) {
  return max(x, dim, options.keepdim, at);
}
template <class T> ValueAndIndices<T> min(const Tensor<T>& x, DimOptions options, Location at = Location::here()) {
  return min(x, detail::one_dim(options, "min", at), options.keepdim, at);
}
template <class T>
ValueAndIndices<T> min(const Tensor<T>& x, std::int64_t dim, KeepdimOptions options, Location at = Location::here()) {
  return min(x, dim, options.keepdim, at);
}
template <class T> ValueAndIndices<T> median(const Tensor<T>& x, DimOptions options, Location at = Location::here()) {
  return median(x, detail::one_dim(options, "median", at), options.keepdim, at);
}
template <class T>
ValueAndIndices<T> median(const Tensor<T>& x, std::int64_t dim, KeepdimOptions options,
                          Location at = Location::here()) {
  return median(x, dim, options.keepdim, at);
}
template <class T> Tensor<std::int64_t> argmax(const Tensor<T>& x, DimOptions options, Location at = Location::here()) {
  return argmax(x, detail::one_dim(options, "argmax", at), options.keepdim, at);
}
template <class T>
Tensor<std::int64_t> argmax(const Tensor<T>& x, std::int64_t dim, KeepdimOptions options,
                            Location at = Location::here()) {
  return argmax(x, dim, options.keepdim, at);
}
template <class T> Tensor<std::int64_t> argmin(const Tensor<T>& x, DimOptions options, Location at = Location::here()) {
  return argmin(x, detail::one_dim(options, "argmin", at), options.keepdim, at);
}
template <class T>
Tensor<std::int64_t> argmin(const Tensor<T>& x, std::int64_t dim, KeepdimOptions options,
                            Location at = Location::here()) {
  return argmin(x, dim, options.keepdim, at);
}
template <Real T>
Tensor<T> logsumexp(const Tensor<T>& x, std::int64_t dim, KeepdimOptions options, Location at = Location::here()) {
  return logsumexp(x, dim, options.keepdim, at);
}
template <Real T> Tensor<T> softmax(const Tensor<T>& x, AlongOptions options, Location at = Location::here()) {
  return softmax(x, options.dim, at);
}
template <Real T> Tensor<T> log_softmax(const Tensor<T>& x, AlongOptions options, Location at = Location::here()) {
  return log_softmax(x, options.dim, at);
}
template <class T> Tensor<SumOf<T>> cumsum(const Tensor<T>& x, AlongOptions options, Location at = Location::here()) {
  return cumsum(x, options.dim, at);
}
template <class T>
Tensor<T> cat(const std::vector<Tensor<T>>& tensors, AlongOptions options, Location at = Location::here()) {
  return cat(tensors, options.dim, at);
}
template <class T>
Tensor<T> cat(std::initializer_list<Tensor<T>> tensors, AlongOptions options, Location at = Location::here()) {
  return cat(tensors, options.dim, at);
}
template <class T>
Tensor<T> stack(const std::vector<Tensor<T>>& tensors, AlongOptions options, Location at = Location::here()) {
  return stack(tensors, options.dim, at);
}
template <class T>
Tensor<T> stack(std::initializer_list<Tensor<T>> tensors, AlongOptions options, Location at = Location::here()) {
  return stack(tensors, options.dim, at);
}
template <class T> ValueAndIndices<T> sort(const Tensor<T>& x, SortOptions options, Location at = Location::here()) {
  return sort(x, options.dim, options.descending, at);
}
template <class T>
ValueAndIndices<T> sort(const Tensor<T>& x, std::int64_t dim, SortOptions options, Location at = Location::here()) {
  return sort(x, dim, options.descending, at);
}
template <class T>
Tensor<std::int64_t> argsort(const Tensor<T>& x, SortOptions options, Location at = Location::here()) {
  return argsort(x, options.dim, options.descending, at);
}
template <class T>
Tensor<std::int64_t> argsort(const Tensor<T>& x, std::int64_t dim, SortOptions options,
                             Location at = Location::here()) {
  return argsort(x, dim, options.descending, at);
}
template <class T>
ValueAndIndices<T> topk(const Tensor<T>& x, std::int64_t k, TopkOptions options, Location at = Location::here()) {
  return topk(x, k, options.dim, options.largest, at);
}
template <class T>
Tensor<bool> isclose(const Tensor<T>& a, const Tensor<T>& b, CloseOptions o, Location at = Location::here()) {
  return isclose(a, b, o.rtol, o.atol, o.equal_nan, at);
}
template <class T>
bool allclose(const Tensor<T>& a, const Tensor<T>& b, CloseOptions o, Location at = Location::here()) {
  return allclose(a, b, o.rtol, o.atol, o.equal_nan, at);
}
template <class T> Tensor<T> flatten(const Tensor<T>& x, FlattenOptions options, Location at = Location::here()) {
  return flatten(x, options.start_dim, options.end_dim, at);
}
template <class T> Tensor<T> clamp(const Tensor<T>& x, ClampOptions options, Location at = Location::here()) {
  check(options.min || options.max, at, "clamp: needs a bound, {.min = 0} or {.max = 1}");
  const auto bound = [&](std::optional<double> b) {
    return b ? detail::Bound<T>(detail::fitting<T>(*b, "clamp", at)) : detail::Bound<T>();
  };
  return clamp(x, bound(options.min), bound(options.max), at);
}

template <class T>
ValueAndIndices<T> topk(const Tensor<T>& x, std::int64_t k, std::int64_t dim, TopkOptions rest,
                        Location at = Location::here()) {
  return topk(x, k, dim, rest.largest, at);
}
template <class T> Tensor<T> norm(const Tensor<T>& x, NormOptions options, Location at = Location::here()) {
  return norm(x, options.p, options.dim, options.keepdim, at);
}
template <class T>
Tensor<T> norm(const Tensor<T>& x, double p, const Dims& dims, KeepdimOptions options, Location at = Location::here()) {
  return norm(x, p, dims, options.keepdim, at);
}
template <class T>
Tensor<T> flatten(const Tensor<T>& x, std::int64_t start_dim, FlattenOptions rest, Location at = Location::here()) {
  return flatten(x, start_dim, rest.end_dim, at);
}
template <class T>
std::vector<Tensor<T>> split(const Tensor<T>& x, std::int64_t split_size, AlongOptions options,
                             Location at = Location::here()) {
  return split(x, split_size, options.dim, at);
}
template <class T>
std::vector<Tensor<T>> chunk(const Tensor<T>& x, std::int64_t chunks, AlongOptions options,
                             Location at = Location::here()) {
  return chunk(x, chunks, options.dim, at);
}

// ---- methods ----
template <class T>
ValueAndIndices<T> Tensor<T>::topk(std::int64_t k, std::int64_t dim, TopkOptions rest, Location at) const {
  return chainrule::topk(*this, k, dim, rest.largest, at);
}
template <class T> Tensor<T> Tensor<T>::norm(NormOptions options, Location at) const {
  return chainrule::norm(*this, options, at);
}
template <class T> Tensor<T> Tensor<T>::norm(double p, const Dims& dims, KeepdimOptions options, Location at) const {
  return chainrule::norm(*this, p, dims, options.keepdim, at);
}
template <class T> Tensor<T> Tensor<T>::flatten(std::int64_t start_dim, FlattenOptions rest, Location at) const {
  return chainrule::flatten(*this, start_dim, rest.end_dim, at);
}
template <class T>
std::vector<Tensor<T>> Tensor<T>::split(std::int64_t split_size, AlongOptions options, Location at) const {
  return chainrule::split(*this, split_size, options.dim, at);
}
template <class T>
std::vector<Tensor<T>> Tensor<T>::chunk(std::int64_t chunks, AlongOptions options, Location at) const {
  return chainrule::chunk(*this, chunks, options.dim, at);
}
template <class T> Tensor<SumOf<T>> Tensor<T>::sum(DimOptions options, Location at) const {
  return chainrule::sum(*this, options.dim, options.keepdim, at);
}
template <class T> Tensor<SumOf<T>> Tensor<T>::sum(const Dims& dims, KeepdimOptions options, Location at) const {
  return chainrule::sum(*this, dims, options.keepdim, at);
}
template <class T> Tensor<RealOf<T>> Tensor<T>::mean(DimOptions options, Location at) const {
  return chainrule::mean(*this, options.dim, options.keepdim, at);
}
template <class T> Tensor<RealOf<T>> Tensor<T>::mean(const Dims& dims, KeepdimOptions options, Location at) const {
  return chainrule::mean(*this, dims, options.keepdim, at);
}
template <class T> Tensor<bool> Tensor<T>::any(DimOptions options, Location at) const {
  return chainrule::any(*this, options.dim, options.keepdim, at);
}
template <class T> Tensor<bool> Tensor<T>::any(const Dims& dims, KeepdimOptions options, Location at) const {
  return chainrule::any(*this, dims, options.keepdim, at);
}
template <class T> Tensor<bool> Tensor<T>::all(DimOptions options, Location at) const {
  return chainrule::all(*this, options.dim, options.keepdim, at);
}
template <class T> Tensor<bool> Tensor<T>::all(const Dims& dims, KeepdimOptions options, Location at) const {
  return chainrule::all(*this, dims, options.keepdim, at);
}
template <class T> Tensor<T> Tensor<T>::amax(DimOptions options, Location at) const {
  return chainrule::amax(*this, options.dim, options.keepdim, at);
}
template <class T> Tensor<T> Tensor<T>::amax(const Dims& dims, KeepdimOptions options, Location at) const {
  return chainrule::amax(*this, dims, options.keepdim, at);
}
template <class T> Tensor<T> Tensor<T>::amin(DimOptions options, Location at) const {
  return chainrule::amin(*this, options.dim, options.keepdim, at);
}
template <class T> Tensor<T> Tensor<T>::amin(const Dims& dims, KeepdimOptions options, Location at) const {
  return chainrule::amin(*this, dims, options.keepdim, at);
}
template <class T> Tensor<SumOf<T>> Tensor<T>::prod(DimOptions options, Location at) const {
  return chainrule::prod(*this, options, at);
}
template <class T> Tensor<SumOf<T>> Tensor<T>::prod(std::int64_t dim, KeepdimOptions options, Location at) const {
  return chainrule::prod(*this, dim, options.keepdim, at);
}
template <class T> ValueAndIndices<T> Tensor<T>::max(DimOptions options, Location at) const {
  return chainrule::max(*this, options, at);
}
template <class T> ValueAndIndices<T> Tensor<T>::max(std::int64_t dim, KeepdimOptions options, Location at) const {
  return chainrule::max(*this, dim, options.keepdim, at);
}
template <class T> ValueAndIndices<T> Tensor<T>::min(DimOptions options, Location at) const {
  return chainrule::min(*this, options, at);
}
template <class T> ValueAndIndices<T> Tensor<T>::min(std::int64_t dim, KeepdimOptions options, Location at) const {
  return chainrule::min(*this, dim, options.keepdim, at);
}
template <class T> ValueAndIndices<T> Tensor<T>::median(DimOptions options, Location at) const {
  return chainrule::median(*this, options, at);
}
template <class T> ValueAndIndices<T> Tensor<T>::median(std::int64_t dim, KeepdimOptions options, Location at) const {
  return chainrule::median(*this, dim, options.keepdim, at);
}
template <class T> Tensor<std::int64_t> Tensor<T>::argmax(DimOptions options, Location at) const {
  return chainrule::argmax(*this, options, at);
}
template <class T> Tensor<std::int64_t> Tensor<T>::argmax(std::int64_t dim, KeepdimOptions options, Location at) const {
  return chainrule::argmax(*this, dim, options.keepdim, at);
}
template <class T> Tensor<std::int64_t> Tensor<T>::argmin(DimOptions options, Location at) const {
  return chainrule::argmin(*this, options, at);
}
template <class T> Tensor<std::int64_t> Tensor<T>::argmin(std::int64_t dim, KeepdimOptions options, Location at) const {
  return chainrule::argmin(*this, dim, options.keepdim, at);
}
template <class T> Tensor<T> Tensor<T>::logsumexp(DimOptions options, Location at) const {
  return chainrule::logsumexp(*this, options.dim, options.keepdim, at);
}
template <class T> Tensor<T> Tensor<T>::logsumexp(std::int64_t dim, KeepdimOptions options, Location at) const {
  return chainrule::logsumexp(*this, dim, options.keepdim, at);
}
template <class T> Tensor<T> Tensor<T>::softmax(AlongOptions options, Location at) const {
  return chainrule::softmax(*this, options.dim, at);
}
template <class T> Tensor<T> Tensor<T>::log_softmax(AlongOptions options, Location at) const {
  return chainrule::log_softmax(*this, options.dim, at);
}
template <class T> Tensor<SumOf<T>> Tensor<T>::cumsum(AlongOptions options, Location at) const {
  return chainrule::cumsum(*this, options.dim, at);
}
template <class T> ValueAndIndices<T> Tensor<T>::sort(SortOptions options, Location at) const {
  return chainrule::sort(*this, options, at);
}
template <class T> ValueAndIndices<T> Tensor<T>::sort(std::int64_t dim, SortOptions options, Location at) const {
  return chainrule::sort(*this, dim, options, at);
}
template <class T> Tensor<std::int64_t> Tensor<T>::argsort(SortOptions options, Location at) const {
  return chainrule::argsort(*this, options, at);
}
template <class T> Tensor<std::int64_t> Tensor<T>::argsort(std::int64_t dim, SortOptions options, Location at) const {
  return chainrule::argsort(*this, dim, options, at);
}
template <class T> ValueAndIndices<T> Tensor<T>::topk(std::int64_t k, TopkOptions options, Location at) const {
  return chainrule::topk(*this, k, options, at);
}
template <class T> Tensor<bool> Tensor<T>::isclose(const Tensor& other, CloseOptions options, Location at) const {
  return chainrule::isclose(*this, other, options, at);
}
template <class T> bool Tensor<T>::allclose(const Tensor& other, CloseOptions options, Location at) const {
  return chainrule::allclose(*this, other, options, at);
}
template <class T> Tensor<T> Tensor<T>::flatten(FlattenOptions options, Location at) const {
  return chainrule::flatten(*this, options, at);
}
template <class T> template <int> Tensor<T> Tensor<T>::clamp(ClampOptions options, Location at) const {
  return chainrule::clamp(*this, options, at);
}

}  // namespace chainrule

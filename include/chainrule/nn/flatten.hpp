#pragma once
// Flatten, Unflatten and Identity: modules that change the shape, or nothing.

#include <chainrule/nn/module.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule::nn {

/// Dimensions start_dim to end_dim made into one; by default all but the batch: (64, 16, 4, 4) -> (64, 256).
struct Flatten : Module<Flatten> {
  std::int64_t start_dim, end_dim;
  explicit Flatten(std::int64_t start = 1, std::int64_t end = -1) : start_dim(start), end_dim(end) {}
  using parts = members<>;
  using others = members<&Flatten::start_dim, &Flatten::end_dim>;
  template <class T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return flatten(x, start_dim, end_dim, at);
  }
  std::string extra_repr() const {
    return "start_dim=" + std::to_string(start_dim) + ", end_dim=" + std::to_string(end_dim);
  }
};

/// Dimension `dim` cut into several: Unflatten(1, {16, 4, 4}) makes (64, 16, 4, 4) of (64, 256).
struct Unflatten : Module<Unflatten> {
  std::int64_t dim;
  Shape unflattened_size;
  Unflatten(std::int64_t d, const Shape& sizes) : dim(d), unflattened_size(sizes) {}
  using parts = members<>;
  using others = members<&Unflatten::dim, &Unflatten::unflattened_size>;
  template <class T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return unflatten(x, dim, unflattened_size, at);
  }
  std::string extra_repr() const {
    return "dim=" + std::to_string(dim) + ", unflattened_size=" + unflattened_size.str();
  }
};

/// Gives what it takes. Stands where there has to be a module and nothing is to be done.
struct Identity : Module<Identity> {
  template <class T> Tensor<T> forward(const Tensor<T>& x) const { return x; }
};

}  // namespace chainrule::nn

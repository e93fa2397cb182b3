#pragma once
// Tensors as Eigen matrices and back, without copying. Include it where you need it: api.hpp does not bring Eigen
// along.

#include <chainrule/ops/copy.hpp>
#include <Eigen/Core>

namespace chainrule {

/// A tensor's memory as an Eigen matrix: rows are rows, whatever the strides.
template <class T>
using EigenMap = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>, Eigen::Unaligned,
                            Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

/// A matrix as an Eigen::Map, a vector as one with a single column. Nothing is copied: writing into the map writes into
/// the tensor (autograd does not see that), and the map is good as long as the tensor's storage lives. Transposed and
/// sliced views work. Throws for other numbers of dimensions and for tensors that do not lie in the CPU's memory.
///     as_eigen(x) * as_eigen(y)   // Eigen's product
template <class T> EigenMap<T> as_eigen(const Tensor<T>& x, Location at = Location::here()) {
  check(x.dim() == 1 || x.dim() == 2, at, "as_eigen: expects a vector or a matrix, got shape ", x.shape(),
        "; use flatten() or select()");
  check(x.device() == Device::cpu, at, "as_eigen: this tensor lies on ", name_of(x.device()), "; call .cpu() first");
  const bool vector = x.dim() == 1;
  return EigenMap<T>(x.data(), x.shape()[0], vector ? 1 : x.shape()[1],
                     Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(x.strides()[0], vector ? 1 : x.strides()[1]));
}

/// A tensor over the memory of an Eigen::Map, whose owner keeps it alive; nothing is copied. A vector type gives one
/// dimension.
template <class Matrix, int Options, class Stride>
Tensor<typename Matrix::Scalar> from_eigen(const Eigen::Map<Matrix, Options, Stride>& map) {
  using T = typename Matrix::Scalar;
  T* data = const_cast<T*>(map.data());
  if constexpr (Matrix::IsVectorAtCompileTime) return Tensor<T>::from_blob(data, {map.size()}, {map.innerStride()});
  else return Tensor<T>::from_blob(data, {map.rows(), map.cols()}, {map.rowStride(), map.colStride()});
}

/// The values of a matrix or an expression, copied into a tensor of its own. A vector type gives one dimension.
///     from_eigen(Eigen::MatrixXf::Identity(2, 2))   // eye(2)
template <class Derived> Tensor<typename Derived::Scalar> from_eigen(const Eigen::MatrixBase<Derived>& matrix) {
  using T = typename Derived::Scalar;
  Shape shape{matrix.rows(), matrix.cols()};
  if constexpr (Derived::IsVectorAtCompileTime) shape = Shape{matrix.size()};
  Tensor<T> x = detail::allocate<T>(shape);
  Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(x.data(), matrix.rows(),
                                                                                matrix.cols()) = matrix;
  return x;
}

}  // namespace chainrule

#pragma once
// Matrix products: matmul for any number of dimensions, and mm, bmm, mv, dot, outer.

#include <chainrule/core/binary.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/sum.hpp>
#include <chainrule/ops/view.hpp>

namespace chainrule {

namespace fn {

/// c = a b + bias, or relu of it, for each matrix of a batch. All steps are counted in elements and may be 0 (expanded)
/// or large (transposed).
template <class T> struct MatmulArgs {
  std::int64_t m, n, k;
  const T* a;
  std::int64_t a_row, a_col;
  const T* b;
  std::int64_t b_row, b_col;
  T* c;                     // (m, n), rows n apart
  const T* bias = nullptr;  // (n,), added to every row, or null
  bool relu = false;        // then relu of it
  bool b_changes =
      // from call to call, as weights do in training: threads then share it out, so that each finds its part in its
      // cache
      false;
  detail::Loop<3> batch{};  // where the matrices of c, a and b begin
};

/// The slot of the matrix product; the CPU kernel stands in cpu/gemm/matmul.hpp.
template <class T> struct Matmul {
  static constexpr auto name = "matmul";
  using fn = void(const MatmulArgs<T>& args);
  [[gnu::weak]] static fn cpu;  // cpu/gemm/matmul.hpp
};

}  // namespace fn

namespace detail {

template <Real T> void check_inner(const char* op, const Tensor<T>& a, const Tensor<T>& b, Location at) {
  check(a.dim() > 0 && b.dim() > 0, at, op, ": both operands need a dimension, got ", a.shape(), " and ", b.shape(),
        "; use a * b for numbers");
  const std::int64_t k = a.shape().back(), k_of_b = b.shape()[std::max(0, b.dim() - 2)];
  check(k == k_of_b, at, op, ": inner sizes must agree, got ", a.shape(), " and ", b.shape(),
        b.dim() >= 2 && b.shape().back() == k ? "; the transpose of the second would fit: b.mT()" : "");
  check_same_device(op, at, a, b);
}

/// How many rows a tensor's last dimension makes. (numel() / size would lose them where that size is 0.)
inline std::int64_t rows_of(const Shape& shape) {
  std::int64_t rows = 1;
  for (int d = 0; d + 1 < shape.size(); ++d) rows *= shape[d];
  return rows;
}

/// The leading dimensions of a tensor as a tensor of matrices' first elements.
inline TensorBase first_elements(const TensorBase& x, int dims) {
  Shape shape, strides;
  for (int d = 0; d < dims; ++d) {
    shape.push_back(x.shape()[d]);
    strides.push_back(x.strides()[d]);
  }
  return TensorBase(alias(x, shape, strides, 0));
}

/// The product without its place in the graph.
template <Real T> Tensor<T> matmul_value(const char* op, const Tensor<T>& a, const Tensor<T>& b, Location at) {
  check_inner(op, a, b, at);
  const int da = a.dim(), db = b.dim();
  fn::MatmulArgs<T> p{};
  p.m = da == 1 ? 1 : a.shape()[da - 2];
  p.k = a.shape()[da - 1];
  p.n = db == 1 ? 1 : b.shape()[db - 1];
  p.a_row = da == 1 ? 0 : a.strides()[da - 2];
  p.a_col = a.strides()[da - 1];
  p.b_row = b.strides()[std::max(0, db - 2)];
  p.b_col = db == 1 ? 0 : b.strides()[db - 1];
  p.batch.dims = 1;
  p.batch.size[0] = 1;

  Shape shape;
  Tensor<T> c;
  auto make_result = [&] {
    if (da > 1) shape.push_back(a.shape()[da - 2]);
    if (db > 1) shape.push_back(p.n);
    c = allocate<T>(shape, a.device(), op, at);
  };
  if (da <= 2 && db <= 2) {
    make_result();
  } else {
    Shape batch_a, batch_b;
    for (int d = 0; d < da - 2; ++d) batch_a.push_back(a.shape()[d]);
    for (int d = 0; d < db - 2; ++d) batch_b.push_back(b.shape()[d]);
    for (int i = 1; i <= std::min(batch_a.size(), batch_b.size()); ++i) {
      const std::int64_t s = batch_a[batch_a.size() - i], t = batch_b[batch_b.size() - i];
      check(s == t || s == 1 || t == 1, at, op, ": the batch dimensions of ", a.shape(), " and ", b.shape(),
            " do not broadcast: sizes ", s, " and ", t, " differ and neither is 1");
    }
    const Shape batch = broadcast_shapes(batch_a, batch_b, op, at);
    shape = batch;
    make_result();
    const auto rows = db <= 2 ? view_strides(a.shape(), a.strides(), {batch.numel() * p.m, p.k}) : std::nullopt;
    if (rows) {  // one matrix on the right: all rows of the batch make one tall matrix
      p.m *= batch.numel();
      p.a_row = (*rows)[0];
      p.a_col = (*rows)[1];
    } else {
      p.batch = make_loop(batch, first_elements(c, batch.size()), first_elements(a, batch_a.size()),
                          first_elements(b, batch_b.size()));
    }
  }
  p.batch.numel = std::max<std::int64_t>(p.batch.numel, c.numel() == 0 ? 0 : 1);
  p.a = a.data();
  p.b = b.data();
  p.c = c.data();
  if (c.numel() > 0) kernel<fn::Matmul<T>>::on(a.device(), at)(p);
  return c;
}

template <Real T> Tensor<T> matmul_as(const char* op, const Tensor<T>& a, const Tensor<T>& b, Location at);

/// ga = g bT and gb = aT g, for the operands' numbers of dimensions. The engine sums over broadcast batches.
template <Real T>
Grads matmul_grads(const Tensor<T>& g, Needs need, const Tensor<T>& a, const Tensor<T>& b, int a_dims, int b_dims) {
  Tensor<T> ga, gb, rows = b_dims == 1 ? unsqueeze(g, -1) : g;
  if (a_dims == 1) rows = unsqueeze(rows, -2);  // (..., m, n)
  const Location at{};
  if (need[0]) ga = matmul_as("matmul", rows, b_dims == 1 ? unsqueeze(b, 0) : transpose(b, -2, -1), at);  // (..., m, k)
  if (need[1] && b_dims <= 2 && a_dims > 2) {  // one product over all rows instead of a batch of them and a sum
    const std::int64_t k = a.shape().back(), n = rows.shape().back(), all = rows_of(a.shape());
    gb = matmul_as("matmul", transpose(reshape(a, {all, k}), 0, 1), reshape(rows, {all, n}), at);  // (k, n)
  } else if (need[1]) {
    gb = matmul_as("matmul", a_dims == 1 ? unsqueeze(a, 1) : transpose(a, -2, -1), rows, at);  // (..., k, n)
  }
  if (gb.defined() && b_dims == 1) gb = squeeze(gb, -1);
  return Grads{ga, gb};
}

template <Real T> Tensor<T> matmul_as(const char* op, const Tensor<T>& a, const Tensor<T>& b, Location at) {
  const Tensor<T> nothing;  // an operand is kept only if the other one wants its gradient
  return record(
      op, matmul_value(op, a, b, at), {a, b}, keep(b.requires_grad() ? a : nothing, a.requires_grad() ? b : nothing),
      [da = a.dim(), db = b.dim()](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& q) {
        return matmul_grads(g, need, p, q, da, db);
      },
      at);
}

}  // namespace detail

/// The matrix product. (m, k) x (k, n) -> (m, n). With more dimensions the last two are matrices and the others a
/// batch, which broadcasts: (b, m, k) x (k, n) -> (b, m, n). A vector on the left is a row, on the right a column, and
/// its dimension goes: (k,) x (k,) -> (), (m, k) x (k,) -> (m,). float and double; transposed views are read in place,
/// without a copy. Gradient: g bT for a, aT g for b, summed over broadcast batches. k = 0 gives zeros. Source:
/// torch.matmul.
/// Errors are those of sums of floats; where the processor has AMX, float operands below 2^-110 lose precision
/// (docs/decisions/0009). Throws when the inner sizes differ or the batches do not broadcast.
///     matmul(tensor({{1, 2}, {3, 4}}), tensor({1, 1}))   // {3, 7}
template <Real T> Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b, Location at = Location::here()) {
  return detail::matmul_as("matmul", a, b, at);
}

/// The product of two matrices, (m, k) x (k, n) -> (m, n). Gradient: g bT and aT g. Throws for anything but two
/// matrices. Source: torch.mm.
///     mm(eye(2), ones({2, 3}))   // ones, shape (2, 3)
template <Real T> Tensor<T> mm(const Tensor<T>& a, const Tensor<T>& b, Location at = Location::here()) {
  check(a.dim() == 2 && b.dim() == 2, at, "mm: expects two matrices, got ", a.shape(), " and ", b.shape(),
        "; matmul takes other numbers of dimensions");
  return detail::matmul_as("mm", a, b, at);
}
/// Products of as many pairs of matrices: (b, m, k) x (b, k, n) -> (b, m, n); no broadcasting. Gradient: as matmul.
/// Source: torch.bmm.
///     bmm(ones({5, 2, 3}), ones({5, 3, 4}))   // threes, shape (5, 2, 4)
template <Real T> Tensor<T> bmm(const Tensor<T>& a, const Tensor<T>& b, Location at = Location::here()) {
  check(a.dim() == 3 && b.dim() == 3 && a.shape()[0] == b.shape()[0], at,
        "bmm: expects two batches of as many matrices, got ", a.shape(), " and ", b.shape(), "; matmul broadcasts");
  return detail::matmul_as("bmm", a, b, at);
}
/// A matrix times a vector, (m, k) x (k,) -> (m,). Gradient: the outer product of g and v, and mT g. Source: torch.mv.
///     mv(tensor({{1, 2}, {3, 4}}), tensor({1, 1}))   // {3, 7}
template <Real T> Tensor<T> mv(const Tensor<T>& matrix, const Tensor<T>& vector, Location at = Location::here()) {
  check(matrix.dim() == 2 && vector.dim() == 1, at, "mv: expects a matrix and a vector, got ", matrix.shape(), " and ",
        vector.shape());
  return detail::matmul_as("mv", matrix, vector, at);
}
/// The inner product of two vectors, (k,) x (k,) -> (). Gradient: g b and g a. Source: torch.dot.
///     dot(tensor({1, 2}), tensor({3, 4}))   // 11
template <Real T> Tensor<T> dot(const Tensor<T>& a, const Tensor<T>& b, Location at = Location::here()) {
  check(a.dim() == 1 && b.dim() == 1, at, "dot: expects two vectors, got ", a.shape(), " and ", b.shape());
  return detail::matmul_as("dot", a, b, at);
}
/// All products of an element of a with one of b, (m,) x (n,) -> (m, n). Any element type. Gradient: g b and gT a.
/// Source: torch.outer.
///     outer(tensor({1, 2}), tensor({3, 4}))   // {{3, 4}, {6, 8}}
template <class T> Tensor<T> outer(const Tensor<T>& a, const Tensor<T>& b, Location at = Location::here()) {
  check(a.dim() == 1 && b.dim() == 1, at, "outer: expects two vectors, got ", a.shape(), " and ", b.shape());
  detail::checked_numel({a.shape()[0], b.shape()[0]}, sizeof(T), "outer", at);
  return mul(Operand<T>(unsqueeze(a, 1, at)), Operand<T>(b, at), at);
}

template <class T> Tensor<T> Tensor<T>::matmul(const Tensor& other, Location at) const {
  return chainrule::matmul(*this, other, at);
}
template <class T> Tensor<T> Tensor<T>::mm(const Tensor& other, Location at) const {
  return chainrule::mm(*this, other, at);
}
template <class T> Tensor<T> Tensor<T>::bmm(const Tensor& other, Location at) const {
  return chainrule::bmm(*this, other, at);
}
template <class T> Tensor<T> Tensor<T>::mv(const Tensor& vector, Location at) const {
  return chainrule::mv(*this, vector, at);
}
template <class T> Tensor<T> Tensor<T>::dot(const Tensor& other, Location at) const {
  return chainrule::dot(*this, other, at);
}
template <class T> Tensor<T> Tensor<T>::outer(const Tensor& other, Location at) const {
  return chainrule::outer(*this, other, at);
}

}  // namespace chainrule

#pragma once
// The matrix product by cuBLAS; operands that it cannot read in place (both steps other than 1) go through a plain
// kernel.

#include <cublas_v2.h>
#include <chainrule/cuda/elementwise.cuh>
#include <chainrule/ops/matmul.hpp>
#include <chainrule/ops/relu.hpp>

namespace chainrule::cuda {

namespace detail {

inline void ok(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS) fail({}, "cuda: ", what, ": ", cublasGetStatusString(status));
}
inline cublasHandle_t blas() {
  static const cublasHandle_t handle = [] {
    cublasHandle_t h = nullptr;
    ok(cublasCreate(&h), "starting cuBLAS");
    return h;
  }();
  return handle;
}
inline cublasStatus_t gemm(cublasOperation_t oa, cublasOperation_t ob, std::int64_t m, std::int64_t n, std::int64_t k,
                           const float* a, std::int64_t lda, const float* b, std::int64_t ldb, float* c,
                           std::int64_t ldc) {
  const float one = 1, zero = 0;
  return cublasSgemm_64(blas(), oa, ob, m, n, k, &one, a, lda, b, ldb, &zero, c, ldc);
}
inline cublasStatus_t gemm(cublasOperation_t oa, cublasOperation_t ob, std::int64_t m, std::int64_t n, std::int64_t k,
                           const double* a, std::int64_t lda, const double* b, std::int64_t ldb, double* c,
                           std::int64_t ldc) {
  const double one = 1, zero = 0;
  return cublasDgemm_64(blas(), oa, ob, m, n, k, &one, a, lda, b, ldb, &zero, c, ldc);
}

/// How cuBLAS, which counts columns first, reads a (rows, cols) matrix with these steps: our row-major matrix is its
/// transpose.
struct BlasLayout {
  bool readable = false;
  cublasOperation_t op = CUBLAS_OP_N;
  std::int64_t ld = 1;
};
inline BlasLayout blas_layout(std::int64_t rows, std::int64_t cols, std::int64_t row_step, std::int64_t col_step) {
  if ((col_step == 1 || cols == 1) && (row_step >= cols || rows == 1))
    return {true, CUBLAS_OP_N, rows == 1 ? cols : row_step};
  if ((row_step == 1 || rows == 1) && (col_step >= rows || cols == 1))
    return {true, CUBLAS_OP_T, cols == 1 ? rows : col_step};
  return {};
}

template <class T> __global__ void matmul_plain(fn::MatmulArgs<T> p) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.m * p.n; i += step) {
    const std::int64_t row = i / p.n, col = i % p.n;
    T total = 0;
    for (std::int64_t j = 0; j < p.k; ++j) total += p.a[row * p.a_row + j * p.a_col] * p.b[j * p.b_row + col * p.b_col];
    p.c[i] = total;
  }
}
/// Adds the bias, if there is one, then takes relu, if asked.
template <class T> __global__ void finish(T* c, const T* bias, bool relu, std::int64_t m, std::int64_t n) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < m * n; i += step) {
    const T sum = bias ? c[i] + bias[i % n] : c[i];
    c[i] = relu ? fn::Relu{}(sum) : sum;
  }
}

template <class T> void matmul(const fn::MatmulArgs<T>& args) {
  if (args.m == 0 || args.n == 0) return;
  chainrule::detail::Cursor<3> at(args.batch, 0);
  // The batch's innermost dimension is walked here, the others by the cursor: all on the host, one product each.
  const int last = args.batch.dims - 1;
  const std::int64_t width = args.batch.size[last], rows = width > 0 ? args.batch.numel / width : 0;
  for (std::int64_t r = 0; r < rows; ++r, at.next(args.batch))
    for (std::int64_t j = 0; j < width; ++j) {
      fn::MatmulArgs<T> p = args;
      p.c += at.offset[0] + j * args.batch.stride[0][last];
      p.a += at.offset[1] + j * args.batch.stride[1][last];
      p.b += at.offset[2] + j * args.batch.stride[2][last];
      const auto a = blas_layout(p.m, p.k, p.a_row, p.a_col), b = blas_layout(p.k, p.n, p.b_row, p.b_col);
      if (p.k > 0 && a.readable && b.readable) {
        if (!DryRun<>::on) ok(gemm(b.op, a.op, p.n, p.m, p.k, p.b, b.ld, p.a, a.ld, p.c, p.n), "matmul");  // cT = bT aT
      } else {
        launch("matmul", &matmul_plain<T>, blocks_for(p.m * p.n), p);
      }
      if (p.bias || p.relu) launch("matmul", &finish<T>, blocks_for(p.m * p.n), p.c, p.bias, p.relu, p.m, p.n);
    }
}

}  // namespace detail

/// Registers the matrix product.
template <class T> void register_matmul() { kernel<fn::Matmul<T>>::slot[Device::cuda.index()] = &detail::matmul<T>; }

}  // namespace chainrule::cuda

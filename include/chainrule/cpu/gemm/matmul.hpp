#pragma once
// The CPU kernel of matmul and linear: the packed product over a batch.

#include <chainrule/cpu/gemm/gemm.hpp>
#include <chainrule/ops/matmul.hpp>

namespace chainrule::cpu {

template <class T> void matmul(const fn::MatmulArgs<T>& p) {
  auto product = [&](std::int64_t c, std::int64_t a, std::int64_t b) {
    gemm<T>(p.m, p.n, p.k, p.a + a, p.a_row, p.a_col, p.b + b, p.b_row, p.b_col, p.c + c, p.n,
            {.bias = p.bias, .relu = p.relu, .b_changes = p.b_changes});
  };
  if (p.batch.numel == 1) return product(0, 0, 0);
  auto batch = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      std::int64_t offset[3] = {}, rest = i;
      for (int d = p.batch.dims - 1; d >= 0; --d) {
        for (int k = 0; k < 3; ++k) offset[k] += rest % p.batch.size[d] * p.batch.stride[k][d];
        rest /= p.batch.size[d];
      }
      product(offset[0], offset[1], offset[2]);
    }
  };
  // A chunk of small products is one task; a large product is split inside. Neither changes a bit of the result.
  const double flops = 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k);
  if (flops > 1e7) batch(0, p.batch.numel);
  else parallel_chunks(p.batch.numel, static_cast<std::int64_t>(2e6 / (flops + 1)) + 1, batch);
}

}  // namespace chainrule::cpu

namespace chainrule::fn {

template <class T> void Matmul<T>::cpu(const MatmulArgs<T>& args) { chainrule::cpu::matmul<T>(args); }

}  // namespace chainrule::fn

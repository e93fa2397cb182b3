#pragma once
// How the algorithms of gemm.hpp share their work out among threads: a part of C for each.

#include <chainrule/cpu/gemm/packing.hpp>
#include <chainrule/cpu/gemm/problem.hpp>

namespace chainrule::cpu::detail {

/// Whether threads gain more than a parallel region costs.
template <class T> bool worth_threads(const Gemm<T>& p) {
  return p.flops() >= parallel_flops && !chainrule::detail::inside_parallel;
}

/// one(part) for each part of C of the given size, by all threads.
template <class T>
void in_parts(const Gemm<T>& p, Split size, void (*one)(const KernelTable<T>& table, const Gemm<T>& part)) {
  const KernelTable<T>& table = kernels<T>();
  const std::int64_t down = ceil_div(p.m, size.rows), across = ceil_div(p.n, size.columns);
  if (down * across == 1) return one(table, p);
  parallel_for(down * across, [&](std::int64_t task) {
    const std::int64_t i = task / across * size.rows, j = task % across * size.columns;
    one(table, p.part(i, j, std::min(size.rows, p.m - i), std::min(size.columns, p.n - j)));
  });
}

}  // namespace chainrule::cpu::detail

#pragma once
// Kernel slots: one function pointer per op and device. A backend registers a kernel by writing its pointer into the
// slot; the slot is one object for the whole program, whichever compiler compiled the file that fills it.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/device.hpp>

namespace chainrule {

/// A heavy CPU kernel is compiled into a program that names its op and includes <chainrule/chainrule.hpp>, for the
/// types it names.
/// The headers of cpu/ say which kernel belongs to an op, in the op's own namespace: `template <class T> void
/// register_cpu_kernel(Matmul<T>* op, int) { compile_in<&cpu::matmul<T>>(op); }`; without them (api.hpp) this one is
/// found, which brings nothing. Neither generates code: naming the variable below is what compiles the kernel.
template <class Op> constexpr void register_cpu_kernel(Op*, ...) {}

template <class Op>
concept HasCpuKernel = requires {
  &Op::cpu;
};

namespace detail {

[[noreturn, gnu::cold]] void fail_no_kernel(const char* op, Device d, Location at);

}  // namespace detail

/// The kernels of one op. Op names the signature, `using fn = void(...)`, and itself, `static constexpr auto name`; a
/// light op brings its CPU kernel along as `static void cpu(...)`. Heavy CPU kernels register from cpu/, CUDA kernels
/// from cuda.cuh.
template <class Op> struct kernel {
  static constexpr typename Op::fn* own_cpu_kernel() {
    if constexpr (HasCpuKernel<Op>) return &Op::cpu;
    else return nullptr;
  }
  static inline typename Op::fn* slot[device_count] = {own_cpu_kernel()};  // a C array: nvcc 13 rejects std::array here

  static typename Op::fn* on(Device d, Location at) {
    register_cpu_kernel(static_cast<Op*>(nullptr), 0);
    if (auto* f = slot[d.index()]) [[likely]]
      return f;
    detail::fail_no_kernel(Op::name, d, at);
  }
  static bool registered(Device d) { return slot[d.index()] != nullptr; }
};

/// Fills a slot at start-up: `inline const Register<fn::Matmul<float>> e(Device::cuda, &matmul_cuda<float>);`
template <class Op> struct Register {
  Register(Device d, typename Op::fn* f) { kernel<Op>::slot[d.index()] = f; }
};

template <class Op, typename Op::fn* f> inline const Register<Op> registered_cpu_kernel{Device::cpu, f};

/// Makes f the CPU kernel of Op in every program that this is compiled into.
template <auto f, class Op> constexpr void compile_in(Op*) { (void)&registered_cpu_kernel<Op, f>; }

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

[[gnu::noinline]] CHAINRULE_INLINE void fail_no_kernel(const char* op, Device d, Location at) {
  if (d == Device::cpu)
    fail(at, op,
         ": no CPU kernel in this program; include <chainrule/chainrule.hpp> here, or <chainrule/kernels.hpp> in one "
         "other source file, or link chainrule::compiled");
  fail(at, op, ": no ", name_of(d), " kernel in this program; link chainrule::", name_of(d),
       ", or move the tensor with .to(Device::cpu)");
}

}  // namespace chainrule::detail
#endif

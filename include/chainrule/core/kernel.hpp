#pragma once
// Kernel slots: one function pointer per op and device. A backend registers a kernel by writing its pointer into the
// slot; the slot is one object for the whole program, whichever compiler compiled the file that fills it.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/device.hpp>

namespace chainrule {

template <class Op>
concept HasCpuKernel = requires {
  &Op::cpu;
};

namespace detail {

[[noreturn, gnu::cold]] void fail_no_kernel(const char* op, Device d, Location at);

}  // namespace detail

/// The kernels of one op. Op names itself, `static constexpr auto name`, the signature, `using fn = void(...)`, and its
/// CPU kernel, `static void cpu(...)`. That of a heavy op is only declared, `[[gnu::weak]] static fn cpu;`, and defined
/// in cpu/: a file that includes <chainrule/chainrule.hpp> compiles it for the types that it names, and in one that
/// includes <chainrule/api.hpp> the slot refers to what another file of the program compiles; weak, so that it is null,
/// and an error says what to do, where none does. CUDA kernels register from cuda.cuh.
template <class Op> struct kernel {
  static constexpr typename Op::fn* own_cpu_kernel() {
    if constexpr (HasCpuKernel<Op>) return &Op::cpu;
    else return nullptr;
  }
  static inline typename Op::fn* slot[device_count] = {own_cpu_kernel()};  // a C array: nvcc 13 rejects std::array here

  static typename Op::fn* on(Device d, Location at) {
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

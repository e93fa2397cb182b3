#pragma once
// Kernel slots: one function pointer per op and device. A backend enrols a kernel by writing its pointer into the slot;
// the slot is one object for the whole program, whichever compiler compiled the file that fills it.

#include <chainrule/core/device.hpp>

namespace chainrule {

template <class Op> concept HasCpuKernel = requires { &Op::cpu; };

/// The kernels of one op. Op names the signature, `using fn = void(...)`, and itself, `static constexpr auto name`; a light op
/// brings its CPU kernel along as `static void cpu(...)`. Heavy CPU kernels enrol from cpu/, CUDA kernels from cuda.cuh.
template <class Op> struct kernel {
  static constexpr typename Op::fn* own_cpu_kernel() {
    if constexpr (HasCpuKernel<Op>) return &Op::cpu;
    else return nullptr;
  }
  static inline typename Op::fn* slot[device_count] = {own_cpu_kernel()};  // a C array: nvcc 13 rejects std::array here

  static typename Op::fn* on(Device d, Location at) {
    if (auto* f = slot[static_cast<int>(d)]) [[likely]] return f;
    if (d == Device::cpu)
      fail(at, Op::name, ": no CPU kernel in this program; include <chainrule/chainrule.hpp> in one source file, or link chainrule::compiled");
    fail(at, Op::name, ": no ", name_of(d), " kernel in this program; link chainrule::", name_of(d), ", or move the tensor with .to(Device::cpu)");
  }
  static bool enrolled(Device d) { return slot[static_cast<int>(d)] != nullptr; }
};

/// Fills a slot at start-up: `inline const Enrol<Matmul<float>> e(Device::cpu, &matmul_cpu<float>);`
template <class Op> struct Enrol {
  Enrol(Device d, typename Op::fn* f) { kernel<Op>::slot[static_cast<int>(d)] = f; }
};

}  // namespace chainrule

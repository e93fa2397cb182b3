#pragma once
// A switch for tests on machines without a GPU: the CUDA backend goes through everything but does not launch.

namespace chainrule::cuda::detail {

/// While true, launches and library calls of the CUDA backend do nothing. With memory_of(Device::cuda) pointing at
/// plain memory, a test can walk every op this way and see which kernels are registered. One object for the whole
/// program, whichever compiler.
template <class = void> struct DryRun { static inline bool on = false; };

}  // namespace chainrule::cuda::detail

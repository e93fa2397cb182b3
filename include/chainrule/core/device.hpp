#pragma once
// Devices. Where a tensor's memory lies is a run-time property; a backend says how its memory is got by filling memory_of(device).

#include <chainrule/core/error.hpp>
#include <cstddef>
#include <cstdint>

namespace chainrule {

enum class Device : std::uint8_t { cpu, cuda };
inline constexpr int device_count = 2;

constexpr const char* name_of(Device d) { return d == Device::cpu ? "cpu" : "cuda"; }

namespace detail {

/// How a device other than the CPU hands out and copies memory. Filled by the backend's header.
struct DeviceMemory {
  void* (*allocate)(std::size_t bytes) = nullptr;
  void (*release)(void* p, std::size_t bytes) noexcept = nullptr;
  void (*copy)(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes) = nullptr;
  bool (*available)() = nullptr;
};
template <class = void> struct Devices { static inline DeviceMemory memory[device_count] = {}; };
inline DeviceMemory& memory_of(Device d) { return Devices<>::memory[static_cast<int>(d)]; }

}  // namespace detail

namespace cuda {

/// True if the program has the CUDA backend (it links chainrule::cuda or includes cuda.cuh) and the machine has a GPU.
inline bool is_available() {
  auto* available = chainrule::detail::memory_of(Device::cuda).available;
  return available && available();
}

}  // namespace cuda
}  // namespace chainrule

#pragma once
// Devices. Where a tensor's memory lies is a run-time property; a backend says how its memory is got by filling
// memory_of(device).

#include <chainrule/core/error.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chainrule {

inline constexpr int device_count = 2;

/// Device::cpu, Device::cuda, or by name: Device("cuda"), x.to("cpu"), {.device = "cuda"}. Throws for a name that is
/// none of "cpu", "cuda", "cuda:0".
///     Device device(cuda::is_available() ? "cuda" : "cpu");
class Device {
 public:
  Device(const char* name, Location at = Location::here()) : Device(named(name, at)) {}
  Device(const std::string& name, Location at = Location::here()) : Device(named(name.c_str(), at)) {}

  static const Device cpu, cuda;

  constexpr int index() const { return index_; }
  friend constexpr bool operator==(Device, Device) = default;

 private:
  explicit constexpr Device(std::uint8_t index) : index_(index) {}
  [[gnu::cold]] static Device named(std::string_view name, Location at) {
    check(name == "cpu" || name == "cuda" || name == "cuda:0", at, "device: \"", std::string(name),
          "\" is none of \"cpu\", \"cuda\", \"cuda:0\"");
    return Device(name != "cpu");
  }
  std::uint8_t index_;
};
inline constexpr Device Device::cpu(std::uint8_t{0}), Device::cuda(std::uint8_t{1});

constexpr const char* name_of(Device d) { return d == Device::cpu ? "cpu" : "cuda"; }

namespace detail {

/// How a device other than the CPU hands out and copies memory. Filled by the backend's header.
struct DeviceMemory {
  void* (*allocate)(std::size_t bytes) = nullptr;
  void (*release)(void* p, std::size_t bytes) noexcept = nullptr;
  void (*copy)(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes) = nullptr;
  bool (*available)() = nullptr;
};
template <class = void> struct Devices {
  static inline DeviceMemory memory[device_count] = {};
};
inline DeviceMemory& memory_of(Device d) { return Devices<>::memory[d.index()]; }

}  // namespace detail

namespace cuda {

/// True if the program has the CUDA backend (it links chainrule::cuda or includes cuda.cuh) and the machine has a GPU.
inline bool is_available() {
  auto* available = chainrule::detail::memory_of(Device::cuda).available;
  return available && available();
}

}  // namespace cuda
}  // namespace chainrule

#pragma once
// The CUDA runtime for the kernels of this folder: errors, launches, and memory from a caching pool. Compiled by nvcc
// only.

#include <cuda_runtime.h>
#include <chainrule/core/device.hpp>
#include <chainrule/core/error.hpp>
#include <chainrule/cuda/dry_run.hpp>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace chainrule::cuda {

namespace detail {

/// Throws an Error if a CUDA call failed.
inline void ok(cudaError_t status, const char* what) {
  if (status != cudaSuccess) fail({}, "cuda: ", what, ": ", cudaGetErrorString(status));
}

inline constexpr int block = 256;  // threads a block

/// How many blocks for n elements: enough to fill any GPU; each thread then takes several.
inline unsigned blocks_for(std::int64_t n) {
  const std::int64_t wanted = (n + block - 1) / block;
  return static_cast<unsigned>(wanted < 1 ? 1 : wanted > 8192 ? 8192 : wanted);
}

/// Launches kernel<<<blocks, block>>>(args...) on the default stream and checks that it could be launched. Does not
/// wait for it.
template <class... Params, class... Args>
void launch(const char* op, void (*kernel)(Params...), unsigned blocks, Args... args) {
  if (DryRun<>::on) return;
  kernel<<<blocks, block>>>(static_cast<Params>(args)...);
  ok(cudaGetLastError(), op);
}

/// Memory of the GPU. Freed blocks are kept by size and given out again: cudaMalloc and cudaFree wait for the whole
/// device.
/// All work goes to one stream, so a block that is given out again is written to only after its last reader has
/// finished.
class Pool {
 public:
  void* allocate(std::size_t bytes) {
    bytes = rounded(bytes);
    std::lock_guard lock(mutex_);
    auto& kept = free_[bytes];
    if (!kept.empty()) {
      void* p = kept.back();
      kept.pop_back();
      return p;
    }
    void* p = nullptr;
    cudaError_t status = cudaMalloc(&p, bytes);
    if (status == cudaErrorMemoryAllocation) {  // give back what is cached and try again
      static_cast<void>(cudaGetLastError());
      release_cached();
      status = cudaMalloc(&p, bytes);
    }
    ok(status, "allocating memory");
    return p;
  }
  void release(void* p, std::size_t bytes) noexcept {
    std::lock_guard lock(mutex_);
    free_[rounded(bytes)].push_back(p);
  }

 private:
  static std::size_t rounded(std::size_t bytes) {
    const std::size_t step = bytes < (std::size_t{1} << 20) ? 512 : std::size_t{1} << 18;
    return (bytes + step - 1) / step * step;
  }
  void release_cached() {
    for (auto& [size, blocks] : free_) {
      for (void* p : blocks) static_cast<void>(cudaFree(p));
      blocks.clear();
    }
  }
  std::mutex mutex_;
  std::map<std::size_t, std::vector<void*>> free_;
};

/// Never destroyed: tensors of static storage may outlive it, and the driver frees everything at exit.
inline Pool& pool() {
  static Pool* p = new Pool;
  return *p;
}

inline void copy(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes) {
  if (bytes == 0) return;
  const auto kind = to_device == Device::cpu     ? cudaMemcpyDeviceToHost
                    : from_device == Device::cpu ? cudaMemcpyHostToDevice
                                                 : cudaMemcpyDeviceToDevice;
  ok(cudaMemcpy(to, from, bytes, kind), "copying memory");
}

inline bool has_gpu() {
  static const bool found = [] {
    int count = 0;
    return cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
  }();
  return found;
}

inline chainrule::detail::DeviceMemory device_memory() {
  chainrule::detail::DeviceMemory m;
  m.allocate = [](std::size_t bytes) -> void* { return pool().allocate(bytes); };
  m.release = [](void* p, std::size_t bytes) noexcept { pool().release(p, bytes); };
  m.copy = &copy;
  m.available = &has_gpu;
  return m;
}

}  // namespace detail
}  // namespace chainrule::cuda

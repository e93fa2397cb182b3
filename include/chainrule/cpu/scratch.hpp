#pragma once
// Work memory of the heavy kernels: one growing, 64-byte aligned buffer per thread and purpose, so that a training step that
// repeats allocates nothing.

#include <array>
#include <cstddef>
#include <new>

namespace chainrule::cpu {

enum class Scratch { b_block, a_sliver, weights, image, tile, partial, winograd_a, winograd_b, winograd_c, count };

namespace detail {

class ScratchBuffer {
 public:
  ScratchBuffer() = default;
  ScratchBuffer(const ScratchBuffer&) = delete;
  ScratchBuffer& operator=(const ScratchBuffer&) = delete;
  ~ScratchBuffer() { ::operator delete(data_, alignment); }

  void* at_least(std::size_t bytes) {
    if (bytes > size_) {
      ::operator delete(data_, alignment);
      data_ = nullptr;
      size_ = 0;
      data_ = ::operator new(bytes, alignment);
      size_ = bytes;
    }
    return data_;
  }

 private:
  static constexpr std::align_val_t alignment{64};
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

inline thread_local std::array<ScratchBuffer, static_cast<std::size_t>(Scratch::count)> scratch_buffers;

}  // namespace detail

/// Room for `count` numbers, with what the last user of the same buffer on this thread left in it. Valid until the next call for
/// the same purpose on this thread.
template <class T> T* scratch(Scratch purpose, std::size_t count) {
  return static_cast<T*>(detail::scratch_buffers[static_cast<std::size_t>(purpose)].at_least(count * sizeof(T)));
}

}  // namespace chainrule::cpu

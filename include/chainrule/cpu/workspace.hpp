#pragma once
// Work memory of the heavy kernels, 64-byte aligned: for what a thread needs again and again, one growing buffer per
// thread and purpose; for what one call needs, memory of the pool, which tensors use before and after it. A training
// step that repeats allocates nothing.

#include <chainrule/core/storage.hpp>
#include <array>
#include <cstddef>
#include <new>

namespace chainrule::cpu {

enum class Scratch { b_block, a_panel, image, tile, products, count };

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
      data_ = ::operator new(bytes, alignment, std::nothrow);
      if (!data_) [[unlikely]]
        chainrule::detail::Pool::fail_memory(bytes);
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

/// Room for `count` elements, with what the last user of the same buffer on this thread left in it. Valid until the
/// next call for the same purpose on this thread.
template <class T> T* scratch(Scratch purpose, std::size_t count) {
  return static_cast<T*>(detail::scratch_buffers[static_cast<std::size_t>(purpose)].at_least(count * sizeof(T)));
}

/// Room for `count` elements as long as it lives.
template <class T> class Workspace {
 public:
  explicit Workspace(std::size_t count)
      : bytes_(count * sizeof(T)), data_(static_cast<T*>(chainrule::detail::pool().allocate(bytes_))) {}
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { chainrule::detail::pool().release(data_, bytes_); }
  operator T*() const { return data_; }

 private:
  std::size_t bytes_;
  T* data_;
};

}  // namespace chainrule::cpu

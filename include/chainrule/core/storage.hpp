#pragma once
// Memory. Storage is a block of bytes on one device with a version number; tensors and their views share it.
// Blocks come from a caching pool: 64-byte aligned, kept when freed, so that a training step in its steady state asks
// the system for nothing. Small ones are sorted into size classes; large ones share an arena.

#include <chainrule/core/arena.hpp>
#include <chainrule/core/checked.hpp>
#include <chainrule/core/compiled.hpp>
#include <chainrule/core/device.hpp>
#include <chainrule/core/ref.hpp>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace chainrule {

/// What the pool has done so far. Bytes are of the size classes, not of the requests.
struct MemoryStats {
  std::int64_t system_allocations = 0;  ///< blocks asked from the system
  std::int64_t pool_hits = 0;           ///< blocks served from the cache
  std::int64_t live_bytes = 0;          ///< in use now
  std::int64_t peak_bytes = 0;          ///< the most that was ever in use at once
  std::int64_t cached_bytes = 0;        ///< free, kept for later
};

namespace detail {

class Pool {
 public:
  static constexpr std::size_t alignment = 64;

  /// Throws an Error where the system has no memory left.
  void* allocate(std::size_t bytes);
  /// Null where the system has no memory left.
  [[gnu::always_inline]] void* try_allocate(std::size_t bytes) noexcept {
    if (bytes >= Arena::smallest)
      if (void* p = allocate_large(bytes)) return p;
    int c = class_of(bytes);
    std::size_t size = class_size(c);
    lock();
    if (FreeBlock* block = free_[c]) {
      free_[c] = block->next;
      count_live(size);
      ++stats_.pool_hits;
      stats_.cached_bytes -= static_cast<std::int64_t>(size);
      unlock();
      return block;
    }
    unlock();
    return ask_system(size);
  }

  [[noreturn, gnu::cold]] static void fail_memory(std::size_t bytes);

  void release(void* p, std::size_t bytes) noexcept;

  void empty_cache() noexcept;

  MemoryStats stats() noexcept {
    lock();
    MemoryStats s = stats_;
    s.cached_bytes += static_cast<std::int64_t>(arena_.free_bytes());
    unlock();
    return s;
  }
  void reset_peak() noexcept {
    lock();
    stats_.peak_bytes = stats_.live_bytes;
    unlock();
  }

 private:
  struct FreeBlock {
    FreeBlock* next;
  };
  static constexpr int classes = 4 * 58;

  // A system that promises more memory than it has ends the program when the memory is used: what no machine of this
  // size can hold is not asked for.
  void* ask_system(std::size_t size) noexcept;
  void* allocate_large(std::size_t bytes) noexcept;
  void count_live(std::size_t size) {
    stats_.live_bytes += static_cast<std::int64_t>(size);
    if (stats_.live_bytes > stats_.peak_bytes) stats_.peak_bytes = stats_.live_bytes;
  }

  // Four classes an octave: 64, 80, 96, 112, 128, 160, ... : at most a fifth of a block is unused.
  static int class_of(std::size_t bytes) {
    if (bytes <= alignment) return 0;
    std::size_t n = bytes - 1;
    int octave = static_cast<int>(std::bit_width(n)) - 1;  // 2^octave <= bytes - 1 < 2^(octave + 1)
    int quarter = static_cast<int>((n >> (octave - 2)) & 3);
    return 4 * (octave - 6) + quarter + 1;
  }
  static std::size_t class_size(int c) {
    std::size_t base = std::size_t{alignment} << (c / 4);
    return base + base / 4 * static_cast<std::size_t>(c % 4);
  }
  void lock() noexcept {
    while (busy_.test_and_set(std::memory_order_acquire)) {}
  }
  void unlock() noexcept { busy_.clear(std::memory_order_release); }

  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  FreeBlock* free_[classes + 4] = {};
  Arena arena_;
  MemoryStats stats_;
};

/// Never destroyed, so that tensors with static lifetime can still give their memory back.
Pool& pool();

/// Makes `new` take a tensor's small bookkeeping objects from the pool as well.
struct FromPool {
  static void* operator new(std::size_t bytes) { return pool().allocate(bytes); }
  static void operator delete(void* p, std::size_t bytes) { pool().release(p, bytes); }
};

/// A block of memory that tensors share. `version` counts in-place edits: autograd refuses values edited after they
/// were saved.
struct Storage : Counted, FromPool {
  /// `data` stays null where the CPU has no memory left: the caller says what for (allocate_untyped).
  Storage(std::size_t n, Device d);
  /// Borrows memory of the caller (Tensor::from_blob), who keeps it alive and frees it.
  Storage(void* borrowed, std::size_t n, Device d) : data(borrowed), bytes(n), device(d), owns(false) {}
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  ~Storage();

  void* data = nullptr;
  std::size_t bytes = 0;
  std::uint32_t version = 0;
  Location edited_at = {};  // the last of these edits, for the error
  Device device = Device::cpu;
  bool owns = true;
};

void drop(Storage* storage) noexcept;

}  // namespace detail

/// The CPU pool's counters; a test reads them to show that a training step in its steady state allocates nothing.
inline MemoryStats memory_stats() { return detail::pool().stats(); }
/// Gives all cached blocks back to the system.
inline void empty_cache() { detail::pool().empty_cache(); }
/// Starts a new measurement of peak_bytes.
inline void reset_peak_memory_stats() { detail::pool().reset_peak(); }

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

CHAINRULE_INLINE void* Pool::allocate(std::size_t bytes) {
  if (void* p = try_allocate(bytes)) [[likely]]
    return p;
  fail_memory(bytes);
}

[[gnu::noinline]] CHAINRULE_INLINE void Pool::fail_memory(std::size_t bytes) {
  fail({}, "out of memory: the system did not give ", bytes_text(bytes), " (the machine has ",
       bytes_text(Arena::physical_bytes()), ')');
}

CHAINRULE_INLINE void Pool::release(void* p, std::size_t bytes) noexcept {
  if (bytes >= Arena::smallest && arena_.owns(p)) {
    const auto size = static_cast<std::int64_t>(Arena::size_of(bytes));
    lock();
    arena_.release(p);
    stats_.live_bytes -= size;
    unlock();
    return;
  }
  int c = class_of(bytes);
  auto size = static_cast<std::int64_t>(class_size(c));
  lock();
  auto* block = ::new (p) FreeBlock{free_[c]};
  free_[c] = block;
  stats_.live_bytes -= size;
  stats_.cached_bytes += size;
  unlock();
}

CHAINRULE_INLINE void Pool::empty_cache() noexcept {
  lock();
  for (int c = 0; c < classes; ++c)
    while (FreeBlock* block = free_[c]) {
      free_[c] = block->next;
      stats_.cached_bytes -= static_cast<std::int64_t>(class_size(c));
      ::operator delete (block, std::align_val_t{alignment});
    }
  arena_.trim();
  unlock();
}

[[gnu::noinline]] CHAINRULE_INLINE void* Pool::ask_system(std::size_t size) noexcept {
  if (size / 4 > Arena::physical_bytes()) return nullptr;
  void* p = ::operator new (size, std::align_val_t{alignment}, std::nothrow);
  if (!p) {
    empty_cache();
    p = ::operator new (size, std::align_val_t{alignment}, std::nothrow);
  }
  if (!p) return nullptr;
  lock();
  count_live(size);
  ++stats_.system_allocations;
  unlock();
  return p;
}

CHAINRULE_INLINE void* Pool::allocate_large(std::size_t bytes) noexcept {
  lock();
  const Arena::Block block = arena_.allocate(bytes);
  if (block.data) {
    const std::size_t size = Arena::size_of(bytes);
    count_live(size);
    ++(block.fresh ? stats_.system_allocations : stats_.pool_hits);
  }
  unlock();
  return block.data;
}

CHAINRULE_INLINE Pool& pool() {
  static Pool* p = new Pool;
  return *p;
}

CHAINRULE_INLINE Storage::Storage(std::size_t n, Device d) : bytes(n), device(d) {
  if (n == 0) return;
  if (d == Device::cpu) data = pool().try_allocate(n);
  else {
    check(memory_of(d).allocate != nullptr, {}, "device ", name_of(d), ": no ", name_of(d),
          " backend in this program; link chainrule::cuda, or include <chainrule/cuda.cuh> in one .cu file");
    data = memory_of(d).allocate(n);
  }
}

CHAINRULE_INLINE Storage::~Storage() {
  if (!owns || !data) return;
  if (device == Device::cpu) pool().release(data, bytes);
  else memory_of(device).release(data, bytes);
}

[[gnu::noinline]] CHAINRULE_INLINE void drop(Storage* storage) noexcept { delete storage; }

}  // namespace chainrule::detail
#endif
